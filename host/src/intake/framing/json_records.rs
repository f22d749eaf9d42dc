//! The items of an array in a JSON file, one a document: `[framing] records = "claims"` names it by the names that lead to it
//! (`results|data`: either);
//! without one the file's own array is meant, or its one object. Files of several such values, one after another, are read too.
//!
//! Streaming: only the text of one record is held. What is around the records is envelope.

use std::collections::VecDeque;

use serde::de::IgnoredAny;

use super::records::Held;
use super::{Cutter, FramingProblem, Gap, GapKind, Item};

/// Deepest nesting that is followed.
const DEPTH_MAX: usize = 1_000;
/// Longest name that is compared.
const NAME_BYTES_MAX: usize = 256;

/// An array or object around the place that is read.
struct Level {
    is_array: bool,
    /// How many names of the path lead to it; none: it is beside the path.
    matched: Option<usize>,
    /// The name that comes next is one (not a value).
    wants_name: bool,
    /// The name that was read last.
    name: Vec<u8>,
}

pub(super) struct JsonRecords {
    /// The names that lead to the records, at each step one of these.
    path: Vec<Vec<Vec<u8>>>,
    /// The same as it is written.
    written: String,
    levels: Vec<Level>,
    /// Within a text, and after its backslash.
    text: bool,
    escaped: bool,
    /// The record that is read: where it begins, its bytes, its levels.
    record: Option<Held>,
    /// A number, text or word where a record should be begins here.
    scalar: Option<u64>,
    /// Bytes that belong to no record, since this place.
    gap: u64,
    at: u64,
    ordinal: u32,
    found: bool,
    /// The file is none: the rest is one problem from here.
    broken: Option<u64>,
}

impl JsonRecords {
    pub(super) fn new(path: &str) -> Self {
        let names = path.split('.').map(str::trim).filter(|name| !name.is_empty());
        Self {
            path: names.map(|names| names.split('|').map(|name| name.trim().as_bytes().to_vec()).collect()).collect(),
            written: path.trim().to_owned(),
            levels: Vec::new(),
            text: false,
            escaped: false,
            record: None,
            scalar: None,
            gap: 0,
            at: 0,
            ordinal: 0,
            found: false,
            broken: None,
        }
    }

    /// How many names lead to a value that begins here.
    fn matched(&self) -> Option<usize> {
        let Some(level) = self.levels.last() else { return Some(0) };
        let matched = level.matched?;
        if level.is_array {
            return None; // an item of an array on the way: there is no name for it
        }
        self.path.get(matched).is_some_and(|names| names.contains(&level.name)).then_some(matched + 1)
    }

    /// Whether a value that begins here is a record.
    fn is_record(&self, byte: u8) -> bool {
        let target = self.path.len();
        match self.levels.last() {
            Some(level) if level.is_array => level.matched == Some(target),
            // One object where the array is expected is the one record.
            _ => byte == b'{' && self.matched() == Some(target),
        }
    }

    fn close_gap(&mut self, out: &mut VecDeque<Item>) {
        if self.gap < self.at {
            out.push_back(Item::Gap(Gap { range: (self.gap, self.at), kind: GapKind::Envelope }));
        }
        self.gap = self.at;
    }

    fn byte(&mut self, byte: u8, out: &mut VecDeque<Item>) {
        if self.broken.is_some() {
            return;
        }
        if let Some(record) = &mut self.record {
            record.keep(byte);
        }
        if self.text {
            self.in_text(byte);
            return;
        }
        if matches!(byte, b',' | b'{' | b'}' | b'[' | b']') {
            self.end_scalar(out);
        }
        match byte {
            b'"' => {
                self.text = true;
                self.begin_scalar(out);
                if let Some(level) = self.own_level().filter(|level| level.wants_name) {
                    level.name.clear();
                }
            }
            b'{' | b'[' => self.open(byte, out),
            b'}' | b']' => self.close(byte, out),
            b':' => {
                if let Some(level) = self.own_level() {
                    level.wants_name = false;
                }
            }
            b',' => {
                if let Some(level) = self.own_level() {
                    level.wants_name = !level.is_array;
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            // A number, true, false, null. What is beside the records is not looked into.
            _ => self.begin_scalar(out),
        }
    }

    /// Something that is no object begins; where a record should be it is a problem.
    fn begin_scalar(&mut self, out: &mut VecDeque<Item>) {
        let target = self.path.len();
        let expected = self.levels.last().is_some_and(|level| level.is_array && level.matched == Some(target));
        if expected && self.record.is_none() && self.scalar.is_none() {
            self.close_gap(out);
            self.scalar = Some(self.at);
        }
    }

    fn end_scalar(&mut self, out: &mut VecDeque<Item>) {
        if let Some(start) = self.scalar.take() {
            out.push_back(not_an_object((start, self.at)));
            self.ordinal = self.ordinal.saturating_add(1);
            self.gap = self.at;
        }
    }

    /// The level that is followed; none within a record.
    fn own_level(&mut self) -> Option<&mut Level> {
        if self.record.is_some() { None } else { self.levels.last_mut() }
    }

    fn in_text(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.text = false;
            return;
        }
        if let Some(level) = self.own_level().filter(|level| level.wants_name && level.name.len() < NAME_BYTES_MAX) {
            level.name.push(byte);
        }
    }

    fn open(&mut self, byte: u8, out: &mut VecDeque<Item>) {
        if let Some(record) = &mut self.record {
            record.depth += 1;
            return;
        }
        if self.is_record(byte) {
            self.close_gap(out);
            self.found = true;
            self.record = Some(Held::new(self.at, vec![byte], 1));
            return;
        }
        if self.levels.len() == DEPTH_MAX {
            self.broken = Some(self.at);
            return;
        }
        let matched = self.matched();
        let is_array = byte == b'[';
        self.found |= is_array && matched == Some(self.path.len());
        self.levels.push(Level { is_array, matched, wants_name: !is_array, name: Vec::new() });
    }

    fn close(&mut self, byte: u8, out: &mut VecDeque<Item>) {
        if let Some(record) = &mut self.record {
            record.depth -= 1;
            if record.depth == 0
                && let Some(record) = self.record.take()
            {
                self.end_record(record, self.at + 1, out);
            }
            return;
        }
        let fits = self.levels.pop().is_some_and(|level| level.is_array == (byte == b']'));
        if !fits {
            self.broken = Some(self.at);
        }
    }

    fn end_record(&mut self, record: Held, end: u64, out: &mut VecDeque<Item>) {
        let is_object =
            record.bytes.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(&record.bytes).is_ok();
        let sound = is_object || record.is_too_long();
        let range = (record.start, end);
        out.push_back(if sound { record.item(end, "json", self.ordinal) } else { not_an_object(range) });
        self.ordinal = self.ordinal.saturating_add(1);
        self.gap = end;
    }
}

/// The text or number that names lead to in a JSON object; none where it is empty or not there.
pub(super) fn at_names(object: &serde_json::Value, names: &str) -> Option<String> {
    let found = names.split('.').try_fold(object, |value, name| value.get(name.trim()))?;
    let text = match found {
        serde_json::Value::String(text) => text.trim().to_owned(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    (!text.is_empty()).then_some(text)
}

fn not_an_object(range: (u64, u64)) -> Item {
    let remedy = "ask the source to correct this record and send it again; the others of the file go on";
    Item::Problem(FramingProblem::new("json.malformed", range, "text that is no JSON object", "a JSON object", remedy))
}

impl Cutter for JsonRecords {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        for byte in chunk {
            self.byte(*byte, out);
            self.at += 1;
        }
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        let named = self.written.clone();
        if let Some(at) = self.broken {
            let end = std::mem::replace(&mut self.at, at);
            self.close_gap(out);
            let remedy = "ask the source for the file again";
            out.push_back(Item::Problem(FramingProblem::new(
                "json.malformed",
                (at, end),
                "brackets that do not fit",
                "JSON",
                remedy,
            )));
            return;
        }
        if let Some(record) = self.record.take() {
            let range = (record.start, self.at);
            let remedy = "the transfer may be cut off: ask for the file again";
            out.push_back(Item::Problem(FramingProblem::new(
                "json.truncated",
                range,
                "the end of the file",
                "the rest of the record",
                remedy,
            )));
            return;
        }
        self.end_scalar(out);
        if !self.levels.is_empty() || self.text {
            self.close_gap(out);
            let remedy = "the transfer may be cut off: ask for the file again";
            out.push_back(Item::Problem(FramingProblem::new(
                "json.truncated",
                (self.at, self.at),
                "the end of the file",
                "the rest of it",
                remedy,
            )));
        } else if self.found {
            self.close_gap(out);
        } else {
            let expected =
                if named.is_empty() { "an array of objects".to_owned() } else { format!("an array at `{named}`") };
            let remedy = "correct [framing] records of this site's mapping, or the export";
            out.push_back(Item::Problem(FramingProblem::new(
                "json.no-records",
                (0, self.at),
                "other names",
                &expected,
                remedy,
            )));
        }
    }
}
