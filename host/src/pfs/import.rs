//! CMS's relative value file (`PPRRVU*.csv`), or any table with its columns, into indicators.
//!
//! Only rows without modifier are kept: 26, TC and 53 have the same policy. A file is of a quarter; CMS publishes it for the
//! rest of the year, so it knows the days from that quarter to the end of the year, and a later one is asked first.

use std::collections::HashMap;

use super::{Global, Indicators, build};
use crate::claim::{Date, day_number};
use crate::ncci::import::cells::{At, begins_with_code};
use crate::ncci::import::sheet::Sheet;
use crate::ncci::import::{ImportError, Source};
use crate::ncci::{Code, Quarter};

/// A table, ready to be stored.
#[derive(Debug)]
pub struct Imported {
    /// The quarter it was published for: its version.
    pub quarter: Quarter,
    /// First and last day of service it knows, as day numbers.
    pub cover: (i64, i64),
    /// Codes in it.
    pub rows: u64,
    /// Rows with a modifier, which are left out.
    pub with_modifier: u64,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// Whether a file is one, by its columns.
pub fn recognises(source: &Source<'_>) -> bool {
    Sheet::peek(source.name, source.bytes, begins_with_code).is_ok_and(|sheet| {
        sheet.column(&["glob"]).is_some() && sheet.column(&["bilat"]).is_some() && sheet.column(&["hcpcs"]).is_some()
    })
}

/// Imports one file.
///
/// # Errors
/// [`ImportError`]: the first fault, with its row; nothing is half imported.
pub fn import(source: &Source<'_>, asked: Option<Quarter>) -> Result<Imported, ImportError> {
    let Some(quarter) = asked.or_else(|| quarter_of(source.name)) else {
        let expected = "a name that tells it (`PPRRVU24_JUL.csv`, `RVU24C.zip`), or --version 2024Q3";
        return Err(ImportError::new(source.name, None, "quarter", "no quarter in the file's name", expected));
    };
    let mut sheet = Sheet::open(source.name, source.bytes, begins_with_code)?;
    let code = sheet.required("HCPCS", &["hcpcs"])?;
    let modifier = sheet.required("MOD", &["mod"])?;
    let global = sheet.required("GLOB DAYS", &["glob"])?;
    let digits = [
        ("PCTC IND", sheet.required("PCTC IND", &["pctc"])?),
        ("BILAT SURG", sheet.required("BILAT SURG", &["bilat"])?),
        ("ASST SURG", sheet.required("ASST SURG", &["asst"])?),
        ("CO-SURG", sheet.required("CO-SURG", &["cosurg"])?),
        ("TEAM SURG", sheet.required("TEAM SURG", &["team"])?),
    ];
    let (mut rows, mut with_modifier) = (Vec::new(), 0);
    let mut seen: HashMap<Code, u64> = HashMap::new();
    while let Some((row, record)) = sheet.next()? {
        let at = At { file: source.name, row };
        // Notes may stand below the table.
        if record.iter().filter(|cell| !cell.is_empty()).count() < 2 {
            continue;
        }
        let code = at.code(record, code, "HCPCS")?;
        if !at.cell(record, modifier, "MOD")?.is_empty() {
            with_modifier += 1;
            continue;
        }
        let cell = at.cell(record, global, "GLOB DAYS")?;
        let text = str::from_utf8(cell).unwrap_or_default();
        let global =
            Global::parse(text).ok_or_else(|| at.error("GLOB DAYS", cell, "000, 010, 090 or three letters"))?;
        let mut values = [0; 5];
        for (value, (field, column)) in values.iter_mut().zip(digits) {
            let cell = at.cell(record, column, field)?;
            *value = match cell {
                [digit @ b'0'..=b'9'] => digit - b'0',
                _ => return Err(at.error(field, cell, "one digit")),
            };
        }
        if let Some(before) = seen.insert(code, row) {
            let found = format!("{code}, which row {before} has too");
            let expected = "each code once: two quarters in one table?";
            return Err(ImportError::new(source.name, Some(row), "HCPCS", found, expected));
        }
        let [components, bilateral, assistant, co_surgeons, team] = values;
        rows.push(Indicators { code, global, components, bilateral, assistant, co_surgeons, team });
    }
    let last = day_number(Date { year: quarter.year, month: 12, day: 31 });
    let cover = (quarter.first_day(), last);
    Ok(Imported { quarter, cover, rows: rows.len() as u64, with_modifier, payload: build(&rows) })
}

/// `PPRRVU24_JUL`, `PPRRVU2026_Apr_nonQPP`, `RVU24C` (A to D are the quarters), or what any CMS file's name tells.
fn quarter_of(name: &str) -> Option<Quarter> {
    let lower = name.to_ascii_lowercase();
    let by_release = || {
        let rest = lower.split_once("rvu")?.1;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (year, rest) = rest.split_at_checked(digits)?;
        let year: u16 = match year.len() {
            2 => 2000 + year.parse::<u16>().ok()?,
            4 => year.parse().ok()?,
            _ => return None,
        };
        let rest = rest.trim_start_matches(['_', '-', ' ']);
        let quarter = ["jan", "apr", "jul", "oct"].iter().position(|month| rest.starts_with(month)).or_else(|| {
            let letter = rest.bytes().next()?;
            let alone = rest.as_bytes().get(1).is_none_or(|next| !next.is_ascii_alphabetic());
            (alone && (b'a'..=b'd').contains(&letter)).then(|| usize::from(letter - b'a'))
        });
        Quarter::new(year, u8::try_from(quarter.unwrap_or(0)).ok()? + 1)
    };
    by_release().or_else(|| Quarter::of_file_name(name))
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
