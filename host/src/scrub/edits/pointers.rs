//! Diagnosis pointers (SV107).

use crate::claim::{Claim, Severity};
use crate::scrub::{Context, Edit, Explain, Report};

const FIELD: &str = "diagnosis_pointers";

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "pointer.missing",
    title: "A line does not say which diagnosis it is for",
    severity: Severity::Reject,
    source: "005010X222A1 2400 SV107-1",
    explain: Explain {
        what: "Every line points at one diagnosis.",
        why: "SV107-1 is required; medical need is decided by it.",
        known_problems: "A claim without diagnosis has `diagnosis.missing` only.",
        example: "FT1-19 is empty. Repair: link the charge to a diagnosis in the EHR.",
        fix: "None: a guessed pointer may say something untrue.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    if claim.header.diagnoses.is_empty() {
        return;
    }
    for (number, line) in super::numbered(claim) {
        if line.diagnosis_pointers.is_empty() {
            report.line(
                number,
                FIELD,
                format!(
                    "Line {number} ({}) does not say which diagnosis it is for. Link it to one.",
                    super::code(line)
                ),
            );
        }
    }
}

/// See [`Edit::text`].
pub const RANGE: Edit = Edit {
    id: "pointer.range",
    title: "A line points at a diagnosis that is not there",
    severity: Severity::Reject,
    source: "005010X222A1 2400 SV107: 1 to 12, within HI",
    explain: Explain {
        what: "Pointers lie between 1 and the number of diagnoses.",
        why: "Receivers reject others.",
        known_problems: "A claim without diagnosis has `diagnosis.missing` only.",
        example: "Pointer D with three diagnoses. Repair: correct the pointer or enter the diagnosis.",
        fix: "None.",
    },
    check: range,
};

fn range(claim: &Claim, _: &Context, report: &mut Report) {
    let count = claim.header.diagnoses.len();
    if count == 0 {
        return;
    }
    for (number, line) in super::numbered(claim) {
        for pointer in &line.diagnosis_pointers {
            if *pointer == 0 || usize::from(*pointer) > count {
                let words = format!(
                    "Line {number} ({}) points at diagnosis {pointer}, the claim has {count}. Correct the pointer or enter the diagnosis.",
                    super::code(line)
                );
                report.line(number, FIELD, words);
            }
        }
    }
}

/// See [`Edit::text`].
pub const TOO_MANY: Edit = Edit {
    id: "pointer.too-many",
    title: "A line points at more than four diagnoses",
    severity: Severity::Warn,
    source: "005010X222A1 2400 SV107-1 to -4",
    explain: Explain {
        what: "Counts the pointers of each line.",
        why: "Four can be sent: the first four are.",
        known_problems: "None known.",
        example: "Six pointers. Repair: put the four that matter first.",
        fix: "None needed.",
    },
    check: too_many,
};

fn too_many(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let count = line.diagnosis_pointers.len();
        if count > 4 {
            report.line(
                number,
                FIELD,
                format!("Line {number} ({}) points at {count} diagnoses; the first four are sent.", super::code(line)),
            );
        }
    }
}

/// See [`Edit::text`].
pub const TWICE: Edit = Edit {
    id: "pointer.twice",
    title: "A line points at one diagnosis twice",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV107",
    explain: Explain {
        what: "Finds a pointer that a line has twice.",
        why: "Several receivers reject it; another diagnosis was meant.",
        known_problems: "None known.",
        example: "Pointers A, A. Repair: remove one or enter the one that was meant.",
        fix: "None.",
    },
    check: twice,
};

fn twice(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let pointers = &line.diagnosis_pointers;
        if pointers.iter().enumerate().any(|(at, pointer)| pointers.iter().take(at).any(|before| before == pointer)) {
            report.line(
                number,
                FIELD,
                format!(
                    "Line {number} ({}) points at one diagnosis twice. Remove one, or enter the one that was meant.",
                    super::code(line)
                ),
            );
        }
    }
}
