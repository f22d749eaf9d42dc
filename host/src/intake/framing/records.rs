//! Records of a JSON or an XML file: what the file is, its first letter says. Records of joined files come with those of JSON that
//! have their key.

use std::collections::VecDeque;

use super::json_records::{JsonRecords, at_names};
use super::xml_records::XmlRecords;
use super::{Cutter, Frame, FramingProblem, Item, Joins, Settings};
use crate::claim::Related;

/// Longest record taken: 16 MiB.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A record while it is read.
pub(super) struct Held {
    /// Where it begins in the file.
    pub(super) start: u64,
    /// Its bytes; none any more where it is too long.
    pub(super) bytes: Vec<u8>,
    /// How deep its end lies.
    pub(super) depth: usize,
    too_long: bool,
}

impl Held {
    pub(super) fn new(start: u64, bytes: Vec<u8>, depth: usize) -> Self {
        Self { start, bytes, depth, too_long: false }
    }

    pub(super) fn keep(&mut self, byte: u8) {
        if self.too_long {
            return;
        }
        if self.bytes.len() < RECORD_BYTES_MAX {
            self.bytes.push(byte);
        } else {
            (self.too_long, self.bytes) = (true, Vec::new());
        }
    }

    /// The document of a whole record that ends before a byte, or what is wrong with it. `format` begins the ids of problems too.
    pub(super) fn item(self, end: u64, format: &str, ordinal: u32) -> Item {
        let range = (self.start, end);
        if self.too_long {
            let expected = format!("at most {RECORD_BYTES_MAX} bytes in a record");
            let remedy = "correct [framing] records of this site's mapping: it names what holds too much";
            let id = format!("{format}.too-long");
            return Item::Problem(FramingProblem::new(&id, range, "a longer record", &expected, remedy));
        }
        let (ranges, format) = (vec![range], format.to_owned());
        Item::Frame(Frame { ordinal, ranges, format, content: self.bytes, related: Vec::new(), open_end: None })
    }

    pub(super) fn is_too_long(&self) -> bool {
        self.too_long
    }
}

/// Cuts by the kind of file that it turns out to be.
pub(super) struct Records {
    settings: Settings,
    joins: Joins,
    inner: Option<Box<dyn Cutter + Send>>,
}

impl Records {
    pub(super) fn new(settings: Settings, joins: Joins) -> Self {
        Self { settings, joins, inner: None }
    }

    fn inner(&mut self, beginning: &[u8]) -> &mut Box<dyn Cutter + Send> {
        let path = &self.settings.records;
        self.inner.get_or_insert_with(|| {
            let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
            if text.starts_with(b"<") { Box::new(XmlRecords::new(path)) } else { Box::new(JsonRecords::new(path)) }
        })
    }

    /// Adds to the records since `from` what is joined to them.
    fn join(&self, out: &mut VecDeque<Item>, from: usize) {
        if self.settings.join.is_empty() {
            return;
        }
        for item in out.iter_mut().skip(from) {
            let Item::Frame(frame) = item else { continue };
            let Ok(record) = serde_json::from_slice(&frame.content) else { continue };
            for join in &self.settings.join {
                let key = at_names(&record, &join.on);
                if let Some(row) = key.and_then(|key| self.joins.row(&join.name, key.as_bytes())) {
                    frame.related.push(Related { name: join.name.clone(), content: row.to_vec() });
                }
            }
        }
    }
}

impl Cutter for Records {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        let from = out.len();
        // The first chunk has all of the file's beginning that says what it is.
        self.inner(chunk).push(chunk, out);
        self.join(out, from);
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        let from = out.len();
        self.inner(b"").finish(out);
        self.join(out, from);
    }
}
