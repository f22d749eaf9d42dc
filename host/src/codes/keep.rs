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
    /// A later version knows all of its days.
    #[error(
        "{name} (days {cover}) is older than {newer} (days {newer_cover}), which is loaded and knows all of its days: it would never be asked"
    )]
    Older {
        /// Kind and version.
        name: String,
        /// Its days.
        cover: String,
        /// Kind and version of the later one.
        newer: String,
        /// Its days.
        newer_cover: String,
    },
    /// Writing failed.
    #[error(transparent)]
    Container(#[from] ContainerError),
}

/// Keeps tables in a folder whose tables are on this shelf, all or none. `replace`: a version that is there with other
/// content gives way. `partial` tables never make another one useless.
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
        if let Some((newer, _)) = newer {
            return Err(KeepError::Older {
                name: label.name(),
                cover: label.cover.to_string(),
                newer: newer.name(),
                newer_cover: newer.cover.to_string(),
            });
        }
        new.push(!is_same);
    }
    let mut kept = Vec::with_capacity(tables.len());
    for ((label, payload), new) in tables.iter().zip(new) {
        kept.push(if new { Kept::Written(write(folder, label, payload)?) } else { Kept::Already });
    }
    Ok(kept)
}
