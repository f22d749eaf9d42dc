//! The 270: how it looks, and that what was asked is what is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_x12::eligibility::*;
use claimhost_x12::*;
use proptest::prelude::*;

fn two(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

fn envelope() -> (IsaFields, GsFields) {
    let isa = IsaFields {
        authorization: two("00", ""),
        security: two("00", ""),
        sender: two("ZZ", "LINDEN01"),
        receiver: two("ZZ", "HUB"),
        date: "260504".into(),
        time: "1200".into(),
        control_number: 42,
        acknowledgement_requested: true,
        test: true,
    };
    let gs = GsFields {
        functional_id: String::new(),
        sender: "LINDEN01".into(),
        receiver: "HUB".into(),
        date: "20260504".into(),
        time: "1200".into(),
        control_number: 42,
        version: String::new(),
    };
    (isa, gs)
}

fn person(last: &str, first: &str) -> InquiryPerson {
    InquiryPerson {
        last: last.into(),
        first: first.into(),
        birth_date: Date::parse(b"19800203"),
        gender: "F".into(),
        ..InquiryPerson::default()
    }
}

fn inquiry(trace: &str) -> Inquiry {
    Inquiry {
        payer_name: "NORTHWAY HEALTH".into(),
        payer_id: "90411".into(),
        provider_name: "LINDEN FAMILY PRACTICE".into(),
        provider_npi: "1234567893".into(),
        trace: trace.into(),
        originator: "1123456789".into(),
        member_id: "W123456789".into(),
        subscriber: person("Núñez", "Orla"),
        dependent: None,
        day: Date::parse(b"20260507").unwrap(),
    }
}

fn ask(inquiries: &[Inquiry]) -> Written {
    let (isa, gs) = envelope();
    write(&isa, &gs, "000000042", &[inquiries]).unwrap()
}

#[test]
fn how_it_looks() {
    let child =
        InquiryPerson { birth_date: Date::parse(b"20150203"), gender: String::new(), ..person("VANCE", "MILO") };
    let other = Inquiry { payer_id: "77001".into(), payer_name: "SECOND HEALTH".into(), ..inquiry("T3") };
    let written = ask(&[
        inquiry("T1"),
        Inquiry { dependent: Some((child, "19".into())), ..inquiry("T2") },
        Inquiry { subscriber: InquiryPerson { suffix: "JR".into(), ..person("REED", "TOM") }, ..other },
    ]);
    let text = String::from_utf8(written.bytes.clone()).unwrap();
    insta::assert_snapshot!(text.replace('~', "~\n"));
    let ranges: Vec<_> = written.places.iter().map(|place| place.bytes.clone()).collect();
    for (range, trace) in ranges.into_iter().zip(["T1", "T2", "T3"]) {
        let part = &text[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
        assert!(
            part.starts_with("HL*") && part.ends_with("EQ*30~") && part.contains(&format!("TRN*1*{trace}*")),
            "{part}"
        );
    }
}

#[test]
fn what_cannot_be_written_is_named_and_nothing_is() {
    let bad = |change: fn(&mut Inquiry)| {
        let mut one = inquiry("T1");
        change(&mut one);
        unwritable(&one)
    };
    assert_eq!(bad(|_| {}), None);
    assert_eq!(bad(|one| one.member_id.clear()), Some("2100C NM109"));
    assert_eq!(bad(|one| one.payer_name = "A*B".into()), Some("2100A NM103"));
    assert_eq!(bad(|one| one.subscriber.last = " ".into()), Some("2100C NM1"));
    assert_eq!(bad(|one| one.dependent = Some((person("VANCE", "MI~LO"), String::new()))), Some("2100D NM1"));
    let (isa, gs) = envelope();
    assert_eq!(write(&isa, &gs, "1", &[]), Err(InquiryError::Empty));
    let mut broken = inquiry("T2");
    broken.subscriber.first = "OR:LA".into();
    let error = write(&isa, &gs, "1", &[&[inquiry("T1")], &[broken]]).unwrap_err();
    assert!(error.to_string().starts_with("question 2: NM1"), "{error}");
    assert!(!error.to_string().contains("LA"), "{error}");
}

#[test]
fn more_than_a_transaction_holds_go_into_the_next() {
    let many: Vec<Inquiry> = (0..100).map(|n| inquiry(&format!("T{n}"))).collect();
    let written = ask(&many);
    assert_eq!((written.places[98].transaction.as_str(), written.places[99].transaction.as_str()), ("0001", "0002"));
    let transmission = Transmission::read(&written.bytes);
    assert!(transmission.is_sound(), "{:?}", transmission.problems);
    let read = read_inquiries(&transmission).transactions;
    let references: Vec<&str> = read.iter().map(|one| one.value.reference.as_str()).collect();
    assert_eq!(references, ["000000042", "000000042-2"]);
}

/// Text that a name may be.
fn name() -> impl Strategy<Value = String> {
    "[A-Z][A-Z' .-]{0,20}[A-Z]"
}

fn any_person() -> impl Strategy<Value = InquiryPerson> {
    let day = (1900_u16..2026, 1_u8..13, 1_u8..29);
    let optional = || prop_oneof![Just(String::new()), name()];
    let gender = prop_oneof![Just(""), Just("F"), Just("M")];
    (name(), name(), optional(), optional(), proptest::option::of(day), gender).prop_map(
        |(last, first, middle, suffix, day, gender)| InquiryPerson {
            last,
            first,
            middle,
            suffix,
            birth_date: day.map(|(year, month, day)| Date { year, month, day }),
            gender: gender.to_owned(),
        },
    )
}

fn any_inquiry() -> impl Strategy<Value = Inquiry> {
    let dependent = proptest::option::of((any_person(), prop_oneof![Just("01"), Just("19"), Just("34"), Just("")]));
    (any_person(), dependent, "[A-Z0-9]{2,20}", "[A-Z0-9]{4,16}", 0_u8..3).prop_map(
        |(subscriber, dependent, member_id, trace, payer)| Inquiry {
            payer_id: format!("9041{payer}"),
            member_id,
            trace,
            subscriber,
            dependent: dependent.map(|(person, relationship)| (person, relationship.to_owned())),
            ..inquiry("")
        },
    )
}

fn is(party: &Party, person: &InquiryPerson) -> bool {
    let InquiryPerson { last, first, middle, suffix, .. } = person;
    (&party.name, &party.first, &party.middle, &party.suffix) == (last, first, middle, suffix)
}

proptest! {
    #[test]
    fn what_was_asked_is_what_is_read(inquiries in proptest::collection::vec(any_inquiry(), 1..12)) {
        let written = ask(&inquiries);
        let transmission = Transmission::read(&written.bytes);
        prop_assert!(transmission.is_sound(), "{:?}", transmission.problems);
        let read = read_inquiries(&transmission);
        prop_assert!(read_transmission(&transmission).transactions.is_empty());
        let [one] = &read.transactions[..] else { panic!("one ST") };
        prop_assert!(one.is_clean(), "{:?}", one.problems);
        let asked: Vec<&Member> = one.value.members.iter().filter(|member| !member.traces.is_empty()).collect();
        prop_assert_eq!(asked.len(), inquiries.len());
        for (member, inquiry) in asked.iter().zip(&inquiries) {
            prop_assert_eq!(&member.traces[0].number, &inquiry.trace);
            prop_assert_eq!(&member.traces[0].originator, &inquiry.originator);
            prop_assert_eq!(&member.member_id, &inquiry.member_id);
            prop_assert_eq!(&member.payer.as_ref().unwrap().id, &inquiry.payer_id);
            prop_assert_eq!(&member.receiver.as_ref().unwrap().id, &inquiry.provider_npi);
            prop_assert_eq!(member.from, Some(inquiry.day));
            let subscriber = (inquiry.subscriber.clone(), String::new());
            let (person, relationship) = inquiry.dependent.as_ref().unwrap_or(&subscriber);
            prop_assert_eq!(member.is_dependent, inquiry.dependent.is_some());
            prop_assert!(is(member.person.as_ref().unwrap(), person));
            prop_assert_eq!(member.birth_date, person.birth_date);
            prop_assert_eq!(&member.gender, &person.gender);
            prop_assert_eq!(&member.relationship, relationship);
        }
    }

    #[test] // what lacks nothing but the last terminator is whole
    fn a_cut_270_is_never_sound(cut in 2_usize..400) {
        let bytes = ask(&[inquiry("T1")]).bytes;
        let end = bytes.len().saturating_sub(cut).max(1);
        prop_assert!(!Transmission::read(&bytes[..end]).is_sound());
    }
}
