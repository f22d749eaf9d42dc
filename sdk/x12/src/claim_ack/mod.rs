//! 277CA, the claim acknowledgement (X214): which claims a clearinghouse or payer took, and why not.
//!
//! The HL tree becomes source (2000A) > receivers (2000B) > billing providers (2000C) > claims (2000D) > lines (2220D).
//! A rejection may stand at ANY level and then covers everything below it: a status above the claim is repeated nowhere,
//! so [`ClaimAck::claims`] gives each claim with the statuses of its parents. The walk over segments is `read.rs`.

mod read;

use crate::number::Date;
use crate::problem::Place;
use crate::reading::{Party, Procedure, Readings, Reference, reference};
use crate::transmission::Transmission;

/// Who acknowledges, from NM101 of loop 2100A: how far on its way a claim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckStage {
    /// `AY`: clearinghouse.
    Clearinghouse,
    /// `PR`: payer.
    Payer,
    /// Neither, or there is no 2100A; a problem is listed.
    Unknown,
}

/// STC03: what became of the claim (or of all below).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StcAction {
    /// `WQ`: accepted.
    Accepted,
    /// `U`: rejected.
    Rejected,
    /// Empty, as at line level.
    None,
    /// Another code; a problem is listed.
    Other(String),
}

/// One composite of STC01, STC10 or STC11 (C043).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCode {
    /// Component 1: claim status category, such as A2 or A7.
    pub category: String,
    /// Component 2: claim status.
    pub status: String,
    /// Component 3: entity the status is about, such as 85.
    pub entity: String,
}

/// STC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// STC01, and STC10 and STC11 where sent.
    pub codes: Vec<StatusCode>,
    /// STC02: effective date.
    pub date: Option<Date>,
    /// STC03.
    pub action: StcAction,
    /// STC04: amount of the claim(s) it is about, cents.
    pub amount_cents: Option<i64>,
    /// STC12: free text.
    pub message: String,
    /// Where it stands.
    pub place: Place,
}

impl Status {
    /// Whether it refuses: action U, or a category that does (A3, A4, A6, A7, A8) whatever the action says.
    /// Real files send WQ beside A7; taking that for accepted would lose the claim.
    pub fn is_rejection(&self) -> bool {
        self.action == StcAction::Rejected
            || self.codes.iter().any(|c| matches!(c.category.as_str(), "A3" | "A4" | "A6" | "A7" | "A8"))
    }
}

/// One 277CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimAck {
    /// BHT03: the sender's id of this transaction. (Some echo the BHT03 of our 837.)
    pub reference: String,
    /// BHT04: creation date.
    pub created: Option<Date>,
    /// From NM101 of 2100A.
    pub stage: AckStage,
    /// 2100A: who acknowledges.
    pub source: Option<Party>,
    /// 2200A TRN02: the source's own trace number.
    pub source_trace: String,
    /// 2200A DTP 050: when our file was received.
    pub received: Option<Date>,
    /// 2200A DTP 009: when it was processed.
    pub processed: Option<Date>,
    /// 2000B.
    pub receivers: Vec<Receiver>,
}

/// 2000B: us or our submitter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receiver {
    /// 2100B NM1*41.
    pub party: Option<Party>,
    /// 2200B TRN02: BHT03 of our 837.
    pub trace: String,
    /// 2200B STC.
    pub statuses: Vec<Status>,
    /// 2200B QTY and AMT.
    pub totals: Totals,
    /// 2000C.
    pub providers: Vec<Provider>,
}

/// 2000C: billing provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// 2100C NM1*85.
    pub party: Option<Party>,
    /// 2200C TRN02.
    pub trace: String,
    /// 2200C STC.
    pub statuses: Vec<Status>,
    /// 2200C REF.
    pub references: Vec<Reference>,
    /// 2200C QTY and AMT.
    pub totals: Totals,
    /// 2000D.
    pub claims: Vec<ClaimStatus>,
}

/// QTY 90/AA (QA/QC in 2200C) and AMT YU/YY: accepted and rejected claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// QTY*90 or QTY*QA: claims accepted, as sent.
    pub accepted_count: Option<u32>,
    /// QTY*AA or QTY*QC: claims rejected, as sent.
    pub rejected_count: Option<u32>,
    /// AMT*YU: amount accepted, cents.
    pub accepted_cents: Option<i64>,
    /// AMT*YY: amount rejected, cents.
    pub rejected_cents: Option<i64>,
}

/// 2000D: one claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimStatus {
    /// 2100D NM1*QC.
    pub patient: Option<Party>,
    /// 2200D TRN02: our CLM01.
    pub claim_id: String,
    /// 2200D STC, all of them.
    pub statuses: Vec<Status>,
    /// 2200D REF: 1K payer claim control number, D9 clearinghouse trace, BLT bill type, EJ patient account.
    pub references: Vec<Reference>,
    /// 2200D DTP 472: first and last service date.
    pub service: Option<(Date, Date)>,
    /// 2220D.
    pub lines: Vec<LineStatus>,
    /// Where its HL stands.
    pub place: Option<Place>,
}

impl ClaimStatus {
    /// REF 1K: the payer's claim control number.
    pub fn payer_claim_control(&self) -> Option<&str> {
        reference(&self.references, "1K")
    }
    /// REF D9: the clearinghouse's number of the claim.
    pub fn clearinghouse_trace(&self) -> Option<&str> {
        reference(&self.references, "D9")
    }
    /// REF EJ: patient account number.
    pub fn patient_account(&self) -> Option<&str> {
        reference(&self.references, "EJ")
    }
}

/// 2220D: one service line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineStatus {
    /// SVC01.
    pub procedure: Procedure,
    /// SVC02, cents.
    pub charge_cents: i64,
    /// SVC04.
    pub revenue_code: String,
    /// SVC07, thousandths.
    pub units_thousandths: Option<i64>,
    /// STC of the line.
    pub statuses: Vec<Status>,
    /// REF: FJ line item control number (REF 6R of our 837).
    pub references: Vec<Reference>,
    /// DTP 472.
    pub service: Option<(Date, Date)>,
    /// Where its SVC stands.
    pub place: Place,
}

impl LineStatus {
    /// REF FJ: our line item control number.
    pub fn line_control(&self) -> Option<&str> {
        reference(&self.references, "FJ")
    }
}

/// A claim with what stands above it.
#[derive(Debug, Clone, Copy)]
pub struct ClaimInAck<'a> {
    /// 2000B it is under.
    pub receiver: &'a Receiver,
    /// 2000C it is under.
    pub provider: &'a Provider,
    /// The claim.
    pub claim: &'a ClaimStatus,
}

impl ClaimAck {
    /// All claims, each with its receiver and provider.
    pub fn claims(&self) -> impl Iterator<Item = ClaimInAck<'_>> {
        self.receivers.iter().flat_map(|receiver| {
            receiver.providers.iter().flat_map(move |provider| {
                provider.claims.iter().map(move |claim| ClaimInAck { receiver, provider, claim })
            })
        })
    }

    /// Receivers or providers that are rejected without any claim listed below: all that was sent under them is refused.
    /// Each with its trace (2200B: BHT03 of our 837) and statuses.
    pub fn rejected_wholesale(&self) -> impl Iterator<Item = (&str, &[Status])> {
        let of_receiver =
            self.receivers.iter().filter(|r| r.providers.is_empty()).map(|r| (r.trace.as_str(), &r.statuses[..]));
        let of_provider = self
            .receivers
            .iter()
            .flat_map(|r| &r.providers)
            .filter(|p| p.claims.is_empty())
            .map(|p| (p.trace.as_str(), &p.statuses[..]));
        of_receiver.chain(of_provider).filter(|(_, statuses)| statuses.iter().any(Status::is_rejection))
    }
}

/// Reads every 277CA of a file. A 277 of another implementation (X212) is read as far as it goes, with an error.
pub fn read(bytes: &[u8]) -> Readings<ClaimAck> {
    let transmission = Transmission::read(bytes);
    crate::reading::require(read_transmission(&transmission), &transmission, "a 277CA (277 of 005010X214)")
}

/// As [`read`], from an envelope that was read already; a file with none of them is no problem here.
pub fn read_transmission(transmission: &Transmission<'_>) -> Readings<ClaimAck> {
    read::read_transmission(transmission)
}
