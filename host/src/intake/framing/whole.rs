//! The file is the document, up to a size that a plugin can take at once.

use std::collections::VecDeque;

use super::{Cutter, Frame, FramingProblem, Item};

/// Largest file taken whole: 16 MiB.
pub const WHOLE_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) struct Whole {
    format: String,
    content: Vec<u8>,
    length: u64,
}

impl Whole {
    pub(super) fn new(format: &str) -> Self {
        Self { format: format.to_owned(), content: Vec::new(), length: 0 }
    }
}

impl Cutter for Whole {
    fn push(&mut self, chunk: &[u8], _: &mut VecDeque<Item>) {
        self.length += chunk.len() as u64;
        if self.length <= WHOLE_BYTES_MAX as u64 {
            self.content.extend_from_slice(chunk);
        } else {
            self.content = Vec::new();
        }
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        let range = (0, self.length);
        out.push_back(if self.length <= WHOLE_BYTES_MAX as u64 {
            Item::Frame(Frame {
                ordinal: 0,
                ranges: vec![range],
                format: self.format.clone(),
                content: std::mem::take(&mut self.content),
                related: Vec::new(),
                open_end: None,
            })
        } else {
            Item::Problem(FramingProblem::new(
                "framing.too-large",
                range,
                format!("{} bytes", self.length),
                &format!("at most {WHOLE_BYTES_MAX} bytes in one document"),
                "have the source export smaller files, or use an adapter whose framing cuts them (ndjson, delimited)",
            ))
        });
    }
}
