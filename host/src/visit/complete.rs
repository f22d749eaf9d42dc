//! Completes a visit from the practice profile: header and lines (`practice/complete.rs`), and what only a visit has:
//! coverages and locations of single charges.

use super::Visit;
use super::fold::LiveCharge;
use super::header::nothing_said;
use crate::practice::{CompletionProblem, Profile, complete, complete_coverages};

/// Fills what the events leave empty. Between [`super::fold()`] and [`super::split()`].
pub fn complete_visit(visit: &mut Visit, profile: &Profile) -> Vec<CompletionProblem> {
    let mut problems = Vec::new();
    let place_unsaid = visit.header.place_of_service.is_empty();
    let facility_unsaid = visit.header.service_facility.is_none();
    for charge in visit.charges.iter_mut().filter(|charge| !charge.location.is_empty()) {
        problems.extend(complete_place(charge, profile, place_unsaid, facility_unsaid));
    }
    let mut lines: Vec<_> = visit.charges.iter().map(|charge| charge.line.clone()).collect();
    problems.extend(complete(&mut visit.header, &mut lines, profile));
    for (number, (charge, line)) in visit.charges.iter_mut().zip(lines).enumerate() {
        charge.line = line;
        let field = format!("line {}.coverages", number + 1);
        problems.extend(complete_coverages(&mut charge.coverages, &visit.header.patient, profile, &field));
    }
    problems
}

/// Place of service and facility of a charge that was given at another location than the visit's.
fn complete_place(
    charge: &mut LiveCharge,
    profile: &Profile,
    place_unsaid: bool,
    facility_unsaid: bool,
) -> Vec<CompletionProblem> {
    let mut own = nothing_said();
    own.location.clone_from(&charge.location);
    own.place_of_service.clone_from(&charge.line.place_of_service);
    let mut problems = complete(&mut own, &mut [], profile);
    problems.retain(|problem| problem.field == "header.location");
    if place_unsaid {
        charge.line.place_of_service = own.place_of_service;
    }
    if facility_unsaid && own.service_facility.is_some() {
        let providers = charge.line.providers.get_or_insert(super::fold::nobody());
        providers.service_facility = providers.service_facility.take().or(own.service_facility);
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::fold;
    use crate::visit::samples::{charge, event, profile};

    #[test]
    fn charges_of_two_locations_keep_their_places() {
        let mut first = event(1, vec![charge("C1", "99213", 10_000)]);
        let mut second = event(2, vec![charge("C2", "87880", 2_000)]);
        for (event, location) in [(&mut first, "MAIN"), (&mut second, "TELE")] {
            event.header.place_of_service = String::new();
            event.header.location = location.into();
        }
        let mut visit = fold(&[second, first]);
        let problems = complete_visit(&mut visit, &profile());
        assert_eq!(problems, []);
        let places = visit.charges.iter().map(|charge| crate::claim::place_of_service(&visit.header, &charge.line));
        assert_eq!(places.collect::<Vec<_>>(), ["11", "10"]);
    }
}
