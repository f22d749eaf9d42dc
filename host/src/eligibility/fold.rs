//! What the set of facts of one question comes to: whatever the order in which they came, twice, or never.

use serde::{Deserialize, Serialize};

use super::Answer;

/// Times that a question is sent by itself: a TA1 or 999 may refuse a whole file for one of its neighbours.
const SENDINGS_MAX: usize = 2;

/// One thing an answer, or we ourselves, said of one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum InquiryFact {
    /// Written into a 270.
    Sent {
        /// ISA13.
        submission: u64,
        /// ST02.
        transaction: String,
    },
    /// TA1 of the interchange.
    Interchange {
        /// ISA13.
        submission: u64,
        /// TA104 is A or E.
        accepted: bool,
        /// TA105.
        code: String,
    },
    /// 999 of the transaction set.
    Transaction {
        /// ISA13.
        submission: u64,
        /// IK501 is A, E or P.
        accepted: bool,
        /// IK501.
        code: String,
    },
    /// 271.
    Answered(Box<Answer>),
    /// The 270 cannot carry it.
    Unwritable {
        /// Loop and element.
        at: String,
    },
}

impl InquiryFact {
    /// The column's text.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Interchange { .. } => "ta1",
            Self::Transaction { .. } => "999",
            Self::Answered(_) => "271",
            Self::Unwritable { .. } => "unwritable",
        }
    }
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InquiryState {
    /// To be written, or to be written again.
    Wanted,
    /// Sent, and not answered.
    Asked,
    /// The payer covers the patient.
    Active,
    /// It does not.
    Inactive,
    /// It has answered, and says nothing of the cover as a whole.
    Unclear,
    /// It refuses to answer (AAA).
    Rejected,
    /// Its answer is about somebody else.
    OtherPerson,
    /// Two answers that differ.
    Conflict,
    /// TA1 or 999 refused it, each time it was sent; or the 270 cannot carry it.
    NotSent,
}

impl InquiryState {
    /// All.
    pub const ALL: [Self; 9] = [
        Self::Wanted,
        Self::Asked,
        Self::Active,
        Self::Inactive,
        Self::Unclear,
        Self::Rejected,
        Self::OtherPerson,
        Self::Conflict,
        Self::NotSent,
    ];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Asked => "asked",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Unclear => "unclear",
            Self::Rejected => "rejected",
            Self::OtherPerson => "other-person",
            Self::Conflict => "conflict",
            Self::NotSent => "not-sent",
        }
    }

    /// The state with this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Nobody has answered, and somebody may.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Wanted | Self::Asked)
    }
}

/// What the facts come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    /// Where it stands.
    pub state: InquiryState,
    /// The answer that counts; none where there is none, or two differ.
    pub answer: Option<Answer>,
    /// Why it was not sent: TA105, IK501, or the element. Empty where it was.
    pub why: String,
}

/// Folds a set of facts. An answer counts over a refusal, a refusal over a promise.
pub fn fold(facts: &[InquiryFact]) -> Folded {
    let mut said: Vec<&Answer> = Vec::new();
    for fact in facts {
        if let InquiryFact::Answered(answer) = fact
            && !said.contains(&&**answer)
        {
            said.push(answer);
        }
    }
    let (answers, mut refusals): (Vec<&Answer>, Vec<&Answer>) =
        said.into_iter().partition(|answer| answer.refusals.is_empty());
    let of = |state, answer: Option<&Answer>| Folded { state, answer: answer.cloned(), why: String::new() };
    match answers.as_slice() {
        [] => {}
        [one] => return of(state_of(one), Some(one)),
        _ => return of(InquiryState::Conflict, None),
    }
    refusals.retain(|answer| !answer.is_only_a_promise());
    // Of several refusals the one that sorts first: which came first does not count.
    if let Some(refusal) = refusals.into_iter().min_by(|a, b| a.refusals.cmp(&b.refusals)) {
        return of(InquiryState::Rejected, Some(refusal));
    }
    unanswered(facts)
}

fn state_of(answer: &Answer) -> InquiryState {
    if answer.is_other_person {
        return InquiryState::OtherPerson;
    }
    match answer.status.as_str() {
        "1" | "2" | "3" | "4" | "5" => InquiryState::Active,
        "6" | "7" | "8" => InquiryState::Inactive,
        _ => InquiryState::Unclear,
    }
}

fn unanswered(facts: &[InquiryFact]) -> Folded {
    let not_sent = |why: &str| Folded { state: InquiryState::NotSent, answer: None, why: why.to_owned() };
    let mut sendings: Vec<u64> = Vec::new();
    for fact in facts {
        match fact {
            InquiryFact::Unwritable { at } => return not_sent(at),
            InquiryFact::Sent { submission, .. } => sendings.push(*submission),
            _ => {}
        }
    }
    let Some(last) = sendings.iter().max() else {
        return Folded { state: InquiryState::Wanted, answer: None, why: String::new() };
    };
    let refused = facts.iter().filter_map(|fact| match fact {
        InquiryFact::Interchange { submission, accepted: false, code } if submission == last => {
            Some(format!("TA1 {code}"))
        }
        InquiryFact::Transaction { submission, accepted: false, code } if submission == last => {
            Some(format!("999 {code}"))
        }
        _ => None,
    });
    match refused.min() {
        None => Folded { state: InquiryState::Asked, answer: None, why: String::new() },
        Some(why) if sendings.len() >= SENDINGS_MAX => not_sent(&why),
        Some(why) => Folded { state: InquiryState::Wanted, answer: None, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eligibility::Refusal;
    use proptest::prelude::*;

    fn answer(status: &str) -> Answer {
        Answer {
            known: None,
            status: status.to_owned(),
            refusals: Vec::new(),
            other_payers: Vec::new(),
            has_other_payer: false,
            is_corrected: false,
            is_other_person: false,
        }
    }

    fn refusal(reason: &str, follow_up: &str) -> Answer {
        let refusal = Refusal { of: "person".into(), reason: reason.into(), follow_up: follow_up.into() };
        Answer { refusals: vec![refusal], ..answer("") }
    }

    fn answered(answer: Answer) -> InquiryFact {
        InquiryFact::Answered(Box::new(answer))
    }

    fn sent(submission: u64) -> InquiryFact {
        InquiryFact::Sent { submission, transaction: "0001".into() }
    }

    fn ta1(submission: u64, accepted: bool) -> InquiryFact {
        InquiryFact::Interchange { submission, accepted, code: "024".into() }
    }

    #[test]
    fn what_each_set_comes_to() {
        use InquiryState::*;
        let other = Answer { is_other_person: true, ..answer("1") };
        let table: Vec<(Vec<InquiryFact>, InquiryState)> = vec![
            (vec![], Wanted),
            (vec![sent(1)], Asked),
            (vec![sent(1), ta1(1, true)], Asked),
            (vec![sent(1), ta1(1, false)], Wanted),
            (vec![sent(1), ta1(1, false), sent(2)], Asked),
            (vec![sent(1), ta1(1, false), sent(2), ta1(2, false)], NotSent),
            (vec![InquiryFact::Unwritable { at: "2100C NM1".into() }], NotSent),
            (vec![sent(1), answered(answer("1"))], Active),
            (vec![sent(1), ta1(1, false), answered(answer("6"))], Inactive),
            (vec![sent(1), answered(answer("1")), answered(answer("1"))], Active),
            (vec![sent(1), answered(answer("1")), answered(answer("6"))], Conflict),
            (vec![sent(1), answered(answer(""))], Unclear),
            (vec![sent(1), answered(other)], OtherPerson),
            (vec![sent(1), answered(refusal("75", "C"))], Rejected),
            (vec![sent(1), answered(refusal("42", "Y"))], Asked),
            (vec![sent(1), answered(refusal("42", "R")), answered(answer("1"))], Active),
        ];
        for (facts, expected) in table {
            assert_eq!(fold(&facts).state, expected, "{facts:?}");
        }
    }

    fn any_fact() -> impl Strategy<Value = InquiryFact> {
        prop_oneof![
            (1_u64..4).prop_map(sent),
            (1_u64..4, any::<bool>()).prop_map(|(submission, accepted)| ta1(submission, accepted)),
            prop_oneof![Just("1"), Just("6"), Just("")].prop_map(|status| answered(answer(status))),
            prop_oneof![Just("42"), Just("75")].prop_map(|reason| answered(refusal(reason, "C"))),
            Just(answered(refusal("42", "Y"))),
        ]
    }

    proptest! {
        #[test] // the store keeps each fact once
        fn order_and_repeats_do_not_count(facts in proptest::collection::vec(any_fact(), 0..8), at in any::<u64>()) {
            let mut set: Vec<InquiryFact> = Vec::new();
            for fact in facts {
                if !set.contains(&fact) {
                    set.push(fact);
                }
            }
            let expected = fold(&set);
            let mut other = set.clone();
            let mut dice = at;
            for last in (1..other.len()).rev() {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                other.swap(last, usize::try_from(dice >> 33).unwrap() % (last + 1));
            }
            prop_assert_eq!(fold(&other), expected);
        }
    }
}
