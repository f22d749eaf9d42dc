//! The generator keeps its own promises: same seed same bytes, every kind there, labels join, codes are real.

use super::*;
use std::collections::BTreeSet;

fn text(files: &[File], path: &str) -> String {
    files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path}")).text.clone()
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_does_not() {
    let all = |seed| files(seed, 400, "p").unwrap().into_iter().map(|file| (file.path, file.text)).collect::<Vec<_>>();
    assert_eq!(all(5), all(5));
    assert_ne!(all(5), all(6));
}

#[test]
fn every_kind_is_there_once_by_name_and_forty_defects_need_no_tables() {
    let kinds = kinds();
    let names: BTreeSet<&str> = kinds.iter().map(|row| row[1]).collect();
    assert_eq!(names.len(), kinds.len());
    assert!(kinds.iter().filter(|row| row[0] == "defect" && row[3] == "nothing").count() >= 40);
    let count = kinds.len() * 100 / DEFECT_PERCENT;
    let labels = text(&files(1, count * 2, "p").unwrap(), "labels.ndjson");
    for name in names {
        assert!(labels.contains(&format!("\"kind\":\"{name}\"")), "{name}");
    }
}

#[test]
fn labels_and_feed_name_the_same_visits_each_once() {
    let files = files(3, 500, "p").unwrap();
    let labels = text(&files, "labels.ndjson");
    let labelled: Vec<String> = labels
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["visit"].as_str().unwrap().to_owned())
        .collect();
    let sent: Vec<String> = files
        .iter()
        .filter(|file| file.path.starts_with("feed/"))
        .flat_map(|file| {
            file.text.lines().filter_map(|line| line.strip_prefix("CLM*")).map(str::to_owned).collect::<Vec<_>>()
        })
        .map(|line| line.split('*').next().unwrap().to_owned())
        .collect();
    assert_eq!(labelled, sent);
    assert_eq!(labelled.iter().collect::<BTreeSet<_>>().len(), labelled.len());
}

#[test]
fn a_defect_says_where_it_is_and_nothing_else_does() {
    for line in text(&files(9, 1_000, "p").unwrap(), "labels.ndjson").lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["label"] == "defect", !row["places"].as_array().unwrap().is_empty(), "{line}");
    }
}

#[test]
fn published_forms_of_ids() {
    let mut rng = rng::Rng::new(1, 1);
    for _ in 0..200 {
        let mbi = rng.mbi();
        assert!(mbi.len() == 11 && !mbi.contains(['S', 'L', 'O', 'I', 'B', 'Z']) && !mbi.starts_with('0'), "{mbi}");
    }
}

/// Diagnoses of clean shapes and near-misses are billable codes of the published list, where that is at hand.
#[test]
fn diagnoses_of_clean_claims_are_published() {
    let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set");
        return;
    };
    let list = Path::new(&corpus).join("codesets/icd10cm/icd10cm_fy2026_april2026_codes.csv");
    let Ok(list) = std::fs::read_to_string(&list) else {
        println!("skipped: {} is not there", list.display());
        return;
    };
    let billable: BTreeSet<&str> = list.lines().filter_map(|line| line.strip_suffix(",1")).collect();
    let mut maker = Maker::new(1, "p");
    let of_shapes = shapes::SHAPES.iter().flat_map(|shape| maker.make(*shape).diagnoses).collect::<Vec<_>>();
    let kinds = kinds::near().iter().chain(kinds::defects()).filter(|kind| {
        kind.family != "code.*"
            && !kind.name.starts_with("diagnosis")
            && !kind.name.starts_with("icd")
            && kind.needs != Needs::Codes
    });
    let of_kinds = kinds.flat_map(|kind| (kind.make)(&mut maker)).flat_map(|claim| claim.diagnoses).collect::<Vec<_>>();
    let unknown: BTreeSet<String> =
        of_shapes.into_iter().chain(of_kinds).filter(|code| !billable.contains(code.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
