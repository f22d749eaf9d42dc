//! A hold that is wrong, through the real binary: a biller accepts it with a reason, the claim leaves, and nothing else does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, Site};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PROFILE: &str = "practices/my-practice/profile.toml";
const REASON: &str = "Ten units of a kit, agreed with Dr Vance";

/// Claims sent and held after a run.
fn ends(site: &Site) -> (u64, u64) {
    let summary = site.run(DAY);
    let count = |state: &str| summary["claims"][state].as_u64().unwrap();
    (count("submitted"), count("held"))
}

/// Two claims that are held because ten times the fee was charged.
fn held() -> Site {
    let site = Site::new();
    site.edit(PROFILE, "bill_hold_days = 0", "bill_hold_days = 0\nfees = \"fees.csv\"");
    site.write("practices/my-practice/fees.csv", b"code,fee\n99213,90.00\n");
    for number in 1..=2 {
        let name = format!("{number}.hl7");
        site.hl7(&name, Charge::new(number).message().replace("|90.00|", "|900.00|").as_bytes());
    }
    assert_eq!(ends(&site), (0, 2));
    site
}

fn accept(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let out = site.command(&[&["--as-of", DAY, "claim", "accept"], arguments].concat());
    (out.status.code(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap())
}

fn findings(site: &Site, claim: &str) -> Vec<Value> {
    site.json(&["claim", "why", claim])["findings"].as_array().unwrap().clone()
}

#[test]
fn what_is_right_as_it_is_leaves_and_says_who_said_so() {
    let site = held();
    let (code, said) = accept(&site, &["1", "typo.charge", "--reason", REASON, "--by", "Kit"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(ends(&site), (1, 1));
    let finding = &findings(&site, "1")[0];
    assert_eq!((&finding["severity"], &finding["accepted"]["by"]), (&"hold".into(), &"Kit".into()), "{finding}");
    assert_eq!((&finding["accepted"]["reason"], &finding["accepted"]["on"]), (&REASON.into(), &DAY.into()));
    // It is no longer work, neither of the claim nor of the detector; the other claim's is.
    let work = site.json(&["--as-of", DAY, "work", "list"]);
    let subjects: Vec<&str> = work.as_array().unwrap().iter().map(|item| item["subject"].as_str().unwrap()).collect();
    assert!(subjects.iter().all(|subject| subject.ends_with("/2")) && !subjects.is_empty(), "{work}");
    let history = site.json(&["claim", "history", "1"]);
    let events: Vec<&str> = history.as_array().unwrap().iter().map(|row| row["event"].as_str().unwrap()).collect();
    assert!(events.contains(&"typo.charge accepted"), "{history}");
    // Words of the reason are the practice's own and reach no history.
    assert!(!history.to_string().contains("Vance"), "{history}");
}

#[test]
fn another_value_is_another_finding() {
    let site = held();
    accept(&site, &["2", "typo.charge", "--reason", REASON]);
    let later = Charge::new(2).message().replace("|MSG2|", "|MSG2B|").replace("20260501120000", "20260502120000");
    site.hl7("3.hl7", later.replace("|90.00|", "|9000.00|").as_bytes());
    assert_eq!(ends(&site), (0, 2));
    let found = findings(&site, "2");
    assert!(found.iter().any(|finding| finding["rule"] == "typo.charge"), "{found:?}");
    assert!(found.iter().all(|finding| finding["accepted"].is_null()), "{found:?}");
}

#[test]
fn a_word_can_be_taken_back_until_the_claim_has_left() {
    let site = held();
    accept(&site, &["1", "typo.charge", "--reason", REASON]);
    let control = site.json(&["claim", "show", "1"])["versions"][0]["control_number"].as_str().unwrap().to_owned();
    // The claim is named by its CLM01 as well, as findings and payers name it.
    assert_eq!(site.json(&["claim", "why", &control])["id"], "my-practice/1");
    for wrong in [&[control.as_str(), "typo.charge", "--take-back"][..], &["1", "typo.charge", "--take-back"]] {
        let first = wrong[0] == control;
        let (code, said) = accept(&site, wrong);
        assert_eq!(code, Some(if first { 0 } else { 4 }), "{said}");
        assert!(first || said.contains("no finding of `typo.charge` was accepted; nothing was changed"), "{said}");
    }
    assert_eq!(ends(&site), (0, 2));
}

#[test]
fn what_no_word_can_mend_stays() {
    let site = held();
    for (arguments, part) in [
        (&["1", "no.such-rule", "--reason", "x"][..], "no finding of `no.such-rule` holds it; nothing was changed"),
        (&["99", "typo.charge", "--reason", "x"], "there is no claim `99`"),
        (&["NOSUCHNUMBER", "typo.charge", "--reason", "x"], "there is no claim `NOSUCHNUMBER`"),
    ] {
        let (code, said) = accept(&site, arguments);
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains(part), "{said}");
    }
    for arguments in [&["1", "typo.charge"][..], &["1", "typo.charge", "--reason", ""], &["1", "--reason", "x"]] {
        assert_eq!(accept(&site, arguments).0, Some(2), "{arguments:?}");
    }
    // A rule that holds for a standard's sake: the member id is not there at all.
    site.hl7("3.hl7", Charge::new(3).message().replace("|ID3|", "||").as_bytes());
    assert_eq!(ends(&site), (0, 3));
    let refused = findings(&site, "3");
    let rule = refused.iter().find(|finding| finding["severity"] == "reject").unwrap()["rule"].as_str().unwrap();
    let (code, said) = accept(&site, &["3", rule, "--reason", "x"]);
    assert!(code == Some(4) && said.contains("cannot be accepted"), "{said}");
    assert_eq!(ends(&site), (0, 3));
}
