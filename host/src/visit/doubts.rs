//! Doubts about single documents, as problems of the visit they tell of.
//!
//! - [`SHARED_NUMBER`]: the visit number may be one of several visits. It holds what has charges of several days.
//! - Any other holds the visit while no newer event with charges is without it.

use std::collections::BTreeSet;

use super::event::Event;
use super::fold::VisitProblem;
use crate::claim::{Date, Problem, day_number};

/// Id of the doubt whether a visit number is one visit's only.
const SHARED_NUMBER: &str = "visit.shared-number";

/// A problem that somebody has with a sound document, as one of the visit.
fn doubt(problem: &Problem) -> VisitProblem {
    let Problem { id, at, found, expected, remedy } = problem;
    VisitProblem::new(id, &at.path, &format!("found {found}, expected {expected}; {remedy}"))
}

/// The doubts of an event that the next event with charges takes away.
pub(super) fn passing(event: &Event) -> Vec<VisitProblem> {
    event.doubts.iter().filter(|doubt| doubt.id != SHARED_NUMBER).map(doubt).collect()
}

/// A visit number that may be shared, where the live charges begin on several days. It says on how many: a word on two is
/// none on three.
pub(super) fn shared_number(events: &[&Event], begun: impl Iterator<Item = Date>) -> Option<VisitProblem> {
    let days: BTreeSet<_> = begun.map(day_number).collect();
    let mut doubts = events.iter().flat_map(|event| &event.doubts);
    let mut problem = doubt(doubts.find(|doubt| doubt.id == SHARED_NUMBER)?);
    problem.words = format!("charges of {} days: {}", days.len(), problem.words);
    (days.len() > 1).then_some(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{ChargeAction, Place};
    use crate::visit::samples::{charge, day, event};
    use crate::visit::{Visit, fold};

    fn on(sequence: u64, id: &str, date: u8) -> Event {
        let mut charge = charge(id, "99213", 100);
        charge.line.service_dates.start = day(date);
        charge.line.service_dates.end = day(date);
        let mut event = event(sequence, vec![charge]);
        let at = Place { path: "here".into(), offset: None };
        let (id, found, expected, remedy) = (SHARED_NUMBER.into(), "a".into(), "b".into(), "c".into());
        event.doubts.push(Problem { id, at, found, expected, remedy });
        event
    }

    fn words(visit: &Visit) -> Vec<&str> {
        visit.problems.iter().map(|problem| problem.words.as_str()).collect()
    }

    #[test]
    fn a_visit_number_that_may_be_shared_holds_charges_of_several_days() {
        let none = Vec::<&str>::new();
        assert_eq!(words(&fold(&[on(1, "C1", 1), on(2, "C2", 1)])), none);
        let two = fold(&[on(1, "C1", 1), on(2, "C2", 2)]);
        assert_eq!(words(&two), ["charges of 2 days: found a, expected b; c"]);
        let three = fold(&[on(1, "C1", 1), on(2, "C2", 2), on(3, "C3", 3)]);
        assert_ne!(words(&three), words(&two), "accepted for two days is not accepted for three");
        let mut taken_back = on(3, "C2", 2);
        taken_back.charges[0].action = ChargeAction::Cancel;
        assert_eq!(words(&fold(&[on(1, "C1", 1), on(2, "C2", 2), taken_back])), none);
        // A later message that names the visit itself does not make the others surer.
        let mut sure = on(3, "C3", 1);
        sure.doubts.clear();
        assert_eq!(words(&fold(&[on(1, "C1", 1), on(2, "C2", 2), sure])).len(), 1);
    }

    #[test]
    fn a_corrected_claim_may_have_a_line_that_the_one_before_had_not() {
        let told = |visit: &Visit| visit.problems.iter().map(|problem| problem.id.clone()).collect::<Vec<_>>();
        let corrected = |ids: &[&str]| {
            let charges = ids.iter().map(|id| charge(id, "99213", 100)).map(|mut charge| {
                charge.action = ChargeAction::Replace;
                charge
            });
            let mut event = event(2, charges.collect());
            event.complete = true;
            event
        };
        let first = || event(1, vec![charge("L1", "99213", 100)]);
        assert_eq!(told(&fold(&[first(), corrected(&["L1", "L2"])])), Vec::<String>::new());
        assert_eq!(told(&fold(&[first(), corrected(&["L8", "L9"])])), ["visit.unmatched-replacement"]);
        assert_eq!(told(&fold(&[corrected(&["L1", "L2"])])), ["visit.unmatched-replacement"]);
    }
}
