//! Every case of `fixtures/`, and mappings that open no session.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use claimhost_sdk::Adapter;
use claimhost_sdk::delimited::{fields, records};
use claimhost_sdk::intake::{Document, Event, Outcome, Related, Setup};
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

/// Pointers of a row's charge, and what of it is undelivered.
fn row(mapping: &str, header: &str, row: &str) -> (Vec<u8>, Vec<String>) {
    let session = Superbill::open(Setup { settings: Vec::new(), mapping: mapping.to_owned() }).unwrap();
    let document = Document {
        ordinal: 1,
        format: "delimited".to_owned(),
        content: row.as_bytes().to_vec(),
        related: vec![Related { name: "header".to_owned(), content: header.as_bytes().to_vec() }],
        received: claimhost_sdk::fixtures::RECEIVED,
    };
    let Outcome::Events(events) = session.translate(&document) else {
        unreachable!("{:?}", session.translate(&document))
    };
    let Event::Visit(visit) = &events[0] else { unreachable!("a visit") };
    let mut lacking = visit.undelivered.clone();
    lacking.retain(|element| element.starts_with("line."));
    (visit.charges[0].line.diagnosis_pointers.clone(), lacking)
}

#[test]
fn a_column_that_is_not_there_is_undelivered_and_an_empty_pointer_is_no_diagnosis() {
    let header = "Visit ID,DOS,CPT,Units,Charge,Dx1,Dx2";
    let cells = "V1,03/02/2026,99213,1,90.00,J06.9,R05.9";
    assert_eq!(row("", header, cells), (vec![1, 2], vec![]), "a row without such a column has its own diagnoses");
    let (with, empty) = (format!("{header},Pointers"), format!("{cells},"));
    assert_eq!(row("", &with, &empty).0, [0_u8; 0], "of two none is taken");
    assert_eq!(row("", &with, &format!("{cells},2")).0, [2]);
    assert_eq!(
        row("", "Visit ID,DOS,CPT,Dx1", "V1,03/02/2026,99213,J06.9"),
        (vec![1], vec!["line.charge".to_owned(), "line.units".to_owned()])
    );
    let none = "[columns]\nmodifier1 = \"\"\n";
    assert_eq!(row(none, header, cells).1, ["line.procedure.modifiers"]);
    assert_eq!(row(none, header, &cells.replace("99213", "99213-25")).1, [""; 0], "it is there after all");
    assert_eq!(row(&format!("blank_is_none = [\"line.procedure.modifiers\"]\n{none}"), header, cells).1, [""; 0]);
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
