//! What is stored against what it was made of: every column of every table is changed, and a row of each taken away, one at a
//! time, and `verify` or `trace --unaccounted` sees each of it. Backups, restoring, another master key, and wrong keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use claimhost_tests::custody::listed;
use claimhost_tests::site::{Charge, PRACTICE, Site};
use claimhost_tests::x12::{accepted, ack, check, clp, interchange};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::Value;

const DAY: &str = "2026-05-20";
const OURS: &str = "1234567893";

/// A site that has a row in nearly every table: charges that are paid, denied, unapplied, held, unanswered and missing, two
/// remittances under one key, an EHR that is told of them, a schedule, a roster, a message that is refused, questions about cover and an answer.
fn site() -> Site {
    let site = Site::new();
    let mapping = "source_system = \"SITE\"\ncontent = \"schedule\"\n";
    site.write("practices/my-practice/mapping.schedule.toml", mapping.as_bytes());
    let more = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/schedule\"\nadapter = \"csv-superbill\"\n\
                mapping = \"practices/my-practice/mapping.schedule.toml\"\n";
    let told =
        "\n[[post]]\npractice = \"my-practice\"\nname = \"billing\"\nposter = \"csv-poster\"\nfolder = \"post\"\n";
    site.write("claimhost.toml", (site.text("claimhost.toml") + more + told).as_bytes());
    site.edit("practices/my-practice/profile.toml", "eligibility = \"none\"", "eligibility = \"270\"");
    site.write(
        "inbox/schedule/1.csv",
        b"Appt ID,Visit ID,Status,Date,Time,Visit Type,Provider ID,Patient ID,Patient Last,Patient First,Patient DOB\n\
          A1,V1,,05/01/2026,9:00,OFFICE,DR01,M1,VANCEB,ORLA,01/01/1980\n\
          A2,V90,,05/01/2026,9:00,OFFICE,DR01,M90,VANCEK,ORLA,01/01/1980\n",
    );
    site.write(
        "roster.csv",
        b"Patient ID,Last,First,DOB,Sex,Address 1,City,State,ZIP,Payer,Member ID\n\
          M1,Vanceb,Orla,01/01/1980,F,12 Elm Street,Anytown,OH,43001,EXAMPLE,ID1\n",
    );
    let roster = site.dir().join("roster.csv");
    assert!(site.command(&["roster", "import", roster.to_str().unwrap(), "--practice", PRACTICE]).status.success());
    for number in 1..=6_u32 {
        let name = format!("VANCE{}^ORLA", char::from(b'A' + u8::try_from(number).unwrap()));
        let charge = Charge { name, ..Charge::new(number) };
        let message = charge.message();
        // The last is held: nobody knows its code.
        let message = if number == 6 { message.replace("99213^^C4", "NONE^^L") } else { message };
        site.hl7(&format!("{number}.hl7"), message.as_bytes());
    }
    site.hl7("9.hl7", b"MSH|^~\\&|EHR|SITE|CH|CH|20260501120000||DFT^P03|MSG9|P|2.5\rFT1|1\r");
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&5.into(), &1.into()), "{summary}");
    let visits = site.json(&["visit", "list"]);
    let clm01 = |number: u32| {
        let visit = visits.as_array().unwrap().iter().find(|visit| visit["visit"] == format!("V{number}")).unwrap();
        visit["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned()
    };
    // The 270 of the same day was the first group.
    site.answer("1.999", ack(1, 2, "A", "A").as_bytes());
    site.answer("2.277", accepted(2, &[&clm01(1), &clm01(5)]).as_bytes());
    site.run(DAY);
    let paid = clp(&clm01(1), "1", "90", "70", &["CO*45*20"]);
    let denied = clp(&clm01(2), "4", "90", "0", &["CO*50*90"]);
    let off = clp(&clm01(3), "1", "90", "70", &["CO*45*19.99"]);
    site.answer("3.835", check(3, "I*138.5*C", "EXAMPLE", OURS, &[paid, denied, off], "L6:1*-1.5*72:2*3").as_bytes());
    site.run(DAY);
    for cents in ["60", "61"] {
        let rest = (90 - cents.parse::<i32>().unwrap()).to_string();
        let claim = clp(&clm01(4), "1", "90", cents, &[&format!("CO*45*{rest}")]);
        let number = if cents == "60" { 4 } else { 5 };
        // One trace number, two contents.
        let remittance = check(number, &format!("I*{cents}*C"), "EXAMPLE", OURS, &[claim], "").replace("*T5*", "*T4*");
        site.answer(&format!("{number}.835"), remittance.as_bytes());
        site.run(DAY);
    }
    let trace = site.json(&["eligibility", "list"])[0]["trace"].as_str().unwrap().to_owned();
    site.answer("6.271", covered(6, &trace).as_bytes());
    site.run(DAY);
    assert_eq!(site.json(&["eligibility", "list", "--state", "active"]).as_array().unwrap().len(), 1);
    let before = "figure,numerator,denominator,from,to\nclaim-accuracy,9,10,2025-01-01,2025-12-31\n";
    site.write("before.csv", before.as_bytes());
    let before = site.dir().join("before.csv");
    assert!(site.command(&["--as-of", DAY, "kpi", "--baseline", before.to_str().unwrap()]).status.success());
    site.assert_accounted(DAY);
    site
}

/// A payer's 271 that says yes.
fn covered(number: u32, trace: &str) -> String {
    let trace = format!("TRN*2*{trace}*1123456789");
    let body = [
        "ST*271*0001*005010X279A1",
        "BHT*0022*11*000000002*20260520*1200",
        "HL*1**20*1",
        "NM1*PR*2*EXAMPLE*****PI*00000",
        "HL*2*1*21*1",
        "NM1*1P*2*MY PRACTICE*****XX*1234567893",
        "HL*3*2*22*0",
        &trace,
        "NM1*IL*1*VANCEB*ORLA****MI*ID1",
        "DMG*D8*19800101*F",
        "EB*1**30",
    ];
    interchange(number, "HB", "005010X279A1", &body)
}

/// The store of a site, as it was, to be put back after each change.
struct Kept {
    store: PathBuf,
    bytes: Vec<u8>,
}

impl Kept {
    fn of(site: &Site) -> Self {
        let store = site.dir().join("store/claimhost.db");
        let connection = Connection::open(&store).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(connection);
        let bytes = std::fs::read(&store).unwrap();
        Self { store, bytes }
    }

    fn put_back(&self) {
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.store.display()));
        }
        std::fs::write(&self.store, &self.bytes).unwrap();
    }

    fn open(&self) -> Connection {
        self.put_back();
        Connection::open(&self.store).unwrap()
    }
}

/// Tables and checks of what is found; none where the store cannot be opened.
fn found(config: &Path) -> Option<BTreeSet<(String, String)>> {
    let report = listed(config, &["verify", "--all"]);
    let mut found = BTreeSet::new();
    let unaccounted = listed(config, &["--as-of", DAY, "trace", "--unaccounted"]);
    for difference in report["differences"].as_array()?.iter().chain(unaccounted.as_array()?) {
        let of = |key: &str| difference[key].as_str().unwrap().to_owned();
        found.insert((of("table"), of("check")));
    }
    Some(found)
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

/// Where a changed table is told of under another name: what the key table seals cannot be opened at all, and the head is told
/// of as what it is the head of.
fn names_it(found: &BTreeSet<(String, String)>, table: &str) -> bool {
    let also = if table == "history_head" { "history" } else { table };
    found.iter().any(|(named, _)| named == table || named == also)
}

#[test]
fn whatever_is_changed_added_or_taken_away_in_any_table_is_seen() {
    let site = site();
    let config = site.dir().join("claimhost.toml");
    let kept = Kept::of(&site);
    let schema = tables(&kept.open());
    assert!(schema.len() > 25, "{schema:?}");
    let (mut unseen, mut changes, mut empty) = (Vec::new(), 0, Vec::new());
    for (table, columns) in &schema {
        // Of one store at a time: a connection that stays open would see the files that are put back.
        let Some((condition, key, row)) = first_row(&kept.open(), table, columns) else {
            empty.push(table.clone());
            continue;
        };
        for ((column, _), value) in columns.iter().zip(&row) {
            let connection = kept.open();
            if !set(&connection, table, column, &changed(value), &condition, &key) {
                unseen.push(format!("{table}.{column} cannot be changed"));
            }
            drop(connection);
            changes += 1;
            // A wrapped key that does not open refuses every command.
            let seen = found(&config).map_or(table == "practice", |found| names_it(&found, table));
            if !seen {
                unseen.push(format!("{table}.{column} changed"));
            }
        }
        let connection = kept.open();
        let sql = format!("DELETE FROM {table} WHERE {}", condition.replace("?1", "?0"));
        let renumbered =
            (0..key.len()).fold(sql, |sql, at| sql.replace(&format!("?{}", at + 2), &format!("?{}", at + 1)));
        assert_eq!(connection.execute(&renumbered, rusqlite::params_from_iter(key)), Ok(1), "{renumbered}");
        drop(connection);
        changes += 1;
        if !found(&config).is_some_and(|found| names_it(&found, table)) {
            unseen.push(format!("a row of {table} taken away"));
        }
    }
    // The others get a row that nobody wrote.
    for table in &empty {
        let connection = kept.open();
        let columns = &schema.iter().find(|(name, _)| name == table).unwrap().1;
        let mut statement = connection.prepare("SELECT type FROM pragma_table_info(?1)").unwrap();
        let kinds: Vec<String> = statement.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let values: Vec<Sql> = columns
            .iter()
            .zip(kinds)
            .map(|((column, _), kind)| match (column.as_str(), kind.as_str()) {
                ("practice_id", _) => Sql::Text(PRACTICE.into()),
                (_, "INTEGER") => Sql::Integer(1),
                (_, "TEXT") => Sql::Text("x".into()),
                _ => Sql::Blob(vec![1]),
            })
            .collect();
        let places: Vec<String> = (1..=values.len()).map(|at| format!("?{at}")).collect();
        let sql = format!("INSERT INTO {table} VALUES ({})", places.join(", "));
        assert_eq!(connection.execute(&sql, rusqlite::params_from_iter(values)), Ok(1), "{sql}");
        drop(statement);
        drop(connection);
        changes += 1;
        if !found(&config).is_some_and(|found| names_it(&found, table)) {
            unseen.push(format!("a row of {table} added"));
        }
    }
    println!("{changes} changes, tables without a row: {empty:?}");
    // Nobody has accepted a hold, uploaded a file or pulled a source here: those tables got a foreign row, like the others that are
    // empty, and none more.
    assert!(changes > 200, "{changes} changes");
    assert_eq!(
        empty,
        ["acceptance", "pending_later", "plugin_log", "pull_cursor", "pull_seen", "rate_left", "upload_key"]
    );
    assert!(unseen.is_empty(), "unseen: {unseen:#?}");
    kept.put_back();
    site.assert_accounted(DAY);
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
        let found = found(&config).unwrap_or_default();
        if !found.iter().any(|(_, told)| told == check) {
            unseen.push(format!("{sql}: {check} is not among {found:?}"));
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
}

#[test]
fn a_file_in_the_outbox_and_a_head_that_was_kept_are_compared() {
    let site = site();
    let config = site.dir().join("claimhost.toml");
    let report = site.json(&["verify", "--practice", PRACTICE]);
    let head = report["practices"][0]["head"].as_str().unwrap().to_owned();
    let kept = Kept::of(&site);
    site.hl7("7.hl7", Charge::new(7).message().as_bytes());
    site.run(DAY);
    site.json(&["verify", "--practice", PRACTICE, "--head", &head]);
    let later = site.json(&["verify", "--practice", PRACTICE])["practices"][0]["head"].as_str().unwrap().to_owned();
    // An older store in the place of a newer one is whole by itself: only a head that was kept elsewhere tells.
    kept.put_back();
    site.assert_accounted(DAY);
    let found = listed(&config, &["verify", "--practice", PRACTICE, "--head", &later]);
    assert_eq!(found["differences"][0]["check"], "head", "{found}");

    let (name, mut bytes) = site.outbox().remove(0);
    bytes[200] ^= 1;
    std::fs::write(site.dir().join("transport/out").join(name), bytes).unwrap();
    let found = listed(&config, &["verify", "--all"]);
    assert_eq!(found["differences"][0]["check"], "file", "{found}");
}

fn refused(site: &Site, arguments: &[&str], code: i32, words: &str) {
    let output = site.command(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
}

#[test]
fn a_backup_restores_to_a_store_that_verifies_and_never_over_another_by_accident() {
    use std::os::unix::fs::PermissionsExt;
    let site = site();
    let ledger = |site: &Site| {
        let summary = site.json(&["--as-of", DAY, "run", "--once"]);
        (summary["ledger_digest"].clone(), summary["claims"].clone())
    };
    let before = ledger(&site);
    let file = site.dir().join("copy.backup");
    let file = file.to_str().unwrap();
    site.json(&["backup", file]);
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let key = site.text("key");
    let bytes = std::fs::read(file).unwrap();
    let raw: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&key[at * 2..at * 2 + 2], 16).unwrap()).collect();
    for text in [key.trim().as_bytes(), &raw, b"VANCE"] {
        assert!(!bytes.windows(text.len()).any(|part| part == text), "neither a key nor a name is in it");
    }
    refused(&site, &["backup", file], 2, "is there already");
    refused(&site, &["restore", file], 2, "--force");
    refused(&site, &["restore", "nothing.backup"], 4, "is no file");

    // Changed since: what is restored is what was copied.
    site.hl7("7.hl7", Charge::new(7).message().as_bytes());
    site.run(DAY);
    let restored = site.json(&["restore", file, "--force"]);
    assert_eq!(restored["verified"]["count"], 0, "{restored}");
    assert!(Path::new(restored["kept"].as_str().unwrap()).exists(), "{restored}");
    assert_eq!(ledger(&site), before);
    site.assert_accounted(DAY);

    // A backup that was changed does not take the store's place.
    let connection = Connection::open(file).unwrap();
    connection.execute("UPDATE posting SET amount_cents = amount_cents + 1 WHERE posting_id = 1", []).unwrap();
    drop(connection);
    refused(&site, &["restore", file, "--force"], 4, "the store is as it was");
    assert_eq!(ledger(&site), before);
}

#[test]
fn another_master_key_and_one_that_is_wrong_or_missing() {
    let site = site();
    let old = site.text("key");
    let before = site.json(&["claim", "list"]);
    for moment in ["key-next", "key-wrapped", "key-old", "key-renamed"] {
        let output = site.prepared(&["keys", "rotate"]).env("CLAIMHOST_CRASH_AT", moment).output().unwrap();
        assert!(!output.status.success(), "{moment}: it ends itself there");
        assert_eq!(site.json(&["claim", "list"]), before, "{moment}: the store opens");
        site.assert_accounted(DAY);
    }
    site.json(&["keys", "rotate"]);
    assert_ne!(site.text("key"), old);
    assert!(!site.dir().join("key.next").exists() && !site.dir().join("key.old").exists());
    assert_eq!(site.json(&["claim", "list"]), before);
    site.assert_accounted(DAY);
    site.run(DAY);

    let new = site.text("key");
    for (text, words) in [
        (old.clone(), "the master key does not open the key of practice"),
        ("ab".repeat(32), "the master key does not open the key of practice"),
        ("short".to_owned(), "expected 64 hexadecimal digits"),
    ] {
        site.write("key", text.as_bytes());
        for command in
            [&["verify"][..], &["run", "--once"], &["claim", "list"], &["keys", "rotate"], &["trace", "--unaccounted"]]
        {
            refused(&site, command, 3, words);
        }
    }
    std::fs::remove_file(site.dir().join("key")).unwrap();
    refused(&site, &["verify"], 3, "claimhost init");
    site.write("key", new.as_bytes());
    site.assert_accounted(DAY);
    let by_environment = site.prepared(&["keys", "rotate"]).env("CLAIMHOST_MASTER_KEY", new.trim()).output().unwrap();
    assert_eq!(by_environment.status.code(), Some(3));
}

/// Serialized as it is asserted.
#[test]
fn a_difference_names_no_patient() {
    let site = site();
    let kept = Kept::of(&site);
    let connection = kept.open();
    connection
        .execute_batch("UPDATE visit_event SET body = zeroblob(60); UPDATE claim_body SET body = zeroblob(60)")
        .unwrap();
    drop(connection);
    let report: Value = listed(&site.dir().join("claimhost.toml"), &["verify", "--all"]);
    let text = report.to_string()
        + &listed(&site.dir().join("claimhost.toml"), &["--as-of", DAY, "trace", "--unaccounted"]).to_string();
    assert!(report["count"].as_u64().unwrap() > 10, "{report}");
    for canary in ["VANCE", "ORLA", "M1\"", "ID1\"", "19800101", "ELM STREET"] {
        assert!(!text.contains(canary), "{canary}: {text}");
    }
}

/// A payer's 277CA that refuses a claim.
fn rejected(number: u32, claim: &str) -> String {
    accepted(number, &[claim]).replace("STC*A2:20:PR*20260518*WQ*90", "STC*A3:21:PR*20260518*U*90")
}

/// A later message about the charge, with another code.
fn corrected(code: &str, minute: u32) -> String {
    let message = Charge::new(1).message().replace("20260501120000", &format!("202605011300{minute:02}"));
    message.replace("|CG|", "|AJ|").replace("MSG1", &format!("MSG1{minute}")).replace("99213^^C4", code)
}

fn claims(site: &Site) -> Vec<(String, i64)> {
    let listed = site.json(&["claim", "list"]);
    let of = |row: &Value| (row["state"].as_str().unwrap().to_owned(), row["billed_cents"].as_i64().unwrap());
    listed.as_array().unwrap().iter().map(of).collect()
}

#[test] // the payer has nothing, and what takes the place of the refused claim is held: it is looked at again every day
fn a_correction_that_is_held_after_a_refusal_stays_the_only_claim_of_its_charge() {
    let site = Site::new();
    let mut charge = Charge::new(1).message();
    charge = charge.replace("VANCE", "VANCEB");
    site.hl7("1.hl7", charge.as_bytes());
    site.run(DAY);
    let clm01 = site.json(&["visit", "list"])[0]["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned();
    site.answer("1.277", rejected(1, &clm01).as_bytes());
    site.run(DAY);
    assert_eq!(claims(&site), [("rejected".to_owned(), 9_000)]);
    site.hl7("2.hl7", corrected("NONE^^L", 1).replace("VANCE", "VANCEB").as_bytes());
    for day in [DAY, "2026-05-21", "2026-05-22"] {
        site.run(day);
        assert_eq!(claims(&site), [("held".to_owned(), 9_000)], "{day}");
    }
    site.hl7("3.hl7", corrected("99214^^C4", 2).replace("VANCE", "VANCEB").as_bytes());
    site.run("2026-05-23");
    assert_eq!(claims(&site), [("submitted".to_owned(), 9_000)]);
    assert_eq!(site.outbox().len(), 2);
    site.assert_accounted("2026-05-23");
}

#[test]
fn a_trace_is_found_by_visit_claim_or_check_and_masked_for_sharing() {
    let site = site();
    let of = |arguments: &[&str]| site.json(&[&["trace"], arguments].concat());
    let whole = of(&["V1"]);
    let version = &whole["claims"][0]["versions"][0];
    let clm01 = version["control_number"].as_str().unwrap();
    assert_eq!(of(&[clm01]), whole);
    let claim = whole["claims"][0]["id"].as_str().unwrap();
    assert_eq!(of(&[claim, "--by", "claim"]), whole);
    let check = &of(&["T3"])[0];
    assert_eq!((&check["amount_cents"], &check["visits"][0]), (&13_850.into(), &whole), "{check}");
    refused(&site, &["trace", "NOBODYS"], 4, "there is no visit");

    // Loop 2300 is where it says, and the payment has its line to the cent.
    let sending = &version["sendings"][0];
    let (_, bytes) = site.outbox().into_iter().find(|(name, _)| sending["file_name"] == name.as_str()).unwrap();
    let segment = usize::try_from(sending["clm_segment"].as_u64().unwrap()).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.split('~').nth(segment - 1).unwrap().trim().starts_with(&format!("CLM*{clm01}*")), "{sending}");
    let line = &whole["claims"][0]["payments"][0]["lines"][0];
    assert_eq!(
        (&line["line"], &line["paid_cents"], &line["adjustments"][0]["amount_cents"]),
        (&1.into(), &7_000.into(), &2_000.into())
    );

    let masked = of(&["V1", "--mask"]);
    let shown = String::from_utf8(site.command(&["trace", "V1", "--mask"]).stdout).unwrap();
    for text in [masked.to_string(), shown] {
        for canary in [
            "VANCE", "ORLA", "\"V1\"", " V1 ", "ID1", "M1", "C1\"", "1.hl7", "2026-05", "20574", clm01, "T3", "ICN",
            "ELM",
        ] {
            assert!(!text.contains(canary), "{canary}: {text}");
        }
    }
    for kept in [
        "/claims/0/cents",
        "/claims/0/postings/0/amount_cents",
        "/claims/0/payer_id",
        "/claims/0/state",
        "/events/0/code",
    ] {
        assert_eq!(masked.pointer(kept), whole.pointer(kept), "{kept}");
    }
}
