//! What is in none of the ends that DESIGN names: `trace --unaccounted`.
//!
//! Document: translated, ignored, rejected or parked with work. Visit: cancelled, not billable, all live charges on claims, open
//! and younger than its bill-hold. Claim: posted with nothing owed by a payer, voided, held or denied with work that is not
//! overdue, ready where the approval to submit is asked for, submitted and younger than its alarm. Payment: posted, or unapplied
//! with work. Question about cover: answered, waited for, or with work. What an EHR is told: sent, confirmed, nothing, or with work. Cents that do not add up are in none,
//! nor is a file that is lost or another one than was written, nor what belongs to no tenant.

use super::{Found, Outside, claims, custody, each_range, money};
use crate::lifecycle::{ClaimState, WORK_GO_LIVE};
use crate::practice::Profile;
use crate::store::claim::ClaimRow;
use crate::store::document::DocumentStatus;
use crate::store::query::UnderWay;
use crate::store::visit::{VisitRow, VisitState};
use crate::store::{CLEARING, PracticeStore, Store, StoreResult, Tx};

pub use super::Difference;

/// What is unaccounted for, of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unaccounted {
    /// How many things.
    pub count: u64,
    /// Each of them, as many as are kept.
    pub listed: Vec<Difference>,
}

/// Lists what is in none of the ends on a day, as a day number. `profile`: none for the host's own tenant, and for a practice that the
/// configuration does not name any more, for which nothing waits.
///
/// # Errors
/// The store's; what cannot be read of one thing is listed.
pub fn unaccounted(
    store: &Store,
    tenant: &PracticeStore,
    profile: Option<&Profile>,
    outside: &Outside,
    today: i64,
) -> StoreResult<Unaccounted> {
    let mut found = Found::new(tenant.id());
    for snapshot in store.snapshots(1)? {
        let tx = snapshot.tx(tenant);
        documents(&tx, &mut found)?;
        let (hold, alarm) = profile.map_or((0, 0), |profile| (profile.bill_hold_days, profile.alarm_days));
        let waits = tx.open_work_kinds(("practice", 0))?.iter().any(|kind| kind == WORK_GO_LIVE);
        let days = Days { today, hold: i64::from(hold), alarm: i64::from(alarm), waits };
        each_range(tx.highest("visit", "visit_id")?, |from, to| {
            for row in tx.visits_between(from, to)? {
                let result = visit(&tx, &row, &days, &mut found);
                found.settle("visit", row.visit_id, result)?;
            }
            Ok(())
        })?;
        if let Some(profile) = profile {
            super::inquiries::ends(&tx, &profile.eligibility, today, &mut found)?;
        }
        super::posts::ends(&tx, &mut found)?;
        outside.check(&tx, &mut found)?;
        for row in tx.submissions("pending")? {
            found.tell("end", "submission", row.submission_id.to_string(), "is written and was not sent");
        }
        each_range(tx.highest("remittance", "remittance_id")?, |from, to| money::check(&tx, from, to, &mut found))?;
        for claim_id in tx.expected_later()? {
            found.tell("end", "pending_later", claim_id.to_string(), "nobody has looked whether another payer is due");
        }
        for claim_id in tx.claims_without_visit()? {
            found.tell("missing", "claim", claim_id.to_string(), "its visit is not there");
        }
        for claim_id in tx.claims_missing()? {
            found.tell("missing", "claim", claim_id.to_string(), "something belongs to it, and it is not there");
        }
        let (sum, of_nothing) = tx.ledger_sums()?;
        if (sum, of_nothing) != (0, 0) {
            found.tell(
                "money",
                "posting",
                "",
                format!("{sum} cents are on no other account, {of_nothing} entries on no claim"),
            );
        }
        for row in tx.open_work_items()?.into_iter().filter(|row| row.due_day < today) {
            let what = format!("{} of {} {} is overdue", row.kind, row.subject_kind, row.subject_id);
            found.tell("end", "work_item", row.work_id.to_string(), what);
        }
        for expected_id in tx.expected_unsettled(today)? {
            found.tell(
                "end",
                "expected_visit",
                expected_id.to_string(),
                "its hours have passed, and nobody has looked for its charges",
            );
        }
        for expected_id in tx.gaps_without_work()? {
            found.tell("work", "expected_visit", expected_id.to_string(), "has no open work audit.charge-gap");
        }
    }
    Ok(Unaccounted { count: found.count, listed: found.kept })
}

/// What is under way of a tenant that the configuration does not have: nothing moves it any more. Its rows themselves: `verify`.
///
/// # Errors
/// The store's.
pub fn not_configured(tenant: &PracticeStore) -> StoreResult<Unaccounted> {
    let left = tenant.read(|tx| tx.under_way())?;
    if left == UnderWay::default() {
        return Ok(Unaccounted::default());
    }
    let mut found = Found::new(tenant.id());
    let UnderWay { documents, visits, claims, claim_cents, work } = left;
    let cents = claim_cents.unsigned_abs();
    let what = format!(
        "is not in the configuration, and nothing moves it: {documents} documents unread, {visits} visits open, {claims} claims \
         of ${}.{:02} open, {work} work items open; put its [[practice]] back until they are settled",
        cents / 100,
        cents % 100
    );
    found.tell("config", "practice", "", what);
    Ok(Unaccounted { count: found.count, listed: found.kept })
}

/// Lists what belongs to no tenant that can be opened.
///
/// # Errors
/// The store's.
pub fn of_nobody(store: &Store) -> StoreResult<Vec<Difference>> {
    let mut found = Vec::new();
    for snapshot in store.snapshots(1)? {
        super::of_nobody(store, &snapshot, &mut found)?;
    }
    Ok(found)
}

struct Days {
    today: i64,
    hold: i64,
    alarm: i64,
    /// The practice may not submit yet, and somebody is asked to approve it.
    waits: bool,
}

fn documents(tx: &Tx<'_>, found: &mut Found) -> StoreResult<()> {
    for file in tx.unframed_files()? {
        found.tell("end", "file", file.file_id.to_string(), "is stored, and its documents are not cut out of it");
    }
    for row in tx.documents(Some(DocumentStatus::Pending))? {
        found.tell("end", "document", row.document_id.to_string(), "is pending");
    }
    for status in [DocumentStatus::Rejected, DocumentStatus::Parked] {
        for row in tx.documents(Some(status))? {
            custody::needed_work(tx, &row, found)?;
        }
    }
    if tx.practice_id() == CLEARING {
        return Ok(());
    }
    let mut sources = Bits::default();
    tx.each_source_document(|id| sources.set(id))?;
    tx.each_document(DocumentStatus::Translated, |id| {
        if !sources.has(id) {
            found.tell("end", "document", id.to_string(), "is translated, and nothing came of it");
        }
    })
}

fn visit(tx: &Tx<'_>, row: &VisitRow, days: &Days, found: &mut Found) -> StoreResult<()> {
    let id = row.visit_id;
    let work = tx.open_work_kinds(("visit", id))?;
    let waits = row.state == VisitState::Open && !row.closed;
    if waits && row.first_charge_day.unwrap_or(row.first_seen_day) + days.hold <= days.today && work.is_empty() {
        found.tell("end", "visit", id.to_string(), "is open past its bill-hold");
    }
    if !waits && work.is_empty() && tx.visit_is_changed(id)? {
        found.tell("end", "visit", id.to_string(), "has news that no claim has seen");
    }
    if row.state == VisitState::MissingCharges && work.is_empty() && !tx.visit_has_gap(id)? {
        found.tell("work", "visit", id.to_string(), "has no open work visit.missing-charges");
    }
    let claims = tx.claims_of_visit(id)?;
    let on_claims = matches!(row.state, VisitState::Assembled | VisitState::Billed | VisitState::Amended);
    if on_claims && claims.is_empty() && work.is_empty() {
        found.tell("end", "visit", id.to_string(), "is on no claim");
    }
    for row in claims {
        let result = claim(tx, &row, days, found);
        found.settle("claim", row.claim_id, result)?;
    }
    Ok(())
}

fn claim(tx: &Tx<'_>, row: &ClaimRow, days: &Days, found: &mut Found) -> StoreResult<()> {
    let id = row.claim_id;
    let loaded = claims::load(tx, id)?;
    claims::accounts(tx, row, &loaded, found)?;
    claims::work(tx, id, &loaded.recounted, false, found)?;
    match loaded.recounted.state {
        ClaimState::Ready if days.waits => {}
        ClaimState::Ready => found.tell("end", "claim", id.to_string(), "is ready and was not sent"),
        ClaimState::Submitted | ClaimState::Accepted => {
            let told = tx.open_work_kinds(("claim", id))?.iter().any(|kind| kind == "claim.unanswered");
            let late = loaded.waits_since().is_some_and(|day| day + days.alarm <= days.today);
            if late && !told {
                found.tell("end", "claim", id.to_string(), "is unanswered past its alarm, without work");
            }
        }
        ClaimState::Posted => {
            let owed = loaded.postings.iter().filter(|posting| posting.account == "payer-receivable");
            let owed: i64 = owed.map(|posting| posting.amount_cents).sum();
            if owed != 0 {
                found.tell("money", "claim", id.to_string(), format!("is posted, and a payer owes {owed} cents of it"));
            }
        }
        ClaimState::Held | ClaimState::Rejected | ClaimState::Denied | ClaimState::Paid => {}
    }
    Ok(())
}

/// A set of ids, one bit each: a practice has millions of documents.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, id: u64) {
        let at = usize::try_from(id / 64).unwrap_or(0);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(at) {
            *bits |= 1 << (id % 64);
        }
    }

    fn has(&self, id: u64) -> bool {
        let at = usize::try_from(id / 64).unwrap_or(usize::MAX);
        self.0.get(at).is_some_and(|bits| bits & (1 << (id % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_a_bit_each() {
        let mut bits = Bits::default();
        for id in [0, 1, 63, 64, 1_000] {
            bits.set(id);
        }
        let has: Vec<u64> = (0..2_000).filter(|id| bits.has(*id)).collect();
        assert_eq!(has, [0, 1, 63, 64, 1_000]);
    }
}
