//! 999 implementation acknowledgement (X231, X231A1), and 997 with AK3/AK4/AK5 read to the same structs.
//!
//! Answers one functional group of ours: the group's code, then each transaction's, with the segments and elements
//! in error. Values the receiver copies back (IK404, CTX01) are patient data: keep them out of logs.

use std::fmt;

use crate::problem::{Place, Problem};
use crate::reading::{Fields, Readings, missing_segment, read_kind};
use crate::segment::Segment;
use crate::transmission::{Transaction, Transmission};

/// Acknowledgement code: IK501 or AK501 of a transaction, AK901 of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AckCode {
    /// `A`
    Accepted,
    /// `E`: accepted, errors noted.
    AcceptedWithErrors,
    /// `P`: only of a group; at least one transaction was rejected.
    PartiallyAccepted,
    /// `R`
    Rejected,
    /// `M`: rejected, message authentication failed.
    RejectedAuthentication,
    /// `W`: rejected, assurance failed.
    RejectedAssurance,
    /// `X`: rejected, content could not be decrypted.
    RejectedDecryption,
    /// None of these; a problem is listed. Treat it as not acknowledged.
    Other(String),
}

impl AckCode {
    fn read(fields: &mut Fields<'_, '_, '_>, n: usize) -> AckCode {
        let text = fields.segment.text(n);
        match text.as_ref() {
            "A" => AckCode::Accepted,
            "E" => AckCode::AcceptedWithErrors,
            "P" => AckCode::PartiallyAccepted,
            "R" => AckCode::Rejected,
            "M" => AckCode::RejectedAuthentication,
            "W" => AckCode::RejectedAssurance,
            "X" => AckCode::RejectedDecryption,
            _ => {
                fields.bad(n, "an acknowledgement code: A, E, M, P, R, W or X");
                AckCode::Other(text.into_owned())
            }
        }
    }

    /// Whether what it answers goes on to the payer (A, E; P for a group, in part).
    pub fn is_accepted(&self) -> bool {
        matches!(self, AckCode::Accepted | AckCode::AcceptedWithErrors | AckCode::PartiallyAccepted)
    }
}

impl fmt::Display for AckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AckCode::Accepted => "A",
            AckCode::AcceptedWithErrors => "E",
            AckCode::PartiallyAccepted => "P",
            AckCode::Rejected => "R",
            AckCode::RejectedAuthentication => "M",
            AckCode::RejectedAssurance => "W",
            AckCode::RejectedDecryption => "X",
            AckCode::Other(_) => "?",
        })
    }
}

/// One 999 or 997.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack999 {
    /// AK101: functional identifier of the group answered, HC for claims.
    pub functional_id: String,
    /// AK102: GS06 of the group answered.
    pub group_control: String,
    /// AK103: GS08 of the group answered; empty in a 997.
    pub version: String,
    /// Loop 2000: transactions answered. A group that is accepted whole may list none.
    pub transactions: Vec<TransactionAck>,
    /// AK901.
    pub code: AckCode,
    /// AK902: transactions the group said to hold.
    pub included: u32,
    /// AK903: transactions received.
    pub received: u32,
    /// AK904: transactions accepted.
    pub accepted: u32,
    /// AK905 to AK909: group error codes.
    pub errors: Vec<String>,
}

/// AK2 to IK5: one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionAck {
    /// AK201: ST01 of the transaction answered.
    pub kind: String,
    /// AK202: ST02 of the transaction answered.
    pub transaction_control: String,
    /// AK203: ST03 of the transaction answered.
    pub implementation: String,
    /// Segments in error.
    pub segment_errors: Vec<SegmentError>,
    /// IK501 or AK501.
    pub code: AckCode,
    /// IK502 to IK506: transaction error codes.
    pub errors: Vec<String>,
    /// Where its AK2 stands.
    pub place: Place,
}

/// IK3 or AK3: a segment in error (loop 2100).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentError {
    /// IK301: id of the segment in error.
    pub segment: String,
    /// IK302: its position in our transaction, ST = 1.
    pub position: u32,
    /// IK303: loop it is in, such as 2010AA.
    pub loop_id: String,
    /// IK304: error code; `8` says that elements follow.
    pub code: String,
    /// CTX behind IK3: business unit (`CLM01:...`) and situational triggers.
    pub contexts: Vec<Context>,
    /// Elements in error.
    pub elements: Vec<ElementError>,
}

/// CTX: where in our claim an error is.
#[derive(Clone, PartialEq, Eq)]
pub struct Context {
    /// CTX01-1: such as `CLM01` or `SITUATIONAL TRIGGER`.
    pub name: String,
    /// CTX01-2: value of that business unit (for `CLM01` our claim id).
    pub value: String,
    /// CTX02: segment id.
    pub segment: String,
    /// CTX03: position of that segment in our transaction.
    pub position: Option<u32>,
    /// CTX04: loop.
    pub loop_id: String,
    /// CTX05-1: element position in the segment.
    pub element: Option<u32>,
    /// CTX05-2: component position.
    pub component: Option<u32>,
}

/// IK4 or AK4: an element in error (loop 2110).
#[derive(Clone, PartialEq, Eq)]
pub struct ElementError {
    /// IK401-1: element position in the segment.
    pub element: u32,
    /// IK401-2: component position.
    pub component: Option<u32>,
    /// IK401-3: which repeat.
    pub repeat: Option<u32>,
    /// IK402: data element number of the dictionary, such as 782.
    pub reference: String,
    /// IK403: error code.
    pub code: String,
    /// IK404: copy of our bad value. Patient data.
    pub value: String,
    /// CTX behind IK4.
    pub contexts: Vec<Context>,
}

/// Reads every 999 and 997 of a file.
pub fn read(bytes: &[u8]) -> Readings<Ack999> {
    let transmission = Transmission::read(bytes);
    crate::reading::require(read_transmission(&transmission), &transmission, "a 999 or 997")
}

/// As [`read`], from an envelope that was read already; a file with none of them is no problem here.
pub fn read_transmission(transmission: &Transmission<'_>) -> Readings<Ack999> {
    read_kind(transmission, &["999", "997"], read_one)
}

fn read_one(transaction: &Transaction<'_>, problems: &mut Vec<Problem>) -> Ack999 {
    let mut ack = Ack999 {
        functional_id: String::new(),
        group_control: String::new(),
        version: String::new(),
        transactions: Vec::new(),
        code: AckCode::Other(String::new()),
        included: 0,
        received: 0,
        accepted: 0,
        errors: Vec::new(),
    };
    let (mut group_seen, mut group_ended) = (false, false);
    let mut open = None; // place of the AK2 whose IK5 has not come
    for segment in transaction.segments() {
        let mut fields = Fields { segment: &segment, problems };
        match segment.id() {
            b"ST" | b"SE" => {}
            b"AK1" if !group_seen => {
                group_seen = true;
                ack.functional_id = segment.string(1);
                ack.group_control = fields.text(2, "GS06 of the group acknowledged");
                ack.version = segment.string(3);
            }
            b"AK2" => {
                unanswered(open.replace(segment.place()), problems);
                ack.transactions.push(transaction_ack(&segment, problems));
            }
            b"IK3" | b"AK3" => match ack.transactions.last_mut() {
                Some(last) if open.is_some() => last.segment_errors.push(segment_error(&mut fields)),
                _ => fields.out_of_place("IK3 behind an AK2"),
            },
            b"IK4" | b"AK4" => match last_segment(&mut ack) {
                Some(last) if open.is_some() => last.elements.push(element_error(&mut fields)),
                _ => fields.out_of_place("IK4 behind an IK3"),
            },
            b"CTX" => match last_segment(&mut ack) {
                Some(last) if open.is_some() => {
                    let contexts = last.elements.last_mut().map_or(&mut last.contexts, |element| &mut element.contexts);
                    contexts.push(context(&segment));
                }
                _ => fields.out_of_place("CTX behind an IK3 or IK4"),
            },
            b"IK5" | b"AK5" => match ack.transactions.last_mut() {
                Some(last) if open.is_some() => {
                    open = None;
                    last.code = AckCode::read(&mut fields, 1);
                    last.errors = codes(&segment, 2..=6);
                }
                _ => fields.out_of_place("IK5 behind an AK2"),
            },
            b"AK9" if !group_ended => {
                group_ended = true;
                ack.code = AckCode::read(&mut fields, 1);
                ack.included = fields.required_count(2);
                ack.received = fields.required_count(3);
                ack.accepted = fields.required_count(4);
                ack.errors = codes(&segment, 5..=9);
            }
            b"AK1" | b"AK9" => fields.out_of_place("one AK1 and one AK9 in a transaction"),
            _ => fields.unknown("AK1, AK2, IK3, CTX, IK4, IK5 or AK9"),
        }
    }
    unanswered(open, problems);
    if !group_seen {
        missing_segment(transaction, "AK1", problems);
    }
    if !group_ended {
        missing_segment(transaction, "AK9", problems);
    }
    ack
}

fn unanswered(open: Option<Place>, problems: &mut Vec<Problem>) {
    use crate::problem::{ProblemKind, push};
    if let Some(place) = open {
        push(
            problems,
            Problem::error(
                ProblemKind::MissingSegment,
                place,
                "AK2 without its IK5",
                "IK5 (AK5 in a 997) with the acknowledgement code",
                "take the transaction as not acknowledged; ask the sender for the file again",
            ),
        );
    }
}

fn last_segment(ack: &mut Ack999) -> Option<&mut SegmentError> {
    ack.transactions.last_mut()?.segment_errors.last_mut()
}

fn codes(segment: &Segment<'_>, elements: std::ops::RangeInclusive<usize>) -> Vec<String> {
    elements.map(|n| segment.string(n)).filter(|code| !code.is_empty()).collect()
}

fn transaction_ack(ak2: &Segment<'_>, problems: &mut Vec<Problem>) -> TransactionAck {
    let mut fields = Fields { segment: ak2, problems };
    TransactionAck {
        kind: ak2.string(1),
        transaction_control: fields.text(2, "ST02 of the transaction acknowledged"),
        implementation: ak2.string(3),
        segment_errors: Vec::new(),
        code: AckCode::Other(String::new()),
        errors: Vec::new(),
        place: ak2.place(),
    }
}

fn segment_error(fields: &mut Fields<'_, '_, '_>) -> SegmentError {
    SegmentError {
        segment: fields.segment.string(1),
        position: fields.required_count(2),
        loop_id: fields.segment.string(3),
        code: fields.segment.string(4),
        contexts: Vec::new(),
        elements: Vec::new(),
    }
}

fn element_error(fields: &mut Fields<'_, '_, '_>) -> ElementError {
    let part = |m| crate::number::count(fields.segment.component(1, m).trimmed());
    let (element, component, repeat) = (part(1), part(2), part(3));
    if element.is_none() {
        fields.bad(1, "the position of the element in error");
    }
    let segment = fields.segment;
    ElementError {
        element: element.unwrap_or(0),
        component,
        repeat,
        reference: segment.string(2),
        code: segment.string(3),
        value: segment.string(4),
        contexts: Vec::new(),
    }
}

fn context(ctx: &Segment<'_>) -> Context {
    Context {
        name: ctx.component(1, 1).text().into_owned(),
        value: ctx.component(1, 2).text().into_owned(),
        segment: ctx.string(2),
        position: crate::number::count(ctx.element(3).trimmed()),
        loop_id: ctx.string(4),
        element: crate::number::count(ctx.component(5, 1).trimmed()),
        component: crate::number::count(ctx.component(5, 2).trimmed()),
    }
}
