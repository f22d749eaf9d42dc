//! `codes import FILE...`: published files into tables. Nothing is kept of a file that has a fault.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::output::{print, print_json};
use super::super::{Failure, Global};
use super::{cover, library};
use crate::codes::container::{Cover, EXTENSION, Label};
use crate::codes::import::{Asked, ImportError, Unpacked, import, recognises, unpack};
use crate::codes::list::List;
use crate::codes::{Kept, Library, System, keep};
use crate::ncci::import as ncci;
use crate::ncci::{Quarter, Service};

/// `codes import`
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Import {
    /// Files as they were published; several only where they are one table (NCCI pairs)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the codes are, where the file does not say
    #[arg(long)]
    system: Option<System>,
    /// Version, where the file's name does not tell it: 2026-04, 2026Q2, FY2026
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Days of service that the table knows: FROM..TO
    #[arg(long, value_name = "FROM..TO", value_parser = cover)]
    cover: Option<Cover>,
    /// The list has only some codes: one that is not on it may exist
    #[arg(long)]
    partial: bool,
    /// Takes the place of the same version with other content
    #[arg(long)]
    replace: bool,
    /// For whom an NCCI table is: practitioner, outpatient or dme
    #[arg(long, value_name = "SERVICE", value_parser = service)]
    service: Option<Service>,
}

fn service(text: &str) -> Result<Service, String> {
    Service::of_words(text).ok_or_else(|| "expected practitioner, outpatient or dme".to_owned())
}

/// A table that is ready to be kept.
struct Ready {
    label: Label,
    payload: Vec<u8>,
    partial: bool,
}

#[derive(Serialize)]
struct Answer {
    tables: Vec<Told>,
    /// Rows and files that are in no table, each with its reason.
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
struct LeftOut {
    what: String,
    count: u64,
}

#[derive(Serialize)]
struct Told {
    kind: String,
    version: String,
    cover: String,
    rows: u64,
    partial: bool,
    /// False where the same table was loaded already.
    new: bool,
    /// A later table that knows all of its days and answers for it; null where there is none.
    older_than: Option<String>,
}

/// What is left out, and how many rows of it.
type Counted = Vec<(String, u64)>;

impl Import {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let answer = self.keep(&library(global)?)?;
        if global.json {
            print_json(&answer);
        } else {
            tell(&answer);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Reads the files and keeps their tables beside those of a library.
    fn keep(&self, library: &Library) -> Result<Answer, Failure> {
        let (ready, left_out) = self.read()?;
        let tables: Vec<(&Label, &[u8])> = ready.iter().map(|table| (&table.label, table.payload.as_slice())).collect();
        let is_partial = |_: &Label, payload: &[u8]| List::open(payload).is_some_and(|list| list.is_partial());
        let kept = keep(library.folder(), &library.shelf(), &tables, self.replace, is_partial)
            .map_err(|error| Failure::missing(format!("nothing imported: {error}")))?;
        let told = ready.iter().zip(kept).map(|(Ready { label, partial, .. }, kept)| Told {
            kind: label.kind.clone(),
            version: label.version.clone(),
            cover: label.cover.to_string(),
            rows: label.rows,
            partial: *partial,
            new: kept != Kept::Already,
            older_than: match kept {
                Kept::Behind { newer, .. } => Some(newer),
                Kept::Written(_) | Kept::Already => None,
            },
        });
        let left_out = left_out.into_iter().map(|(what, count)| LeftOut { what, count }).collect();
        Ok(Answer { tables: told.collect(), left_out })
    }

    /// Everything that the files hold, read whole before anything is kept.
    fn read(&self) -> Result<(Vec<Ready>, Counted), Failure> {
        let refused = |error: &dyn std::fmt::Display| Failure::missing(format!("nothing imported: {error}"));
        let (mut files, mut sum) = (Vec::new(), Sha256::new());
        for path in &self.files {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let bytes =
                std::fs::read(path).map_err(|error| Failure::missing(format!("{}: {error}", path.display())))?;
            sum.update(&bytes);
            files.extend(unpack(&name, bytes).map_err(|error| refused(&error))?);
        }
        let sum: [u8; 32] = sum.finalize().into();
        let sources: Vec<ncci::Source> =
            files.iter().map(|file| ncci::Source { name: &file.name, bytes: &file.bytes }).collect();
        let pairs: Vec<ncci::Source> = match self.system {
            None => sources.into_iter().filter(ncci::recognises).collect(),
            Some(_) => Vec::new(),
        };
        if !pairs.is_empty() {
            let left = files.iter().filter(|file| !pairs.iter().any(|pair| pair.name == file.name));
            let left_out = left.map(|file| (format!("{}: no NCCI table", file.name), 1)).collect();
            return Ok((vec![self.ncci(&pairs, sum)?], left_out));
        }
        let asked =
            Asked { system: self.system, version: self.version.clone(), cover: self.cover, partial: self.partial };
        let (known, other): (Vec<&Unpacked>, Vec<&Unpacked>) =
            files.iter().partition(|file| files.len() == 1 || recognises(&file.name, &file.bytes, &asked));
        let mut left_out: Counted = other.iter().map(|file| (format!("{}: no list of codes", file.name), 1)).collect();
        if known.is_empty() {
            let names: Vec<&str> = other.iter().map(|file| file.name.as_str()).collect();
            return Err(refused(&format!(
                "no file with a list of codes in {}; unpack it and give the list itself, with --system",
                names.join(", ")
            )));
        }
        let mut ready: Vec<Ready> = Vec::new();
        for file in known {
            let read = import(&file.name, &file.bytes, &asked, sum).map_err(|error: ImportError| refused(&error))?;
            left_out.extend(read.left_out);
            for list in read.lists {
                let twin = ready
                    .iter()
                    .find(|known| known.label.kind == list.label.kind && known.label.version == list.label.version);
                match twin {
                    // Archives hold one list in several formats.
                    Some(twin) if twin.payload == list.payload => {
                        left_out.push((format!("{}: the same list again", file.name), 1));
                    }
                    Some(twin) => {
                        let words = format!(
                            "{} and {} are both {} and differ: import one at a time, each with its --version",
                            twin.label.source,
                            file.name,
                            twin.label.name()
                        );
                        return Err(refused(&words));
                    }
                    None => ready.push(Ready { label: list.label, payload: list.payload, partial: list.partial }),
                }
            }
        }
        Ok((ready, left_out))
    }

    /// The files of one NCCI table.
    fn ncci(&self, sources: &[ncci::Source<'_>], sum: [u8; 32]) -> Result<Ready, Failure> {
        let quarter = match &self.version {
            Some(version) => Some(quarter(version).ok_or_else(|| {
                Failure::missing(format!(
                    "nothing imported: an NCCI table is of a quarter: --version 2026Q2, not {version}"
                ))
            })?),
            None => None,
        };
        let asked = ncci::Asked { quarter, service: self.service };
        let table =
            ncci::import(sources, asked).map_err(|error| Failure::missing(format!("nothing imported: {error}")))?;
        let (first, last) = table.cover;
        let label = Label {
            kind: table.kind.name().to_owned(),
            version: table.quarter.to_string(),
            cover: self.cover.unwrap_or(Cover { first, last }),
            rows: table.rows,
            source: sources.first().map(|source| source.name.chars().take(200).collect()).unwrap_or_default(),
            source_sha256: sum,
        };
        Ok(Ready { label, payload: table.payload, partial: false })
    }
}

/// Imports every published file below the folder of tables itself, each as `codes import FILE` would: for the demo, whose
/// practices put theirs there. The tables that lie beside them, and files that are being written, are passed over.
pub(in crate::cli) fn import_below(folder: &Path) -> Result<(), Failure> {
    let mut files = Vec::new();
    published(folder, &mut files)?;
    files.sort();
    for file in files {
        // Opened anew for each file, so that the second of two that are one table is told so.
        Import { files: vec![file], ..Import::default() }.keep(&Library::open(folder))?;
    }
    Ok(())
}

fn published(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() {
            published(&path, files)?;
        } else if !is_hidden && path.extension().is_none_or(|extension| extension != EXTENSION) {
            files.push(path);
        }
    }
    Ok(())
}

/// `2026Q2`, or a month of it: `2026-04`.
fn quarter(text: &str) -> Option<Quarter> {
    Quarter::parse(text).or_else(|| Quarter::of_file_name(&format!("{text}-01")))
}

fn tell(answer: &Answer) {
    for table in &answer.tables {
        let partial = if table.partial { ", not all codes" } else { "" };
        let new = if table.new { "" } else { " (loaded already, nothing changed)" };
        let Told { kind, version, cover, rows, .. } = table;
        print(&format!("{kind} {version}: {rows} rows, days of service {cover}{partial}{new}"));
        if let Some(newer) = &table.older_than {
            print(&format!("  older than {newer}, which is loaded and answers for all of its days: kept beside it"));
        }
    }
    for LeftOut { what, count } in &answer.left_out {
        print(&format!("left out: {count} {what}"));
    }
}
