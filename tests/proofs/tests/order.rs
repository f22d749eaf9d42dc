//! For a fixed set of facts, any order of arrival, with repeats under other names and envelopes and with turns in between, gives one
//! state of every claim and one ledger: acceptances, refusals, payments, denials, reversals, corrected payments, two remittances under one key.
//!
//! The claims are sent once; each order starts from a copy of that store. `CLAIMHOST_ORDERS` says how many (12 without it),
//! `CLAIMHOST_ORDER_CLAIMS` of how many claims each (60 without it), `CLAIMHOST_ORDER_SEED` replays a printed seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use claimhost::claim::parse_iso;
use claimhost::config::Config;
use claimhost::lifecycle::Host;
use claimhost_tests::custody::assert_accounted;
use claimhost_tests::dice::Dice;
use claimhost_tests::programs::claimhost;
use claimhost_tests::site::{Charge, Site, copy_folder};
use claimhost_tests::x12::{Sent, ack, check, claims_of, dollars, interchange};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PAYEE: &str = "1234567893";

#[test]
fn any_order_of_answers_gives_one_state_and_one_ledger() {
    let count = |name: &str, else_: u32| std::env::var(name).map_or(else_, |text| text.parse().expect("a number"));
    let (orders, claims) = (count("CLAIMHOST_ORDERS", 12), count("CLAIMHOST_ORDER_CLAIMS", 60));
    let mut dice = Dice::new(Dice::seed("CLAIMHOST_ORDER_SEED"));
    let site = Site::new();
    for number in 1..=claims {
        site.hl7(&format!("{number}.hl7"), Charge::of_nobody_else(number).message().as_bytes());
    }
    site.run(DAY);
    let sent: Vec<Sent> =
        site.outbox().iter().flat_map(|(_, bytes)| claims_of(&String::from_utf8_lossy(bytes))).collect();
    assert_eq!(sent.len(), usize::try_from(claims).unwrap());
    let answers = answers(&sent, &mut dice);
    let expected = arrive(site.dir(), &answers, &mut Dice::new(0), false);
    let ends = &expected["claims"];
    for state in ["rejected", "denied", "posted", "accepted"] {
        assert!(ends[state].as_u64().unwrap() > 0, "some claims end as {state}: {expected:#}");
    }
    assert!(
        expected["remittances"].to_string().contains("parked"),
        "two remittances under one key wait for a person: {expected:#}"
    );
    for order in 1..=orders {
        let mut shuffled = answers.clone();
        dice.shuffle(&mut shuffled);
        let found = arrive(site.dir(), &shuffled, &mut dice, true);
        for (what, value) in expected.as_object().unwrap() {
            let names: Vec<&String> = shuffled.iter().map(|(name, _)| name).collect();
            assert_eq!(&found[what], value, "{what} in order {order}: {names:?}");
        }
    }
    println!("{} claims in {orders} orders of {} answers", sent.len(), answers.len());
}

fn open(folder: &Path) -> Host {
    Host::open(Config::load(&folder.join("claimhost.toml")).unwrap(), parse_iso(DAY).unwrap()).unwrap()
}

/// Delivers answers to a copy of the store, with turns in between, some of them again; what it ends as.
fn arrive(sent: &Path, answers: &[(String, String)], dice: &mut Dice, disturbed: bool) -> Value {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(sent, folder.path());
    let inbox = folder.path().join("transport/in");
    let mut host = open(folder.path());
    let mut again = 0;
    for (at, (name, text)) in answers.iter().enumerate() {
        std::fs::write(inbox.join(name), text).unwrap();
        if !disturbed {
            continue;
        }
        if dice.below(4) == 0 {
            // One that was told before, in another envelope.
            let (name, text) = &answers[usize::try_from(dice.below(at as u64 + 1)).unwrap()];
            again += 1;
            std::fs::write(inbox.join(format!("again-{again}-{name}")), envelope(text, 800_000_000 + again)).unwrap();
        }
        if dice.below(3) == 0 {
            host.settle().unwrap();
        }
        if dice.below(12) == 0 {
            drop(host);
            host = open(folder.path());
        }
    }
    host.settle().unwrap();
    let summary = serde_json::to_value(host.summary().unwrap()).unwrap();
    drop(host);
    let config = folder.path().join("claimhost.toml");
    assert_accounted(&config, DAY);
    let mut out = serde_json::Map::new();
    for key in ["ledger_digest", "claims", "cents", "visits"] {
        out.insert(key.to_owned(), summary[key].clone());
    }
    out.insert(
        "states".to_owned(),
        rows(&config, &["claim", "list"], &["visit", "state", "billed_cents", "live_version"]),
    );
    out.insert("work".to_owned(), rows(&config, &["work", "list"], &["kind", "amount_cents"]));
    out.insert(
        "remittances".to_owned(),
        rows(&config, &["remittance", "list"], &["trace_number", "amount_cents", "state"]),
    );
    out.into()
}

/// Some columns of a list, in the order of their values.
fn rows(config: &Path, what: &[&str], columns: &[&str]) -> Value {
    let output = Command::new(claimhost()).arg("--config").arg(config).arg("--json").args(what).output().unwrap();
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |row: &Value| {
        let known = columns.iter().filter_map(|column| Some(((*column).to_owned(), row.get(*column)?.clone())));
        known.collect::<BTreeMap<String, Value>>()
    };
    let mut rows: Vec<String> =
        rows.as_array().unwrap().iter().map(|found| serde_json::to_string(&row(found)).unwrap()).collect();
    rows.sort();
    rows.into()
}

/// The same transactions under another interchange number.
fn envelope(text: &str, number: u64) -> String {
    let own = text.get(90..99).unwrap();
    text.replace(&format!("*{own}*0*T"), &format!("*{number:09}*0*T"))
        .replace(&format!("*{own}~"), &format!("*{number:09}~"))
}

/// What is said of one claim in a remittance: its CLP and line. A reversal has every amount negative.
fn payment(claim: &Sent, paid: i64, reversal: bool) -> String {
    let adjustment = if paid == 0 { "CO*50" } else { "CO*45" };
    said(claim, paid, reversal, adjustment)
}

/// The same with CAS01 and CAS02 of what is not paid.
fn said(claim: &Sent, paid: i64, reversal: bool, adjustment: &str) -> String {
    let line = &claim.lines[0];
    let sign = if reversal { -1 } else { 1 };
    let amount = |cents: i64| dollars(sign * cents);
    let status = match (reversal, paid) {
        (true, _) => "22",
        (false, 0) if adjustment == "CO*50" => "4",
        (false, _) => "1",
    };
    let rest = claim.charge - paid;
    format!(
        "CLP*{id}*{status}*{charge}*{paid}**12*ICN{id}~NM1*QC*1*VANCE*ORLA****MI*{member}~SVC*HC:{code}*{charge}*{paid}**1~\
         DTM*472*{day}~CAS*{adjustment}*{rest}",
        id = claim.clm01,
        charge = amount(claim.charge),
        paid = amount(paid),
        member = claim.member,
        code = line.code,
        day = line.day,
        rest = amount(rest),
    )
}

/// Everything that is said of the claims, by file name. What each claim meets, the dice decide.
fn answers(sent: &[Sent], dice: &mut Dice) -> Vec<(String, String)> {
    let mut number = 100;
    let mut files = vec![("ack.999".to_owned(), ack(1, 1, "A", "A"))];
    let (mut first, mut second, mut third, mut status) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, claim) in sent.iter().enumerate() {
        let paid = claim.charge / 100 * (40 + i64::try_from(dice.below(50)).unwrap());
        // The first nine are every kind, so that none is missing.
        let kind = if at < 9 { at as u64 } else { dice.below(9) };
        status.push((claim, kind == 0));
        match kind {
            0 | 1 => {}
            2 => first.push((paid, payment(claim, paid, false))),
            3 => first.push((0, payment(claim, 0, false))),
            4 => {
                // Paid, taken back, and paid otherwise.
                first.push((paid, payment(claim, paid, false)));
                second.push((-paid, payment(claim, paid, true)));
                third.push((paid - 500, payment(claim, paid - 500, false)));
            }
            5 => {
                // Denied, taken back, paid.
                first.push((0, payment(claim, 0, false)));
                second.push((0, payment(claim, 0, true)));
                third.push((paid, payment(claim, paid, false)));
            }
            6 => {
                first.push((paid, payment(claim, paid, false)));
                second.push((-paid, payment(claim, paid, true)));
            }
            7 => {
                // Denied, taken back, and left to the patient: three decisions that pay nothing.
                first.push((0, payment(claim, 0, false)));
                second.push((0, payment(claim, 0, true)));
                third.push((0, said(claim, 0, false, "PR*1")));
            }
            _ => {
                // Paid under the payer's number alone, which only the 277CA tells.
                let named = payment(claim, paid, false);
                let nameless = named.replace(&format!("CLP*{}*", claim.clm01), "CLP*0*");
                first.push((paid, nameless.replace(&format!("****MI*{}", claim.member), "")));
            }
        }
    }
    let mut body: Vec<String> =
        "ST*277*0001*005010X214~BHT*0085*08*1*20260518*1200*TH~HL*1**20*1~NM1*PR*2*EXAMPLE*****PI*00000~TRN*1*1~\
         DTP*050*D8*20260518~DTP*009*D8*20260518~HL*2*1*21*1~NM1*41*2*MY PRACTICE*****46*SUBMITTERID~TRN*2*000000001~\
         STC*A1:19:PR*20260518*WQ*180~HL*3*2*19*1~NM1*85*2*MY PRACTICE*****XX*1234567893"
            .split('~')
            .map(str::to_owned)
            .collect();
    for (at, (claim, refused)) in status.into_iter().enumerate() {
        let code = if refused { "A3:21:PR*20260518*U" } else { "A2:20:PR*20260518*WQ" };
        body.push(format!("HL*{}*3*PT", at + 4));
        body.push(format!("NM1*QC*1*VANCE*ORLA****MI*{}", claim.member));
        body.push(format!("TRN*2*{}", claim.clm01));
        body.push(format!("STC*{code}*{}", dollars(claim.charge)));
        if !refused {
            body.push(format!("REF*1K*ICN{}", claim.clm01));
        }
    }
    let body: Vec<&str> = body.iter().map(String::as_str).collect();
    files.push(("status.277".to_owned(), interchange(99, "HN", "005010X214", &body)));
    for (name, said) in [("first", first), ("second", second), ("third", third)] {
        for part in said.chunks(5) {
            number += 1;
            files.push((format!("{name}-{number}.835"), remittance(number, part)));
        }
    }
    // One trace number, two contents: nobody can say which is true.
    let claim = sent.last().unwrap();
    for paid in [3_000, 4_000] {
        number += 1;
        let text = remittance(number, &[(paid, payment(claim, paid, false))]);
        files.push((format!("two-{paid}.835"), text.replace(&format!("*T{number}*"), "*TWOFOLD*")));
    }
    files
}

/// A balanced 835: what is taken back beyond what is paid is carried forward.
fn remittance(number: u32, said: &[(i64, String)]) -> String {
    let paid: i64 = said.iter().map(|(cents, _)| cents).sum();
    let forward = if paid < 0 { format!("FB:1*{}", dollars(paid)) } else { String::new() };
    let claims: Vec<String> = said.iter().map(|(_, text)| text.clone()).collect();
    check(number, &format!("I*{}*C", dollars(paid.max(0))), "EXAMPLE", PAYEE, &claims, &forward)
}
