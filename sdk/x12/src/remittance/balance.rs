//! The three sums of X221 section 1.10.2.1: service line, claim, transaction.
//!
//! Not part of reading: an 835 that is out of balance is still what the payer said. Who posts decides what to do.

use super::{Cas, Remittance};
use crate::problem::{Place, Problem, ProblemKind, push};

impl Remittance {
    /// Checks that charge less adjustments is the payment, for each line and claim, and claims less PLB for the whole.
    /// Gives a problem for each sum that is off. Amounts are shown: they are sums, not who was treated for what.
    pub fn out_of_balance(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let whole = Place::byte(0);
        let mut paid: i128 = 0;
        for claim in &self.claims {
            let place = claim.place.unwrap_or(whole);
            let mut adjusted = sum(&claim.adjustments);
            let (mut line_charges, mut line_paid) = (0i128, 0i128);
            for line in &claim.lines {
                let own = sum(&line.adjustments);
                adjusted += own;
                line_charges += i128::from(line.charge_cents);
                line_paid += i128::from(line.paid_cents);
                let due = i128::from(line.charge_cents) - own;
                check(
                    line.place.unwrap_or(whole).at(3),
                    i128::from(line.paid_cents),
                    due,
                    "SVC02 less the CAS of the line",
                    &mut problems,
                );
            }
            let due = i128::from(claim.charge_cents) - adjusted;
            check(
                place.at(4),
                i128::from(claim.paid_cents),
                due,
                "CLP03 less all CAS of claim and lines",
                &mut problems,
            );
            if !claim.lines.is_empty() {
                check(place.at(3), i128::from(claim.charge_cents), line_charges, "the sum of SVC02", &mut problems);
                let of_claim = line_paid - sum(&claim.adjustments);
                check(
                    place.at(4),
                    i128::from(claim.paid_cents),
                    of_claim,
                    "the sum of SVC03 less the CAS of the claim",
                    &mut problems,
                );
            }
            paid += i128::from(claim.paid_cents);
        }
        let plb: i128 =
            self.provider_adjustments.iter().flat_map(|p| &p.entries).map(|e| i128::from(e.amount_cents)).sum();
        let total = i128::from(self.payment.amount_cents);
        let signed = if self.payment.credit_or_debit == "D" { -total } else { total };
        check(whole, signed, paid - plb, "the sum of CLP04 less the sum of PLB, which BPR02 must be", &mut problems);
        problems
    }
}

fn sum(adjustments: &[Cas]) -> i128 {
    adjustments.iter().map(|c| i128::from(c.amount_cents)).sum()
}

fn check(place: Place, found: i128, due: i128, what: &str, problems: &mut Vec<Problem>) {
    if found != due {
        let (found, due) = (format!("{found} cents"), format!("{due} cents, {what}"));
        push(
            problems,
            Problem::error(ProblemKind::OutOfBalance, place, found, due, "ask the payer for a corrected remittance"),
        );
    }
}
