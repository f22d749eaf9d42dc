//! Every case of `fixtures/`, and mappings that open no session.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use claimhost_sdk::Poster;
use claimhost_sdk::delimited::{fields, records};
use claimhost_sdk::intake::Setup;
use claimhost_sdk::post::{Batch, Outcome};
use plugin_csv_poster::CsvPoster;

fn open(mapping: &str) -> Result<CsvPoster, Vec<String>> {
    let setup = Setup { settings: Vec::new(), mapping: mapping.to_owned() };
    let words = |problem: &claimhost_sdk::intake::Problem| format!("{}: {}", problem.at.path, problem.expected);
    CsvPoster::open(setup).map_err(|problems| problems.iter().map(words).collect())
}

fn batch() -> Batch {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/entries/batch.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn fixtures_give_the_committed_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let count = claimhost_sdk::fixtures::run_poster::<CsvPoster>(&folder);
    assert!(count.as_ref().is_ok_and(|count| *count == 2), "{}", count.expect_err("another number of cases"));
}

#[test]
fn what_a_mapping_says_wrong_is_told_at_its_line() {
    for (mapping, words) in [
        ("columns = [\"row\", \"amuont\", \"entry\"]", "mapping line 1, columns: a field; did you mean `amount`?"),
        ("columns = [\"amount\", \"entry\"]", "mapping line 1, columns: a column of `row`, or of `posting`"),
        ("\ndelimiter = \"::\"", "mapping line 2, delimiter: one character, or `tab`"),
        ("date_format = \"YY-MM-DD\"", "mapping line 1, date_format: YYYY, MM and DD in some order"),
        ("header = \"maybe\"", "mapping line 1, header: `yes` or `no`"),
        ("required = [\"visitt\"]", "mapping line 1, required: a field; did you mean `visit`?"),
        ("[actions]\nreversal = \"payment\"", "mapping line 2, [actions] reversal: another word"),
        ("[entries]\ndenail = \"X\"", "mapping line 2, [entries] denail: `[entries] denied`"),
    ] {
        let found = open(mapping).err().unwrap_or_default();
        assert!(found.iter().any(|found| found == words), "{mapping}: {found:?}");
    }
}

#[test]
fn each_posting_is_taken_whole_or_not_and_cents_add_up() {
    let batch = batch();
    let answer = open("delimiter = \"|\"").unwrap().post(&batch);
    let text = String::from_utf8(answer.file).unwrap();
    let rows = records(text.as_bytes(), b'|');
    let header = fields(rows[0], b'|');
    let at = |name: &str| header.iter().position(|known| known == name).unwrap();
    for (posting, outcome) in batch.postings.iter().zip(&answer.outcomes) {
        let own: Vec<Vec<String>> =
            rows.iter().skip(1).map(|row| fields(row, b'|')).filter(|row| row[at("posting")] == posting.id).collect();
        assert_eq!(matches!(outcome, Outcome::Taken), !own.is_empty(), "{}", posting.id);
        let paid = own.iter().filter(|row| row[at("entry")] == "payment");
        let paid: i64 = paid.map(|row| claimhost_sdk::delimited::cents(&row[at("amount")]).unwrap()).sum();
        assert!(own.is_empty() || paid == posting.paid, "{}: {paid}", posting.id);
    }
    // Asked for in parts it gives the same rows.
    let parts: String = batch
        .postings
        .iter()
        .map(|posting| {
            let part = Batch { postings: vec![posting.clone()], ..batch.clone() };
            String::from_utf8(open("delimiter = \"|\"\nheader = \"no\"").unwrap().post(&part).file).unwrap()
        })
        .collect();
    assert_eq!(text.split_once("\r\n").unwrap().1, parts);
}
