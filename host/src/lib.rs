//! claimhost: from an EHR's documents to posted money.
//!
//! Each step has its folder: intake -> visit -> claim -> scrub -> clearinghouse -> remit. `lifecycle` drives them,
//! `store` keeps what happened, `plugin` runs everything that is specific to an EHR or a payer.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

/// Of the binary, its tests and its benches alike. A claim is many short texts: the system's allocator took an eighth of the
/// time from a document to its 837P.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod audit;
pub mod author;
pub mod claim;
pub mod clearinghouse;
pub mod cli;
pub mod codes;
pub mod config;
pub mod eligibility;
pub mod intake;
pub mod lifecycle;
pub mod ncci;
mod onboard;
pub mod pfs;
pub mod plugin;
pub mod post;
pub mod practice;
pub mod private;
pub mod pull;
pub mod remit;
pub mod rules;
pub mod scrub;
pub mod service;
pub mod store;
pub mod verify;
pub mod visit;
