//! `transport_days`: originals, answers and answered 837s go after their time, by the day that `--as-of` says; what is not in
//! the store stays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeSet;

use claimhost_tests::site::{Charge, Site};

const DAY: &str = "2026-05-20";

fn site(days: u32) -> Site {
    let site = Site::new();
    let profile = "practices/my-practice/profile.toml";
    site.edit(profile, "transport_days = 0", &format!("transport_days = {days}"));
    site
}

/// Files of a folder, by name.
fn files(site: &Site, folder: &str) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(site.dir().join(folder)) else { return BTreeSet::new() };
    let files = entries.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file());
    files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A 999 that accepts the group with this number.
fn ack(number: u32) -> String {
    format!(
        "ISA*00*          *00*          *ZZ*CLEARING       *ZZ*PRACTICE       *260520*1200*^*00501*00000000{number}*0*T*:~\
         GS*FA*CLEARING*PRACTICE*20260520*1200*1*X*005010X231A1~ST*999*0001*005010X231A1~AK1*HC*{number}*005010X222A1~\
         AK2*837*0001*005010X222A1~IK5*A~AK9*A*1*1*1~SE*6*0001~GE*1*1~IEA*1*00000000{number}~"
    )
}

const ARCHIVE: &str = "inbox/my-practice/archive";
const ANSWERS: &str = "transport/in/archive";
const OUT: &str = "transport/out";

#[test]
fn files_go_after_their_time_and_what_is_not_in_the_store_stays() {
    let site = site(10);
    for number in 1..=3 {
        site.hl7(&format!("{number}.hl7"), Charge::new(number).message().as_bytes());
    }
    site.csv("patients-1.csv", b"Patient ID,Last\nP1,VANCE\n");
    site.run(DAY);
    let sent = files(&site, OUT);
    assert_eq!(sent.len(), 1);
    site.answer("ack.999", ack(1).as_bytes());
    let summary = site.run("2026-05-21");
    assert_eq!(summary["documents"]["translated"], 4, "the 999 is ours: {summary}");
    // Not what is stored any more: somebody edited it.
    std::fs::write(site.dir().join(ARCHIVE).join("2.hl7"), "edited").unwrap();
    // And one that nobody has stored.
    std::fs::write(site.dir().join(ARCHIVE).join("stranger.hl7"), "not ours").unwrap();
    let edited = "an original was edited";
    site.run_leaving("2026-05-29", &["file"], edited);
    assert_eq!(files(&site, ARCHIVE), names(&["1.hl7", "2.hl7", "3.hl7", "stranger.hl7"]), "nine days are not ten");
    assert_eq!((files(&site, ANSWERS), files(&site, OUT)), (names(&["ack.999"]), sent.clone()));
    let output = site.command(&["--as-of", "2026-05-30", "run", "--once", "--json"]);
    let logged = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{logged}");
    assert_eq!(files(&site, ARCHIVE), names(&["2.hl7", "stranger.hl7"]));
    assert!(logged.contains("\"files\":1") && logged.contains("stay") && !logged.contains(".hl7"), "{logged}");
    assert_eq!(files(&site, "inbox/csv/archive"), names(&["patients-1.csv"]), "joined files are needed");
    assert_eq!(files(&site, OUT), BTreeSet::new(), "answered, and ten days old");
    assert_eq!(files(&site, ANSWERS), names(&["ack.999"]), "received a day later");
    site.run_leaving("2026-05-31", &["file"], edited);
    assert_eq!(files(&site, ANSWERS), BTreeSet::new());
    // What is gone outside is in the store.
    let documents = site.documents(claimhost_tests::site::PRACTICE);
    let first = documents.iter().find(|document| document["file_name"] == "1.hl7").unwrap();
    assert_eq!(site.raw(first), Charge::new(1).message().as_bytes());
}

#[test]
fn an_837_that_nobody_answered_stays() {
    let site = site(1);
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let sent = files(&site, OUT);
    assert_eq!((sent.len(), files(&site, ARCHIVE).len()), (1, 1));
    let output = site.command(&["--as-of", "2026-07-20", "run", "--once"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no 999 or 277CA"), "{output:?}");
    assert_eq!((files(&site, OUT), files(&site, ARCHIVE)), (sent, BTreeSet::new()));
    // Answered, it goes with the next day.
    site.answer("ack.999", ack(1).as_bytes());
    site.run("2026-07-20");
    site.run("2026-07-21");
    assert_eq!(files(&site, OUT), BTreeSet::new());
}

#[test]
fn without_the_key_everything_stays() {
    let site = site(0);
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    site.answer("ack.999", ack(1).as_bytes());
    site.run("2026-05-21");
    site.run("2029-01-01");
    assert_eq!(
        (files(&site, OUT).len(), files(&site, ARCHIVE), files(&site, ANSWERS)),
        (1, names(&["1.hl7"]), names(&["ack.999"]))
    );
}

#[test]
fn ended_after_the_removal_it_goes_on() {
    let site = site(5);
    for number in 1..=2 {
        site.hl7(&format!("{number}.hl7"), Charge::new(number).message().as_bytes());
    }
    let before = site.run(DAY);
    let mut command = site.prepared(&["--as-of", "2026-05-26", "run", "--once"]);
    let status = command.env("CLAIMHOST_CRASH_AT", "after-remove").status().unwrap();
    assert!(!status.success(), "{status}");
    assert_eq!(files(&site, ARCHIVE), BTreeSet::new());
    let after = site.run("2026-05-26");
    assert_eq!((&after["documents"], &after["ledger_digest"]), (&before["documents"], &before["ledger_digest"]));
}
