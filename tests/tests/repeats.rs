//! What is the same and what only looks like it, through the real binary: keys decide, never bytes. A charge that is told again
//! changes nothing; two services that are alike in everything but their ids are two; one id on two services keeps both and waits
//! for a person; a remittance in another envelope posts once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, Site};
use claimhost_tests::x12::{Sent, check, claims_of};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PAYEE: &str = "1234567893";

/// The charge with this id, told in message `number`: of one visit, patient and day, whatever its id.
fn told(number: u32, id: &str, code: &str) -> String {
    let message =
        Charge::new(1).message().replace("|MSG1|", &format!("|MSG{number}|")).replace("|C1|", &format!("|{id}|"));
    message.replace("99213^^C4", code).replace("20260501120000", &format!("202605011200{number:02}"))
}

fn deliver(site: &Site, messages: &[String]) -> Value {
    for (at, message) in messages.iter().enumerate() {
        let name = message.split('|').nth(9).unwrap();
        // In one turn, before anything has left: the order is that of the names.
        site.hl7(&format!("{at}-{name}.hl7"), message.as_bytes());
    }
    site.run(DAY)
}

/// Claims in a state, and what is billed.
fn count(summary: &Value, state: &str) -> (u64, i64) {
    (summary["claims"][state].as_u64().unwrap(), summary["cents"]["billed"].as_i64().unwrap())
}

/// Rules that hold the one claim.
fn holds(site: &Site) -> Vec<String> {
    let listed = site.json(&["claim", "list", "--findings"]);
    let claims = listed.as_array().unwrap();
    assert_eq!(claims.len(), 1, "{listed}");
    let holds = claims[0]["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "hold");
    holds.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
}

fn accept(site: &Site, rule: &str) -> Value {
    let word =
        ["--as-of", DAY, "claim", "accept", "my-practice/1", rule, "--reason", "the chart says so", "--by", "Kit"];
    let accepted = site.command(&word);
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    site.run(DAY)
}

/// The claims that left, in all 837s.
fn sent(site: &Site) -> Vec<Sent> {
    site.outbox().iter().flat_map(|(_, bytes)| claims_of(&String::from_utf8_lossy(bytes))).collect()
}

/// Codes and charges of the lines of the one claim that left.
fn lines(site: &Site) -> Vec<(String, i64)> {
    let sent = sent(site);
    assert_eq!(sent.len(), 1, "{sent:?}");
    let mut lines: Vec<_> = sent[0].lines.iter().map(|line| (line.code.clone(), line.charge)).collect();
    lines.sort();
    lines
}

/// 2400 REF 6R of every line that left.
fn line_numbers(site: &Site) -> Vec<String> {
    let text: String = site.outbox().iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
    text.split('~').filter_map(|segment| segment.trim().strip_prefix("REF*6R*")).map(str::to_owned).collect()
}

#[test]
fn two_services_that_differ_in_their_ids_alone_are_two_and_stay_two() {
    let alike = |numbers: [u32; 2]| [told(numbers[0], "C1", "99213^^C4"), told(numbers[1], "C2", "99213^^C4")];
    let mut ends = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let site = Site::new();
        let messages = alike([1, 2]);
        let summary = deliver(&site, &order.map(|at: usize| messages[at].clone()));
        // Neither is merged into the other; without a modifier that says so a payer would deny the second, so a person looks.
        assert_eq!(count(&summary, "held"), (1, 18_000), "{summary}");
        assert_eq!(holds(&site), ["duplicate.line"]);
        // Told again under other message numbers, in the other order: nothing moves.
        let again = deliver(&site, &alike([4, 3]));
        assert_eq!((&again["claims"], &again["cents"]), (&summary["claims"], &summary["cents"]), "{again}");
        assert_eq!(again["ledger_digest"], summary["ledger_digest"]);

        assert_eq!(count(&accept(&site, "duplicate.line"), "submitted"), (1, 18_000));
        let two = ("99213".to_owned(), 9_000);
        assert_eq!(lines(&site), [two.clone(), two]);
        let numbers = line_numbers(&site);
        assert!(numbers.len() == 2 && numbers[0] != numbers[1], "each line has a number of its own: {numbers:?}");
        deliver(&site, &alike([6, 5]));
        assert_eq!(sent(&site).len(), 1, "nothing is billed again");

        // Each is paid, under its own number; and the same check in another envelope posts once.
        let clm01 = &sent(&site)[0].clm01;
        let services: Vec<String> = numbers
            .iter()
            .map(|number| format!("SVC*HC:99213*90*70**1~DTM*472*20260501~CAS*CO*45*20~REF*6R*{number}"))
            .collect();
        let paid = format!("CLP*{clm01}*1*180*140**12*ICN1~NM1*QC*1*VANCE*ORLA****MI*ID1~{}", services.join("~"));
        for number in [7, 8] {
            let remittance = check(number, "I*140*C", "EXAMPLE", PAYEE, std::slice::from_ref(&paid), "");
            site.answer(&format!("{number}.835"), remittance.replace(&format!("*T{number}*"), "*T7*").as_bytes());
            let summary = site.run(DAY);
            assert_eq!(
                (count(&summary, "posted"), &summary["cents"]["paid"]),
                ((1, 18_000), &14_000.into()),
                "{summary}"
            );
        }
        let of_lines = site.json(&["claim", "show", "my-practice/1"])["postings"].clone();
        let cash = of_lines.as_array().unwrap().iter().filter(|posting| posting["account"] == "contractual");
        let mut of: Vec<u64> = cash.map(|posting| posting["line"].as_u64().unwrap()).collect();
        of.sort_unstable();
        assert_eq!(of, [1, 2], "{of_lines}");
        ends.push(summary["cents"].clone());
    }
    assert_eq!(ends[0], ends[1], "whichever came first");
}

#[test]
fn one_id_on_two_services_keeps_both_and_waits_for_a_person() {
    for order in [[0, 1], [1, 0]] {
        let site = Site::new();
        let messages = [told(1, "C1", "99213^^C4"), told(2, "C1", "20610^^C4")];
        let summary = deliver(&site, &order.map(|at: usize| messages[at].clone()));
        assert_eq!(count(&summary, "held"), (1, 18_000), "neither takes the place of the other: {summary}");
        assert_eq!(sent(&site).len(), 0, "{summary}");
        assert!(holds(&site).contains(&"visit.untrusted-key".to_owned()), "{:?}", holds(&site));
        let again = deliver(&site, &[told(3, "C1", "99213^^C4"), told(4, "C1", "20610^^C4")]);
        assert_eq!((&again["claims"], &again["cents"]), (&summary["claims"], &summary["cents"]), "told again: {again}");

        assert_eq!(count(&accept(&site, "visit.untrusted-key"), "submitted"), (1, 18_000));
        assert_eq!(lines(&site), [("20610".to_owned(), 9_000), ("99213".to_owned(), 9_000)]);
        let numbers = line_numbers(&site);
        assert!(numbers.len() == 2 && numbers[0] != numbers[1], "{numbers:?}");
        deliver(&site, &[told(5, "C1", "20610^^C4"), told(6, "C1", "99213^^C4")]);
        assert_eq!(sent(&site).len(), 1, "nothing is billed again");
    }
}
