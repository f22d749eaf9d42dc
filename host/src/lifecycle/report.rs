//! Where each visit's money is: one row a visit, as a billing manager asks for it. A visit that only the schedule knows, and that
//! nobody charged for, is one of them.

use serde::Serialize;

use super::summary::{Cents, cents};
use super::{ClaimState, HostError};
use crate::audit::capture;
use crate::store::visit::{VisitRow, VisitState};
use crate::store::{PracticeStore, StoreResult, Tx};

/// One visit.
#[derive(Clone, Serialize)]
pub struct VisitReport {
    /// Practice id.
    pub practice: String,
    /// Our id. None where nothing but the schedule tells of the visit.
    pub visit_id: Option<u64>,
    /// The visit's number in the EHR; of a visit that only the schedule knows without one, `appointment` and its id.
    pub visit: String,
    /// Its state.
    pub state: &'static str,
    /// Where it ended: a claim state (the first that fits over its claims), `missing`, `open`, `cancelled` or `not-billable`.
    pub end: &'static str,
    /// Its claims.
    pub claims: Vec<ClaimReport>,
    /// Its money.
    #[serde(flatten)]
    pub cents: Cents,
}

/// One claim of a visit.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimReport {
    /// Lineage.
    pub claim_id: u64,
    /// State.
    pub state: String,
    /// CLM01 of every version that has left.
    pub control_numbers: Vec<String>,
    /// Rules that found something on the live version.
    pub findings: Vec<String>,
}

/// All visits of a practice.
///
/// # Errors
/// The store's.
pub fn visits(practice: &PracticeStore) -> Result<Vec<VisitReport>, HostError> {
    Ok(practice.read(|tx| -> StoreResult<_> {
        let mut reports = tx.visits()?.iter().map(|row| visit(tx, row)).collect::<StoreResult<Vec<_>>>()?;
        for gap in capture::unseen_gaps(tx)? {
            reports.push(of_schedule(tx, gap.expected_id)?);
        }
        Ok(reports)
    })?)
}

/// A visit of the schedule of which the charge interface never said a word.
fn of_schedule(tx: &Tx<'_>, expected_id: u64) -> StoreResult<VisitReport> {
    let shown: Option<capture::Shown> = tx.expected_body(expected_id)?;
    let visit = shown.map(|shown| match shown.visit_number.is_empty() {
        true => format!("appointment {}", shown.appointment_id),
        false => shown.visit_number,
    });
    Ok(VisitReport {
        practice: tx.practice_id().to_owned(),
        visit_id: None,
        visit: visit.unwrap_or_default(),
        state: VisitState::MissingCharges.as_str(),
        end: "missing",
        claims: Vec::new(),
        cents: Cents::default(),
    })
}

/// One visit.
///
/// # Errors
/// The store's.
pub fn visit(tx: &Tx<'_>, row: &VisitRow) -> StoreResult<VisitReport> {
    let events = tx.events(row.visit_id)?;
    let mut money = Cents::default();
    let mut end: Option<ClaimState> = None;
    let mut claims = Vec::new();
    for claim in tx.claims_of_visit(row.visit_id)? {
        money += cents(tx, &claim)?;
        let state = ClaimState::parse(&claim.state);
        end = Some(end.map_or(state, |before| before.min(state)));
        let versions = tx.versions(claim.claim_id)?;
        let sent = versions.iter().filter(|version| version.submitted_day.is_some());
        let findings = tx.findings(claim.claim_id, claim.live_version)?;
        claims.push(ClaimReport {
            claim_id: claim.claim_id,
            state: claim.state,
            control_numbers: sent.map(|version| version.control_number.clone()).collect(),
            findings: findings.into_iter().map(|stored| stored.finding.rule).collect(),
        });
    }
    let end = end.map_or(
        match row.state {
            VisitState::MissingCharges => "missing",
            VisitState::Cancelled => "cancelled",
            VisitState::NotBillable => "not-billable",
            _ => "open",
        },
        ClaimState::as_str,
    );
    Ok(VisitReport {
        practice: tx.practice_id().to_owned(),
        visit_id: Some(row.visit_id),
        visit: events.first().map(|event| event.update.visit_number.clone()).unwrap_or_default(),
        state: row.state.as_str(),
        end,
        claims,
        cents: money,
    })
}
