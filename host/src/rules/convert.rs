//! The host's records as the evaluation of tables has them. Both are made from the same contract, by another generator each: what one
//! writes down the other reads. For reports and comparisons; claims that are scrubbed cross into the component instead.

use claimhost_rules::Table;
use claimhost_sdk::review as guest;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::claim::{ClaimInContext, Finding, Rule};

fn through<T: Serialize, U: DeserializeOwned>(value: &T) -> serde_json::Result<U> {
    serde_json::from_slice(&serde_json::to_vec(value)?)
}

/// A claim as a table sees it.
///
/// # Errors
/// Never for records of one contract.
pub fn to_contract(context: &ClaimInContext) -> serde_json::Result<guest::ClaimInContext> {
    through(context)
}

/// Findings of a table as the host has them.
pub(super) fn findings(found: &[guest::Finding]) -> serde_json::Result<Vec<Finding>> {
    through(&found)
}

/// The rules of a table as the contract describes them.
pub(super) fn rules(table: &Table) -> Vec<Rule> {
    through(&table.describe()).unwrap_or_default()
}
