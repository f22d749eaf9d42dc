//! The files that the binary carries and the ids of what ships (`build.rs` lists both), and what of the files lies beside a plugin.

use std::path::Path;

use super::CONTRACT;

/// Path from the project's root and content of every carried file, by path.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/carried.rs"));

/// Ids of the plugins that come with claimhost: adapters, pullers, rule sets, examples, connectors.
pub(super) const STOCK: &[&str] = include!(concat!(env!("OUT_DIR"), "/stock.rs"));

/// Crates that a Rust plugin may use, by folder.
const CRATES: [&str; 4] = ["sdk", "sdk/fhir", "sdk/hl7v2", "sdk/x12"];

/// A file to be written: path from the folder it is for, and content.
pub(crate) type Written = (String, Vec<u8>);

/// Carried files below a folder, by their path from it.
pub(super) fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> + use<> {
    let prefix = format!("{folder}/");
    FILES.iter().filter_map(move |(path, content)| Some((path.strip_prefix(prefix.as_str())?, *content)))
}

/// The text of one carried file; empty where there is none of that name.
pub(super) fn text(path: &str) -> &'static str {
    let found = FILES.iter().find(|(known, _)| *known == path);
    found.and_then(|(_, content)| std::str::from_utf8(content).ok()).unwrap_or_default()
}

/// The contract's WIT files, in one folder.
pub(crate) fn wit() -> Vec<Written> {
    owned(below(&format!("wit/{CONTRACT}")))
}

/// What a Python plugin imports beside the generated bindings.
pub(crate) fn python() -> Vec<Written> {
    owned(below("sdk/python").filter(|(path, _)| is_of(path, "py")))
}

/// What a JavaScript plugin imports.
pub(crate) fn javascript() -> Vec<Written> {
    owned(below("sdk/javascript").filter(|(path, _)| is_of(path, "js")))
}

fn is_of(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn owned<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<Written> {
    files.map(|(path, content)| (path.to_owned(), content.to_vec())).collect()
}

/// The SDK as a workspace of its own: crates, contract, and a `Cargo.toml` with the versions that the project was tested with.
pub(super) fn sdk() -> Vec<Written> {
    let mut files = vec![("Cargo.toml".to_owned(), workspace().into_bytes())];
    for folder in CRATES {
        files.push((format!("{folder}/Cargo.toml"), member(text(&format!("{folder}/Cargo.toml"))).into_bytes()));
        let sources = below(&format!("{folder}/src"));
        files.extend(sources.map(|(path, content)| (format!("{folder}/src/{path}"), content.to_vec())));
    }
    let contract = below(&format!("wit/{CONTRACT}"));
    files.extend(contract.map(|(path, content)| (format!("wit/{CONTRACT}/{path}"), content.to_vec())));
    files
}

/// The versions of every crate that the project was built with. Cargo takes out what a plugin does not use.
pub(super) fn lock() -> Vec<u8> {
    text("Cargo.lock").as_bytes().to_vec()
}

/// The project's `[workspace]`, for the crates that are written.
fn workspace() -> String {
    let project: toml::Table = text("Cargo.toml").parse().unwrap_or_default();
    let of_project = |key: &str| project.get("workspace").and_then(|workspace| workspace.get(key)).cloned();
    let mut workspace = toml::Table::new();
    let members = CRATES.iter().map(|folder| toml::Value::from(*folder)).collect();
    workspace.insert("members".to_owned(), toml::Value::Array(members));
    for key in ["resolver", "package", "dependencies"] {
        workspace.extend(of_project(key).map(|value| (key.to_owned(), value)));
    }
    if let Some(toml::Value::Table(dependencies)) = workspace.get_mut("dependencies") {
        let is_here = |value: &toml::Value| match value.get("path").and_then(toml::Value::as_str) {
            Some(path) => CRATES.contains(&path),
            None => true,
        };
        dependencies.retain(|_, value| is_here(value));
    }
    toml::Table::from_iter([("workspace".to_owned(), toml::Value::Table(workspace))]).to_string()
}

/// A crate's manifest without what only the project has: tests, benches, lints.
fn member(manifest: &str) -> String {
    let mut manifest: toml::Table = manifest.parse().unwrap_or_default();
    for key in ["bench", "dev-dependencies", "lints", "test"] {
        manifest.remove(key);
    }
    manifest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
    }

    #[test]
    fn every_plugin_of_the_project_is_known() {
        let folders = ["plugins/ehr", "plugins/payers", "plugins/examples", "connectors"];
        let folders = folders.iter().flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
        let manifests = folders.filter_map(|entry| crate::plugin::Manifest::read(&entry.unwrap().path()).ok());
        let there: BTreeSet<String> = manifests.map(|manifest| manifest.id).collect();
        let known: BTreeSet<String> = STOCK.iter().map(|id| (*id).to_owned()).collect();
        assert!(there.len() > 20 && there == known, "after a new one: touch host/build.rs\n{there:?}\n{known:?}");
    }

    #[test]
    fn what_is_carried_is_what_the_project_has() {
        for (path, content) in FILES {
            assert!(fs::read(root().join(path)).unwrap() == *content, "{path}");
        }
        for folder in ["sdk/src", "sdk/fhir/src", "sdk/hl7v2/src", "sdk/x12/src", "wit/0.1.0-draft"] {
            let there: BTreeSet<String> = files(&root().join(folder));
            let carried: BTreeSet<String> = below(folder).map(|(path, _)| path.to_owned()).collect();
            assert!(!there.is_empty() && there == carried, "{folder}");
        }
        assert!(!text("docs/mapping.md").is_empty() && text("docs/none.md").is_empty());
    }

    fn files(folder: &Path) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut left = vec![folder.to_path_buf()];
        while let Some(next) = left.pop() {
            for path in fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    left.push(path);
                } else {
                    found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        found
    }

    #[test]
    fn the_sdk_stands_for_itself() {
        let files = sdk();
        let text = |name: &str| {
            let (_, content) = files.iter().find(|(path, _)| path == name).unwrap();
            String::from_utf8(content.clone()).unwrap()
        };
        let workspace: toml::Table = text("Cargo.toml").parse().unwrap();
        let dependencies = workspace["workspace"]["dependencies"].as_table().unwrap();
        assert!(!dependencies.contains_key("claimhost") && dependencies.contains_key("claimhost-sdk"));
        // Whatever a crate inherits has to be there.
        for folder in CRATES {
            let manifest: toml::Table = text(&format!("{folder}/Cargo.toml")).parse().unwrap();
            for (name, value) in manifest.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten() {
                let inherited = value.get("workspace").is_some();
                assert!(!inherited || dependencies.contains_key(name), "{folder}: {name}");
            }
            assert!(!manifest.contains_key("bench") && !manifest.contains_key("dev-dependencies"), "{folder}");
        }
        assert!(text("sdk/src/bindings.rs").contains(&format!("../wit/{CONTRACT}")));
        assert!(files.iter().any(|(path, _)| *path == format!("wit/{CONTRACT}/claim.wit")));
    }
}
