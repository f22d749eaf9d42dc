//! More than one payer: who comes first, and whether what was decided adds up (SBR01, 2320, 2430).

use crate::claim::{Claim, Responsibility, Severity, destination};
use crate::scrub::form::money;
use crate::scrub::{Context, Edit, Explain, Report};

/// The place of a payer in the order of payment, from 1; 0 where it is not known.
pub fn rank(responsibility: Responsibility) -> u8 {
    match responsibility {
        Responsibility::Primary => 1,
        Responsibility::Secondary => 2,
        Responsibility::Tertiary => 3,
        Responsibility::Unknown => 0,
        _ => 4,
    }
}

/// See [`Edit::text`].
pub const PRIMARY_MISSING: Edit = Edit {
    id: "payer.primary.missing",
    title: "The claim goes to a later payer, and no earlier one is named",
    severity: Severity::Hold,
    source: "005010X222A1 2000B SBR01 = S or T, 2320",
    explain: Explain {
        what: "A claim to the second or a later payer names one with an earlier place.",
        why: "A payer that is told it comes second asks who came first, and rejects the claim.",
        known_problems: "None known.",
        example: "SBR01 = S and no 2320. Repair: enter the first insurance with its decision, or correct the order.",
        fix: "None.",
    },
    check: primary_missing,
};

fn primary_missing(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(coverage) = destination(claim) else { return };
    let own = rank(coverage.responsibility);
    let earlier = claim.header.coverages.iter().any(|other| {
        let rank = rank(other.responsibility);
        rank > 0 && rank < own
    });
    if own > 1 && !earlier {
        report.header(
            format!("coverages[{}].responsibility", claim.destination),
            "The claim goes to a later payer, and no earlier one is named. Enter the first insurance with its decision, or correct the order.",
        );
    }
}

/// See [`Edit::text`].
pub const BALANCE: Edit = Edit {
    id: "payer.prior-decision.balance",
    title: "What an earlier payer paid and adjusted is not the charge",
    severity: Severity::Hold,
    source: "005010X222A1 section 1.4.4 (balancing), 2430 SVD02 and CAS, 2320 AMT D and CAS",
    explain: Explain {
        what: "For each earlier payer: on a line, paid and adjustments are the charge; where it decided on the claim alone, they are the total.",
        why: "Receivers reject a claim that is out of balance.",
        known_problems: "Lines that a payer bundled or split are not looked at, nor claims on which only some lines have a decision.",
        example: "Charge 100.00, paid 60.00, adjusted 30.00. Repair: enter the decision as on the remittance.",
        fix: "None.",
    },
    check: balance,
};

fn balance(claim: &Claim, _: &Context, report: &mut Report) {
    let mut decided_on_lines = false;
    for (number, line) in super::numbered(claim) {
        for decision in &line.adjudications {
            decided_on_lines = true;
            let of_payer = line.adjudications.iter().filter(|other| other.payer_id == decision.payer_id).count();
            let same_code = decision.procedure.code == line.procedure.code;
            if of_payer != 1 || decision.bundled_into.is_some() || !same_code {
                continue;
            }
            let adjusted = decision.adjustments.iter().map(|one| i128::from(one.amount)).sum::<i128>();
            if i128::from(decision.paid) + adjusted != i128::from(line.charge) {
                let words = format!(
                    "Line {number} ({}): what the earlier payer paid and adjusted is not the charge of {}. Enter the decision as on the remittance.",
                    super::code(line),
                    money(line.charge)
                );
                report.line(number, "adjudications", words);
            }
        }
    }
    if decided_on_lines {
        return;
    }
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let Some(decision) = &coverage.adjudication else { continue };
        let Some(paid) = decision.paid.filter(|_| !decision.adjustments.is_empty()) else { continue };
        let adjusted = decision.adjustments.iter().map(|one| i128::from(one.amount)).sum::<i128>();
        if i128::from(paid) + adjusted != i128::from(claim.total_charge) {
            let words = format!(
                "What payer {} paid and adjusted is not the claim's total of {}. Enter the decision as on the remittance.",
                at + 1,
                money(claim.total_charge)
            );
            report.header(format!("coverages[{at}].adjudication"), words);
        }
    }
}
