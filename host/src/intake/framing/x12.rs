//! Claims of an 837, by the codec's claim frames. What lies between them (trailers, loops without a claim) are gaps.

use std::collections::VecDeque;

use claimhost_x12::ClaimFrameStream;

use super::{ByteRange, Cutter, Frame, FramingProblem, Gap, GapKind, Item};

pub(super) struct X12 {
    format: String,
    stream: ClaimFrameStream,
    length: u64,
    /// Every byte before this one has been put out.
    told: u64,
}

impl X12 {
    pub(super) fn new(format: &str) -> Self {
        Self { format: format.to_owned(), stream: ClaimFrameStream::new(), length: 0, told: 0 }
    }

    fn drain(&mut self, out: &mut VecDeque<Item>) {
        while let Some(next) = self.stream.next_frame() {
            let claim = match next {
                Ok(claim) => claim,
                // Stray line ends and the like: the claim they stand before is whole.
                Err(problem) if !problem.is_error() => continue,
                Err(problem) => {
                    let range = (problem.place.offset, problem.place.offset);
                    let id = format!("x12.{}", problem.kind.as_str());
                    out.push_back(Item::Problem(FramingProblem::new(
                        &id,
                        range,
                        problem.found,
                        &problem.expected,
                        &problem.remedy,
                    )));
                    continue;
                }
            };
            let ranges: Vec<ByteRange> = claim.frame.ranges.iter().map(|range| (range.start, range.end)).collect();
            for (start, end) in &ranges {
                self.gap(*start, out);
                self.told = self.told.max(*end);
            }
            if claim.frame.doubts.is_empty() {
                out.push_back(Item::Frame(Frame {
                    ordinal: claim.frame.ordinal.saturating_sub(1),
                    ranges,
                    format: self.format.clone(),
                    content: claim.bytes,
                    related: Vec::new(),
                }));
            } else {
                let own = ranges.last().copied().unwrap_or_default();
                let remedy = "have the sender correct the hierarchy (HL) and send the file again";
                let found = "a claim whose parent loops are in doubt";
                out.push_back(Item::Problem(FramingProblem::new(
                    "x12.doubtful-parents",
                    own,
                    found,
                    "2000A and 2000B above each claim",
                    remedy,
                )));
            }
        }
    }

    fn gap(&mut self, to: u64, out: &mut VecDeque<Item>) {
        if to > self.told {
            out.push_back(Item::Gap(Gap { range: (self.told, to), kind: GapKind::Envelope }));
            self.told = to;
        }
    }
}

impl Cutter for X12 {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        self.length += chunk.len() as u64;
        self.stream.feed(chunk);
        self.drain(out);
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        self.stream.finish();
        self.drain(out);
        self.gap(self.length, out);
    }
}
