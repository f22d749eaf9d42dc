//! Public lists that come with claimhost: ICD-10-CM, HCPCS Level II with its modifiers, place of service.
//!
//! `tables.zip` is made from the files that `sources.toml` names (`claimhost codes generate DIR`), and never edited. Each of its
//! entries is one table as text: a line that is its label, then a row a line, each as the number of letters it shares with
//! the row before and the rest. A later year of ICD-10-CM is told as what it adds to and takes from another.

mod text;

use std::io::{Cursor, Read, Write};
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::System;
use super::container::Label;
use super::import::{Asked, ImportError, import};
use super::list::List;
use super::shelf::Shelf;

const ARCHIVE: &[u8] = include_bytes!("tables.zip");
const SOURCES: &str = include_str!("sources.toml");

/// Public files that the archive is made from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    source: Vec<Source>,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    /// Path below the folder that `generate` is given.
    file: String,
    /// Of its bytes: another file makes other tables, and is refused.
    sha256: String,
    system: System,
    version: String,
    #[serde(default)]
    partial: bool,
    /// Version of the same system that this one is told against.
    #[serde(default)]
    base: Option<String>,
}

/// The archive cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A source cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A source is another file than the one that was used before.
    #[error(
        "{path}: its SHA-256 is {found}, sources.toml says {expected}: put the new one there, and read what changed"
    )]
    OtherSource {
        /// The file.
        path: String,
        /// Sum of the file.
        found: String,
        /// Sum it should have.
        expected: String,
    },
    /// A source cannot be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A defect of the generator: what it wrote does not read back.
    #[error("{0}: does not come back as it was written")]
    RoundTrip(String),
    /// sources.toml or the archive's writer.
    #[error("{0}")]
    Archive(String),
}

/// File names of embedded tables that a shelf has not.
pub(super) fn missing(shelf: &Shelf) -> Vec<String> {
    let Ok(archive) = zip::ZipArchive::new(Cursor::new(ARCHIVE)) else { return Vec::new() };
    let known: Vec<String> = shelf.all().map(|table| table.label().file_name()).collect();
    let names = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned()));
    names.filter(|name| !known.contains(name)).collect()
}

/// SHA-256 of the archive: which public tables this claimhost has.
pub fn digest() -> [u8; 32] {
    Sha256::digest(ARCHIVE).into()
}

/// Every embedded table: its label and its payload. None where the archive is damaged, which a test rules out.
pub fn tables() -> Option<Vec<(Label, Vec<u8>)>> {
    read(ARCHIVE)
}

fn read(archive: &[u8]) -> Option<Vec<(Label, Vec<u8>)>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).ok()?;
    let mut tables: Vec<(Label, Vec<u8>)> = Vec::new();
    for at in 0..archive.len() {
        let mut content = String::new();
        archive.by_index(at).ok()?.read_to_string(&mut content).ok()?;
        let table = text::read(&content, |kind, version| {
            let known = tables.iter().find(|(label, _)| label.kind == kind && label.version == version)?;
            Some(List::open(&known.1)?.entries().map(|entry| entry.code).collect())
        })?;
        tables.push(table);
    }
    Some(tables)
}

/// Makes the archive anew from the published files below a folder.
///
/// # Errors
/// [`GenerateError`].
pub fn generate(folder: &Path) -> Result<Vec<u8>, GenerateError> {
    let sources: Sources = toml::from_str(SOURCES).map_err(|error| GenerateError::Archive(error.to_string()))?;
    let mut tables: Vec<(Label, Vec<u8>, Option<String>)> = Vec::new();
    for source in sources.source {
        let path = folder.join(&source.file);
        let told = path.display().to_string();
        let bytes = std::fs::read(&path).map_err(|error| GenerateError::Io { path: told.clone(), source: error })?;
        let sum: [u8; 32] = Sha256::digest(&bytes).into();
        if hex::encode(sum) != source.sha256 {
            return Err(GenerateError::OtherSource { path: told, found: hex::encode(sum), expected: source.sha256 });
        }
        let name = source.file.rsplit('/').next().unwrap_or_default();
        let asked =
            Asked { system: Some(source.system), version: Some(source.version), cover: None, partial: source.partial };
        for list in import(name, &bytes, &asked, sum)?.lists {
            tables.push((list.label, list.payload, source.base.clone()));
        }
    }
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default());
    let broken = |error: &dyn std::fmt::Display| GenerateError::Archive(error.to_string());
    for (label, payload, base) in &tables {
        let known = base.as_ref().and_then(|version| {
            tables.iter().find(|(known, ..)| known.kind == label.kind && known.version == *version)
        });
        let content = text::write(label, payload, known.map(|(known, payload, _)| (known, payload.as_slice())))
            .ok_or_else(|| GenerateError::RoundTrip(label.name()))?;
        writer.start_file(label.file_name(), options).map_err(|error| broken(&error))?;
        writer.write_all(content.as_bytes()).map_err(|error| broken(&error))?;
    }
    let archive = writer.finish().map_err(|error| broken(&error))?.into_inner();
    let back = read(&archive).ok_or_else(|| GenerateError::RoundTrip("the archive".to_owned()))?;
    match tables.iter().zip(&back).find(|((label, payload, _), back)| *label != back.0 || *payload != back.1) {
        Some(((label, ..), _)) => Err(GenerateError::RoundTrip(label.name())),
        None => Ok(archive),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_whole_small_and_what_its_sources_say() {
        let tables = tables().unwrap();
        let sources: Sources = toml::from_str(SOURCES).unwrap();
        assert_eq!(tables.len(), sources.source.len());
        assert!(ARCHIVE.len() < 1_000_000, "{}", ARCHIVE.len());
        for ((label, payload), source) in tables.iter().zip(&sources.source) {
            assert_eq!((label.kind.as_str(), &label.version), (source.system.name(), &source.version));
            assert_eq!(hex::encode(label.source_sha256), source.sha256);
            assert_eq!(List::open(payload).unwrap().is_partial(), source.partial);
            let public = [System::Icd10cm, System::Hcpcs, System::HcpcsModifier, System::PlaceOfService];
            assert!(public.contains(&source.system), "{} may not be embedded", source.system);
        }
    }

    #[test]
    #[allow(clippy::print_stdout, reason = "a skipped test says so")]
    fn making_the_archive_anew_gives_the_same_bytes() {
        let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
            println!("skipped: CLAIMHOST_CORPUS is not set, the published files are not here");
            return;
        };
        let archive = generate(&Path::new(&corpus).join("codesets")).unwrap();
        assert!(archive == ARCHIVE, "run `claimhost codes generate`: {} bytes, not {}", archive.len(), ARCHIVE.len());
    }
}
