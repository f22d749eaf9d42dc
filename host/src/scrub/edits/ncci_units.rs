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
    source: "CMS NCCI Policy Manual for Medicare Services, chapter 1, section V; MUE table, adjudication indicators 2 and 3; MLN SE1422",
    explain: Explain {
        what: "Adds the units of a code over all lines of the day by the same rendering provider, earlier live claims to the same payer included, and compares them with the limit. Lines with 55 are not added.",
        why: "All lines of the code are denied. A limit by policy (2) is never exceeded; a clinical one (3) may be, on appeal, with the record.",
        known_problems: "Sides on two lines count as two, as with Medicare: bill one line with 50. mue_clinical = \"warn\" in the profile sends what exceeds a clinical limit.",
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
        let Some((mue, table)) = limit(context, kind, &billed) else { continue };
        if mue.adjudication == Adjudication::Line && units > i64::from(mue.units) * 1000 {
            let words = format!(
                "Line {number} ({}) has {} units, {} are payable in one line ({}). Correct the units, or put what the record supports on lines of their own with the modifier that says why (76, 77, 91, a side, 59).",
                billed.code,
                quantity(units),
                mue.units,
                named(table)
            );
            report.line(number, FIELD, words);
        }
    }
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
        let Some((mue, table)) = limit(context, kind, &billed) else { continue };
        if mue.adjudication == Adjudication::Line {
            continue;
        }
        let others = || billed::own(claim).skip(at + 1).chain(billed::earlier(claim, context)).filter(same);
        let sum = others().filter_map(|other| per_day(&other)).fold(own, i64::saturating_add);
        if sum <= i64::from(mue.units) * 1000 {
            continue;
        }
        let mut with = others().map(|other| other.words()).collect::<Vec<_>>().join(", ");
        if !with.is_empty() {
            with = format!(" with {with}");
        }
        let absolute = mue.adjudication == Adjudication::DayAbsolute;
        let what = match (mue.units, absolute) {
            (0, _) => "It is not payable to this kind of provider: correct the code, or take the line off.",
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
        let warned = !absolute && mue.units > 0 && context.profile.mue_clinical == Consequence::Warn;
        report.at_as(if warned { Severity::Warn } else { Severity::Hold }, Some(number), FIELD, words);
    }
}

/// Postoperative management by another (55) is not added to the surgery.
fn counts(billed: &Billed<'_>) -> bool {
    !billed.modifiers.iter().any(|modifier| modifier == "55")
}

/// Units of one day: those of several days divided by the days, to the nearest whole.
fn per_day(billed: &Billed<'_>) -> Option<i64> {
    let (units, days) = (billed.units_thousandths?, billed.days.1 - billed.days.0 + 1);
    Some(if days == 1 { units } else { (units / 1000 * 2 + days).div_euclid(days * 2) * 1000 })
}

fn limit<'a>(context: &Context<'a>, kind: Kind, billed: &Billed<'_>) -> Option<(Mue, &'a Label)> {
    let (table, label) = Tables::of(context.codes).mue(kind, billed.days.0).known()?;
    Some((table.lookup(billed.code)?, label))
}

/// Suppliers of equipment, orthoses and prostheses (taxonomy 332B, 335E) have limits of their own.
pub(super) fn kind(claim: &Claim) -> Kind {
    let taxonomy = claim.header.billing.as_ref().and_then(|billing| billing.taxonomy.as_deref()).unwrap_or_default();
    if taxonomy.starts_with("332B") || taxonomy.starts_with("335E") { Kind::MueDme } else { Kind::MuePractitioner }
}

fn named(table: &Label) -> String {
    format!("NCCI MUE, table {}, {}", table.version, table.cover)
}
