//! Audits that a person looks at: what each shows, and the record that it was looked at. `checklist` counts the records.

use serde::{Deserialize, Serialize};

use super::answers::rejected;
use super::due::last_month;
use crate::audit::capture;
use crate::lifecycle::ClaimState;
use crate::store::checklist::Ends;
use crate::store::practice_record::{NewRecord, RecordKind};
use crate::store::{StoreResult, Tx};

/// What a review showed, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed<T> {
    /// Who looked.
    pub by: String,
    /// What was there.
    pub result: T,
}

/// Charge capture of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeAudit {
    /// Expected visits with charges.
    pub charged: u64,
    /// Without, though their hours have passed.
    pub gaps: u64,
    /// What the gaps are worth, cents.
    pub gap_cents: i64,
    /// Ahead, or within their hours.
    pub not_yet_due: u64,
}

/// What was handed over since the last audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferAudit {
    /// Documents that came in since then, by way in and end.
    pub documents: Ends,
    /// Things in none of the ends.
    pub unaccounted: u64,
    /// Elements that a change upstream broke, where a sample was compared with an earlier one (`claimhost onboard --against`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<Vec<String>>,
}

/// One claim that was refused and waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Lineage.
    pub claim_id: u64,
    /// Payer.
    pub payer_id: String,
    /// What it bills, cents.
    pub cents: i64,
}

/// Looks at charge capture of some days, both included.
///
/// # Errors
/// The store's.
pub fn charges(tx: &Tx<'_>, days: (i64, i64)) -> StoreResult<ChargeAudit> {
    let counts = capture::report(tx, Some(days))?.counts;
    let (charged, gaps, gap_cents, not_yet_due) = (counts.charged, counts.gaps, counts.gap_cents, counts.not_yet_due);
    Ok(ChargeAudit { charged, gaps, gap_cents, not_yet_due })
}

/// Looks at the transfer of some days ([`transfer_days`]); `unaccounted` is what `crate::verify::ends` lists, `broken` what a comparison
/// of samples found.
///
/// # Errors
/// The store's.
pub fn transfer(
    tx: &Tx<'_>,
    days: (i64, i64),
    unaccounted: u64,
    broken: Option<Vec<String>>,
) -> StoreResult<TransferAudit> {
    Ok(TransferAudit { documents: tx.ends_by_channel(days)?, unaccounted, broken })
}

/// Lists claims that were refused and wait.
///
/// # Errors
/// The store's.
pub fn rejections(tx: &Tx<'_>) -> StoreResult<Vec<Rejection>> {
    if rejected(tx)? == 0 {
        return Ok(Vec::new());
    }
    let refused = tx.claims()?.into_iter().filter(|row| row.state == ClaimState::Rejected.as_str());
    Ok(refused
        .map(|row| Rejection { claim_id: row.claim_id, payer_id: row.payer_id, cents: row.billed_cents })
        .collect())
}

/// Records that somebody looked. Returns the record's id.
///
/// # Errors
/// The store's.
pub fn record<T: Serialize>(
    tx: &Tx<'_>,
    kind: RecordKind,
    (today, days): (i64, (i64, i64)),
    open_count: i64,
    reviewed: &Reviewed<T>,
) -> StoreResult<u64> {
    tx.add_practice_record(&NewRecord { kind, day: today, days, open_count, digest: "", body: reviewed })
}

/// The days that a transfer audit is about: since the last one, else the months that a quarter has.
///
/// # Errors
/// The store's.
pub fn transfer_days(tx: &Tx<'_>, today: i64) -> StoreResult<(i64, i64)> {
    let last = tx.latest_record(RecordKind::Transfer)?.map(|record| record.day);
    let quarter = last_month(last_month(last_month(today).0).0).0;
    Ok((last.unwrap_or(quarter).min(today), today))
}
