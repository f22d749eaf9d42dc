//! Connectors: folders of data over the stock components, each with its fixtures, and the catalogue of certified products.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use claimhost_tests::programs::{claimhost, workspace};
use claimhost_tests::site::{PRACTICE, Site};
use serde_json::Value;

const NAMED: [&str; 9] = [
    "athenahealth",
    "drchrono",
    "eclinicalworks",
    "epic",
    "imd-health",
    "modernizing-medicine",
    "nextgen",
    "oracle-cerner",
    "tebra",
];

/// Pullers of those that have an interface to pull from, and of any certified server.
const PULLERS: [&str; 8] = [
    "athenahealth-pull",
    "drchrono-pull",
    "eclinicalworks-pull",
    "modernizing-medicine-pull",
    "nextgen-pull",
    "oracle-cerner-pull",
    "tebra-pull",
    "us-core-pull",
];

fn folders(below: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(below)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("plugin.toml").is_file())
        .collect();
    found.sort();
    found
}

#[test]
fn every_connector_is_active_and_those_by_name_give_what_their_fixtures_say() {
    let site = Site::with_connectors();
    let listed = site.json(&["plugin", "list"]);
    let plugins = listed["plugins"].as_array().unwrap();
    let refused: Vec<&Value> = plugins.iter().filter(|plugin| plugin["state"] != "active").collect();
    assert!(refused.is_empty(), "{refused:?}");
    let ids: BTreeSet<&str> = plugins.iter().map(|plugin| plugin["id"].as_str().unwrap()).collect();
    assert!(NAMED.iter().chain(&PULLERS).all(|id| ids.contains(id)), "{ids:?}");
    let catalogue = folders(&workspace().join("connectors/catalogue"));
    assert_eq!(catalogue.len(), 249);
    for folder in &catalogue {
        let id = folder.file_name().unwrap().to_str().unwrap();
        assert!(ids.contains(id), "{id}");
    }
    let tested = site.json(&[&["plugin", "test"], NAMED.as_slice(), PULLERS.as_slice()].concat());
    for one in tested.as_array().unwrap() {
        assert!(one["ok"] == true && one["cases"].as_u64().unwrap() > 0, "{one}");
    }
    // What is said of each is there to be read.
    for id in NAMED.iter().chain(&PULLERS) {
        let text = std::fs::read_to_string(workspace().join("connectors").join(id).join("README.md")).unwrap();
        assert!(text.contains("**A site supplies**") && text.contains("**Expected visits**"), "{id}");
    }
}

#[test]
fn the_catalogue_is_what_the_public_list_says() {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let list = Path::new(&root).join("ehr-vendors/ehr_products_distinct.csv");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = claimhost().parent().unwrap().parent().unwrap();
    let status = Command::new(cargo)
        .current_dir(workspace())
        .args(["run", "--quiet", "-p", "claimhost-catalogue", "--target-dir"])
        .arg(target)
        .arg("--")
        .arg(&list)
        .arg(out.path())
        .status()
        .unwrap();
    assert!(status.success());
    let committed = workspace().join("connectors/catalogue");
    let names =
        |below: &Path| -> Vec<_> { folders(below).iter().map(|path| path.file_name().unwrap().to_owned()).collect() };
    assert_eq!(names(out.path()), names(&committed));
    for name in names(out.path()) {
        let text = |below: &Path| std::fs::read_to_string(below.join(&name).join("plugin.toml")).unwrap();
        assert_eq!(text(out.path()), text(&committed), "{name:?}");
    }
}

#[test]
fn a_claim_list_alone_is_held_and_says_what_the_interface_does_not_deliver() {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return;
    };
    let site = Site::with_connectors();
    site.add_folder("athena", "athenahealth");
    let reply = std::fs::read(Path::new(&root).join("vendor-json/athena-go-sdk/ListClaims.json")).unwrap();
    site.put("inbox/athena", "claims.json", &reply);
    let summary = site.run_unapproved("2021-09-20");
    assert_eq!(summary["documents"]["translated"], 1, "{summary} {:?}", site.documents(PRACTICE));
    assert_eq!(summary["claims"]["held"], 1, "{summary}");
    let why = site.json(&["claim", "why", "my-practice/1"]);
    let rules: Vec<&str> =
        why["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    for rule in ["units.undelivered", "modifiers.undelivered"] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
}

#[test]
fn line_items_join_their_patients_and_a_deletion_takes_one_back() {
    let site = Site::with_connectors();
    let connector = workspace().join("connectors/drchrono");
    let day = connector.join("fixtures/family-practice-day");
    let mut config = site.text("claimhost.toml");
    let deletions = std::fs::read_to_string(connector.join("deletions.toml")).unwrap();
    for (name, mapping) in [("chrono", ""), ("deletions", deletions.as_str())] {
        let own = format!("practices/my-practice/mapping.{name}.toml");
        site.write(&own, mapping.as_bytes());
        config += &format!(
            "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/{name}\"\nadapter = \"drchrono\"\nmapping = \"{own}\"\n"
        );
        std::fs::create_dir_all(site.dir().join("inbox").join(name)).unwrap();
    }
    site.write("claimhost.toml", config.as_bytes());
    for name in ["patients.json", "appointments.json", "doctors.json"] {
        site.put("inbox/chrono", name, &std::fs::read(day.join(name)).unwrap());
    }
    site.put("inbox/chrono", "line_items.json", &std::fs::read(day.join("input.json")).unwrap());
    let summary = site.run_unapproved("2026-03-03");
    let documents = &summary["documents"];
    let counted = ["received", "translated", "rejected", "ignored"].map(|end| documents[end].as_u64().unwrap());
    assert_eq!(
        counted,
        [7, 3, 1, 3],
        "one item is of a patient whom no file has, and three files are joined: {summary}"
    );
    assert_eq!(summary["cents"]["billed"], 15_050, "{summary}");
    let shown = site.json(&["claim", "show", "my-practice/1"]).to_string();
    assert!(shown.contains("VANCE") && shown.contains("P77") && shown.contains("R059"), "{shown}");
    site.put("inbox/deletions", "1.json", &std::fs::read(connector.join("fixtures/deletions/input.json")).unwrap());
    let summary = site.run_unapproved("2026-03-04");
    assert_eq!(summary["cents"]["billed"], 12_050, "{summary}");
    site.assert_accounted("2026-03-04");
}
