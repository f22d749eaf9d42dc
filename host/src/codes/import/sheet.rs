//! Tables with a heading: comma or tab separated, title rows above. Columns are found by the words of their heading.

use csv::{ReaderBuilder, StringRecord};

use super::{Entry, ImportError, NO_FIRST, NO_LAST, Read, Row, System, rows};

/// Rows above the heading at most.
const TITLE_ROWS_MAX: usize = 30;
/// Rows that decide what a bare column of codes is.
const PEEK_ROWS: usize = 200;
/// Columns of the heading that an error repeats.
const TOLD_COLUMNS: usize = 8;

/// Headings, letters and digits in lower case, of each thing.
const ICD10: &[&str] = &["icd10cmcode", "icd10code", "diagnosiscode"];
const PLACES: &[&str] = &["poscode", "placeofservicecode", "placeofservicecodes", "placeofservice"];
const REASONS: &[&str] = &["adjcode", "carc", "rarc", "remarkcode", "reasoncode"];
const MODIFIERS: &[&str] = &["modcode", "modifier", "modifiers"];
const TAXONOMIES: &[&str] = &["taxonomycode", "taxonomy", "healthcareprovidertaxonomycode"];
const PROCEDURES: &[&str] =
    &["hcpcs", "hcpcscode", "hcpc", "cpt", "cptcode", "cpthcpcs", "hcpcscpt", "cpt1hcpcs", "procedurecode"];
const BARE: &[&str] = &["code", "codes"];
const BILLABLE: &[&str] = &["billable", "isbillable", "validforbilling", "valid"];
const FIRST: &[&str] = &[
    "dateadded",
    "adddate",
    "adddt",
    "codeaddeddate",
    "hcpcsdateadded",
    "effectivedate",
    "effdate",
    "startdate",
    "adjstartdate",
];
const LAST: &[&str] = &[
    "dateterm",
    "termdate",
    "termdt",
    "terminationdate",
    "hcpcsdateended",
    "enddate",
    "adjenddate",
    "deactivationdate",
];
const STATUS: &[&str] = &["status", "statuscode", "oppsstatusindicator", "statusindicator", "si"];
const REPLACED: &[&str] = &["xref", "xref1", "crossreference", "crossreferencecode1", "replacedby"];

/// The columns of a table.
#[derive(Debug, Clone, Copy)]
struct Columns {
    what: What,
    code: usize,
    billable: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    replaced: Option<usize>,
    /// Record identification of the CMS contractor file: 4 and 8 are further lines.
    record: Option<usize>,
}

/// What the heading says the codes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Of this system, every one.
    Only(System),
    /// CPT numbers, HCPCS codes, and modifiers of two characters.
    Procedures,
    /// Modifiers of either kind.
    Modifiers,
    /// Adjustment reasons and remark codes.
    Reasons,
}

/// Whether it has a heading that is understood.
pub(super) fn recognises(file: &str, bytes: &[u8], asked: Option<System>) -> bool {
    records(file, bytes).is_ok_and(|records| heading(file, &records, asked).is_ok())
}

/// Every row of the table.
pub(super) fn read(file: &str, bytes: &[u8], asked: Option<System>) -> Result<Read, ImportError> {
    let records = records(file, bytes)?;
    let (at, columns) = heading(file, &records, asked)?;
    let width = records.get(at).map_or(0, |(_, heading)| heading.len());
    let names = records.get(at).into_iter().flat_map(|(_, heading)| heading.iter().map(plain));
    let has_status = names.into_iter().any(|name| STATUS.contains(&name.as_str()));
    let mut read = Read { has_status, ..Read::default() };
    for (row, record) in records.iter().skip(at + 1) {
        take(file, *row, record, &columns, asked, width, &mut read)?;
    }
    if !bytes.ends_with(b"\n") && !bytes.ends_with(b"\r") {
        let last = records.last().map(|(row, _)| *row);
        return Err(ImportError::new(
            file,
            last,
            "a last row without its end",
            "the whole file: it is cut off; fetch it again",
        ));
    }
    Ok(read)
}

fn records(file: &str, bytes: &[u8]) -> Result<Vec<(u64, StringRecord)>, ImportError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.contains(&0) {
        let expected = "csv or fixed-width text, or a zip of it; save a spreadsheet as csv";
        return Err(ImportError::new(file, None, "bytes that are no text", expected));
    }
    let decoded = String::from_utf8_lossy(bytes);
    let delimiter = if decoded.lines().take(TITLE_ROWS_MAX).any(|line| line.contains('\t')) { b'\t' } else { b',' };
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).trim(csv::Trim::All);
    let mut reader = builder.from_reader(decoded.as_bytes());
    let (mut records, mut record) = (Vec::new(), StringRecord::new());
    loop {
        let more = reader.read_record(&mut record).map_err(|error| {
            let row = error.position().map(csv::Position::line);
            ImportError::new(file, row, "a row that is no csv", "comma or tab separated text")
        })?;
        if !more {
            return Ok(records);
        }
        // Where lines end with CR and LF the reader has not yet counted the LF before a record.
        let at = record.position().map_or((0, 0), |at| (at.line(), usize::try_from(at.byte()).unwrap_or(0)));
        let pending = decoded.as_bytes().get(at.1) == Some(&b'\n');
        records.push((at.0 + u64::from(pending), record.clone()));
    }
}

/// The row with the headings and what its columns are.
fn heading(
    file: &str,
    records: &[(u64, StringRecord)],
    asked: Option<System>,
) -> Result<(usize, Columns), ImportError> {
    let mut told = String::new();
    for (at, (_, record)) in records.iter().take(TITLE_ROWS_MAX).enumerate() {
        let names: Vec<String> = record.iter().map(plain).collect();
        let column = |words: &[&str]| names.iter().position(|name| words.contains(&name.as_str()));
        let billable = column(BILLABLE);
        let bare = || {
            let code = column(BARE)?;
            let what = match (billable, asked) {
                (Some(_), None) => What::Only(System::Icd10cm),
                (_, asked) => of_form(records.get(at + 1..)?, code, asked)?,
            };
            Some((what, code))
        };
        let found = column(ICD10)
            .map(|code| (What::Only(System::Icd10cm), code))
            .or_else(|| column(PLACES).map(|code| (What::Only(System::PlaceOfService), code)))
            .or_else(|| column(TAXONOMIES).map(|code| (What::Only(System::Taxonomy), code)))
            .or_else(|| column(REASONS).map(|code| (What::Reasons, code)))
            .or_else(|| column(PROCEDURES).map(|code| (What::Procedures, code)))
            .or_else(|| column(MODIFIERS).map(|code| (What::Modifiers, code)))
            .or_else(bare);
        if let Some((what, code)) = found {
            let (first, last, replaced) = (column(FIRST), column(LAST), column(REPLACED));
            return Ok((
                at,
                Columns { what, code, billable, first, last, replaced, record: column(&["recid", "recordid"]) },
            ));
        }
        if told.is_empty() && record.len() > 1 || column(BARE).is_some() {
            let cells: Vec<&str> = record.iter().take(TOLD_COLUMNS).collect();
            told = format!("the columns {}", cells.join(", "));
        }
    }
    if told.is_empty() {
        told = "no row of headings".to_owned();
    }
    let systems: Vec<&str> =
        System::ALL.iter().filter(|system| **system != System::Icd9cm).map(|system| system.name()).collect();
    let expected = format!(
        "a column of codes under a heading such as code, hcpcs_code, modifier, pos_code or taxonomy_code; say what it is with --system ({})",
        systems.join(", ")
    );
    Err(ImportError::new(file, None, told, expected))
}

/// A heading's letters and digits.
fn plain(cell: &str) -> String {
    cell.chars().filter(|letter| letter.is_ascii_alphanumeric()).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// What a bare column of codes is, by their form; two digits may be several things, and are not guessed.
fn of_form(records: &[(u64, StringRecord)], code: usize, asked: Option<System>) -> Option<What> {
    if let Some(asked) = asked {
        return Some(match asked {
            System::Cpt | System::Hcpcs => What::Procedures,
            System::CptModifier | System::HcpcsModifier => What::Modifiers,
            only => What::Only(only),
        });
    }
    let cells: Vec<&str> = records
        .iter()
        .filter_map(|(_, record)| record.get(code))
        .filter(|cell| !cell.is_empty())
        .map(marked)
        .take(PEEK_ROWS)
        .collect();
    let all = |fits: &dyn Fn(&str) -> bool| !cells.is_empty() && cells.iter().all(|cell| fits(cell));
    if all(&|cell| System::of_procedure(cell).is_some()) {
        Some(What::Procedures)
    } else if all(&|cell| System::Taxonomy.fits(cell)) {
        Some(What::Only(System::Taxonomy))
    } else {
        None
    }
}

/// A code without the marks of footnotes behind it.
fn marked(cell: &str) -> &str {
    cell.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric())
}

fn take(
    file: &str,
    row: u64,
    record: &StringRecord,
    columns: &Columns,
    asked: Option<System>,
    width: usize,
    read: &mut Read,
) -> Result<(), ImportError> {
    let cell = |column: Option<usize>| column.and_then(|at| record.get(at)).unwrap_or_default();
    if record.iter().all(str::is_empty) {
        return Ok(());
    }
    // A note below the table has one cell; a row that stops before its days, or its billable mark, is cut.
    let needed =
        [Some(columns.code), columns.billable, columns.first, columns.last].into_iter().flatten().max().unwrap_or(0);
    if record.len() <= needed && record.len() > 1 {
        let found = format!("a row of {} columns", record.len());
        return Err(ImportError::new(
            file,
            Some(row),
            found,
            format!("{width}, as in the heading: the row is cut off, or another table begins here"),
        ));
    }
    if record.iter().any(|cell| cell.eq_ignore_ascii_case("unassigned")) {
        read.leave_out("unassigned");
        return Ok(());
    }
    if matches!(cell(columns.record), "4" | "8" | "004" | "008") {
        return Ok(());
    }
    let code = marked(cell(Some(columns.code)));
    if code.is_empty() || (record.len() == 1 && code.contains(' ')) {
        read.leave_out("without a code");
        return Ok(());
    }
    let system = match columns.what {
        What::Only(system) => Some(system),
        What::Procedures => {
            System::of_procedure(code).or_else(|| columns.record.and_then(|_| System::of_modifier(code)))
        }
        What::Modifiers => System::of_modifier(code),
        What::Reasons => [System::Carc, System::Rarc].into_iter().find(|system| system.fits(code)),
    };
    let Some(system) = system else {
        // Group codes (CO, PR, ...) stand in lists of reasons; dental codes belong to the ADA.
        let group =
            columns.what == What::Reasons && code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        if group {
            read.leave_out("group codes");
            return Ok(());
        }
        let wanted = match (columns.what, asked) {
            (_, Some(asked)) => asked.title(),
            (What::Procedures, None) => "CPT or HCPCS Level II",
            (What::Modifiers, None) => "modifiers",
            _ => "adjustment reasons or remarks",
        };
        let expected = format!("a code of {wanted}; does another table begin here, or is a column shifted?");
        return Err(ImportError::new(file, Some(row), rows::shape(code), expected));
    };
    let code = rows::code(file, row, system, code)?;
    let first = rows::day(file, row, cell(columns.first), NO_FIRST)?;
    let last = rows::day(file, row, cell(columns.last), NO_LAST)?;
    let category = match (columns.billable.map(|at| cell(Some(at))), system) {
        (Some("0" | "N" | "n" | "false" | "FALSE"), System::Icd10cm) => true,
        (Some("1" | "Y" | "y" | "true" | "TRUE") | None, _) | (_, System::Cpt | System::Hcpcs) => false,
        (Some(other), _) => {
            let found = format!("{} in the column that says whether a code is billable", rows::shape(other));
            return Err(ImportError::new(file, Some(row), found, "0 or 1"));
        }
    };
    let replaced =
        Some(cell(columns.replaced)).filter(|code| system == System::Hcpcs && System::of_procedure(code).is_some());
    let replaced_by = replaced.unwrap_or_default().to_owned();
    read.rows.push(Row {
        number: row,
        system,
        entry: Entry { code: code.to_owned(), first, last, category, replaced_by },
    });
    Ok(())
}
