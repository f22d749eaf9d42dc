//! Three practices with the same patients, visits, charge ids and check numbers, byte for byte, behind one clearinghouse: each has its
//! own of everything, a file that is about all three is split into its parts, and no answer reaches another practice's claim.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeSet;

use claimhost_tests::site::{CLEARING, Site};
use claimhost_tests::tenants::{TENANTS, site};
use claimhost_tests::x12::{check, clp, interchange};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};

const DAY: &str = "2026-05-20";
fn rows(site: &Site, what: &[&str], practice: &str) -> Vec<Value> {
    let rows = site.json(&[what, &["--practice", practice]].concat());
    let rows = rows.as_array().unwrap().clone();
    assert!(rows.iter().all(|row| row["practice"] == practice), "{rows:#?}");
    rows
}

fn visit(site: &Site, practice: &str, visit: &str) -> Value {
    let visits = rows(site, &["visit", "list"], practice);
    let found: Vec<&Value> = visits.iter().filter(|row| row["visit"] == visit).collect();
    assert!(found.len() == 1 && found[0]["claims"].as_array().unwrap().len() == 1, "{found:#?}");
    found[0].clone()
}

/// CLM01 of a visit of a practice.
fn clm01(site: &Site, practice: &str, number: &str) -> String {
    visit(site, practice, number)["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned()
}

/// State of the claim of a visit, and cents.
fn money(site: &Site, practice: &str, number: &str) -> Value {
    let visit = visit(site, practice, number);
    json!([visit["claims"][0]["state"], visit["billed"], visit["paid"], visit["open"]])
}

/// The three interchanges as one, with three transactions.
fn one_file(number: u32, transactions: &[String]) -> String {
    let inner = |text: &String| {
        let (start, end) = (text.find("ST*835").unwrap(), text.find("GE*").unwrap());
        text[start..end].to_owned()
    };
    let whole = &transactions[0];
    let head = &whole[..whole.find("ST*835").unwrap()];
    let body: String = transactions
        .iter()
        .enumerate()
        .map(|(at, text)| inner(text).replace("*0001~", &format!("*{:04}~", at + 1)))
        .collect();
    format!("{head}{body}GE*{}*{number}~IEA*1*{number:09}~", transactions.len())
}

#[test]
fn three_practices_with_equal_numbers_share_nothing() {
    let site = site();
    let summary = site.run(DAY);
    assert_eq!(
        (&summary["claims"]["submitted"], &summary["cents"]["billed"]),
        (&6.into(), &54_000.into()),
        "{summary}"
    );
    let numbers: BTreeSet<String> =
        TENANTS.iter().flat_map(|(practice, _)| ["V1", "V2"].map(|visit| clm01(&site, practice, visit))).collect();
    assert_eq!(numbers.len(), 6, "no claim number twice");
    // A number that three have is asked back; with its practice it is that one's.
    assert_ne!(site.command(&["trace", "V1"]).status.code(), Some(0), "three practices have a V1");
    for (practice, npi) in TENANTS {
        let trace = site.json(&["trace", &format!("{practice}/V1")]);
        let others = TENANTS.iter().filter(|other| other.0 != practice);
        let text = trace.to_string();
        assert!(text.contains(&clm01(&site, practice, "V1")), "{text}");
        for (other, other_npi) in others {
            assert!(
                !text.contains(&clm01(&site, other, "V1")) && !text.contains(*other_npi),
                "{practice} knows {other}"
            );
        }
        let own: Vec<_> =
            site.outbox().into_iter().filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(npi)).collect();
        assert_eq!(own.len(), 1, "an 837 of its own");
        let text = String::from_utf8_lossy(&own[0].1).into_owned();
        assert_eq!(text.matches("CLM*").count(), 2, "{text}");
    }

    // One file, one check number, three payees, three amounts.
    let cents = [70, 71, 72];
    let parts: Vec<String> = TENANTS
        .iter()
        .zip(cents)
        .map(|((practice, npi), paid)| {
            let claim =
                clp(&clm01(&site, practice, "V1"), "1", "90", &paid.to_string(), &[&format!("CO*45*{}", 90 - paid)]);
            check(9, &format!("I*{paid}*C"), "EXAMPLE", npi, &[claim], "")
        })
        .collect();
    site.answer("all.835", one_file(9, &parts).as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["posted"], &summary["cents"]["paid"]), (&3.into(), &21_300.into()), "{summary}");
    for ((practice, _), paid) in TENANTS.iter().zip(cents) {
        assert_eq!(money(&site, practice, "V1"), json!(["posted", 9_000, paid * 100, 0]), "{practice}");
        assert_eq!(money(&site, practice, "V2")[0], "submitted", "{practice}");
        let remittances = rows(&site, &["remittance", "list"], practice);
        assert_eq!(remittances.len(), 1, "{remittances:#?}");
        // What of the file it has is about its own claim only.
        let part =
            rows(&site, &["document", "list"], practice).into_iter().find(|row| row["part"] == true).expect("its part");
        let bytes = String::from_utf8(site.raw(&part)).unwrap();
        for (other, npi) in TENANTS {
            let about = [clm01(&site, other, "V1").as_str(), npi].map(|number| bytes.contains(number));
            assert_eq!(about, [other == *practice; 2], "{practice} and {other}: {bytes}");
        }
    }
    assert_eq!(rows(&site, &["document", "list"], CLEARING).len(), 3, "three parts, each with its end");

    // Paid to one practice for another's claim: the cash is the first one's, not applied, and the other's claim does not move.
    let before: Vec<Value> = TENANTS.iter().map(|(practice, _)| money(&site, practice, "V2")).collect();
    let stranger = clp(&clm01(&site, "south", "V2"), "1", "90", "70", &["CO*45*20"]);
    site.answer("stranger.835", check(10, "I*70*C", "EXAMPLE", TENANTS[1].1, &[stranger], "").as_bytes());
    let body = ["ST*277*0001*005010X214", "BHT*0085*08*1*20260518*1200*TH", "HL*1**20*1"];
    site.answer("half.277", interchange(11, "HN", "005010X214", &body).as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["posted"], 3, "{summary}");
    let after: Vec<Value> = TENANTS.iter().map(|(practice, _)| money(&site, practice, "V2")).collect();
    assert_eq!(after, before);
    let remittances = |practice: &str| rows(&site, &["remittance", "list"], practice).len();
    assert_eq!(TENANTS.map(|(practice, _)| remittances(practice)), [1, 2, 1]);
    let work = rows(&site, &["work", "list"], "north");
    assert!(work.iter().any(|item| item["amount_cents"] == 7_000), "{work:#?}");
    assert!(
        rows(&site, &["work", "list"], "south").iter().all(|item| item["amount_cents"] != 7_000),
        "south hears nothing of it"
    );
    site.assert_accounted(DAY);
    same_values_of_nobody(&site);
}

/// No look-up value and no sealed byte string is the same in two practices, though what they stand for is.
fn same_values_of_nobody(site: &Site) {
    let connection = Connection::open(site.dir().join("store/claimhost.db")).unwrap();
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'").unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut compared = 0;
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY practice_id")).unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let own = names.iter().position(|name| name == "practice_id").expect("every table begins with its practice");
        assert_eq!(own, 0, "{table}");
        let mut seen: Vec<(String, String, Vec<u8>)> = Vec::new();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let practice: String = row.get(0).unwrap();
            for (at, name) in names.iter().enumerate() {
                // How a file was cut is the same for equal files, and tells nothing of a patient.
                if let (Sql::Blob(bytes), true) = (row.get::<_, Sql>(at).unwrap(), name != "pieces_digest") {
                    let same = seen
                        .iter()
                        .find(|(other, column, known)| *other != practice && column == name && *known == bytes);
                    assert!(same.is_none(), "{table}.{name} is the same in {practice} and {}", same.unwrap().0);
                    seen.push((practice.clone(), name.clone(), bytes));
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 100, "{compared} values");
}
