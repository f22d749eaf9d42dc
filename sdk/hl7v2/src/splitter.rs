//! Framing of a stream in bounded memory, and the state machine that both kinds of framing share.
//!
//! The machine sees bytes in pieces of any size and decides at each line start whether a frame ends there, so
//! that the pieces make no difference to the frames.

use crate::frame::{Envelope, Frame, FrameFault, FrameKind};
use crate::scan;

/// Ceiling for one message unless another is set: 16 MiB, room for a scanned document in an OBX.
pub const DEFAULT_CEILING_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many bytes belong to the current frame.
    Advance(usize),
    /// The current frame is complete; the bytes given belong to the next.
    Boundary(FrameKind),
    /// Too few bytes to decide; at the end of input: nothing is left.
    NeedMore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Line {
    #[default]
    Start,
    Middle,
    AfterCr,
}

enum Opening {
    Header,
    Envelope(Envelope),
    /// So many bytes that are no part of any line.
    Filler(usize),
    Blank,
    Other,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Machine {
    kind: Option<FrameKind>,
    line: Line,
    /// Messages since BHS, or since the last batch.
    messages: u64,
    batches: u64,
    batch_open: bool,
    file_open: bool,
    ended: bool,
}

impl Machine {
    /// Decides about the bytes after those already advanced over. `at_end` says that no more will come.
    pub(crate) fn step(&mut self, data: &[u8], at_end: bool) -> Step {
        let Some(first) = data.first() else {
            return if at_end { self.end() } else { Step::NeedMore };
        };
        if self.line == Line::AfterCr {
            self.line = Line::Start;
            if *first == b'\n' {
                return Step::Advance(1);
            }
        }
        if self.line == Line::Middle {
            return self.advance_line(data);
        }
        let Some(opening) = opening(data, at_end) else {
            return Step::NeedMore;
        };
        let (kind, continues) = match opening {
            Opening::Header => (FrameKind::Message, false),
            Opening::Envelope(envelope) => (FrameKind::Envelope(envelope), false),
            Opening::Filler(_) => (FrameKind::Filler, self.kind == Some(FrameKind::Filler)),
            Opening::Blank => (FrameKind::Filler, self.kind.is_some()),
            Opening::Other => (FrameKind::Stray, matches!(self.kind, Some(FrameKind::Message | FrameKind::Stray))),
        };
        if !continues {
            if let Some(done) = self.kind.take() {
                return Step::Boundary(done);
            }
            self.kind = Some(kind);
        }
        match opening {
            Opening::Filler(count) => Step::Advance(count),
            _ => self.advance_line(data),
        }
    }

    fn advance_line(&mut self, data: &[u8]) -> Step {
        let end = scan::line_end(data);
        let line = data.get(..end.unwrap_or(data.len())).unwrap_or_default();
        if let Some(at) = scan::first(line, 0x1c) {
            self.line = Line::Start;
            return Step::Advance(at);
        }
        self.line = match end.and_then(|at| data.get(at)) {
            Some(b'\r') => Line::AfterCr,
            Some(_) => Line::Start,
            None => Line::Middle,
        };
        Step::Advance(end.map_or(data.len(), |at| at + 1))
    }

    fn end(&mut self) -> Step {
        if let Some(done) = self.kind.take() {
            return Step::Boundary(done);
        }
        let open = self.batch_open || self.file_open;
        if open && !std::mem::replace(&mut self.ended, true) { Step::Boundary(FrameKind::End) } else { Step::NeedMore }
    }

    /// Counts a complete frame and returns what is wrong with the counts.
    pub(crate) fn close(&mut self, kind: FrameKind, bytes: &[u8]) -> Option<FrameFault> {
        match kind {
            FrameKind::Message => {
                self.messages += 1;
                None
            }
            FrameKind::Filler | FrameKind::Stray => None,
            FrameKind::End if self.batch_open => Some(FrameFault::MissingTrailer(Envelope::BatchTrailer)),
            FrameKind::End => Some(FrameFault::MissingTrailer(Envelope::FileTrailer)),
            FrameKind::Envelope(envelope) => self.close_envelope(envelope, bytes),
        }
    }

    fn close_envelope(&mut self, envelope: Envelope, bytes: &[u8]) -> Option<FrameFault> {
        let unfinished = |open, trailer| {
            if open { Some(FrameFault::MissingTrailer(trailer)) } else { None }
        };
        match envelope {
            Envelope::FileHeader => {
                let missing = unfinished(self.file_open, Envelope::FileTrailer);
                let missing = unfinished(self.batch_open, Envelope::BatchTrailer).or(missing);
                *self = Self { file_open: true, ..Self::default() };
                missing
            }
            Envelope::BatchHeader => {
                let missing = unfinished(self.batch_open, Envelope::BatchTrailer);
                self.batch_open = true;
                self.batches += 1;
                self.messages = 0;
                missing
            }
            Envelope::BatchTrailer => {
                let counted = std::mem::take(&mut self.messages);
                self.batch_open = false;
                count_fault(bytes, counted)
            }
            Envelope::FileTrailer => {
                let missing = unfinished(self.batch_open, Envelope::BatchTrailer);
                // Messages directly in a file are one batch, whose header and trailer are optional.
                let implied = u64::from(self.batches == 0 && self.messages > 0);
                let counted = self.batches + implied;
                *self = Self::default();
                missing.or_else(|| count_fault(bytes, counted))
            }
        }
    }
}

/// Compares field 1 of a trailer with what was counted; an empty field declares nothing.
fn count_fault(bytes: &[u8], counted: u64) -> Option<FrameFault> {
    let line = bytes.get(..scan::line_end(bytes).unwrap_or(bytes.len())).unwrap_or_default();
    let (separator, rest) = line.get(3..).and_then(<[u8]>::split_first)?;
    let field = rest.get(..scan::first(rest, *separator).unwrap_or(rest.len())).unwrap_or_default();
    let text = field.trim_ascii();
    if text.is_empty() {
        return None;
    }
    let digits = text.iter().all(u8::is_ascii_digit);
    match std::str::from_utf8(text).ok().filter(|_| digits).and_then(|text| text.parse().ok()) {
        Some(declared) if declared == counted => None,
        Some(declared) => Some(FrameFault::CountMismatch { declared, counted }),
        None => Some(FrameFault::CountNotANumber),
    }
}

/// Says what the line that begins `data` is; `None` if that takes more bytes.
fn opening(data: &[u8], at_end: bool) -> Option<Opening> {
    match data {
        [b'\r' | b'\n', ..] => return Some(Opening::Blank),
        [0x0b | 0x1c | 0x1a, ..] => return Some(Opening::Filler(1)),
        [0xef, 0xbb, 0xbf, ..] => return Some(Opening::Filler(3)),
        _ => {}
    }
    let start = data.get(..4).unwrap_or(data);
    let line_end = start.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0x1c));
    if start.len() < 4 && line_end.is_none() && !at_end {
        return None;
    }
    let start = start.get(..line_end.unwrap_or(start.len())).unwrap_or_default();
    let name = start.get(..3).unwrap_or_default();
    let separated = !start.get(3).is_some_and(u8::is_ascii_alphanumeric);
    Some(match Envelope::from_name(name) {
        _ if !separated => Opening::Other,
        Some(envelope) => Opening::Envelope(envelope),
        None if name == b"MSH" => Opening::Header,
        None => Opening::Other,
    })
}

/// Cuts a stream into frames: [`push`](Self::push) a chunk, take frames until there is none, and after
/// [`finish`](Self::finish) take the rest. Holds at most the ceiling and one chunk.
#[derive(Clone)]
pub struct FrameSplitter {
    machine: Machine,
    buffer: Vec<u8>,
    /// Index in the buffer of the current frame.
    start: usize,
    /// Index in the buffer of the next byte the machine has to see.
    next: usize,
    /// Bytes of the current frame that were passed over because it is too long.
    skipped: u64,
    offset: u64,
    ceiling: usize,
    at_end: bool,
}

impl Default for FrameSplitter {
    /// With [`DEFAULT_CEILING_BYTES`].
    fn default() -> Self {
        Self::with_ceiling(DEFAULT_CEILING_BYTES)
    }
}

impl FrameSplitter {
    /// Returns a splitter that passes over frames longer than `ceiling` bytes (with [`FrameFault::TooLong`]).
    pub fn with_ceiling(ceiling: usize) -> Self {
        Self {
            machine: Machine::default(),
            buffer: Vec::new(),
            start: 0,
            next: 0,
            skipped: 0,
            offset: 0,
            ceiling,
            at_end: false,
        }
    }

    /// Adds the next bytes of the stream. Take the frames before the next chunk, or chunks pile up.
    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.next -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// Says that the stream has ended, which completes the last frame.
    pub fn finish(&mut self) {
        self.at_end = true;
    }

    /// Returns the next complete frame, or `None` until more is pushed.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        loop {
            match self.machine.step(self.buffer.get(self.next..).unwrap_or_default(), self.at_end) {
                Step::NeedMore => return None,
                Step::Advance(count) => {
                    self.next += count;
                    let held = self.next - self.start;
                    if self.skipped > 0 || held > self.ceiling {
                        self.skipped += held as u64;
                        self.start = self.next;
                    }
                }
                Step::Boundary(kind) => return Some(self.take(kind)),
            }
        }
    }

    fn take(&mut self, kind: FrameKind) -> Frame<'_> {
        let (from, skipped) = (std::mem::replace(&mut self.start, self.next), std::mem::take(&mut self.skipped));
        let bytes = self.buffer.get(from..self.next).unwrap_or_default();
        let fault = self.machine.close(kind, bytes);
        let too_long = (skipped > 0).then_some(FrameFault::TooLong { ceiling: self.ceiling });
        let length = skipped + bytes.len() as u64;
        let offset = self.offset;
        self.offset += length;
        Frame { kind, offset, length, bytes, fault: too_long.or(fault) }
    }
}

#[cfg(test)]
#[path = "splitter_tests.rs"]
mod tests;
