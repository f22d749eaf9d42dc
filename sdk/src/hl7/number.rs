//! What a visit number is not: the number of a person, or an account that several visits share.

use claimhost_hl7v2::{Message, Value};

use super::paths::text;
use super::place::problem;
use crate::intake::Problem;

/// Identifier types (table 0203, CX.5) that number a person and no visit: social security, driver's licence, passport,
/// Medicare, Medicaid, tax.
const OF_A_PERSON: [&str; 6] = ["SS", "DL", "PPN", "MC", "MA", "TAX"];

/// Refuses an identifier that its own type says is a person's.
pub(super) fn of_a_person(message: &Message<'_>, number: &Value<'_>) -> Option<Problem> {
    let at = number.location();
    let segment = message.segment(at.segment.as_str())?;
    let kind = text(Some(segment.get(at.field, at.repetition.max(1), 5, 0)));
    let known = OF_A_PERSON.iter().find(|known| kind.eq_ignore_ascii_case(known))?;
    let remedy = "declare [visit] number in this site's mapping: the field that all messages of one visit share";
    let mut problem = problem("hl7.visit-number-type", number, "the number of a visit or an account", remedy);
    problem.found = format!("an identifier of type {known}, which numbers a person");
    Some(problem)
}

/// The doubt about an account number (PID-18) that stands in for a visit number: some systems keep one for all visits.
pub(super) fn shared(number: &Value<'_>) -> Option<Problem> {
    if number.location().segment.as_str() != "PID" {
        return None;
    }
    let remedy = "charges of several days came under it: declare [visit] number in this site's mapping, the field that differs \
                  from visit to visit, have the messages sent again, then dismiss this one (`claimhost visit dismiss`); or \
                  accept this where the days are one visit";
    let mut problem = problem("visit.shared-number", number, "a number of one visit (PV1-19)", remedy);
    problem.found = "an account number in the place of a visit number".to_owned();
    Some(problem)
}
