//! The chunked claim framer: fed bytes as they arrive, it holds one claim with its parents, whatever the file's size.

use crate::frames::{ClaimFrame, FRAME_BYTES_MAX};
use crate::frames_split::Splitter;
use crate::problem::Problem;
use crate::walk::Walker;

/// A frame with its bytes, as the chunks it came from may be gone.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamedFrame {
    /// Place and ranges in the file.
    pub frame: ClaimFrame,
    /// The bytes of the ranges, concatenated.
    pub bytes: Vec<u8>,
}

/// Cuts an 837 into claims while it arrives. Feed, then take frames until there are none, then feed again.
///
/// ```
/// let mut stream = claimhost_x12::ClaimFrameStream::new();
/// let file = b"GS*HC~"; // no ISA
/// for chunk in file.chunks(4) {
///     stream.feed(chunk);
///     while let Some(next) = stream.next_frame() {
///         assert!(next.is_err());
///     }
/// }
/// stream.finish();
/// assert!(stream.next_frame().is_some_and(|next| next.is_err()));
/// assert!(stream.next_frame().is_none());
/// ```
pub struct ClaimFrameStream {
    buffer: Vec<u8>,
    base: u64,
    ended: bool,
    walker: Walker,
    splitter: Splitter,
}

impl Default for ClaimFrameStream {
    fn default() -> Self {
        ClaimFrameStream::new()
    }
}

impl ClaimFrameStream {
    /// A stream whose frames are no larger than [`FRAME_BYTES_MAX`].
    pub fn new() -> ClaimFrameStream {
        ClaimFrameStream::with_ceiling(FRAME_BYTES_MAX)
    }

    /// A stream whose frames are no larger than `bytes_max`.
    pub fn with_ceiling(bytes_max: usize) -> ClaimFrameStream {
        ClaimFrameStream {
            buffer: Vec::new(),
            base: 0,
            ended: false,
            walker: Walker::new(bytes_max),
            splitter: Splitter::new(bytes_max, true),
        }
    }

    /// Adds the next bytes of the file. After [`ClaimFrameStream::finish`] they are ignored.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.ended || self.walker.is_done() {
            return; // done before the end: given up on a segment without a terminator
        }
        let used = self.walker.pos.min(self.buffer.len());
        self.buffer.drain(..used);
        self.base += used as u64;
        self.walker.pos = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// Says that the file is complete.
    pub fn finish(&mut self) {
        self.ended = true;
    }

    /// Gives the next claim or problem; `None` when more bytes are needed or, after `finish`, when all is given.
    pub fn next_frame(&mut self) -> Option<Result<StreamedFrame, Problem>> {
        loop {
            if let Some(out) = self.splitter.out.pop_front() {
                return Some(out.map(|(frame, bytes)| StreamedFrame { frame, bytes }));
            }
            let step = self.walker.step(&self.buffer, self.base, self.ended, &mut self.splitter.problems);
            if !self.splitter.take(step, &self.buffer, self.base) && self.splitter.out.is_empty() {
                return None;
            }
        }
    }

    /// Bytes held at the moment: the undigested rest of the chunks.
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.walker.pos.min(self.buffer.len())
    }
}
