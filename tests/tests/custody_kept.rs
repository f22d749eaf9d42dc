//! What must not be lost without a word: a store whose restore is interrupted, what came after a head that was kept, a practice that is no
//! longer configured, a byte anywhere in the file, two rows in each other's place; and one answer for all checks of a number.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use claimhost_tests::custody::{assert_verified, listed};
use claimhost_tests::dice::Dice;
use claimhost_tests::serving::{Serving, block};
use claimhost_tests::site::{Charge, PRACTICE, Site};
use claimhost_tests::tenants::{self, TENANTS};
use claimhost_tests::x12::{check, clp};
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::Value;

const DAY: &str = "2026-05-20";
const OURS: &str = "1234567893";

fn config(site: &Site) -> PathBuf {
    site.dir().join("claimhost.toml")
}

fn store(site: &Site) -> PathBuf {
    site.dir().join("store/claimhost.db")
}

/// What a command that is refused says.
fn refused(site: &Site, arguments: &[&str], code: i32, words: &str) {
    let output = site.command(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(words), "{arguments:?}: {said}");
}

fn visits(site: &Site) -> BTreeSet<String> {
    let listed = site.json(&["visit", "list"]);
    listed.as_array().unwrap().iter().map(|visit| visit["visit"].as_str().unwrap().to_owned()).collect()
}

fn named(numbers: &[u32]) -> BTreeSet<String> {
    numbers.iter().map(|number| format!("V{number}")).collect()
}

fn taken(site: &Site, number: u32) {
    site.hl7(&format!("{number}.hl7"), Charge::of_nobody_else(number).message().as_bytes());
    site.run(DAY);
}

/// A site with one visit in a backup, and a second one in the store.
fn backed_up() -> (Site, String) {
    let site = Site::new();
    taken(&site, 1);
    let file = site.dir().join("first.backup").display().to_string();
    site.json(&["backup", &file]);
    taken(&site, 2);
    (site, file)
}

/// The head of a practice, as a person keeps it.
fn head(site: &Site) -> String {
    let report = site.json(&["verify", "--practice", PRACTICE]);
    report["practices"][0]["head"].as_str().unwrap().to_owned()
}

/// Whether a kept head is missed.
fn is_missed(site: &Site, head: &str) -> bool {
    let found = listed(&config(site), &["verify", "--practice", PRACTICE, "--head", head]);
    found["differences"].as_array().unwrap().iter().any(|difference| difference["check"] == "head")
}

#[test]
fn a_restore_that_is_interrupted_leaves_the_store_or_the_backup_and_goes_on() {
    let (site, file) = backed_up();
    for (moment, left) in
        [("restore-copied", &[1, 2][..]), ("restore-kept", &[1, 2]), ("restore-placed", &[1]), ("", &[1])]
    {
        let output = site.prepared(&["restore", &file, "--force"]).env("CLAIMHOST_CRASH_AT", moment).output().unwrap();
        assert_eq!(output.status.success(), moment.is_empty(), "{moment}: it ends itself there");
        assert_eq!(visits(&site), named(left), "{moment}: a store is there, whole");
        assert_verified(&config(&site));
    }
    // What was there is kept once, in one file, and is a backup by itself.
    let kept = site.dir().join("store/claimhost.db.old-1");
    assert!(!site.dir().join("store/claimhost.db.old-1-wal").exists());
    site.json(&["restore", kept.to_str().unwrap(), "--force"]);
    assert_eq!(visits(&site), named(&[1, 2]));
    taken(&site, 3);
    assert_eq!(visits(&site), named(&[1, 2, 3]));
}

#[test]
fn what_only_the_log_of_a_killed_process_has_is_in_the_store_that_is_kept() {
    let (site, file) = backed_up();
    site.write(
        "claimhost.toml",
        site.text("claimhost.toml").replace("settle_seconds = 5", "settle_seconds = 0").as_bytes(),
    );
    let serving = Serving::start(&site, DAY);
    site.hl7("3.hl7", Charge::of_nobody_else(3).message().as_bytes());
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 3);
    refused(&site, &["restore", &file, "--force"], 1, "in use");
    serving.kill();
    assert!(std::fs::metadata(store(&site).with_extension("db-wal")).unwrap().len() > 0, "nobody has copied its log");
    let restored = site.json(&["restore", &file, "--force"]);
    let kept = restored["kept"].as_str().unwrap().to_owned();
    assert_eq!(visits(&site), named(&[1]));
    site.json(&["restore", &kept, "--force"]);
    assert_eq!(visits(&site), named(&[1, 2, 3]));
}

#[test]
fn no_store_is_begun_where_a_restore_has_left_something() {
    let (site, file) = backed_up();
    let (path, kept) = (store(&site), site.dir().join("store/claimhost.db.old-1"));
    let restoring = path.with_extension("restoring");
    std::fs::rename(&path, &kept).unwrap();
    for beside in [&kept, &restoring] {
        if beside != &kept {
            std::fs::rename(&kept, beside).unwrap();
        }
        let name = beside.file_name().unwrap().to_str().unwrap();
        for command in [&["run", "--once"][..], &["claim", "list"], &["verify"]] {
            refused(&site, command, 1, name);
        }
        refused(&site, &["check-config"], 3, "");
        assert!(!path.exists(), "nothing was begun");
    }
    site.json(&["restore", &file]);
    assert_eq!(visits(&site), named(&[1]));
    assert!(!restoring.exists());
}

#[test]
fn a_store_that_somebody_reads_is_left_and_one_that_is_damaged_is_replaced() {
    let (site, file) = backed_up();
    let path = store(&site);
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT COUNT(*) FROM claim;").unwrap();
    refused(&site, &["restore", &file, "--force"], 1, "in use");
    drop(reader);
    assert!(!path.with_extension("restoring").exists());
    assert_eq!(visits(&site), named(&[1, 2]));

    std::fs::write(&path, [7; 5_000]).unwrap();
    std::fs::write(path.with_extension("db-wal"), [8; 5_000]).unwrap();
    assert!(!site.command(&["verify"]).status.success());
    let restored = site.json(&["restore", &file, "--force"]);
    let kept = restored["kept"].as_str().unwrap();
    assert_eq!(std::fs::read(kept).unwrap(), [7; 5_000]);
    assert_eq!(std::fs::read(format!("{kept}-wal")).unwrap(), [8; 5_000], "its log is not taken for that of the copy");
    assert_eq!(visits(&site), named(&[1]));
    assert_verified(&config(&site));

    // What is no backup changes nothing.
    std::fs::write(site.dir().join("none.backup"), [9; 5_000]).unwrap();
    let none = site.dir().join("none.backup").display().to_string();
    assert!(!site.command(&["restore", &none, "--force"]).status.success());
    assert!(!path.with_extension("restoring").exists());
    assert_eq!(visits(&site), named(&[1]));
}

#[test]
fn a_kept_head_misses_messages_that_were_acknowledged_and_that_nobody_has_read() {
    let site = Site::new();
    let listener = format!(
        "\n[[intake.mllp]]\npractice = \"{PRACTICE}\"\nlisten = \"127.0.0.1:0\"\nadapter = \"hl7v2-dft\"\n\
         mapping = \"practices/my-practice/mapping.toml\"\n"
    );
    site.write("claimhost.toml", (site.text("claimhost.toml") + &listener).as_bytes());
    taken(&site, 1);
    let file = site.dir().join("first.backup").display().to_string();
    site.json(&["backup", &file]);
    // What reads them is away.
    let (plugin, away) = (site.dir().join("plugins/hl7v2-dft"), site.dir().join("away"));
    std::fs::rename(&plugin, &away).unwrap();
    let serving = Serving::start(&site, DAY);
    let mut peer = serving.connect();
    for number in [2, 3] {
        peer.send(&block(&Charge::of_nobody_else(number).message()));
        assert_eq!(peer.told(), Some(("AA".to_owned(), format!("MSG{number}"))));
    }
    drop(peer);
    serving.drain("what would read the messages is away");
    assert_eq!(visits(&site), named(&[1]), "nobody has read them");
    let kept = head(&site);
    assert!(!is_missed(&site, &kept));
    site.json(&["restore", &file, "--force"]);
    assert_verified(&config(&site));
    assert!(is_missed(&site, &kept), "two acknowledged messages are gone");
    // Whatever comes later does not take their place.
    std::fs::rename(&away, &plugin).unwrap();
    for number in 4..10 {
        taken(&site, number);
    }
    assert!(is_missed(&site, &kept));
}

#[test]
fn a_kept_head_misses_documents_that_were_only_refused_or_ignored() {
    let site = Site::new();
    taken(&site, 1);
    let file = site.dir().join("first.backup").display().to_string();
    site.json(&["backup", &file]);
    for (name, bytes) in [
        ("cut.hl7", &b"MSH|^~\\&|EHR|SITE|CH|CH|20260501120000||DFT^P03|MSG9|P|2.5\rFT1|1\r"[..]),
        ("empty.hl7", b"\r\n"),
        ("again.hl7", Charge::of_nobody_else(1).message().as_bytes()),
    ] {
        let before = head(&site);
        site.hl7(name, bytes);
        site.run(DAY);
        let kept = head(&site);
        assert_ne!(kept, before, "{name}");
        assert!(!is_missed(&site, &before) && !is_missed(&site, &kept), "{name}");
        site.json(&["restore", &file, "--force"]);
        assert!(is_missed(&site, &kept), "{name} is gone");
    }
}

#[test]
fn what_is_left_of_a_practice_that_is_no_longer_configured_is_told() {
    let site = tenants::site();
    site.run(DAY);
    let (whole, left) = (site.text("claimhost.toml"), "south");
    let without = whole.split(&format!("\n[[practice]]\nid = \"{left}\"")).next().unwrap().to_owned();
    site.write("claimhost.toml", without.as_bytes());
    let report = site.json(&["verify"]);
    let of = |report: &Value| {
        let practices = report["practices"].as_array().unwrap().iter();
        practices.map(|one| (one["practice"].as_str().unwrap().to_owned(), one.clone())).collect::<BTreeMap<_, _>>()
    };
    let verified = of(&report);
    assert_eq!((report["count"].as_u64(), verified.len()), (Some(0), 4), "{report}");
    assert_eq!((&verified[left]["configured"], &verified[left]["claims"]), (&false.into(), &2.into()), "{report}");
    assert_eq!((&verified[PRACTICE]["configured"], &verified["clearing"]["configured"]), (&true.into(), &true.into()));

    let told = listed(&config(&site), &["--as-of", DAY, "trace", "--unaccounted"]);
    assert_eq!(told.as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!((&told[0]["practice"], &told[0]["table"]), (&left.into(), &"practice".into()), "{told}");
    let what = told[0]["what"].as_str().unwrap();
    assert!(what.contains("2 claims of $180.00 open") && what.contains("put its [[practice]] back"), "{what}");
    assert_eq!(site.command(&["--as-of", DAY, "trace", "--unaccounted"]).status.code(), Some(4));
    assert_eq!(site.json(&["claim", "list", "--practice", left]).as_array().unwrap().len(), 2);
    refused(&site, &["kpi", "--practice", left], 4, "not in the configuration");
    let checked = listed(&config(&site), &["check-config"]);
    assert!(checked.to_string().contains("2 claims of $180.00 open"), "{checked}");

    // Its rows are gone over too, by `verify` and before a backup takes the store's place.
    let connection = Connection::open(store(&site)).unwrap();
    connection.execute("UPDATE claim SET billed_cents = billed_cents + 1 WHERE practice_id = ?1", [left]).unwrap();
    drop(connection);
    let report = listed(&config(&site), &["verify"]);
    assert_eq!(report["differences"][0]["practice"], left, "{report}");
    let file = site.dir().join("changed.backup").display().to_string();
    site.json(&["backup", &file]);
    refused(&site, &["restore", &file, "--force"], 4, "the store is as it was");
    let connection = Connection::open(store(&site)).unwrap();
    connection.execute("UPDATE claim SET billed_cents = billed_cents - 1 WHERE practice_id = ?1", [left]).unwrap();

    // Rows of somebody whom the store has no key of, in a table that has no head.
    connection.execute("INSERT INTO pending_later VALUES ('ghost', 1)", []).unwrap();
    let report = listed(&config(&site), &["verify"]);
    assert_eq!((&report["differences"][0]["practice"], &report["count"]), (&"ghost".into(), &2.into()), "{report}");
    connection.execute("DELETE FROM pending_later WHERE practice_id = 'ghost'", []).unwrap();
    drop(connection);
    site.write("claimhost.toml", whole.as_bytes());
    site.assert_accounted(DAY);
}

/// A site with claims, some of them paid.
fn paid() -> Site {
    let site = Site::new();
    for number in 1..=3 {
        site.hl7(&format!("{number}.hl7"), Charge::of_nobody_else(number).message().as_bytes());
    }
    site.run(DAY);
    let listed = site.json(&["visit", "list"]);
    let clm01 = |at: usize| listed[at]["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned();
    for (number, at, amount, contract) in [(1, 0, "70", "20"), (2, 1, "60", "30")] {
        let claim = clp(&clm01(at), "1", "90", amount, &[&format!("CO*45*{contract}")]);
        site.answer(
            &format!("{number}.835"),
            check(number, &format!("I*{amount}*C"), "EXAMPLE", OURS, &[claim], "").as_bytes(),
        );
    }
    site.run(DAY);
    site.assert_accounted(DAY);
    site
}

/// The file of a store without its log, to be changed and put back.
struct Bytes {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Bytes {
    fn of(site: &Site) -> Self {
        let path = store(site);
        let connection = Connection::open(&path).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(connection);
        let bytes = std::fs::read(&path).unwrap();
        Self { path, bytes }
    }

    fn put(&self, bytes: &[u8]) {
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.path.display()));
        }
        std::fs::write(&self.path, bytes).unwrap();
    }

    fn flipped(&self, places: &[usize]) {
        let mut bytes = self.bytes.clone();
        places.iter().for_each(|at| bytes[*at] ^= 0x10);
        self.put(&bytes);
    }

    fn open(&self) -> Connection {
        self.put(&self.bytes);
        Connection::open(&self.path).unwrap()
    }
}

/// Tables with a difference; none where the store is refused.
fn differing(config: &Path) -> Option<BTreeSet<String>> {
    let report = listed(config, &["verify", "--all"]);
    let table = |difference: &Value| difference["table"].as_str().unwrap().to_owned();
    Some(report["differences"].as_array()?.iter().map(table).collect())
}

/// Columns of every table: name, and whether it is of the key.
fn columns(connection: &Connection) -> BTreeMap<String, Vec<(String, bool)>> {
    let mut statement = connection
        .prepare(
            "SELECT m.name, c.name, c.pk > 0 FROM sqlite_master m, pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid",
        )
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
    let mut tables: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    rows.map(Result::unwrap).for_each(|(table, column)| tables.entry(table).or_default().push(column));
    tables
}

fn rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Vec<Sql>>> {
    let mut statement = connection.prepare(sql)?;
    let count = statement.column_count();
    statement.query_map([], |row| (0..count).map(|at| row.get(at)).collect())?.collect()
}

/// Every row of every table, in an order that no index decides.
fn dump(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<Vec<Sql>>>> {
    let sorted = |table: String| {
        let mut found = rows(connection, &format!("SELECT * FROM \"{table}\""))?;
        found.sort_by_cached_key(|row| format!("{row:?}"));
        Ok((table, found))
    };
    columns(connection).into_keys().map(sorted).collect()
}

#[test]
fn a_byte_flipped_in_what_is_sealed_is_found_in_every_table() {
    let site = paid();
    let kept = Bytes::of(&site);
    let (mut tried, mut unseen) = (BTreeSet::new(), Vec::new());
    for (table, columns) in columns(&kept.open()) {
        for (column, _) in
            columns.iter().filter(|(name, _)| ["body", "name", "archive_name", "wrapped_key"].contains(&name.as_str()))
        {
            let sql = format!(
                "SELECT {column} FROM {table} WHERE LENGTH({column}) > 40 ORDER BY LENGTH({column}) DESC LIMIT 1"
            );
            let Some(Sql::Blob(sealed)) = rows(&kept.open(), &sql).unwrap().pop().and_then(|mut row| row.pop()) else {
                continue;
            };
            // Its nonce, its text, and what authenticates it; a page may end in between, and a page that is free now may have a copy.
            let (middle, end) = (sealed.len() / 2, sealed.len());
            for part in [&sealed[..16], &sealed[middle - 8..middle + 8], &sealed[end - 16..]] {
                let places = kept.bytes.windows(16).enumerate().filter(|(_, bytes)| *bytes == part);
                let places: Vec<usize> = places.map(|(at, _)| at + 7).collect();
                if places.is_empty() {
                    continue;
                }
                kept.flipped(&places);
                if differing(&config(&site)).is_some_and(|tables| !tables.contains(&table)) {
                    unseen.push(format!("{table}.{column} at bytes {places:?}"));
                }
                tried.insert(table.clone());
            }
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
    for table in [
        "practice",
        "file",
        "file_chunk",
        "visit_event",
        "claim_body",
        "fact",
        "submission",
        "remittance",
        "remittance_claim",
    ] {
        assert!(tried.contains(table), "{table} is not among {tried:?}");
    }
    kept.put(&kept.bytes);
    site.assert_accounted(DAY);
}

#[test] // what is found nowhere must have changed nothing: a byte that no row, no index and no page uses
fn a_byte_flipped_anywhere_in_the_file_is_found_or_changes_no_row() {
    let site = paid();
    let kept = Bytes::of(&site);
    let before = dump(&kept.open()).unwrap();
    let mut dice = Dice::new(Dice::seed("CLAIMHOST_FLIP_SEED"));
    let (mut refused, mut told, mut unused) = (0, 0, 0);
    for _ in 0..80 {
        let at = usize::try_from(dice.below(kept.bytes.len() as u64)).unwrap();
        kept.flipped(&[at]);
        match differing(&config(&site)) {
            None => refused += 1,
            Some(tables) if !tables.is_empty() => told += 1,
            Some(_) => {
                let after = dump(&Connection::open(&kept.path).unwrap());
                assert!(after.is_ok_and(|after| after == before), "byte {at} is another one, and nobody tells");
                unused += 1;
            }
        }
    }
    println!("{told} told, {refused} refused to open, {unused} in no row");
    assert!(told > 0, "most of the file is rows");
    kept.put(&kept.bytes);
    site.assert_accounted(DAY);
}

#[test]
fn two_rows_in_each_others_place_are_found_in_every_table() {
    let site = paid();
    let kept = Bytes::of(&site);
    let (mut tried, mut unseen) = (BTreeSet::new(), Vec::new());
    // Of a connection that is closed before the files are put back under it.
    let all = columns(&kept.open());
    for (table, columns) in all {
        let connection = kept.open();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let of = if table == "owner" { "clearing" } else { PRACTICE };
        let sql = format!("SELECT {} FROM {table} WHERE practice_id = '{of}'", names.join(", "));
        let rows = rows(&connection, &sql).unwrap();
        let is_key = |at: usize| columns[at].1;
        let rest = |row: &[Sql]| -> Vec<Sql> {
            row.iter().enumerate().filter(|(at, _)| !is_key(*at)).map(|(_, value)| value.clone()).collect()
        };
        let Some(first) = rows.first() else { continue };
        let Some(other) = rows.iter().find(|row| rest(row) != rest(first)) else { continue };
        let condition = |row: &[Sql]| {
            let keys = (0..names.len()).filter(|at| is_key(*at));
            let (named, values): (Vec<String>, Vec<Sql>) =
                keys.enumerate().map(|(at, key)| (format!("{} IS ?{}", names[key], at + 1), row[key].clone())).unzip();
            (named.join(" AND "), values)
        };
        for row in [first, other] {
            let (condition, values) = condition(row);
            let sql = format!("DELETE FROM {table} WHERE {condition}");
            assert_eq!(connection.execute(&sql, rusqlite::params_from_iter(values)), Ok(1), "{sql}");
        }
        for (key, values) in [(first, other), (other, first)] {
            let row = (0..names.len()).map(|at| if is_key(at) { &key[at] } else { &values[at] });
            let places: Vec<String> = (1..=names.len()).map(|at| format!("?{at}")).collect();
            let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
            assert_eq!(connection.execute(&sql, rusqlite::params_from_iter(row)), Ok(1), "{sql}");
        }
        drop(connection);
        tried.insert(table.clone());
        if differing(&config(&site)).is_none_or(|tables| !tables.contains(&table)) {
            unseen.push(table);
        }
    }
    assert!(unseen.is_empty(), "unseen: {unseen:?} of {tried:?}");
    for table in
        ["claim", "claim_body", "document", "fact", "file_chunk", "history", "posting", "remittance", "visit_event"]
    {
        assert!(tried.contains(table), "{table} is not among {tried:?}");
    }
    kept.put(&kept.bytes);
    site.assert_accounted(DAY);
}

#[test]
fn all_checks_of_one_number_are_one_array_under_one_mask() {
    let site = tenants::site();
    site.run(DAY);
    for (at, (practice, npi)) in (1_u32..).zip(TENANTS) {
        let story = site.json(&["trace", &format!("{practice}/V1")]);
        let clm01 = story["claims"][0]["versions"][0]["control_number"].as_str().unwrap();
        let paid = check(at, "I*70*C", "EXAMPLE", npi, &[clp(clm01, "1", "90", "70", &["CO*45*20"])], "");
        site.answer(&format!("{at}.835"), paid.replace(&format!("*T{at}*"), "*T9*").as_bytes());
        site.run(DAY);
    }
    let checks = site.json(&["trace", "T9"]);
    let practices: BTreeSet<&str> =
        checks.as_array().unwrap().iter().map(|check| check["practice"].as_str().unwrap()).collect();
    assert_eq!(practices, TENANTS.iter().map(|(practice, _)| *practice).collect::<BTreeSet<_>>(), "{checks}");
    assert_eq!(site.json(&["trace", "T9", "--practice", "south"]).as_array().unwrap().len(), 1);
    // What is equal in all three is equal behind the mask, and what is a day apart stays so.
    let masked = site.json(&["trace", "T9", "--mask"]);
    for path in
        ["/trace_number", "/paid_on", "/visits/0/number", "/visits/0/first_seen_day", "/visits/0/events/0/service"]
    {
        let of = |checks: &Value| -> Vec<Value> {
            checks.as_array().unwrap().iter().map(|check| check.pointer(path).unwrap_or(&Value::Null).clone()).collect()
        };
        let (open, hidden) = (of(&checks), of(&masked));
        assert!(open.iter().all(|value| *value == open[0] && !value.is_null()), "{path}: {open:?}");
        assert!(hidden.iter().all(|value| *value == hidden[0] && *value != open[0]), "{path}: {hidden:?}");
    }
}
