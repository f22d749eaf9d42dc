//! Framing `x12-claim`: an 837 cut into one frame per CLM, each with its parent loops.
//!
//! A frame is ISA, GS, ST, BHT and 1000A/B, the current 2000A (billing provider), the current 2000B (subscriber), the
//! current 2000C when the claim is a dependent's, then CLM up to the next CLM, HL or SE. It keeps byte ranges into the
//! file, so that a problem found in a frame points into the original. Trailers are not part of a frame.
//! The chunked reader is `frames_stream.rs`; both drive the `Splitter` of `frames_split.rs`.

use std::ops::Range;

use crate::frames_split::Splitter;
use crate::problem::{Place, Problem, ProblemKind};
use crate::walk::Walker;

/// Largest frame taken unless told otherwise. A claim has at most 50 lines, some 20 kB; this leaves room for notes.
pub const FRAME_BYTES_MAX: usize = 4 << 20;

/// One claim with its parent loops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimFrame {
    /// Which claim of the file this is, from 1. Claims that were refused are counted.
    pub ordinal: u32,
    /// Where its CLM stands.
    pub clm: Place,
    /// ST03, or GS08: 005010X222A1 is the professional claim.
    pub implementation: String,
    /// Bytes of the file that make up the frame, in order, none touching.
    pub ranges: Vec<Range<u64>>,
    /// Why its parents may not be the right ones: `HierarchyMismatch` (an HL names another parent than the loop it
    /// stands in) or `MissingSegment` (no 2000A or 2000B). The problem itself came before the frame. Empty for a sound
    /// claim; do not bill one that has any before a person has looked.
    pub doubts: Vec<ProblemKind>,
}

impl ClaimFrame {
    /// Copies the frame out of the file it was found in.
    pub fn bytes(&self, file: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len());
        for range in &self.ranges {
            out.extend_from_slice(file.get(range.start as usize..range.end as usize).unwrap_or_default());
        }
        out
    }

    /// Bytes of the frame.
    pub fn len(&self) -> usize {
        self.ranges.iter().map(|r| (r.end - r.start) as usize).sum()
    }

    /// Whether it has no bytes; never for a frame that was given out.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Turns an offset in the frame's bytes into one in the file; `None` behind its end.
    pub fn file_offset(&self, mut offset: u64) -> Option<u64> {
        for range in &self.ranges {
            let len = range.end - range.start;
            if offset < len {
                return Some(range.start + offset);
            }
            offset -= len;
        }
        None
    }
}

/// Iterator over the claims of a file in memory. An `Err` is a problem on the way; the claims after it still come.
pub struct ClaimFrames<'a> {
    bytes: &'a [u8],
    walker: Walker,
    splitter: Splitter,
}

impl<'a> ClaimFrames<'a> {
    pub(crate) fn file_len(&self) -> usize {
        self.bytes.len()
    }

    /// Frames of `bytes`, none larger than [`FRAME_BYTES_MAX`].
    pub fn new(bytes: &'a [u8]) -> ClaimFrames<'a> {
        ClaimFrames::with_ceiling(bytes, FRAME_BYTES_MAX)
    }

    /// Frames of `bytes`, none larger than `bytes_max`.
    pub fn with_ceiling(bytes: &'a [u8], bytes_max: usize) -> ClaimFrames<'a> {
        ClaimFrames { bytes, walker: Walker::new(bytes_max), splitter: Splitter::new(bytes_max, false) }
    }
}

impl Iterator for ClaimFrames<'_> {
    type Item = Result<ClaimFrame, Problem>;
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(out) = self.splitter.out.pop_front() {
                return Some(out.map(|(frame, _)| frame));
            }
            let step = self.walker.step(self.bytes, 0, true, &mut self.splitter.problems);
            if !self.splitter.take(step, self.bytes, 0) {
                return self.splitter.out.pop_front().map(|out| out.map(|(frame, _)| frame));
            }
        }
    }
}
