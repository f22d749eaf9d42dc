//! Demographics: what each edit finds, near-misses that none may find, and that cosmetics of any name are no difference.

use proptest::prelude::*;

use super::*;
use crate::audit::demographics::{Known, Origin};

/// The clean claim, with an id and a member id of some length.
fn claim() -> Claim {
    let mut claim = clean();
    let id = PatientId { kind: PatientIdKind::MedicalRecord, authority: text("SITE"), value: text("M100") };
    claim.header.patient.ids = vec![id];
    claim.header.patient.name = PersonName { middle: text("Lee"), ..person("O'Hara-Finch", "Robert") };
    claim.header.coverages[0].subscriber.name = claim.header.patient.name.clone();
    claim.header.coverages[0].subscriber.member_id = text("W123456789");
    claim
}

/// The roster's row of that patient: the same in every field.
fn known() -> Known {
    let claim = claim();
    let patient = &claim.header.patient;
    Known {
        ids: vec![text("M100")],
        name: patient.name.clone(),
        birth_date: patient.birth_date,
        gender: patient.gender,
        address: patient.address.clone(),
        payer: text("90001"),
        member_id: text("W123456789"),
        is_subscriber: Some(true),
        ..Known::new(Origin::Roster, 7)
    }
}

fn other(row: u64, last: &str, first: &str, born: Date) -> Known {
    Known { name: person(last, first), birth_date: Some(born), ..Known::new(Origin::Roster, row) }
}

fn found(change: impl Fn(&mut Claim, &mut Vec<Known>)) -> Vec<Finding> {
    let (mut claim, mut roster) = (claim(), vec![known()]);
    change(&mut claim, &mut roster);
    let context = Context {
        as_of: AS_OF,
        profile: &profile(),
        earlier: &[],
        siblings: &[],
        codes: ncci_tests::shelf(),
        known: &roster,
        alike: &[],
        visit: VisitDays::default(),
        cover: None,
        undelivered: &[],
    };
    let found = scrub(&claim, &context);
    found.into_iter().filter(|finding| finding.rule.starts_with("demographic.")).collect()
}

type Case = (&'static str, fn(&mut Claim, &mut Vec<Known>));

/// Edit, and what is done to claim and roster: exactly this edit speaks.
#[rustfmt::skip]
pub(super) const FAULTS: &[Case] = &[
    ("demographic.name", |c, _| c.header.patient.name.last = text("O'Haar-Finch")),
    ("demographic.name", |c, _| c.header.patient.name.first = text("Robret")),
    ("demographic.name", |c, _| { let name = &mut c.header.patient.name; std::mem::swap(&mut name.last, &mut name.first); }),
    ("demographic.name", |c, _| c.header.patient.name.last = text("Brightwater")),
    ("demographic.name", |c, _| c.header.patient.name.first = text("Wilhelmina")),
    ("demographic.name-variant", |c, _| c.header.patient.name.first = text("Bob")),
    ("demographic.name-variant", |c, _| c.header.patient.name.first = text("R")),
    ("demographic.name-variant", |c, _| { c.header.patient.name.first = text("Lee"); c.header.patient.name.middle.clear(); }),
    ("demographic.name-variant", |c, _| c.header.patient.name.last = text("O'Hara")),
    ("demographic.name-variant", |c, r| { c.header.patient.name.suffix = text("Jr"); r[0].name.suffix = text("Sr"); }),
    ("demographic.birth-date", |c, _| c.header.patient.birth_date = Some(on(1980, 6, 5))),
    ("demographic.birth-date", |c, _| c.header.patient.birth_date = Some(on(1908, 5, 6))),
    ("demographic.birth-date", |c, _| c.header.patient.birth_date = Some(on(1971, 11, 30))),
    ("demographic.gender", |c, _| c.header.patient.gender = Some(Gender::Male)),
    ("demographic.member-id", |c, _| c.header.coverages[0].subscriber.member_id = text("W123456798")),
    ("demographic.member-id", |c, _| c.header.coverages[0].subscriber.member_id = text("W12345678")),
    ("demographic.member-id", |c, _| c.header.coverages[0].subscriber.member_id = text("K998877665")),
    ("demographic.member-id", |c, r| { c.header.coverages[0].subscriber.member_id = text("2AC3-DE4-FGS6"); r[0].member_id = text("2AC3DE4FG56"); }),
    ("demographic.member-id", |c, r| { c.header.coverages[0].subscriber.member_id = text("123456789A"); r[0].member_id = text("2AC3DE4FG56"); }),
    ("demographic.member-id-form", |c, _| c.header.coverages[0].subscriber.member_id = text("W12345678901")),
    ("demographic.member-id-form", |_, r| { r[0].payer.clear(); r[0].member_id = text("K998877665"); }),
    ("demographic.address", |_, r| r[0].address.as_mut().unwrap().postal_code = text("10001")),
    ("demographic.coverage-dates", |_, r| r[0].cover_to = Some(on(2026, 2, 28))),
    ("demographic.coverage-dates", |_, r| r[0].cover_from = Some(on(2026, 4, 1))),
    ("demographic.coverage-dates", |_, r| { r[0].origin = Origin::Eligibility; r[0].is_inactive = true; }),
    ("demographic.subscriber", |_, r| r[0].is_subscriber = Some(false)),
    // A child billed as the subscriber under the mother's id.
    ("demographic.subscriber", |c, r| { c.header.patient.ids[0].value = text("M900"); c.header.patient.name.first = text("Milo"); c.header.patient.birth_date = Some(on(2015, 2, 3)); r[0].name.first = text("Orla"); }),
    ("demographic.identity", |c, _| { c.header.patient.name = person("Brandt", "Milo"); c.header.patient.birth_date = Some(on(2001, 9, 9)); c.header.coverages[0].subscriber.member_id = text("Z1"); }),
    // Two rows that fit as well and are not one person.
    ("demographic.two-alike", |c, r| { c.header.patient.ids.clear(); r[0].ids = vec![text("M1")]; let twin = Known { ids: vec![text("M2")], row: 12, ..r[0].clone() }; r.push(twin); }),
];

/// What is no difference, or none that anybody could be sure of: nothing is found.
#[rustfmt::skip]
const NEAR_MISSES: &[Case] = &[
    ("all the same", |_, _| {}),
    ("an empty roster", |_, r| r.clear()),
    ("case", |c, _| c.header.patient.name = person("O'HARA-FINCH", "ROBERT")),
    ("hyphen and apostrophe", |c, _| c.header.patient.name = person("OHARA FINCH", "Robert")),
    ("accents", |c, r| { c.header.patient.name = person("Núñez", "José"); r[0].name = person("NUNEZ", "JOSE"); }),
    ("no middle name", |c, _| c.header.patient.name.middle.clear()),
    ("a suffix on one side", |c, _| c.header.patient.name.suffix = text("Jr")),
    ("dashes in the member id", |c, _| c.header.coverages[0].subscriber.member_id = text("w123-456-789")),
    ("an MBI with dashes", |c, r| { c.header.coverages[0].subscriber.member_id = text("2AC3-DE4-FG56"); r[0].member_id = text("2AC3DE4FG56"); }),
    ("the roster has the old HICN", |c, r| { c.header.coverages[0].subscriber.member_id = text("2AC3DE4FG56"); r[0].member_id = text("123456789A"); }),
    ("a stand-in birth date on the roster", |_, r| r[0].birth_date = Some(on(1900, 1, 1))),
    ("no birth date on the roster", |_, r| r[0].birth_date = None),
    ("gender unknown", |_, r| r[0].gender = Some(Gender::Unknown)),
    ("ZIP+4", |_, r| r[0].address.as_mut().unwrap().postal_code = text("431191234")),
    ("street abbreviated", |_, r| r[0].address.as_mut().unwrap().line1 = text("12 ELM AND OAK WY")),
    ("another payer's member id on the roster", |_, r| { r[0].payer = text("90009"); r[0].member_id = text("NC1"); r[0].cover_to = Some(on(2020, 1, 1)); }),
    ("the id of the second payer", |c, r| { let mut second = coverage("90009", "K998877665"); second.responsibility = Responsibility::Secondary; c.header.coverages.push(second); r[0].payer.clear(); r[0].member_id = text("K998877665"); }),
    ("the cover ends that day", |_, r| r[0].cover_to = Some(on(2026, 3, 2))),
    ("inactive today, covered then", |_, r| { r[0].is_inactive = true; r[0].cover_from = Some(on(2025, 1, 1)); r[0].cover_to = Some(on(2026, 3, 5)); }),
    ("a namesake", |c, r| { c.header.patient.ids.clear(); r[0].ids.clear(); r[0].birth_date = Some(on(1955, 1, 9)); r[0].member_id = text("Q555444333"); }),
    ("a twin", |c, r| { c.header.patient.ids.clear(); r[0].name.first = text("Sofia"); r.push(Known { ids: vec![], row: 9, ..known() }); }),
    ("only the twin is on the roster", |c, r| { c.header.patient.ids.clear(); r[0].ids.clear(); r[0].name.first = text("Sofia"); }),
    ("the subscriber's row, the patient is a dependent", |c, r| {
        c.header.patient.ids[0].value = text("M900");
        c.header.patient.name.first = text("Milo");
        c.header.patient.birth_date = Some(on(2015, 2, 3));
        c.header.coverages[0].relationship = Relationship::Child;
        r[0].name.first = text("Orla");
    }),
    ("the same birth date, nothing else", |c, r| { c.header.patient.ids.clear(); r[0] = other(3, "Brandt", "Ada", on(1980, 5, 6)); }),
    ("the same person in two rows", |_, r| { let again = Known { row: 12, ..known() }; r.push(again); }),
    ("roster and 271", |_, r| { let again = Known { origin: Origin::Eligibility, ids: vec![], row: 1, ..known() }; r.push(again); }),
    ("a namesake of that birth date with other numbers", |_, r| { r[0].ids = vec![text("M200")]; r[0].member_id = text("Q555444333"); }),
    ("the answer about another member of that name", |c, r| { c.header.patient.ids.clear(); r[0].origin = Origin::Eligibility; r[0].ids.clear(); r[0].member_id = text("Q555444333"); }),
    ("father and son under one name", |c, r| { c.header.patient.ids.clear(); r.push(Known { ids: vec![text("M2")], birth_date: Some(on(1950, 1, 2)), member_id: text("W555"), row: 3, ..known() }); }),
];

#[test]
fn each_difference_is_found_by_its_edit_and_by_no_other() {
    let mut words = String::new();
    let mut wrong = Vec::new();
    for (at, (id, change)) in FAULTS.iter().enumerate() {
        let findings = found(change);
        let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        if rules != [*id] {
            wrong.push(format!("{at}: {id}: {rules:?}"));
        }
        for finding in &findings {
            words.push_str(&told(id, finding));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    insta::assert_snapshot!(words);
}

#[test]
fn near_misses_are_no_differences() {
    let cried: Vec<_> = NEAR_MISSES
        .iter()
        .map(|(name, change)| (*name, found(change)))
        .filter(|(_, findings)| !findings.is_empty())
        .map(|(name, findings)| format!("{name}: {:?}", findings.iter().map(|f| &f.words).collect::<Vec<_>>()))
        .collect();
    assert!(cried.is_empty(), "{cried:#?}");
}

#[test]
fn alike_rows_are_named() {
    let findings = found(|claim, roster| {
        claim.header.patient.ids.clear();
        roster[0].ids = vec![text("M1")];
        roster.push(Known { ids: vec![text("M2")], row: 12, ..roster[0].clone() });
    });
    assert!(findings[0].words.contains("Rows 7 and 12"), "{}", findings[0].words);
}

fn names() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "Núñez",
        "O'Dell",
        "de la Cruz",
        "Smith-Jones",
        "Müller",
        "Łukasz",
        "McAllister",
        "St. James",
        "Nguyễn",
        "Lee",
    ])
    .prop_map(str::to_owned)
}

/// Written as another system would: case, apostrophes, hyphens, full stops, blanks.
fn restyled(name: &str, style: u8) -> String {
    let name: String = match style & 3 {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        _ => name.to_owned(),
    };
    let name = if style & 4 == 0 { name } else { name.replace(['\'', '.'], "") };
    let name = if style & 8 == 0 { name } else { name.replace('-', " ") };
    if style & 16 == 0 { name } else { name.replace(' ', "-") }
}

proptest! {
    #[test]
    fn cosmetics_are_never_a_difference(last in names(), first in names(), style in 0_u8..32, other_style in 0_u8..32) {
        let findings = found(|claim, roster| {
            claim.header.patient.name = person(&restyled(&last, style), &restyled(&first, other_style));
            roster[0].name = person(&last, &first);
        });
        prop_assert!(findings.is_empty(), "{findings:?}");
    }

    #[test]
    fn strangers_are_never_compared(
        strangers in proptest::collection::vec((names(), names(), 1930_u16..2020, 1_u8..13, 1_u8..29, "[A-Z][0-9]{9}"), 0..6)
    ) {
        let findings = found(|_, roster| {
            for (row, (last, first, year, month, day, member)) in (20_u64..).zip(&strangers) {
                let stranger = other(row, last, first, on(*year, *month, *day));
                roster.push(Known { ids: vec![format!("X{row}")], member_id: member.clone(), ..stranger });
            }
        });
        prop_assert!(findings.is_empty(), "{findings:?}");
    }
}
