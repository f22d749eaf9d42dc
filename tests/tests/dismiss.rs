//! A biller's word that a visit is not to be billed: the way out where the EHR will not take back what it has told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{Charge, Site};
use claimhost_tests::x12::{check, clp};
use serde_json::{Value, json};

const DAY: &str = "2026-05-20";
const WHY: [&str; 4] = ["--reason", "told twice", "--by", "R. Biller"];

fn dismiss(site: &Site, visit: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["--as-of", DAY, "visit", "dismiss", visit];
    arguments.extend(more);
    site.json(&arguments)
}

/// What a refused command says.
fn refused(site: &Site, arguments: &[&str]) -> String {
    let output = site.command(arguments);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn visit(site: &Site, number: &str) -> Value {
    site.json(&["visit", "show", number])
}

fn work(site: &Site) -> Vec<String> {
    let listed = site.json(&["work", "list"]);
    listed.as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

/// Held, submitted, and the cents of both.
fn claims(summary: &Value) -> [u64; 4] {
    let [held, sent] = ["held", "submitted"].map(|state| summary["claims"][state].as_u64().unwrap());
    [held, sent, summary["cents"]["held"].as_u64().unwrap(), summary["cents"]["billed"].as_u64().unwrap()]
}

#[test]
fn charges_under_a_shared_account_come_again_under_their_visits_and_the_account_is_dismissed() {
    let site = Site::new();
    let put = |name: &str, visits: [&str; 2]| {
        let [one, other] = visits.map(|visit| {
            let message = Charge::new(1).message().replace("|V1\r", &format!("|{visit}\r"));
            message.replace("43001\rPV1", "43001|||||||A77\rPV1")
        });
        let other = other.replace("|C1||20260501|", "|C2||20260502|").replace("|MSG1|", "|MSG2|");
        site.hl7(name, (one + &other.replace("20260501120000", "20260502120000")).as_bytes());
    };
    put("a.hl7", ["", ""]);
    assert_eq!(claims(&site.run(DAY)), [1, 0, 18_000, 18_000]);
    put("b.hl7", ["V1", "V2"]);
    site.run(DAY);
    assert_eq!(dismiss(&site, "A77", &WHY), json!({"id": "my-practice/1", "dismissed": true}));
    let summary = site.run(DAY);
    assert_eq!(claims(&summary), [0, 2, 0, 18_000], "{summary}");
    assert_eq!(work(&site), Vec::<String>::new());
    let shown = visit(&site, "A77");
    assert_eq!((&shown["state"], &shown["claims"]), (&"not-billable".into(), &json!([])), "{shown}");
    assert_eq!(shown["dismissed"], json!({"by": "R. Biller", "reason": "told twice", "on": DAY}));
    site.assert_accounted(DAY);
}

#[test]
fn news_of_a_dismissed_visit_are_held_until_somebody_has_seen_them() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().replace("EXAMPLE", "NOBODY").as_bytes());
    assert_eq!(claims(&site.run(DAY))[..2], [1, 0]);
    dismiss(&site, "V1", &WHY);
    let summary = site.run(DAY);
    assert_eq!((claims(&summary), work(&site)), ([0; 4], vec![]), "{summary}");
    // The same message again is no news; another charge is.
    site.hl7("b.hl7", Charge::new(1).message().replace("EXAMPLE", "NOBODY").replace("|MSG1|", "|MSG9|").as_bytes());
    assert_eq!(claims(&site.run(DAY)), [0; 4]);
    let later = Charge::new(1).message().replace("20260501120000", "20260502120000").replace("|MSG1|", "|MSG2|");
    site.hl7("c.hl7", later.as_bytes());
    let summary = site.run(DAY);
    assert_eq!(claims(&summary), [1, 0, 9_000, 9_000], "{summary}");
    let held = site.json(&["claim", "list"])[0]["id"].as_str().unwrap().to_owned();
    let why = site.json(&["claim", "why", &held]).to_string();
    assert!(why.contains("visit.dismissed") && why.contains("visit dismiss"), "{why}");
    site.assert_accounted(DAY);
    // Seen, and dismissed again; and then it is to be billed after all.
    dismiss(&site, "V1", &WHY);
    assert_eq!(claims(&site.run(DAY)), [0; 4]);
    dismiss(&site, "V1", &["--take-back"]);
    let summary = site.run(DAY);
    assert_eq!(claims(&summary), [0, 1, 0, 9_000], "{summary}");
    assert_eq!(visit(&site, "V1")["dismissed"], Value::Null);
    site.assert_accounted(DAY);
}

#[test]
fn news_of_a_dismissed_visit_that_are_accepted_are_billed() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().replace("|C1|", "|C0|").as_bytes());
    site.edit("practices/my-practice/profile.toml", "bill_hold_days = 0", "bill_hold_days = 2");
    site.run(DAY);
    // It waits for its hold, and is not to be billed at once.
    dismiss(&site, "V1", &WHY);
    assert_eq!(visit(&site, "V1")["state"], "not-billable");
    site.assert_accounted(DAY);
    site.hl7("b.hl7", Charge::new(1).message().replace("|MSG1|", "|MSG2|").replace("99213", "99214").as_bytes());
    assert_eq!(visit(&site, "V1")["state"], "not-billable");
    site.run(DAY);
    assert_eq!(visit(&site, "V1")["state"], "open");
    assert_eq!(claims(&site.run("2026-05-22"))[..2], [1, 0]);
    let held = site.json(&["claim", "list"])[0]["id"].as_str().unwrap().to_owned();
    site.json(&["claim", "accept", &held, "visit.dismissed", "--reason", "both were done", "--by", "R. Biller"]);
    let summary = site.run("2026-05-22");
    assert_eq!(claims(&summary), [0, 1, 0, 18_000], "{summary}");
    site.assert_accounted("2026-05-22");
}

#[test]
fn news_after_a_second_dismissal_are_held_whoever_accepted_the_first_ones() {
    let site = Site::new();
    let charge = |number: u32| {
        Charge::new(1).message().replace("|C1|", &format!("|C{number}|")).replace("|MSG1|", &format!("|MSG{number}|"))
    };
    site.hl7("a.hl7", charge(1).replace("EXAMPLE", "NOBODY").as_bytes());
    site.run(DAY);
    dismiss(&site, "V1", &WHY);
    site.hl7("b.hl7", charge(2).replace("99213", "99212").as_bytes());
    site.run(DAY);
    let held = site.json(&["claim", "list"])[0]["id"].as_str().unwrap().to_owned();
    site.json(&["claim", "accept", &held, "visit.dismissed", "--reason", "both were done", "--by", "R. Biller"]);
    dismiss(&site, "V1", &WHY);
    assert_eq!(claims(&site.run(DAY)), [0; 4]);
    site.hl7("c.hl7", charge(3).replace("99213", "99214").as_bytes());
    assert_eq!(claims(&site.run(DAY))[..2], [1, 0]);
    site.assert_accounted(DAY);
}

#[test]
fn a_dismissed_visit_that_the_ehr_takes_back_too_is_no_work() {
    let site = Site::new();
    let message = Charge::new(1).message().replace("EXAMPLE", "NOBODY");
    site.hl7("a.hl7", message.as_bytes());
    site.run(DAY);
    dismiss(&site, "V1", &WHY);
    let later = |text: String, number: u32| {
        text.replace("20260501120000", &format!("2026050{number}120000")).replace("|MSG1|", &format!("|MSG{number}|"))
    };
    site.hl7("b.hl7", later(message.replace("|CG|", "|DT|"), 2).as_bytes());
    site.run(DAY);
    assert_eq!((work(&site), &visit(&site, "V1")["state"]), (vec![], &"not-billable".into()));
    let without: String = message.split_inclusive('\r').filter(|segment| !segment.starts_with("FT1")).collect();
    let admission =
        |event: &str| without.replace("DFT^P03", &format!("ADT^{event}")).replace("EVN|P03", &format!("EVN|{event}"));
    for (number, event) in [(3, "A08"), (4, "A11")] {
        site.hl7(&format!("{event}.hl7"), later(admission(event), number).as_bytes());
        assert_eq!(claims(&site.run(DAY)), [0; 4], "{event}");
        assert_eq!(work(&site), Vec::<String>::new(), "{event}");
        site.assert_accounted(DAY);
    }
}

#[test]
fn what_has_left_is_voided_only_where_that_is_said() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    assert_eq!(claims(&site.run(DAY)), [0, 1, 0, 9_000]);
    let words = refused(&site, &["--as-of", DAY, "visit", "dismiss", "V1", "--reason", "a test patient"]);
    assert!(words.contains("1 of its claims have left") && words.contains("--void"), "{words}");
    assert_eq!(claims(&site.run(DAY)), [0, 1, 0, 9_000]);
    dismiss(&site, "V1", &["--void", "--reason", "a test patient"]);
    site.run(DAY);
    assert_eq!(work(&site), ["visit.correction-waits"], "a void names the payer's number of what it voids");
    site.assert_accounted(DAY);
}

/// The payer's file names a claim that is still here. Its money is nobody's yet, and the claim may go.
#[test]
fn a_payment_for_a_claim_that_never_left_stops_nothing_when_its_visit_is_dismissed() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().replace("EXAMPLE", "NOBODY").as_bytes());
    site.run(DAY);
    let id = site.json(&["claim", "list"])[0]["id"].as_str().unwrap().to_owned();
    let number = site.json(&["claim", "show", &id])["versions"][0]["control_number"].as_str().unwrap().to_owned();
    let paid = clp(&number, "1", "90", "70", &["CO*45*20"]);
    site.answer("1.835", check(1, "I*70*C", "EXAMPLE", "1234567893", &[paid], "").as_bytes());
    site.run(DAY);
    assert!(work(&site).contains(&"remittance.unapplied".to_owned()), "{:?}", work(&site));
    dismiss(&site, "V1", &WHY);
    let summary = site.run(DAY);
    assert_eq!((claims(&summary), &summary["claims"]["total"]), ([0; 4], &0.into()), "{summary}");
    site.hl7("b.hl7", Charge::of_nobody_else(2).message().as_bytes());
    assert_eq!(claims(&site.run(DAY)), [0, 1, 0, 9_000], "the practice goes on");
    site.assert_accounted(DAY);
}

#[test]
fn a_word_that_cannot_be_kept_changes_nothing() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    for (arguments, words) in [
        (&["visit", "dismiss", "V9", "--reason", "x"][..], "no visit"),
        (&["visit", "dismiss", "V1", "--take-back"], "was not dismissed"),
    ] {
        let told = refused(&site, arguments);
        assert!(told.contains(words), "{told}");
    }
    for arguments in [&["visit", "dismiss", "V1"][..], &["visit", "dismiss", "V1", "--reason", " "]] {
        assert_eq!(site.command(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn charges_that_the_ehr_took_back_before_they_were_billed_are_not_missing() {
    let site = Site::new();
    let message = Charge::new(1).message();
    let back = message.replace("|CG|", "|DT|").replace("20260501120000", "20260501130000").replace("|MSG1|", "|MSG2|");
    site.hl7("a.hl7", (message.clone() + &back).as_bytes());
    let summary = site.run(DAY);
    assert_eq!((claims(&summary), work(&site)), ([0; 4], vec![]), "{summary}");
    assert_eq!(visit(&site, "V1")["state"], "not-billable");
    site.assert_accounted(DAY);
    // Charged again, it is billed.
    let again = message.replace("20260501120000", "20260501140000").replace("|MSG1|", "|MSG3|");
    site.hl7("b.hl7", again.as_bytes());
    let summary = site.run(DAY);
    assert_eq!(claims(&summary), [0, 1, 0, 9_000], "{summary}");
    site.assert_accounted(DAY);
}
