//! Anesthesia: time in minutes, and who gave it (SV103, SV104, SV101-3).

use crate::claim::{Claim, ServiceLine, Severity, Unit, destination};
use crate::scrub::form::{cpt_number, is_medicare};
use crate::scrub::{Context, Edit, Explain, Report};

/// CPT 00100 to 01999 that are paid by time: without 01953 (by area), 01967 to 01969 (obstetric, by the payer's own way) and 01996 (by day).
fn is_timed(line: &ServiceLine) -> bool {
    cpt_number(&line.procedure.code)
        .is_some_and(|code| (100..=1_999).contains(&code) && !matches!(code, 1_953 | 1_967..=1_969 | 1_996))
}

/// See [`Edit::text`].
pub const MINUTES: Edit = Edit {
    id: "anesthesia.minutes.missing",
    title: "Anesthesia is not counted in minutes",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV103 = MJ; Medicare Claims Processing Manual, chapter 12, section 50",
    explain: Explain {
        what: "Lines of CPT 00100 to 01999 have minutes, but for the codes that are paid without time (01953, 01967-01969, 01996).",
        why: "Time units are computed from the minutes; one unit is read as one minute or rejected.",
        known_problems: "Medicaid programmes that want base units instead are held.",
        example: "00840 with UN 1. Repair: start and end time in the charge, and minutes from them.",
        fix: "None: only the anesthesia record knows.",
    },
    check: minutes,
};

fn minutes(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if is_timed(line) && line.units.unit != Unit::Minutes {
            let words = format!(
                "Line {number} ({}) is anesthesia and not counted in minutes. Enter its time.",
                super::code(line)
            );
            report.line(number, "units", words);
        }
    }
}

/// See [`Edit::text`].
pub const NOT_TIMED: Edit = Edit {
    id: "units.minutes",
    title: "A service that is not anesthesia is counted in minutes",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV103: MJ is for anesthesia",
    explain: Explain {
        what: "Minutes stand at CPT 00100 to 01999 only.",
        why: "A payer reads the minutes as units, or rejects the line.",
        known_problems: "A few payers take minutes for other timed services.",
        example: "97110 with MJ 30. Repair: two units.",
        fix: "None: minutes of a unit differ by code.",
    },
    check: not_timed,
};

fn not_timed(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let anesthesia = cpt_number(&line.procedure.code).is_some_and(|code| (100..=1_999).contains(&code));
        if line.units.unit == Unit::Minutes && !anesthesia && cpt_number(&line.procedure.code).is_some() {
            let words = format!(
                "Line {number} ({}) is counted in minutes, which is for anesthesia. Enter units.",
                super::code(line)
            );
            report.line(number, "units", words);
        }
    }
}

/// See [`Edit::text`].
pub const WHO: Edit = Edit {
    id: "anesthesia.modifier.missing",
    title: "Anesthesia for Medicare does not say who gave it",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, sections 50.K and 140.3.3",
    explain: Explain {
        what: "Where the payer is Medicare: a line of anesthesia has AA, AD, QK, QX, QY or QZ.",
        why: "The fee depends on it, and Medicare rejects the line without it.",
        known_problems: "Other payers that ask for it too are not looked at.",
        example: "00840 without modifier. Repair: AA where the doctor gave it alone.",
        fix: "None: only the record knows.",
    },
    check: who,
};

fn who(claim: &Claim, _: &Context, report: &mut Report) {
    if !destination(claim).is_some_and(|coverage| is_medicare(&coverage.filing_indicator)) {
        return;
    }
    for (number, line) in super::numbered(claim) {
        let told = |modifier: &String| matches!(modifier.as_str(), "AA" | "AD" | "QK" | "QX" | "QY" | "QZ");
        if is_timed(line) && !line.procedure.modifiers.iter().any(told) {
            let words = format!(
                "Line {number} ({}) does not say who gave the anesthesia. Enter AA, AD, QK, QX, QY or QZ.",
                super::code(line)
            );
            report.line(number, "procedure.modifiers", words);
        }
    }
}
