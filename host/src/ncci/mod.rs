//! The CMS National Correct Coding Initiative: pairs of procedures, units of service, add-on codes.
//!
//! Here are the tables (compact bytes that are read where they lie), their import from CMS's files, and the arithmetic of
//! modifiers. What a claim is told is in `scrub/edits/ncci_*.rs`; where tables are kept is in `codes`.

pub mod addon;
pub(crate) mod bytes;
mod code;
pub mod import;
mod kind;
pub mod modifier;
pub mod mue;
pub mod parts;
pub mod ptp;
mod quarter;
mod tables;
#[cfg(test)]
mod tests;

pub use bytes::PayloadError;
pub use code::Code;
pub use kind::{Kind, Service};
pub use quarter::Quarter;
pub use tables::{Answer, Tables, answering};
