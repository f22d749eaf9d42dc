//! `codes import FILE...`: published files into tables. Nothing is kept of a file that has a fault.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::super::output::{RED, RESET, print, print_json};
use super::super::{Failure, Global};
use super::{cover, files, library};
use crate::codes::container::{Cover, EXTENSION, Label};
use crate::codes::import::{Asked, ImportError, Unpacked, import, recognises, unpack};
use crate::codes::list::List;
use crate::codes::shelf::Shelf;
use crate::codes::{Kept, Library, Policy, System, keep};
use crate::ncci::import as ncci;
use crate::ncci::{Kind, Quarter, Service, parts};
use crate::pfs;

/// `codes import`
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Import {
    /// Files as they were published, zip and gzip too; several only where they are one table (NCCI pairs)
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
    /// Takes a table that is far shorter than the one loaded, or than every published one: it is whole all the same
    #[arg(long)]
    accept_smaller: bool,
    /// Files that the pairs of this quarter were cut into (f1, f2, ...)
    #[arg(long, value_name = "COUNT", default_value_t = parts::FILES, value_parser = clap::value_parser!(u8).range(1..=9))]
    parts: u8,
    /// For whom an NCCI table is: practitioner, outpatient or dme
    #[arg(long, value_name = "SERVICE", value_parser = service)]
    service: Option<Service>,
}

fn service(text: &str) -> Result<Service, String> {
    Service::of_words(text).ok_or_else(|| "expected practitioner, outpatient or dme".to_owned())
}

/// A table that is ready to be kept.
pub(super) struct Ready {
    pub(super) label: Label,
    pub(super) payload: Vec<u8>,
    pub(super) partial: bool,
}

#[derive(Serialize)]
struct Answer {
    tables: Vec<Told>,
    /// Rows and files that are in no table, each with its reason.
    left_out: Vec<LeftOut>,
    /// Quarters of which files are missing, so that they are not used.
    incomplete: Vec<String>,
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
    /// A later table of the kind that was loaded before; null where there is none.
    older_than: Option<String>,
    /// The later table answers for all of its days.
    answered_for: bool,
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
        let shelf = library.shelf();
        let (ready, left_out) = self.read(&shelf)?;
        let tables: Vec<(&Label, &[u8])> = ready.iter().map(|table| (&table.label, table.payload.as_slice())).collect();
        let policy = Policy {
            replace: self.replace,
            accept_smaller: self.accept_smaller,
            // One file of several is as long as it is; what they are together is compared.
            is_partial: |label, payload| {
                parts::is_part(&label.kind) || List::open(payload).is_some_and(|list| list.is_partial())
            },
            keeps_days: |kind| Kind::ALL.iter().any(|known| known.name() == kind),
        };
        let kept = keep(library.folder(), &shelf, &tables, &policy)
            .map_err(|error| Failure::missing(format!("nothing imported: {error}")))?;
        let told = ready.iter().zip(kept).map(|(Ready { label, partial, .. }, kept)| Told {
            answered_for: matches!(kept, Kept::Behind { is_covered: true, .. }),
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
        let tables: Vec<Told> = told.collect();
        library.refresh();
        let incomplete = parts::incomplete(&library.shelf());
        let incomplete = incomplete.iter().filter(|quarter| {
            tables.iter().any(|told| {
                told.kind == parts::kind(quarter.kind) && told.version.starts_with(&quarter.quarter.to_string())
            })
        });
        Ok(Answer { incomplete: incomplete.map(ToString::to_string).collect(), tables, left_out })
    }

    /// Everything that the files hold, read whole before anything is kept.
    fn read(&self, shelf: &Shelf) -> Result<(Vec<Ready>, Counted), Failure> {
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
            return Ok((self.ncci(shelf, &pairs, sum)?, left_out));
        }
        let of_fees =
            |file: &&Unpacked| pfs::import::recognises(&ncci::Source { name: &file.name, bytes: &file.bytes });
        if self.system.is_none() && files.iter().any(|file| of_fees(&file)) {
            let (fees, other): (Vec<&Unpacked>, Vec<&Unpacked>) = files.iter().partition(of_fees);
            let mut left_out: Counted =
                other.iter().map(|file| (format!("{}: no fee schedule", file.name), 1)).collect();
            return Ok((self.pfs(&fees, sum, &mut left_out)?, left_out));
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

    /// The quarter that `--version` says.
    fn quarter(&self) -> Result<Option<Quarter>, Failure> {
        let Some(version) = &self.version else { return Ok(None) };
        quarter(version).map(Some).ok_or_else(|| {
            Failure::missing(format!("nothing imported: this table is of a quarter: --version 2026Q2, not {version}"))
        })
    }

    /// The indicators of the fee schedule; archives hold them in several files (for two conversion factors), which agree.
    fn pfs(&self, files: &[&Unpacked], sum: [u8; 32], left_out: &mut Counted) -> Result<Vec<Ready>, Failure> {
        let asked = self.quarter()?;
        let mut ready: Vec<Ready> = Vec::new();
        for file in files {
            let source = ncci::Source { name: &file.name, bytes: &file.bytes };
            let table = pfs::import::import(&source, asked)
                .map_err(|error| Failure::missing(format!("nothing imported: {error}")))?;
            let (first, last) = table.cover;
            if table.with_modifier > 0 {
                left_out.push((format!("{}: rows with a modifier", file.name), table.with_modifier));
            }
            let label = Label {
                kind: pfs::KIND.to_owned(),
                version: table.quarter.to_string(),
                cover: self.cover.unwrap_or(Cover { first, last }),
                rows: table.rows,
                source: file.name.chars().take(200).collect(),
                source_sha256: sum,
            };
            match ready.iter().find(|known| known.label.version == label.version) {
                Some(twin) if twin.payload == table.payload => {
                    left_out.push((format!("{}: the same indicators again", file.name), 1));
                }
                Some(twin) => {
                    return Err(Failure::missing(format!(
                        "nothing imported: {} and {} are both {} and differ: import one at a time",
                        twin.label.source,
                        file.name,
                        twin.label.name()
                    )));
                }
                None => ready.push(Ready { label, payload: table.payload, partial: false }),
            }
        }
        Ok(ready)
    }

    /// The files of one NCCI table; of pairs that CMS cut into several, each file as well, and the table once all are there.
    fn ncci(&self, shelf: &Shelf, sources: &[ncci::Source<'_>], sum: [u8; 32]) -> Result<Vec<Ready>, Failure> {
        let quarter = self.quarter()?;
        let asked = ncci::Asked { quarter, service: self.service };
        let table =
            ncci::import(sources, asked).map_err(|error| Failure::missing(format!("nothing imported: {error}")))?;
        let is_pairs = matches!(table.kind, Kind::PtpPractitioner | Kind::PtpOutpatient);
        if is_pairs && self.parts > 1 && sources.iter().any(|source| parts::number(source.name).is_some()) {
            return files::joined(shelf, sources, table, self.parts, self.cover);
        }
        let (first, last) = table.cover;
        let label = Label {
            kind: table.kind.name().to_owned(),
            version: table.quarter.to_string(),
            cover: self.cover.unwrap_or(Cover { first, last }),
            rows: table.rows,
            source: sources.first().map(|source| source.name.chars().take(200).collect()).unwrap_or_default(),
            source_sha256: sum,
        };
        Ok(vec![Ready { label, payload: table.payload, partial: false }])
    }
}

/// Imports every published file below the folder of tables itself, each as `codes import FILE` would: for the demo, whose
/// practices put theirs there. Theirs are invented and have a few rows each, so that smaller ones are taken. The tables that lie beside
/// them, and files that are being written, are passed over.
pub(in crate::cli) fn import_below(folder: &Path) -> Result<(), Failure> {
    let mut files = Vec::new();
    published(folder, &mut files)?;
    files.sort();
    for file in files {
        // Opened anew for each file, so that the second of two that are one table is told so.
        Import { files: vec![file], accept_smaller: true, ..Import::default() }.keep(&Library::open(folder))?;
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
            let who = match table.answered_for {
                true => "and answers for all of its days",
                false => "and leaves it the days that are its own",
            };
            print(&format!("  older than {newer}, which is loaded {who}: kept beside it"));
        }
    }
    for LeftOut { what, count } in &answer.left_out {
        print(&format!("left out: {count} {what}"));
    }
    answer.incomplete.iter().for_each(|words| print(&format!("{RED}{words}{RESET}")));
}
