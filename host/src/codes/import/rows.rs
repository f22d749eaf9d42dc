//! What every row must be, whatever file it is from: a code of its system, days in order, no second opinion on one code.

use std::collections::HashMap;

use super::{Entry, ImportError, NO_FIRST, NO_LAST, Row, System};
use crate::claim::{Date, day_number, to_jiff};

/// Entries in the order of their codes, each once.
pub(super) struct Sorted {
    pub(super) entries: Vec<Entry>,
}

/// Shape of a cell, for errors: letters `A`, digits `9`.
pub(super) fn shape(cell: &str) -> String {
    format!("`{}`", crate::scrub::form::shape(cell))
}

/// A code of this form.
pub(super) fn code<'a>(file: &str, row: u64, system: System, cell: &'a str) -> Result<&'a str, ImportError> {
    if system.fits(cell) {
        return Ok(cell);
    }
    let expected = match system {
        System::PlaceOfService if cell.len() == 1 => "two digits: a spreadsheet has taken the leading zero".to_owned(),
        _ => format!("a code of {}; does another table begin here, or is a column shifted?", system.title()),
    };
    Err(ImportError::new(file, Some(row), shape(cell), expected))
}

/// A day: `2026-04-01`, `20260401`, `04/01/2026` or `4/1/2026`. Nothing, zeros, `*` and year 9999 are none.
pub(super) fn day(file: &str, row: u64, cell: &str, none: i32) -> Result<i32, ImportError> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if cell.is_empty()
        || cell == "*"
        || cell.starts_with("9999")
        || cell.ends_with("9999")
        || cell.bytes().all(|b| b == b'0')
    {
        return Ok(none);
    }
    let parts: Vec<&str> = cell.split(['-', '/']).collect();
    let number = |text: &str| text.parse::<u16>().ok().filter(|_| digits(text));
    let read = || {
        let (year, month, day) = match parts.as_slice() {
            [whole] if whole.len() == 8 && digits(whole) => (whole.get(..4)?, whole.get(4..6)?, whole.get(6..)?),
            [year, month, day] if year.len() == 4 => (*year, *month, *day),
            [month, day, year] if year.len() == 4 => (*year, *month, *day),
            _ => return None,
        };
        let date =
            Date { year: number(year)?, month: number(month)?.try_into().ok()?, day: number(day)?.try_into().ok()? };
        to_jiff(date)?;
        i32::try_from(day_number(date)).ok()
    };
    read().ok_or_else(|| {
        ImportError::new(
            file,
            Some(row),
            format!("{} where a day belongs", shape(cell)),
            "a day as YYYY-MM-DD or YYYYMMDD",
        )
    })
}

/// Checks the rows of one system against each other and puts them in order.
pub(super) fn sorted(file: &str, system: System, rows: Vec<Row>, partial: bool) -> Result<Sorted, ImportError> {
    // Lists of amounts name a code once for each modifier; a code set names it once.
    let once = matches!(system, System::Icd10cm | System::PlaceOfService | System::Taxonomy);
    let mut seen: HashMap<String, Vec<(u64, Entry)>> = HashMap::with_capacity(rows.len());
    for Row { number, entry, .. } in rows {
        if entry.first != NO_FIRST && entry.last != NO_LAST && entry.first > entry.last {
            let found = format!("{} that ends before it begins", entry.code);
            return Err(ImportError::new(file, Some(number), found, "a last day not before the first"));
        }
        let known = seen.entry(entry.code.clone()).or_default();
        if let Some((before, same)) = known.iter().find(|(_, known)| overlap(known, &entry)) {
            if once || *same != entry {
                let what = if *same == entry { "again" } else { "again, and otherwise" };
                let found = format!("{} {what}: row {before} has it", entry.code);
                let expected =
                    "each code once: are there two tables, or two quarters, in one file? Import one at a time";
                return Err(ImportError::new(file, Some(number), found, expected));
            }
            continue;
        }
        known.push((number, entry));
    }
    let mut numbered: Vec<(u64, Entry)> = seen.into_values().flatten().collect();
    numbered.sort_by(|left, right| left.1.cmp(&right.1));
    if system == System::Icd10cm && !partial {
        categories(file, &numbered)?;
    }
    Ok(Sorted { entries: numbered.into_iter().map(|(_, entry)| entry).collect() })
}

fn overlap(left: &Entry, right: &Entry) -> bool {
    left.first.max(right.first) <= left.last.min(right.last)
}

/// In ICD-10-CM a code is billable exactly where nothing is below it: a mixed-up or cut list breaks that.
fn categories(file: &str, rows: &[(u64, Entry)]) -> Result<(), ImportError> {
    for (at, (number, entry)) in rows.iter().enumerate() {
        let has_below = rows.get(at + 1).is_some_and(|(_, next)| next.code.starts_with(&entry.code));
        if has_below != entry.category {
            let (found, expected) = if entry.category {
                ("a category with no code below it", "its codes: rows are missing; fetch the file again")
            } else {
                ("a billable code with codes below it", "a category there: two years in one file?")
            };
            return Err(ImportError::new(file, Some(*number), format!("{}: {found}", entry.code), expected));
        }
    }
    Ok(())
}
