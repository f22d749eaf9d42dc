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

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if folder.join("plugin.toml").is_file() {
        found.push(folder.to_owned());
        return;
    }
    if depth == DEPTH_MAX {
        return;
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with('.') && name != "target" {
            find(&path, depth + 1, found);
        }
    }
}
