//! Services in the days that the payment of an earlier surgery includes, without the modifier that says why they are paid:
//! 24 (an unrelated visit), 58 (staged), 78 (back to the operating room), 79 (unrelated).
//!
//! Global days are those of the Medicare Physician Fee Schedule (`codes import`, kind `pfs`); the earlier surgery is a live
//! claim of the patient to the same payer by the same provider, or an earlier line of the claim.

use super::modifier_omission::{Known, add, has, indicators, known, names_site, tell};
use crate::claim::{Claim, Severity};
use crate::ncci::modifier::is_visit;
use crate::scrub::billed::{self, Billed};
use crate::scrub::form::{cpt_number, says_distinct};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const VISIT: Edit = Edit {
    id: "modifier-omission.global-visit",
    title: "A visit in the global period of a surgery has no modifier 24",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, sections 40.1 and 30.6.6; fee schedule, GLOB DAYS",
    explain: Explain {
        what: "Finds a visit within 10 or 90 days after a procedure with such a global period, by the same provider, without 24, 25 or 57. Preventive visits pass.",
        why: "Visits after surgery belong to its payment; one for something else is paid only where it says so.",
        known_problems: "Surgery that another practice billed is not seen, nor a partner of the same specialty. A visit that left before its surgery was told of is a warning at the surgery.",
        example: "27447 on 2 March, 99213 on 2 April for a cough. Repair: 99213-24.",
        fix: "None: whether the visit had to do with the surgery is in the chart.",
    },
    check: visit,
};

/// See [`Edit::text`].
pub const PROCEDURE: Edit = Edit {
    id: "modifier-omission.global-procedure",
    title: "A procedure in the global period of a surgery has no modifier 58, 78 or 79",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, section 40.1 to 40.4; fee schedule, GLOB DAYS",
    explain: Explain {
        what: "Finds a procedure with a global period of its own within 10 or 90 days after another one, by the same provider, without 58, 78, 79 or a modifier that says distinct.",
        why: "Without it the payer takes the second one as part of the first one's payment.",
        known_problems: "As modifier-omission.global-visit.",
        example: "66984-RT on 2 March, 66984-LT on 16 March. Repair: 66984-LT-79.",
        fix: "79, where the sites differ; else a question.",
    },
    check: procedure,
};

/// A surgery whose payment includes a service.
struct Included<'a> {
    surgery: Billed<'a>,
    days_after: i64,
}

/// The surgery whose global period a service lies in.
fn surgery<'a>(
    claim: &'a Claim,
    context: &Context<'a>,
    mut known: impl Iterator<Item = Known<'a>>,
    one: &Known<'a>,
) -> Option<Included<'a>> {
    let within = |surgery: &Billed<'_>, global: Option<i64>| {
        let after = one.billed.days.0 - surgery.days.0;
        let included = global.is_some_and(|global| global > 0 && (1..=global).contains(&after));
        (included && surgery.rendering_npi == one.billed.rendering_npi).then_some(after)
    };
    let of_claim = known.find_map(|other| {
        let days_after = within(&other.billed, other.pfs.global.days_after())?;
        Some(Included { surgery: other.billed, days_after })
    });
    of_claim.or_else(|| {
        billed::earlier(claim, context).find_map(|other| {
            // The nearer test first: most earlier services are visits of long ago.
            within(&other, Some(90))?;
            let days_after = within(&other, indicators(context, &other)?.global.days_after())?;
            Some(Included { surgery: other, days_after })
        })
    })
}

/// Warns at a surgery of a service of its global period that another claim bills without the modifier: that claim may have left
/// before the surgery was told of.
fn billed_after<'a>(
    claim: &'a Claim,
    context: &Context<'a>,
    report: &mut Report,
    modifiers: &str,
    is_asked: impl Fn(&Billed<'a>) -> bool,
) {
    for surgery in known(claim, context) {
        let Some(global) = surgery.pfs.global.days_after().filter(|days| *days > 0) else { continue };
        let after = |other: &Billed<'_>| other.days.0 - surgery.billed.days.0;
        let included = billed::earlier(claim, context).find(|other| {
            (1..=global).contains(&after(other))
                && other.rendering_npi == surgery.billed.rendering_npi
                && is_asked(other)
        });
        if let Some(other) = included {
            let words = format!(
                "The payment of line {} ({}) includes {}, {} days later. If that had nothing to do with it, replace that claim with {modifiers}; if it had, void it.",
                surgery.number,
                super::code(surgery.line),
                other.words(),
                after(&other)
            );
            report.at_as(Severity::Warn, Some(surgery.number), super::modifier_omission::FIELD, words);
        }
    }
}

fn visit(claim: &Claim, context: &Context, report: &mut Report) {
    billed_after(claim, context, report, "modifier 24", |other| {
        is_visit(other.code) && !is_preventive(&other.code.to_string()) && !has(other.modifiers, VISIT_SAYS)
    });
    let known = known(claim, context);
    for one in known.clone().filter(|one| is_visit(one.billed.code) && !is_preventive(&one.line.procedure.code)) {
        if has(one.billed.modifiers, VISIT_SAYS) {
            continue;
        }
        let Some(Included { surgery, days_after }) = surgery(claim, context, known.clone(), &one) else {
            continue;
        };
        let words = format!(
            "Line {} ({}) is a visit {days_after} days after {}, whose payment includes visits of that time. Did it have nothing to do with the surgery? If the record says so, enter 24; if not, it is not billed (99024 reports it).",
            one.number,
            super::code(one.line),
            surgery.words()
        );
        tell(report, one.number, words, None);
    }
}

/// Modifiers of a visit that say why it is paid.
const VISIT_SAYS: &[&str] = &["24", "25", "57"];
/// Modifiers of a procedure that say so, and postoperative care by another.
const PROCEDURE_SAYS: &[&str] = &["58", "78", "79", "55"];

/// Preventive visits have nothing to do with a surgery.
fn is_preventive(code: &str) -> bool {
    matches!(cpt_number(code), Some(99_381..=99_429)) || matches!(code, "G0402" | "G0438" | "G0439")
}

fn procedure(claim: &Claim, context: &Context, report: &mut Report) {
    billed_after(claim, context, report, "modifier 58, 78 or 79", |other| {
        let is_global = indicators(context, other).is_some_and(|pfs| pfs.global.days_after().is_some());
        let says = has(other.modifiers, PROCEDURE_SAYS) || other.modifiers.iter().any(|one| says_distinct(one));
        is_global && !is_visit(other.code) && !says
    });
    let known = known(claim, context);
    for one in known.clone().filter(|one| one.pfs.global.days_after().is_some() && !is_visit(one.billed.code)) {
        let modifiers = one.billed.modifiers;
        if has(modifiers, PROCEDURE_SAYS) || modifiers.iter().any(|modifier| says_distinct(modifier)) {
            continue;
        }
        let Some(Included { surgery, days_after }) = surgery(claim, context, known.clone(), &one) else {
            continue;
        };
        let site = |modifiers: &[String]| -> Vec<String> {
            modifiers.iter().filter(|modifier| names_site(modifier) && *modifier != "50").cloned().collect()
        };
        let (own, theirs) = (site(modifiers), site(surgery.modifiers));
        let other_site = !own.is_empty() && !theirs.is_empty() && !own.iter().any(|site| theirs.contains(site));
        let fix = if other_site { add(one.number, modifiers, "79") } else { None };
        let words = format!(
            "Line {} ({}) was done {days_after} days after {}, within its global period. Enter 58 if it was planned or more extensive, 78 if it was a return to the operating room for a complication, 79 if it had nothing to do with it.",
            one.number,
            super::code(one.line),
            surgery.words()
        );
        tell(report, one.number, words, fix);
    }
}
