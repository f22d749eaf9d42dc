//! Which fields differ on how many claims, and what those claims bill.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::store::{StoreResult, Tx};

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldCount {
    /// Rule id (`demographic.member-id`).
    pub rule: String,
    /// Findings.
    pub findings: u64,
    /// Of these, findings that hold their claim.
    pub holds: u64,
    /// Claims with it.
    pub claims: u64,
    /// What those claims bill, in cents.
    pub cents: i64,
}

/// One claim with a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimLine {
    /// Lineage.
    pub claim_id: u64,
    /// Its state.
    pub state: String,
    /// Cents it bills.
    pub cents: i64,
    /// Rule and words of each difference. Patient data.
    pub differences: Vec<(String, String)>,
}

/// The report of one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The practice.
    pub practice: String,
    /// People that roster and 271s know.
    pub known_people: u64,
    /// By field.
    pub fields: Vec<FieldCount>,
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
    let mut fields: BTreeMap<String, (FieldCount, BTreeSet<u64>)> = BTreeMap::new();
    let mut claim_list = Vec::new();
    for claim_id in tx.claims_with_findings("demographic.")? {
        let Some(claim) = tx.claim(claim_id)? else { continue };
        let mut differences = Vec::new();
        for stored in tx.findings(claim_id, claim.live_version)? {
            let finding = stored.finding;
            if !finding.rule.starts_with("demographic.") {
                continue;
            }
            let rule = finding.rule.clone();
            let empty = || (FieldCount { rule, findings: 0, holds: 0, claims: 0, cents: 0 }, BTreeSet::new());
            let (count, claims) = fields.entry(finding.rule.clone()).or_insert_with(empty);
            count.findings += 1;
            count.holds += u64::from(crate::scrub::holds(std::slice::from_ref(&finding)));
            if claims.insert(claim_id) {
                count.claims += 1;
                count.cents += claim.billed_cents;
            }
            differences.push((finding.rule, finding.words));
        }
        claim_list.push(ClaimLine { claim_id, state: claim.state, cents: claim.billed_cents, differences });
    }
    claim_list.sort_by_key(|line| (std::cmp::Reverse(line.cents), line.claim_id));
    Ok(Report {
        practice: tx.practice_id().to_owned(),
        known_people: tx.known_people_count()?,
        fields: fields.into_values().map(|(count, _)| count).collect(),
        claims: u64::try_from(claim_list.len()).unwrap_or(0),
        cents: claim_list.iter().map(|line| line.cents).sum(),
        claim_list,
    })
}
