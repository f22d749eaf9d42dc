//! Every case of `fixtures/`, and mappings that open no session.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use claimhost_sdk::Adapter;
use claimhost_sdk::delimited::{fields, records};
use claimhost_sdk::fixed::{self, Layout, Role};
use claimhost_sdk::intake::{Document, Event, Outcome, Related, Setup};
use claimhost_sdk::mapping::Mapping;
use plugin_csv_superbill::Superbill;

fn related(name: &str, content: &[u8]) -> Related {
    Related { name: name.to_owned(), content: content.to_vec() }
}

/// The same for lines of fixed width: each detail with the parents above it, and the row of `doctors.txt` that begins with its NPI.
fn frame_lines(case: &Path, layout: &Layout, bytes: &[u8]) -> Vec<(Vec<u8>, Vec<Related>)> {
    let doctors = std::fs::read(case.join("doctors.txt")).unwrap_or_default();
    let mut documents: Vec<(Vec<u8>, Vec<Related>)> = Vec::new();
    let mut above: Vec<(usize, usize, Vec<u8>)> = Vec::new();
    let mut is_used = true;
    let mut add = |above: &[(usize, usize, Vec<u8>)], line: Option<(usize, &[u8])>| {
        let parts: Vec<(usize, &[u8])> = above.iter().map(|(_, at, line)| (*at, line.as_slice())).chain(line).collect();
        let content = parts.iter().map(|(_, line)| *line).collect::<Vec<_>>().concat();
        let numbers = parts.iter().map(|(at, _)| (at + 1).to_string()).collect::<Vec<_>>().join(" ");
        let text = String::from_utf8_lossy(&content).into_owned();
        let doctor =
            doctors.split_inclusive(|byte| *byte == b'\n').find(|row| text.contains(&*fixed::text(&row[..10])));
        let doctor = doctor.map(|row| related("doctors", row));
        documents.push((content, doctor.into_iter().chain([related(fixed::LINES, numbers.as_bytes())]).collect()));
    };
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let kind = layout.kind(&fixed::text(line));
        let role = kind.and_then(|kind| layout.record(kind)).map(|record| record.role);
        let level = kind.map_or(0, |kind| layout.level(kind));
        let ends = role.is_none_or(|role| matches!(role, Role::Header | Role::Trailer))
            || (role == Some(Role::Parent) && above.last().is_some_and(|(deepest, ..)| *deepest >= level));
        if ends && !std::mem::replace(&mut is_used, true) {
            add(&above, None);
        }
        if ends {
            above.retain(|(other, ..)| role == Some(Role::Parent) && *other < level);
        }
        match role {
            Some(Role::Parent) => {
                above.push((level, at, line.to_vec()));
                is_used = false;
            }
            Some(Role::Detail) => {
                add(&above, Some((at, line)));
                is_used = true;
            }
            Some(Role::Other) | None => add(&[], Some((at, line))),
            Some(Role::Header | Role::Trailer) => {}
        }
    }
    documents
}

/// What the host's framing does, for files of a few rows: header, row, and the row of `patients.csv` with the same key.
fn frame(case: &Path, bytes: &[u8]) -> Vec<(Vec<u8>, Vec<Related>)> {
    let mapping = std::fs::read_to_string(case.join("mapping.toml")).unwrap();
    if let Some(layout) = Layout::read(&mut Mapping::parse(&mapping)) {
        return frame_lines(case, &layout, bytes);
    }
    let delimiter = if mapping.contains("\"|\"") { b'|' } else { b',' };
    let rows = records(bytes, delimiter);
    let joined = std::fs::read(case.join("patients.csv")).unwrap_or_default();
    let joined = records(&joined, delimiter);
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
    let count = claimhost_sdk::fixtures::run::<Superbill>(&folder, "input.*", frame);
    assert!(count.as_ref().is_ok_and(|count| *count >= 9), "{}", count.expect_err("fewer cases"));
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

#[test]
fn a_layout_that_does_not_fit_the_mapping_opens_no_session() {
    let layout = "[[framing.fixed]]\nlength = \"20\"\ncolumns = { Visit = \"1 8\", Fee = \"9 9 9(7)V99\" }\n";
    let problems =
        |more: &str| Superbill::open(Setup { settings: Vec::new(), mapping: format!("{layout}{more}") }).unwrap_err();
    let wrong = problems("[columns]\nvisit = \"Vist\"\ncharge = \"fee\"\n");
    assert_eq!((wrong.len(), wrong[0].at.path.as_str()), (1, "mapping line 5, [columns] visit"));
    assert_eq!(wrong[0].expected, "`Visit`, or another one of the columns of the layout: `Visit`, `Fee`");
    let wrong = problems("[framing]\ndelimitr = \";\"\n");
    assert!(wrong[0].remedy.contains("delimiter"), "{wrong:?}");
    let wrong = problems(
        "[[framing.join]]\nname = \"p\"\nfile = \"p*\"\nkey = \"Chart\"\non = \"Chart\"\nlength = \"9\"\ncolumns = { ID = \"1 9\" }\n",
    );
    let places: Vec<&str> = wrong.iter().map(|problem| problem.at.path.as_str()).collect();
    assert_eq!(places, ["mapping line 7, [framing.join.0] key", "mapping line 8, [framing.join.0] on"]);
}
