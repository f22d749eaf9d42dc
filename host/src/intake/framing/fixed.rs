//! Lines of a fixed-width file, by `[[framing.fixed]]` of the mapping: a document is a detail with the parents that stand above it.
//!
//! What a line of a known kind holds is the adapter's; here only its kind is looked at, and where a key for joined rows stands. Below a line
//! that is of no known kind no parent holds any more: a detail would go to the visit before.

use std::collections::VecDeque;

use claimhost_sdk::delimited::shape;
use claimhost_sdk::fixed::{self, Counts, Layout, Role};

use super::delimited::ROW_BYTES_MAX;
use super::{ByteRange, Cutter, Frame, FramingProblem, Gap, GapKind, Item, Joins, OpenEnd, Settings};
use crate::claim::Related;

pub(super) struct Fixed {
    format: String,
    layout: Layout,
    settings: Settings,
    joins: Joins,
    line: Vec<u8>,
    /// Where in the file the line begins, and how long it is with what is passed over.
    start: u64,
    length: u64,
    /// Its number, from 1.
    number: u64,
    ordinal: u32,
    /// What stands above the next detail.
    parents: Vec<Held>,
    batch: Batch,
}

/// A record that others stand below.
struct Held {
    kind: usize,
    level: usize,
    number: u64,
    range: ByteRange,
    bytes: Vec<u8>,
    /// Whether it is in a document.
    is_told: bool,
}

/// What came since the last header or trailer.
#[derive(Default)]
struct Batch {
    details: u64,
    records: u64,
    lines: u64,
    /// What its header says, of what, and where.
    told: Option<(u64, Counts, u64)>,
    is_open: bool,
}

impl Batch {
    fn of(&self, counts: Counts) -> u64 {
        match counts {
            Counts::Details => self.details,
            Counts::Records => self.records,
            Counts::Lines => self.lines,
        }
    }
}

impl Fixed {
    pub(super) fn new(format: &str, layout: Layout, settings: Settings, joins: Joins) -> Self {
        Self {
            format: format.to_owned(),
            layout,
            settings,
            joins,
            line: Vec::new(),
            start: 0,
            length: 0,
            number: 0,
            ordinal: 0,
            parents: Vec::new(),
            batch: Batch::default(),
        }
    }

    /// Bytes held at the moment.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.line.len() + self.parents.iter().map(|parent| parent.bytes.len()).sum::<usize>()
    }

    fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.length <= ROW_BYTES_MAX as u64 {
            self.line.extend_from_slice(bytes);
        } else {
            self.line = Vec::new();
        }
    }

    fn end_line(&mut self, out: &mut VecDeque<Item>) {
        let range = (self.start, self.start + self.length);
        let line = std::mem::take(&mut self.line);
        let is_too_long = self.length > ROW_BYTES_MAX as u64;
        (self.start, self.length) = (range.1, 0);
        self.number += 1;
        if is_too_long {
            self.childless(out);
            self.parents.clear();
            let found = format!("line {} of more than {ROW_BYTES_MAX} bytes", self.number);
            let remedy = "have the source end each record with a line end; records without one are not read";
            out.push_back(Item::Problem(FramingProblem::new("fixed.too-long", range, found, "a record", remedy)));
            self.ordinal = self.ordinal.saturating_add(1);
            return;
        }
        if fixed::is_blank(&line) {
            out.push_back(Item::Gap(Gap { range, kind: GapKind::Filler }));
            return;
        }
        self.batch.lines += 1;
        self.batch.is_open = true;
        let kind = self.layout.kind(&fixed::text(&line));
        let Some((kind, role)) = kind.and_then(|kind| Some((kind, self.layout.record(kind)?.role))) else {
            // The adapter says that it is of no kind; with a mended mapping the same bytes run again.
            self.childless(out);
            self.parents.clear();
            self.batch.records += 1;
            self.frame(line, range, out);
            return;
        };
        match role {
            Role::Detail => {
                self.batch.records += 1;
                self.batch.details += 1;
                self.frame(line, range, out);
            }
            Role::Other => {
                self.batch.records += 1;
                let parents = std::mem::take(&mut self.parents);
                self.frame(line, range, out);
                self.parents = parents;
            }
            Role::Parent => {
                self.batch.records += 1;
                self.parent(kind, line, range, out);
            }
            Role::Header | Role::Trailer => {
                self.childless(out);
                self.parents.clear();
                out.push_back(Item::Gap(Gap { range, kind: GapKind::Envelope }));
                self.envelope((kind, role), &line, range, out);
            }
        }
    }

    /// A record that others stand below: what stood at its level and under it ends.
    fn parent(&mut self, kind: usize, bytes: Vec<u8>, range: ByteRange, out: &mut VecDeque<Item>) {
        let level = self.layout.level(kind);
        let is_optional = self.layout.record(kind).is_some_and(|record| record.optional);
        let last = self.parents.last().map(|held| (held.level, held.kind, held.is_told));
        if is_optional && last == Some((level, kind, false)) {
            // Which of them holds for what comes next nobody knows.
            if let Some(first) = self.parents.pop() {
                self.twice(first.number, first.range, out);
            }
            self.twice(self.number, range, out);
            self.childless(out);
            self.parents.clear();
            return;
        }
        if last.is_some_and(|(deepest, ..)| deepest >= level) {
            self.childless(out);
        }
        self.parents.retain(|held| held.level < level);
        self.parents.push(Held { kind, level, number: self.number, range, bytes, is_told: false });
    }

    fn twice(&mut self, line: u64, range: ByteRange, out: &mut VecDeque<Item>) {
        let found = format!("line {line}, one of two records of a kind that stands once above its details");
        let remedy = "if both are meant, have the source give them types of their own, each with its [[framing.fixed]]; else correct the file";
        let problem = FramingProblem::new("fixed.twice", range, found, "one of them, or details between them", remedy);
        out.push_back(Item::Problem(problem));
        self.ordinal = self.ordinal.saturating_add(1);
    }

    /// Parents that nothing stood below are a document too: of a visit without charges there is news.
    fn childless(&mut self, out: &mut VecDeque<Item>) {
        if let Some(Held { bytes, range, number, .. }) = self.parents.pop_if(|held| !held.is_told) {
            let now = std::mem::replace(&mut self.number, number);
            self.frame(bytes, range, out);
            self.number = now;
        }
    }

    /// A last line without a line end whose blanks at its end may be left off: nothing says where it ended. Any other is as
    /// long as its layout says, or the adapter refuses it.
    fn open_end(&self, line: &[u8], range: ByteRange) -> Option<Box<OpenEnd>> {
        let text = fixed::text(line);
        let record = self.layout.record(self.layout.kind(&text)?)?;
        let length = record.length.filter(|_| record.trimmed && !line.ends_with(b"\n"))?;
        let found = text.chars().count();
        let remedy = "the file may be cut off: ask for it again; the records before this one were taken";
        let words = format!("line {} of {found} characters, without a line end", self.number);
        let expected = format!("{length} characters, or a line end");
        let problem = FramingProblem::new("fixed.truncated", range, words, &expected, remedy);
        // A number that is shorter than its column is refused anyway.
        (found < length).then(|| Box::new(OpenEnd { problem, may_go_on: false }))
    }

    /// Puts out a record with what stands above it, and the numbers of their lines.
    fn frame(&mut self, line: Vec<u8>, range: ByteRange, out: &mut VecDeque<Item>) {
        let mut related = self.related(&line);
        let numbers = self.parents.iter().map(|held| held.number).chain([self.number]);
        let numbers = numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
        related.push(Related { name: fixed::LINES.to_owned(), content: numbers.into_bytes() });
        let open_end = self.open_end(&line, range);
        let mut content = Vec::with_capacity(line.len());
        for held in &mut self.parents {
            content.extend_from_slice(&held.bytes);
            held.is_told = true;
        }
        content.extend_from_slice(&line);
        let ranges = self.parents.iter().map(|held| held.range).chain([range]).collect();
        let (ordinal, format) = (self.ordinal, self.format.clone());
        out.push_back(Item::Frame(Frame { ordinal, ranges, format, content, related, open_end }));
        self.ordinal = self.ordinal.saturating_add(1);
    }

    /// Of each join its header and the row with the same key.
    fn related(&self, line: &[u8]) -> Vec<Related> {
        let part = |name: &str, content: &[u8]| Related { name: name.to_owned(), content: content.to_vec() };
        let mut related = Vec::new();
        for join in &self.settings.join {
            if let Some(header) = self.joins.header(&join.name).filter(|header| !header.is_empty()) {
                related.push(part(&format!("{}.header", join.name), header));
            }
            let lines = self.parents.iter().map(|held| held.bytes.as_slice()).chain([line]);
            let key = lines.into_iter().find_map(|line| {
                let text = fixed::text(line);
                let record = self.layout.record(self.layout.kind(&text)?)?;
                record.column(&join.on)?.read(&text).map(std::borrow::Cow::into_owned)
            });
            if let Some(found) = key.and_then(|key| self.joins.row(&join.name, key.as_bytes())) {
                related.push(part(&join.name, found));
            }
        }
        related
    }

    /// A header begins a batch, a trailer ends it; what they say of its size has to be so.
    fn envelope(&mut self, (kind, role): (usize, Role), line: &[u8], range: ByteRange, out: &mut VecDeque<Item>) {
        let text = fixed::text(line);
        let count = self.layout.record(kind).and_then(|record| record.count);
        let told = count.map(|(span, counts)| (span.of(&text).trim().to_owned(), counts));
        let number = told.map(|(cell, counts)| (cell.parse::<u64>().map_err(|_| shape(&cell)), counts));
        if let Some((Err(found), _)) = &number {
            let found = format!("line {}: {found} for a count", self.number);
            let remedy = "correct [[framing.fixed]] count in this site's mapping, or ask for the file again";
            let problem = FramingProblem::new("fixed.count", (range.1, range.1), found, "a number", remedy);
            out.push_back(Item::Problem(problem));
        }
        let number = number.and_then(|(number, counts)| Some((number.ok()?, counts, self.number)));
        if role == Role::Trailer {
            self.compare(number, range.1, out);
            self.close(range.1, out);
            return;
        }
        // A header without a trailer before it: what came before was a batch of its own.
        self.batch.lines -= 1;
        self.close(range.0, out);
        self.batch = Batch { lines: 1, told: number, is_open: true, ..Batch::default() };
    }

    /// The end of a batch: what its header said of it.
    fn close(&mut self, at: u64, out: &mut VecDeque<Item>) {
        let told = self.batch.told.take();
        self.compare(told, at, out);
        self.batch = Batch::default();
    }

    fn compare(&self, told: Option<(u64, Counts, u64)>, at: u64, out: &mut VecDeque<Item>) {
        let Some((told, counts, line)) = told else { return };
        let found = self.batch.of(counts);
        if found == told {
            return;
        }
        let what = match counts {
            Counts::Details => "details",
            Counts::Records => "records",
            Counts::Lines => "lines",
        };
        let expected = format!("{told} {what}, as line {line} says");
        let remedy = "records are missing or too many: ask for the file again; what is in it is taken";
        let problem = FramingProblem::new("fixed.count", (at, at), format!("{found} {what}"), &expected, remedy);
        out.push_back(Item::Problem(problem));
    }
}

impl Cutter for Fixed {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.add(piece);
            if piece.ends_with(b"\n") {
                self.end_line(out);
            }
        }
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        if self.length > 0 {
            self.end_line(out);
        }
        self.childless(out);
        self.parents.clear();
        let has_trailer = self.layout.records.iter().any(|record| record.role == Role::Trailer);
        if has_trailer && self.batch.is_open {
            let remedy = "the transfer may be cut off: ask for the file again; what is in it is taken";
            let (found, at) = ("the end of the file", (self.start, self.start));
            out.push_back(Item::Problem(FramingProblem::new("fixed.no-trailer", at, found, "a trailer", remedy)));
        }
        self.close(self.start, out);
    }
}
