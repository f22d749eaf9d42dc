//! The side that a modifier names against the side that the diagnosis names.

use super::modifier_omission::diagnoses;
use crate::claim::{Claim, Severity};
use crate::scrub::side::{Side, side_of, side_of_modifiers};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const SIDE: Edit = Edit {
    id: "modifier.side-against-diagnosis",
    title: "A line's modifier names one side, its diagnoses the other",
    severity: Severity::Hold,
    source: "ICD-10-CM Official Guidelines, section I.B.13 (laterality); Medicare Claims Processing Manual, chapter 12, section 40.7; HCPCS modifiers RT, LT, E1-E4, FA-F9, TA-T9",
    explain: Explain {
        what: "Compares the side of RT, LT, eyelids, fingers and toes with the sides of the diagnoses that the line points to, where their published descriptions say right or left. Holds where every diagnosis of the line names the other side; warns where some name none.",
        why: "Payers compare the two and deny the line; one of them is wrong, or the pointer.",
        known_problems: "Categories whose digit does not mean the side throughout are passed over.",
        example: "20610-LT for M17.11 (right knee). Repair: correct the side, the diagnosis or the pointer.",
        fix: "None: the chart says which side it was.",
    },
    check: side,
};

fn side(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let Some(own) = side_of_modifiers(&line.procedure.modifiers) else { continue };
        let sides: Vec<Option<Side>> = diagnoses(claim, line).map(|diagnosis| side_of(&diagnosis.code)).collect();
        let mut named = sides.iter().flatten().peekable();
        if named.peek().is_none() || named.any(|side| *side == own || *side == Side::Both) {
            continue;
        }
        let every = sides.iter().all(Option::is_some);
        let (this, other) = if own == Side::Right { ("right", "left") } else { ("left", "right") };
        let words = format!(
            "The modifier of line {number} ({}) names the {this} side, and its diagnoses the {other} one. Correct the side, the diagnosis or the pointer.",
            super::code(line)
        );
        let severity = if every { Severity::Hold } else { Severity::Warn };
        report.at_as(severity, Some(number), super::modifier_omission::FIELD, words);
    }
}
