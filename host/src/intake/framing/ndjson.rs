//! A JSON object on each line. Whether it is one is checked here, so that a cut-off last line is told as such.

use std::collections::VecDeque;

use serde::de::IgnoredAny;

use super::{Cutter, Frame, FramingProblem, Gap, GapKind, Item};

/// Longest line taken: 16 MiB.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) struct Ndjson {
    format: String,
    line: Vec<u8>,
    start: u64,
    /// Bytes of the line, those passed over included.
    length: u64,
    ordinal: u32,
}

impl Ndjson {
    pub(super) fn new(format: &str) -> Self {
        Self { format: format.to_owned(), line: Vec::new(), start: 0, length: 0, ordinal: 0 }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.length <= LINE_BYTES_MAX as u64 {
            self.line.extend_from_slice(bytes);
        } else {
            self.line = Vec::new();
        }
    }

    fn end_line(&mut self, at_end: bool, out: &mut VecDeque<Item>) {
        let range = (self.start, self.start + self.length);
        let line = std::mem::take(&mut self.line);
        let too_long = self.length > LINE_BYTES_MAX as u64;
        (self.start, self.length) = (range.1, 0);
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line).trim_ascii();
        if text.is_empty() && !too_long {
            out.push_back(Item::Gap(Gap { range, kind: GapKind::Filler }));
            return;
        }
        let object = text.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(text).is_ok();
        out.push_back(if too_long {
            let expected = format!("at most {LINE_BYTES_MAX} bytes on a line");
            let remedy = "check that the source writes one object on each line";
            Item::Problem(FramingProblem::new("ndjson.too-long", range, "a longer line", &expected, remedy))
        } else if object {
            let content = line;
            let related = Vec::new();
            Item::Frame(Frame {
                ordinal: self.ordinal,
                ranges: vec![range],
                format: self.format.clone(),
                content,
                related,
                open_end: None,
            })
        } else if at_end {
            let remedy = "the transfer may be cut off: ask for the file again";
            Item::Problem(FramingProblem::new(
                "ndjson.truncated",
                range,
                "a last line that is no JSON object",
                "a complete object",
                remedy,
            ))
        } else {
            let remedy = "check that the source writes one object on each line";
            Item::Problem(FramingProblem::new(
                "ndjson.not-an-object",
                range,
                "a line that is no JSON object",
                "a JSON object",
                remedy,
            ))
        });
        self.ordinal = self.ordinal.saturating_add(1);
    }
}

impl Cutter for Ndjson {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.add(piece);
            if piece.ends_with(b"\n") {
                self.end_line(false, out);
            }
        }
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        if self.length > 0 {
            self.end_line(true, out);
        }
    }
}
