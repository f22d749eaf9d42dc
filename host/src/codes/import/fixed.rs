//! The two fixed-width files of CMS.
//!
//! ICD-10-CM order file: 1-5 order number, 7-13 code, 15 whether it is billable, 17-76 short and from 78 long description.
//! HCPCS contractor file (`HCPCyyyy_MMM_ANWEB.txt`): 1-5 code (modifiers 4-5), 6-10 sequence, 11 record (3 first line of a code,
//! 7 of a modifier, 4 and 8 further lines), 205-229 cross references, 269-276 day added, 285-292 last day. Sources: the
//! record layouts in the archives at cms.gov.

use super::{Entry, ImportError, NO_FIRST, NO_LAST, Read, Row, System, rows};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Icd10Order,
    Hcpcs,
}

/// Columns that a HCPCS record fills at least: to the end of the day added.
const HCPCS_LENGTH_MIN: usize = 276;

/// The layout that the first line has, if it has one.
pub(super) fn layout(bytes: &[u8]) -> Option<Layout> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let digits = line.get(..5).is_some_and(|order| order.iter().all(u8::is_ascii_digit));
    if digits && line.get(5) == Some(&b' ') && matches!(line.get(14), Some(b'0' | b'1')) && line.get(15) == Some(&b' ')
    {
        return Some(Layout::Icd10Order);
    }
    let record = matches!(line.get(10), Some(b'3' | b'7')) && line.len() >= HCPCS_LENGTH_MIN;
    let sequence = line.get(5..10).is_some_and(|number| number.iter().all(u8::is_ascii_digit));
    (record && sequence).then_some(Layout::Hcpcs)
}

/// Every record of the file.
pub(super) fn read(file: &str, bytes: &[u8], layout: Layout) -> Result<Read, ImportError> {
    let mut read = Read::default();
    let mut order = 0_u64;
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Editors and old transfers end a text with the mark of the end of a file.
        if line.is_empty() || line == b"\x1A" {
            continue;
        }
        match layout {
            Layout::Icd10Order => {
                let (told, row) = icd10(file, number, line)?;
                if told <= order || (order > 0 && told != order + 1) {
                    let found = format!("order number {told} after {order}");
                    let expected = if told > order {
                        "the next number: rows are missing; fetch the file again"
                    } else {
                        "the next number: a second list begins here; import one at a time"
                    };
                    return Err(ImportError::new(file, Some(number), found, expected));
                }
                order = told;
                read.rows.push(row);
            }
            Layout::Hcpcs => match hcpcs(file, number, line)? {
                Some(row) => read.rows.push(row),
                None => continue,
            },
        }
    }
    Ok(read)
}

fn text(line: &[u8], from: usize, to: usize) -> Option<&str> {
    let cell = line.get(from - 1..to.min(line.len())).unwrap_or_default();
    str::from_utf8(cell).ok().map(str::trim)
}

fn icd10(file: &str, number: u64, line: &[u8]) -> Result<(u64, Row), ImportError> {
    let wrong = |found: String| {
        let expected =
            "order number, code, 0 or 1, descriptions, in the columns of the CMS order file; is the row cut off?";
        ImportError::new(file, Some(number), found, expected)
    };
    let shape = || wrong(format!("a row of {} bytes in other columns", line.len()));
    let order = text(line, 1, 5).and_then(|order| order.parse().ok()).ok_or_else(shape)?;
    let billable = match line.get(14) {
        Some(b'0') => false,
        Some(b'1') => true,
        _ => return Err(shape()),
    };
    if line.len() < 18 {
        return Err(wrong("a row without descriptions".to_owned()));
    }
    let code = text(line, 7, 13).ok_or_else(shape)?;
    let entry = Entry { category: !billable, ..Entry::plain(rows::code(file, number, System::Icd10cm, code)?) };
    Ok((order, Row { number, system: System::Icd10cm, entry }))
}

fn hcpcs(file: &str, number: u64, line: &[u8]) -> Result<Option<Row>, ImportError> {
    let record = line.get(10);
    if matches!(record, Some(b'4' | b'8')) {
        return Ok(None);
    }
    let columns = || {
        let expected = "a record of the CMS contractor file (code, sequence, record 3, 4, 7 or 8, to column 276 at least); is the row cut off?";
        ImportError::new(file, Some(number), format!("a row of {} bytes in other columns", line.len()), expected)
    };
    if !matches!(record, Some(b'3' | b'7')) || line.len() < HCPCS_LENGTH_MIN {
        return Err(columns());
    }
    let code = text(line, 1, 5).ok_or_else(columns)?;
    let system = if record == Some(&b'7') { System::of_modifier(code) } else { System::of_procedure(code) };
    let system = system.ok_or_else(|| {
        ImportError::new(file, Some(number), rows::shape(code), "a HCPCS code or modifier in columns 1 to 5")
    })?;
    let day =
        |from: usize, to: usize, none: i32| rows::day(file, number, text(line, from, to).unwrap_or_default(), none);
    let replaced = text(line, 205, 209).filter(|code| System::of_procedure(code).is_some()).unwrap_or_default();
    let (first, last) = (day(269, 276, NO_FIRST)?, day(285, 292, NO_LAST)?);
    let entry = Entry { code: code.to_owned(), first, last, category: false, replaced_by: replaced.to_owned() };
    Ok(Some(Row { number, system, entry }))
}
