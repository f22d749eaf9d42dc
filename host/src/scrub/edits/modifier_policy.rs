//! Modifiers that contradict the indicators of the Medicare Physician Fee Schedule (`codes import`, kind `pfs`): a side that a
//! procedure does not have, a component that it is not split into, an assistant who is not paid. Where no table knows the day,
//! nothing is said. What is missing: `modifier_omission.rs`.

use super::modifier_omission::{FIELD, Known, has, known};
use crate::claim::{Claim, Severity, Unit, place_of_service};
use crate::scrub::billed;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const CONTRADICTED: Edit = Edit {
    id: "modifier.fee-schedule",
    title: "A modifier contradicts what the fee schedule says of the procedure",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 23, addendum (MPFSDB record layout: PC/TC, bilateral surgery, assistant at surgery); chapter 12, sections 20.4.3 and 40.7; chapter 13, section 20.2",
    explain: Explain {
        what: "Finds 50 on a procedure with bilateral indicator 0 (and 2 for Medicare, whose payment is for both sides already), and with more than one unit where the indicator is 1 or 3; 26 where the PC/TC indicator is 0, 2, 3, 4, 5 or 7, and TC where it is not 1; 80, 81, 82 and AS where the assistant indicator is 1 (never paid). TC on a test of a hospital's patient (19, 21, 22, 23) holds for Medicare and is a warning for others.",
        why: "The payer denies the line, or pays it as one without the modifier.",
        known_problems: "Other payers have lists of assistants of their own: ncci = false at a payer that follows none of CMS's rules. Indicator 9 (the concept does not apply) is passed over.",
        example: "93000-50, 20610-26, 20610-80. Repair: remove the modifier, or correct the code.",
        fix: "None: code or modifier may be wrong.",
    },
    check: contradicted,
};

/// Places where the technical component is the hospital's: outpatient departments, inpatient, emergency department.
const HOSPITAL: &[&str] = &["19", "21", "22", "23"];

fn contradicted(claim: &Claim, context: &Context, report: &mut Report) {
    let of_medicare = billed::is_medicare_coverage(claim);
    for one in known(claim, context).filter(|one| !one.billed.modifiers.is_empty()) {
        let mut tell = |severity: Severity, modifier: &str, why: &str| {
            let words =
                format!("Modifier {modifier} of line {} ({}) cannot stand: {why}", one.number, super::code(one.line));
            report.at_as(severity, Some(one.number), FIELD, words);
        };
        if let Some(why) = bilateral(&one, of_medicare) {
            tell(Severity::Hold, "50", why);
        } else if has(one.billed.modifiers, &["26"]) && matches!(one.pfs.components, 0 | 2 | 3 | 4 | 5 | 7) {
            let why = "the fee schedule does not split the code into a professional and a technical component. Remove it, or bill the code of the component.";
            tell(Severity::Hold, "26", why);
        } else if has(one.billed.modifiers, &["TC"]) && matches!(one.pfs.components, 0 | 2..=8) {
            let why = "the fee schedule does not split the code into a professional and a technical component. Remove it, or bill the code of the component.";
            tell(Severity::Hold, "TC", why);
        } else if has(one.billed.modifiers, &["TC"]) && HOSPITAL.contains(&place_of_service(&claim.header, one.line)) {
            let severity = if of_medicare { Severity::Hold } else { Severity::Warn };
            tell(
                severity,
                "TC",
                "the technical component of a hospital's patient is the hospital's. Correct the place, or bill 26 for the reading.",
            );
        } else if one.pfs.assistant == 1
            && let Some(modifier) =
                ["80", "81", "82", "AS"].into_iter().find(|known| has(one.billed.modifiers, &[known]))
        {
            tell(
                Severity::Hold,
                modifier,
                "no assistant is paid for this procedure. Remove the line, or correct the code.",
            );
        }
    }
}

/// Why 50 cannot be.
fn bilateral(one: &Known<'_>, of_medicare: bool) -> Option<&'static str> {
    if !has(one.billed.modifiers, &["50"]) {
        return None;
    }
    let units = &one.line.units;
    match one.pfs.bilateral {
        0 => Some("the procedure is not one of two sides. Remove it, or correct the code."),
        2 if of_medicare => Some("the code is for both sides already. Remove it."),
        1 | 3 if units.unit == Unit::Units && units.thousandths >= 2000 => {
            Some("50 says that both sides were done, and is billed with one unit. Correct the units, or the modifier.")
        }
        _ => None,
    }
}
