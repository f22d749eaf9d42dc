//! Drug lines (2410): the number and the quantity.

use crate::claim::{Claim, DrugQualifier, Severity, Unit};
use crate::scrub::form::{digits, shape};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const NDC: Edit = Edit {
    id: "drug.ndc.form",
    title: "An NDC has not eleven digits",
    severity: Severity::Reject,
    source: "005010X222A1 2410 LIN03 with N4: 5-4-2, eleven digits, no dashes",
    explain: Explain {
        what: "An NDC has eleven digits.",
        why: "A receiver rejects the ten-digit number of the package.",
        known_problems: "Whether the NDC fits the HCPCS code is not checked here.",
        example: "10 digits from the package. Repair: put a zero in front of the part that is short (5-4-2).",
        fix: "None: where the zero goes depends on the dashes.",
    },
    check: ndc,
};

fn ndc(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let Some(drug) = &line.drug else { continue };
        let fits = match drug.qualifier {
            DrugQualifier::Ndc => digits(&drug.code, 11),
            _ => !drug.code.is_empty(),
        };
        if !fits {
            let words = format!(
                "The drug number of line {number} ({}) has not eleven digits (found {}). Write the NDC as 5-4-2 without dashes.",
                super::code(line),
                shape(&drug.code)
            );
            report.line(number, "drug.code", words);
        }
    }
}

/// See [`Edit::text`].
pub const QUANTITY: Edit = Edit {
    id: "drug.quantity",
    title: "A drug has no quantity, or one in a unit drugs are not measured in",
    severity: Severity::Reject,
    source: "005010X222A1 2410 CTP04, CTP05-1 (F2, GR, ME, ML, UN)",
    explain: Explain {
        what: "A drug has a quantity above zero in units, international units, grams, milligrams or milliliters.",
        why: "CTP is required beside LIN; rebates are computed from it.",
        known_problems: "None known.",
        example: "NDC without quantity. Repair: enter it in the charge, or map its field.",
        fix: "None.",
    },
    check: quantity,
};

fn quantity(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let Some(drug) = &line.drug else { continue };
        match drug.amount {
            Some(amount) if amount.thousandths > 0 && !matches!(amount.unit, Unit::Minutes | Unit::Days) => {}
            Some(amount) if amount.thousandths > 0 => {
                report.line(
                    number,
                    "drug.amount",
                    format!("The drug of line {number} ({}) is measured in time. Correct the unit.", super::code(line)),
                );
            }
            _ => report.line(
                number,
                "drug.amount",
                format!("The drug of line {number} ({}) has no quantity. Enter how much was given.", super::code(line)),
            ),
        }
    }
}
