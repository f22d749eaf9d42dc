//! A value of every column of every table is changed, a row of each taken away, and one of nobody added, one at a time: `verify` tells of
//! each. Of which tables `trace --unaccounted` does not tell everything, and why: [`ONLY_VERIFY`].

use std::collections::{BTreeMap, BTreeSet};

use claimhost_tests::https::{Answer, Server, add_rows};
use claimhost_tests::programs::guest;
use claimhost_tests::serving::Serving;
use rusqlite::types::Value as Sql;
use serde_json::json;

use super::*;

/// A row that is taken away, among columns.
const ROW: &str = "(row)";

/// Why nothing is in none of the ends where these tables are changed, and only `verify` sees it: of some of their columns, or of all.
const ONLY_VERIFY: [(&str, &[&str]); 6] = [
    (
        "look-up values: what is found by them is still in its end, and what is not found the next time is work then",
        &[
            "charge_day",
            "claim_key",
            "expected_key",
            "inquiry_visit",
            "known_key",
            "owner",
            "pull_seen",
            "source_system",
            "upload_key",
        ],
    ),
    (
        "what somebody said, and what arrived: it is read when it is shown, and no end hangs on it",
        &["acceptance", "file_chunk", "finding", "known_person", "plugin_log", "practice_record"],
    ),
    ("figures: they count what is in its end, and move nothing", &["account_day", "denial", "kpi_baseline"]),
    ("the record of moves: what was moved is where it is, whatever the record says", &["history", "history_head"]),
    (
        "where something goes on: the next number, the next page, the next request",
        &["pending_later", "pull_cursor", "rate_left", "sequence"],
    ),
    (
        "ids, days, digests, names and words beside the state and the cents that an end is told by",
        &[
            "claim",
            "claim_body",
            "claim_version",
            "document",
            "expected_event",
            "expected_visit",
            "fact",
            "file",
            "inquiry",
            "inquiry_fact",
            "post",
            "post_batch",
            "posting",
            "remittance",
            "remittance_claim",
            "submission",
            "submission_claim",
            "submission_inquiry",
            "visit",
            "visit_event",
            "work_item",
        ],
    ),
];
/// A cent that is another one is unaccounted for. Of a remittance that is parked, the first one here, nothing is in the ledger; those that are
/// posted are among the changes of the next test.
const CENTS: [(&str, &str); 2] = [("posting", "amount_cents"), ("remittance_claim", "paid_cents")];

/// What the two commands tell of a store.
#[derive(Debug, Clone, Default)]
struct Told {
    verify: BTreeSet<One>,
    unaccounted: BTreeSet<One>,
}

/// One thing that is told of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct One {
    table: String,
    check: String,
    rest: String,
}

impl Told {
    /// None where the store cannot be opened.
    fn of(config: &Path) -> Option<Self> {
        let one = |told: &Value| One {
            table: told["table"].as_str().unwrap().to_owned(),
            check: told["check"].as_str().unwrap().to_owned(),
            rest: format!("{} {} {}", told["practice"], told["row"], told["what"]),
        };
        let report = listed(config, &["verify", "--all"]);
        let verify = report["differences"].as_array()?.iter().map(one).collect();
        let left = listed(config, &["--as-of", DAY, "trace", "--unaccounted"]);
        Some(Self { verify, unaccounted: left.as_array()?.iter().map(one).collect() })
    }

    /// What is told of beside what was told before: whether `verify` names the table, and whether anything is unaccounted for. A head is
    /// told of as what it is the head of.
    fn since(&self, before: &Self, table: &str) -> (bool, bool) {
        let also = if table == "history_head" { "history" } else { table };
        let mut new = self.verify.difference(&before.verify);
        let named = new.any(|one| one.table == table || one.table == also);
        (named, self.unaccounted.difference(&before.unaccounted).next().is_some())
    }
}

/// [`site`], with a row in every table but one: beside it a hold that was accepted, a plugin that said something, a source that was pulled
/// and a document that was uploaded.
fn whole_site() -> Site {
    let site = site();
    let profile = "practices/my-practice/profile.toml";
    site.edit(profile, "bill_hold_days = 0", "bill_hold_days = 0\nfees = \"fees.csv\"");
    site.write("practices/my-practice/fees.csv", b"code,fee\n99213,90.00\n");
    site.json(&["plugin", "add", "--yes", guest("hostile", site.dir()).to_str().unwrap()]);
    site.add_folder("odd", "hostile");
    site.put("inbox/odd", "1.txt", b"leak:something");
    let server = Server::start(|_, _| Answer::json(&json!({"rows": [{"visit": "P1"}]})));
    add_rows(
        &site,
        &server,
        "rows",
        "rate = [\"second\"]\n\n[[intake.rate]]\nname = \"second\"\ncalls = 100\nper = \"1s\"\n",
    );
    site.allow_uploads("messages", "hl7v2-dft");
    site.hl7("7.hl7", Charge::new(7).message().replace("VANCE", "VANCEH").replace("|90.00|", "|900.00|").as_bytes());
    site.run(DAY);
    let held = site.json(&["claim", "list", "--state", "held"]);
    let dear = held.as_array().unwrap().iter().find(|claim| claim["billed_cents"] == 90_000).unwrap();
    let (id, because) = (dear["id"].as_str().unwrap(), ["--reason", "agreed", "--by", "Kit"]);
    let accepted = site.command(&[&["--as-of", DAY, "claim", "accept", id, "typo.charge"][..], &because].concat());
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    site.run(DAY);
    let serving = Serving::start(&site, DAY);
    let message = Charge::new(8).message().replace("VANCE", "VANCEI");
    let answer = serving.upload_document("messages", &[("Idempotency-Key", "one")], &message);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    serving.stop();
    site
}

/// The same, ended in the middle of a turn: a payment is posted, and nobody has looked yet whether another payer is due.
fn in_mid_turn(site: &Site) {
    let visits = site.json(&["visit", "list"]);
    let visit = visits.as_array().unwrap().iter().find(|visit| visit["visit"] == "V5").unwrap();
    let clm01 = visit["claims"][0]["control_numbers"][0].as_str().unwrap();
    let paid = clp(clm01, "1", "90", "70", &["CO*45*20"]);
    site.answer("15.835", check(15, "I*70*C", "EXAMPLE", OURS, &[paid], "").as_bytes());
    site.hl7("9.hl7", Charge::new(9).message().replace("VANCE", "VANCEJ").as_bytes());
    // The answer is the first file that is stored.
    let mut run = site.prepared(&["--as-of", DAY, "run", "--once"]);
    let ended = run.env("CLAIMHOST_CRASH_AT", "after-store:2").output().unwrap();
    assert!(!ended.status.success(), "it ends itself there");
}

/// Tables with their columns: name, whether it belongs to the key.
fn tables(connection: &Connection) -> Vec<(String, Vec<(String, bool)>)> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        .unwrap();
    let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let columns = |table: &str| {
        let mut statement = connection.prepare("SELECT name, pk > 0 FROM pragma_table_info(?1)").unwrap();
        let rows = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<(String, bool)>>()
    };
    names.into_iter().map(|name| (name.clone(), columns(&name))).collect()
}

/// A condition that names the first row of a table, and the row's values.
fn first_row(connection: &Connection, table: &str, columns: &[(String, bool)]) -> Option<(String, Vec<Sql>, Vec<Sql>)> {
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let keys: Vec<&str> = columns.iter().filter(|(_, key)| *key).map(|(name, _)| name.as_str()).collect();
    // Of the practice, where it has one; `clearing` sorts before it.
    let sql = format!("SELECT {} FROM {table} ORDER BY practice_id DESC LIMIT 1", names.join(", "));
    let row = connection
        .query_row(&sql, [], |row| (0..names.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Sql>>>())
        .ok()?;
    let key = columns.iter().zip(&row).filter(|((_, key), _)| *key).map(|(_, value)| value.clone()).collect();
    let condition = keys.iter().enumerate().map(|(at, key)| format!("{key} IS ?{}", at + 2)).collect::<Vec<_>>();
    Some((condition.join(" AND "), key, row))
}

fn changed(value: &Sql) -> Sql {
    match value {
        Sql::Null => Sql::Integer(1),
        Sql::Integer(number) => Sql::Integer(number + 1),
        Sql::Real(number) => Sql::Real(number + 1.0),
        Sql::Text(text) => Sql::Text(format!("{text}x")),
        Sql::Blob(bytes) if bytes.is_empty() => Sql::Blob(vec![1]),
        Sql::Blob(bytes) => {
            let mut bytes = bytes.clone();
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            Sql::Blob(bytes)
        }
    }
}

/// Writes a value that a strict column takes: the kinds that it may have, one after the other.
fn set(connection: &Connection, table: &str, column: &str, value: &Sql, condition: &str, key: &[Sql]) -> bool {
    let candidates = [value.clone(), Sql::Integer(9_999), Sql::Text("x".into()), Sql::Blob(vec![1])];
    candidates.iter().any(|candidate| {
        let parameters: Vec<Sql> = std::iter::once(candidate.clone()).chain(key.iter().cloned()).collect();
        let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {condition}");
        connection.execute(&sql, rusqlite::params_from_iter(parameters)) == Ok(1)
    })
}

/// What each change of a table came to.
#[derive(Default)]
struct Tried {
    changes: u32,
    /// Changes that `verify` does not tell of.
    unseen: Vec<String>,
    /// Tables with what only `verify` tells of.
    only_verify: BTreeMap<String, BTreeSet<String>>,
    /// Rows of nobody that one of the commands does not tell of.
    of_nobody: Vec<String>,
}

impl Tried {
    fn note(&mut self, table: &str, what: &str, before: &Told, after: Option<Told>) {
        self.changes += 1;
        // A wrapped key that does not open refuses every command.
        let (verified, unaccounted) = after.map_or((table == "practice", true), |told| told.since(before, table));
        if !verified {
            self.unseen.push(format!("{table}: {what}"));
        }
        if !unaccounted {
            self.only_verify.entry(table.to_owned()).or_default().insert(what.to_owned());
        }
    }

    /// Changes every column of the first row of a table, takes that row away, and gives a copy of it to nobody. False: there is no row.
    fn table(&mut self, kept: &Kept, config: &Path, before: &Told, table: &str, columns: &[(String, bool)]) -> bool {
        // Of one store at a time: a connection that stays open would see the files that are put back.
        let Some((condition, key, row)) = first_row(&kept.open(), table, columns) else { return false };
        for ((column, _), value) in columns.iter().zip(&row) {
            let connection = kept.open();
            assert!(set(&connection, table, column, &changed(value), &condition, &key), "{table}.{column}");
            drop(connection);
            self.note(table, column, before, Told::of(config));
        }
        let connection = kept.open();
        // The key's places begin at 2: at 1 a value to set would stand.
        let sql = format!("DELETE FROM {table} WHERE {condition} AND ?1 IS NULL");
        let values = std::iter::once(&Sql::Null).chain(&key);
        assert_eq!(connection.execute(&sql, rusqlite::params_from_iter(values)), Ok(1), "{sql}");
        drop(connection);
        self.note(table, ROW, before, Told::of(config));

        let connection = kept.open();
        let names: Vec<&str> = columns.iter().skip(1).map(|(name, _)| name.as_str()).collect();
        let others = if names.is_empty() { String::new() } else { format!(", {}", names.join(", ")) };
        let sql = format!(
            "INSERT INTO {table} (practice_id{others}) SELECT 'nobody'{others} FROM {table} WHERE {condition} AND ?1 IS NULL"
        );
        let values = std::iter::once(&Sql::Null).chain(&key);
        assert_eq!(connection.execute(&sql, rusqlite::params_from_iter(values)), Ok(1), "{sql}");
        drop(connection);
        let after = Told::of(config).unwrap_or_default();
        for (command, told) in [("verify", &after.verify), ("trace --unaccounted", &after.unaccounted)] {
            if !told.iter().any(|one| one.table == table && one.check == "key") {
                self.of_nobody.push(format!("{table}: {command}"));
            }
        }
        true
    }
}

#[test]
fn whatever_is_changed_added_or_taken_away_in_any_table_is_seen() {
    let site = whole_site();
    let config = site.dir().join("claimhost.toml");
    let kept = Kept::of(&site);
    let schema = tables(&kept.open());
    assert!(schema.len() > 25, "{schema:?}");
    let mut tried = Tried::default();
    let mut empty = Vec::new();
    let before = Told::of(&config).unwrap();
    assert!(before.verify.is_empty() && before.unaccounted.is_empty(), "{before:?}");
    for (table, columns) in &schema {
        if !tried.table(&kept, &config, &before, table, columns) {
            empty.push(table.as_str());
        }
    }
    kept.put_back();
    site.assert_accounted(DAY);
    // What a turn makes and takes away again.
    assert_eq!(empty, ["pending_later"]);
    in_mid_turn(&site);
    let kept = Kept::of(&site);
    let before = Told::of(&config).unwrap();
    assert!(before.verify.is_empty(), "whole in mid-turn too: {before:?}");
    let (table, columns) = schema.iter().find(|(table, _)| table == "pending_later").unwrap();
    assert!(tried.table(&kept, &config, &before, table, columns), "{table} has a row");

    println!("{} changes", tried.changes);
    assert!(tried.changes > 300, "{} changes", tried.changes);
    assert!(tried.unseen.is_empty(), "unseen: {:#?}", tried.unseen);
    assert!(tried.of_nobody.is_empty(), "rows of nobody, unseen: {:#?}", tried.of_nobody);
    for (table, only) in &tried.only_verify {
        let only: Vec<&str> = only.iter().map(String::as_str).collect();
        println!("only verify sees {table}: {}", only.join(" "));
    }
    let known: BTreeSet<&str> = ONLY_VERIFY.iter().flat_map(|(_, tables)| tables.iter().copied()).collect();
    let without: Vec<&String> = tried.only_verify.keys().filter(|table| !known.contains(table.as_str())).collect();
    assert!(without.is_empty(), "only `verify` sees changes of these, and nobody has said why: {without:?}");
    for (table, column) in CENTS {
        let only = tried.only_verify.get(table).is_some_and(|only| only.contains(column));
        assert!(!only, "`trace --unaccounted` does not list a changed {table}.{column}");
    }
    // The turn that was broken off goes on.
    kept.put_back();
    site.run(DAY);
}

#[test]
fn states_and_cents_are_told_from_what_they_are_made_of_and_not_by_their_sum_alone() {
    let site = site();
    let config = site.dir().join("claimhost.toml");
    let kept = Kept::of(&site);
    // What is changed, and the check that must tell of it.
    let changes = [
        ("UPDATE claim SET state = 'posted' WHERE state = 'denied'", "state"),
        ("UPDATE claim SET billed_cents = billed_cents + 1 WHERE claim_id = 1", "money"),
        ("UPDATE claim SET live_version = 2 WHERE claim_id = 1", "state"),
        ("UPDATE claim SET service_from = service_from + 1 WHERE claim_id = 1", "day"),
        ("UPDATE claim SET charged_day = charged_day + 1 WHERE claim_id = 1", "day"),
        ("UPDATE claim SET assembled_day = assembled_day + 1 WHERE claim_id = 1", "day"),
        ("UPDATE claim SET sent_day = sent_day + 1 WHERE claim_id = 1", "day"),
        ("UPDATE claim SET first_pass = 'passed' WHERE first_pass = 'failed'", "state"),
        ("UPDATE claim SET held_once = 0", "state"),
        ("UPDATE claim SET corrected = 1 WHERE claim_id = 1", "state"),
        ("UPDATE claim SET error_denied = 1 WHERE claim_id = 1", "state"),
        ("UPDATE claim SET closed_day = NULL", "day"),
        ("UPDATE denial SET amount_cents = amount_cents + 1", "money"),
        ("UPDATE denial SET reason = '97'", "money"),
        ("DELETE FROM denial", "money"),
        ("UPDATE account_day SET amount_cents = amount_cents + 1 WHERE account = 'denied'", "money"),
        ("DELETE FROM account_day WHERE account = 'charges'", "money"),
        ("UPDATE remittance SET clp_count = clp_count + 1 WHERE state = 'posted'", "count"),
        ("UPDATE remittance SET decision_count = decision_count + 1 WHERE state = 'posted'", "count"),
        ("UPDATE claim_version SET state = 'accepted' WHERE state = 'submitted'", "state"),
        ("UPDATE claim_version SET charge_cents = charge_cents + 1 WHERE claim_id = 1", "money"),
        ("UPDATE claim_version SET control_number = 'X' WHERE claim_id = 1", "look-up"),
        ("UPDATE claim_version SET submitted_day = NULL WHERE claim_id = 1", "day"),
        ("UPDATE visit SET state = 'cancelled' WHERE visit_id = 1", "state"),
        ("UPDATE visit SET first_charge_day = first_charge_day + 1 WHERE visit_id = 1", "day"),
        ("UPDATE visit SET closed = 1 - closed WHERE visit_id = 1", "state"),
        ("UPDATE visit SET visit_mac = zeroblob(32) WHERE visit_id = 1", "look-up"),
        ("DELETE FROM visit_event WHERE visit_id = 1", "missing"),
        ("UPDATE visit_event SET event_mac = zeroblob(32) WHERE visit_id = 1", "look-up"),
        ("DELETE FROM claim_key WHERE kind = 'member-dates-charge'", "look-up"),
        ("DELETE FROM fact WHERE kind = '835'", "answer"),
        ("DELETE FROM fact WHERE kind = '277ca'", "state"),
        ("DELETE FROM fact WHERE kind = 'submitted'", "answer"),
        ("UPDATE fact SET fact_mac = zeroblob(32) WHERE claim_id = 1 AND kind = '999'", "seal"),
        ("UPDATE posting SET amount_cents = amount_cents + 1 WHERE posting_id = 1", "money"),
        ("UPDATE posting SET account = 'cash' WHERE account = 'contractual'", "money"),
        ("DELETE FROM posting WHERE claim_id = 1", "money"),
        ("UPDATE remittance SET amount_cents = amount_cents + 1 WHERE state = 'posted'", "money"),
        ("UPDATE remittance SET difference_cents = 1 WHERE state = 'posted'", "money"),
        ("UPDATE remittance SET state = 'posted' WHERE state = 'parked'", "money"),
        ("UPDATE remittance_claim SET paid_cents = paid_cents + 1 WHERE ordinal = 0", "money"),
        ("UPDATE remittance_claim SET state = 'unapplied' WHERE ordinal = 0 AND state = 'posted'", "money"),
        ("DELETE FROM remittance_claim WHERE ordinal = 1", "missing"),
        ("UPDATE submission SET charge_cents = charge_cents + 1", "money"),
        ("UPDATE submission SET claim_count = claim_count + 1", "count"),
        ("UPDATE submission SET state = 'pending'", "end"),
        ("UPDATE submission_claim SET ranges = '0-10' WHERE claim_id = 1", "range"),
        ("DELETE FROM submission_claim WHERE claim_id = 1", "count"),
        ("DELETE FROM owner WHERE kind = 'claim'", "look-up"),
        ("UPDATE inquiry SET state = 'active' WHERE state = 'asked'", "state"),
        ("UPDATE inquiry SET service_day = service_day + 1 WHERE inquiry_id = 1", "look-up"),
        ("UPDATE inquiry SET member_mac = zeroblob(32) WHERE inquiry_id = 1", "look-up"),
        ("UPDATE inquiry SET trace = 'X' WHERE inquiry_id = 1", "look-up"),
        ("DELETE FROM inquiry_fact WHERE kind = '271'", "state"),
        ("DELETE FROM inquiry_fact WHERE kind = 'sent'", "count"),
        ("UPDATE inquiry_fact SET fact_mac = zeroblob(32) WHERE kind = '271'", "seal"),
        ("UPDATE submission_inquiry SET ranges = '0-10' WHERE inquiry_id = 1", "range"),
        ("DELETE FROM submission_inquiry WHERE inquiry_id = 1", "count"),
        ("DELETE FROM owner WHERE kind = 'inquiry'", "look-up"),
        ("UPDATE document SET ranges = '0-999999' WHERE document_id = 1", "range"),
        ("UPDATE document SET status = 'pending' WHERE document_id = 1", "end"),
        ("DELETE FROM document WHERE document_id = 1", "missing"),
        ("UPDATE file SET size_bytes = size_bytes + 1 WHERE file_id = 1", "seal"),
        ("UPDATE file SET content_mac = zeroblob(32) WHERE file_id = 1", "seal"),
        ("UPDATE file SET state = 'stored' WHERE file_id = 1", "end"),
        ("DELETE FROM file_chunk WHERE file_id = 1", "missing"),
        ("DELETE FROM finding", "state"),
        ("DELETE FROM work_item WHERE kind = 'claim.denied'", "work"),
        ("DELETE FROM work_item WHERE kind = 'claim.held'", "work"),
        ("DELETE FROM work_item WHERE kind = 'document.rejected'", "work"),
        ("DELETE FROM work_item WHERE kind LIKE 'remittance.%'", "work"),
        ("DELETE FROM work_item WHERE kind = 'audit.charge-gap'", "work"),
        ("UPDATE work_item SET closed_day = opened_day", "work"),
        ("UPDATE history SET event = 'posted' WHERE seq = 3", "chain"),
        ("DELETE FROM history WHERE seq = (SELECT MAX(seq) FROM history)", "chain"),
        ("DELETE FROM history_head", "head"),
        ("DELETE FROM practice WHERE practice_id = 'my-practice'", "key"),
        ("DELETE FROM claim WHERE claim_id = 1", "missing"),
        ("DELETE FROM visit WHERE visit_id = 1", "missing"),
        ("UPDATE claim_body SET body = (SELECT body FROM claim_body WHERE claim_id = 1) WHERE claim_id = 2", "seal"),
    ];
    let mut unseen = Vec::new();
    for (sql, check) in changes {
        let connection = kept.open();
        if connection.execute(sql, []).unwrap() == 0 {
            unseen.push(format!("{sql}: there is no such row"));
        }
        drop(connection);
        let told = Told::of(&config).unwrap_or_default();
        if !told.verify.iter().chain(&told.unaccounted).any(|one| one.check == check) {
            unseen.push(format!("{sql}: {check} is not among {told:?}"));
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
}
