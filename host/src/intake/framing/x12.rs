//! Claims of an 837, by the codec's claim frames.
//!
//! Trailers and loops without a claim are gaps. Bytes that a problem keeps out of every claim are the problem's: from where
//! it stands to where the next claim, or its first parent that was not told yet, begins.

use std::collections::VecDeque;

use claimhost_x12::{ClaimFrameStream, Problem, ProblemKind};

use super::{ByteRange, Cutter, Frame, FramingProblem, Gap, GapKind, Item};

pub(super) struct X12 {
    format: String,
    stream: ClaimFrameStream,
    length: u64,
    /// Every byte before this one has been put out.
    told: u64,
    /// Problems whose ends are not yet known, by place.
    open: VecDeque<FramingProblem>,
}

/// Problems that wait for the claim behind them, at most: then the first of them ends where the next one stands.
const OPEN_MAX: usize = 1000;

impl X12 {
    pub(super) fn new(format: &str) -> Self {
        Self { format: format.to_owned(), stream: ClaimFrameStream::new(), length: 0, told: 0, open: VecDeque::new() }
    }

    fn drain(&mut self, out: &mut VecDeque<Item>) {
        while let Some(next) = self.stream.next_frame() {
            let claim = match next {
                Ok(claim) => claim,
                Err(problem) => {
                    if keeps_out(&problem) {
                        self.wait(problem, out);
                    }
                    continue;
                }
            };
            let ranges: Vec<ByteRange> = claim.frame.ranges.iter().map(|range| (range.start, range.end)).collect();
            for (start, end) in &ranges {
                self.tell(*start, out);
                self.told = self.told.max(*end);
            }
            // What stands inside of the claim or its parents only points there.
            let inside = self.open.iter().take_while(|problem| problem.range.0 < self.told).count();
            out.extend(self.open.drain(..inside).map(Item::Problem));
            if claim.frame.doubts.is_empty() {
                out.push_back(Item::Frame(Frame {
                    ordinal: claim.frame.ordinal.saturating_sub(1),
                    ranges,
                    format: self.format.clone(),
                    content: claim.bytes,
                    related: Vec::new(),
                    open_end: None,
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

    fn wait(&mut self, problem: Problem, out: &mut VecDeque<Item>) {
        let at = problem.place.offset;
        let behind = self.open.partition_point(|before| before.range.0 <= at);
        let id = format!("x12.{}", problem.kind.as_str());
        let problem = FramingProblem::new(&id, (at, at), problem.found, &problem.expected, &problem.remedy);
        self.open.insert(behind, problem);
        if self.open.len() > OPEN_MAX {
            let to = self.open.get(1).map_or(self.length, |next| next.range.0);
            self.tell(to, out);
            if self.open.len() > OPEN_MAX {
                out.extend(self.open.pop_front().map(Item::Problem));
            }
        }
    }

    /// Puts out the bytes up to this one: those before an open problem are a gap, those behind it the problem's.
    fn tell(&mut self, to: u64, out: &mut VecDeque<Item>) {
        if to <= self.told {
            return;
        }
        while let Some(problem) = self.open.pop_front_if(|problem| problem.range.0 < to) {
            let from = problem.range.0.max(self.told);
            let end = self.open.front().map_or(to, |next| next.range.0.clamp(from, to));
            self.gap(from, out);
            self.told = end;
            out.push_back(Item::Problem(FramingProblem { range: (from, end), ..problem }));
        }
        self.gap(to, out);
    }

    fn gap(&mut self, to: u64, out: &mut VecDeque<Item>) {
        if to > self.told {
            out.push_back(Item::Gap(Gap { range: (self.told, to), kind: GapKind::Envelope }));
            self.told = to;
        }
    }
}

/// Whether a problem is an error, or leaves bytes out. Stray line ends and the like do not: the claim they stand before is
/// whole.
fn keeps_out(problem: &Problem) -> bool {
    problem.is_error() || matches!(problem.kind, ProblemKind::DataBeforeIsa | ProblemKind::DataAfterIea)
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
        self.tell(self.length, out);
        out.extend(self.open.drain(..).map(Item::Problem));
    }
}
