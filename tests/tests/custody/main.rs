//! What is stored against what it was made of, and against files outside: changed, taken away and added to, and told of (`changed.rs`,
//! `files.rs`). Backups, restoring, another master key, and wrong keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod changed;
mod files;

use std::path::{Path, PathBuf};

use claimhost_tests::custody::listed;
use claimhost_tests::site::{Charge, PRACTICE, Site};
use claimhost_tests::x12::{accepted, ack, check, clp, covered};
use rusqlite::Connection;
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
    site.answer("6.271", covered(6, &trace, ["NM1*IL*1*VANCEB*ORLA****MI*ID1", "DMG*D8*19800101*F"]).as_bytes());
    site.run(DAY);
    assert_eq!(site.json(&["eligibility", "list", "--state", "active"]).as_array().unwrap().len(), 1);
    let before = "figure,numerator,denominator,from,to\nclaim-accuracy,9,10,2025-01-01,2025-12-31\n";
    site.write("before.csv", before.as_bytes());
    let before = site.dir().join("before.csv");
    assert!(site.command(&["--as-of", DAY, "kpi", "--baseline", before.to_str().unwrap()]).status.success());
    site.assert_accounted(DAY);
    site
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
