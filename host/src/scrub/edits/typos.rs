//! Re-entry typos that only a second source shows: the patient's other claims, the schedule.
//! A visit that was keyed twice: `near_duplicates.rs`. Charges against the fee schedule: `fees.rs`. Check digits, impossible days:
//! with their fields.

use crate::audit::demographics::{MemberIs, compare_members};
use crate::audit::slip::Slip;
use crate::claim::{Claim, Date, Frequency, ServiceLine, Severity, day_number, iso};
use crate::scrub::form::{blank, is_day};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MEMBER_ID: Edit = Edit {
    id: "typo.member-id",
    title: "The member id is a slip away from the one on the patient's other claims",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA NM109; the patient's earlier claims to the same payer",
    explain: Explain {
        what: "Compares the member id with those of the patient's earlier claims to the same payer that were not refused: swapped characters, one that differs, is missing or too many, letters for the digits they look like, lost zeros.",
        why: "A member id that was keyed anew with a slip is refused at the door, or is somebody else's.",
        known_problems: "A payer that gave the patient a new id one character away is held once. Ids below five characters are not compared; with a roster or a 271, demographic.member-id compares with those too.",
        example: "W123456798, claims before W123456789. Repair: type it from the card.",
        fix: "None: which of the two is right, the card says.",
    },
    check: member_id,
};

fn member_id(claim: &Claim, context: &Context, report: &mut Report) {
    if context.earlier.is_empty() || claim.frequency == Frequency::Void {
        return;
    }
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let id = &coverage.subscriber.member_id;
        if blank(id) || blank(&coverage.payer.id) {
            continue;
        }
        let others = context.earlier.iter().filter(|other| other.stands && other.claim_id != claim.control_number);
        let of_payer = others.flat_map(|other| {
            let ids = other.members.iter().filter(|(payer, _)| *payer == coverage.payer.id);
            ids.map(|(_, member)| (other.claim_id.as_str(), member.as_str()))
        });
        let mut slip = None;
        for (claim_id, known) in of_payer {
            // A second policy of the same payer has an id of its own, often the next one.
            let policies = claim.header.coverages.iter().filter(|other| other.payer.id == coverage.payer.id);
            let is_other_policy = policies.into_iter().any(|other| {
                !std::ptr::eq(other, coverage) && compare_members(&other.subscriber.member_id, known) == MemberIs::Same
            });
            match compare_members(id, known) {
                _ if is_other_policy => {}
                MemberIs::Same => {
                    slip = None;
                    break; // known as it is
                }
                MemberIs::Slip(what) if slip.is_none() => slip = Some((claim_id, what)),
                _ => {}
            }
        }
        if let Some((claim_id, what)) = slip {
            let words = format!(
                "The member id of coverage {} is not the one of claim {claim_id}: {what}. Compare both with the card.",
                at + 1
            );
            report.header(format!("coverages[{at}].subscriber.member_id"), words);
        }
    }
}

/// See [`Edit::text`].
pub const SERVICE_DATE: Edit = Edit {
    id: "typo.service-date",
    title: "A date of service looks like another day that was meant",
    severity: Severity::Hold,
    source: "005010X222A1 2400 DTP 472; the visit's appointment; the day on which the visit was first told of",
    explain: Explain {
        what: "Holds a line that has day and month of another line, or of the visit's appointment, in another year or with day and month swapped; and, in January and February, one whose year is that before although its day and month are of the last 14 days. Warns of such a line later in the year, and of services more than three years old.",
        why: "The wrong year is typed each January; the payer denies it as filed too late, as a duplicate, or as before the cover.",
        known_problems: "A charge that comes exactly a year late looks the same: with a delay reason (CLM20) nothing is said. Appointments are known from schedules, SIU and ADT only.",
        example: "2025-01-08, first told of on 2026-01-10. Repair: correct the date of service.",
        fix: "None: the chart says when it was.",
    },
    check: service_date,
};

/// Days within which charges usually arrive.
const USUAL_DAYS: i64 = 14;
/// Years after which a service is old for a new claim.
const OLD_YEARS: u16 = 3;

fn service_date(claim: &Claim, context: &Context, report: &mut Report) {
    let delayed = claim.header.extras.as_ref().is_some_and(|extras| !blank(&extras.delay_reason));
    if claim.frequency == Frequency::Void || claim.destination > 0 || delayed {
        return;
    }
    let days = |line: &ServiceLine| Some(line.service_dates.start).filter(|day| is_day(*day));
    let is_booked = |day: Date| claim.lines.iter().any(|line| days(line) == Some(day));
    for (number, line) in super::numbered(claim) {
        let Some(day) = days(line) else { continue };
        let mut told = |severity: Severity, why: String| {
            let words = format!("Line {number} ({}) is dated {}: {why}", super::code(line), iso(day));
            report.at_as(severity, Some(number), "service_dates", words);
        };
        let other = claim.lines.iter().filter_map(days).find(|other| is_other_year(day, *other));
        // Of two lines the one further from the day on which the visit was told of is the suspect.
        let anchor = context.visit.heard.unwrap_or(context.as_of);
        let distance = |date: Date| (day_number(date) - day_number(anchor)).abs();
        if let Some(other) = other.filter(|other| distance(day) > distance(*other)) {
            told(
                Severity::Hold,
                format!("another line has the same day and month in {}. Correct the year.", other.year),
            );
            continue;
        }
        let booked = context.visit.booked.filter(|booked| !is_booked(*booked));
        if let Some(booked) = booked.filter(|booked| is_other_year(day, *booked) || is_turned(day, *booked)) {
            told(Severity::Hold, format!("the visit was booked for {}. Correct the date of service.", iso(booked)));
            continue;
        }
        let Some(heard) = context.visit.heard else { continue };
        let this_year = Date { year: heard.year, ..day };
        let ago = day_number(heard) - day_number(this_year);
        let slipped = Slip::between(&day.year.to_string(), &heard.year.to_string()).is_some();
        if day.year < heard.year && slipped && is_day(this_year) && (0..=USUAL_DAYS).contains(&ago) {
            let new_year = day.year + 1 == heard.year && heard.month <= 2;
            let severity = if new_year { Severity::Hold } else { Severity::Warn };
            told(
                severity,
                format!(
                    "the visit was first told of on {}. Was {} meant? Correct the year, or enter a delay reason.",
                    iso(heard),
                    iso(this_year)
                ),
            );
        } else if day.year + OLD_YEARS < heard.year {
            told(
                Severity::Warn,
                format!("more than {OLD_YEARS} years before the visit was told of. See whether the year is right."),
            );
        }
    }
}

/// The same day and month of another year.
fn is_other_year(a: Date, b: Date) -> bool {
    (a.month, a.day) == (b.month, b.day) && a.year != b.year
}

/// Day and month swapped.
fn is_turned(a: Date, b: Date) -> bool {
    a.year == b.year && (a.month, a.day) == (b.day, b.month) && a.month != a.day
}
