//! Published files into code lists: which system and version a file is, its rows, and everything that may be wrong with it.
//!
//! A file is read whole before anything is kept: an error names its row, and changes nothing. Files: the CMS order file of
//! ICD-10-CM and the HCPCS contractor file (fixed width, `fixed.rs`), any table with a heading (`sheet.rs`), each of them zipped
//! (`unpack.rs`). What the rows mean is in `rows.rs`; which days the list knows, in `period.rs`.

mod fixed;
mod period;
mod rows;
mod sheet;
#[cfg(test)]
mod tests;
mod unpack;

use super::container::{Cover, Label, OPEN_END};
use super::list::{Entry, NO_FIRST, NO_LAST, pack};
use super::{Rhythm, System};
use crate::claim::{day_number, from_day_number};

pub use period::Period;
pub use unpack::{Unpacked, unpack};

use rows::Sorted;

/// What the operator says where the file does not, or against it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// `--system`
    pub system: Option<System>,
    /// `--version`
    pub version: Option<String>,
    /// `--cover`
    pub cover: Option<Cover>,
    /// `--partial`: the list knows only some codes of its system.
    pub partial: bool,
}

/// A list, ready to be kept.
#[derive(Debug)]
pub struct Imported {
    /// Its system.
    pub system: System,
    /// Its label.
    pub label: Label,
    /// Its bytes.
    pub payload: Vec<u8>,
    /// Whether it knows only some codes.
    pub partial: bool,
}

/// What a file gave.
#[derive(Debug)]
pub struct Import {
    /// One list for each system that the file has codes of.
    pub lists: Vec<Imported>,
    /// Rows that are in no list, each kind with its reason.
    pub left_out: Vec<(String, u64)>,
}

/// A file that cannot become a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: found {found}, expected {expected}", row.map(|row| format!(", row {row}")).unwrap_or_default())]
pub struct ImportError {
    /// The file's name.
    pub file: String,
    /// The row, from 1; none where it is about the whole file.
    pub row: Option<u64>,
    /// What was found.
    pub found: String,
    /// What was expected, and what to do.
    pub expected: String,
}

impl ImportError {
    fn new(file: &str, row: Option<u64>, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { file: file.to_owned(), row, found: found.into(), expected: expected.into() }
    }
}

/// One row of a source, before it is known to be right.
#[derive(Debug, Clone)]
struct Row {
    /// Line of the file, from 1.
    number: u64,
    system: System,
    entry: Entry,
}

/// The rows of a source.
#[derive(Debug, Default)]
struct Read {
    rows: Vec<Row>,
    left_out: Vec<(String, u64)>,
    /// Whether each row tells the code's status.
    has_status: bool,
}

impl Read {
    fn leave_out(&mut self, why: &str) {
        match self.left_out.iter_mut().find(|(known, _)| known == why) {
            Some((_, count)) => *count += 1,
            None => self.left_out.push((why.to_owned(), 1)),
        }
    }
}

/// Whether a file looks like a list of codes at all, by its columns: archives hold other texts too.
pub fn recognises(name: &str, bytes: &[u8], asked: &Asked) -> bool {
    fixed::layout(bytes).is_some() || sheet::recognises(name, bytes, asked.system)
}

/// Reads one file into lists. `name` is its file name: it may tell the version. The sum is that of the file as it was given.
///
/// # Errors
/// [`ImportError`]: the first fault, with its row.
pub fn import(name: &str, bytes: &[u8], asked: &Asked, source_sha256: [u8; 32]) -> Result<Import, ImportError> {
    if bytes.is_empty() {
        return Err(ImportError::new(name, None, "an empty file", "a published list of codes"));
    }
    let read = match fixed::layout(bytes) {
        Some(layout) => fixed::read(name, bytes, layout)?,
        None => sheet::read(name, bytes, asked.system)?,
    };
    let Read { mut rows, mut left_out, has_status } = read;
    let has = |system| rows.iter().any(|row| row.system == system);
    // A list of payments or of one year's services has most Level II codes, and not all. It has all CPT numbers only where it tells each
    // code's status too, the ones that are not paid among them (CMS's relative value file, Addendum B): a list of services that were
    // billed lacks vaccines and category II.
    let mixed = has(System::Cpt) && has(System::Hcpcs);
    let only_some = |system| mixed && (system == System::Hcpcs || (system == System::Cpt && !has_status));
    if let Some(asked) = asked.system {
        let before = rows.len();
        rows.retain(|row| row.system == asked);
        if rows.len() < before {
            left_out.push((format!("codes of other systems than {asked}"), (before - rows.len()) as u64));
        }
        if rows.is_empty() {
            return Err(ImportError::new(
                name,
                None,
                format!("no code of {asked}"),
                "at least one; is --system right?",
            ));
        }
    }
    let mut lists = Vec::new();
    for system in System::ALL {
        let of: Vec<Row> = rows.extract_if(.., |row| row.system == system).collect();
        if of.is_empty() {
            continue;
        }
        let partial = asked.partial || only_some(system);
        lists.push(list(name, system, of, partial, asked, source_sha256)?);
    }
    if lists.is_empty() {
        return Err(ImportError::new(name, None, "no row with a code", "a published list of codes"));
    }
    Ok(Import { lists, left_out })
}

fn list(
    name: &str,
    system: System,
    rows: Vec<Row>,
    partial: bool,
    asked: &Asked,
    source_sha256: [u8; 32],
) -> Result<Imported, ImportError> {
    let count = rows.len() as u64;
    let Sorted { entries } = rows::sorted(name, system, rows, partial)?;
    let (mut version, cover) = version_and_cover(name, system, &entries, asked)?;
    if partial && !asked.partial {
        version.push_str("-partial");
    }
    let label =
        Label { kind: system.name().to_owned(), version, cover, rows: count, source: short(name), source_sha256 };
    Ok(Imported { system, label, payload: pack(&entries, partial), partial })
}

/// A file name as a label takes it.
fn short(name: &str) -> String {
    let mut end = name.len().min(200);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default().to_owned()
}

/// What the operator says, else the file's name, else its dates.
fn version_and_cover(
    name: &str,
    system: System,
    entries: &[Entry],
    asked: &Asked,
) -> Result<(String, Cover), ImportError> {
    let told = match &asked.version {
        Some(version) => Period::of_version(version),
        None => Period::of_file_name(name, system),
    };
    let latest = latest_first(entries);
    // A name that tells a year alone says less than days that are published with each code.
    let period = match (told, latest) {
        (Some(Period::Year(_)) | None, Some(latest)) if asked.version.is_none() => Some(Period::quarter_of(latest)),
        (told, _) => told,
    };
    let version = asked.version.clone().or_else(|| period.map(|period| period.version(system)));
    let cover = asked.cover.or_else(|| {
        let mut cover = period?.cover(system);
        if system.rhythm() != Rhythm::FiscalYear
            && let Some(first) = knows_from(entries, cover.first)
        {
            cover.first = first;
        }
        Some(cover)
    });
    match (version, cover) {
        (Some(version), Some(cover)) => Ok((version, cover)),
        (None, Some(cover)) => {
            let first = from_day_number(cover.first);
            Ok((format!("{:04}-{:02}", first.year, first.month), cover))
        }
        (Some(_), None) => {
            let expected =
                "a version such as 2026-04, 2026Q2 or FY2026, or the days it knows: --cover 2026-04-01..2026-06-30";
            Err(ImportError::new(name, None, "a version that tells no days", expected))
        }
        (None, None) => {
            let expected = "--version 2026-04 (or 2026Q2, FY2026), or --cover 2026-04-01..2026-06-30";
            Err(ImportError::new(name, None, "no date in the file's name or rows", expected))
        }
    }
}

/// The latest first day of any code.
fn latest_first(entries: &[Entry]) -> Option<i64> {
    entries.iter().map(|entry| entry.first).filter(|first| *first != NO_FIRST).max().map(i64::from)
}

/// Where days are published, a list knows the days before it was published too: back to the earliest end that it still
/// tells. Codes that ended before that are gone from it, so before that it does not know what it lacks. Years without any
/// end break the row: a single old end is no sign that all old ends are there.
fn knows_from(entries: &[Entry], published: i64) -> Option<i64> {
    let dated = entries.iter().filter(|entry| entry.first != NO_FIRST).count();
    if dated * 10 < entries.len() * 9 {
        return None;
    }
    let year = |day: i64| from_day_number(day).year;
    let mut ends: Vec<i64> =
        entries.iter().map(|entry| entry.last).filter(|last| *last != NO_LAST).map(i64::from).collect();
    ends.retain(|end| *end < published);
    ends.sort_unstable();
    let mut from = None;
    let mut reached = year(published);
    for end in ends.into_iter().rev() {
        if year(end) + 1 < reached {
            break;
        }
        reached = year(end);
        from = Some(end);
    }
    from.filter(|from| *from > day_number(crate::claim::Date { year: 1980, month: 1, day: 1 }) && *from < OPEN_END)
}
