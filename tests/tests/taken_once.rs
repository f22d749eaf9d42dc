//! Each file is taken once, whatever a crash leaves: ended at each of its moments and started again, the same documents,
//! claims, ledger and 837s as if nothing had happened. A second delivery is received again and changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use claimhost_tests::site::{CLEARING, Charge, PRACTICE, Site};
use serde_json::Value;

const DAY: &str = "2026-05-20";
/// More messages than go through an adapter together.
const MESSAGES: u32 = 600;

/// A file of many messages with lines between them that are none, a file of one, a superbill's worth of nothing, and an answer
/// of nobody.
fn deliver(site: &Site) {
    let mut file = Vec::new();
    for number in 1..=MESSAGES {
        if number % 100 == 1 {
            file.extend_from_slice(b"a line of no message\r");
        }
        // Born on days of their own: nobody is taken for another patient's second record.
        file.extend_from_slice(Charge::of_nobody_else(number).message().as_bytes());
    }
    site.hl7("a-many.hl7", &file);
    site.hl7("b-one.hl7", Charge::new(MESSAGES + 1).message().as_bytes());
    site.csv("c.csv", b"Visit,Note\n\n1,\"never closed\n");
    site.answer("d.835", b"ISA*");
}

#[derive(Debug, PartialEq)]
struct Outcome {
    summary: Vec<Value>,
    documents: BTreeMap<String, u32>,
    sent: Vec<(String, Vec<String>)>,
}

/// The segments of an 837 without the numbers that each store mints for itself: CLM01 and the lines' control numbers.
fn segments(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let minted = |segment: &str| match segment.strip_prefix("CLM*").and_then(|rest| rest.split_once('*')) {
        Some((_, rest)) => format!("CLM**{rest}"),
        None if segment.starts_with("REF*6R*") => "REF*6R*".to_owned(),
        None => segment.to_owned(),
    };
    text.split('~').map(|segment| minted(segment.trim())).collect()
}

fn outcome(site: &Site, summary: &Value) -> Outcome {
    let keys = ["documents", "visits", "claims", "cents", "findings", "ledger_digest"];
    let mut documents = BTreeMap::new();
    for tenant in [PRACTICE, CLEARING] {
        for row in site.json(&["document", "list", "--practice", tenant]).as_array().unwrap() {
            let keys = ["practice", "file_id", "ordinal", "ranges", "status", "reason"];
            *documents.entry(keys.map(|key| row[key].to_string()).join(" ")).or_default() += 1;
        }
    }
    let sent = site.outbox().into_iter().map(|(name, bytes)| (name, segments(&bytes))).collect();
    Outcome { summary: keys.map(|key| summary[key].clone()).to_vec(), documents, sent }
}

fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count()
}

/// A site that submits: one claim has left already.
fn at_work() -> Site {
    let site = Site::new();
    site.hl7("first.hl7", Charge::of_nobody_else(9_000).message().as_bytes());
    site.run(DAY);
    site
}

/// Ends the run at a moment.
fn crash(site: &Site, moment: &str) {
    let mut command = site.prepared(&["--as-of", DAY, "run", "--once"]);
    let output = command.env("CLAIMHOST_CRASH_AT", moment).output().unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(6), "{moment}: it ends itself there: {}: {complained}", output.status);
}

#[test]
fn ended_at_any_moment_it_takes_each_file_once() {
    let whole = at_work();
    deliver(&whole);
    let expected = outcome(&whole, &whole.run(DAY));
    assert_eq!(expected.summary[0]["translated"], MESSAGES + 2, "{:?}", expected.summary);
    // Six lines of no message, a header without the joined column, a row that is not closed, an answer that is none.
    assert_eq!(expected.summary[0]["rejected"], 9, "{:?}", expected.summary);
    assert_eq!(expected.sent.len(), 2);
    // The first file that is stored is the clearinghouse's, the second batch is the practice's messages.
    for moments in [
        &["after-store"][..],
        &["after-store:2"],
        &["after-store:3"],
        &["after-archive"],
        &["after-archive:2"],
        &["mid-file"],
        &["mid-file:2"],
        &["before-rename"],
        &["after-rename"],
        &["after-store", "after-archive", "after-store", "mid-file", "mid-file", "before-rename", "after-rename"],
    ] {
        let site = at_work();
        deliver(&site);
        for moment in moments {
            crash(&site, moment);
        }
        let found = outcome(&site, &site.run(DAY));
        assert_eq!(found.summary, expected.summary, "{moments:?}");
        assert!(found.documents == expected.documents, "{moments:?}: {:#?}", found.documents);
        let names = |outcome: &Outcome| outcome.sent.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "{moments:?}");
        assert!(found.sent == expected.sent, "{moments:?}: other claims were sent");
        for inbox in ["inbox/my-practice", "inbox/csv", "transport/in"] {
            assert_eq!(files_in(&site.dir().join(inbox)), 0, "{moments:?}: {inbox} is empty");
            let there = |site: &Site| files_in(&site.dir().join(inbox).join("archive"));
            assert_eq!(there(&site), there(&whole), "{moments:?}: {inbox}/archive has each file once");
        }
    }
}

#[test]
fn a_second_delivery_is_received_again_and_changes_nothing() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    let before = site.run(DAY);
    // Ended between the archive and the store's word of it: the second delivery must not be taken for what was left.
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    crash(&site, "after-archive");
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    let after = site.run(DAY);
    assert_eq!(before["documents"]["received"], 1, "{before}");
    assert_eq!((&after["documents"]["received"], &after["documents"]["ignored"]), (&3.into(), &2.into()), "{after}");
    for key in ["claims", "cents", "visits", "ledger_digest"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    assert_eq!(files_in(&site.dir().join("inbox/my-practice/archive")), 3);
}

#[test]
fn a_file_that_is_cut_otherwise_after_a_crash_loses_nothing_and_repeats_nothing() {
    // A quote that hides line ends under one delimiter and not under the other.
    let rows: String = (0..400).map(|row| format!("{row};\"note\n")).collect();
    let file = format!("Visit;Note\n{rows}");
    let site = Site::new();
    let mapping = "practices/my-practice/mapping.csv-superbill.toml";
    let text = std::fs::read_to_string(site.dir().join(mapping)).unwrap();
    let with = |delimiter: &str| {
        let own = text.replace("delimiter = \",\"", &format!("delimiter = \"{delimiter}\""));
        std::fs::write(site.dir().join(mapping), own).unwrap();
    };
    with(",");
    site.csv("a.csv", file.as_bytes());
    crash(&site, "mid-file");
    with(";");
    let summary = site.run(DAY);
    assert_eq!(summary["documents"]["pending"], 0, "{summary}");
    let mut covered = vec![false; file.len()];
    let mut seen = BTreeMap::new();
    for row in site.json(&["document", "list", "--practice", PRACTICE]).as_array().unwrap() {
        let ranges = row["ranges"].as_str().unwrap();
        *seen.entry(format!("{ranges} {}", row["reason"])).or_insert(0) += 1;
        for range in ranges.split(',') {
            let (from, to) = range.split_once('-').unwrap();
            covered[from.parse().unwrap()..to.parse().unwrap()].fill(true);
        }
    }
    covered[.."Visit;Note\n".len()].fill(true);
    assert!(covered.iter().all(|told| *told), "a row in no document");
    assert!(seen.values().all(|times| *times == 1), "a piece twice: {seen:?}");
}
