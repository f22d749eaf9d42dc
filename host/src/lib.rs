//! claimhost
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
pub mod plugin;
pub fn t(c: &plugin::contract::adapter::claimhost::plugin::claim::Claim) -> String { serde_json::to_string(c).unwrap_or_default() }
