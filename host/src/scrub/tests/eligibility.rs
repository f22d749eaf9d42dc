//! Cover: what each edit says of a payer's answer or silence, with which severity, and what is no reason to say anything.

use super::*;
use crate::audit::demographics::{Known, Origin};
use crate::eligibility::{Answer, Cover, Folded, InquiryState, OtherPayer, Refusal};
use crate::practice::Policy;

/// Claim, answer, and the profile's policy.
pub(super) struct Case {
    claim: Claim,
    answer: Answer,
    state: InquiryState,
    why: &'static str,
    asked: bool,
    profile: Profile,
}

fn case() -> Case {
    let claim = clean();
    let patient = &claim.header.patient;
    let known = Known {
        name: patient.name.clone(),
        birth_date: patient.birth_date,
        gender: patient.gender,
        address: patient.address.clone(),
        payer: text("90001"),
        member_id: claim.header.coverages[0].subscriber.member_id.clone(),
        is_subscriber: Some(true),
        cover_from: Some(on(2026, 1, 1)),
        ..Known::new(Origin::Eligibility, 1)
    };
    let answer = Answer {
        known: Some(known),
        status: text("1"),
        refusals: vec![],
        other_payers: vec![],
        has_other_payer: false,
        is_corrected: false,
        is_other_person: false,
    };
    Case { claim, answer, state: InquiryState::Active, why: "", asked: true, profile: profile() }
}

impl Case {
    fn known(&mut self) -> &mut Known {
        self.answer.known.as_mut().unwrap()
    }

    fn refuse(&mut self, reason: &str, follow_up: &str) {
        let refusal = Refusal { of: text("person"), reason: text(reason), follow_up: text(follow_up) };
        self.answer = Answer { known: None, status: String::new(), refusals: vec![refusal], ..self.answer.clone() };
        self.state = InquiryState::Rejected;
    }

    fn other_payer(&mut self, entity: &str, name: &str, id: &str) {
        self.answer.has_other_payer = true;
        self.answer.other_payers.push(OtherPayer { entity: text(entity), name: text(name), id: text(id) });
    }
}

fn found(change: fn(&mut Case)) -> Vec<Finding> {
    let mut case = case();
    change(&mut case);
    let waits = matches!(
        case.state,
        InquiryState::Wanted | InquiryState::Asked | InquiryState::NotSent | InquiryState::Conflict
    );
    let folded = Folded { state: case.state, answer: (!waits).then_some(case.answer), why: text(case.why) };
    let is_unaskable = case.claim.header.coverages[0].subscriber.member_id.is_empty();
    let cover = Cover { asked: Some(on(2026, 2, 27)), folded: Some(folded), is_unaskable };
    let cover = if case.asked { cover } else { Cover { asked: None, folded: None, ..cover } };
    let context = Context {
        as_of: AS_OF,
        profile: &case.profile,
        earlier: &[],
        siblings: &[],
        codes: ncci_tests::shelf(),
        known: &[],
        alike: &[],
        visit: VisitDays::default(),
        cover: Some(&cover),
        undelivered: &[],
    };
    let found = scrub(&case.claim, &context).into_iter();
    found.filter(|one| one.rule.starts_with("eligibility.") || one.rule.starts_with("demographic.")).collect()
}

type Fault = (&'static str, Severity, fn(&mut Case));

/// Edit, severity, and what is done to claim, answer and policy: exactly this edit speaks.
#[rustfmt::skip]
pub(super) const FAULTS: &[Fault] = &[
    ("eligibility.unverified", Severity::Warn, |c| c.asked = false),
    ("eligibility.unverified", Severity::Warn, |c| { c.asked = false; c.claim.header.coverages[0].subscriber.member_id.clear(); }),
    ("eligibility.unverified", Severity::Warn, |c| c.state = InquiryState::Asked),
    ("eligibility.unverified", Severity::Hold, |c| { c.state = InquiryState::Asked; c.profile.eligibility.unverified = Policy::Hold; }),
    ("eligibility.unverified", Severity::Info, |c| { c.state = InquiryState::Wanted; c.profile.eligibility.unverified = Policy::Info; }),
    ("eligibility.unverified", Severity::Warn, |c| { c.state = InquiryState::NotSent; c.why = "999 R"; }),
    ("eligibility.unverified", Severity::Warn, |c| { c.state = InquiryState::Unclear; c.answer.status.clear(); }),
    ("eligibility.unverified", Severity::Warn, |c| c.state = InquiryState::Conflict),
    ("eligibility.unverified", Severity::Warn, |c| c.refuse("42", "R")),
    ("eligibility.unverified", Severity::Warn, |c| c.refuse("51", "C")),
    ("eligibility.inactive", Severity::Hold, |c| { c.state = InquiryState::Inactive; c.answer.status = text("6"); }),
    ("eligibility.inactive", Severity::Hold, |c| { c.state = InquiryState::Inactive; let known = c.known(); known.is_inactive = true; known.cover_from = None; }),
    ("eligibility.inactive", Severity::Hold, |c| c.known().cover_to = Some(on(2026, 2, 28))),
    ("eligibility.inactive", Severity::Warn, |c| { c.known().cover_from = Some(on(2026, 3, 3)); c.profile.eligibility.inactive = Policy::Warn; }),
    ("eligibility.rejected", Severity::Hold, |c| c.refuse("72", "C")),
    ("eligibility.rejected", Severity::Hold, |c| c.refuse("71", "C")),
    ("eligibility.rejected", Severity::Hold, |c| c.refuse("73", "N")),
    ("eligibility.rejected", Severity::Hold, |c| c.refuse("75", "C")),
    ("eligibility.other-person", Severity::Hold, |c| { c.state = InquiryState::OtherPerson; c.known().name = person("Brandt", "Milo"); c.known().birth_date = Some(on(1971, 2, 3)); }),
    ("eligibility.other-payer", Severity::Warn, |c| c.other_payer("PRP", "First Health", "77001")),
    ("eligibility.other-payer", Severity::Hold, |c| { c.other_payer("PR", "First Health", ""); c.profile.eligibility.other_payer = Policy::Hold; }),
    ("eligibility.other-payer", Severity::Warn, |c| c.answer.has_other_payer = true),
    // The fields of the answer are told under their own ids.
    ("demographic.name", Severity::Hold, |c| c.known().name = person("O'Hara-Finch", "Wilhelmina")),
    ("demographic.birth-date", Severity::Hold, |c| c.known().birth_date = Some(on(1980, 6, 5))),
    ("demographic.gender", Severity::Hold, |c| c.known().gender = Some(Gender::Male)),
    ("demographic.member-id", Severity::Hold, |c| c.known().member_id = text("K998877665")),
    ("demographic.subscriber", Severity::Hold, |c| c.known().is_subscriber = Some(false)),
];

#[test]
fn each_answer_is_told_by_its_edit_and_by_no_other() {
    let (mut words, mut wrong) = (String::new(), Vec::new());
    for (at, (id, severity, change)) in FAULTS.iter().enumerate() {
        let found = found(*change);
        if found.is_empty() || found.iter().any(|one| one.rule != *id || one.severity != *severity) {
            wrong.push((at, *id, found.iter().map(|one| (one.rule.clone(), one.severity)).collect::<Vec<_>>()));
        }
        found.iter().for_each(|one| words.push_str(&told(id, one)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    insta::assert_snapshot!(words);
}

/// What is in order, and what is done to claim, answer and policy.
type Passed = (&'static str, fn(&mut Case));

#[test]
fn what_is_in_order_and_what_the_policy_passes_over_is_not_told() {
    let cases: [Passed; 8] = [
        ("active", |_| {}),
        ("active until the day of service", |c| c.known().cover_to = Some(on(2026, 3, 2))),
        ("unverified and off", |c| {
            c.state = InquiryState::Asked;
            c.profile.eligibility.unverified = Policy::Off;
        }),
        ("inactive and off", |c| {
            c.state = InquiryState::Inactive;
            c.profile.eligibility.inactive = Policy::Off;
        }),
        ("refused and off", |c| {
            c.refuse("75", "C");
            c.profile.eligibility.rejected = Policy::Off;
        }),
        ("a second payer", |c| c.other_payer("SEP", "Second Health", "77002")),
        ("the payer itself", |c| c.other_payer("PRP", "Invented Plan", "90001")),
        ("no name of the payer's", |c| c.known().name = person("", "")),
    ];
    for (what, change) in cases {
        let words: Vec<String> = found(change).into_iter().map(|one| format!("{}: {}", one.rule, one.words)).collect();
        assert!(words.is_empty(), "{what}: {words:?}");
    }
}
