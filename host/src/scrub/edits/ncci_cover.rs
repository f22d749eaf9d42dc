//! Days of service that no NCCI table knows: what is not checked is no pass.

use crate::claim::{Claim, Date, Severity, day_number};
use crate::ncci::{Answer, Kind, Tables};
use crate::scrub::billed::{self, Place};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const NOT_COVERED: Edit = Edit {
    id: "code.not-covered",
    title: "A day of service lies outside the tables that are loaded",
    severity: Severity::Hold,
    source: "CMS NCCI tables, published by quarter; the cover of each: `claimhost codes list`",
    explain: Explain {
        what: "Asks for each line whether a table of NCCI pairs, units and add-on codes knows its day. Holds for services of the last 36 months, warns before that, and warns where no table of that kind was ever imported.",
        why: "Nothing was checked, which must not look like a check that was passed.",
        known_problems: "A quarter begins before everybody has its tables: import them when CMS publishes them.",
        example: "A service of April, tables up to March. Repair: claimhost codes import the new quarter.",
        fix: "None.",
    },
    check,
};

const FIELD: &str = "lines.service_dates";
/// Years that a missing quarter holds for.
const HOLD_YEARS: u16 = 3;

fn check(claim: &Claim, context: &Context, report: &mut Report) {
    if !billed::follows_ncci(claim, context) {
        return;
    }
    let tables = Tables::of(context.codes);
    let units = super::ncci_units::kind(claim);
    let (mut absent, mut outside) = ([false; 3], [false; 3]);
    let mut latest: Option<(i64, u16)> = None;
    let mut last_day = None;
    for billed in billed::own(claim) {
        let (Place::Line(line), day) = (billed.place, billed.days.0) else { continue };
        if last_day.replace(day) == Some(day) {
            continue; // told at the first line of the day
        }
        let gaps = [gap(&tables.ptp(day)), gap(&tables.mue(units, day)), gap(&tables.addon(day))];
        for ((gap, absent), outside) in gaps.into_iter().zip(&mut absent).zip(&mut outside) {
            *absent |= gap == Gap::Absent;
            *outside |= gap == Gap::Outside;
            if gap == Gap::Outside && latest.is_none_or(|(known, _)| day > known) {
                latest = Some((day, line));
            }
        }
    }
    let kinds = [Kind::PtpPractitioner, units, Kind::Addon].map(Kind::name);
    let named = |which: [bool; 3]| {
        let named: Vec<&str> = kinds.iter().zip(which).filter(|(_, is)| *is).map(|(kind, _)| *kind).collect();
        named.join(", ")
    };
    if absent.contains(&true) {
        let words = format!(
            "No table of {} is loaded: pairs, units or add-on codes were not checked. Import CMS's files with `claimhost codes import`, or set ncci = false for payers that do not follow NCCI.",
            named(absent)
        );
        report.at_as(Severity::Warn, None, FIELD, words);
    }
    if let Some((day, line)) = latest {
        let severity = if day >= hold_from(context.as_of) { Severity::Hold } else { Severity::Warn };
        let words = format!(
            "The day of line {line} lies outside every loaded table of {}: it was not checked. Import the quarter of that day with `claimhost codes import`.",
            named(outside)
        );
        report.at_as(severity, Some(line), FIELD, words);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Outside,
    Absent,
}

fn gap<T>(answer: &Answer<'_, T>) -> Gap {
    match answer {
        Answer::Known(..) => Gap::None,
        Answer::Outside => Gap::Outside,
        Answer::Absent => Gap::Absent,
    }
}

/// First day of the 36 months before the check.
fn hold_from(as_of: Date) -> i64 {
    day_number(Date { year: as_of.year.saturating_sub(HOLD_YEARS), ..as_of })
}
