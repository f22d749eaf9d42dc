//! Cells: codes, dates, digits. Each error names file, row and column, and the shape of what stood there.

use claimhost_hl7v2::shape;
use csv::ByteRecord;

use super::super::Code;
use super::ImportError;
use crate::claim::{Date, day_number};

/// Where a cell is.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) file: &'a str,
    pub(crate) row: u64,
}

/// What is told about every wrong cell.
const SHIFTED: &str = "is a column missing or shifted?";

impl At<'_> {
    pub(crate) fn error(&self, field: &'static str, cell: &[u8], expected: &str) -> ImportError {
        let found = shape(&String::from_utf8_lossy(cell));
        ImportError::new(self.file, Some(self.row), field, found, format!("{expected}; {SHIFTED}"))
    }

    /// The cell of a column; rows that are too short are cut off or shifted.
    pub(crate) fn cell<'r>(
        &self,
        record: &'r ByteRecord,
        column: usize,
        field: &'static str,
    ) -> Result<&'r [u8], ImportError> {
        record.get(column).ok_or_else(|| {
            let found = format!("a row of {} columns", record.len());
            let expected = format!("column {}: the row is cut off or another table begins here", column + 1);
            ImportError::new(self.file, Some(self.row), field, found, expected)
        })
    }

    pub(crate) fn code(&self, record: &ByteRecord, column: usize, field: &'static str) -> Result<Code, ImportError> {
        let cell = self.cell(record, column, field)?;
        parse_code(cell).ok_or_else(|| {
            let expected = if record.iter().filter(|cell| cell.iter().any(u8::is_ascii_digit)).count() == 0 {
                "a procedure code, not a second header: import joined files one by one"
            } else {
                "a procedure code of five characters"
            };
            self.error(field, cell, expected)
        })
    }

    /// `YYYYMMDD`, or with dashes, or (add-on codes) the year and the day of the year.
    pub(crate) fn day(&self, cell: &[u8], field: &'static str) -> Result<i32, ImportError> {
        parse_day(cell).ok_or_else(|| self.error(field, cell, "a day of the calendar as YYYYMMDD"))
    }

    /// A day, or a mark that there is none: `*`, nothing, zeros or nines.
    pub(crate) fn day_or_none(&self, cell: &[u8], field: &'static str) -> Result<Option<i32>, ImportError> {
        let none = cell == b"*" || cell.iter().all(|byte| *byte == b'0') || cell.iter().all(|byte| *byte == b'9');
        if none {
            return Ok(None);
        }
        parse_day(cell).map(Some).ok_or_else(|| self.error(field, cell, "a day of the calendar as YYYYMMDD, or *"))
    }
}

/// A code of the form of CPT or HCPCS Level II: five letters are a word of a title.
pub(super) fn parse_code(cell: &[u8]) -> Option<Code> {
    Code::from_bytes(cell).filter(|code| code.place().is_some())
}

/// Whether a row is data: its first cell is a code, or its second where the first says that the contractor decides.
pub(crate) fn begins_with_code(record: &ByteRecord) -> bool {
    let code = |at: usize| record.get(at).and_then(parse_code).is_some();
    record.len() > 1 && (code(0) || (record.get(0) == Some(b"CCCCC") && code(1)))
}

fn parse_day(cell: &[u8]) -> Option<i32> {
    let text = str::from_utf8(cell).ok()?;
    let digits: String = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => text.replace('-', ""),
        _ => text.to_owned(),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u16>().ok();
    let year = number(0..4)?;
    let first = Date { year, month: 1, day: 1 };
    let day = match digits.len() {
        8 => {
            let (month, day) = (u8::try_from(number(4..6)?).ok()?, u8::try_from(number(6..8)?).ok()?);
            let date = Date { year, month, day };
            crate::claim::to_jiff(date)?;
            day_number(date)
        }
        7 => {
            let days = i64::from(number(4..7)?);
            let date = day_number(first) + days - 1;
            (days > 0 && date < day_number(Date { year: year.checked_add(1)?, ..first })).then_some(date)?
        }
        _ => return None,
    };
    ((1990..=2200).contains(&year)).then(|| i32::try_from(day).ok()).flatten()
}
