//! HL7 v2.x ER7 codec: bytes of a feed in, located values out, nothing copied on the way.
//!
//! A tour: [`frames`] (or [`FrameSplitter`], for a stream) cuts a file into messages. [`Message::parse`] finds
//! the segments of one message and nothing else. A [`Path`] such as `FT1-25.1|FT1-7.1` is compiled once and
//! finds a [`Value`] in each message; the value knows its [`Location`], so that every error names the place
//! and the [`shape`] of what was there, never its text. [`MessageBuilder`] writes messages, [`ack`] replies.
//!
//! Not here: what a segment means for a claim (the EHR adapters), sockets and MLLP sessions (the host).
//! No input, however broken, makes this crate panic.
//!
//! ```
//! use claimhost_hl7v2::{Message, Path};
//! let bytes = b"MSH|^~\\&|EHR|CLINIC|||20260105||DFT^P03|1|P|2.5.1\rFT1|1|||20260105||CG|99213^^C4|||1";
//! let message = Message::parse(bytes)?;
//! let code = Path::parse("FT1-25.1|FT1-7.1")?;
//! assert_eq!(message.get(&code).text(), "99213");
//! let date = Path::parse("FT1-4.1")?;
//! assert_eq!(message.get(&date).date()?.to_string(), "2026-01-05");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod ack;
mod delimiters;
mod ending;
mod escape;
mod frame;
mod group;
mod message;
mod path;
mod primitives;
mod scan;
mod segment;
mod shape;
mod splitter;
mod value;
mod write;

pub use ack::{AckCode, AckError, ack};
pub use delimiters::Delimiters;
pub use ending::{CutSign, OpenSegment, cut_sign, is_terminated, open_segment, stray_tail};
pub use escape::{Charset, escape, unescape};
pub use frame::{Envelope, Frame, FrameFault, FrameKind, Frames, frames};
pub use group::{ChargeScope, Group};
pub use message::{Message, ParseError, ParseFault};
pub use path::{Path, PathError, Place};
pub use primitives::{Date, Precision, Timestamp, ValueError, parse_date, parse_decimal, parse_timestamp};
pub use segment::{Segment, SegmentId};
pub use shape::shape;
pub use splitter::{DEFAULT_CEILING_BYTES, FrameSplitter};
pub use value::{Location, Presence, Value};
pub use write::MessageBuilder;
