//! What one payer wants beside what every claim must have: `requires` and the CLIA number.

use crate::claim::{Claim, ClaimReferenceKind, LineReferenceKind, Severity, destination};
use crate::practice::{Requirement, is_laboratory_test};
use crate::scrub::form::{blank, code_between};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const PAYER: Edit = Edit {
    id: "payer.requirement.missing",
    title: "The claim lacks what this payer requires",
    severity: Severity::Hold,
    source: "The payer's entry in the practice profile: requires; 005010X222A1 2300 REF G1, REF 9F, 2310A, 2000B SBR03, 2410",
    explain: Explain {
        what: "Compares the claim with `requires` of the payer: group number, prior authorization, referral number, referring provider, NDC beside a drug code.",
        why: "The payer denies the claim without it.",
        known_problems: "Looks at every claim of the payer; a payer that wants an authorization for some services only needs a rule set.",
        example: "requires = [\"prior-authorization\"] and no REF G1. Repair: enter the number in the EHR.",
        fix: "None.",
    },
    check: payer,
};

fn payer(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(coverage) = destination(claim) else { return };
    let Some(payer) = context.profile.payer.iter().find(|payer| payer.id == coverage.payer.id) else { return };
    let at = claim.destination;
    let empty = |text: Option<&str>| text.is_none_or(blank);
    for requirement in &payer.requires {
        match requirement {
            Requirement::GroupNumber if blank(&coverage.subscriber.group_number) => report.header(
                format!("coverages[{at}].subscriber.group_number"),
                "The payer wants the group number. Enter it from the insurance card.",
            ),
            Requirement::PriorAuthorization if empty(coverage.prior_authorization.as_deref()) => report.header(
                format!("coverages[{at}].prior_authorization"),
                "The payer wants a prior authorization number. Enter the one it gave.",
            ),
            Requirement::ReferralNumber if empty(coverage.referral_number.as_deref()) => report.header(
                format!("coverages[{at}].referral_number"),
                "The payer wants a referral number. Enter the one it gave.",
            ),
            Requirement::ReferringProvider if claim.header.referring.is_none() => {
                report.header("referring", "The payer wants the referring provider. Enter who sent the patient.")
            }
            Requirement::Ndc => ndc(claim, report),
            _ => {}
        }
    }
}

/// HCPCS codes of drugs: J0013 to J9999, and the Q codes of biologicals.
fn is_drug(code: &str) -> bool {
    code_between(code, "J0013", "J9999") || code_between(code, "Q5101", "Q5199")
}

fn ndc(claim: &Claim, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if line.drug.is_none() && is_drug(&line.procedure.code) {
            let words = format!(
                "Line {number} ({}) is a drug, and the payer wants its NDC. Enter it from the package.",
                super::code(line)
            );
            report.line(number, "drug.code", words);
        }
    }
}

/// See [`Edit::text`].
pub const CLIA: Edit = Edit {
    id: "laboratory.clia.missing",
    title: "A laboratory test for Medicare without CLIA number",
    severity: Severity::Hold,
    source: "42 CFR 493; Medicare Claims Processing Manual, chapter 16, section 70; 005010X222A1 2300/2400 REF X4",
    explain: Explain {
        what: "Where the payer is Medicare (filing indicator MB): a line of CPT 80047 to 89398 needs the CLIA number on claim or line.",
        why: "Medicare returns the claim as unprocessable.",
        known_problems: "Consultations, blood bank opinions and skin tests need none and pass (80500-80506, 86077-86079, 86485-86580); a laboratory service that CMS lists as not subject to CLIA beside these is held. Other payers are not looked at.",
        example: "80053 without REF X4. Repair: clia in profile.toml, or the number in the EHR.",
        fix: "None.",
    },
    check: clia,
};

fn clia(claim: &Claim, _: &Context, report: &mut Report) {
    let medicare = destination(claim).is_some_and(|coverage| coverage.filing_indicator == "MB");
    let extras = claim.header.extras.as_ref();
    let on_claim =
        extras.is_some_and(|extras| extras.references.iter().any(|one| one.kind == ClaimReferenceKind::Clia));
    if !medicare || on_claim {
        return;
    }
    for (number, line) in super::numbered(claim) {
        let references = line.extras.as_ref().map_or(&[][..], |extras| &extras.references);
        if is_laboratory_test(&line.procedure.code) && !references.iter().any(|one| one.kind == LineReferenceKind::Clia)
        {
            let words = format!(
                "Line {number} ({}) is a laboratory test for Medicare and has no CLIA number. Enter it in the practice profile.",
                super::code(line)
            );
            report.line(number, "extras.references", words);
        }
    }
}
