//! Segments to claim frames: which loop is open, what belongs to it, when a claim is complete.
//!
//! Holds the byte ranges of the parents and of one claim, and their bytes too when the file is not in memory. A claim
//! is given out only when something follows it; what cannot be framed is a problem with the place of its CLM.

use std::collections::VecDeque;
use std::ops::Range;

use crate::check::Role;
use crate::frames::ClaimFrame;
use crate::problem::{Place, Problem, ProblemKind, SegmentId, shape};
use crate::reading::kind_or_shape;
use crate::segment::Segment;
use crate::walk::Step;

/// Bytes kept of one loop.
#[derive(Debug, Default, Clone)]
struct Part {
    ranges: Vec<Range<u64>>,
    bytes: Vec<u8>,
    len: usize,
    /// Grew past the ceiling and was let go.
    overflow: bool,
    /// Its HL names another parent.
    mismatch: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Isa,
    Group,
    Header,
    Billing,
    Subscriber,
    Patient,
    Claim,
    /// Inside a loop or transaction that is not taken.
    Skip,
}

/// The claim being taken.
#[derive(Debug)]
struct Claim {
    part: Part,
    clm: Place,
    doubts: Vec<ProblemKind>,
}
const LEVELS: [Level; 6] = [Level::Isa, Level::Group, Level::Header, Level::Billing, Level::Subscriber, Level::Patient];

/// Turns segments into frames; shared by the whole-file and the chunked reader.
pub(crate) struct Splitter {
    pub(crate) out: VecDeque<Result<(ClaimFrame, Vec<u8>), Problem>>,
    pub(crate) problems: Vec<Problem>,
    keep_bytes: bool,
    bytes_max: usize,
    parts: [Part; 6],
    hl: [Vec<u8>; 2], // HL01 of the open 2000A and 2000B
    claim: Option<Claim>,
    level: Level,
    ordinal: u32,
    st: Option<(Place, u32)>, // of the open 837, with the claims begun so far
    version: String,
    implementation: String,
}

impl Splitter {
    pub(crate) fn new(bytes_max: usize, keep_bytes: bool) -> Splitter {
        Splitter {
            out: VecDeque::new(),
            problems: Vec::new(),
            keep_bytes,
            bytes_max,
            parts: Default::default(),
            hl: Default::default(),
            claim: None,
            level: Level::Skip,
            ordinal: 0,
            st: None,
            version: String::new(),
            implementation: String::new(),
        }
    }

    /// Takes a step of the walker over `window`, which begins at `base`; false when there is nothing more to take now.
    pub(crate) fn take(&mut self, step: Step<'_>, window: &[u8], base: u64) -> bool {
        let more = match step {
            Step::Segment(segment, role) => {
                self.segment(&segment, role, window, base);
                true
            }
            Step::Cut { truncated } => {
                if truncated {
                    self.cut_off();
                } else {
                    self.end_transaction();
                }
                self.level = Level::Skip;
                true
            }
            Step::NeedMore | Step::Done => false,
        };
        self.out.extend(self.problems.drain(..).map(Err));
        more
    }

    fn segment(&mut self, segment: &Segment<'_>, role: Role, window: &[u8], base: u64) {
        match role {
            Role::Isa => self.open(Level::Isa),
            Role::GroupStart => {
                self.end_transaction();
                self.version = segment.string(8);
                self.open(Level::Group);
            }
            Role::TransactionStart => {
                self.end_transaction();
                self.begin_transaction(segment);
            }
            Role::TransactionEnd | Role::GroupEnd | Role::InterchangeEnd => {
                self.end_transaction();
                self.level = Level::Skip;
            }
            Role::Acknowledgement | Role::Stray => return,
            Role::Body if self.st.is_none() => return,
            Role::Body if segment.is("HL") => self.hierarchy(segment),
            Role::Body if segment.is("CLM") => self.begin_claim(segment),
            Role::Body => {}
        }
        self.append(segment, window, base);
    }

    fn begin_transaction(&mut self, st: &Segment<'_>) {
        let kind = st.element(1);
        if kind.trimmed() != b"837" {
            let shown = kind_or_shape(&kind.text());
            self.problems.push(Problem::error(
                ProblemKind::WrongTransaction,
                st.place().at(1),
                format!("transaction {shown}"),
                "837 for the framing x12-claim",
                "give this file to the intake of its kind: 999, 277CA and 835 go to the clearinghouse folder",
            ));
            self.level = Level::Skip;
            return;
        }
        let own = st.string(3);
        self.implementation = if own.is_empty() { self.version.clone() } else { own };
        self.st = Some((st.place(), 0));
        self.open(Level::Header);
    }

    fn hierarchy(&mut self, hl: &Segment<'_>) {
        self.finish_claim();
        let (level, parent) = match hl.element(3).trimmed() {
            b"20" => (Level::Billing, None),
            b"22" => (Level::Subscriber, self.hl.first()),
            b"23" => (Level::Patient, self.hl.last()),
            other => {
                self.problems.push(Problem::error(
                    ProblemKind::BadElement,
                    hl.place().at(3),
                    shape(other),
                    "20 billing provider, 22 subscriber or 23 patient",
                    "the loop is skipped with its claims; ask the sender to repair HL03",
                ));
                // What follows must not be taken for a loop under the subscriber before this HL.
                self.open(Level::Subscriber);
                self.level = Level::Skip;
                return;
            }
        };
        let mismatch = parent.is_some_and(|parent| parent.as_slice() != hl.element(2).trimmed());
        if mismatch {
            self.problems.push(Problem::error(
                ProblemKind::HierarchyMismatch,
                hl.place().at(2),
                "another parent than the loop before it",
                "HL01 of the loop this one stands in",
                "framed by position, in doubt; check that its claims have the right subscriber and provider",
            ));
        }
        let id = hl.element(1).trimmed().to_vec();
        match level {
            Level::Billing => self.hl = [id, Vec::new()],
            Level::Subscriber => {
                if let Some(slot) = self.hl.last_mut() {
                    *slot = id;
                }
            }
            _ => {}
        }
        self.open(level);
        if let Some(part) = LEVELS.iter().position(|&l| l == level).and_then(|n| self.parts.get_mut(n)) {
            part.mismatch = mismatch;
        }
    }

    fn begin_claim(&mut self, clm: &Segment<'_>) {
        self.finish_claim();
        self.ordinal = self.ordinal.saturating_add(1);
        if let Some((_, claims)) = &mut self.st {
            *claims = claims.saturating_add(1);
        }
        if self.level == Level::Skip {
            return; // in a loop that was refused and reported
        }
        let overflow = self.parts.iter().any(|p| p.overflow);
        let absent = |level| self.part(level).is_none_or(|p| p.len == 0);
        let mut doubts = Vec::new();
        if self.parts.iter().any(|p| p.mismatch) {
            doubts.push(ProblemKind::HierarchyMismatch);
        }
        if !overflow && (absent(Level::Billing) || absent(Level::Subscriber)) {
            doubts.push(ProblemKind::MissingSegment);
            self.problems.push(Problem::error(
                ProblemKind::MissingSegment,
                clm.place(),
                "CLM without HL 20 (2000A) and HL 22 (2000B) before it",
                "a claim inside the loops of its billing provider and subscriber",
                "framed as it is, in doubt; ask the sender to repair the hierarchy",
            ));
        }
        self.claim = Some(Claim { part: Part::default(), clm: clm.place(), doubts });
        self.level = Level::Claim;
    }

    /// Clears a level and all below it, and makes it the current one.
    fn open(&mut self, level: Level) {
        self.finish_claim();
        let from = LEVELS.iter().position(|&l| l == level).unwrap_or(LEVELS.len());
        for part in self.parts.iter_mut().skip(from) {
            *part = Part::default();
        }
        self.level = level;
    }

    fn part(&self, level: Level) -> Option<&Part> {
        LEVELS.iter().position(|&l| l == level).and_then(|n| self.parts.get(n))
    }

    fn append(&mut self, segment: &Segment<'_>, window: &[u8], base: u64) {
        let parents: usize = self.parts.iter().map(|p| p.len).sum();
        let overflow = self.parts.iter().any(|p| p.overflow);
        let from = segment.offset - if segment.ordinal == 1 { 0 } else { segment.gap.len as u64 };
        let range = from..segment.end();
        let len = (range.end - range.start) as usize;
        let claim_len = self.claim.as_ref().map_or(0, |claim| claim.part.len);
        if overflow || parents.saturating_add(claim_len).saturating_add(len) > self.bytes_max {
            return self.refuse(segment);
        }
        let part = match (self.level, &mut self.claim) {
            (Level::Claim, Some(claim)) => &mut claim.part,
            (level, _) => match LEVELS.iter().position(|&l| l == level).and_then(|n| self.parts.get_mut(n)) {
                Some(part) => part,
                None => return,
            },
        };
        part.len += len;
        if self.keep_bytes {
            let (a, b) = ((range.start - base) as usize, (range.end - base) as usize);
            part.bytes.extend_from_slice(window.get(a..b).unwrap_or_default());
        }
        match part.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => part.ranges.push(range),
        }
    }

    /// Lets go of the claim, or of the parent loop, that `segment` would make too large. Every claim refused is
    /// reported; of parents only the first loop that overflows.
    fn refuse(&mut self, segment: &Segment<'_>) {
        let place = match self.claim.take() {
            Some(claim) => claim.clm,
            None if matches!(self.level, Level::Skip | Level::Claim) || self.parts.iter().any(|p| p.overflow) => {
                return;
            }
            None => {
                if let Some(part) = LEVELS.iter().position(|&l| l == self.level).and_then(|n| self.parts.get_mut(n)) {
                    *part = Part { overflow: true, ..Part::default() };
                }
                segment.place()
            }
        };
        self.problems.push(Problem::error(
            ProblemKind::TooLarge,
            place,
            "a claim with its parent loops that goes on past the ceiling",
            format!("at most {} bytes", self.bytes_max),
            "check the file for a missing CLM, HL or SE; nothing of this claim was taken",
        ));
    }

    fn finish_claim(&mut self) {
        let Some(Claim { part: claim, clm, doubts }) = self.claim.take() else {
            return;
        };
        let mut ranges: Vec<Range<u64>> = Vec::with_capacity(4);
        let mut bytes = Vec::new();
        for part in self.parts.iter().chain([&claim]) {
            bytes.extend_from_slice(&part.bytes);
            for range in &part.ranges {
                match ranges.last_mut() {
                    Some(last) if last.end == range.start => last.end = range.end,
                    _ => ranges.push(range.clone()),
                }
            }
        }
        let frame =
            ClaimFrame { ordinal: self.ordinal, clm, implementation: self.implementation.clone(), ranges, doubts };
        self.out.extend(self.problems.drain(..).map(Err));
        self.out.push_back(Ok((frame, bytes)));
    }

    /// The file ends inside a claim: half a claim is not given out.
    fn cut_off(&mut self) {
        self.st = None;
        if let Some(claim) = self.claim.take() {
            self.problems.push(Problem::error(
                ProblemKind::Truncated,
                claim.clm,
                "a claim cut off by the end of the file",
                "a claim followed by CLM, HL or SE",
                "ask the sender for the whole file; the claims before this one were taken",
            ));
        }
    }

    fn end_transaction(&mut self) {
        self.finish_claim();
        if let Some((st, 0)) = self.st.take() {
            self.problems.push(Problem::error(
                ProblemKind::NoClaims,
                Place { segment: SegmentId::new(b"ST"), ..st },
                "an 837 without CLM",
                "at least one claim (loop 2300)",
                "ask the sender whether claims were lost",
            ));
        }
        for part in self.parts.iter_mut().skip(2) {
            *part = Part::default();
        }
    }
}
