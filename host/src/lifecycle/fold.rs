//! State as a pure fold over the set of facts: any arrival order, with repeats, gives the same state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fact::{Fact, Payment, Stage};
use crate::store::claim::VersionKind;

/// State of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VersionState {
    /// The scrub holds it.
    Held,
    /// May be sent.
    Ready,
    /// In an 837; no answer that decides yet.
    Submitted,
    /// TA1, 999 or 277CA refused it, and it is not yet sent again.
    Rejected,
    /// A 277CA accepted it, or an 835 has a price for it and no decision (CLP02 = 25).
    Accepted,
    /// An 835 has denied every line.
    Denied,
    /// An 835 speaks of it, and its money is unapplied.
    Paid,
    /// Posted.
    Posted,
    /// Everything the payer had posted was reversed.
    Reversed,
    /// Never sent, and no longer what the visit says.
    Superseded,
    /// Handed to the EHR's own billing.
    ViaEhr,
}

impl VersionState {
    /// All.
    pub const ALL: [Self; 11] = [
        Self::Held,
        Self::Ready,
        Self::Submitted,
        Self::Rejected,
        Self::Accepted,
        Self::Denied,
        Self::Paid,
        Self::Posted,
        Self::Reversed,
        Self::Superseded,
        Self::ViaEhr,
    ];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Ready => "ready",
            Self::Submitted => "submitted",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Denied => "denied",
            Self::Paid => "paid",
            Self::Posted => "posted",
            Self::Reversed => "reversed",
            Self::Superseded => "superseded",
            Self::ViaEhr => "via-ehr",
        }
    }

    /// Reads the column's text.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Held)
    }
}

/// What the facts of one version say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFold {
    /// Its state.
    pub state: VersionState,
    /// It may be written into another 837: TA1 or 999 refused every sending, no payer has seen it.
    pub may_resend: bool,
    /// No answer has taken it, and one has refused it: the payer does not have it.
    pub refused: bool,
    /// TA1 or 999 refused a sending of it, or a 277CA refused it, whatever came later.
    pub turned_back: bool,
    /// The payer's number of it (277CA REF 1K, CLP07).
    pub payer_control_number: Option<String>,
    /// The payer has forwarded it to the next one: no secondary of ours.
    pub forwarded: bool,
    /// Payments that stand (not reversed), by payer.
    pub standing: BTreeMap<String, Vec<Payment>>,
}

/// Folds the facts of one version that has left. Pure: a function of the set.
pub fn fold(facts: &[Fact]) -> VersionFold {
    let facts: BTreeSet<&Fact> = facts.iter().collect();
    let mut sent = BTreeSet::new();
    let mut interchanges: BTreeMap<u64, BTreeSet<bool>> = BTreeMap::new();
    let mut transactions: BTreeMap<u64, BTreeSet<bool>> = BTreeMap::new();
    let mut stages: BTreeMap<Stage, BTreeSet<bool>> = BTreeMap::new();
    let mut payments: BTreeMap<String, Vec<Payment>> = BTreeMap::new();
    let mut payer_control_number = None;
    let mut forwarded = false;
    let mut superseded = false;
    for fact in &facts {
        match fact {
            Fact::Submitted { submission, .. } => {
                sent.insert(*submission);
            }
            Fact::Interchange { submission, accepted, .. } => {
                interchanges.entry(*submission).or_default().insert(*accepted);
            }
            Fact::Transaction { submission, accepted, .. } => {
                transactions.entry(*submission).or_default().insert(*accepted);
            }
            Fact::ClaimAck { stage, accepted, payer_control_number: number, .. } => {
                stages.entry(*stage).or_default().insert(*accepted);
                if !number.is_empty() {
                    payer_control_number.get_or_insert_with(|| number.clone());
                }
            }
            Fact::Payment(payment) => {
                forwarded |= payment.is_forwarded();
                if !payment.payer_control_number.is_empty() && !payment.is_reversal() {
                    payer_control_number.get_or_insert_with(|| payment.payer_control_number.clone());
                }
                payments.entry(payment.payer_id.clone()).or_default().push(payment.clone());
            }
            Fact::Superseded => superseded = true,
        }
    }
    // A price decides nothing: the payer has the claim, and owes what it owed.
    let priced = payments.values().flatten().any(Payment::is_price);
    let any_payment = payments.values().flatten().any(|payment| !payment.is_price());
    let standing = |payments| without_reversed(payments).into_iter().filter(|payment| !payment.is_price()).collect();
    let standing: BTreeMap<String, Vec<Payment>> =
        payments.into_iter().map(|(payer, payments)| (payer, standing(payments))).collect();
    // Of two answers to one sending the one that took it counts: the other is about a copy (TA1 note 025, the interchange
    // number is there already), and claims that are in must not leave under a new number.
    let says = |answers: &BTreeMap<u64, BTreeSet<bool>>, submission: &u64, what: bool| {
        answers.get(submission).is_some_and(|answers| answers.contains(&what))
    };
    let refused = |submission: &&u64| {
        let taken = says(&transactions, submission, true);
        let by_interchange = says(&interchanges, submission, false) && !says(&interchanges, submission, true);
        !taken && (by_interchange || says(&transactions, submission, false))
    };
    let unrefused = sent.iter().filter(|submission| !refused(submission)).count();
    let rejected =
        |stage: &Stage| stages.get(stage).is_some_and(|answers| answers.contains(&false) && answers.len() == 1);
    let accepted = stages.values().any(|answers| answers.contains(&true));
    // A denial decides like a payment does: the one that was denied and then paid is decided twice.
    let decides = |payment: &&Payment| {
        [payment.paid, payment.contractual, payment.patient, payment.denied].iter().any(|cents| *cents != 0)
    };
    let twice = standing.values().any(|payments| payments.iter().filter(decides).count() > 1);
    let state = if any_payment && twice {
        // Two decisions of one payer stand: until one is taken back, a person looks.
        VersionState::Paid
    } else if any_payment {
        money_state(standing.values().flatten())
    } else if superseded {
        VersionState::Superseded
    } else if rejected(&Stage::Payer) || rejected(&Stage::Clearinghouse) {
        VersionState::Rejected
    } else if accepted || priced {
        VersionState::Accepted
    } else if unrefused == 0 && !sent.is_empty() {
        VersionState::Rejected
    } else {
        VersionState::Submitted
    };
    let may_resend = state == VersionState::Rejected && stages.is_empty() && unrefused == 0;
    let refused = state == VersionState::Rejected;
    let turned_back = unrefused < sent.len() || rejected(&Stage::Payer) || rejected(&Stage::Clearinghouse);
    VersionFold { state, may_resend, refused, turned_back, payer_control_number, forwarded, standing }
}

fn money_state<'a>(standing: impl Iterator<Item = &'a Payment>) -> VersionState {
    let standing: Vec<&Payment> = standing.collect();
    if standing.is_empty() {
        VersionState::Reversed
    } else if standing.iter().any(|payment| !payment.posted || payment.is_reversal()) {
        VersionState::Paid
    } else if standing.iter().all(|payment| payment.all_denied) {
        VersionState::Denied
    } else {
        VersionState::Posted
    }
}

/// Payments of one payer that no reversal takes back. A reversal (22) pairs with one payment of equal and opposite
/// amounts, before one with a price; one that finds none stands for itself, so that money never vanishes.
fn without_reversed(payments: Vec<Payment>) -> Vec<Payment> {
    let (reversals, mut standing): (Vec<Payment>, Vec<Payment>) = payments.into_iter().partition(Payment::is_reversal);
    for reversal in reversals {
        let opposite = |payment: &Payment| payment.charge == -reversal.charge && payment.paid == -reversal.paid;
        let pairs = |payment: &Payment| !payment.is_reversal() && opposite(payment);
        let decided = standing.iter().position(|payment| !payment.is_price() && pairs(payment));
        match decided.or_else(|| standing.iter().position(pairs)) {
            Some(at) => {
                standing.remove(at);
            }
            None => standing.push(reversal),
        }
    }
    standing
}

/// Where a lineage stands: the first of these that fits (the order in which people ask).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimState {
    /// A version is held.
    Held,
    /// A version waits to be sent.
    Ready,
    /// Sent, unanswered.
    Submitted,
    /// Refused, not yet sent again.
    Rejected,
    /// A 277CA accepted it.
    Accepted,
    /// Every line denied.
    Denied,
    /// An 835 speaks of it, not posted.
    Paid,
    /// Posted, or voided with nothing left.
    Posted,
}

impl ClaimState {
    /// All, in the order of [`ClaimState`].
    pub const ALL: [Self; 8] = [
        Self::Held,
        Self::Ready,
        Self::Submitted,
        Self::Rejected,
        Self::Accepted,
        Self::Denied,
        Self::Paid,
        Self::Posted,
    ];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Ready => "ready",
            Self::Submitted => "submitted",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Denied => "denied",
            Self::Paid => "paid",
            Self::Posted => "posted",
        }
    }

    /// Reads the column's text.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Held)
    }
}

/// Folds the versions of a lineage, oldest first: the newest primary version decides, then versions to later payers.
pub fn lineage(versions: &[(VersionKind, VersionState)]) -> ClaimState {
    let current = versions.iter().filter(|(_, state)| *state != VersionState::Superseded);
    let primary = current.clone().rfind(|(kind, _)| kind.is_primary());
    let before = current.clone().filter(|(kind, _)| kind.is_primary());
    let later = current.clone().filter(|(kind, _)| !kind.is_primary());
    // Everything that left was taken back: nothing is owed.
    let Some((kind, state)) = primary else { return ClaimState::Posted };
    let paid_before = before.clone().rev().skip(1).any(|(_, state)| *state == VersionState::Posted);
    let own = if *kind != VersionKind::Void && *state == VersionState::Posted && paid_before {
        // The replacement is paid and what it replaced was not taken back.
        ClaimState::Paid
    } else if *kind == VersionKind::Void {
        void_state(*state, before.map(|(_, state)| *state))
    } else {
        plain_state(*state)
    };
    let states = std::iter::once(own).chain(later.map(|(_, state)| plain_state(*state)));
    // A secondary that its payer denied leaves the lineage posted: the primary's money stands.
    let states = states
        .enumerate()
        .map(|(at, state)| if at > 0 && state == ClaimState::Denied { ClaimState::Posted } else { state });
    states.min().unwrap_or(ClaimState::Held)
}

fn plain_state(state: VersionState) -> ClaimState {
    match state {
        VersionState::Held => ClaimState::Held,
        VersionState::Ready => ClaimState::Ready,
        VersionState::Submitted | VersionState::ViaEhr => ClaimState::Submitted,
        VersionState::Rejected => ClaimState::Rejected,
        VersionState::Accepted | VersionState::Reversed => ClaimState::Accepted,
        VersionState::Denied => ClaimState::Denied,
        VersionState::Paid => ClaimState::Paid,
        VersionState::Posted | VersionState::Superseded => ClaimState::Posted,
    }
}

/// A void is done when the payer has accepted it and nothing of what came before stands.
fn void_state(own: VersionState, mut before: impl Iterator<Item = VersionState>) -> ClaimState {
    let stands = before.any(|state| matches!(state, VersionState::Posted | VersionState::Paid | VersionState::Denied));
    match own {
        VersionState::Accepted | VersionState::Reversed if !stands => ClaimState::Posted,
        VersionState::Denied | VersionState::Posted => ClaimState::Posted,
        other => plain_state(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn payment(status: &str, ordinal: u32, charge: i64, paid: i64) -> Fact {
        Fact::Payment(Payment {
            remittance: 1,
            ordinal,
            payer_id: "90001".into(),
            status: status.into(),
            payer_control_number: "ICN1".into(),
            charge,
            paid,
            contractual: 0,
            patient: 0,
            denied: if paid == 0 { charge } else { 0 },
            all_denied: paid == 0,
            posted: true,
        })
    }

    fn any_fact() -> impl Strategy<Value = Fact> {
        prop_oneof![
            (1_u64..4).prop_map(|submission| Fact::Submitted { submission, transaction: "0001".into() }),
            (1_u64..4, any::<bool>()).prop_map(|(submission, accepted)| Fact::Interchange {
                submission,
                accepted,
                code: String::new()
            }),
            (1_u64..4, any::<bool>()).prop_map(|(submission, accepted)| Fact::Transaction {
                submission,
                accepted,
                code: String::new()
            }),
            (any::<bool>(), any::<bool>()).prop_map(|(payer, accepted)| Fact::ClaimAck {
                stage: if payer { Stage::Payer } else { Stage::Clearinghouse },
                accepted,
                code: String::new(),
                payer_control_number: "ICN1".into()
            }),
            (0_u32..3, prop_oneof![Just(0_i64), Just(70)]).prop_map(|(ordinal, paid)| payment("1", ordinal, 100, paid)),
            (3_u32..5, prop_oneof![Just(0_i64), Just(-70)])
                .prop_map(|(ordinal, paid)| payment("22", ordinal, -100, paid)),
        ]
    }

    proptest! {
        #[test]
        fn any_order_with_repeats_gives_the_same_state(
            (facts, shuffled) in proptest::collection::vec(any_fact(), 0..12).prop_flat_map(|facts| {
                let twice: Vec<Fact> = facts.iter().chain(facts.iter()).cloned().collect();
                (Just(facts), Just(twice).prop_shuffle())
            })
        ) {
            prop_assert_eq!(fold(&facts), fold(&shuffled));
        }
    }

    #[test]
    fn a_refused_interchange_is_rejected_until_it_is_sent_again() {
        let first = Fact::Submitted { submission: 1, transaction: "0001".into() };
        let refused = Fact::Interchange { submission: 1, accepted: false, code: "025".into() };
        let again = Fact::Submitted { submission: 2, transaction: "0001".into() };
        let rejected = fold(&[refused.clone(), first.clone()]);
        assert_eq!((rejected.state, rejected.may_resend), (VersionState::Rejected, true));
        let resent = fold(&[again, refused, first]);
        assert_eq!((resent.state, resent.may_resend), (VersionState::Submitted, false));
    }

    #[test] // a clearinghouse that sees a file twice refuses the copy; the first one is in, and must not leave again
    fn a_refused_copy_of_what_was_taken_is_no_refusal() {
        let sent = Fact::Submitted { submission: 1, transaction: "0001".into() };
        let ta1 = |accepted| Fact::Interchange { submission: 1, accepted, code: "025".into() };
        let ack = |accepted| Fact::Transaction { submission: 1, accepted, code: "R".into() };
        let taken = [vec![ta1(true), ta1(false)], vec![ta1(false), ack(true)], vec![ack(true), ack(false)]];
        for answers in taken {
            let folded = fold(&[vec![sent.clone()], answers.clone()].concat());
            assert_eq!((folded.state, folded.may_resend), (VersionState::Submitted, false), "{answers:?}");
        }
        for answers in [vec![ta1(true), ack(false)], vec![ta1(false), ack(false)], vec![ta1(false)]] {
            let folded = fold(&[vec![sent.clone()], answers.clone()].concat());
            assert_eq!((folded.state, folded.may_resend), (VersionState::Rejected, true), "{answers:?}");
        }
    }

    #[test]
    fn a_reversal_takes_back_one_payment_and_a_denial_is_no_payment() {
        assert_eq!(fold(&[payment("1", 0, 100, 70)]).state, VersionState::Posted);
        assert_eq!(fold(&[payment("22", 1, -100, -70), payment("1", 0, 100, 70)]).state, VersionState::Reversed);
        let paid_again = [payment("1", 2, 100, 80), payment("22", 1, -100, -70), payment("1", 0, 100, 70)];
        assert_eq!(fold(&paid_again).state, VersionState::Posted);
        assert_eq!(fold(&[payment("4", 0, 100, 0)]).state, VersionState::Denied);
    }

    #[test] // CLP02 = 25: a price, no payment; whatever else the payer has said counts
    fn a_price_decides_nothing() {
        let price = |ordinal| {
            let Fact::Payment(payment) = payment("25", ordinal, 100, 0) else { unreachable!() };
            Fact::Payment(Payment { denied: 0, all_denied: false, ..payment })
        };
        let sent = Fact::Submitted { submission: 1, transaction: "0001".into() };
        let refused = Fact::Interchange { submission: 1, accepted: false, code: "001".into() };
        let turned_down = Fact::ClaimAck {
            stage: Stage::Payer,
            accepted: false,
            code: String::new(),
            payer_control_number: String::new(),
        };
        for (others, state) in [
            (vec![], VersionState::Accepted),
            (vec![refused], VersionState::Accepted),
            (vec![turned_down], VersionState::Rejected),
            (vec![payment("1", 1, 100, 70)], VersionState::Posted),
            (vec![payment("4", 1, 100, 0)], VersionState::Denied),
            (vec![payment("4", 1, 100, 0), payment("22", 2, -100, 0)], VersionState::Reversed),
            (vec![payment("4", 1, 100, 0), payment("22", 2, -100, 0), payment("1", 3, 100, 70)], VersionState::Posted),
            (vec![payment("22", 2, -100, 0)], VersionState::Reversed),
        ] {
            let facts = [vec![sent.clone(), price(0), price(9)], others].concat();
            let folded = fold(&facts);
            assert_eq!((folded.state, folded.may_resend), (state, false), "{facts:?}");
            assert_eq!(folded.payer_control_number.as_deref(), Some("ICN1"));
        }
        // One that carries money is unapplied, which is for a person.
        let Fact::Payment(paid) = payment("25", 0, 100, 70) else { unreachable!() };
        assert_eq!(fold(&[Fact::Payment(Payment { posted: false, ..paid })]).state, VersionState::Paid);
    }

    #[test] // no 22 came in between: 200 of 100 are decided, which is for a person
    fn two_decisions_of_one_payer_are_no_posted_claim() {
        for (first, second) in [(70, 80), (0, 70), (0, 0)] {
            assert_eq!(fold(&[payment("1", 0, 100, first), payment("1", 1, 100, second)]).state, VersionState::Paid);
        }
        let taken_back = [payment("4", 0, 100, 0), payment("22", 1, -100, 0), payment("1", 2, 100, 70)];
        assert_eq!(fold(&taken_back).state, VersionState::Posted);
    }

    #[test]
    fn the_newest_primary_version_decides_and_an_open_secondary_keeps_the_lineage_open() {
        use VersionKind::{Original, Replacement, Secondary, Void};
        use VersionState::{Accepted, Denied, Held, Posted, Reversed, Submitted};
        let table = [
            (vec![(Original, Posted)], ClaimState::Posted),
            (vec![(Original, Posted), (Replacement, Held)], ClaimState::Held),
            (vec![(Original, Reversed), (Replacement, Posted)], ClaimState::Posted),
            (vec![(Original, Posted), (Secondary, Submitted)], ClaimState::Submitted),
            (vec![(Original, Posted), (Secondary, Denied)], ClaimState::Posted),
            (vec![(Original, Posted), (Void, Accepted)], ClaimState::Accepted),
            (vec![(Original, Reversed), (Void, Accepted)], ClaimState::Posted),
            (vec![(Original, Denied)], ClaimState::Denied),
        ];
        for (versions, expected) in table {
            assert_eq!(lineage(&versions), expected, "{versions:?}");
        }
    }
}
