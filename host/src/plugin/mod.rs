//! Plugin host.
pub mod contract;
