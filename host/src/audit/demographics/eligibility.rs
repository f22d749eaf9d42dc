//! People of a payer's eligibility answer (X12 271) as known people of the practice that asked.

use claimhost_x12::eligibility::Member;

use super::{Known, Origin};
use crate::claim::{Address, Date, Gender};

/// The person of a 271; `row` is its position in the answer, from 1. None where the payer could not answer or names nobody.
pub fn known(member: &Member, row: u64) -> Option<Known> {
    let person = member.person.as_ref().filter(|_| !member.is_refused)?;
    let day = |date: claimhost_x12::Date| Date { year: date.year, month: date.month, day: date.day };
    let mut known = Known::new(Origin::Eligibility, row);
    known.name.last.clone_from(&person.name);
    known.name.first.clone_from(&person.first);
    known.name.middle.clone_from(&person.middle);
    known.name.suffix.clone_from(&person.suffix);
    known.birth_date = member.birth_date.map(day);
    known.gender = match member.gender.as_str() {
        "F" => Some(Gender::Female),
        "M" => Some(Gender::Male),
        _ => None,
    };
    known.address = member.address.as_ref().map(|place| Address {
        line1: place.line1.clone(),
        line2: place.line2.clone(),
        city: place.city.clone(),
        state: place.state.clone(),
        postal_code: place.postal_code.clone(),
        country: String::new(),
        subdivision: String::new(),
    });
    let payer = member.payer.as_ref();
    known.payer =
        payer.map(|payer| if payer.id.is_empty() { &payer.name } else { &payer.id }).cloned().unwrap_or_default();
    known.member_id.clone_from(&member.member_id);
    known.is_subscriber = Some(!member.is_dependent);
    known.cover_from = member.from.map(day);
    known.cover_to = member.to.map(day);
    known.is_inactive = matches!(member.status.as_str(), "6" | "7" | "8");
    Some(known)
}
