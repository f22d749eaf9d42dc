//! Every public file through the real binary ends as the tables in `tests/corpus` say, which were written by reading the files;
//! the column `changed` says where a row was not.
//!
//! The files lie outside of the project: `CLAIMHOST_CORPUS` names their folder, and without it these tests are skipped. A file
//! without a row fails; a row without a file is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use claimhost_tests::elements::differences;
use claimhost_tests::ends::{End, Ends};
use claimhost_tests::programs::workspace;
use claimhost_tests::site::{Charge, Site};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A day after every service of the files.
const AS_OF: &str = "2026-06-01";

/// One row of a table: one kind of end of one file.
#[derive(Debug)]
struct Row {
    sha256: String,
    inbox: String,
    outcome: String,
    documents: usize,
    what: String,
    clause: String,
    name: String,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl File {
    fn name(&self) -> String {
        self.path.file_name().unwrap().to_string_lossy().into_owned()
    }
}

fn tables() -> PathBuf {
    workspace().join("tests/corpus")
}

fn table(family: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(tables().join(format!("{family}.tsv"))).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("sha256\tinbox\toutcome\tdocuments\twhat\tclause\tchanged\tname"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [sha256, inbox, outcome, documents, what, clause, changed, name] = cells[..] else { panic!("{line}") };
        assert!(clause.len() > 10 && !changed.is_empty(), "{name}: a row says what decides");
        let own = |text: &str| text.to_owned();
        Row {
            sha256: own(sha256),
            inbox: own(inbox),
            outcome: own(outcome),
            documents: documents.parse().unwrap(),
            what: own(what),
            clause: own(clause),
            name: own(name),
        }
    };
    lines.map(row).collect()
}

/// Files under a folder of the corpus by SHA-256, or none where it is not at hand. A file that lies there twice counts once.
fn files(family: &str) -> Option<BTreeMap<String, File>> {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return None;
    };
    let mut paths = Vec::new();
    walk(&Path::new(&root).join(family), &mut paths);
    paths.sort();
    let mut files = BTreeMap::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        files.entry(digest).or_insert(File { path, bytes });
    }
    Some(files)
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, out) } else { out.push(path) }
    }
}

/// A practice's id for a file.
fn id(sha256: &str) -> String {
    format!("f-{}", &sha256[..12])
}

/// Where a file without a row is put, to say what is found.
fn usual_inbox(family: &str, file: &File) -> &'static str {
    match family {
        "hl7v2" => "hl7",
        "fhir-r4" => "fhir",
        "csv" => "csv",
        _ if file.bytes.windows(7).any(|window| &window[..2] == b"ST" && &window[3..6] == b"837") => "x12",
        _ => "answers",
    }
}

/// Runs the files of a family, each in a practice of its own, and compares.
fn check(family: &str) {
    let Some(files) = files(family) else { return };
    let table = table(family);
    let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &table {
        rows.entry(&row.sha256).or_default().push(row);
    }
    for row in table.iter().filter(|row| !files.contains_key(&row.sha256)) {
        println!("no file for the row of {} ({})", row.name, row.sha256);
    }
    let mut ends = Ends::new();
    // Many were saved without a last line end: somebody has looked at each.
    ends.files_are_whole();
    let joined: Vec<&File> =
        table.iter().filter(|row| row.what == "joined-file").filter_map(|row| files.get(&row.sha256)).collect();
    for (sha256, file) in &files {
        let known = rows.get(sha256.as_str());
        let inbox = known.map_or(usual_inbox(family, file), |rows| rows[0].inbox.as_str());
        let (id, name) = (id(sha256), file.name());
        let mut put = |adapter: &str, mapping: Option<&str>| {
            let beside = joined.iter().filter(|other| mapping.is_some() && other.path != file.path);
            let beside: Vec<(String, &[u8])> = beside.map(|other| (other.name(), other.bytes.as_slice())).collect();
            let mut all: Vec<(&str, &[u8])> = vec![(&name, &file.bytes)];
            all.extend(beside.iter().map(|(name, bytes)| (name.as_str(), *bytes)));
            ends.practice(&id, adapter, mapping, &all);
        };
        let mapping = |name: &str| std::fs::read_to_string(tables().join(format!("{name}.mapping.toml"))).unwrap();
        match inbox {
            "hl7" => put("hl7v2-dft", None),
            "fhir" => put("fhir-r4", None),
            "x12" => put("x12-837", None),
            "csv" => put("csv-superbill", Some(&mapping("carrier"))),
            "csv-dme" => put("csv-superbill", Some(&mapping("dme"))),
            "answers" => ends.answer(&id, &file.bytes),
            other => panic!("{name}: no inbox `{other}`"),
        }
    }
    // A sound visit beside them: whatever the files are, the host goes on.
    let sound = Charge::new(1).message();
    ends.practice("sound", "hl7v2-dft", None, &[("sound.hl7", sound.as_bytes())]);
    let told = ends.run(AS_OF);
    assert!(matches!(&told["sound"][..], [end] if end.outcome == "claim"), "{:?}", told["sound"]);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (sha256, file) in &files {
        let mut found = told.get(&id(sha256)).cloned().unwrap_or_default();
        if !joined.iter().any(|beside| beside.path == file.path) {
            found.retain(|end| !end.what.iter().any(|what| what.starts_with("joined-file")));
        }
        for end in &found {
            *counts.entry(end.outcome.clone()).or_default() += 1;
            wrong.extend(end.half.iter().map(|half| format!("{}: half said: {half}", file.name())));
        }
        match rows.get(sha256.as_str()) {
            Some(rows) => wrong.extend(differs(rows, &found)),
            None => wrong.push(format!(
                "{}: no row in tests/corpus/{family}.tsv. Read the file, decide, and add a row for {sha256}; found {}",
                file.path.display(),
                summary(&found)
            )),
        }
    }
    let counts: Vec<String> = counts.into_iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
    println!("{family}: {} files, documents: {}", files.len(), counts.join(", "));
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What of a file's ends is not as its rows say.
fn differs(rows: &[&Row], found: &[End]) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = &rows[0].name;
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *expected.entry(&row.outcome).or_default() += row.documents);
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    found.iter().for_each(|end| *counted.entry(&end.outcome).or_default() += 1);
    if counted != expected {
        wrong.push(format!("{name}: {expected:?} documents decided, found {}", summary(found)));
        return wrong;
    }
    for row in rows {
        let ends: Vec<&End> = found.iter().filter(|end| end.outcome == row.outcome).collect();
        let fits = match row.outcome.as_str() {
            // These findings and no others; documents that are held for different ones have a row each.
            "held" => {
                let rules: BTreeSet<String> = row.what.split(' ').map(str::to_owned).collect();
                ends.iter().filter(|end| end.what == rules).count() == row.documents
            }
            "ignored" => ends.iter().all(|end| end.what.iter().any(|what| what.contains(&row.what))),
            "rejected" => row.what.split("; ").all(|place| ends.iter().any(|end| end.what.contains(place))),
            _ => true,
        };
        if !fits {
            wrong.push(format!("{name}: {} for {} ({}), found {}", row.outcome, row.what, row.clause, summary(found)));
        }
    }
    wrong
}

/// Ends, the same ones once with their number.
fn summary(found: &[End]) -> String {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for end in found {
        let what = end.what.iter().cloned().collect::<Vec<_>>().join(", ");
        *counted.entry(format!("{} [{what}]", end.outcome)).or_default() += 1;
    }
    let told: Vec<String> = counted.into_iter().map(|(end, count)| format!("{count} x {end}")).collect();
    if told.is_empty() { "no document".to_owned() } else { told.join("; ") }
}

#[test]
fn every_hl7_file_ends_as_decided() {
    check("hl7v2");
}

#[test]
fn every_fhir_file_ends_as_decided() {
    check("fhir-r4");
}

#[test]
fn every_x12_file_ends_as_decided() {
    check("x12");
}

#[test]
fn every_csv_file_ends_as_decided() {
    check("csv");
}

#[test]
fn every_valid_837p_comes_back_with_nothing_lost() {
    let Some(files) = files("x12/837p") else { return };
    let table = table("x12");
    let site = Site::new();
    let mut wrong = Vec::new();
    for (sha256, file) in &files {
        let Some(row) = table.iter().find(|row| row.sha256 == *sha256) else { continue };
        let output = site.command(&["x12", "roundtrip", file.path.to_str().unwrap(), "--json"]);
        let complained = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        if row.outcome == "held" {
            let said: Option<Value> = serde_json::from_slice(&output.stdout).ok();
            let whole =
                said.as_ref().is_some_and(|said| said["claims"] == 1 && said["lost"] == Value::Array(Vec::new()));
            if code != Some(0) || !whole {
                wrong.push(format!("{}: {code:?}: {complained}", row.name));
                continue;
            }
            // The product's word for it, and the two files beside each other.
            let text = said.as_ref().and_then(|said| said["x12"].as_str()).unwrap_or_default();
            let differs = differences(&String::from_utf8_lossy(&file.bytes), text);
            wrong.extend(differs.into_iter().map(|one| format!("{}: {one}", row.name)));
        } else if code != Some(4) || complained.trim().is_empty() {
            wrong.push(format!("{} is refused with its places: {code:?}: {complained}", row.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
