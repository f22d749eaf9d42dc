//! Lists what the binary carries for authors of plugins (`src/author`): SDK, contract, templates, two pages of the documentation; and the
//! ids of the plugins that ship; and for `connector search` the connectors. Whoever adds a file to any of them has to do nothing here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Files and folders, from the project's root.
const CARRIED: [&str; 17] = [
    "Cargo.lock",
    "Cargo.toml",
    "docs/mapping.md",
    "docs/plugin-authors.md",
    "docs/rules.md",
    "host/src/author/templates",
    "sdk/Cargo.toml",
    "sdk/src",
    "sdk/fhir/Cargo.toml",
    "sdk/fhir/src",
    "sdk/hl7v2/Cargo.toml",
    "sdk/hl7v2/src",
    "sdk/javascript",
    "sdk/python",
    "sdk/x12/Cargo.toml",
    "sdk/x12/src",
    "wit/0.1.0-draft",
];

fn main() -> io::Result<()> {
    let host = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = host.parent().unwrap_or(&host).to_path_buf();
    let mut files = Vec::new();
    for name in CARRIED {
        println!("cargo::rerun-if-changed={}", root.join(name).display());
        collect(&root.join(name), &mut files)?;
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy();
        // Writing to a String cannot fail.
        let _ = writeln!(list, "    ({name:?}, include_bytes!({:?})),", file.to_string_lossy());
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("carried.rs"), list)?;
    fs::write(out.join("stock.rs"), format!("&{:?}\n", stock(&root)?))?;
    fs::write(out.join("connectors.rs"), connectors(&root)?)
}

/// Folder, manifest, mapping and README of each connector; an empty text where there is none.
fn connectors(root: &Path) -> io::Result<String> {
    let named = root.join("connectors");
    let mut all = folders(&named)?;
    all.extend(folders(&named.join("catalogue"))?);
    all.sort();
    let mut list = String::from("&[\n");
    for folder in all.iter().filter(|folder| folder.join("plugin.toml").is_file()) {
        let name = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy();
        let _ = write!(list, "    ({name:?}");
        for file in ["plugin.toml", "mapping.toml", "README.md"].map(|file| folder.join(file)) {
            let _ = match file.is_file() {
                true => {
                    println!("cargo::rerun-if-changed={}", file.display());
                    write!(list, ", include_str!({:?})", file.to_string_lossy())
                }
                false => write!(list, ", \"\""),
            };
        }
        list.push_str("),\n");
    }
    list.push_str("]\n");
    Ok(list)
}

/// Ids of the project's plugins. Their manifests are watched, not their folders: those change with every build of a component.
fn stock(root: &Path) -> io::Result<Vec<String>> {
    let mut parents = folders(&root.join("plugins"))?;
    parents.push(root.join("connectors"));
    let mut ids = Vec::new();
    for parent in parents {
        for manifest in folders(&parent)?.into_iter().map(|folder| folder.join("plugin.toml")) {
            let Ok(text) = fs::read_to_string(&manifest) else { continue };
            println!("cargo::rerun-if-changed={}", manifest.display());
            let id = |line: &str| line.strip_prefix("id = \"")?.strip_suffix('"').map(str::to_owned);
            ids.extend(text.lines().find_map(id));
        }
    }
    ids.sort();
    Ok(ids)
}

fn folders(parent: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(parent)?.map(|entry| entry.map(|entry| entry.path()));
    Ok(paths.collect::<io::Result<Vec<_>>>()?.into_iter().filter(|path| path.is_dir()).collect())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // What editors and interpreters leave beside sources.
        if !name.starts_with('.') && !name.starts_with("__") && !name.ends_with('~') {
            collect(&path, files)?;
        }
    }
    Ok(())
}
