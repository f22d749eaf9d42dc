//! Code sets by date of service: which codes exist on a day, in tables that know which days they cover.
//!
//! `container.rs`: one table in one file. `shelf.rs`: the tables of a folder.

pub mod container;
pub mod shelf;
