//! Tables as CMS publishes them, into payloads: pairs, units, add-on codes.
//!
//! Which table a file is, and which quarter, is told by its header and its name. Every fault is an error that names the
//! row; nothing is half imported, and what was loaded before stays, because a payload exists only at the end.

mod addon;
pub(crate) mod cells;
mod mue;
mod ptp;
pub(crate) mod sheet;
#[cfg(test)]
mod tests;

use super::{Kind, Quarter, Service};
use sheet::Sheet;

/// One file, unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its name, without folders: it may tell service type and quarter.
    pub name: &'a str,
    /// Its text.
    pub bytes: &'a [u8],
}

/// What the operator says where the file does not, or against it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// `--version`
    pub quarter: Option<Quarter>,
    /// `--service`
    pub service: Option<Service>,
}

/// A table, ready to be stored.
#[derive(Debug)]
pub struct Imported {
    /// What it is.
    pub kind: Kind,
    /// The quarter it was published for: its version.
    pub quarter: Quarter,
    /// First and last day of service it knows, as day numbers.
    pub cover: (i64, i64),
    /// Rows of the source that are in it.
    pub rows: u64,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// A file that cannot become a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}, {field}: found {found}, expected {expected}", row.map(|row| format!(", row {row}")).unwrap_or_default())]
pub struct ImportError {
    /// The file's name.
    pub file: String,
    /// The row, from 1; none where it is about the whole file.
    pub row: Option<u64>,
    /// The column or part.
    pub field: &'static str,
    /// What was found, by its shape.
    pub found: String,
    /// What was expected, and what to do.
    pub expected: String,
}

impl ImportError {
    pub(crate) fn new(
        file: &str,
        row: Option<u64>,
        field: &'static str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { file: file.to_owned(), row, field, found: found.into(), expected: expected.into() }
    }
}

/// Whether a file looks like an NCCI table at all, by its header: for an importer that knows many kinds of files. One that is cut off, or
/// has no rows, still does: what is wrong with it is told by its own reader.
pub fn recognises(source: &Source<'_>) -> bool {
    Sheet::peek(source.name, source.bytes, cells::begins_with_code).is_ok_and(|sheet| family(&sheet).is_some())
}

/// The three kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Ptp,
    Mue,
    Addon,
}

fn family(sheet: &Sheet<'_>) -> Option<Family> {
    if sheet.column(&["mueunits", "muevalue", "mueadjudication"]).is_some() {
        Some(Family::Mue)
    } else if sheet.column(&["addon", "aocedit"]).is_some() {
        Some(Family::Addon)
    } else if sheet.column(&["column2"]).is_some() || (!sheet.has_header() && ptp::fits_without_header(sheet)) {
        Some(Family::Ptp)
    } else {
        None
    }
}

/// Imports the files of ONE table: CMS cuts the pairs of a quarter into several.
///
/// # Errors
/// [`ImportError`]: the first fault found, with its file and row.
pub fn import(sources: &[Source<'_>], asked: Asked) -> Result<Imported, ImportError> {
    let Some(first) = sources.first() else {
        return Err(ImportError::new("import", None, "files", "none", "the files of one table"));
    };
    let quarter = one(sources, "quarter", asked.quarter, |source| Quarter::of_file_name(source.name))?;
    let Some(quarter) = quarter else {
        let expected = "a name that tells it (`ccipra-v302r0-f1.txt`, `mue_2024-07-01.csv`), or --version 2024Q3";
        return Err(ImportError::new(first.name, None, "quarter", "no quarter in the file's name", expected));
    };
    let service = one(sources, "service type", asked.service, |source| Service::of_file_name(source.name))?;
    let sheet = Sheet::open(first.name, first.bytes, cells::begins_with_code)?;
    match family(&sheet) {
        Some(Family::Ptp) => ptp::import(sources, quarter, service.unwrap_or(Service::Practitioner)),
        Some(Family::Mue) => mue::import(sources, quarter, service),
        Some(Family::Addon) => addon::import(sources, quarter),
        None => {
            let expected = "the columns of CMS's PTP pairs, MUE values or add-on codes";
            Err(ImportError::new(first.name, None, "header", "other columns", expected))
        }
    }
}

/// What all files of a table say alike: two quarters in one table are an error.
fn one<T: PartialEq + Copy + std::fmt::Display>(
    sources: &[Source<'_>],
    what: &'static str,
    asked: Option<T>,
    tells: impl Fn(&Source<'_>) -> Option<T>,
) -> Result<Option<T>, ImportError> {
    let mut known = asked;
    for source in sources {
        match (known, tells(source)) {
            (Some(known), Some(told)) if known != told => {
                let expected =
                    format!("{known}, as the other files or the command line say: import one {what} at a time");
                return Err(ImportError::new(source.name, None, what, told.to_string(), expected));
            }
            (None, told) => known = told,
            _ => {}
        }
    }
    Ok(known)
}
