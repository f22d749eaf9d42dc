//! Charges of lines, and that they add up (SV102, CLM02).

use crate::claim::{Claim, Severity, total_charge};
use crate::scrub::form::{money, quantity};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const ZERO: Edit = Edit {
    id: "charge.zero",
    title: "A line has a charge of zero",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV102; CMS Quality Payment Program, Medicare Part B claims: quality data codes are submitted at $0.00",
    explain: Explain {
        what: "Charges are above zero. Performance codes (CPT Category II, ending in F) and 99024 are reported without charge and pass; a code of the series of Medicare's quality data codes (G8, G9, M1) is a warning, for some of these are paid.",
        why: "What is charged at zero is paid at zero; mostly a price is missing from the charge master.",
        known_problems: "Vaccines supplied free of charge are billed at zero by some programmes: these are held.",
        example: "FT1-11 is 0.00. Repair: price the charge.",
        fix: "None.",
    },
    check: zero,
};

fn zero(claim: &Claim, context: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let code = line.procedure.code.as_str();
        if line.charge != 0 || code.ends_with('F') || code == "99024" {
            continue;
        }
        let has_prices = !context.undelivered.iter().any(|element| element == "line.charge");
        let of_quality =
            has_prices && ["G8", "G9", "M1"].iter().any(|series| code.len() == 5 && code.starts_with(series));
        let (severity, unless) =
            if of_quality { (Severity::Warn, ", unless it reports a quality measure") } else { (Severity::Hold, "") };
        let words = format!("Line {number} ({}) has a charge of zero. Price the charge{unless}.", super::code(line));
        report.at_as(severity, Some(number), "charge", words);
    }
}

/// See [`Edit::text`].
pub const NEGATIVE: Edit = Edit {
    id: "charge.negative",
    title: "A line has a negative charge",
    severity: Severity::Reject,
    source: "005010X222A1 2400 SV102: not less than zero",
    explain: Explain {
        what: "Charges are not below zero.",
        why: "The guide forbids it. A credit takes a charge back, it is not billed.",
        known_problems: "None known.",
        example: "A credit that fits no charge. Repair: find the charge it belongs to.",
        fix: "None.",
    },
    check: negative,
};

fn negative(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if line.charge < 0 {
            let words = format!(
                "Line {number} ({}) has a charge of {}. Find the charge that this credit takes back.",
                super::code(line),
                money(line.charge)
            );
            report.line(number, "charge", words);
        }
    }
}

/// See [`Edit::text`].
pub const HIGH: Edit = Edit {
    id: "charge.high",
    title: "A line costs more than 99,999.99",
    severity: Severity::Hold,
    source: "CMS 837P companion guides: amounts up to 99,999.99",
    explain: Explain {
        what: "Charges of a line are at most 99,999.99.",
        why: "Medicare takes no more on one claim; often the decimal point is lost.",
        known_problems: "A few drugs cost more: split the dose over claims as the payer says. They are held all the same.",
        example: "12345678 for 123456.78. Repair: correct the charge.",
        fix: "None.",
    },
    check: high,
};

fn high(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if line.charge > 9_999_999 {
            let words = format!(
                "Line {number} ({}) costs {}, payers take 99999.99. See whether the decimal point is right, or split it.",
                super::code(line),
                money(line.charge)
            );
            report.line(number, "charge", words);
        }
    }
}

/// See [`Edit::text`].
pub const TOTAL: Edit = Edit {
    id: "charge.total",
    title: "The claim's total is not the sum of its lines",
    severity: Severity::Reject,
    source: "005010X222A1 2300 CLM02: the sum of SV102",
    explain: Explain {
        what: "Adds up the lines and compares with CLM02.",
        why: "Receivers reject a claim that is out of balance.",
        known_problems: "None known: the host computes CLM02, so this finds a fault of ours.",
        example: "A line was credited, the total kept. Repair: assemble the visit again.",
        fix: "None.",
    },
    check: total,
};

fn total(claim: &Claim, _: &Context, report: &mut Report) {
    match total_charge(&claim.lines) {
        Some(sum) if sum == claim.total_charge => {}
        Some(sum) => {
            let words = format!(
                "The claim's total is {}, its lines add up to {}. Assemble the visit again.",
                money(claim.total_charge),
                money(sum)
            );
            report.header("total_charge", words);
        }
        None => report.header("total_charge", "The charges are too large to add up. Correct them."),
    }
}

/// See [`Edit::text`].
pub const STATED_TOTAL: Edit = Edit {
    id: "charge.stated-total",
    title: "The source's own total is not the sum of the lines",
    severity: Severity::Hold,
    source: "005010X222A1 2300 CLM02; totals of superbills",
    explain: Explain {
        what: "Compares the total the EHR wrote with the sum of the lines we received.",
        why: "A line is missing or doubled on its way.",
        known_problems: "A visit that the host splits into several claims is not compared (the host drops the source's total).",
        example: "Total 210.00, lines 180.00. Repair: find the charge that did not arrive.",
        fix: "None.",
    },
    check: stated_total,
};

fn stated_total(claim: &Claim, _: &Context, report: &mut Report) {
    let Some((stated, sum)) = claim.header.stated_total.zip(total_charge(&claim.lines)) else { return };
    if stated != sum {
        let words = format!(
            "The EHR says the visit costs {}, the lines add up to {}. Find the charge that is missing or doubled.",
            money(stated),
            money(sum)
        );
        report.header("stated_total", words);
    }
}

/// See [`Edit::text`].
pub const UNIT_PRICE: Edit = Edit {
    id: "charge.unit-price",
    title: "A charge is not units times unit price",
    severity: Severity::Hold,
    source: "HL7 v2.5.1 FT1-10, FT1-11, FT1-12; superbill price columns",
    explain: Explain {
        what: "Where the source gives a unit price: units times price is the charge, but for the rounding of the price to a cent (half a cent a unit).",
        why: "Units or charge are wrong, and both decide payment.",
        known_problems: "Sources with a minimum charge or tiered prices fail: leave their unit price unmapped.",
        example: "3 units at 20.00, charge 20.00. Repair: correct the units or the charge.",
        fix: "None: either may be wrong.",
    },
    check: unit_price,
};

fn unit_price(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let Some(price) = line.unit_charge else { continue };
        let units = i128::from(line.units.thousandths);
        // Both sides in thousandths of a cent. A price that was rounded to a cent is off by half of one at most.
        let off = (i128::from(price) * units - i128::from(line.charge) * 1000).abs();
        if units > 0 && off > (units / 2).max(999) {
            let words = format!(
                "Line {number} ({}): {} units at {} are not the charge of {}. Correct units or charge.",
                super::code(line),
                quantity(line.units.thousandths),
                money(price),
                money(line.charge)
            );
            report.line(number, "charge", words);
        }
    }
}
