//! The elements of one name in an XML file, one a document: `[framing] records = "ChargeData"`, without a prefix. Without a name the
//! root element is the one document.
//!
//! Streaming: only the text of one record is held. What is around the records is envelope.

use std::collections::VecDeque;

use super::records::Held;
use super::{Cutter, FramingProblem, Gap, GapKind, Item};

/// Longest tag that is looked at.
const TAG_BYTES_MAX: usize = 64 * 1024;

/// What is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Text,
    /// From `<` on: what it is shows with the bytes that follow.
    Tag,
    /// Until these bytes: comments, CDATA, processing instructions.
    Until(&'static [u8]),
}

pub(super) struct XmlRecords {
    name: Vec<u8>,
    state: In,
    /// The tag that is read, without `<`.
    tag: Vec<u8>,
    quote: Option<u8>,
    /// The last bytes of what is passed over.
    tail: Vec<u8>,
    /// Elements that are open.
    depth: usize,
    record: Option<Held>,
    tag_at: u64,
    gap: u64,
    at: u64,
    ordinal: u32,
    found: bool,
    broken: bool,
}

impl XmlRecords {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.trim().as_bytes().to_vec(),
            state: In::Text,
            tag: Vec::new(),
            quote: None,
            tail: Vec::new(),
            depth: 0,
            record: None,
            tag_at: 0,
            gap: 0,
            at: 0,
            ordinal: 0,
            found: false,
            broken: false,
        }
    }

    fn byte(&mut self, byte: u8, out: &mut VecDeque<Item>) {
        if let Some(record) = &mut self.record {
            record.keep(byte);
        }
        match self.state {
            In::Text if byte == b'<' => {
                (self.state, self.tag_at, self.quote) = (In::Tag, self.at, None);
                self.tag.clear();
            }
            In::Text => {}
            In::Until(end) => {
                self.tail.push(byte);
                if self.tail.ends_with(end) {
                    self.state = In::Text;
                    self.tail.clear();
                } else if self.tail.len() > 8 {
                    self.tail.drain(..4);
                }
            }
            In::Tag => self.in_tag(byte, out),
        }
    }

    fn in_tag(&mut self, byte: u8, out: &mut VecDeque<Item>) {
        if byte == b'>' && self.quote.is_none() {
            self.state = In::Text;
            let tag = std::mem::take(&mut self.tag);
            self.end_tag(&tag, out);
            self.tag = tag;
            return;
        }
        if self.tag.len() == TAG_BYTES_MAX {
            self.broken = true;
            return;
        }
        self.tag.push(byte);
        self.quote = match self.quote {
            Some(quote) if quote == byte => None,
            None if matches!(byte, b'"' | b'\'') => Some(byte),
            other => other,
        };
        let passed: Option<&'static [u8]> = match self.tag.as_slice() {
            b"!--" => Some(b"-->"),
            b"![CDATA[" => Some(b"]]>"),
            b"?" => Some(b"?>"),
            _ => None,
        };
        if let Some(end) = passed {
            self.state = In::Until(end);
            self.tail.clear();
        }
    }

    fn end_tag(&mut self, tag: &[u8], out: &mut VecDeque<Item>) {
        match tag {
            [b'!', ..] => {}
            [b'/', ..] => {
                let Some(depth) = self.depth.checked_sub(1) else {
                    self.broken = true;
                    return;
                };
                self.depth = depth;
                if self.record.as_ref().is_some_and(|record| record.depth == depth) {
                    self.end_record(out);
                }
            }
            [.., b'/'] => {
                if self.begins(tag) {
                    self.begin_record(tag, out);
                    self.end_record(out);
                }
            }
            _ => {
                if self.begins(tag) {
                    self.begin_record(tag, out);
                }
                self.depth += 1;
            }
        }
    }

    /// Whether this start tag begins a record.
    fn begins(&self, tag: &[u8]) -> bool {
        let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(tag.len());
        let name = tag.get(..end).unwrap_or_default();
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        self.record.is_none() && if self.name.is_empty() { self.depth == 0 } else { local == self.name }
    }

    fn begin_record(&mut self, tag: &[u8], out: &mut VecDeque<Item>) {
        self.found = true;
        self.close_gap(self.tag_at, out);
        let bytes = [b"<", tag, b">"].concat();
        self.record = Some(Held::new(self.tag_at, bytes, self.depth));
    }

    fn end_record(&mut self, out: &mut VecDeque<Item>) {
        let Some(record) = self.record.take() else { return };
        let end = self.at + 1;
        out.push_back(record.item(end, "xml", self.ordinal));
        self.ordinal = self.ordinal.saturating_add(1);
        self.gap = end;
    }

    fn close_gap(&mut self, until: u64, out: &mut VecDeque<Item>) {
        if self.gap < until {
            out.push_back(Item::Gap(Gap { range: (self.gap, until), kind: GapKind::Envelope }));
        }
        self.gap = until;
    }
}

impl Cutter for XmlRecords {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        for byte in chunk {
            if !self.broken {
                self.byte(*byte, out);
            }
            self.at += 1;
        }
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        let problem = |id: &str, range, found: &str, expected: &str, remedy: &str| {
            Item::Problem(FramingProblem::new(id, range, found, expected, remedy))
        };
        let begun = self.record.take().map(|record| record.start);
        let end = begun.unwrap_or(self.at);
        if self.broken {
            let from = begun.unwrap_or(self.gap);
            out.push_back(problem(
                "xml.malformed",
                (from, self.at),
                "tags that do not fit",
                "well-formed XML",
                "ask the source for the file again",
            ));
            return;
        }
        let is_whole = begun.is_none() && self.depth == 0 && self.state == In::Text;
        if self.found || !is_whole {
            self.close_gap(end, out);
        }
        if !is_whole {
            let remedy = "the transfer may be cut off: ask for the file again";
            out.push_back(problem("xml.truncated", (end, self.at), "the end of the file", "the rest of it", remedy));
        } else if !self.found {
            let name = String::from_utf8_lossy(&self.name).into_owned();
            let remedy = "correct [framing] records of this site's mapping, or the export";
            out.push_back(problem(
                "xml.no-records",
                (0, self.at),
                "other elements",
                &format!("elements `{name}`"),
                remedy,
            ));
        }
    }
}
