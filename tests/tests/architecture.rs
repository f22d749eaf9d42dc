//! Who may know whom, as `cargo metadata` tells it, and files that a reader can still take in.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use claimhost_tests::programs::workspace;
use serde_json::Value;

/// Lines of a source file that ask for a look, and that fail the test.
const LINES_LONG: usize = 500;
const LINES_MAX: usize = 700;

/// Files that may be longer than `LINES_LONG`, with why.
const LONG: [(&str, &str); 1] = [("host/src/store/claim.rs", "the queries of one table family")];

/// Dependencies inside the workspace, of every kind (normal, dev, build), by package.
fn members() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(workspace())
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let local = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap();
        all.iter().filter(|dependency| dependency["path"].is_string()).map(name).collect()
    };
    packages.iter().map(|package| (name(package), local(package))).collect()
}

/// A package and everything in the workspace that it needs, over any number of steps.
fn reach(members: &BTreeMap<String, BTreeSet<String>>, package: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left: Vec<&String> = members[package].iter().collect();
    while let Some(next) = left.pop() {
        if found.insert(next.clone()) {
            left.extend(&members[next]);
        }
    }
    found
}

#[test]
fn the_peers_share_nothing_with_what_they_try() {
    let members = members();
    for peer in ["claimhost-practices", "claimhost-sandbox", "claimhost-labelled"] {
        let reached = reach(&members, peer);
        assert!(reached.is_empty(), "{peer} reads or writes with code of its own: {reached:?}");
    }
    // Nor does the host know them: it starts them as processes.
    let reached = reach(&members, "claimhost");
    assert!(
        !reached.iter().any(|name| ["practices", "sandbox", "labelled"].iter().any(|peer| name.ends_with(peer))),
        "{reached:?}"
    );
    // The recount of the demo test stands alone too.
    assert_eq!(members["claimhost-tests"], BTreeSet::new());
}

#[test]
fn codecs_sdk_and_plugins_know_no_host() {
    let members = members();
    for codec in ["claimhost-hl7v2", "claimhost-x12", "claimhost-fhir"] {
        assert_eq!(reach(&members, codec), BTreeSet::new(), "{codec}");
    }
    let without_host = members.keys().filter(|name| name.starts_with("plugin-") || *name == "claimhost-sdk");
    let mut plugins = 0;
    for package in without_host {
        let reached = reach(&members, package);
        assert!(!reached.contains("claimhost"), "{package}: {reached:?}");
        plugins += 1;
    }
    assert!(plugins >= 5, "sdk and four plugins: {plugins}");
}

#[test]
fn files_can_be_taken_in() {
    let root = workspace();
    let mut files = Vec::new();
    for folder in ["host/src", "sdk", "plugins"] {
        sources(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100, "{}", files.len());
    let mut too_long = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        let known = LONG.iter().any(|(path, _)| *path == name);
        if lines > LINES_MAX {
            too_long.push(format!("{name} has {lines} lines, at most {LINES_MAX}: split it by what it does"));
        } else if lines > LINES_LONG && !known {
            println!("warning: {name} has {lines} lines; split it, or list it in LONG with a reason");
        }
    }
    for (path, _) in LONG {
        assert!(root.join(path).is_file(), "LONG names {path}, which is not there");
    }
    assert!(too_long.is_empty(), "{}", too_long.join("\n"));
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}
