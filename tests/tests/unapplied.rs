//! Money whose claim the remittance does not name: it waits, and is posted once the payer's number is known, or by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{Charge, Site};
use claimhost_tests::x12::{Sent, accepted, check, claims_of, clp};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PAYEE: &str = "1234567893";

/// Two claims that have left.
fn site() -> (Site, Vec<Sent>) {
    let site = Site::new();
    for number in [1, 2] {
        site.hl7(&format!("{number}.hl7"), Charge::of_nobody_else(number).message().as_bytes());
    }
    site.run(DAY);
    let sent = site.outbox().iter().flat_map(|(_, bytes)| claims_of(&String::from_utf8_lossy(bytes))).collect();
    (site, sent)
}

/// A remittance whose one CLP has a number of the payer's only.
fn nameless(number: u32, icn: &str) -> String {
    let claim = clp("0", "1", "90.00", "60.00", &["CO*45*30.00"]).replace("ICN0", icn).replace("****MI*ID1", "");
    check(number, "I*60.00*C", "EXAMPLE", PAYEE, &[claim], "")
}

fn kinds(site: &Site) -> Vec<(String, i64)> {
    let listed = site.json(&["work", "list"]);
    let item = |item: &Value| (item["kind"].as_str().unwrap().to_owned(), item["amount_cents"].as_i64().unwrap());
    listed.as_array().unwrap().iter().map(item).collect()
}

#[test]
fn it_is_posted_when_the_payer_s_number_becomes_known() {
    let (site, sent) = site();
    let clm01 = &sent[1].clm01;
    site.answer("a.835", nameless(1, &format!("ICN{clm01}")).as_bytes());
    let waiting = site.run(DAY);
    assert_eq!((&waiting["claims"]["posted"], kinds(&site)), (&0.into(), vec![("remittance.unapplied".into(), 6_000)]));
    site.assert_accounted(DAY);
    site.answer("b.277", accepted(90, &[clm01]).as_bytes());
    let known = site.run(DAY);
    assert_eq!((&known["claims"]["posted"], kinds(&site)), (&1.into(), vec![]), "{known}");
    assert_eq!((&known["cents"]["paid"], &known["cents"]["contractual"]), (&6_000.into(), &3_000.into()));
    site.assert_accounted(DAY);
    // The other way round it is the same ledger.
    let (other, sent) = self::site();
    let clm01 = &sent[1].clm01;
    other.answer("a.277", accepted(90, &[clm01]).as_bytes());
    other.run(DAY);
    other.answer("b.835", nameless(1, &format!("ICN{clm01}")).as_bytes());
    assert_eq!(other.run(DAY)["ledger_digest"], known["ledger_digest"]);
}

#[test]
fn an_operator_puts_it_on_its_claim() {
    let (site, sent) = site();
    site.answer("a.835", nameless(1, "ICN7").as_bytes());
    site.answer(
        "b.835",
        nameless(2, "ICN8").replace("*90.00*60.00*", "*95.00*65.00*").replace("I*60.00", "I*65.00").as_bytes(),
    );
    site.run(DAY);
    let listed = site.json(&["remittance", "list"]);
    let of = |trace: &str| -> String {
        let row = listed.as_array().unwrap().iter().find(|row| row["trace_number"] == trace).unwrap();
        row["id"].as_str().unwrap().to_owned()
    };
    let apply = |id: &str, clp: &str, claim: &str| {
        let of = ["--as-of", DAY, "remittance", "apply", id, "--clp", clp, "--claim", claim];
        site.command(&[&of[..], &["--reason", "the check stub says so", "--by", "test"]].concat())
    };
    let claim = sent[0].clm01.as_str();
    let (right, wrong) = (of("T1"), of("T2"));
    for (refused, words) in [
        (apply(&right, "2", claim), "no payment 2"),
        (apply(&wrong, "1", claim), "for a charge of 95.00"),
        (apply(&right, "1", "my-practice/99"), "99"),
    ] {
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(4) && told.contains(words), "{told}");
    }
    let done = apply(&right, "1", claim);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let again = apply(&right, "1", claim);
    assert!(String::from_utf8_lossy(&again.stderr).contains("not unapplied"), "{again:?}");
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["posted"], &summary["cents"]["paid"]), (&1.into(), &6_000.into()), "{summary}");
    assert_eq!(kinds(&site), [("remittance.unapplied".into(), 6_500)]);
    let shown = site.json(&["remittance", "show", &right]);
    let payment = &shown["payments"][0];
    assert_eq!((&payment["matched_by"], &payment["by_hand"]["by"]), (&"by-hand".into(), &"test".into()), "{shown}");
    site.assert_accounted(DAY);
}
