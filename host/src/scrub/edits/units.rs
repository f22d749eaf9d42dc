//! Units of service (SV103, SV104).

use crate::claim::{Claim, ServiceLine, Severity, Unit, day_number};
use crate::scrub::form::{cpt_number, is_cpt, quantity};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const NOT_POSITIVE: Edit = Edit {
    id: "units.not-positive",
    title: "A line has no units",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV104",
    explain: Explain {
        what: "Units are above zero.",
        why: "Zero units are not paid; a negative number is a credit that was not matched.",
        known_problems: "None known.",
        example: "FT1-10 is 0. Repair: correct the charge.",
        fix: "None: a guessed 1 is paid wrongly.",
    },
    check: not_positive,
};

fn not_positive(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if line.units.thousandths <= 0 {
            let words = format!(
                "Line {number} ({}) has {} units. Correct the charge.",
                super::code(line),
                quantity(line.units.thousandths)
            );
            report.line(number, "units", words);
        }
    }
}

/// See [`Edit::text`].
pub const FRACTION: Edit = Edit {
    id: "units.fraction",
    title: "A service that is counted whole has a fraction of a unit",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV103, SV104",
    explain: Explain {
        what: "Minutes and days are whole; so are units of CPT codes. Drugs, supplies and mileage (HCPCS) may have fractions.",
        why: "Half a visit cannot be paid; often the amount was written into the units.",
        known_problems: "Payers that round units of HCPCS drugs do so themselves.",
        example: "99213 with 1.5 units. Repair: correct the charge.",
        fix: "None.",
    },
    check: fraction,
};

fn fraction(claim: &Claim, _: &Context, report: &mut Report) {
    let whole = |line: &ServiceLine| match line.units.unit {
        Unit::Minutes | Unit::Days => true,
        Unit::Units => is_cpt(&line.procedure.code) && line.drug.is_none(),
        _ => false,
    };
    for (number, line) in super::numbered(claim) {
        if line.units.thousandths > 0 && line.units.thousandths % 1000 != 0 && whole(line) {
            let words = format!(
                "Line {number} ({}) has {} units; this service is counted whole. Correct the charge.",
                super::code(line),
                quantity(line.units.thousandths)
            );
            report.line(number, "units", words);
        }
    }
}

/// See [`Edit::text`].
pub const TOO_MANY: Edit = Edit {
    id: "units.too-many",
    title: "A line has more than 9,999 units",
    severity: Severity::Hold,
    source: "CMS 837P companion guides: SV104 up to 9999.9",
    explain: Explain {
        what: "Units are at most 9,999.",
        why: "Medicare and many others take no more in one line.",
        known_problems: "Clotting factors in international units pass it: bill them on two lines.",
        example: "A charge in cents in the units. Repair: correct the charge, or split the line.",
        fix: "None.",
    },
    check: too_many,
};

fn too_many(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if line.units.thousandths > 9_999_999 {
            let words = format!(
                "Line {number} ({}) has {} units, payers take 9999 in one line. Correct the charge, or split it.",
                super::code(line),
                quantity(line.units.thousandths)
            );
            report.line(number, "units", words);
        }
    }
}

/// See [`Edit::text`].
pub const VISIT: Edit = Edit {
    id: "units.visit",
    title: "A visit has more than one unit",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, section 30.6; CPT 99202-99215, 99221-99239, 99281-99285, 99304-99310, 99341-99350, 99381-99397 are counted by visit",
    explain: Explain {
        what: "Visits have one unit for each day of their dates of service.",
        why: "Two units of a visit on one day are denied; mostly minutes or the wrong column got into the units.",
        known_problems: "Add-on codes for longer visits (99417, 99292 and others) are not visits and pass.",
        example: "99213 with 15 units on one day. Repair: one unit.",
        fix: "None: a second visit may be meant.",
    },
    check: visit,
};

fn visit(claim: &Claim, _: &Context, report: &mut Report) {
    let counted_by_visit = |code: u32| {
        matches!(
            code,
            99_202..=99_215 | 99_221..=99_239 | 99_281..=99_285 | 99_304..=99_310 | 99_341..=99_350 | 99_381..=99_397
        )
    };
    for (number, line) in super::numbered(claim) {
        let units = line.units.thousandths;
        if units <= 1000
            || line.units.unit != Unit::Units
            || !cpt_number(&line.procedure.code).is_some_and(counted_by_visit)
        {
            continue;
        }
        let days = day_number(line.service_dates.end).saturating_sub(day_number(line.service_dates.start)) + 1;
        if units > days.max(1).saturating_mul(1000) {
            let words = format!(
                "Line {number} ({}) has {} units, and a visit is one a day. Correct the units.",
                super::code(line),
                quantity(units)
            );
            report.line(number, "units", words);
        }
    }
}
