//! The counts and cents of a run: what `demo --json` and `run --once --json` print, and what people read of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::handover::is_release;
use crate::audit::capture;
use crate::audit::caught::{Caught, caught};
use crate::lifecycle::{ClaimState, VersionState};
use crate::store::claim::ClaimRow;
use crate::store::document::DocumentStatus;
use crate::store::visit::VisitState;
use crate::store::{PracticeStore, StoreResult, Tx};

/// Documents by end. `received` is their sum.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DocumentCounts {
    /// All.
    pub received: u64,
    /// Became events or facts.
    pub translated: u64,
    /// Said nothing new.
    pub ignored: u64,
    /// Cannot be read.
    pub rejected: u64,
    /// A plugin failed on it.
    pub parked: u64,
    /// Not yet looked at.
    pub pending: u64,
}

/// Visits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VisitCounts {
    /// All.
    pub total: u64,
    /// On claims.
    pub assembled: u64,
    /// Wait for their close or the end of their bill-hold.
    pub open: u64,
    /// Took place as far as anybody says (visit messages, schedules), and nobody charged anything.
    pub missing_charges: u64,
}

/// Cents. `billed` is the sum of the other six.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cents {
    /// CLM02 of each lineage's live version.
    pub billed: i64,
    /// Posted payments.
    pub paid: i64,
    /// Contract adjustments.
    pub contractual: i64,
    /// The patient's share.
    pub patient: i64,
    /// Denied amounts.
    pub denied: i64,
    /// On held claims.
    pub held: i64,
    /// Not yet decided.
    pub open: i64,
}

impl std::ops::AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.billed += other.billed;
        self.paid += other.paid;
        self.contractual += other.contractual;
        self.patient += other.patient;
        self.denied += other.denied;
        self.held += other.held;
        self.open += other.open;
    }
}

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Documents by end.
    pub documents: DocumentCounts,
    /// Visits by state.
    pub visits: VisitCounts,
    /// Lineages, each counted once, in the first state that fits, and `total`.
    pub claims: BTreeMap<&'static str, u64>,
    /// Money.
    pub cents: Cents,
    /// Findings of live versions by rule, and gaps in the capture of charges under the kind of their work.
    pub findings: BTreeMap<String, u64>,
    /// Questions to payers about cover, by state, and `total`; empty where none was asked.
    pub inquiries: BTreeMap<String, u64>,
    /// What the detectors of hand-off failures have caught. For people: machines ask `audit`.
    #[serde(skip)]
    pub caught: Caught,
    /// SHA-256 over the sorted postings.
    pub ledger_digest: String,
}

/// Sums up all practices and the clearing tenant.
///
/// # Errors
/// [`crate::store::StoreError`].
pub fn summarize(practices: &[PracticeStore], clearing: &PracticeStore) -> StoreResult<Summary> {
    let mut summary = Summary::default();
    let mut ledger = Vec::new();
    summary.claims = ClaimState::ALL.iter().map(|state| (state.as_str(), 0)).collect();
    summary.claims.insert("total", 0);
    for practice in practices.iter().chain(std::iter::once(clearing)) {
        practice.read(|tx| -> StoreResult<()> { add(tx, &mut summary, &mut ledger) })?;
    }
    ledger.sort_unstable();
    let mut digest = Sha256::new();
    for line in &ledger {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    summary.ledger_digest = hex::encode(digest.finalize());
    Ok(summary)
}

fn add(tx: &Tx<'_>, summary: &mut Summary, ledger: &mut Vec<String>) -> StoreResult<()> {
    for (status, count) in tx.received_document_counts()? {
        let documents = &mut summary.documents;
        documents.received += count;
        match DocumentStatus::parse(&status).unwrap_or(DocumentStatus::Pending) {
            DocumentStatus::Translated => documents.translated += count,
            DocumentStatus::Ignored => documents.ignored += count,
            DocumentStatus::Rejected => documents.rejected += count,
            DocumentStatus::Parked => documents.parked += count,
            DocumentStatus::Pending => documents.pending += count,
        }
    }
    for (state, count) in tx.visit_counts()? {
        let visits = &mut summary.visits;
        visits.total += count;
        if [VisitState::Assembled, VisitState::Billed, VisitState::Amended].iter().any(|known| known.as_str() == state)
        {
            visits.assembled += count;
        } else if state == VisitState::Open.as_str() {
            visits.open += count;
        } else if state == VisitState::MissingCharges.as_str() {
            visits.missing_charges += count;
        }
    }
    for claim in tx.claims()? {
        *summary.claims.entry("total").or_default() += 1;
        *summary.claims.entry(ClaimState::parse(&claim.state).as_str()).or_default() += 1;
        summary.cents += cents(tx, &claim)?;
    }
    let unseen = u64::try_from(capture::unseen_gaps(tx)?.len()).unwrap_or(0);
    summary.visits.total += unseen;
    summary.visits.missing_charges += unseen;
    let caught = caught(tx)?;
    let gaps = caught.gaps().count;
    if gaps > 0 {
        *summary.findings.entry(capture::WORK_GAP.to_owned()).or_default() += gaps;
    }
    summary.caught += caught;
    for (state, count) in tx.inquiry_counts()? {
        *summary.inquiries.entry("total".to_owned()).or_default() += count;
        *summary.inquiries.entry(state).or_default() += count;
    }
    for (rule, count) in tx.finding_counts()? {
        *summary.findings.entry(rule).or_default() += count;
    }
    ledger_lines(tx, ledger)
}

/// The cents of one lineage: what the ledger says, and the rest by state.
///
/// # Errors
/// [`crate::store::StoreError`].
pub fn cents(tx: &Tx<'_>, claim: &ClaimRow) -> StoreResult<Cents> {
    let mut cents = Cents { billed: claim.billed_cents, ..Cents::default() };
    for posting in tx.postings(Some(claim.claim_id), None)? {
        match posting.account.as_str() {
            "cash" => cents.paid += posting.amount_cents,
            "contractual" => cents.contractual += posting.amount_cents,
            "patient-receivable" => cents.patient += posting.amount_cents,
            "denied" => cents.denied += posting.amount_cents,
            _ => {}
        }
    }
    let waits = |state| matches!(state, VersionState::Ready | VersionState::Submitted | VersionState::Accepted);
    let later =
        tx.versions(claim.claim_id)?.into_iter().any(|version| !version.kind.is_primary() && waits(version.state));
    if later {
        // The patient owes nothing before the next payer has decided.
        cents.patient = 0;
    }
    let rest = cents.billed - cents.paid - cents.contractual - cents.patient - cents.denied;
    if claim.state == ClaimState::Held.as_str() {
        cents.held = rest;
    } else {
        cents.open = rest;
    }
    Ok(cents)
}

/// One text per posting, free of everything that depends on when and in which file it came: practice, visit, line's charge,
/// payer, account, amount, reason. Two runs that posted the same money have the same sorted texts.
fn ledger_lines(tx: &Tx<'_>, ledger: &mut Vec<String>) -> StoreResult<()> {
    let practice = tx.practice_id();
    let mut names: BTreeMap<(u64, u32), (String, Vec<String>)> = BTreeMap::new();
    // Entries of one remittance that take each other back (it was parked, or set aside) say nothing.
    let mut standing: BTreeMap<(Option<u64>, u64, String, String), i64> = BTreeMap::new();
    // What later payers took over is corrected as decisions come: its sum says what stands.
    let mut released: BTreeMap<(String, String), i64> = BTreeMap::new();
    for posting in tx.postings(None, None)? {
        let (visit, charge) = match posting.claim {
            None => (String::new(), String::new()),
            Some(key) => {
                let named = match names.entry(key) {
                    std::collections::btree_map::Entry::Occupied(named) => named.into_mut(),
                    std::collections::btree_map::Entry::Vacant(empty) => {
                        let body = tx.version_body(key.0, key.1)?;
                        let charges =
                            body.charges.iter().map(|(charge, _)| serde_json::to_string(charge).unwrap_or_default());
                        empty.insert((body.visit_number, charges.collect()))
                    }
                };
                let line = usize::from(posting.line).checked_sub(1);
                (named.0.clone(), line.and_then(|line| named.1.get(line).cloned()).unwrap_or_default())
            }
        };
        let before = format!("{practice}|{visit}|{charge}|{}|{}", posting.payer_id, posting.account);
        let after = format!("{}|{}", posting.group_code, posting.reason);
        if posting.remittance_id.is_none() && !is_release(&posting) {
            ledger.push(format!("{before}|{}|{after}", posting.amount_cents));
            continue;
        }
        if is_release(&posting) {
            *released.entry((before, after)).or_default() += posting.amount_cents;
            continue;
        }
        let key = (posting.remittance_id, posting.amount_cents.unsigned_abs(), before, after);
        *standing.entry(key).or_default() += posting.amount_cents.signum();
    }
    let released = released.into_iter().filter(|(_, amount)| *amount != 0);
    ledger.extend(released.map(|((before, after), amount)| format!("{before}|{amount}|{after}")));
    for ((_, amount, before, after), count) in standing {
        let sign = if count < 0 { "-" } else { "" };
        ledger.extend((0..count.unsigned_abs()).map(|_| format!("{before}|{sign}{amount}|{after}")));
    }
    Ok(())
}
