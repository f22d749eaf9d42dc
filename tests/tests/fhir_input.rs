//! Public FHIR files through the real binary: each entry of each file is in a document, and each document has one end. What
//! the end is: `corpus.rs`.
//!
//! The corpus lies outside of the project: `CLAIMHOST_CORPUS` names its folder, and without it these tests are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use claimhost_tests::site::{PRACTICE, Site};
use serde_json::Value;

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, out) } else { out.push(path) }
    }
}

/// Entries of a file, counted without the project's own reader.
fn entries(bytes: &[u8]) -> usize {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let of = |value: Value| match value["resourceType"].as_str() {
        Some("Bundle") => value["entry"].as_array().map_or(0, Vec::len),
        _ => 1,
    };
    values.map(|value| of(value.unwrap())).sum()
}

/// A folder of one practice with an inbox for FHIR.
fn site() -> Site {
    let site = Site::new();
    let config = site.dir().join("claimhost.toml");
    let folder = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/fhir\"\nadapter = \"fhir-r4\"\n";
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap() + folder).unwrap();
    std::fs::create_dir_all(site.dir().join("inbox/fhir")).unwrap();
    site
}

#[test]
fn every_entry_of_every_fhir_file_is_accounted_for() {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return;
    };
    let mut files = Vec::new();
    walk(&Path::new(&root).join("fhir-r4"), &mut files);
    files.sort();
    let site = site();
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    for (number, file) in files.iter().enumerate() {
        let bytes = std::fs::read(file).unwrap();
        let name = format!("{number:03}.json");
        std::fs::write(site.dir().join("inbox/fhir").join(&name), &bytes).unwrap();
        expected.insert(name, entries(&bytes));
    }

    let summary = site.run("2026-06-01");
    let counted = summary["documents"].as_object().unwrap();
    let ends: u64 =
        counted.iter().filter(|(key, _)| *key != "received").map(|(_, count)| count.as_u64().unwrap()).sum();
    assert_eq!(counted["received"].as_u64(), Some(ends), "{summary}");
    assert_eq!((&counted["parked"], &counted["pending"]), (&0.into(), &0.into()), "{summary}");

    let documents = site.documents(PRACTICE);
    assert_eq!(documents.len() as u64, ends, "each document is listed once");
    let mut wrong = Vec::new();
    for (file, entries) in &expected {
        let of_file: Vec<&Value> = documents.iter().filter(|document| document["file_name"] == *file).collect();
        let ranges: BTreeSet<String> = of_file
            .iter()
            .flat_map(|document| document["ranges"].as_str().unwrap().split(',').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        if ranges.len() != *entries {
            wrong.push(format!("{file}: {} of {entries} entries are in documents", ranges.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A visit of the practice that `init` makes, as a server sends it: nothing in it is wrong.
const DAY: &str = r#"{"resourceType":"Bundle","type":"searchset","entry":[
{"resource":{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"SITE","value":"M1"}],"name":[{"family":"VANCE","given":["ORLA"]}],"gender":"female","birthDate":"1980-01-01","address":[{"line":["12 ELM STREET"],"city":"ANYTOWN","state":"OH","postalCode":"43001"}]}},
{"resource":{"resourceType":"Coverage","id":"v1","status":"active","beneficiary":{"reference":"Patient/p1"},"subscriberId":"ID1","relationship":{"coding":[{"code":"self"}]},"payor":[{"display":"EXAMPLE"}]}},
{"resource":{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"location":[{"location":{"reference":"Location/MAIN"}}]}},
{"resource":{"resourceType":"ChargeItem","id":"c1","meta":{"versionId":"1","lastUpdated":"2026-05-01T12:00:00Z"},"status":"billable","code":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"99213"}]},"subject":{"reference":"Patient/p1"},"context":{"reference":"Encounter/e1"},"occurrenceDateTime":"2026-05-01","performer":[{"actor":{"reference":"Practitioner/DR01"}}],"quantity":{"value":1},"priceOverride":{"value":90.00,"currency":"USD"},"reason":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J06.9"}]}]}},
{"resource":{"resourceType":"ChargeItem","id":"c2","status":"billable","subject":{"reference":"Patient/p1"},"context":{"reference":"Encounter/e2"},}},
{"resource":{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"}}}
]}"#;

#[test]
fn a_bundle_becomes_a_claim_beside_a_broken_entry_and_a_later_file_takes_the_charge_back() {
    let site = site();
    let put = |name: &str, text: &str| std::fs::write(site.dir().join("inbox/fhir").join(name), text).unwrap();
    put("day.json", DAY);
    let summary = site.run("2026-05-02");
    assert_eq!(summary["claims"]["submitted"], 1, "{summary}");
    let ends: Vec<(String, String)> = site
        .documents(PRACTICE)
        .iter()
        .map(|document| {
            (document["status"].as_str().unwrap().to_owned(), document["reason"].as_str().unwrap().to_owned())
        })
        .collect();
    let told = |status: &str, reason: &str| (status.to_owned(), reason.to_owned());
    let expected = [told("rejected", "fhir.malformed"), told("translated", ""), told("ignored", "fhir.no-charge")];
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert!(expected.iter().all(|end| ends.contains(end)), "{ends:?}");
    let (_, bytes) = site.outbox().remove(0);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("SV1*HC:99213*90*UN*1") && text.contains("HI*ABK:J069"), "{text}");

    // The same bundle again is a repeat; the charge entered in error is taken back, and the claim waits for its answer.
    put("again.json", DAY);
    assert_eq!(site.run("2026-05-03")["claims"]["submitted"], 1);
    let error =
        DAY.replace("\"billable\",\"code\"", "\"entered-in-error\",\"code\"").replace("2026-05-01T12", "2026-05-03T12");
    put("error.json", &error);
    let summary = site.run("2026-05-04");
    assert_eq!(summary["documents"]["parked"], 0, "{summary}");
    let shown = site.json(&["visit", "show", &format!("{PRACTICE}/1")]);
    let told = shown["events"].as_array().unwrap().iter().filter(|event| event["charge"] == "ChargeItem/c1");
    let told: Vec<&str> = told.map(|event| event["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["new", "new", "cancel"], "{shown}");
    assert_eq!(summary["claims"]["total"], 1, "{summary}");
}
