//! Every case of `fixtures/`, and mappings that open no session.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use claimhost_sdk::Adapter;
use claimhost_sdk::delimited::{fields, records};
use claimhost_sdk::intake::{Related, Setup};
use plugin_csv_superbill::Superbill;

/// What the host's framing does, for files of a few rows: header, row, and the row of `patients.csv` with the same key.
fn frame(case: &Path, bytes: &[u8]) -> Vec<(Vec<u8>, Vec<Related>)> {
    let delimiter =
        if std::fs::read_to_string(case.join("mapping.toml")).unwrap().contains("\"|\"") { b'|' } else { b',' };
    let rows = records(bytes, delimiter);
    let joined = std::fs::read(case.join("patients.csv")).unwrap_or_default();
    let joined = records(&joined, delimiter);
    let related = |name: &str, content: &[u8]| Related { name: name.to_owned(), content: content.to_vec() };
    let key = |header: &[u8], row: &[u8]| {
        let at = fields(header, delimiter).iter().position(|name| name == "Patient ID");
        at.and_then(|at| fields(row, delimiter).get(at).cloned())
    };
    let one = |row: &&[u8]| {
        let mut parts = vec![related("header", rows[0])];
        if let Some((header, patients)) = joined.split_first() {
            parts.push(related("patients.header", header));
            let matching = patients.iter().find(|patient| key(header, patient) == key(rows[0], row));
            parts.extend(matching.map(|patient| related("patients", patient)));
        }
        (row.to_vec(), parts)
    };
    rows.iter().skip(1).map(one).collect()
}

#[test]
fn fixtures_give_the_committed_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let count = claimhost_sdk::fixtures::run::<Superbill>(&folder, "input.csv", frame);
    assert!(count.as_ref().is_ok_and(|count| *count >= 6), "{}", count.expect_err("fewer cases"));
}

#[test]
fn a_mapping_that_is_wrong_opens_no_session() {
    let problems =
        |mapping: &str| Superbill::open(Setup { settings: Vec::new(), mapping: mapping.to_owned() }).unwrap_err();
    let wrong = problems(
        "date_format = \"MM/DD/YY\"\n[columns]\nvist = \"Visit\"\npayer = \"patient:Payer\"\n[[framing.join]]\nname = \"patients\"\n",
    );
    let lines: Vec<&str> = wrong.iter().map(|problem| problem.at.path.as_str()).collect();
    assert_eq!(
        lines,
        ["mapping line 1, date_format", "mapping line 3, [columns] vist", "mapping line 4, [columns] payer"]
    );
    assert_eq!(wrong[1].remedy, "did you mean `[columns] visit`?");
    assert_eq!(wrong[2].expected, "`patients:`");
}
