//! Add-on codes with their primaries, with or without dates of the edit and of both codes.

use super::super::addon::{Addon, AddonType, build};
use super::super::{Code, Kind, Quarter};
use super::cells::{At, begins_with_code};
use super::sheet::Sheet;
use super::{ImportError, Imported, Source};
use crate::claim::{Date, day_number};

/// What stands where no primary is listed: the contractor decides.
const CONTRACTOR: &[u8] = b"CCCCC";
/// First day of the first published add-on edits (CR 7501).
const FIRST_EDITS: Date = Date { year: 2013, month: 4, day: 1 };

/// Imports the add-on codes of one quarter.
pub(super) fn import(sources: &[Source<'_>], quarter: Quarter) -> Result<Imported, ImportError> {
    let (mut rows, mut dated): (Vec<(Addon, u64)>, Option<bool>) = (Vec::new(), None);
    for source in sources {
        let mut sheet = Sheet::open(source.name, source.bytes, begins_with_code)?;
        let primary = sheet.required("primary code", &["primarycode"])?;
        let kind = sheet.required("edit type", &["edittype", "type"])?;
        let addon = match sheet.column(&["addoncode"]) {
            Some(column) => column,
            None => sheet.required("add-on code", &["addon", "aoc"])?,
        };
        let effective = sheet.column(&["editeff"]).or_else(|| sheet.column(&["effective"]));
        let deletions: Vec<usize> = [&["editdel"][..], &["aocdel", "addondel"], &["primarycodedel"], &["deletion"]]
            .iter()
            .filter_map(|words| sheet.column(words))
            .collect();
        if *dated.get_or_insert(effective.is_some()) != effective.is_some() {
            let (found, expected) = ("another layout than the first file's", "files of one layout: import one table");
            return Err(ImportError::new(source.name, None, "effective date", found, expected));
        }
        let name = sheet.file();
        while let Some((row, record)) = sheet.next()? {
            let at = At { file: name, row };
            let code = at.code(record, addon, "add-on code")?;
            let cell = at.cell(record, primary, "primary code")?;
            let primary = match cell {
                CONTRACTOR => None,
                cell => Some(
                    Code::from_bytes(cell)
                        .ok_or_else(|| at.error("primary code", cell, "a procedure code of five characters"))?,
                ),
            };
            let cell = at.cell(record, kind, "edit type")?;
            let kind = match cell {
                [digit @ b'0'..=b'9'] => AddonType::from_digit(digit - b'0'),
                _ => None,
            };
            let kind = kind.ok_or_else(|| at.error("edit type", cell, "1, 2 or 3"))?;
            let effective = match effective {
                Some(column) => at.day(at.cell(record, column, "effective date")?, "effective date")?,
                None => i32::try_from(quarter.first_day()).unwrap_or(i32::MIN),
            };
            let mut deletion = i32::MAX;
            for column in &deletions {
                let cell = at.cell(record, *column, "deletion date")?;
                deletion = deletion.min(at.day_or_none(cell, "deletion date")?.unwrap_or(i32::MAX));
            }
            rows.push((Addon { code, primary, kind, effective, deletion }, row));
        }
    }
    let name = sources.first().map_or("import", |source| source.name);
    check(name, &mut rows)?;
    let rows: Vec<Addon> = rows.into_iter().map(|(row, _)| row).collect();
    // Without dates the list of a quarter stands for that quarter. With them it knows its past too.
    let first = if dated == Some(true) { day_number(FIRST_EDITS) } else { quarter.first_day() };
    let cover = (first, quarter.last_day());
    Ok(Imported { kind: Kind::Addon, quarter, cover, rows: rows.len() as u64, payload: build(&rows) })
}

/// One pair twice on one day, or one code of two types, is not from one quarter.
fn check(name: &str, rows: &mut [(Addon, u64)]) -> Result<(), ImportError> {
    rows.sort_by_key(|(row, at)| (row.code, row.primary, row.effective, *at));
    for pair in rows.windows(2) {
        let [(before, first), (after, second)] = pair else { continue };
        let same = before.code == after.code && before.primary == after.primary;
        if same && after.effective <= before.deletion && after.effective <= after.deletion {
            let found = format!("{} again, as in row {}", after.code, first.min(second));
            let expected = "each add-on code and primary once for a day: two quarters in one table?";
            return Err(ImportError::new(name, Some(*first.max(second)), "add-on code", found, expected));
        }
    }
    Ok(())
}
