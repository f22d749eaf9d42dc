//! Which payments of one claim still stand: a reversal (CLP02 = 22) takes out the original with opposite amounts.
//!
//! For states, and for what a correction or the next payer is told; the ledger needs no pairing, its sums already net. The
//! answer depends on what the payments SAY, never on the order they came in nor on the ids that this order gave them. A
//! reversal without its original (not received yet, or never) is listed, not guessed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::payment::{Amounts, Payment};

/// What stands of the payments of one claim version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetPayments {
    /// Originals that no reversal takes out, earliest first.
    pub live: Vec<Payment>,
    /// Originals with the reversal that takes each out.
    pub reversed: Vec<(Payment, Payment)>,
    /// Reversals whose original is not here: work, unless it still comes.
    pub unmatched: Vec<Payment>,
}

/// Pairs reversals with originals of one claim version: by all amounts and the payer's number (CLP07), by all amounts, then by
/// charge and payment alone (some payers repeat the adjustments of a reversal differently). A price (25) is taken back only
/// where no decision is. Equal (remittance, ordinal) is the same CLP and counts once.
pub fn net(payments: &[Payment]) -> NetPayments {
    let mut sorted: Vec<&Payment> = payments.iter().collect();
    sorted.sort();
    sorted.dedup_by_key(|payment| (payment.remittance, payment.ordinal));
    let (mut reversals, originals): (Vec<_>, Vec<_>) = sorted.into_iter().partition(|payment| payment.is_reversal());
    let (prices, decisions): (Vec<_>, Vec<_>) = originals.into_iter().partition(|payment| payment.is_price());
    let mut answer = NetPayments::default();
    for mut originals in [decisions, prices] {
        for by in [number_and_amounts, amounts, charge_and_paid] {
            (originals, reversals) = take(originals, reversals, &mut answer.reversed, by);
        }
        answer.live.extend(originals.into_iter().cloned());
    }
    answer.live.sort();
    answer.unmatched = reversals.into_iter().cloned().collect();
    answer.reversed.sort();
    answer
}

/// What has to be the same of two payments.
type Same<'a> = (&'a str, Amounts);

fn number_and_amounts(payment: &Payment) -> Same<'_> {
    (&payment.payer_control_number, payment.amounts())
}

fn amounts(payment: &Payment) -> Same<'_> {
    ("", payment.amounts())
}

fn charge_and_paid(payment: &Payment) -> Same<'_> {
    ("", Amounts { charge: payment.charge, paid: payment.paid, ..Amounts::default() })
}

type Left<'a> = (Vec<&'a Payment>, Vec<&'a Payment>);

/// Pairs what is equal and opposite under `by`, earliest first; gives what is left of both, in order.
fn take<'a>(
    originals: Vec<&'a Payment>,
    reversals: Vec<&'a Payment>,
    reversed: &mut Vec<(Payment, Payment)>,
    by: impl Fn(&Payment) -> Same<'_>,
) -> Left<'a> {
    let mut waiting: BTreeMap<(&str, Same<'_>), Vec<&Payment>> = BTreeMap::new();
    for reversal in reversals {
        let (number, amounts) = by(reversal);
        waiting.entry((&reversal.payer_id, (number, amounts.opposite()))).or_default().push(reversal);
    }
    for list in waiting.values_mut() {
        list.sort_by_key(|reversal| Reverse(*reversal)); // the earliest last, to pop
    }
    let mut left = Vec::new();
    for original in originals {
        match waiting.get_mut(&(original.payer_id.as_str(), by(original))).and_then(Vec::pop) {
            Some(reversal) => reversed.push((original.clone(), reversal.clone())),
            None => left.push(original),
        }
    }
    let mut unmatched: Vec<&Payment> = waiting.into_values().flatten().collect();
    unmatched.sort();
    (left, unmatched)
}
