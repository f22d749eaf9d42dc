//! The bytes of one connection, cut into blocks and into what is none. The cuts do not depend on how the bytes arrive.
//!
//! A block is `<VT> content <FS><CR>`. It is complete at its FS: a sender that leaves the CR out is told of in a fault, and
//! served. Line ends between blocks are nobody's fault: many senders write one. All other bytes outside of blocks, and blocks
//! without an end, are faults with their bytes, so that none is lost silently.

use super::{CARRIAGE_RETURN, END_BLOCK, START_BLOCK};

/// Bytes of a fault that are kept: enough to see what it was.
pub const KEPT_BYTES_MAX: usize = 64 * 1024;

/// What a connection brought.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// The content of a whole block.
    Block(Vec<u8>),
    /// Something else.
    Fault(Fault),
}

impl std::fmt::Debug for Piece {
    /// Prints sizes: the bytes are a patient's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Block(content) => write!(f, "block of {} bytes", content.len()),
            Self::Fault(fault) => write!(f, "{}, {} bytes", fault.kind.as_str(), fault.length),
        }
    }
}

/// Bytes that are no block.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The bytes, without those of the framing; the first [`KEPT_BYTES_MAX`] of them.
    pub bytes: Vec<u8>,
    /// How many there were.
    pub length: u64,
}

/// What can be wrong with the framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// Bytes before a start block, or before the end of the connection.
    OutsideBlock,
    /// An end block without a start block before it.
    NoStartBlock,
    /// A start block inside of a block: the end of the first one never came.
    NestedStart,
    /// A block of more bytes than are taken.
    TooLong,
    /// The connection ended inside of a block.
    CutOff,
    /// No carriage return behind an end block. The block itself was taken.
    NoCarriageReturn,
}

impl FaultKind {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::OutsideBlock,
        Self::NoStartBlock,
        Self::NestedStart,
        Self::TooLong,
        Self::CutOff,
        Self::NoCarriageReturn,
    ];

    /// Its name in metrics, and in the ids of problems behind `mllp.`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutsideBlock => "outside-block",
            Self::NoStartBlock => "no-start-block",
            Self::NestedStart => "nested-start-block",
            Self::TooLong => "too-long",
            Self::CutOff => "cut-off",
            Self::NoCarriageReturn => "no-carriage-return",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between blocks.
    Outside,
    /// Behind a start block.
    Inside,
    /// Behind an end block, whose carriage return has not come.
    Ended,
}

/// Cuts one connection.
#[derive(Clone)]
pub struct BlockReader {
    place: Place,
    held: Vec<u8>,
    /// Bytes of the block in hand, or outside of any; more than are held where they are too many.
    length: u64,
    bytes_max: usize,
    /// Start blocks, end blocks, their carriage returns, and line ends between blocks.
    framing_bytes: u64,
}

impl BlockReader {
    /// A reader that takes blocks of at most so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self { place: Place::Outside, held: Vec::new(), length: 0, bytes_max, framing_bytes: 0 }
    }

    /// Whether a block has begun and not ended.
    pub fn is_inside(&self) -> bool {
        self.place == Place::Inside
    }

    /// Bytes so far that belong to no piece: those of the framing.
    pub fn framing_bytes(&self) -> u64 {
        self.framing_bytes
    }

    /// Cuts the next bytes.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Piece>) {
        while let Some(first) = bytes.first() {
            match self.place {
                Place::Ended => {
                    self.place = Place::Outside;
                    if *first == CARRIAGE_RETURN {
                        self.framing_bytes += 1;
                        bytes = bytes.get(1..).unwrap_or_default();
                    } else {
                        out.push(fault(FaultKind::NoCarriageReturn, Vec::new(), 0));
                    }
                }
                Place::Outside if self.length == 0 && matches!(first, b'\r' | b'\n') => {
                    self.framing_bytes += 1;
                    bytes = bytes.get(1..).unwrap_or_default();
                }
                Place::Outside | Place::Inside => bytes = self.until_mark(bytes, out),
            }
        }
    }

    /// The connection has ended.
    pub fn finish(&mut self, out: &mut Vec<Piece>) {
        match self.place {
            Place::Inside => self.fault(FaultKind::CutOff, out),
            Place::Outside if self.length > 0 => self.fault(FaultKind::OutsideBlock, out),
            Place::Ended => out.push(fault(FaultKind::NoCarriageReturn, Vec::new(), 0)),
            Place::Outside => {}
        }
        self.place = Place::Outside;
    }

    /// Takes bytes up to the next mark and acts on it. Gives what is left.
    fn until_mark<'b>(&mut self, bytes: &'b [u8], out: &mut Vec<Piece>) -> &'b [u8] {
        let at = bytes.iter().position(|byte| matches!(*byte, START_BLOCK | END_BLOCK));
        let (content, rest) = bytes.split_at(at.unwrap_or(bytes.len()));
        self.length += content.len() as u64;
        let room = self.bytes_max.saturating_sub(self.held.len());
        self.held.extend_from_slice(content.get(..room.min(content.len())).unwrap_or_default());
        let Some((mark, rest)) = rest.split_first() else { return rest };
        self.framing_bytes += 1;
        let too_long = self.length > self.bytes_max as u64;
        match (self.place, *mark) {
            (Place::Inside, END_BLOCK) if too_long => self.fault(FaultKind::TooLong, out),
            (Place::Inside, END_BLOCK) => {
                self.length = 0;
                out.push(Piece::Block(std::mem::take(&mut self.held)));
            }
            (Place::Inside, _) => self.fault(FaultKind::NestedStart, out),
            (_, END_BLOCK) => self.fault(FaultKind::NoStartBlock, out),
            (_, _) if self.length > 0 => self.fault(FaultKind::OutsideBlock, out),
            (_, _) => {}
        }
        self.place = if *mark == START_BLOCK { Place::Inside } else { Place::Ended };
        rest
    }

    fn fault(&mut self, kind: FaultKind, out: &mut Vec<Piece>) {
        let mut bytes = std::mem::take(&mut self.held);
        bytes.truncate(KEPT_BYTES_MAX);
        bytes.shrink_to_fit();
        out.push(fault(kind, bytes, std::mem::take(&mut self.length)));
    }
}

fn fault(kind: FaultKind, bytes: Vec<u8>, length: u64) -> Piece {
    Piece::Fault(Fault { kind, bytes, length })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::intake::mllp::in_block;

    fn cut(input: &[u8], step: usize, bytes_max: usize) -> (Vec<Piece>, u64) {
        let mut reader = BlockReader::new(bytes_max);
        let mut out = Vec::new();
        input.chunks(step.max(1)).for_each(|chunk| reader.push(chunk, &mut out));
        reader.finish(&mut out);
        assert!(!reader.is_inside());
        (out, reader.framing_bytes())
    }

    fn names(input: &[u8]) -> Vec<String> {
        cut(input, 1, 8).0.iter().map(|piece| format!("{piece:?}")).collect()
    }

    #[test]
    fn tells_what_is_no_block() {
        assert_eq!(names(b"\x0bMSH\x1c\r\r\n\x0bMSH|\x1c\r"), ["block of 3 bytes", "block of 4 bytes"]);
        assert_eq!(
            names(b"\x0bMSH\x1c\x0bM\x1c\r"),
            ["block of 3 bytes", "no-carriage-return, 0 bytes", "block of 1 bytes"]
        );
        assert_eq!(names(b"\x0bMSH\x1c"), ["block of 3 bytes", "no-carriage-return, 0 bytes"]);
        assert_eq!(names(b"MSH\x0bM\x1c\rX"), ["outside-block, 3 bytes", "block of 1 bytes", "outside-block, 1 bytes"]);
        assert_eq!(names(b"MSH\x1c\r\x1c\r"), ["no-start-block, 3 bytes", "no-start-block, 0 bytes"]);
        assert_eq!(names(b"\x0bMSH\x0bM\x1c\r"), ["nested-start-block, 3 bytes", "block of 1 bytes"]);
        assert_eq!(names(b"\x0b123456789\x1c\r\x0b12345678\x1c\r"), ["too-long, 9 bytes", "block of 8 bytes"]);
        assert_eq!(names(b"\x0bMSH"), ["cut-off, 3 bytes"]);
        assert_eq!(names(b"\x0b\x1c\r"), ["block of 0 bytes"]);
        assert!(names(b"\r\n\r\n").is_empty());
    }

    #[test]
    fn keeps_the_beginning_of_what_is_too_long() {
        let input = [&[START_BLOCK][..], &vec![b'A'; 200_000], b"\x1c\r"].concat();
        let (out, _) = cut(&input, 1_000, 150_000);
        let [Piece::Fault(fault)] = out.as_slice() else { panic!("{out:?}") };
        assert_eq!((fault.kind, fault.length, fault.bytes.len()), (FaultKind::TooLong, 200_000, KEPT_BYTES_MAX));
    }

    /// Bytes in which the marks are frequent.
    fn wire() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            3 => Just(START_BLOCK),
            3 => Just(END_BLOCK),
            3 => Just(CARRIAGE_RETURN),
            1 => Just(b'\n'),
            6 => any::<u8>(),
        ];
        prop::collection::vec(byte, 0..200)
    }

    proptest! {
        #[test]
        fn every_byte_is_in_a_piece_or_in_the_framing_however_it_arrives(
            input in wire(), step in 1_usize..20, bytes_max in 1_usize..20,
        ) {
            let (out, framing) = cut(&input, step, bytes_max);
            let pieces: u64 = out.iter().map(|piece| match piece {
                Piece::Block(content) => content.len() as u64,
                Piece::Fault(fault) => fault.length,
            }).sum();
            prop_assert_eq!(pieces + framing, input.len() as u64);
            for piece in &out {
                match piece {
                    Piece::Block(content) => prop_assert!(content.len() <= bytes_max),
                    Piece::Fault(fault) => prop_assert!(fault.bytes.len() as u64 <= fault.length),
                }
            }
            prop_assert!(cut(&input, 1, bytes_max) == (out, framing), "other cuts, byte by byte");
        }

        #[test]
        fn what_is_put_into_blocks_comes_out(contents in prop::collection::vec(prop::collection::vec(0x20_u8..0x7f, 0..50), 0..10)) {
            let input: Vec<u8> = contents.iter().flat_map(|content| in_block(content)).collect();
            let (out, framing) = cut(&input, 7, 50);
            prop_assert_eq!(framing, 3 * contents.len() as u64);
            prop_assert!(out == contents.into_iter().map(Piece::Block).collect::<Vec<_>>());
        }
    }
}
