//! Rows of fixed-width files: a detail and the parents above it, taken apart by position, as one row.
//!
//! A line that does not fit its layout is told and not read: what stands beside its place would be taken for something else.

use claimhost_sdk::delimited::shape;
use claimhost_sdk::fixed::{self, Layout, Record, Role, Span};
use claimhost_sdk::intake::{Document, Place, Problem};

use crate::columns::Table;

/// A document's lines as one row.
pub struct Row {
    /// The row.
    pub table: Table,
    /// What its last line is; none: no known kind.
    pub role: Option<Role>,
    /// Number of that line in the file.
    pub line: Option<u64>,
    /// What does not fit the layout.
    pub problems: Vec<Problem>,
}

/// Reads the lines of a document.
pub fn row(layout: &Layout, document: &Document) -> Row {
    let numbers = document.related.iter().find(|part| part.name == fixed::LINES);
    let numbers = numbers.map(|part| String::from_utf8_lossy(&part.content).into_owned()).unwrap_or_default();
    let mut numbers = numbers.split(' ').map(|number| number.parse::<u64>().ok());
    let mut row = Row { table: Table::of_row(), role: None, line: None, problems: Vec::new() };
    let (mut kinds, mut last) = (Vec::new(), None);
    for line in document.content.split_inclusive(|byte| *byte == b'\n').filter(|line| !fixed::is_blank(line)) {
        let text = fixed::text(line);
        row.line = numbers.next().flatten();
        last = layout.kind(&text);
        row.role = last.and_then(|kind| layout.record(kind)).map(|record| record.role);
        let Some(record) = last.and_then(|kind| layout.record(kind)) else {
            row.problems.push(unknown(layout, row.line));
            continue;
        };
        kinds.extend(last);
        read(record, &text, row.line, &mut row.table, &mut row.problems);
    }
    let above = last.map(|kind| layout.above(kind).collect::<Vec<_>>()).unwrap_or_default();
    for kind in above.into_iter().filter(|kind| !kinds.contains(kind)) {
        let name = layout.record(kind).map(type_of).unwrap_or_default();
        row.problems.push(Problem {
            id: "fixed.parent".to_owned(),
            at: place(row.line),
            found: "a record without the one that it belongs to".to_owned(),
            expected: format!("{name} above it"),
            remedy:
                "ask for the file again, or say optional = \"yes\" of that [[framing.fixed]] in this site's mapping"
                    .to_owned(),
        });
    }
    row
}

/// A row of a joined file.
pub fn joined(record: &Record, line: Option<&[u8]>) -> (Table, Vec<Problem>) {
    let (mut table, mut problems) = (Table::of_row(), Vec::new());
    table.found = line.is_some();
    if let Some(line) = line {
        read(record, &fixed::text(line), None, &mut table, &mut problems);
    }
    (table, problems)
}

/// The cells of a line, behind those of the lines above it.
fn read(record: &Record, text: &str, line: Option<u64>, table: &mut Table, problems: &mut Vec<Problem>) {
    if let Some(found) = record.misfit(text) {
        let length = record.length.unwrap_or_default();
        problems.push(Problem {
            id: "fixed.length".to_owned(),
            at: place(line),
            found: format!("{found} characters"),
            expected: format!("{}{length}", if record.trimmed { "at most " } else { "" }),
            remedy: "have the source correct the line, or correct [[framing.fixed]] length in this site's mapping; trimmed = \"yes\" where \
                     blanks at the end are left out"
                .to_owned(),
        });
        return;
    }
    for column in &record.columns {
        let cell = column.read(text).unwrap_or_else(|| {
            problems.push(Problem {
                id: "fixed.picture".to_owned(),
                at: Place {
                    path: format!("{}, column {}", place(line).path, with_span(&column.name, column.span)),
                    offset: None,
                },
                found: shape(column.span.of(text)),
                expected: format!("{}, or blanks", column.picture.as_ref().map_or("text", |picture| picture.written())),
                remedy: "correct the line, or the picture of this column in [[framing.fixed]] of this site's mapping"
                    .to_owned(),
            });
            "".into()
        });
        table.add(&column.name, cell.into_owned(), line, column.span);
    }
}

/// `Fee (60-68)`.
pub fn with_span(name: &str, span: Span) -> String {
    format!("{name} ({span})")
}

fn place(line: Option<u64>) -> Place {
    Place { path: line.map_or("line".to_owned(), |line| format!("line {line}")), offset: None }
}

fn type_of(record: &Record) -> String {
    record.literal.as_ref().map_or("a detail".to_owned(), |(_, text)| format!("type `{text}`"))
}

fn unknown(layout: &Layout, line: Option<u64>) -> Problem {
    let types: Vec<String> = layout.records.iter().map(type_of).collect();
    Problem {
        id: "fixed.record-type".to_owned(),
        at: place(line),
        found: "a line of no kind that the layout has".to_owned(),
        expected: types.join(", "),
        remedy: "add its type as a [[framing.fixed]] to this site's mapping (is = \"other\": it is not read), or ask for the file again"
            .to_owned(),
    }
}
