//! Each `fixtures/<case>/input.x12` gives its `expected.json`. `CLAIMHOST_ACCEPT=1` writes what it gives now.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;

use claimhost_sdk::Adapter;
use claimhost_sdk::claim::{Date, Relationship};
use claimhost_sdk::intake::{ChargeAction, Document, Event, Outcome, Setup, VisitUpdate};
use plugin_x12_837::X12Claims;

/// The one claim of a file, cut out with its parent loops as the host does it.
fn claim(file: &[u8]) -> Vec<u8> {
    let mut frames = claimhost_x12::ClaimFrames::new(file);
    let frame = frames.next().unwrap().unwrap();
    assert!(frames.next().is_none(), "one claim a fixture");
    frame.bytes(file)
}

fn translate(content: Vec<u8>) -> Outcome {
    let adapter = X12Claims::open(Setup { settings: Vec::new(), mapping: String::new() }).unwrap();
    let received = Date { year: 2026, month: 1, day: 15 };
    adapter.translate(&Document { format: "x12-837".to_owned(), content, related: Vec::new(), received, ordinal: 0 })
}

fn update(case: &str) -> VisitUpdate {
    match translate(claim(&fs::read(format!("fixtures/{case}/input.x12")).unwrap())) {
        Outcome::Events(mut events) => match events.remove(0) {
            Event::Visit(update) => update,
            Event::Expected(_) => panic!("{case}: an expected visit"),
        },
        Outcome::Rejected(problems) => panic!("{case}: {problems:?}"),
        Outcome::Ignored(_) => panic!("{case}"),
    }
}

#[test]
fn each_fixture_gives_what_it_says() {
    let mut cases = 0;
    for entry in fs::read_dir("fixtures").unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let outcome = translate(claim(&fs::read(folder.join("input.x12")).unwrap()));
        let rejected = matches!(outcome, Outcome::Rejected(_));
        let named = folder.file_name().unwrap().to_string_lossy().starts_with("rejected");
        assert_eq!(rejected, named, "{}: {outcome:?}", folder.display());
        let found = serde_json::to_string_pretty(&[outcome]).unwrap() + "\n";
        let expected = folder.join("expected.json");
        if std::env::var_os("CLAIMHOST_ACCEPT").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&expected).unwrap(), "{}", folder.display());
        cases += 1;
    }
    assert!(cases > 10);
}

#[test]
fn corrections_say_what_happens_to_each_charge_and_to_those_not_named() {
    for (case, action, complete) in [
        ("office-visit", ChargeAction::New, false),
        ("replacement", ChargeAction::Replace, true),
        ("void", ChargeAction::Cancel, true),
    ] {
        let update = update(case);
        assert!(update.charges.iter().all(|charge| charge.action == action), "{case}");
        assert_eq!((update.complete, update.visit_number.as_str()), (complete, "LP-10001"), "{case}");
        assert_eq!(update.charges[0].id, "C-1");
    }
    let dependent = update("dependent");
    assert_eq!(dependent.charges[0].id, "1", "without REF 6R the line number is the charge's id");
    assert_eq!(dependent.header.coverages[0].relationship, Relationship::Child);
    assert_eq!(dependent.order.event_time, "20260304091530000000");
}

#[test] // one damaged element at a time: each is told at its own place, and no value is in the problem
fn what_is_wrong_is_told_at_its_place() {
    let good = fs::read_to_string("fixtures/office-visit/input.x12").unwrap();
    for (from, to, place) in [
        ("CLM*LP-10001*212.5***11:B:1", "CLM*LP-10001*2x2***11:B:1", "CLM02 "),
        ("11:B:1*Y", "11:A:1*Y", "CLM05-2"),
        ("11:B:1*Y", "11:B:4*Y", "CLM05-3"),
        ("HI*ABK:J069", "HI*ZZ:J069", "HI01-1"),
        ("DTP*472*D8*20260302", "DTP*472*D8*20261302", "DTP03"),
        ("SV1*HC:99213:25*125*UN", "SV1*XX:99213:25*125*UN", "SV101-1"),
        ("SV1*HC:99213:25*125*UN", "SV1*HC:99213:25*125*ZZ", "SV103"),
        ("SV1*HC:99213:25*125*UN*1***1:2", "SV1*HC:99213:25*125*UN*1**9*1:2", "SV106"),
        ("SBR*P*18", "SBR*Q*18", "SBR01"),
        ("SBR*P*18", "SBR*P*", "SBR02"),
        ("NM1*PR*2*NORTHWAY", "NM1*P9*2*NORTHWAY", "NM1 "),
        ("LX*1~", "XX*1~", "XX "),
        ("005010X222A1~\nBHT", "005010X224A2~\nBHT", "ST03"),
    ] {
        assert!(good.contains(from), "{from}");
        let Outcome::Rejected(problems) = translate(good.replacen(from, to, 1).into_bytes()) else {
            panic!("{to}: taken");
        };
        assert!(problems[0].at.path.starts_with(place), "{to}: {:?}", problems[0]);
        assert!(!format!("{problems:?}").contains("MARLOWE"), "{to}");
    }
}

#[test] // no prefix of a claim is taken for a claim, and none makes it panic
fn a_claim_cut_anywhere_is_rejected() {
    let good = fs::read("fixtures/office-visit/input.x12").unwrap();
    let last_line = good.windows(5).rposition(|w| w == b"LX*2~").unwrap();
    for end in 0..last_line {
        let whole_line = good[..end].ends_with(b"REF*6R*C-1~") || good[..end].ends_with(b"REF*6R*C-1~\n");
        let dated = good[..end].ends_with(b"DTP*472*D8*20260302~") || good[..end].ends_with(b"DTP*472*D8*20260302~\n");
        let taken = matches!(translate(good[..end].to_vec()), Outcome::Events(_));
        assert_eq!(taken, whole_line || dated, "cut at {end}");
    }
}
