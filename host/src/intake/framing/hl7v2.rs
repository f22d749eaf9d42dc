//! HL7 v2 messages, by the codec's splitter. Envelopes and their counts are checked there.
//!
//! A message that the end of the file cuts off is refused by name: half a segment may hold half an amount. What is a sign of
//! that: `claimhost_hl7v2::cut_sign`. A last segment without a terminator alone is none; whether it is whole, only other
//! files of its source tell ([`Frame::open_end`]).

use std::collections::VecDeque;

use claimhost_hl7v2::{FrameFault, FrameKind, FrameSplitter, cut_sign, is_terminated, open_segment, stray_tail};

use super::{ByteRange, Cutter, Frame, FramingProblem, Gap, GapKind, Item, OpenEnd, may_go_on};

/// Longest message that is remembered to compare the last one with.
const COMPARED_BYTES_MAX: usize = 64 * 1024;
/// Begins a message sent by MLLP, and ends it.
const START_BLOCK: u8 = 0x0b;
const END_BLOCK: u8 = 0x1c;
const AGAIN: &str = "ask the sender to send the file again";

pub(super) struct Hl7v2 {
    format: String,
    splitter: FrameSplitter,
    ordinal: u32,
    /// The message before the one in hand.
    before: Vec<u8>,
    /// MLLP's start block stands behind the last end block. Alone it holds nothing that could be lost.
    block_begun: bool,
    /// A message begins with MLLP's start block and its end block has not come.
    block_open: bool,
    /// Bytes that were cut.
    length: u64,
    at_end: bool,
    /// A message without a terminator that may be the last: what comes after it decides.
    last: Option<(ByteRange, Vec<u8>)>,
}

impl Hl7v2 {
    pub(super) fn new(format: &str) -> Self {
        Self {
            format: format.to_owned(),
            splitter: FrameSplitter::default(),
            ordinal: 0,
            before: Vec::new(),
            block_begun: false,
            block_open: false,
            length: 0,
            at_end: false,
            last: None,
        }
    }

    fn drain(&mut self, out: &mut VecDeque<Item>) {
        while let Some(piece) = self.splitter.next_frame() {
            let range = (piece.offset, piece.offset + piece.length);
            let (kind, fault, bytes) = (piece.kind, piece.fault, piece.bytes.to_vec());
            self.length = range.1;
            let too_long = matches!(fault, Some(FrameFault::TooLong { .. }));
            if kind != FrameKind::End {
                // Something follows: the message before was no last one.
                self.emit_last(out);
            }
            self.block_open |= self.block_begun && kind == FrameKind::Message;
            match kind {
                _ if too_long => self.ordinal = self.ordinal.saturating_add(u32::from(kind == FrameKind::Message)),
                FrameKind::Message if self.at_end && !is_terminated(&bytes) => self.last = Some((range, bytes)),
                FrameKind::Message => self.message(range, bytes, None, out),
                FrameKind::Envelope(_) => out.push_back(Item::Gap(Gap { range, kind: GapKind::Envelope })),
                FrameKind::Filler => {
                    let block = bytes.iter().rev().find(|byte| matches!(**byte, START_BLOCK | END_BLOCK));
                    self.block_begun = block.map_or(self.block_begun, |byte| *byte == START_BLOCK);
                    self.block_open &= self.block_begun;
                    out.push_back(Item::Gap(Gap { range, kind: GapKind::Filler }));
                }
                FrameKind::Stray => out.push_back(stray(range)),
                FrameKind::End => self.decide_last(fault, out),
            }
            if let Some(fault) = fault {
                // Of an envelope the bytes are in the gap: the problem only points there.
                let range = if too_long { range } else { (range.0, range.0) };
                out.push_back(Item::Problem(problem(fault, range)));
            }
        }
    }

    /// A message, and the lines behind its last segment that are none of its.
    fn message(
        &mut self,
        range: ByteRange,
        mut content: Vec<u8>,
        open_end: Option<Box<OpenEnd>>,
        out: &mut VecDeque<Item>,
    ) {
        let tail = content.split_off(stray_tail(&content));
        let end = range.1 - tail.len() as u64;
        self.before.clear();
        if content.len() <= COMPARED_BYTES_MAX {
            self.before.extend_from_slice(&content);
        }
        let (ordinal, format, ranges) = (self.ordinal, self.format.clone(), vec![(range.0, end)]);
        out.push_back(Item::Frame(Frame { ordinal, ranges, format, content, related: Vec::new(), open_end }));
        self.ordinal = self.ordinal.saturating_add(1);
        if !tail.is_empty() {
            out.push_back(stray((end, range.1)));
        }
    }

    fn emit_last(&mut self, out: &mut VecDeque<Item>) {
        if let Some((range, content)) = self.last.take() {
            self.message(range, content, None, out);
        }
    }

    /// The file has ended with this message, with no terminator: refuses it where something says that it is cut off.
    fn decide_last(&mut self, fault: Option<FrameFault>, out: &mut VecDeque<Item>) {
        let Some((range, content)) = self.last.take() else { return };
        let sign = cut_sign(&content, &self.before).map(|sign| sign.to_string());
        let open = match fault {
            Some(FrameFault::MissingTrailer(trailer)) => Some(trailer.to_string()),
            _ => self.block_open.then(|| "the end block of MLLP".to_owned()),
        };
        let sign = sign.or_else(|| Some(format!("a last segment without an end, and no {} behind it", open?)));
        let Some(found) = sign else {
            let open_end = open_segment(&content).map(|open| {
                let last = content.rsplit(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.').next();
                let may_go_on = open.ends_in_amounts() && last.is_some_and(may_go_on);
                Box::new(OpenEnd { problem: cut_off(range, open.to_string()), may_go_on })
            });
            return self.message(range, content, open_end, out);
        };
        self.ordinal = self.ordinal.saturating_add(1);
        out.push_back(Item::Problem(cut_off(range, found)));
    }
}

fn cut_off(range: ByteRange, found: String) -> FramingProblem {
    let expected = "a whole segment at the end of the file, and its line end";
    let remedy =
        "the transfer may be cut off: ask the sender to send the file again; the messages before it were taken";
    FramingProblem::new("hl7.cut-off", range, found, expected, remedy)
}

fn stray(range: ByteRange) -> Item {
    Item::Problem(FramingProblem::new(
        "hl7.stray-lines",
        range,
        format!("{} bytes outside of any message", range.1 - range.0),
        "MSH at the start of a line",
        "look at these bytes: they may be a message that lost its header",
    ))
}

fn problem(fault: FrameFault, range: ByteRange) -> FramingProblem {
    match fault {
        FrameFault::CountMismatch { declared, counted } => FramingProblem::new(
            "hl7.count",
            range,
            format!("{counted} messages or batches"),
            &format!("{declared}, as the trailer says"),
            AGAIN,
        ),
        FrameFault::CountNotANumber => FramingProblem::new(
            "hl7.count",
            range,
            "no number in the trailer",
            "a count in BTS-1 or FTS-1",
            "correct the sender",
        ),
        FrameFault::MissingTrailer(trailer) => {
            FramingProblem::new("hl7.truncated", range, "no trailer", &format!("{trailer} after its header"), AGAIN)
        }
        FrameFault::TooLong { ceiling } => FramingProblem::new(
            "hl7.too-long",
            range,
            "a message without an end",
            &format!("at most {ceiling} bytes"),
            "check that each message begins with MSH on a line of its own",
        ),
    }
}

impl Cutter for Hl7v2 {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        self.splitter.push(chunk);
        self.drain(out);
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        self.at_end = true;
        self.splitter.finish();
        self.drain(out);
        if self.last.is_some() {
            self.decide_last(None, out);
        } else if self.block_open {
            let at = (self.length, self.length);
            let found = "the end of the file";
            out.push_back(Item::Problem(FramingProblem::new(
                "hl7.truncated",
                at,
                found,
                "the end block of MLLP",
                AGAIN,
            )));
        }
    }
}
