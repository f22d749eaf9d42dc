//! Work of visits, where no claim carries what a person has to decide.

use super::accept::Word;
use super::host::Host;
use super::review::hold;
use super::{HostError, dismiss};
use crate::claim::{ClaimPlace, Finding, Severity, iso};
use crate::store::acceptance::Acceptance;
use crate::store::work::WorkRow;
use crate::store::{StoreResult, Tx};
use crate::visit::{Event, VisitProblem};

/// It is closed or old and has no charge.
pub(super) const MISSING_CHARGES: &str = "visit.missing-charges";
/// The same, where the only charges told of are taken back, and were never told here.
pub(super) const UNMATCHED_REVERSAL: &str = "visit.unmatched-reversal";
/// What has left differs, and the payer takes no correction.
pub(super) const AMENDMENT: &str = "visit.amendment";
const PROBLEM: &str = "visit.problem";

impl Host {
    /// Takes a word that the problems of a visit that no claim carries are settled by hand, or (without a reason) takes it back.
    /// Returns how many items; none where there is no such visit. Charges that are told later, and other problems, are another item.
    /// An amendment ends with the claims alone: while they say something else than the visit, a word would hide it.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn settle_visit(&self, practice: &str, visit_id: u64, word: Word<'_>) -> Result<Option<usize>, HostError> {
        let Some(practice) = self.practice_named(practice) else { return Ok(None) };
        practice.store.write(|tx| {
            if tx.visit(visit_id)?.is_none() {
                return Ok(None);
            }
            let mut items = 0;
            if let Some(reason) = word.reason {
                let events: Vec<Event> = tx.events(visit_id)?.into_iter().map(Event::from).collect();
                let kept = Acceptance { by: word.by.to_owned(), reason: reason.to_owned(), on: iso(self.as_of()) };
                let own = |item: &WorkRow| {
                    item.subject_kind == "visit" && item.subject_id == visit_id && item.kind == PROBLEM
                };
                for item in tx.open_work_items()?.into_iter().filter(own) {
                    let words = tx.work_words(item.work_id)?.into_inner();
                    tx.accept(visit_id, &settlement(&words, &events), &kept, self.today())?;
                    items += 1;
                }
            } else {
                items = tx.take_back_acceptances_of(visit_id, PROBLEM)?;
            }
            if items > 0 {
                let event = if word.reason.is_some() { "settled by hand" } else { "settlement taken back" };
                tx.record("visit", visit_id, self.today(), "operator", event, "")?;
                tx.look_again_at(visit_id)?;
            }
            Ok(Some(items))
        })
    }
}

/// What the word that an item is settled is kept under, beside the words that accept findings.
fn settlement(words: &str, events: &[Event]) -> Finding {
    let at = ClaimPlace { line: None, field: dismiss::charges_of(events) };
    Finding { rule: PROBLEM.to_owned(), severity: Severity::Info, at, words: words.to_owned(), fix: None }
}

/// Those of a visit's items that nobody has settled.
pub(super) fn unsettled(
    tx: &Tx<'_>,
    visit_id: u64,
    events: &[Event],
    mut work: Vec<(&'static str, String)>,
) -> StoreResult<Vec<(&'static str, String)>> {
    if work.iter().any(|(kind, _)| *kind == PROBLEM) {
        let known = tx.acceptances(visit_id)?;
        let is_settled = |words: &str| tx.accepted(&known, &settlement(words, events)).is_some();
        work.retain(|(kind, words)| *kind != PROBLEM || !is_settled(words));
    }
    Ok(work)
}

/// Kind and words of problems that nobody has accepted.
pub(super) fn of_problems(
    tx: &Tx<'_>,
    visit_id: u64,
    problems: &[VisitProblem],
) -> StoreResult<Option<(&'static str, String)>> {
    if problems.is_empty() {
        return Ok(None);
    }
    let known = tx.acceptances(visit_id)?;
    let found = problems.iter().map(|problem| (problem, hold(&problem.id, &problem.at, &problem.words)));
    let open = found.filter(|(_, stored)| tx.accepted(&known, &stored.finding).is_none());
    let words: Vec<String> = open.map(|(problem, _)| format!("{}: {}", problem.id, problem.words)).collect();
    Ok((!words.is_empty()).then(|| (PROBLEM, words.join("; "))))
}
