//! Envelope rules, one segment at a time: nesting, counts and control numbers of ISA/IEA, GS/GE and ST/SE.
//!
//! Holds no more than the three open headers, so it serves files of any size. A broken rule is reported and the
//! reading goes on: what stands before and after a damaged place is still found.

use crate::problem::{Place, Problem, ProblemKind, push, shape};
use crate::segment::Segment;

/// What a segment is to the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Isa,
    GroupStart,
    TransactionStart,
    Body,
    TransactionEnd,
    GroupEnd,
    InterchangeEnd,
    /// TA1, between ISA and the first GS.
    Acknowledgement,
    /// Where nothing of its kind may stand; reported.
    Stray,
}

#[derive(Debug)]
struct Open {
    control: Vec<u8>,
    place: Place,
    inner: u32,
}

/// The open headers of one interchange.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    isa: Option<Open>,
    group: Option<Open>,
    transaction: Option<Open>,
    /// TA1 segments of the interchange.
    acknowledgements: u32,
    last: Option<Place>,
    stray_reported: bool,
}

const ASK: &str = "ask the sender for the whole file again";

impl Checker {
    pub(crate) fn see(&mut self, segment: &Segment<'_>, problems: &mut Vec<Problem>) -> Role {
        self.whitespace(segment, problems);
        self.last = Some(segment.place());
        match segment.id() {
            b"ISA" => {
                self.isa = Some(open(segment, 13));
                Role::Isa
            }
            b"GS" => {
                self.close_transaction(segment, problems);
                self.close_group(segment, problems);
                self.group = Some(open(segment, 6));
                count_inner(&mut self.isa);
                Role::GroupStart
            }
            b"ST" => {
                self.close_transaction(segment, problems);
                if self.group.is_none() {
                    push(problems, out_of_place(segment, "ST inside a functional group (GS..GE)"));
                }
                self.transaction = Some(open(segment, 2));
                count_inner(&mut self.group);
                Role::TransactionStart
            }
            b"SE" => match self.transaction.take() {
                Some(open) => {
                    let counted = segment.ordinal.saturating_sub(open.place.ordinal).saturating_add(1);
                    counts(segment, counted, "segments from ST to SE", problems);
                    controls(segment, &open, "ST02", problems);
                    Role::TransactionEnd
                }
                None => stray(segment, "SE only after its ST", problems),
            },
            b"GE" => {
                self.close_transaction(segment, problems);
                match self.group.take() {
                    Some(open) => {
                        counts(segment, open.inner, "transactions in the group", problems);
                        controls(segment, &open, "GS06", problems);
                        Role::GroupEnd
                    }
                    None => stray(segment, "GE only after its GS", problems),
                }
            }
            b"IEA" => {
                self.close_transaction(segment, problems);
                self.close_group(segment, problems);
                let acknowledgements = std::mem::take(&mut self.acknowledgements);
                if let Some(open) = self.isa.take() {
                    if open.inner == 0 && says(segment, acknowledgements) {
                        push(problems, counted_as_group(segment).warning());
                    } else {
                        counts(segment, open.inner, "groups in the interchange", problems);
                    }
                    controls(segment, &open, "ISA13", problems);
                }
                Role::InterchangeEnd
            }
            id => self.body(id, segment, problems),
        }
    }

    fn body(&mut self, id: &[u8], segment: &Segment<'_>, problems: &mut Vec<Problem>) -> Role {
        let plain = (2..=3).contains(&id.len()) && id.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !plain {
            push(
                problems,
                Problem::error(
                    ProblemKind::BadSegmentId,
                    segment.place(),
                    shape(id),
                    "a segment id of two or three upper case letters and digits",
                    "look for a delimiter inside data, or for lost bytes, before this place",
                ),
            );
        }
        if self.transaction.is_some() {
            Role::Body
        } else if id == b"TA1" && self.group.is_none() {
            self.acknowledgements = self.acknowledgements.saturating_add(1);
            Role::Acknowledgement
        } else {
            stray(segment, "data segments only inside a transaction (ST..SE)", problems)
        }
    }

    fn whitespace(&mut self, segment: &Segment<'_>, problems: &mut Vec<Problem>) {
        if segment.gap.is_stray() && !self.stray_reported {
            self.stray_reported = true;
            let found = match segment.gap.blank_segments {
                0 => "blanks before the segment".to_owned(),
                n => format!("blank segments before it: {n}"),
            };
            let expected = "a segment right behind the terminator, or behind one line end";
            let problem = Problem::error(
                ProblemKind::StrayWhitespace,
                segment.place(),
                found,
                expected,
                "skipped; said once an interchange",
            );
            push(problems, problem.warning());
        }
        if !segment.terminated && segment.is("IEA") {
            let expected = "the segment terminator behind IEA";
            let problem = Problem::error(
                ProblemKind::Truncated,
                segment.place(),
                "end of the file",
                expected,
                "taken as complete",
            );
            push(problems, problem.warning());
        }
    }

    /// Ends the interchange without IEA: at the end of the file, or where the next ISA begins (`next_isa`).
    pub(crate) fn cut(&mut self, offset: u64, next_isa: bool, problems: &mut Vec<Problem>) {
        let last = self.last.unwrap_or(Place::byte(offset));
        let inside = if self.transaction.is_some() {
            "inside a transaction: SE, GE and IEA are missing"
        } else if self.group.is_some() {
            "inside a group: GE and IEA are missing"
        } else {
            "without IEA"
        };
        let (kind, found) = if next_isa {
            (ProblemKind::MissingTrailer, format!("the next ISA at byte {offset}, {inside}"))
        } else {
            (ProblemKind::Truncated, format!("the end of the file at byte {offset}, {inside}"))
        };
        if self.isa.is_some() {
            push(problems, Problem::error(kind, last, found, "SE, GE and IEA", ASK));
        }
        *self = Checker::default();
    }

    fn close_transaction(&mut self, at: &Segment<'_>, problems: &mut Vec<Problem>) {
        if let Some(open) = self.transaction.take() {
            push(problems, missing(at, &open, "SE"));
        }
    }

    fn close_group(&mut self, at: &Segment<'_>, problems: &mut Vec<Problem>) {
        if let Some(open) = self.group.take() {
            push(problems, missing(at, &open, "GE"));
        }
    }
}

fn open(segment: &Segment<'_>, control: usize) -> Open {
    Open { control: segment.element(control).trimmed().to_vec(), place: segment.place(), inner: 0 }
}

fn count_inner(open: &mut Option<Open>) {
    if let Some(open) = open {
        open.inner = open.inner.saturating_add(1);
    }
}

fn missing(at: &Segment<'_>, open: &Open, trailer: &'static str) -> Problem {
    let found = format!("{} where {trailer} is due for {}", at.segment_id(), open.place);
    Problem::error(ProblemKind::MissingTrailer, at.place(), found, trailer, ASK)
}

fn out_of_place(segment: &Segment<'_>, expected: &'static str) -> Problem {
    Problem::error(ProblemKind::OutOfPlace, segment.place(), format!("{} here", segment.segment_id()), expected, ASK)
}

fn stray(segment: &Segment<'_>, expected: &'static str, problems: &mut Vec<Problem>) -> Role {
    push(problems, out_of_place(segment, expected));
    Role::Stray
}

/// Whether IEA01 counts the TA1s of an interchange without groups, which some senders do.
fn says(iea: &Segment<'_>, acknowledgements: u32) -> bool {
    acknowledgements > 0 && crate::number::count(iea.element(1).trimmed()) == Some(acknowledgements)
}

fn counted_as_group(iea: &Segment<'_>) -> Problem {
    let found = "the number of TA1 segments";
    let expected = "0: a TA1 stands in no group";
    Problem::error(
        ProblemKind::CountMismatch,
        iea.place().at(1),
        found,
        expected,
        "read all the same: nothing is missing",
    )
}

fn counts(segment: &Segment<'_>, counted: u32, of: &'static str, problems: &mut Vec<Problem>) {
    let element = segment.element(1);
    let found = match crate::number::count(element.trimmed()) {
        Some(said) if said == counted => return,
        Some(said) if said < counted => "a smaller number".to_owned(),
        Some(_) => "a greater number".to_owned(),
        None => shape(element.bytes),
    };
    let expected = format!("{counted}, the number of {of} counted");
    let remedy = "compare with the sender: segments were lost, added or miscounted";
    push(problems, Problem::error(ProblemKind::CountMismatch, segment.place().at(1), found, expected, remedy));
}

fn controls(segment: &Segment<'_>, open: &Open, header: &'static str, problems: &mut Vec<Problem>) {
    let element = segment.element(2);
    let said = element.trimmed();
    if said == open.control {
        return;
    }
    let bare = |number: &[u8]| number.iter().position(|&b| b != b'0').map_or(number.len(), |n| n);
    let same_number = !said.is_empty() && said.get(bare(said)..) == open.control.get(bare(&open.control)..);
    let problem = Problem::error(
        ProblemKind::ControlNumberMismatch,
        segment.place().at(2),
        if same_number { "the same number with other leading zeros".to_owned() } else { "another number".to_owned() },
        format!("the control number of {header} (byte {})", open.place.offset),
        "check with the sender that header and trailer are of the same file",
    );
    push(problems, if same_number { problem.warning() } else { problem });
}
