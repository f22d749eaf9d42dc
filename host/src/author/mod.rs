//! For authors of plugins: what the binary carries for them, and what it writes of it.
//!
//! [`new`] writes a plugin that works into any folder; [`carried`] has the SDK, the contract and the templates; [`docs`] makes pages of the
//! contract. Not here: building and running plugins (`plugin`), the commands (`cli/plugin_*.rs`).

mod carried;
pub mod docs;
pub mod new;
mod readme;

pub(crate) use carried::{javascript, python, wit};

/// The contract that new plugins are written against.
pub const CONTRACT: &str = "0.1.0-draft";
