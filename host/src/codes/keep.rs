//! Imported tables into the folder: which may stand beside what is there, and what is refused.
//!
//! Versions of a kind stand beside each other, each in its file. Everything is checked before anything is written.

use std::path::{Path, PathBuf};

use super::container::{ContainerError, Label, write};
use super::shelf::Shelf;
use super::size::shorter;

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is new, and in this file.
    Written(PathBuf),
    /// It is new and in this file, and older than what is loaded.
    Behind {
        /// The file.
        path: PathBuf,
        /// Kind, version and days of a later one: one that knows all of its days, where there is one.
        newer: String,
        /// The later one answers for all of its days; else it answers for its own.
        is_covered: bool,
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
    /// It is so much shorter than what is loaded, or was ever published, that it is not whole.
    #[error(
        "{source_name}: found {rows} rows of {name}, expected at least {least}: {than}. Is the file cut off, or one of several? Fetch it again, give all of its files; --partial for a list that is not meant to have all codes; --accept-smaller where this is the whole table"
    )]
    Shorter {
        /// Kind and version.
        name: String,
        /// Its rows.
        rows: u64,
        /// Rows that it should have.
        least: u64,
        /// What has more.
        than: String,
        /// Source of the new one.
        source_name: String,
    },
    /// Writing failed.
    #[error(transparent)]
    Container(#[from] ContainerError),
}

/// What the operator allows, and what the payloads are.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// `--replace`: a version that is there with other content gives way.
    pub replace: bool,
    /// `--accept-smaller`: a table far shorter than the one loaded, or than any published, is taken.
    pub accept_smaller: bool,
    /// Whether a payload has only some codes: it is as long as it is, and no other gives way to it.
    pub is_partial: fn(&Label, &[u8]) -> bool,
    /// Whether earlier versions of a kind keep their own days though a later one knows them too.
    pub keeps_days: fn(&str) -> bool,
}

/// Keeps tables in a folder whose tables are on this shelf, all or none. One that is older than what is loaded is kept beside it, and
/// that is said: a later one that is complete and knows all of its days answers for it.
///
/// # Errors
/// [`KeepError`]; before the first one is written, except where the disk fails between two.
pub fn keep(folder: &Path, shelf: &Shelf, tables: &[(&Label, &[u8])], policy: &Policy) -> Result<Vec<Kept>, KeepError> {
    let is_partial = policy.is_partial;
    let mut new = Vec::with_capacity(tables.len());
    for (label, payload) in tables {
        let loaded = shelf.tables(&label.kind);
        let same = loaded.iter().find(|table| table.label().version == label.version);
        let is_same = same.is_some_and(|table| table.payload() == *payload && table.label().cover == label.cover);
        if let Some(same) = same.filter(|_| !is_same && !policy.replace) {
            return Err(KeepError::Differs {
                name: label.name(),
                loaded: same.label().source.clone(),
                source_name: label.source.clone(),
            });
        }
        if !is_same && !policy.accept_smaller && !is_partial(label, payload) {
            let complete = loaded.iter().filter(|table| !is_partial(table.label(), table.payload()));
            if let Some(short) = shorter(label, complete.map(|table| table.label())) {
                return Err(KeepError::Shorter {
                    name: label.name(),
                    rows: label.rows,
                    least: short.least,
                    than: short.than,
                    source_name: label.source.clone(),
                });
            }
        }
        let later = || {
            let all = loaded.iter().map(|table| (table.label(), table.payload()));
            all.filter(|(known, _)| known.version > label.version)
        };
        let answers = |(known, bytes): &(&Label, &[u8])| {
            let cover = &known.cover;
            let knows_all = cover.first <= label.cover.first && cover.last >= label.cover.last;
            knows_all && !(policy.keeps_days)(&label.kind) && !is_partial(known, bytes)
        };
        let covered = later().find(answers);
        let newer = covered.or_else(|| later().next()).map(|(newer, _)| {
            let named = format!("{} (days {})", newer.name(), newer.cover);
            (named, covered.is_some())
        });
        new.push((!is_same).then_some(newer));
    }
    let mut kept = Vec::with_capacity(tables.len());
    for ((label, payload), new) in tables.iter().zip(new) {
        kept.push(match new {
            None => Kept::Already,
            Some(None) => Kept::Written(write(folder, label, payload)?),
            Some(Some((newer, is_covered))) => Kept::Behind { path: write(folder, label, payload)?, newer, is_covered },
        });
    }
    Ok(kept)
}
