//! The professional claim, 837P (005010X222A1): canonical claims to one interchange, with a map back for tracing.
//!
//! `write` renders each claim (`claim.rs`, `line.rs`) and the loops above it (`parents.rs`) apart, groups claims whose
//! parents are equal, and numbers HL and ST. What the guide has no place for is in one table, `refusal.rs`; a value
//! that cannot be written under the delimiters is found by `unwritable.rs`. When to send and under which control
//! numbers is decided by the batch, not here.

mod assemble;
mod claim;
mod codes;
mod emit;
mod line;
mod loops;
mod parents;
mod refusal;
mod refusal_rows;
mod roundtrip;
mod same;
#[cfg(test)]
mod tests;
mod unwritable;

use std::ops::Range;

use crate::claim::{Claim, Contact, Date};

pub use assemble::{Rendered, assemble, render, write};
pub use refusal::{Refusal, Sending, refusals, table};
pub use roundtrip::{Lost, RoundTripError, claim_of, round_trip};
pub use unwritable::{Unwritable, unwritable};

/// ST03 and GS08.
pub const IMPLEMENTATION: &str = "005010X222A1";
/// Most claims of one ST-SE.
pub const CLAIMS_PER_TRANSACTION_MAX: usize = 5_000;

/// An interchange partner: ISA05/06 or ISA07/08, and GS02 or GS03.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// ISA05 or ISA07: `ZZ`, `30`, ...
    pub qualifier: String,
    /// ISA06 or ISA08, at most 15 characters.
    pub id: String,
    /// GS02 or GS03.
    pub application_id: String,
}

/// 1000A.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitter {
    /// NM102: true = 1 (person).
    pub is_person: bool,
    /// NM103, of an organisation the whole name.
    pub name: String,
    /// NM104, of a person.
    pub first: String,
    /// NM109 with 46.
    pub id: String,
    /// PER: one or two.
    pub contacts: Vec<Contact>,
}

/// 1000B.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// NM103.
    pub name: String,
    /// NM109 with 46.
    pub id: String,
}

/// BHT06.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `CH`: claims to be paid.
    Chargeable,
    /// `RP`: encounters reported under capitation.
    Reporting,
}

/// Day and time of creation, in the practice's time zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Created {
    /// ISA09, GS04, BHT04.
    pub day: Date,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// Everything of an interchange that is not a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// ISA05/06, GS02.
    pub sender: Partner,
    /// ISA07/08, GS03.
    pub receiver: Partner,
    /// 1000A.
    pub submitter: Submitter,
    /// 1000B.
    pub receiver_name: Receiver,
    /// ISA15: `T` instead of `P`.
    pub test: bool,
    /// ISA13, at most nine digits.
    pub interchange_control: u32,
    /// GS06.
    pub group_control: u32,
    /// ST02 of the first transaction; the others count on.
    pub first_transaction: u32,
    /// BHT03. A second transaction has `-2` behind it, and so on.
    pub reference: String,
    /// BHT06.
    pub purpose: Purpose,
    /// ISA09/10, GS04/05, BHT04/05.
    pub created: Created,
}

/// An interchange, and where each claim of it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// ISA to IEA, without line ends.
    pub bytes: Vec<u8>,
    /// One for each claim, in the order given.
    pub claims: Vec<WrittenClaim>,
}

/// Where a claim stands. Positions count segments in its transaction, ST = 1, as a 999 does (IK302).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenClaim {
    /// ST02.
    pub transaction: String,
    /// HL01 of the loop its CLM stands in: 2000B or 2000C.
    pub hierarchy: u32,
    /// Position of its CLM.
    pub clm_position: u32,
    /// Positions of its segments, CLM to the last of its lines.
    pub positions: Range<u32>,
    /// Positions of its parents: 2000A, 2000B and, of a dependent, 2000C. Shared with other claims.
    pub parents: Vec<Range<u32>>,
    /// Bytes of CLM to the last segment of its lines.
    pub bytes: Range<u64>,
    /// Its lines, in order.
    pub lines: Vec<WrittenLine>,
}

/// Where a service line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenLine {
    /// LX01.
    pub number: u32,
    /// Positions of its segments, LX first.
    pub positions: Range<u32>,
    /// Bytes of its segments.
    pub bytes: Range<u64>,
}

/// Why nothing was written. `claim` is a position in the list given, from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A value holds a delimiter, a control character or a letter outside ASCII.
    #[error("claim {claim}, {}: found {}, expected characters X12 can carry; change it at its source", .unwritable.at, .unwritable.found)]
    Unwritable {
        /// Which claim.
        claim: usize,
        /// The field and what is in it.
        unwritable: Unwritable,
    },
    /// The guide leaves no place for something the claim cannot go without.
    #[error("claim {claim}, {}: {}", .refusal.at, .refusal.reason)]
    Blocked {
        /// Which claim.
        claim: usize,
        /// The row of the table.
        refusal: Refusal,
    },
    /// An element that the guide requires is empty.
    #[error("claim {claim}, {field}: found nothing, expected a value; complete the practice profile or the visit")]
    Missing {
        /// Which claim.
        claim: usize,
        /// Contract path.
        field: &'static str,
    },
    /// An element of a claim cannot be written, and no field was found at fault.
    #[error("claim {claim}: {place}")]
    Element {
        /// Which claim.
        claim: usize,
        /// Segment and element.
        place: String,
    },
    /// A field of the envelope cannot be written.
    #[error("envelope: {0}")]
    Envelope(String),
    /// No claim was given.
    #[error("found no claims, expected one or more; nothing was written")]
    Empty,
}
