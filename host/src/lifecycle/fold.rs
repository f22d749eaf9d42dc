//! State as a pure fold over the set of facts: any arrival order, with repeats, gives the same state.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fact::{Fact, Payment, Stage};
use crate::remit::net;
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
    /// The payer's number of it: of the newest decision that stands (CLP07), else as the 277CA gave it (REF 1K), else of
    /// whatever the payer has said.
    pub payer_control_number: Option<String>,
    /// The payer has forwarded it to the next one: no secondary of ours.
    pub forwarded: bool,
    /// Payments that stand (not reversed, no prices), by payer, earliest first.
    pub standing: BTreeMap<String, Vec<Payment>>,
}

/// Folds the facts of one version that has left, which is billed to `payer_id`. Pure: a function of the set.
pub fn fold(payer_id: &str, facts: &[Fact]) -> VersionFold {
    let facts: BTreeSet<&Fact> = facts.iter().collect();
    let mut sent = BTreeSet::new();
    let mut interchanges: BTreeMap<u64, BTreeSet<bool>> = BTreeMap::new();
    let mut transactions: BTreeMap<u64, BTreeSet<bool>> = BTreeMap::new();
    let mut stages: BTreeMap<Stage, BTreeSet<bool>> = BTreeMap::new();
    let mut payments: BTreeMap<String, Vec<Payment>> = BTreeMap::new();
    let mut acknowledged_as = None;
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
                    // The payer's own answer is after the clearinghouse's.
                    acknowledged_as = Some(number.clone());
                }
            }
            Fact::Payment(payment) => {
                forwarded |= payment.is_forwarded();
                payments.entry(payment.payer_id.clone()).or_default().push(payment.clone());
            }
            Fact::Superseded => superseded = true,
        }
    }
    // A price decides nothing: the payer has the claim, and owes what it owed.
    let priced = payments.values().flatten().any(Payment::is_price);
    let any_payment = payments.values().flatten().any(|payment| !payment.is_price());
    // A reversal that finds no payment stands for itself, so that money never vanishes.
    let standing = |payments: &[Payment]| {
        let netted = net(payments);
        netted.live.into_iter().filter(|payment| !payment.is_price()).chain(netted.unmatched).collect()
    };
    let standing: BTreeMap<String, Vec<Payment>> =
        payments.iter().map(|(payer, payments)| (payer.clone(), standing(payments))).collect();
    let payer_control_number = number_of(payer_id, standing.values().flatten().filter(|payment| payment.is_decision()))
        .or(acknowledged_as)
        .or_else(|| number_of(payer_id, payments.values().flatten().filter(|payment| !payment.is_reversal())));
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
    let twice = standing.values().any(|payments| payments.iter().filter(|payment| payment.decides()).count() > 1);
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

/// CLP07 of the newest of some payments that has one, of the payer itself before others.
fn number_of<'a>(payer_id: &str, payments: impl Iterator<Item = &'a Payment>) -> Option<String> {
    let named = payments.filter(|payment| !payment.payer_control_number.is_empty());
    let newest = named.max_by_key(|payment| (payment.payer_id == payer_id, *payment));
    newest.map(|payment| payment.payer_control_number.clone())
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

    const PAYER: &str = "90001";

    fn fold(facts: &[Fact]) -> VersionFold {
        super::fold(PAYER, facts)
    }

    fn payment(status: &str, ordinal: u32, charge: i64, paid: i64) -> Fact {
        Fact::Payment(Payment {
            paid_day: 20_000,
            charge,
            paid,
            contractual: 0,
            patient: 0,
            denied: if paid == 0 { charge } else { 0 },
            payer_id: PAYER.into(),
            status: status.into(),
            payer_control_number: "ICN1".into(),
            all_denied: paid == 0,
            posted: true,
            remittance: 1,
            ordinal,
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

    proptest! {
        #[test] // our ids of remittances are of the order in which they came
        fn the_ids_of_remittances_do_not_matter(
            said in proptest::collection::vec((0_i64..3, 0_i64..3, any::<bool>(), any::<bool>(), 0_usize..2), 0..9)
        ) {
            let facts = |id: &dyn Fn(usize) -> u64| -> Vec<Fact> {
                said.iter().enumerate().map(|(at, (day, paid, is_denied, is_reversal, number))| {
                    let sign = if *is_reversal { -1 } else { 1 };
                    let rest = 100 - paid * 30;
                    Fact::Payment(Payment {
                        paid_day: *day,
                        charge: sign * 100,
                        paid: sign * paid * 30,
                        contractual: 0,
                        patient: if *is_denied { 0 } else { sign * rest },
                        denied: if *is_denied { sign * rest } else { 0 },
                        payer_id: PAYER.into(),
                        status: if *is_reversal { "22" } else { "1" }.into(),
                        payer_control_number: ["ICN1", "ICN2"][*number].into(),
                        all_denied: *is_denied && *paid == 0,
                        posted: true,
                        remittance: id(at),
                        ordinal: 0,
                    })
                }).collect()
            };
            let (one, other) = (fold(&facts(&|at| at as u64)), fold(&facts(&|at| 100 - at as u64)));
            prop_assert_eq!((one.state, &one.payer_control_number), (other.state, &other.payer_control_number));
            let amounts = |folded: &VersionFold| folded.standing.values().flatten().map(Payment::amounts).collect::<Vec<_>>();
            prop_assert_eq!(amounts(&one), amounts(&other));
        }
    }

    #[test] // denied, then reversed and left to the patient: nothing was ever paid, and whichever came first the last word stands
    fn a_denial_that_became_the_patients_share_is_posted() {
        let decided = |remittance, paid_day, status: &str, sign: i64, is_denied: bool| {
            let Fact::Payment(payment) = payment(status, 0, sign * 100, 0) else { unreachable!() };
            let (patient, denied) = if is_denied { (0, sign * 100) } else { (sign * 100, 0) };
            Fact::Payment(Payment { patient, denied, all_denied: is_denied, remittance, paid_day, ..payment })
        };
        for (denial, correction) in [(1, 2), (2, 1)] {
            let facts = [
                decided(denial, 1, "4", 1, true),
                decided(correction, 9, "22", -1, true),
                decided(correction + 9, 9, "1", 1, false),
            ];
            assert_eq!(fold(&facts).state, VersionState::Posted);
        }
    }

    #[test] // a correction names what the payer has last decided on, not what it first called the claim
    fn the_payers_number_is_that_of_the_decision_that_stands() {
        let of = |number: &str, paid_day, remittance, status: &str, sign: i64, paid: i64| {
            let Fact::Payment(payment) = payment(status, 0, sign * 100, sign * paid) else { unreachable!() };
            Fact::Payment(Payment { payer_control_number: number.into(), paid_day, remittance, ..payment })
        };
        let ack = |stage, number: &str| Fact::ClaimAck {
            stage,
            accepted: true,
            code: "A2:20".into(),
            payer_control_number: number.into(),
        };
        let acks = [ack(Stage::Clearinghouse, "CH7"), ack(Stage::Payer, "ICN1")];
        let number = |facts: &[Fact]| fold(facts).payer_control_number.unwrap_or_default();
        assert_eq!(number(&acks), "ICN1", "the payer's own answer before the clearinghouse's");
        for (first, second) in [(1, 2), (2, 1)] {
            let mut facts = acks.to_vec();
            facts.push(of("ICN1", 5, first, "1", 1, 70));
            assert_eq!(number(&facts), "ICN1");
            facts.push(of("ICN1", 9, second, "22", -1, 70));
            assert_eq!(number(&facts), "ICN1", "nothing stands: as it was acknowledged");
            facts.push(of("ICN2", 9, second + 9, "1", 1, 80));
            assert_eq!(number(&facts), "ICN2");
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
