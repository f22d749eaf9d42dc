//! MLLP without sockets: bytes of a connection to blocks ([`blocks`]), a block's header to a verdict ([`header`]), a verdict
//! to the acknowledgements that the sender asked for ([`reply`]).
//!
//! Nothing here waits, reads a clock or knows a store: `lifecycle/receive.rs` commits, `service/mllp.rs` owns the sockets. HL7
//! v2.5.1 chapter 2 (2.9: the two modes), and "Transport Specification: MLLP, Release 1" for the block.

pub mod blocks;
pub mod header;
pub mod reply;

pub use blocks::{BlockReader, Fault, FaultKind, Piece};
pub use header::{Refusal, Rules, Verdict, judge};
pub use reply::{Outcome, Stamp, replies};

/// Begins a block.
pub const START_BLOCK: u8 = 0x0b;
/// Ends a block, before [`CARRIAGE_RETURN`].
pub const END_BLOCK: u8 = 0x1c;
/// The last byte of a block.
pub const CARRIAGE_RETURN: u8 = 0x0d;

/// A message in its block.
pub fn in_block(content: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(content.len() + 3);
    block.push(START_BLOCK);
    block.extend_from_slice(content);
    block.extend_from_slice(&[END_BLOCK, CARRIAGE_RETURN]);
    block
}
