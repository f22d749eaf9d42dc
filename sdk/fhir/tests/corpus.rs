//! Public example resources, found through CLAIMHOST_CORPUS; skipped without it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

use claimhost_fhir::{Resource, Target};
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

#[test]
fn every_example_parses_or_is_located() {
    let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set");
        return;
    };
    let mut paths = Vec::new();
    files(&Path::new(&corpus).join("fhir-r4"), &mut paths);
    assert!(!paths.is_empty(), "CLAIMHOST_CORPUS has no fhir-r4/**/*.json");
    let (mut entries, mut read, mut other, mut refused, mut resolved, mut missing) = (0, 0, 0, 0, 0, 0);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        match Resource::parse(&bytes) {
            Ok(Resource::Other(_)) => other += 1,
            Ok(Resource::Bundle(bundle)) => {
                entries += bundle.entry.len();
                let index = bundle.index();
                for (number, entry) in bundle.entry.iter().enumerate() {
                    let raw = entry.resource.unwrap();
                    let subject = match raw.resource(&format!("Bundle.entry[{number}].resource")) {
                        Ok(Resource::Claim(claim)) => claim.patient,
                        Ok(Resource::Encounter(encounter)) => encounter.subject,
                        Ok(_) => None,
                        Err(error) => {
                            refused += 1;
                            println!("{path:?}: {error}");
                            assert!(error.path.starts_with("Bundle.entry["), "located inside the bundle");
                            None
                        }
                    };
                    match subject.map(|subject| index.resolve(number, &[], &subject)) {
                        Some(Target::Entry(_)) => resolved += 1,
                        Some(_) => missing += 1,
                        None => {}
                    }
                }
            }
            Ok(_) => read += 1,
            Err(error) => {
                refused += 1;
                println!("{path:?}: {error}");
                assert!(error.path.contains('.'), "an error of an example names an element");
            }
        }
    }
    println!(
        "{} files: {read} resources and {entries} entries read, {other} of other types, {refused} refused",
        paths.len()
    );
    println!("patients of claims and encounters: {resolved} resolved, {missing} not in the bundle");
    assert!(read > refused && entries > refused);
}
