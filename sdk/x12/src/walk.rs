//! The walk over a file: seek an ISA, take its segments, check the envelope, seek the next.
//!
//! Sans I/O: it is handed a window of the file and says what it found or that it needs more, so the whole-file
//! reader and the chunked one are one piece of code and cannot differ.

use crate::check::{Checker, Role};
use crate::delimiters::{Delimiters, Detected, detect};
use crate::problem::{Place, Problem, ProblemKind, push};
use crate::scan::{self, Scan};
use crate::segment::Segment;

/// What one step gave.
#[derive(Debug)]
pub(crate) enum Step<'b> {
    Segment(Segment<'b>, Role),
    /// The interchange ended without IEA. `truncated`: with the file, else at the next ISA.
    Cut {
        truncated: bool,
    },
    NeedMore,
    Done,
}

#[derive(Debug)]
pub(crate) struct Walker {
    /// Position in the window handed to [`Walker::step`]; the owner of the window moves it when it drops bytes.
    pub(crate) pos: usize,
    inside: Option<Delimiters>,
    ordinal: u32,
    checker: Checker,
    interchanges: u32,
    garbage_at: Option<u64>,
    after_alphanumeric: bool,
    done: bool,
    segment_max: usize,
}

impl Walker {
    pub(crate) fn new(segment_max: usize) -> Walker {
        Walker {
            pos: 0,
            inside: None,
            ordinal: 1,
            checker: Checker::default(),
            interchanges: 0,
            garbage_at: None,
            after_alphanumeric: false,
            done: false,
            segment_max,
        }
    }

    /// Whether nothing more will be found, whatever bytes come.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Takes one step over `bytes`, whose first byte stands at `base` in the file.
    #[inline]
    pub(crate) fn step<'b>(
        &mut self,
        bytes: &'b [u8],
        base: u64,
        at_end: bool,
        problems: &mut Vec<Problem>,
    ) -> Step<'b> {
        loop {
            if self.done {
                return Step::Done;
            }
            let Some(delimiters) = self.inside else {
                match self.seek(bytes, base, at_end, problems) {
                    Some(step) => return step,
                    None => continue,
                }
            };
            let from = self.pos;
            match scan::next(bytes, from, delimiters.segment, self.ordinal == 1, at_end) {
                Scan::Segment { start, end, next, gap, terminated } => {
                    if next - from > self.segment_max {
                        return self.too_large(base + from as u64, problems);
                    }
                    let segment = Segment {
                        bytes: bytes.get(start..end).unwrap_or_default(),
                        offset: base + start as u64,
                        ordinal: self.ordinal,
                        gap,
                        terminated,
                        delimiters,
                    };
                    self.pos = next;
                    self.ordinal = self.ordinal.saturating_add(1);
                    let role = self.checker.see(&segment, problems);
                    if role == Role::InterchangeEnd {
                        self.inside = None;
                        self.after_alphanumeric = false;
                    }
                    return Step::Segment(segment, role);
                }
                Scan::Isa { gap, .. } if gap.len > self.segment_max => {
                    return self.too_large(base + from as u64, problems);
                }
                Scan::Isa { start, .. } => {
                    self.pos = start;
                    self.inside = None;
                    self.after_alphanumeric = false;
                    self.checker.cut(base + start as u64, true, problems);
                    return Step::Cut { truncated: false };
                }
                Scan::NeedMore | Scan::End if bytes.len().saturating_sub(from) > self.segment_max => {
                    return self.too_large(base + from as u64, problems);
                }
                Scan::NeedMore => return Step::NeedMore,
                Scan::End => {
                    self.pos = bytes.len();
                    self.inside = None;
                    self.checker.cut(base + bytes.len() as u64, false, problems);
                    return Step::Cut { truncated: true };
                }
            }
        }
    }

    fn too_large<'b>(&mut self, offset: u64, problems: &mut Vec<Problem>) -> Step<'b> {
        let problem = Problem::error(
            ProblemKind::TooLarge,
            Place::byte(offset),
            "no segment terminator within the ceiling",
            format!("a segment of at most {} bytes", self.segment_max),
            "check the segment terminator of this file with the sender",
        );
        push(problems, problem);
        self.done = true;
        self.inside = None;
        self.pos = usize::MAX; // the rest of the window is let go
        Step::Cut { truncated: true }
    }

    /// Looks for the next ISA. `None`: it began one, or moved on; step again.
    fn seek<'b>(&mut self, bytes: &[u8], base: u64, at_end: bool, problems: &mut Vec<Problem>) -> Option<Step<'b>> {
        if base == 0 && self.pos == 0 {
            const BOM: &[u8] = b"\xef\xbb\xbf";
            if bytes.starts_with(BOM) {
                self.pos = BOM.len();
            } else if BOM.starts_with(bytes) && !at_end {
                return Some(Step::NeedMore);
            }
        }
        let rest = bytes.get(self.pos..).unwrap_or_default();
        // NUL and SUB: padding and the end mark that transfers from record-based systems leave behind.
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace() || matches!(b, 0 | 0x1a)).count();
        if blank > 0 {
            self.pos += blank;
            self.after_alphanumeric = false;
        }
        let rest = rest.get(blank..).unwrap_or_default();
        let offset = base + self.pos as u64;
        if rest.is_empty() {
            if !at_end {
                return Some(Step::NeedMore);
            }
            self.garbage(problems, Some(offset));
            self.done = true;
            return Some(Step::Done);
        }
        if rest.len() < 3 && b"ISA".starts_with(rest) && !at_end {
            return Some(Step::NeedMore);
        }
        if rest.starts_with(b"ISA") && !self.after_alphanumeric {
            match detect(rest, offset, at_end) {
                Detected::NeedMore => return Some(Step::NeedMore),
                Detected::Found(delimiters, warning) => {
                    self.garbage(problems, None);
                    self.interchanges = self.interchanges.saturating_add(1);
                    self.inside = Some(delimiters);
                    self.ordinal = 1;
                    self.checker = Checker::default();
                    if let Some(warning) = warning {
                        push(problems, *warning);
                    }
                    return None;
                }
                Detected::No(problem) => push(problems, *problem),
            }
        }
        self.garbage_at.get_or_insert(offset);
        let skip = rest.get(1..).and_then(|tail| scan::find(tail, b'I')).map_or(rest.len(), |n| n + 1);
        self.after_alphanumeric = skip.checked_sub(1).and_then(|n| rest.get(n)).is_some_and(u8::is_ascii_alphanumeric);
        self.pos += skip;
        None
    }

    /// Reports what stood where an ISA was due; `end` is where the file ended without one.
    fn garbage(&mut self, problems: &mut Vec<Problem>, end: Option<u64>) {
        let at = self.garbage_at.take();
        let before = self.interchanges == 0;
        let expected = "an interchange that begins with ISA";
        let problem = match (at, end) {
            (None, None) => return,
            (None, Some(_)) if !before => return,
            (at, Some(end)) if before => Problem::error(
                ProblemKind::NoIsa,
                Place::byte(at.unwrap_or(end)),
                if at.is_some() { "data without ISA" } else { "an empty file" },
                expected,
                "ask the sender for the file with its envelope (ISA, GS .. GE, IEA)",
            ),
            (at, _) => Problem::error(
                if before { ProblemKind::DataBeforeIsa } else { ProblemKind::DataAfterIea },
                Place::byte(at.unwrap_or_default()),
                if before { "data before the first ISA" } else { "data behind IEA that begin no interchange" },
                expected,
                "skipped; check with the sender what these bytes are",
            ),
        };
        push(problems, problem);
    }
}
