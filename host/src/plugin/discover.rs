//! Plugin folders: those that hold a `plugin.toml`, however they are called.

use std::fs;
use std::path::{Path, PathBuf};

/// How deep below a configured folder `plugin.toml` is looked for: `plugins/ehr/<name>`.
const DEPTH_MAX: usize = 3;

/// Every plugin folder in or below the given ones, sorted, each once.
pub(crate) fn folders(roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    roots.iter().for_each(|root| find(root, 0, &mut found));
    found.sort();
    found.dedup();
    found
}

/// The name beside a plugin folder under which it waits until its replacement is in its place.
pub(super) fn aside(name: &str) -> String {
    format!(".{name}.old")
}

/// Places of plugin folders that are empty, since their replacement was killed between its two renames, each with the folder that holds
/// what was there.
pub(super) fn put_aside(roots: &[PathBuf]) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    for root in roots {
        if let (Some(name), false) = (root.file_name().and_then(|name| name.to_str()), root.exists()) {
            let old = root.with_file_name(aside(name));
            found.extend(old.is_dir().then(|| (root.clone(), old)));
        }
        find_aside(root, 0, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if folder.join("plugin.toml").is_file() {
        found.push(folder.to_owned());
        return;
    }
    if depth == DEPTH_MAX {
        return;
    }
    for (path, _) in inside(folder).filter(|(_, name)| !is_passed_by(name)) {
        find(&path, depth + 1, found);
    }
}

fn find_aside(folder: &Path, depth: usize, found: &mut Vec<(PathBuf, PathBuf)>) {
    if depth == DEPTH_MAX || folder.join("plugin.toml").is_file() {
        return;
    }
    for (path, name) in inside(folder) {
        if !is_passed_by(&name) {
            find_aside(&path, depth + 1, found);
        } else if let Some(name) = name.strip_prefix('.').and_then(|name| name.strip_suffix(".old")) {
            let place = path.with_file_name(name);
            found.extend((!name.is_empty() && !place.exists()).then_some((place, path)));
        }
    }
}

/// Folders in a folder, with their names.
fn inside(folder: &Path) -> impl Iterator<Item = (PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| (entry.path(), entry.file_name().into_string().unwrap_or_default()))
        .filter(|(path, _)| path.is_dir())
}

fn is_passed_by(name: &str) -> bool {
    name.starts_with('.') || name == "target"
}
