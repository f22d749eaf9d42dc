//! Statements of CLM06 to CLM09, and what a corrected claim needs.

use crate::claim::{Claim, Frequency, Severity, destination};
use crate::practice::{Payer, Route};
use crate::scrub::form::blank;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "statement.missing",
    title: "Signature, assignment, benefits or release is not stated",
    severity: Severity::Reject,
    source: "005010X222A1 2300 CLM06, CLM07, CLM08, CLM09",
    explain: Explain {
        what: "Looks for the provider's signature (CLM06), assignment (CLM07), assignment of benefits (CLM08) and release of information (CLM09).",
        why: "All four are required.",
        known_problems: "None known: the host fills in what the practice always does.",
        example: "No assignment. Repair: enter it in the EHR or the practice profile.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    let header = &claim.header;
    if header.provider_signature.is_none() {
        report.header("provider_signature", "It is not stated whether the provider's signature is on file. Enter it.");
    }
    if header.assignment.is_none() {
        report.header("assignment", "It is not stated whether the provider accepts assignment. Enter it.");
    }
    let Some(coverage) = destination(claim) else { return };
    if coverage.benefits_assignment.is_none() {
        let field = format!("coverages[{}].benefits_assignment", claim.destination);
        report.header(field, "It is not stated whether benefits are assigned to the provider. Enter it.");
    }
    if coverage.release.is_none() {
        let field = format!("coverages[{}].release", claim.destination);
        report.header(field, "It is not stated whether the patient released the information. Enter it.");
    }
}

/// See [`Edit::text`].
pub const CONTROL_NUMBER: Edit = Edit {
    id: "correction.control-number.missing",
    title: "A replacement or void does not name the payer's claim",
    severity: Severity::Hold,
    source: "005010X222A1 2300 CLM05-3 = 7 or 8 with REF F8",
    explain: Explain {
        what: "A claim of frequency 7 or 8 has the payer's control number of the claim it corrects.",
        why: "Without REF F8 the payer denies it as a duplicate.",
        known_problems: "None known.",
        example: "A correction before the payer answered. Repair: wait for the 277CA or 835 with the number, or enter it.",
        fix: "None.",
    },
    check: control_number,
};

/// The payer that a claim goes to, as the profile has it.
fn payer<'a>(claim: &Claim, context: &Context<'a>) -> Option<&'a Payer> {
    let id = &destination(claim)?.payer.id;
    context.profile.payer.iter().find(|payer| payer.id == *id)
}

/// Whether the EHR's own billing corrects what it has sent: nothing of it is ours to say.
fn is_via_ehr(claim: &Claim, context: &Context) -> bool {
    payer(claim, context).is_some_and(|payer| payer.route == Route::ViaEhr)
}

fn control_number(claim: &Claim, context: &Context, report: &mut Report) {
    if is_via_ehr(claim, context) {
        return;
    }
    if claim.frequency != Frequency::Original && claim.payer_control_number.as_deref().is_none_or(blank) {
        report.header("payer_control_number", "The correction does not name the payer's claim. Wait for the payer's answer with its claim number, or enter it.");
    }
}

/// See [`Edit::text`].
pub const NOT_TAKEN: Edit = Edit {
    id: "correction.not-taken",
    title: "The payer does not take this kind of correction",
    severity: Severity::Hold,
    source: "The payer's entry in the practice profile: replacement, void",
    explain: Explain {
        what: "Compares the frequency with what the profile says the payer takes.",
        why: "Some payers want corrections by telephone or on paper and deny the rest.",
        known_problems: "The profile may be out of date: correct it there.",
        example: "Replacement to a payer with replacement = false. Repair: correct the claim the payer's way.",
        fix: "None.",
    },
    check: not_taken,
};

fn not_taken(claim: &Claim, context: &Context, report: &mut Report) {
    let (what, takes): (&str, fn(&Payer) -> bool) = match claim.frequency {
        Frequency::Original => return,
        Frequency::Replacement => ("replacements", |payer| payer.replacement),
        Frequency::Void => ("voids", |payer| payer.void),
    };
    let takes_none = |payer: &Payer| payer.route != Route::ViaEhr && !takes(payer);
    if payer(claim, context).is_some_and(takes_none) {
        report.header("frequency", format!("The payer takes no {what}. Correct the claim as the payer wants it."));
    }
}
