//! Which payments of one claim still stand: a reversal (CLP02 = 22) takes out the original with opposite amounts.
//!
//! For states and screens; the ledger needs no pairing, its sums already net. The answer depends on the SET of
//! payments, never on the order they came in. A reversal without its original (not received yet, or never) is listed,
//! not guessed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::posting::ClaimPostings;

/// Amounts of one CLP, cents with the sign as sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amounts {
    /// CLP03.
    pub charge: i64,
    /// CLP04.
    pub paid: i64,
    /// As [`ClaimPostings::contractual`].
    pub contractual: i64,
    /// As [`ClaimPostings::patient`].
    pub patient: i64,
    /// As [`ClaimPostings::denied`].
    pub denied: i64,
}

impl Amounts {
    /// Of a claim that was posted; `charge_cents` is CLP03.
    pub fn new(charge_cents: i64, posted: &ClaimPostings) -> Amounts {
        let (paid, contractual) = (posted.paid, posted.contractual);
        Amounts { charge: charge_cents, paid, contractual, patient: posted.patient, denied: posted.denied }
    }

    fn opposite(self) -> Amounts {
        Amounts {
            charge: self.charge.saturating_neg(),
            paid: self.paid.saturating_neg(),
            contractual: self.contractual.saturating_neg(),
            patient: self.patient.saturating_neg(),
            denied: self.denied.saturating_neg(),
        }
    }
}

/// One CLP of a claim version. Equal (remittance, ordinal) is the same CLP and counts once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaymentRef {
    /// BPR16, day number: among equals the earliest is the one reversed.
    pub paid_day: i64,
    /// Amounts.
    pub amounts: Amounts,
    /// Our id of the remittance.
    pub remittance_id: u64,
    /// Position of the CLP in it.
    pub ordinal: u32,
    /// The payer: one payer cannot reverse another's payment.
    pub payer_id: String,
    /// CLP02 = 22.
    pub is_reversal: bool,
}

/// What stands of the payments of one claim version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetPayments {
    /// Originals that no reversal takes out, earliest first.
    pub live: Vec<PaymentRef>,
    /// Originals with the reversal that takes each out.
    pub reversed: Vec<(PaymentRef, PaymentRef)>,
    /// Reversals whose original is not here: work, unless it still comes.
    pub unmatched: Vec<PaymentRef>,
}

/// Pairs reversals with originals of one claim version, first by all amounts, then by charge and payment alone (some
/// payers repeat the adjustments of a reversal differently).
pub fn net(payments: &[PaymentRef]) -> NetPayments {
    let mut sorted: Vec<&PaymentRef> = payments.iter().collect();
    sorted.sort();
    sorted.dedup_by_key(|payment| (payment.remittance_id, payment.ordinal));
    let (reversals, originals): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|payment| payment.is_reversal);
    let mut answer = NetPayments::default();
    let (originals, reversals) = take(originals, reversals, &mut answer.reversed, |amounts| amounts);
    let coarse = |amounts: Amounts| Amounts { charge: amounts.charge, paid: amounts.paid, ..Amounts::default() };
    let (originals, reversals) = take(originals, reversals, &mut answer.reversed, coarse);
    answer.live = originals.into_iter().cloned().collect();
    answer.unmatched = reversals.into_iter().cloned().collect();
    answer.reversed.sort();
    answer
}

type Left<'a> = (Vec<&'a PaymentRef>, Vec<&'a PaymentRef>);

/// Pairs what is equal and opposite under `by`, earliest first; gives what is left of both, in order.
fn take<'a>(
    originals: Vec<&'a PaymentRef>,
    reversals: Vec<&'a PaymentRef>,
    reversed: &mut Vec<(PaymentRef, PaymentRef)>,
    by: impl Fn(Amounts) -> Amounts,
) -> Left<'a> {
    let mut waiting: BTreeMap<(&str, Amounts), Vec<&PaymentRef>> = BTreeMap::new();
    for reversal in reversals {
        waiting.entry((&reversal.payer_id, by(reversal.amounts.opposite()))).or_default().push(reversal);
    }
    for list in waiting.values_mut() {
        list.sort_by_key(|reversal| Reverse(*reversal)); // the earliest last, to pop
    }
    let mut left = Vec::new();
    for original in originals {
        match waiting.get_mut(&(original.payer_id.as_str(), by(original.amounts))).and_then(Vec::pop) {
            Some(reversal) => reversed.push((original.clone(), reversal.clone())),
            None => left.push(original),
        }
    }
    let mut unmatched: Vec<&PaymentRef> = waiting.into_values().flatten().collect();
    unmatched.sort();
    (left, unmatched)
}
