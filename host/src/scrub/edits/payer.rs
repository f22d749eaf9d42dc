//! Which payers: the one billed is known, the others are complete, none stands there twice.

use crate::claim::{Claim, Severity, destination};
use crate::scrub::form::blank;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "payer.missing",
    title: "The visit has no coverage to bill",
    severity: Severity::Reject,
    source: "005010X222A1 2000B, 2010BB",
    explain: Explain {
        what: "Looks for the coverage that this claim goes to.",
        why: "A claim without payer goes nowhere.",
        known_problems: "Self-pay visits belong to the practice's statements; mark them not billable in the EHR.",
        example: "No IN1 segment. Repair: enter the insurance, or mark the visit self-pay.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    if destination(claim).is_none() {
        report.header(
            "coverages",
            "The visit has no coverage to bill. Enter the insurance, or mark the visit as self-pay.",
        );
    }
}

/// See [`Edit::text`].
pub const UNKNOWN: Edit = Edit {
    id: "payer.unknown",
    title: "The payer billed is not in the practice profile",
    severity: Severity::Hold,
    source: "005010X222A1 2010BB NM103, NM109",
    explain: Explain {
        what: "Looks for the electronic payer id and the payer's name. The host fills them when an alias of the profile matches.",
        why: "NM109 of 2010BB routes the claim.",
        known_problems: "None known.",
        example: "The EHR calls the payer by a new plan code. Repair: add that code to the payer's aliases in profile.toml.",
        fix: "None.",
    },
    check: unknown,
};

fn unknown(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(coverage) = destination(claim) else { return };
    if blank(&coverage.payer.id) {
        let field = format!("coverages[{}].payer.id", claim.destination);
        report.header(field, "The payer is not known: no payer of the practice profile has what the EHR calls it among its aliases. Add the alias, or correct the insurance.");
    } else if blank(&coverage.payer.name) {
        let field = format!("coverages[{}].payer.name", claim.destination);
        report.header(field, "The payer has no name. Enter it in the practice profile.");
    }
}

/// See [`Edit::text`].
pub const FILING: Edit = Edit {
    id: "payer.filing-indicator.missing",
    title: "The payer has no claim filing indicator",
    severity: Severity::Warn,
    source: "005010X222A1 2000B SBR09",
    explain: Explain {
        what: "Looks for SBR09 of the payer billed.",
        why: "Many clearinghouses want it; some derive it from the payer id.",
        known_problems: "None known.",
        example: "A payer of the profile without filing_indicator. Repair: add it (MB, MC, BL, CI, ...).",
        fix: "None.",
    },
    check: filing,
};

fn filing(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(coverage) = destination(claim) else { return };
    if blank(&coverage.filing_indicator) && !blank(&coverage.payer.id) {
        let field = format!("coverages[{}].filing_indicator", claim.destination);
        report.header(
            field,
            "The payer has no claim filing indicator. Add filing_indicator to the payer in the practice profile.",
        );
    }
}

/// See [`Edit::text`].
pub const OTHER_INCOMPLETE: Edit = Edit {
    id: "payer.other.incomplete",
    title: "Another payer of the patient is incomplete",
    severity: Severity::Hold,
    source: "005010X222A1 2320, 2330A NM103, NM109, 2330B NM103, NM109",
    explain: Explain {
        what: "Looks at every coverage the claim does not go to for payer id, payer name and member id.",
        why: "Loop 2320 needs all three, and the second payer is billed from the same data.",
        known_problems: "None known.",
        example: "A second IN1 with a plan code that no alias matches. Repair: add the alias, complete or remove the coverage.",
        fix: "None.",
    },
    check: other_incomplete,
};

fn other_incomplete(claim: &Claim, _: &Context, report: &mut Report) {
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        if at == usize::from(claim.destination) {
            continue;
        }
        let parts = [
            ("payer.id", &coverage.payer.id, "is not known to the practice profile. Add its alias there"),
            ("payer.name", &coverage.payer.name, "has no name. Enter it"),
            ("subscriber.member_id", &coverage.subscriber.member_id, "has no member id. Enter it from the card"),
        ];
        for (field, value, what) in parts {
            if blank(value) {
                let words = format!("Payer {} of the patient {what}, or remove the coverage.", at + 1);
                report.header(format!("coverages[{at}].{field}"), words);
            }
        }
    }
}

/// See [`Edit::text`].
pub const TWICE: Edit = Edit {
    id: "payer.twice",
    title: "The same coverage stands there twice",
    severity: Severity::Hold,
    source: "005010X222A1 2320: other subscriber information is of another coverage",
    explain: Explain {
        what: "Finds two coverages with the same payer id and member id.",
        why: "The payer would coordinate benefits with itself and reject both.",
        known_problems: "Two policies of one payer with two member ids are right and pass.",
        example: "Primary and secondary are the same card. Repair: remove one coverage.",
        fix: "None.",
    },
    check: twice,
};

fn twice(claim: &Claim, _: &Context, report: &mut Report) {
    let coverages = &claim.header.coverages;
    for (at, coverage) in coverages.iter().enumerate() {
        let same = |before: &&crate::claim::Coverage| {
            !blank(&coverage.payer.id)
                && before.payer.id == coverage.payer.id
                && before.subscriber.member_id == coverage.subscriber.member_id
        };
        if coverages.iter().take(at).any(|before| same(&before)) {
            let words =
                format!("Coverage {} repeats payer and member id of an earlier one. Remove one of the two.", at + 1);
            report.header(format!("coverages[{at}]"), words);
        }
    }
}

/// See [`Edit::text`].
pub const PRIOR_MISSING: Edit = Edit {
    id: "payer.prior-decision.missing",
    title: "The claim goes to a later payer without the earlier one's decision",
    severity: Severity::Hold,
    source: "005010X222A1 2320 AMT, CAS; 2430 SVD",
    explain: Explain {
        what: "A claim to the second or a later payer carries what the earlier payers decided, on the claim or its lines.",
        why: "The later payer pays what is left; without the decision it rejects the claim.",
        known_problems: "Only asks for some decision of each earlier payer, not whether its numbers add up.",
        example: "Sent to the secondary before the primary's remittance. Repair: wait for it, or enter it.",
        fix: "None.",
    },
    check: prior_missing,
};

fn prior_missing(claim: &Claim, _: &Context, report: &mut Report) {
    let own = destination(claim).map_or(0, |coverage| super::coordination::rank(coverage.responsibility));
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        // A source may list the payer billed first and say by SBR01 that another one comes before it.
        let rank = super::coordination::rank(coverage.responsibility);
        if at >= usize::from(claim.destination) && !(rank > 0 && rank < own) {
            continue;
        }
        let on_lines = claim
            .lines
            .iter()
            .flat_map(|line| &line.adjudications)
            .any(|decision| decision.payer_id == coverage.payer.id);
        if coverage.adjudication.is_none() && !on_lines && destination(claim).is_some() {
            let words = format!(
                "The decision of payer {} is missing. Wait for its remittance before the claim goes to the next payer.",
                at + 1
            );
            report.header(format!("coverages[{at}].adjudication"), words);
        }
    }
}
