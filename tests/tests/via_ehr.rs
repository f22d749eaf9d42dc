//! Claims that the EHR's own billing sends: followed to the same ends, never sent from here, and never billed twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{Charge, Site};
use claimhost_tests::x12::{check, clp};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PROFILE: &str = "practices/my-practice/profile.toml";

fn site() -> Site {
    let site = Site::new();
    site.edit(PROFILE, "route = \"clearinghouse\"", "route = \"via-ehr\"");
    site
}

fn shown(site: &Site) -> (String, Vec<(String, i64)>) {
    let visit = site.json(&["visit", "show", "V1"]);
    let of = |claim: &Value| (claim["state"].as_str().unwrap().to_owned(), claim["billed_cents"].as_i64().unwrap());
    (visit["state"].as_str().unwrap().to_owned(), visit["claims"].as_array().unwrap().iter().map(of).collect())
}

fn work(site: &Site) -> Vec<(String, String)> {
    let listed = site.json(&["work", "list"]);
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(|item| (text(item, "kind"), text(item, "words"))).collect()
}

/// The same visit later, with another amount.
fn corrected() -> String {
    let message = Charge::new(1).message().replace("20260501120000", "20260502120000").replace("|MSG1|", "|MSG2|");
    message.replace("|CG|", "|AJ|").replace("90.00", "80.00")
}

#[test]
fn a_claim_of_the_ehr_s_billing_follows_the_visit_and_never_leaves() {
    let site = site();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    assert_eq!(shown(&site), ("billed".into(), vec![("submitted".into(), 9_000)]));
    site.assert_accounted(DAY);
    site.hl7("b.hl7", corrected().as_bytes());
    site.run(DAY);
    assert_eq!(shown(&site), ("amended".into(), vec![("submitted".into(), 8_000)]));
    site.assert_accounted(DAY);
    let cancelled: String = corrected().split_inclusive('\r').filter(|line| !line.starts_with("FT1")).collect();
    let cancelled =
        cancelled.replace("DFT^P03", "ADT^A11").replace("EVN|P03", "EVN|A11").replace("20260502", "20260503");
    site.hl7("c.hl7", cancelled.as_bytes());
    site.run(DAY);
    assert_eq!(shown(&site), ("cancelled".into(), vec![("submitted".into(), 0)]));
    assert_eq!((work(&site), site.outbox()), (vec![], vec![]));
    site.assert_accounted(DAY);
}

/// What left, in whole.
fn sent(site: &Site) -> String {
    site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect()
}

#[test]
fn what_the_ehr_s_billing_has_sent_is_not_sent_again_when_the_payer_comes_to_the_clearinghouse() {
    let site = site();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    // A correction that is held is no sign that nothing has left.
    let held = corrected().replace("|1|80.00", "|0|80.00").replace("|20260501||CG", "|20260502||CG");
    assert_ne!(held, corrected());
    site.hl7("b.hl7", held.as_bytes());
    site.run(DAY);
    site.edit(PROFILE, "route = \"via-ehr\"", "route = \"clearinghouse\"");
    site.hl7("c.hl7", corrected().replace("20260502", "20260503").as_bytes());
    site.hl7("d.hl7", Charge::of_nobody_else(2).message().as_bytes());
    site.run(DAY);
    let [(kind, words)] = work(&site).try_into().unwrap();
    assert!(kind == "visit.amendment" && words.contains("billed twice"), "{kind}: {words}");
    assert_eq!(sent(&site).matches("~CLM*").count(), 1, "that of the other visit: {}", sent(&site));
    site.assert_accounted(DAY);
    site.hl7("e.hl7", corrected().replace("80.00", "70.00").replace("20260502", "20260504").as_bytes());
    site.run(DAY);
    assert_eq!(work(&site).len(), 1);
    // The payer goes back to the EHR's billing: nothing is left to settle.
    site.edit(PROFILE, "route = \"clearinghouse\"", "route = \"via-ehr\"");
    site.run(DAY);
    assert_eq!((work(&site), shown(&site).1), (vec![], vec![("submitted".into(), 7_000)]));
    site.assert_accounted(DAY);
}

#[test]
fn what_was_held_while_the_ehr_s_billing_sent_is_asked_about_when_the_payer_comes_to_the_clearinghouse() {
    let site = site();
    site.hl7("a.hl7", Charge::new(1).message().replace("|1|90.00", "|0|90.00").as_bytes());
    site.run(DAY);
    assert_eq!(shown(&site).1[0].0, "held");
    site.edit(PROFILE, "route = \"via-ehr\"", "route = \"clearinghouse\"");
    site.hl7("b.hl7", corrected().as_bytes());
    site.run(DAY);
    let claims = site.json(&["claim", "list", "--findings"]);
    let rules: Vec<&str> =
        claims[0]["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"claim.route-changed"), "{claims}");
    assert_eq!(sent(&site), "");
    let id = claims[0]["claim_id"].as_u64().unwrap().to_string();
    site.json(&[
        "--as-of",
        DAY,
        "claim",
        "accept",
        &format!("my-practice/{id}"),
        "claim.route-changed",
        "--reason",
        "it sent none",
    ]);
    site.run(DAY);
    assert_eq!(sent(&site).matches("~CLM*").count(), 1, "{}", sent(&site));
    site.assert_accounted(DAY);
}

#[test]
fn what_we_have_sent_is_voided_by_us_though_the_ehr_s_billing_sends_that_payer_s_claims_now() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let number = sent(&site).split("~CLM*").nth(1).unwrap().split('*').next().unwrap().to_owned();
    site.answer(
        "1.835",
        check(1, "H*0*C", "EXAMPLE", "1234567893", &[clp(&number, "4", "90", "0", &["CO*16*90"])], "").as_bytes(),
    );
    site.edit(PROFILE, "route = \"clearinghouse\"", "route = \"via-ehr\"");
    site.run(DAY);
    let refused = site.command(&["visit", "dismiss", "V1", "--reason", "a test patient"]);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    site.json(&["--as-of", DAY, "visit", "dismiss", "V1", "--void", "--reason", "a test patient"]);
    site.run(DAY);
    assert!(sent(&site).contains("*90***11:B:8*"), "{}", sent(&site));
    site.assert_accounted(DAY);
}

#[test]
fn a_claim_of_the_ehr_s_billing_is_dismissed_with_a_word_on_its_void() {
    let site = site();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let refused = site.command(&["visit", "dismiss", "V1", "--reason", "a test patient"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("to be voided there"), "{refused:?}");
    site.json(&["--as-of", DAY, "visit", "dismiss", "V1", "--void", "--reason", "a test patient"]);
    site.run(DAY);
    assert_eq!(shown(&site), ("not-billable".into(), vec![("submitted".into(), 0)]));
    assert_eq!((work(&site), site.outbox()), (vec![], vec![]));
    site.assert_accounted(DAY);
}
