//! PTP pairs: CMS's seven columns with or without their header, or one row for many column 2 codes without effective dates.

use csv::ByteRecord;

use super::super::ptp::{Attribute, Indicator, PtpBuilder};
use super::super::{Code, Kind, Quarter, Service};
use super::cells::{At, begins_with_code, parse_code};
use super::sheet::Sheet;
use super::{ImportError, Imported, Source};

/// First day of the first edits: 1996-01-01, as a day number.
const FIRST_EDITS: i64 = 9_496;
/// CMS's order where no header names the columns: column 1, column 2, before 1996, effective, deletion, indicator, rationale.
const CMS_COLUMNS: usize = 6;

/// Where the fields are.
struct Columns {
    column1: usize,
    column2: usize,
    /// Column 2 holds many codes, with blanks between.
    grouped: bool,
    before_1996: Option<usize>,
    effective: Option<usize>,
    deletion: usize,
    indicator: usize,
    rationale: Option<usize>,
}

/// Whether the first row has CMS's columns though nothing above names them.
pub(super) fn fits_without_header(sheet: &Sheet<'_>) -> bool {
    sheet.width() >= CMS_COLUMNS
}

fn columns(sheet: &Sheet<'_>) -> Result<Columns, ImportError> {
    if !sheet.has_header() {
        let rationale = (sheet.width() > CMS_COLUMNS).then_some(6);
        return Ok(Columns {
            column1: 0,
            column2: 1,
            grouped: false,
            before_1996: Some(2),
            effective: Some(3),
            deletion: 4,
            indicator: 5,
            rationale,
        });
    }
    Ok(Columns {
        column1: sheet.required("column 1", &["column1"])?,
        column2: sheet.required("column 2", &["column2"])?,
        grouped: sheet.column(&["column2codes"]).is_some(),
        before_1996: sheet.column(&["priorto1996", "before1996"]),
        effective: sheet.column(&["effective"]),
        deletion: sheet.required("deletion date", &["deletion"])?,
        indicator: sheet.required("modifier indicator", &["modifier"])?,
        rationale: sheet.column(&["rationale"]),
    })
}

/// Where a row came from.
#[derive(Clone, Copy)]
struct Origin {
    column1: Code,
    column2: Code,
    attribute: Attribute,
    row: u32,
    file: u16,
}

/// Imports the files of one quarter and one service type.
pub(super) fn import(sources: &[Source<'_>], quarter: Quarter, service: Service) -> Result<Imported, ImportError> {
    let Some(kind) = Kind::ptp(service) else {
        let expected = "practitioner or outpatient: CMS publishes pairs for these";
        return Err(ImportError::new("import", None, "service type", service.to_string(), expected));
    };
    let mut read = Read { builder: PtpBuilder::default(), origins: Vec::new(), dated: None, quarter };
    for (number, source) in sources.iter().enumerate() {
        read.file(source, u16::try_from(number).unwrap_or(u16::MAX))?;
    }
    read.check(sources)?;
    for origin in &read.origins {
        read.builder.push(origin.column1, origin.column2, origin.attribute);
    }
    let (name, rows) = (sources.first().map_or("import", |source| source.name), read.origins.len() as u64);
    drop(read.origins);
    let payload = read.builder.build().map_err(|error| {
        ImportError::new(name, None, "table", error.to_string(), "CMS's table of one quarter and service type")
    })?;
    let first = if read.dated == Some(true) { FIRST_EDITS } else { quarter.first_day() };
    Ok(Imported { kind, quarter, cover: (first, quarter.last_day()), rows, payload })
}

struct Read {
    builder: PtpBuilder,
    origins: Vec<Origin>,
    /// Whether the files have effective dates. All have, or none has.
    dated: Option<bool>,
    quarter: Quarter,
}

impl Read {
    fn file(&mut self, source: &Source<'_>, file: u16) -> Result<(), ImportError> {
        let mut sheet = Sheet::open(source.name, source.bytes, begins_with_code)?;
        let columns = columns(&sheet)?;
        if *self.dated.get_or_insert(columns.effective.is_some()) != columns.effective.is_some() {
            let (found, expected) = ("another layout than the first file's", "files of one layout: import one table");
            return Err(ImportError::new(source.name, None, "effective date", found, expected));
        }
        let name = sheet.file();
        while let Some((row, record)) = sheet.next()? {
            let at = At { file: name, row };
            let column1 = at.code(record, columns.column1, "column 1")?;
            let attribute = self.attribute(&at, record, &columns)?;
            let mut push = |column2| {
                let row = u32::try_from(row).unwrap_or(u32::MAX);
                self.origins.push(Origin { column1, column2, attribute, row, file });
            };
            if columns.grouped {
                let cell = at.cell(record, columns.column2, "column 2")?;
                let mut codes = 0;
                for code in cell.split(|byte| *byte == b' ').filter(|code| !code.is_empty()) {
                    let Some(column2) = parse_code(code) else {
                        return Err(at.error(
                            "column 2",
                            code,
                            "procedure codes of five characters, with blanks between",
                        ));
                    };
                    push(column2);
                    codes += 1;
                }
                if codes == 0 {
                    return Err(at.error("column 2", cell, "at least one procedure code"));
                }
            } else {
                push(at.code(record, columns.column2, "column 2")?);
            }
        }
        Ok(())
    }

    fn attribute(&mut self, at: &At<'_>, record: &ByteRecord, columns: &Columns) -> Result<Attribute, ImportError> {
        let before_1996 = match columns.before_1996.map(|column| at.cell(record, column, "before 1996")).transpose()? {
            None | Some(b"") => false,
            Some(b"*") => true,
            Some(other) => return Err(at.error("before 1996", other, "* or nothing")),
        };
        let effective = match columns.effective {
            Some(column) => at.day(at.cell(record, column, "effective date")?, "effective date")?,
            // Not published to us: nothing is known before the quarter.
            None => i32::try_from(self.quarter.first_day()).unwrap_or(i32::MIN),
        };
        let deletion = at.cell(record, columns.deletion, "deletion date")?;
        let deletion = at.day_or_none(deletion, "deletion date")?.unwrap_or(i32::MAX);
        let cell = at.cell(record, columns.indicator, "modifier indicator")?;
        let digit = match cell {
            [digit @ b'0'..=b'9'] => Indicator::from_digit(digit - b'0'),
            _ => None,
        };
        let indicator = digit.ok_or_else(|| at.error("modifier indicator", cell, "0, 1 or 9"))?;
        if columns.effective.is_some() && deletion < effective && indicator != Indicator::NotInUse {
            let found = "a deletion before the effective date";
            return Err(ImportError::new(at.file, Some(at.row), "deletion date", found, "a later day, or *"));
        }
        let rationale = match columns.rationale {
            Some(column) => String::from_utf8_lossy(at.cell(record, column, "rationale")?).into_owned(),
            None => String::new(),
        };
        let rationale = self.builder.rationale(&rationale);
        Ok(Attribute { effective, deletion, indicator, before_1996, rationale })
    }

    /// Two rows that are in effect on one day and say different things are not from one quarter.
    fn check(&self, sources: &[Source<'_>]) -> Result<(), ImportError> {
        let in_use = |origin: &&Origin| {
            origin.attribute.indicator != Indicator::NotInUse && origin.attribute.effective <= origin.attribute.deletion
        };
        let mut rows: Vec<&Origin> = self.origins.iter().filter(in_use).collect();
        rows.sort_unstable_by_key(|origin| {
            (origin.column1, origin.column2, origin.attribute.effective, origin.file, origin.row)
        });
        for pair in rows.windows(2) {
            let [left, right] = pair else { continue };
            let (before, after) = (left.attribute, right.attribute);
            let same_pair = (left.column1, left.column2) == (right.column1, right.column2);
            if !same_pair || after.effective > before.deletion {
                continue;
            }
            let agree = before.indicator == after.indicator
                && (before.effective != after.effective || before.deletion == after.deletion);
            if self.dated == Some(true) && agree {
                continue;
            }
            let name = |origin: &Origin| sources.get(usize::from(origin.file)).map_or("import", |source| source.name);
            let (one, other) =
                if (left.file, left.row) < (right.file, right.row) { (left, right) } else { (right, left) };
            let found = format!("{}/{}, which row {} of {} has too", one.column1, one.column2, one.row, name(one));
            let expected = "each pair once for a day: are two quarters in one table?";
            return Err(ImportError::new(
                name(other),
                Some(u64::from(other.row)),
                "column 1/column 2",
                found,
                expected,
            ));
        }
        Ok(())
    }
}
