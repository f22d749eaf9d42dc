//! Rows of a delimited file: quotes, line breaks inside quotes, CR, LF or CRLF, a byte order mark, joined rows.
//!
//! A quote that is never closed would swallow the rest of the file: then the line it stands on is reported, and the rows
//! after it are cut as if it had not been there.

use std::collections::VecDeque;

use super::{Cutter, Frame, FramingProblem, Gap, GapKind, Item, Joins, OpenEnd, Settings, may_go_on};
use crate::claim::Related;

/// Longest row taken: 1 MiB, room for a note in a cell.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;

pub(super) struct Delimited {
    format: String,
    delimiter: u8,
    settings: Settings,
    joins: Joins,
    buffer: Vec<u8>,
    /// Where in the buffer the current row begins; it is moved to the front once a chunk, not once a row.
    start: usize,
    /// Where in the file the current row begins.
    base: u64,
    scan: Scan,
    /// Bytes of the current row that the scan has seen.
    seen: usize,
    header: Option<Vec<u8>>,
    /// Position of each join's `on` column.
    on: Vec<Option<usize>>,
    ordinal: u32,
    /// In a line that is too long: it is passed over up to its end.
    passing: Option<u64>,
}

/// Where in a row the scan is. Quotes open only at the start of a cell, as in `5" tube`.
#[derive(Debug, Clone, Copy, Default)]
struct Scan {
    in_quotes: bool,
    after_quote: bool,
    in_cell: bool,
    after_cr: bool,
}

/// A last row without a line end.
enum OpenRow {
    /// Its last cell is closed, and it has them all.
    Whole,
    /// Cells are missing.
    Cut(FramingProblem),
    /// Its last cell may be cut short.
    Open(OpenEnd),
}

enum Step {
    Inside,
    /// The row ends with this byte.
    End,
    /// The row ended before this byte (a CR alone).
    EndBefore,
}

impl Scan {
    fn step(&mut self, byte: u8, delimiter: u8) -> Step {
        if self.after_cr {
            return if byte == b'\n' { Step::End } else { Step::EndBefore };
        }
        let after_quote = std::mem::take(&mut self.after_quote);
        match byte {
            b'"' if self.in_quotes => (self.in_quotes, self.after_quote) = (false, true),
            b'"' if !self.in_cell || after_quote => (self.in_quotes, self.in_cell) = (true, true),
            _ if self.in_quotes => {}
            b'\n' => return Step::End,
            b'\r' => self.after_cr = true,
            _ if byte == delimiter => self.in_cell = false,
            b' ' => {}
            _ => self.in_cell = true,
        }
        Step::Inside
    }
}

impl Delimited {
    pub(super) fn new(format: &str, settings: Settings, joins: Joins) -> Self {
        Self {
            format: format.to_owned(),
            delimiter: settings.delimiter_byte().unwrap_or(b','),
            settings,
            joins,
            buffer: Vec::new(),
            start: 0,
            base: 0,
            scan: Scan::default(),
            seen: 0,
            header: None,
            on: Vec::new(),
            ordinal: 0,
            passing: None,
        }
    }

    /// Bytes held at the moment.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.buffer.len()
    }

    /// Cuts what is complete.
    fn cut(&mut self, at_end: bool, out: &mut VecDeque<Item>) {
        loop {
            let Some(byte) = self.buffer.get(self.start + self.seen).copied() else {
                if !at_end || self.rest().is_empty() {
                    return;
                }
                if self.scan.in_quotes {
                    self.unclosed(true, out);
                    continue;
                }
                let is_open = !self.scan.after_cr;
                let is_quoted = self.scan.after_quote;
                self.row(self.seen, is_open.then_some(is_quoted), out);
                return;
            };
            match self.scan.step(byte, self.delimiter) {
                Step::End => self.row(self.seen + 1, None, out),
                Step::EndBefore => self.row(self.seen, None, out),
                Step::Inside => {
                    self.seen += 1;
                    if self.seen > ROW_BYTES_MAX {
                        self.unclosed(at_end, out);
                    }
                }
            }
        }
    }

    /// Reports the first line of a row that does not end, and begins again behind it.
    fn unclosed(&mut self, at_end: bool, out: &mut VecDeque<Item>) {
        let line = self.rest().iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        match line {
            Some(length) => {
                let problem = if at_end { "csv.truncated" } else { "csv.unclosed-quote" };
                self.refuse(length, problem, "a quote that is not closed", out);
            }
            None if at_end => self.refuse(self.rest().len(), "csv.truncated", "a quote that is not closed", out),
            None => {
                // A line without an end: pass over it.
                self.passing.get_or_insert(self.base);
                self.consume(self.rest().len());
            }
        }
    }

    fn refuse(&mut self, length: usize, id: &str, found: &str, out: &mut VecDeque<Item>) {
        let range = (self.base, self.base + length as u64);
        let remedy =
            "correct the row (a quote inside a cell is written twice); if the file is cut off, ask for it again";
        out.push_back(Item::Problem(FramingProblem::new(id, range, found, "a row", remedy)));
        self.ordinal = self.ordinal.saturating_add(1);
        self.consume(length);
    }

    fn consume(&mut self, length: usize) {
        self.start = self.buffer.len().min(self.start + length);
        self.base += length as u64;
        self.seen = 0;
        self.scan = Scan::default();
    }

    /// The bytes that are not consumed.
    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The first `length` bytes that are not consumed are a row. `open` is said of a last one without a line end: whether a
    /// quote closes its last cell.
    fn row(&mut self, length: usize, open: Option<bool>, out: &mut VecDeque<Item>) {
        let content = self.rest().get(..length).unwrap_or_default().to_vec();
        let range = (self.base, self.base + length as u64);
        self.consume(length);
        let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
        if let Some(start) = self.passing.take() {
            let found = format!("a line longer than {ROW_BYTES_MAX} bytes");
            let remedy = "check that the source writes one row on a line";
            out.push_back(Item::Problem(FramingProblem::new("csv.too-long", (start, range.1), found, "a row", remedy)));
            self.ordinal = self.ordinal.saturating_add(1);
        } else if text.trim_ascii().is_empty() {
            out.push_back(Item::Gap(Gap { range, kind: GapKind::Filler }));
        } else if self.header.is_none() {
            self.begin(&content, range, out);
            self.header = Some(content);
            out.push_back(Item::Gap(Gap { range, kind: GapKind::Header }));
        } else {
            let (related, format) = (self.related(&content), self.format.clone());
            let open_end = match open.map(|is_quoted| self.open_end(&content, is_quoted, range)) {
                Some(OpenRow::Cut(problem)) => {
                    out.push_back(Item::Problem(problem));
                    self.ordinal = self.ordinal.saturating_add(1);
                    return;
                }
                Some(OpenRow::Open(open_end)) => Some(Box::new(open_end)),
                Some(OpenRow::Whole) | None => None,
            };
            let ordinal = self.ordinal;
            out.push_back(Item::Frame(Frame { ordinal, ranges: vec![range], format, content, related, open_end }));
            self.ordinal = self.ordinal.saturating_add(1);
        }
    }

    /// What a last row without a line end is: its cells are counted against the header's.
    fn open_end(&self, row: &[u8], is_quoted: bool, range: (u64, u64)) -> OpenRow {
        let named = cells(self.header.as_deref().unwrap_or_default(), self.delimiter);
        let expected = named.iter().rposition(|name| !name.is_empty()).map_or(0, |at| at + 1);
        let found = cells(row, self.delimiter).len();
        if found >= expected && is_quoted {
            return OpenRow::Whole;
        }
        let words = format!("a last row of {found} cells, without a line end");
        let wanted = format!("{expected} cells as the header has, and a line end");
        let remedy = "the file may be cut off: ask for it again; the rows before this one were taken";
        let problem = FramingProblem::new("csv.truncated", range, words, &wanted, remedy);
        let may_go_on = row.rsplit(|byte| *byte == self.delimiter).next().is_some_and(may_go_on);
        if found < expected { OpenRow::Cut(problem) } else { OpenRow::Open(OpenEnd { problem, may_go_on }) }
    }

    /// Finds the columns that rows are joined on.
    fn begin(&mut self, header: &[u8], range: (u64, u64), out: &mut VecDeque<Item>) {
        let names = cells(header, self.delimiter);
        for join in &self.settings.join {
            let at = names.iter().position(|name| name.eq_ignore_ascii_case(join.on.as_bytes()));
            if at.is_none() {
                let found = format!("{} columns, none of them `{}`", names.len(), join.on);
                let expected = format!("column `{}` to join `{}` on", join.on, join.name);
                let remedy = "correct [[framing.join]] on in this site's mapping, or the file";
                out.push_back(Item::Problem(FramingProblem::new(
                    "csv.join-column",
                    (range.0, range.0),
                    found,
                    &expected,
                    remedy,
                )));
            }
            self.on.push(at);
        }
    }

    /// The header, and for each join its header and the row with the same key.
    fn related(&self, row: &[u8]) -> Vec<Related> {
        let part = |name: &str, content: &[u8]| Related { name: name.to_owned(), content: content.to_vec() };
        let mut related = vec![part("header", self.header.as_deref().unwrap_or_default())];
        if self.settings.join.is_empty() {
            return related;
        }
        let cells = cells(row, self.delimiter);
        for (join, on) in self.settings.join.iter().zip(&self.on) {
            if let Some(header) = self.joins.header(&join.name) {
                related.push(part(&format!("{}.header", join.name), header));
            }
            let key = on.and_then(|at| cells.get(at));
            if let Some(found) = key.and_then(|key| self.joins.row(&join.name, key)) {
                related.push(part(&join.name, found));
            }
        }
        related
    }
}

impl Cutter for Delimited {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(chunk);
        self.cut(false, out);
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        self.cut(true, out);
        if let Some(start) = self.passing.take() {
            let found = format!("a line longer than {ROW_BYTES_MAX} bytes, without an end");
            let remedy = "check that the source writes one row on a line";
            out.push_back(Item::Problem(FramingProblem::new(
                "csv.too-long",
                (start, self.base),
                found,
                "a row",
                remedy,
            )));
        }
        if self.header.is_some() && self.ordinal == 0 {
            // Of a file without a header line the first row is taken for one: it must not vanish.
            let remedy = "if this line is a row, have the source write its header line; else nothing was exported: ask for \
                          the file again if there should have been rows";
            let found = "one line, taken for the header, and no row";
            out.push_back(Item::Problem(FramingProblem::new("csv.no-rows", (0, 0), found, "rows", remedy)));
        }
    }
}

/// The cells of a row, unquoted and trimmed.
pub(super) fn cells(row: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let row = row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row);
    let mut cells = Vec::new();
    let (mut cell, mut scan) = (Vec::new(), Scan::default());
    for byte in row {
        let before = scan;
        if !matches!(scan.step(*byte, delimiter), Step::Inside) || scan.after_cr {
            break;
        }
        let outside = !before.in_quotes && !scan.in_quotes;
        if outside && *byte == delimiter {
            cells.push(std::mem::take(&mut cell));
        } else if before.in_quotes == scan.in_quotes || (before.after_quote && *byte == b'"') {
            cell.push(*byte); // neither an opening nor a closing quote, or the second of a doubled one
        }
    }
    cells.push(cell);
    cells.into_iter().map(|cell| cell.trim_ascii().to_vec()).collect()
}

/// The rows of a file in memory.
pub(super) struct Rows<'a> {
    pub(super) rows: Vec<&'a [u8]>,
    /// Rows that do not end, and a last one without its last cells and its line end: left out.
    pub(super) broken: usize,
    /// The last row has no line end, and no quote that closes its last cell: whether that may go on as an amount.
    pub(super) open: Option<bool>,
}

/// Every row of a file in memory, for joined files.
pub(super) fn rows(file: &[u8], delimiter: u8) -> Rows<'_> {
    let (mut rows, mut broken, mut from, mut scan) = (Vec::new(), 0, 0, Scan::default());
    let mut at = 0;
    while let Some(byte) = file.get(at) {
        let end = match scan.step(*byte, delimiter) {
            Step::Inside if at - from <= ROW_BYTES_MAX => {
                at += 1;
                continue;
            }
            Step::Inside => {
                broken += 1;
                let line = file.get(from..).unwrap_or_default().iter().position(|byte| *byte == b'\n');
                from = line.map_or(file.len(), |line| from + line + 1);
                (at, scan) = (from, Scan::default());
                continue;
            }
            Step::End => at + 1,
            Step::EndBefore => at,
        };
        rows.push(file.get(from..end).unwrap_or_default());
        (from, at, scan) = (end, end, Scan::default());
    }
    let tail = file.get(from..).unwrap_or_default();
    let cut = |header: &&[u8]| !tail.is_empty() && cells(tail, delimiter).len() < cells(header, delimiter).len();
    let mut open = None;
    if scan.in_quotes || (!scan.after_cr && rows.first().is_some_and(cut)) {
        broken += 1;
    } else {
        rows.push(tail);
        let last = cells(tail, delimiter).pop().filter(|_| !tail.trim_ascii().is_empty());
        open = last.filter(|_| !scan.after_cr && !scan.after_quote).map(|cell| may_go_on(&cell));
    }
    rows.retain(|row| !row.trim_ascii().is_empty());
    Rows { rows, broken, open }
}
