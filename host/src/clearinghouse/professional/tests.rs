//! Grouping, numbering, trace positions and refusals of the writer. What is in the loops is tested from the contract
//! (`host/tests/contract_837p.rs`) and with real files (`host/tests/x12_roundtrip.rs`).

use claimhost_x12::{Segment, Transmission};

use super::*;
use crate::claim::{ContactKind, ContactNumber, DiagnosisSystem, Outcome, ProviderIdKind, visits};

fn envelope() -> Envelope {
    let partner = |id: &str| Partner { qualifier: "ZZ".into(), id: id.into(), application_id: id.into() };
    let number = ContactNumber { kind: ContactKind::Telephone, value: "6145550100".into() };
    Envelope {
        sender: partner("SENDER"),
        receiver: partner("RECEIVER"),
        submitter: Submitter {
            is_person: false,
            name: "SUBMITTER".into(),
            first: String::new(),
            id: "S1".into(),
            contacts: vec![Contact { name: "OFFICE".into(), numbers: vec![number] }],
        },
        receiver_name: Receiver { name: "RECEIVER".into(), id: "R1".into() },
        test: true,
        interchange_control: 42,
        group_control: 7,
        first_transaction: 3,
        reference: "REFERENCE".into(),
        purpose: Purpose::Chargeable,
        created: Created { day: Date { year: 2026, month: 3, day: 2 }, hour: 10, minute: 5 },
    }
}

fn claim(fixture: &str) -> Claim {
    let text = match fixture {
        "plain" => include_str!("../../../../plugins/ehr/x12-837/fixtures/office-visit/expected.json"),
        "dependent" => include_str!("../../../../plugins/ehr/x12-837/fixtures/dependent/expected.json"),
        _ => include_str!("../../../../plugins/ehr/x12-837/fixtures/secondary/expected.json"),
    };
    let outcomes: Vec<Outcome> = serde_json::from_str(text).unwrap();
    let Some(Outcome::Events(events)) = outcomes.into_iter().next() else { panic!("{fixture} is rejected") };
    claim_of(&visits(events)[0])
}

fn numbered(fixture: &str, number: usize) -> Claim {
    Claim { control_number: format!("CH{number:06}"), ..claim(fixture) }
}

/// The segments of a transaction by position, ST = 1.
fn segments<'a>(file: &Transmission<'a>, n: usize) -> Vec<Segment<'a>> {
    file.transactions().nth(n).unwrap().2.segments().collect()
}

#[test]
fn claims_share_their_parents_and_every_trace_points_at_its_claim() {
    let mut other = numbered("plain", 2);
    other.header.patient.name.first = "RUTH".into();
    let mut later = numbered("dependent", 5); // the same child again, after another subscriber
    later.lines[0].charge += 100;
    let claims =
        [numbered("plain", 0), numbered("dependent", 1), other, numbered("plain", 3), numbered("secondary", 4), later];
    let claims: Vec<&Claim> = claims.iter().collect();
    let written = write(&envelope(), &claims).unwrap();
    let file = Transmission::read(&written.bytes);
    assert!(file.is_sound(), "{:?}", file.problems);
    let all = segments(&file, 0);
    let count = |id: &str, level: &str| all.iter().filter(|s| s.is(id) && s.text(3) == level).count();
    // The dependent's file has a pay-to address: another 2000A.
    assert_eq!((count("HL", "20"), count("HL", "22"), count("HL", "23")), (2, 4, 1));
    for (claim, trace) in claims.iter().zip(&written.claims) {
        assert_eq!(trace.transaction, "0003");
        let clm = &all[trace.clm_position as usize - 1];
        assert_eq!((clm.text(0).as_ref(), clm.text(1).as_ref()), ("CLM", claim.control_number.as_str()));
        assert_eq!(clm.offset, trace.bytes.start);
        let last = &all[trace.positions.end as usize - 2];
        assert_eq!(last.end(), trace.bytes.end);
        let innermost = trace.parents.last().unwrap();
        assert_eq!(all[innermost.start as usize - 1].text(1), trace.hierarchy.to_string());
        let levels: Vec<_> = trace.parents.iter().map(|p| all[p.start as usize - 1].text(3).into_owned()).collect();
        assert_eq!(levels, ["20", "22", "23"][..trace.parents.len()]);
        assert_eq!(trace.lines.len(), claim.lines.len());
        for (n, line) in trace.lines.iter().enumerate() {
            let lx = &all[line.positions.start as usize - 1];
            assert_eq!(
                (lx.text(0).as_ref(), lx.text(1).as_ref(), lx.offset),
                ("LX", line.number.to_string().as_str(), line.bytes.start)
            );
            let next = trace.lines.get(n + 1).map_or(trace.positions.end, |next| next.positions.start);
            assert_eq!(line.positions.end, next);
        }
    }
    assert_eq!(written.claims[1].hierarchy, written.claims[5].hierarchy, "one 2000C for both claims of the child");
    let parent = |hl: &Segment<'_>| hl.text(2).into_owned();
    for hl in all.iter().filter(|s| s.is("HL") && s.text(3) != "20") {
        let mut above = all.iter().filter(|s| s.is("HL") && s.offset < hl.offset);
        let wanted = if hl.text(3) == "22" { "20" } else { "22" };
        assert_eq!(above.rfind(|s| s.text(3) == wanted).unwrap().text(1), parent(hl));
    }
}

#[test]
fn a_transaction_takes_5000_claims_and_a_patient_100() {
    let claims: Vec<Claim> = (0..5_101).map(|n| numbered("plain", n)).collect();
    let claims: Vec<&Claim> = claims.iter().collect();
    let written = write(&envelope(), &claims).unwrap();
    let file = Transmission::read(&written.bytes);
    assert!(file.is_sound());
    assert_eq!(file.transactions().count(), 2);
    for (n, claims, subscribers) in [(0, 5_000, 50), (1, 101, 2)] {
        let all = segments(&file, n);
        assert_eq!(all.iter().filter(|s| s.is("CLM")).count(), claims);
        assert_eq!(all.iter().filter(|s| s.is("HL") && s.text(3) == "22").count(), subscribers);
    }
    assert_eq!(segments(&file, 1)[1].text(3), "REFERENCE-2");
    assert_eq!(written.claims[5_000].transaction, "0004");
    assert_eq!(written.claims.len(), 5_101);
}

#[test]
fn a_value_that_x12_cannot_carry_is_named_and_not_shown() {
    for (text, found) in [("MAR*LOWE", "delimiter"), ("MAR\nLOWE", "control"), ("MAR北LOWE", "ASCII")] {
        let mut claim = claim("plain");
        claim.header.patient.name.last = text.into();
        claim.header.location = "not sent: *".into();
        let error = write(&envelope(), &[&claim]).unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains("header.patient.name.last") && shown.contains(found), "{shown}");
        assert!(!shown.contains("LOWE") && !format!("{error:?}").contains("LOWE"), "{error:?}");
        assert_eq!(unwritable(&claim).len(), 1, "a field that is not sent does not count");
    }
    let mut accented = claim("plain");
    accented.header.patient.name.last = "MÄRLÖWE".into();
    let written = write(&envelope(), &[&accented]).unwrap();
    assert!(String::from_utf8(written.bytes).unwrap().contains("*MARLOWE*"), "accents are left off, as cards do");
    let mut envelope = envelope();
    envelope.submitter.name = "A~B".into();
    assert!(matches!(write(&envelope, &[&claim("plain")]), Err(WriteError::Envelope(_))));
}

#[test]
fn what_blocks_and_what_is_missing_is_told_by_its_field() {
    let mut foreign = claim("plain");
    foreign.header.diagnoses[1].system = DiagnosisSystem::Other;
    match write(&envelope(), &[&claim("plain"), &foreign]) {
        Err(WriteError::Blocked { claim: 1, refusal }) => assert_eq!(refusal.at, "header.diagnoses[1].system"),
        other => panic!("{other:?}"),
    }
    let mut unsigned = claim("plain");
    unsigned.header.provider_signature = None;
    let error = write(&envelope(), &[&unsigned]).unwrap_err();
    assert_eq!(error, WriteError::Missing { claim: 0, field: "header.provider-signature" });
    let mut nowhere = claim("plain");
    nowhere.destination = 9;
    assert_eq!(write(&envelope(), &[&nowhere]).unwrap_err(), WriteError::Missing { claim: 0, field: "destination" });
    assert_eq!(write(&envelope(), &[]).unwrap_err(), WriteError::Empty);
}

#[test]
fn a_loop_that_would_repeat_another_is_left_out() {
    let mut claim = claim("plain");
    let billing = claim.header.billing.clone();
    claim.header.service_facility = billing.clone();
    claim.header.rendering = billing;
    let text = String::from_utf8(write(&envelope(), &[&claim]).unwrap().bytes).unwrap();
    assert!(!text.contains("NM1*77") && !text.contains("NM1*82"));
    let reasons = refusals(&claim);
    assert!(reasons.iter().any(|r| r.field == "header.service-facility" && r.sending == Sending::NotSent));
    if let Some(facility) = &mut claim.header.service_facility {
        facility.ids.retain(|id| id.kind != ProviderIdKind::Employer);
        facility.npi = Some("1633001106".into());
    }
    let text = String::from_utf8(write(&envelope(), &[&claim]).unwrap().bytes).unwrap();
    assert!(text.contains("NM1*77*2*"));
}
