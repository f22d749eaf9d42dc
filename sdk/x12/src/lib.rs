//! X12 for claims: read what a clearinghouse or payer sends, frame and write what we send.
//!
//! Shared by the host and by plugins (it builds for wasm32-wasip2, depends on nothing and does no I/O). No input makes
//! it panic; what is wrong comes back as located [`Problem`]s that never hold a value of the file.
//!
//! From the bottom up:
//! - [`Delimiters`], [`Segments`], [`Segment`]: borrowed bytes, split when asked.
//! - [`Transmission`]: ISA, GS, ST with ranges, counts and control numbers checked; survives damage.
//! - [`ClaimFrames`] and [`ClaimFrameStream`]: an 837 cut into one frame per claim, in memory or in chunks.
//! - [`ta1`], [`ack999`], [`claim_ack`], [`remittance`]: the answers, as structs.
//! - [`SegmentWriter`] and [`Envelope`]: writing, with counts filled in and delimiters in data refused.
//! - [`cents`], [`format_cents`], [`Date`]: exact numbers and dates.
//!
//! ```
//! let file = b"ISA*00*          *00*          *ZZ*PAYER          *ZZ*US             *260102*0304*^*00501*000000007*0*T*:~\
//! GS*HP*PAYER*US*20260102*0304*7*X*005010X221A1~ST*835*0001~BPR*I*80*C*CHK************20260102~TRN*1*555*1999999999~\
//! N1*PR*EXAMPLE HEALTH~N1*PE*EXAMPLE CLINIC*XX*1234567893~LX*1~CLP*C1*1*100*80**12*ICN1~CAS*CO*45*20~\
//! SE*9*0001~GE*1*7~IEA*1*000000007~";
//! let readings = claimhost_x12::remittance::read(file);
//! let remittance = &readings.transactions[0];
//! assert!(remittance.is_clean());
//! assert_eq!(remittance.value.claims[0].adjustments[0].amount_cents, 2_000);
//! assert!(remittance.value.out_of_balance().is_empty());
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod ack999;
pub mod claim_ack;
pub mod eligibility;
pub mod remittance;
pub mod ta1;

mod check;
mod debug;
mod delimiters;
mod envelope;
mod frames;
mod frames_split;
mod frames_stream;
mod number;
mod problem;
mod reading;
mod scan;
mod segment;
mod transmission;
mod walk;
mod writer;

pub use delimiters::{Delimiters, Detected, ISA_LEN, ISA_LEN_MAX, detect};
pub use envelope::{Envelope, GsFields, IsaFields};
pub use frames::{ClaimFrame, ClaimFrames, FRAME_BYTES_MAX};
pub use frames_stream::{ClaimFrameStream, StreamedFrame};
pub use number::{Date, cents, count, format_cents, format_thousandths, thousandths};
pub use problem::{PROBLEMS_MAX, Place, Problem, ProblemKind, SegmentId, Severity, shape};
pub use reading::{Origin, Parsed, Party, Procedure, Readings, Reference};
pub use scan::Gap;
pub use segment::{Element, Elements, Segment, Segments, decode};
pub use transmission::{Group, Interchange, Transaction, Transmission};
pub use writer::{Refusal, SegmentBuilder, SegmentWriter, WriteError, check_text, fold_accents};
