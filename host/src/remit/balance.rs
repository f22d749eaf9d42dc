//! The equations of an 835 at each level, with the difference in cents.
//!
//! Line: SVC02 - CAS = SVC03. Claim: CLP03 - all CAS = CLP04 and, where there are lines, CLP03 = sum of SVC02.
//! Remittance: sum of CLP04 - sum of PLB = BPR02. `Remittance::out_of_balance` of the codec words the same sums for
//! people; posting goes by these numbers (a property test holds the two together).
//! Sums are i128: a sum past i64 is given as the nearest i64, which is never 0 and so never "in balance".

use std::fmt;

use claimhost_x12::remittance::{Cas, ClaimPayment, Remittance, ServicePayment};
use serde::Serialize;

/// How far a claim is off, at each level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimBalance {
    /// Lines that are off: position of the SVC in its CLP, from 1, and SVC02 - CAS - SVC03, cents.
    pub lines: Vec<(u16, i64)>,
    /// CLP03 - sum of SVC02, cents; 0 for a claim without service lines.
    pub charges: i64,
    /// CLP03 - all CAS of claim and lines - CLP04, cents.
    pub claim: i64,
}

impl ClaimBalance {
    /// Whether every equation holds.
    pub fn is_balanced(&self) -> bool {
        self.lines.is_empty() && self.charges == 0 && self.claim == 0
    }

    /// The difference to show: of the claim, else of its charges, else of its first line that is off. 0 in balance.
    pub fn difference(&self) -> i64 {
        let levels = [self.claim, self.charges].into_iter().chain(self.lines.iter().map(|(_, difference)| *difference));
        levels.into_iter().find(|difference| *difference != 0).unwrap_or(0)
    }
}

/// Checks a claim and its lines.
pub fn claim_balance(payment: &ClaimPayment) -> ClaimBalance {
    let charge = i128::from(payment.charge_cents);
    let of_lines: i128 = payment.lines.iter().map(|line| adjusted(&line.adjustments)).sum();
    let lines = payment.lines.iter().enumerate().map(|(index, line)| (ordinal(index), line_difference(line)));
    let line_charges: i128 = payment.lines.iter().map(|line| i128::from(line.charge_cents)).sum();
    ClaimBalance {
        lines: lines.filter(|(_, difference)| *difference != 0).collect(),
        charges: if payment.lines.is_empty() { 0 } else { clamp(charge - line_charges) },
        claim: clamp(charge - of_lines - adjusted(&payment.adjustments) - i128::from(payment.paid_cents)),
    }
}

/// SVC02 - CAS of the line - SVC03, cents.
pub fn line_difference(line: &ServicePayment) -> i64 {
    clamp(i128::from(line.charge_cents) - adjusted(&line.adjustments) - i128::from(line.paid_cents))
}

/// Sum of CLP04 - sum of PLB - BPR02, cents. BPR02 counts as negative where BPR03 is `D` (the payer debits us).
pub fn remittance_difference(remittance: &Remittance) -> i64 {
    let paid: i128 = remittance.claims.iter().map(|claim| i128::from(claim.paid_cents)).sum();
    let entries = remittance.provider_adjustments.iter().flat_map(|adjustment| &adjustment.entries);
    let provider: i128 = entries.map(|entry| i128::from(entry.amount_cents)).sum();
    clamp(paid - provider - i128::from(signed_payment(remittance)))
}

/// The three equations of one remittance in sums: what it says of itself, whosever it is. Amounts in cents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RemittanceBalance {
    /// CLPs.
    pub claims: usize,
    /// SVCs.
    pub service_lines: usize,
    /// Sum of CLP03.
    pub charged_cents: i64,
    /// Sum of CLP04.
    pub paid_cents: i64,
    /// Sum of every CAS, of claims and lines.
    pub adjusted_cents: i64,
    /// Sum of PLB; positive lowers the payment.
    pub provider_adjustments_cents: i64,
    /// BPR02, negative where BPR03 is `D`.
    pub payment_cents: i64,
    /// Lines whose SVC02 less CAS is not SVC03.
    pub lines_off: usize,
    /// Sum of their differences.
    pub lines_difference_cents: i64,
    /// Claims whose CLP03 is not the sum of SVC02, or whose CLP03 less CAS is not CLP04.
    pub claims_off: usize,
    /// Sum of their differences.
    pub claims_difference_cents: i64,
    /// Sum of CLP04 less PLB less BPR02.
    pub remittance_difference_cents: i64,
}

impl RemittanceBalance {
    /// Adds a remittance up.
    pub fn of(remittance: &Remittance) -> Self {
        let sum = |amounts: &mut dyn Iterator<Item = i64>| clamp(amounts.map(i128::from).sum());
        let lines = || remittance.claims.iter().flat_map(|claim| &claim.lines);
        let of_lines = lines().flat_map(|line| &line.adjustments);
        let adjustments = remittance.claims.iter().flat_map(|claim| &claim.adjustments).chain(of_lines);
        let provider = remittance.provider_adjustments.iter().flat_map(|one| &one.entries);
        let balances: Vec<ClaimBalance> = remittance.claims.iter().map(claim_balance).collect();
        let line_differences = || balances.iter().flat_map(|balance| &balance.lines).map(|(_, cents)| *cents);
        let of_claim = |balance: &ClaimBalance| if balance.claim == 0 { balance.charges } else { balance.claim };
        let claim_differences = || balances.iter().map(of_claim).filter(|cents| *cents != 0);
        Self {
            claims: remittance.claims.len(),
            service_lines: lines().count(),
            charged_cents: sum(&mut remittance.claims.iter().map(|claim| claim.charge_cents)),
            paid_cents: sum(&mut remittance.claims.iter().map(|claim| claim.paid_cents)),
            adjusted_cents: sum(&mut adjustments.map(|cas| cas.amount_cents)),
            provider_adjustments_cents: sum(&mut provider.map(|entry| entry.amount_cents)),
            payment_cents: signed_payment(remittance),
            lines_off: line_differences().count(),
            lines_difference_cents: sum(&mut line_differences()),
            claims_off: claim_differences().count(),
            claims_difference_cents: sum(&mut claim_differences()),
            remittance_difference_cents: remittance_difference(remittance),
        }
    }
}

impl fmt::Display for RemittanceBalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} claims with {} service lines charged {} cents, paid {}, adjusted {}, provider adjustments {}, payment {}; \
             lines off by {}, claims off by {}, remittance off by {}",
            self.claims,
            self.service_lines,
            self.charged_cents,
            self.paid_cents,
            self.adjusted_cents,
            self.provider_adjustments_cents,
            self.payment_cents,
            self.lines_difference_cents,
            self.claims_difference_cents,
            self.remittance_difference_cents
        )
    }
}

/// BPR02 with the sign of BPR03: what the payment changes our account by, cents.
pub fn signed_payment(remittance: &Remittance) -> i64 {
    let amount = remittance.payment.amount_cents;
    if remittance.payment.credit_or_debit == "D" { amount.saturating_neg() } else { amount }
}

/// Position of the service line with this index, from 1.
pub(super) fn ordinal(index: usize) -> u16 {
    u16::try_from(index.saturating_add(1)).unwrap_or(u16::MAX)
}

fn adjusted(adjustments: &[Cas]) -> i128 {
    adjustments.iter().map(|cas| i128::from(cas.amount_cents)).sum()
}

fn clamp(difference: i128) -> i64 {
    let nearest = if difference < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(difference).unwrap_or(nearest)
}
