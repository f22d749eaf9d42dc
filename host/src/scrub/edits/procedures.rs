//! Procedure codes and modifiers (SV101).

use crate::claim::{Claim, ProcedureSystem, Severity};
use crate::scrub::form::{blank, has_code_form, is_modifier, shape};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "procedure.missing",
    title: "A line has no procedure code, or the claim no line",
    severity: Severity::Reject,
    source: "005010X222A1 2400 SV101-2",
    explain: Explain {
        what: "Looks for one line and for a code in each.",
        why: "SV101-2 is required.",
        known_problems: "None known.",
        example: "FT1-25 is empty and FT1-7 was not mapped. Repair: map the field that has the code.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    if claim.lines.is_empty() {
        report.header("lines", "The claim has no service line. Enter the charges, or mark the visit as not billable.");
    }
    for (number, line) in super::numbered(claim) {
        if blank(&line.procedure.code) {
            report.line(
                number,
                "procedure.code",
                format!("Line {number} has no procedure code. Enter it in the charge."),
            );
        }
    }
}

/// See [`Edit::text`].
pub const UNMAPPED: Edit = Edit {
    id: "procedure.unmapped",
    title: "A line has the practice's own code, without a crosswalk",
    severity: Severity::Hold,
    source: "45 CFR 162.1002: CPT and HCPCS only",
    explain: Explain {
        what: "Finds codes that the adapter could not place in a public code set and the crosswalk of the profile does not turn into one.",
        why: "No payer knows the practice's own codes.",
        known_problems: "None known.",
        example: "OV3 without crosswalk. Repair: [crosswalk.procedure] OV3 = the code, in profile.toml.",
        fix: "None.",
    },
    check: unmapped,
};

fn unmapped(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if line.procedure.system == ProcedureSystem::Internal && !blank(&line.procedure.code) {
            let words = format!(
                "The code of line {number} is the practice's own (found {}). Add it to the crosswalk of the practice profile, or correct the charge.",
                shape(&line.procedure.code)
            );
            report.line(number, "procedure.code", words);
        }
    }
}

/// See [`Edit::text`].
pub const FORM: Edit = Edit {
    id: "procedure.form",
    title: "A procedure code has neither the form of CPT nor of HCPCS",
    severity: Severity::Reject,
    source: "45 CFR 162.1002; CMS HCPCS Level II coding procedures",
    explain: Explain {
        what: "Five digits; four digits and A, F, T, U or M; or a letter A to V and four digits.",
        why: "A code of another form exists nowhere; the claim is rejected.",
        known_problems: "A code may have the form and not exist: code.unknown.",
        example: "9921. Repair: correct the charge, or map the field that has the code.",
        fix: "None.",
    },
    check: form,
};

fn form(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let procedure = &line.procedure;
        if procedure.system != ProcedureSystem::Internal && !blank(&procedure.code) && !has_code_form(procedure) {
            let words = format!(
                "The procedure code of line {number} has neither the form of CPT nor of HCPCS (found {}). Correct the charge.",
                shape(&procedure.code)
            );
            report.line(number, "procedure.code", words);
        }
    }
}

/// See [`Edit::text`].
pub const MODIFIER_FORM: Edit = Edit {
    id: "modifier.form",
    title: "A modifier has not two letters or digits",
    severity: Severity::Reject,
    source: "005010X222A1 2400 SV101-3 to -6",
    explain: Explain {
        what: "Every modifier has two letters or digits.",
        why: "A receiver rejects others.",
        known_problems: "A modifier may have the form and not exist: code.unknown.",
        example: "2, or 25,59 in one field. Repair: correct the charge or the mapping.",
        fix: "None.",
    },
    check: modifier_form,
};

fn modifier_form(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        for (at, modifier) in line.procedure.modifiers.iter().enumerate() {
            if !is_modifier(modifier) {
                let words = format!(
                    "Modifier {} of line {number} ({}) has not two letters or digits (found {}). Correct the charge.",
                    at + 1,
                    super::code(line),
                    shape(modifier)
                );
                report.line(number, format!("procedure.modifiers[{at}]"), words);
            }
        }
    }
}

/// See [`Edit::text`].
pub const MODIFIER_TWICE: Edit = Edit {
    id: "modifier.twice",
    title: "A line has the same modifier twice",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV101-3 to -6",
    explain: Explain {
        what: "Finds a modifier that a line has twice.",
        why: "Payers reject it, and it takes one of four places; often another one was meant (RT and LT).",
        known_problems: "None known.",
        example: "20610-RT-RT. Repair: remove one, or bill RT and LT.",
        fix: "None: nobody but the coder knows which was meant.",
    },
    check: modifier_twice,
};

fn modifier_twice(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let modifiers = &line.procedure.modifiers;
        for (at, modifier) in modifiers.iter().enumerate() {
            if is_modifier(modifier) && modifiers.iter().take(at).any(|before| before == modifier) {
                let words = format!(
                    "Line {number} ({}) has modifier {modifier} twice. Remove one, or enter the one that was meant.",
                    super::code(line)
                );
                report.line(number, format!("procedure.modifiers[{at}]"), words);
            }
        }
    }
}

/// See [`Edit::text`].
pub const MODIFIER_TOO_MANY: Edit = Edit {
    id: "modifier.too-many",
    title: "A line has more than four modifiers",
    severity: Severity::Reject,
    source: "005010X222A1 2400 SV101-3 to -6",
    explain: Explain {
        what: "Counts the modifiers of each line.",
        why: "SV101 has four places; the fifth would be lost.",
        known_problems: "Modifier 99 for more is not used by every payer, so it is not proposed.",
        example: "Five modifiers. Repair: keep those that decide payment.",
        fix: "None.",
    },
    check: modifier_too_many,
};

fn modifier_too_many(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let count = line.procedure.modifiers.len();
        if count > 4 {
            let words = format!(
                "Line {number} ({}) has {count} modifiers, four can be sent. Keep those that decide payment.",
                super::code(line)
            );
            report.line(number, "procedure.modifiers", words);
        }
    }
}
