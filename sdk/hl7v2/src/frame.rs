//! A file of messages, cut into frames that cover every byte of it.
//!
//! A message begins with MSH at a line start and goes on to the next MSH, envelope segment or MLLP byte.
//! Envelopes (FHS, BHS, BTS, FTS) are no messages; the counts in BTS-1 and FTS-1 are checked, because a batch
//! with a message missing is money missing. A stream of any size: [`FrameSplitter`](crate::FrameSplitter).

use crate::splitter::{Machine, Step};
use std::fmt;

/// Segments of the batch protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Envelope {
    /// FHS
    FileHeader,
    /// BHS
    BatchHeader,
    /// BTS
    BatchTrailer,
    /// FTS
    FileTrailer,
}

impl Envelope {
    pub(crate) fn from_name(name: &[u8]) -> Option<Self> {
        match name {
            b"FHS" => Some(Self::FileHeader),
            b"BHS" => Some(Self::BatchHeader),
            b"BTS" => Some(Self::BatchTrailer),
            b"FTS" => Some(Self::FileTrailer),
            _ => None,
        }
    }
}

impl fmt::Display for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FileHeader => "FHS",
            Self::BatchHeader => "BHS",
            Self::BatchTrailer => "BTS",
            Self::FileTrailer => "FTS",
        })
    }
}

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// A message, for [`Message::parse`](crate::Message::parse).
    Message,
    /// A segment of the batch protocol.
    Envelope(Envelope),
    /// Blank lines, a byte order mark, MLLP bytes.
    Filler,
    /// Lines outside of any message. Report them: they may be a message that lost its header.
    Stray,
    /// No bytes: the end of the input, only there to carry a fault.
    End,
}

/// What is wrong with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameFault {
    /// BTS-1 or FTS-1 says another number than was counted (messages in the batch, batches in the file).
    CountMismatch {
        /// The number in the trailer.
        declared: u64,
        /// The number of frames seen.
        counted: u64,
    },
    /// BTS-1 or FTS-1 is not a number.
    CountNotANumber,
    /// A batch or file was begun, and this trailer did not come: the transfer may be cut off.
    MissingTrailer(Envelope),
    /// Longer than the ceiling; its bytes were passed over.
    TooLong {
        /// The ceiling in bytes.
        ceiling: usize,
    },
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CountMismatch { declared, counted } => {
                write!(f, "found {counted}, expected {declared} as the trailer says; ask the sender to send it again")
            }
            Self::CountNotANumber => f.write_str("found no number as the trailer's count; correct the sender"),
            Self::MissingTrailer(trailer) => {
                write!(f, "found no {trailer}, expected one; the transfer may be cut off, ask for it again")
            }
            Self::TooLong { ceiling } => {
                write!(f, "found a message longer than {ceiling} bytes; raise the ceiling or check the framing")
            }
        }
    }
}

impl std::error::Error for FrameFault {}

/// A piece of the input.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'b> {
    /// What it holds.
    pub kind: FrameKind,
    /// Byte offset in the input.
    pub offset: u64,
    /// Length in bytes; `bytes` is as long, or empty after [`FrameFault::TooLong`].
    pub length: u64,
    /// The bytes, terminators included.
    pub bytes: &'b [u8],
    /// What is wrong with it.
    pub fault: Option<FrameFault>,
}

impl fmt::Debug for Frame<'_> {
    /// Prints everything but the bytes: they are a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at byte {}, {} bytes, {:?}", self.kind, self.offset, self.length, self.fault)
    }
}

/// Cuts a whole file into frames, without copying. Their bytes, one after the other, are the file.
pub fn frames(input: &[u8]) -> Frames<'_> {
    Frames { input, at: 0, machine: Machine::default() }
}

/// Iterator of [`frames`].
#[derive(Clone)]
pub struct Frames<'b> {
    input: &'b [u8],
    at: usize,
    machine: Machine,
}

impl<'b> Frames<'b> {
    /// Keeps only the messages. Faults of envelopes and stray lines are lost with them: check those first.
    pub fn messages(self) -> impl Iterator<Item = Frame<'b>> {
        self.filter(|frame| frame.kind == FrameKind::Message)
    }
}

impl<'b> Iterator for Frames<'b> {
    type Item = Frame<'b>;

    fn next(&mut self) -> Option<Frame<'b>> {
        let start = self.at;
        loop {
            match self.machine.step(self.input.get(self.at..).unwrap_or_default(), true) {
                Step::Advance(count) => self.at += count,
                Step::NeedMore => return None,
                Step::Boundary(kind) => {
                    let bytes = self.input.get(start..self.at).unwrap_or_default();
                    let fault = self.machine.close(kind, bytes);
                    return Some(Frame { kind, offset: start as u64, length: bytes.len() as u64, bytes, fault });
                }
            }
        }
    }
}
