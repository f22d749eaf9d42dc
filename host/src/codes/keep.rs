//! Imported tables into the folder: which may stand beside what is there, and what is refused.
//!
//! Versions of a kind stand beside each other, each in its file. Everything is checked before anything is written.

use std::path::{Path, PathBuf};

use super::container::{ContainerError, Label, write};
use super::shelf::Shelf;

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is new, and in this file.
    Written(PathBuf),
    /// It is new and in this file, and a later version that knows all of its days answers for it.
    Behind {
        /// The file.
        path: PathBuf,
        /// Kind, version and days of the later one.
        newer: String,
    },
    /// The same table was there.
    Already,
}

/// A table that cannot be kept; nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// That version is there, with other content.
    #[error(
        "{name} is loaded already, from {loaded}, and differs from {source_name}: is this another quarter under the same name? Give it its own --version, or --replace what is loaded"
    )]
    Differs {
        /// Kind and version.
        name: String,
        /// Source of the one that is loaded.
        loaded: String,
        /// Source of the new one.
        source_name: String,
    },
    /// Writing failed.
    #[error(transparent)]
    Container(#[from] ContainerError),
}

/// Keeps tables in a folder whose tables are on this shelf, all or none. `replace`: a version that is there with other
/// content gives way. One that is older than what is loaded is kept beside it, and that is said: a later one that is complete and
/// knows all of its days answers for it.
///
/// # Errors
/// [`KeepError`]; before the first one is written, except where the disk fails between two.
pub fn keep(
    folder: &Path,
    shelf: &Shelf,
    tables: &[(&Label, &[u8])],
    replace: bool,
    is_partial: impl Fn(&Label, &[u8]) -> bool,
) -> Result<Vec<Kept>, KeepError> {
    let mut new = Vec::with_capacity(tables.len());
    for (label, payload) in tables {
        let loaded = shelf.tables(&label.kind);
        let same = loaded.iter().find(|table| table.label().version == label.version);
        let is_same = same.is_some_and(|table| table.payload() == *payload && table.label().cover == label.cover);
        if let Some(same) = same.filter(|_| !is_same && !replace) {
            return Err(KeepError::Differs {
                name: label.name(),
                loaded: same.label().source.clone(),
                source_name: label.source.clone(),
            });
        }
        let newer = loaded.iter().map(|table| (table.label(), table.payload())).find(|(known, bytes)| {
            known.version > label.version
                && known.cover.first <= label.cover.first
                && known.cover.last >= label.cover.last
                && !is_partial(known, bytes)
        });
        let newer = newer.map(|(newer, _)| format!("{} (days {})", newer.name(), newer.cover));
        new.push((!is_same).then_some(newer));
    }
    let mut kept = Vec::with_capacity(tables.len());
    for ((label, payload), new) in tables.iter().zip(new) {
        kept.push(match new {
            None => Kept::Already,
            Some(None) => Kept::Written(write(folder, label, payload)?),
            Some(Some(newer)) => Kept::Behind { path: write(folder, label, payload)?, newer },
        });
    }
    Ok(kept)
}
