//! An operator's word that a visit, as its events tell it, is not to be billed: charges that now come under their own visit
//! numbers, an order of events that the source will not mend, an invented patient.
//!
//! The word is on the charges as they are told when it is given. Later ones are not covered by it: the visit is held then, until
//! it is dismissed again or somebody accepts that it is billed.

use sha2::{Digest, Sha256};

use super::accept::Word;
use super::host::Host;
use super::lineages::lineages;
use super::{HostError, cut_off};
use crate::audit::capture;
use crate::claim::{ClaimPlace, Finding, Severity, VisitStatus, iso, take_replaced_claim};
use crate::store::acceptance::Acceptance;
use crate::store::visit::VisitState;
use crate::store::{StoreResult, Tx};
use crate::visit::{self, Event, Visit, VisitProblem};

/// What the word is kept under, beside the words that accept findings; and the problem where news came after it.
const DISMISSED: &str = "visit.dismissed";
const NEWS: &str = "an operator dismissed this visit, and the EHR has told more of it since: dismiss it again \
                    (`claimhost visit dismiss`), or accept this, and all of it is billed";

/// What came of a word on a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissed {
    /// The next turn takes it off its claims, or, where the word is taken back, bills it.
    Done,
    /// So many of its claims have left: the payer would have to be told.
    HasLeft(usize),
    /// No word on it was there to be taken back.
    NoSuchWord,
}

impl Host {
    /// Takes a word that a visit is not to be billed, or (without a reason) takes it back. What has left is voided with the
    /// payer, where `void` says so. None where there is no such visit.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn dismiss_visit(
        &self,
        practice: &str,
        visit_id: u64,
        word: Word<'_>,
        void: bool,
    ) -> Result<Option<Dismissed>, HostError> {
        let Some(practice) = self.practice_named(practice) else { return Ok(None) };
        practice.store.write(|tx| {
            let Some(row) = tx.visit(visit_id)? else { return Ok(None) };
            let stored = tx.events(visit_id)?;
            for event in &stored {
                capture::visit_touched(tx, visit_id, &event.update)?;
            }
            let events: Vec<Event> = stored.into_iter().map(Event::from).collect();
            let Some(reason) = word.reason else {
                if tx.take_back_acceptances_of(visit_id, DISMISSED)? == 0 {
                    return Ok(Some(Dismissed::NoSuchWord));
                }
                tx.record("visit", visit_id, self.today(), "operator", "dismissal taken back", "")?;
                tx.look_again_at(visit_id)?;
                return Ok(Some(Dismissed::Done));
            };
            let left = lineages(tx, visit_id)?.into_iter().filter(|lineage| lineage.is_with_payer());
            let left = left.count();
            if left > 0 && !void {
                return Ok(Some(Dismissed::HasLeft(left)));
            }
            let kept = Acceptance { by: word.by.to_owned(), reason: reason.to_owned(), on: iso(self.as_of()) };
            // Whoever accepted earlier news has not seen what comes after this word.
            tx.take_back_acceptances_of(visit_id, DISMISSED)?;
            tx.accept(visit_id, &said_by(&events), &kept, self.today())?;
            tx.record("visit", visit_id, self.today(), "operator", "dismissed", "")?;
            if row.state == VisitState::Open {
                // It is on no claim, and nobody waits for its hold.
                tx.close_work(None, ("visit", visit_id), self.today())?;
                tx.set_visit(&row, VisitState::NotBillable, self.today())?;
            } else {
                tx.look_again_at(visit_id)?;
            }
            Ok(Some(Dismissed::Done))
        })
    }
}

/// The visit that its events tell of, as an operator lets it stand.
pub(crate) fn fold(tx: &Tx<'_>, visit_id: u64, events: &[Event]) -> StoreResult<Visit> {
    let (counted, open_end) = cut_off::counted(tx, visit_id, events)?;
    let mut folded = visit::fold(&counted);
    folded.problems.extend(open_end);
    let known = tx.acceptances(visit_id)?;
    if !known.of_rule(DISMISSED) {
        return Ok(folded);
    }
    if tx.accepted(&known, &said_by(events)).is_some() {
        folded.status = VisitStatus::NotBillable;
        folded.charges.clear();
        folded.problems.clear();
        // Nor is it the correction of another system's claim.
        take_replaced_claim(&mut folded.header);
    } else if !folded.charges.is_empty() {
        folded.problems.push(VisitProblem::new(DISMISSED, "status", NEWS));
    }
    Ok(folded)
}

/// The word on a visit as it is now, where there is one.
pub(crate) fn word_on(tx: &Tx<'_>, visit_id: u64, events: &[Event]) -> StoreResult<Option<Acceptance>> {
    Ok(tx.accepted(&tx.acceptances(visit_id)?, &said_by(events)).cloned())
}

/// The set of events with charges, as one text.
pub(super) fn charges_of(events: &[Event]) -> String {
    let charged = events.iter().filter(|event| !event.charges.is_empty());
    let mut digests: Vec<[u8; 32]> = charged.map(|event| event.digest).collect();
    digests.sort_unstable();
    hex::encode(Sha256::digest(digests.concat()))
}

/// What an operator's word is about.
fn said_by(events: &[Event]) -> Finding {
    let words = charges_of(events);
    let at = ClaimPlace { line: None, field: "status".to_owned() };
    Finding { rule: DISMISSED.to_owned(), severity: Severity::Info, at, words, fix: None }
}
