//! HL7 v2 messages, by the codec's splitter. Envelopes and their counts are checked there.

use std::collections::VecDeque;

use claimhost_hl7v2::{FrameFault, FrameKind, FrameSplitter};

use super::{Cutter, Frame, FramingProblem, Gap, GapKind, Item};

pub(super) struct Hl7v2 {
    format: String,
    splitter: FrameSplitter,
    ordinal: u32,
}

impl Hl7v2 {
    pub(super) fn new(format: &str) -> Self {
        Self { format: format.to_owned(), splitter: FrameSplitter::default(), ordinal: 0 }
    }

    fn drain(&mut self, out: &mut VecDeque<Item>) {
        while let Some(piece) = self.splitter.next_frame() {
            let range = (piece.offset, piece.offset + piece.length);
            let too_long = matches!(piece.fault, Some(FrameFault::TooLong { .. }));
            match piece.kind {
                _ if too_long => {}
                FrameKind::Message => {
                    out.push_back(Item::Frame(Frame {
                        ordinal: self.ordinal,
                        ranges: vec![range],
                        format: self.format.clone(),
                        content: piece.bytes.to_vec(),
                        related: Vec::new(),
                    }));
                }
                FrameKind::Envelope(_) => out.push_back(Item::Gap(Gap { range, kind: GapKind::Envelope })),
                FrameKind::Filler => out.push_back(Item::Gap(Gap { range, kind: GapKind::Filler })),
                FrameKind::Stray => out.push_back(Item::Problem(FramingProblem::new(
                    "hl7.stray-lines",
                    range,
                    format!("{} bytes outside of any message", piece.length),
                    "MSH at the start of a line",
                    "look at these bytes: they may be a message that lost its header",
                ))),
                FrameKind::End => {}
            }
            if piece.kind == FrameKind::Message {
                self.ordinal = self.ordinal.saturating_add(1);
            }
            if let Some(fault) = piece.fault {
                // Of an envelope the bytes are in the gap: the problem only points there.
                let range = if too_long { range } else { (range.0, range.0) };
                out.push_back(Item::Problem(problem(fault, range)));
            }
        }
    }
}

fn problem(fault: FrameFault, range: (u64, u64)) -> FramingProblem {
    let again = "ask the sender to send the file again";
    match fault {
        FrameFault::CountMismatch { declared, counted } => FramingProblem::new(
            "hl7.count",
            range,
            format!("{counted} messages or batches"),
            &format!("{declared}, as the trailer says"),
            again,
        ),
        FrameFault::CountNotANumber => FramingProblem::new(
            "hl7.count",
            range,
            "no number in the trailer",
            "a count in BTS-1 or FTS-1",
            "correct the sender",
        ),
        FrameFault::MissingTrailer(trailer) => {
            FramingProblem::new("hl7.truncated", range, "no trailer", &format!("{trailer} after its header"), again)
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
        self.splitter.finish();
        self.drain(out);
    }
}
