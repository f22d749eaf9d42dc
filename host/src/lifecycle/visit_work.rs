//! Work of visits, where no claim carries what a person has to decide.

use super::review::hold;
use crate::store::{StoreResult, Tx};
use crate::visit::VisitProblem;

/// It is closed or old and has no charge.
pub(super) const MISSING_CHARGES: &str = "visit.missing-charges";
/// The same, where the only charges told of are taken back, and were never told here.
pub(super) const UNMATCHED_REVERSAL: &str = "visit.unmatched-reversal";
/// What has left differs, and the payer takes no correction.
pub(super) const AMENDMENT: &str = "visit.amendment";
const PROBLEM: &str = "visit.problem";

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
