//! Rule tables: payers' rules that people edit. TOML, with conditions in CEL over the contract's claim.
//!
//! [`Table::read`] parses, checks every name and kind against the contract ([`schema`]), compiles and indexes; [`Table::check`] finds.
//! The component `plugins/payers/rule-table` runs a table in the sandbox, the host reads the same table for its header, its rules and its
//! cases. The language is described in `docs/rules.md`.
//!
//! `parse.rs` text to tree (the `cel` crate) -> `check.rs` names and kinds -> `ir.rs` what is evaluated -> `eval.rs`, with `index.rs` before it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

#[cfg(feature = "cases")]
pub mod cases;
mod check;
mod eval;
mod index;
mod ir;
mod keys;
mod message;
mod parse;
mod problem;
mod run;
pub mod schema;
mod table;
mod value;

pub use check::Read;
pub use problem::Problem;
pub use run::{End, Seen};
pub use table::{BYTES_MAX, Basis, Header, LOOK_BACK_MAX, Rule, Table};
pub use value::{day_number, iso};
