//! Which fields differ on how many claims, and what those claims bill.

use serde::Serialize;

use crate::audit::family::{self, ClaimLine, RuleCount};
use crate::store::{StoreResult, Tx};

/// The report of one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The practice.
    pub practice: String,
    /// People that roster and 271s know.
    pub known_people: u64,
    /// By field.
    pub fields: Vec<RuleCount>,
    /// Claims with any difference.
    pub claims: u64,
    /// What they bill, each once.
    pub cents: i64,
    /// Each of them, the most money first.
    pub claim_list: Vec<ClaimLine>,
}

/// Reports on the findings of live versions.
///
/// # Errors
/// The store's.
pub fn report(tx: &Tx<'_>) -> StoreResult<Report> {
    let tally = family::tally(tx, &family::DEMOGRAPHICS)?;
    Ok(Report {
        practice: tally.practice,
        known_people: tx.known_people_count()?,
        fields: tally.rules,
        claims: tally.claims,
        cents: tally.cents,
        claim_list: tally.claim_list,
    })
}
