//! NCCI MUE: more units of a code than are payable in a line, or on a day.

use crate::claim::{Claim, Severity};
use crate::codes::container::Label;
use crate::ncci::mue::{Adjudication, Mue};
use crate::ncci::{Kind, Tables};
use crate::practice::Consequence;
use crate::scrub::billed::{self, Billed, Place};
use crate::scrub::form::quantity;
use crate::scrub::{Context, Edit, Explain, Report};

const FIELD: &str = "units";

/// See [`Edit::text`].
pub const LINE: Edit = Edit {
    id: "ncci.mue.line",
    title: "A line has more units than are payable in one line",
    severity: Severity::Hold,
    source: "CMS NCCI Policy Manual for Medicare Services, chapter 1, section V; MUE table, adjudication indicator 1",
    explain: Explain {
        what: "Compares each line with the limit of its code, where the limit is for a line. Units over several days are divided by the days.",
        why: "The whole line is denied.",
        known_problems: "Some limits are confidential and not in the table.",
        example: "82374 with 4 units, limit 2. Repair: correct the units, or a second line with 91 where the record supports it.",
        fix: "None.",
    },
    check: line,
};

/// See [`Edit::text`].
pub const DAY: Edit = Edit {
    id: "ncci.mue.day",
    title: "A day has more units of a code than are payable on one day",
    severity: Severity::Hold,
    source: "CMS NCCI Policy Manual for Medicare Services, chapter 1, section V; MUE table, adjudication indicators 2 and 3; MLN SE1422; Medicare Claims Processing Manual, chapter 12, section 40.7",
    explain: Explain {
        what: "Adds the units of a code over all lines of the day by the same rendering provider, other claims of the visit and earlier live ones to the same payer included, and compares them with the limit. Lines with 55 are not added. A limit of 0, and one whose rationale is CMS Policy, is Medicare's coverage and no count of units: for another payer the first is nothing and the second a warning. So are units that exceed a limit only because both sides are on lines of their own: Medicare wants one line with 50, others take two.",
        why: "All lines of the code are denied. A limit by policy (2) is never exceeded; a clinical one (3) may be, on appeal, with the record.",
        known_problems: "Medicaid's own tables are not asked. mue_clinical = \"warn\" in the profile sends what exceeds a clinical limit. A service that Medicare does not cover passes with GY, GX or GZ, which ask for its denial.",
        example: "Two lines of 17000 on one day, limit 1. Repair: correct the units or the code.",
        fix: "None.",
    },
    check: day,
};

fn line(claim: &Claim, context: &Context, report: &mut Report) {
    if !billed::follows_ncci(claim, context) {
        return;
    }
    let kind = kind(claim);
    for billed in billed::own(claim) {
        let (Some(units), Place::Line(number)) = (per_day(&billed), billed.place) else { continue };
        let Some((mue, rationale, table)) = limit(context, kind, &billed) else { continue };
        let over = mue.adjudication == Adjudication::Line && units > i64::from(mue.units) * 1000;
        if over && let Some(severity) = severity(claim, context, &mue, rationale) {
            let words = format!(
                "Line {number} ({}) has {} units, {} are payable in one line ({}). Correct the units, or put what the record supports on lines of their own with the modifier that says why (76, 77, 91, a side, 59).",
                billed.code,
                quantity(units),
                mue.units,
                named(table)
            );
            report.at_as(severity, Some(number), FIELD, words);
        }
    }
}

/// Medicare's coverage, not a count of units.
const COVERAGE: &str = "CMS Policy";

/// What more units than a limit are worth. None: nothing, for the limit is Medicare's coverage and the payer another.
fn severity(claim: &Claim, context: &Context, mue: &Mue, rationale: &str) -> Option<Severity> {
    let of_medicare = billed::is_medicare_coverage(claim);
    match mue.adjudication {
        _ if !of_medicare && mue.units == 0 => None,
        _ if !of_medicare && rationale.trim().eq_ignore_ascii_case(COVERAGE) => Some(Severity::Warn),
        Adjudication::DayClinical if mue.units > 0 && context.profile.mue_clinical == Consequence::Warn => {
            Some(Severity::Warn)
        }
        _ => Some(Severity::Hold),
    }
}

/// The units of a day by side: RT, LT, and lines that name neither, which belong to each.
fn of_one_side<'a>(all: impl Iterator<Item = Billed<'a>> + Clone) -> i64 {
    let without = |one: &Billed<'_>, side: &str| !one.modifiers.iter().any(|modifier| modifier == side);
    let sum = |other: &str| {
        let side = all.clone().filter(|one| without(one, other));
        side.filter_map(|one| per_day(&one)).fold(0, i64::saturating_add)
    };
    sum("LT").max(sum("RT"))
}

fn day(claim: &Claim, context: &Context, report: &mut Report) {
    if !billed::follows_ncci(claim, context) {
        return;
    }
    let kind = kind(claim);
    for (at, billed) in billed::own(claim).enumerate() {
        let (true, Some(own), Place::Line(number)) = (counts(&billed), per_day(&billed), billed.place) else {
            continue;
        };
        let same = |other: &Billed<'_>| {
            other.code == billed.code && counts(other) && other.meets(&billed).is_some() && per_day(other).is_some()
        };
        if billed::own(claim).take(at).any(|other| same(&other)) {
            continue; // told at its first line
        }
        let Some((mue, rationale, table)) = limit(context, kind, &billed) else { continue };
        if mue.adjudication == Adjudication::Line {
            continue;
        }
        let others = || billed::own(claim).skip(at + 1).chain(billed::beside(claim, context)).filter(same);
        let sum = others().filter_map(|other| per_day(&other)).fold(own, i64::saturating_add);
        let payable = i64::from(mue.units) * 1000;
        let Some(mut severity) = severity(claim, context, &mue, rationale).filter(|_| sum > payable) else { continue };
        let mut with = others().map(|other| other.words()).collect::<Vec<_>>().join(", ");
        if !with.is_empty() {
            with = format!(" with {with}");
        }
        let by_sides = mue.units > 0 && of_one_side(std::iter::once(billed).chain(others())) <= payable;
        let of_medicare = billed::is_medicare_coverage(claim);
        if by_sides && !of_medicare {
            severity = Severity::Warn;
        }
        let absolute = mue.adjudication == Adjudication::DayAbsolute;
        let what = match (mue.units, absolute) {
            (0, _) => {
                "Medicare does not cover it from this kind of provider: correct the code, take the line off, or enter GY for a denial that another payer or the patient needs."
            }
            _ if by_sides && of_medicare => "Both sides are one line with 50 and one unit.",
            _ if by_sides => "Some payers want both sides on one line with 50, others on two lines with RT and LT.",
            (_, true) => "No payer that follows NCCI pays more: correct the units or the code.",
            (_, false) => {
                "More is paid only on appeal, with the record: correct the units, or keep the record at hand."
            }
        };
        let words = format!(
            "Line {number} ({}){with} comes to {} units of that day, {} are payable ({}). {what}",
            billed.code,
            quantity(sum),
            mue.units,
            named(table)
        );
        report.at_as(severity, Some(number), FIELD, words);
    }
}

/// Modifiers with which a service is billed to be denied as not covered.
const NOT_COVERED: &[&str] = &["GY", "GX", "GZ"];

/// Postoperative management by another (55) is not added to the surgery; what is billed for its denial exceeds nothing.
fn counts(billed: &Billed<'_>) -> bool {
    !billed.modifiers.iter().any(|modifier| modifier == "55" || NOT_COVERED.contains(&modifier.as_str()))
}

/// Units of one day: those of several days divided by the days, to the nearest whole.
fn per_day(billed: &Billed<'_>) -> Option<i64> {
    let (units, days) = (billed.units_thousandths?, billed.days.1 - billed.days.0 + 1);
    Some(if days == 1 { units } else { (units / 1000 * 2 + days).div_euclid(days * 2) * 1000 })
}

/// A code's limit on its day, CMS's reason for it, and the table.
fn limit<'a>(context: &Context<'a>, kind: Kind, billed: &Billed<'_>) -> Option<(Mue, &'a str, &'a Label)> {
    let (table, label) = Tables::of(context.codes).mue(kind, billed.days.0).known()?;
    let mue = table.lookup(billed.code)?;
    Some((mue, table.rationale(&mue), label))
}

/// Whether the limit of a service is 0: Medicare covers none of it from this kind of provider.
pub(super) fn is_uncovered(claim: &Claim, context: &Context, billed: &Billed<'_>) -> bool {
    limit(context, kind(claim), billed).is_some_and(|(mue, _, _)| mue.units == 0)
}

/// Suppliers of equipment, orthoses and prostheses (taxonomy 332B, 335E) have limits of their own.
pub(super) fn kind(claim: &Claim) -> Kind {
    let taxonomy = claim.header.billing.as_ref().and_then(|billing| billing.taxonomy.as_deref()).unwrap_or_default();
    if taxonomy.starts_with("332B") || taxonomy.starts_with("335E") { Kind::MueDme } else { Kind::MuePractitioner }
}

fn named(table: &Label) -> String {
    format!("NCCI MUE, table {}, {}", table.version, table.cover)
}
