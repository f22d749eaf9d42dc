//! 835, the remittance advice (X221A1): what a payer paid, adjusted and why, to the cent.
//!
//! Open this file for the structs; `read.rs` is the walk over the segments, `balance.rs` the sums the guide demands.
//! Amounts are cents with the sign as sent: a positive CAS amount lowers the payment, a positive PLB amount too.
//! Bank accounts (BPR06 to BPR15) are not kept. Names and ids are patient data: keep them out of logs.

mod balance;
mod read;

use std::fmt;
use std::ops::Range;

use crate::number::Date;
use crate::problem::Place;
use crate::reading::{Party, Procedure, Readings, Reference, reference};
use crate::transmission::Transmission;

/// One 835: one payment, or notice of none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remittance {
    /// BPR.
    pub payment: Payment,
    /// TRN02: check or EFT trace number.
    pub trace: String,
    /// TRN03: originating company id, `1` and the payer's tax id. TRN02 and TRN03 with the payer identify a payment.
    pub originating_company: String,
    /// TRN04: supplemental code.
    pub originating_supplement: String,
    /// REF EV of the header: receiver id.
    pub receiver_id: String,
    /// DTM 405: production date.
    pub produced: Option<Date>,
    /// Loop 1000A.
    pub payer: Organization,
    /// Loop 1000B.
    pub payee: Organization,
    /// Loops 2000, in order: LX with TS3 and TS2.
    pub headers: Vec<HeaderGroup>,
    /// Loops 2100, in order.
    pub claims: Vec<ClaimPayment>,
    /// PLB segments, in order.
    pub provider_adjustments: Vec<ProviderAdjustment>,
}

/// BPR, without the bank accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payment {
    /// BPR01: handling, such as I, H (notification only), C.
    pub handling: String,
    /// BPR02: total payment, cents. 0 when a problem says it could not be read.
    pub amount_cents: i64,
    /// BPR03: `C` credit, `D` debit.
    pub credit_or_debit: String,
    /// BPR04: ACH, CHK, NON, FWT, BOP.
    pub method: String,
    /// BPR05: CCP or CTX.
    pub format: String,
    /// BPR16: payment effective date.
    pub date: Option<Date>,
}

/// N1 loop of payer or payee.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// N102.
    pub name: String,
    /// N103: XX NPI, FI tax id, XV plan id.
    pub id_qualifier: String,
    /// N104.
    pub id: String,
    /// REF: payer 2U, EO, HI, NF; payee TJ, PQ, 0B, D3.
    pub references: Vec<Reference>,
    /// N301 and N302.
    pub address: Vec<String>,
    /// N401 city, N402 state, N403 postal code.
    pub city_state_zip: (String, String, String),
    /// Where its N1 stands; `None` when there is none.
    pub place: Option<Place>,
}

impl Organization {
    /// First REF02 under a REF01.
    pub fn reference(&self, qualifier: &str) -> Option<&str> {
        reference(&self.references, qualifier)
    }
}

/// LX with TS3 and TS2 (loop 2000): provider summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderGroup {
    /// LX01.
    pub number: String,
    /// TS301: provider id.
    pub provider_id: String,
    /// TS302: facility type.
    pub facility_type: String,
    /// TS303: fiscal period end.
    pub fiscal_period: Option<Date>,
    /// TS304: number of claims.
    pub claim_count: Option<u32>,
    /// TS305: total charge, cents.
    pub charge_cents: Option<i64>,
    /// TS306 to TS324: (element number, cents) of those sent.
    pub ts3_amounts: Vec<(u8, i64)>,
    /// TS201 to TS219: (element number, cents) of those sent.
    pub ts2_amounts: Vec<(u8, i64)>,
}

/// CLP to the next CLP (loop 2100).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimPayment {
    /// Where its CLP stands.
    pub place: Option<Place>,
    /// Bytes of the file, CLP to its last segment.
    pub range: Range<u64>,
    /// Index into [`Remittance::headers`]; `None` for a CLP before any LX.
    pub header: Option<usize>,
    /// CLP01: our CLM01.
    pub claim_id: String,
    /// CLP02: 1, 2, 3 processed as primary, secondary, tertiary; 4 denied; 19, 20, 21 forwarded; 22 reversal; 23, 25.
    pub status: String,
    /// CLP03: total charge, cents.
    pub charge_cents: i64,
    /// CLP04: paid, cents.
    pub paid_cents: i64,
    /// CLP05: patient responsibility, cents. Not sent with a reversal.
    pub patient_responsibility_cents: Option<i64>,
    /// CLP06: claim filing indicator, such as MB, 12.
    pub filing_indicator: String,
    /// CLP07: the payer's claim control number.
    pub payer_claim_control: String,
    /// CLP08: facility type.
    pub facility_type: String,
    /// CLP09: frequency.
    pub frequency: String,
    /// CLP11: DRG.
    pub drg: String,
    /// CLP12: DRG weight as sent.
    pub drg_weight: String,
    /// CLP13: discharge fraction as sent.
    pub discharge_fraction: String,
    /// CAS of the claim (not of its lines): one entry per triplet.
    pub adjustments: Vec<Cas>,
    /// NM1: QC patient, IL subscriber, 74 corrected insured, 82 rendering, TT crossover carrier, PR priority payer, GB.
    pub parties: Vec<Party>,
    /// MIA.
    pub inpatient: Option<Adjudication>,
    /// MOA.
    pub outpatient: Option<Adjudication>,
    /// REF: 1L group, CE class of contract, EA, F8 original reference, SY and others.
    pub references: Vec<Reference>,
    /// DTM: (qualifier, date). 232 and 233 statement from and to, 050 received, 036 coverage expired.
    pub dates: Vec<(String, Date)>,
    /// AMT: (qualifier, cents). AU coverage amount, F5 patient paid, I interest.
    pub amounts: Vec<(String, i64)>,
    /// QTY: (qualifier, thousandths).
    pub quantities: Vec<(String, i64)>,
    /// Loops 2110.
    pub lines: Vec<ServicePayment>,
}

impl ClaimPayment {
    /// The party with that NM101.
    pub fn party(&self, entity: &str) -> Option<&Party> {
        self.parties.iter().find(|p| p.entity == entity)
    }
    /// First REF02 under a REF01.
    pub fn reference(&self, qualifier: &str) -> Option<&str> {
        reference(&self.references, qualifier)
    }
    /// First date under a DTM01.
    pub fn date(&self, qualifier: &str) -> Option<Date> {
        self.dates.iter().find(|(q, _)| q == qualifier).map(|(_, d)| *d)
    }
    /// First amount under an AMT01, cents.
    pub fn amount(&self, qualifier: &str) -> Option<i64> {
        self.amounts.iter().find(|(q, _)| q == qualifier).map(|(_, a)| *a)
    }
    /// Whether it takes back an earlier payment (CLP02 = 22).
    pub fn is_reversal(&self) -> bool {
        self.status == "22"
    }
    /// Whether the payer passed it on to the next payer (CLP02 = 19, 20, 21; 23 is forwarded without payment).
    pub fn is_forwarded(&self) -> bool {
        matches!(self.status.as_str(), "19" | "20" | "21" | "23")
    }
}

/// MIA or MOA: what adjudication adds to a claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjudication {
    /// Remark codes: MIA05, MIA20 to MIA23; MOA03 to MOA07.
    pub remark_codes: Vec<String>,
    /// Amounts: (element number, cents).
    pub amounts: Vec<(u8, i64)>,
    /// Counts and rates: (element number, as sent). MIA01, MIA03, MIA15; MOA01.
    pub other: Vec<(u8, String)>,
}

/// SVC to the next SVC (loop 2110).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePayment {
    /// Where its SVC stands.
    pub place: Option<Place>,
    /// Bytes of the file, SVC to its last segment.
    pub range: Range<u64>,
    /// SVC01: procedure as adjudicated.
    pub procedure: Procedure,
    /// SVC02: charge, cents.
    pub charge_cents: i64,
    /// SVC03: paid, cents.
    pub paid_cents: i64,
    /// SVC04: revenue code.
    pub revenue_code: String,
    /// SVC05: units paid, thousandths. The guide reads an absent one as 1.
    pub paid_units_thousandths: Option<i64>,
    /// SVC06: procedure as billed, where the payer changed it.
    pub billed_procedure: Option<Procedure>,
    /// SVC07: units billed, thousandths, where they differ from SVC05.
    pub billed_units_thousandths: Option<i64>,
    /// DTM 472, or 150 and 151: first and last service date.
    pub service: Option<(Date, Date)>,
    /// CAS of the line: one entry per triplet.
    pub adjustments: Vec<Cas>,
    /// REF: 6R line item control number, LU, 1S, rendering provider ids (HPI, 1G, ..), 0K policy form.
    pub references: Vec<Reference>,
    /// AMT: (qualifier, cents). B6 allowed.
    pub amounts: Vec<(String, i64)>,
    /// QTY: (qualifier, thousandths).
    pub quantities: Vec<(String, i64)>,
    /// LQ: (LQ01, LQ02). HE remark code, RX NCPDP.
    pub remark_codes: Vec<(String, String)>,
}

impl ServicePayment {
    /// REF 6R: our line item control number.
    pub fn line_control(&self) -> Option<&str> {
        reference(&self.references, "6R")
    }
    /// AMT B6: allowed, cents.
    pub fn allowed_cents(&self) -> Option<i64> {
        self.amounts.iter().find(|(q, _)| q == "B6").map(|(_, a)| *a)
    }
}

/// CAS01.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupCode {
    /// `CO`: contractual obligation.
    Contractual,
    /// `CR`: correction and reversal (4010 only).
    Correction,
    /// `OA`: other adjustment.
    Other,
    /// `PI`: payer initiated reduction.
    PayerInitiated,
    /// `PR`: patient responsibility.
    PatientResponsibility,
    /// Any other text; a problem is listed.
    Unknown(String),
}

impl GroupCode {
    /// The two letters, or what was sent.
    pub fn as_str(&self) -> &str {
        match self {
            GroupCode::Contractual => "CO",
            GroupCode::Correction => "CR",
            GroupCode::Other => "OA",
            GroupCode::PayerInitiated => "PI",
            GroupCode::PatientResponsibility => "PR",
            GroupCode::Unknown(text) => text,
        }
    }
}

impl fmt::Display for GroupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One adjustment: a triplet of a CAS segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cas {
    /// CAS01.
    pub group: GroupCode,
    /// CAS02, 05, 08, 11, 14, 17: claim adjustment reason code.
    pub reason: String,
    /// CAS03, 06, ..: cents; positive lowers the payment.
    pub amount_cents: i64,
    /// CAS04, 07, ..: units, thousandths.
    pub quantity_thousandths: Option<i64>,
    /// Where it stands, at the element of the amount.
    pub place: Place,
}

/// PLB: payment adjusted outside the claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderAdjustment {
    /// PLB01: provider id.
    pub provider_id: String,
    /// PLB02: end of the fiscal period.
    pub fiscal_period: Option<Date>,
    /// PLB03 to PLB14, in pairs.
    pub entries: Vec<PlbEntry>,
    /// Where it stands.
    pub place: Place,
}

/// One pair of a PLB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlbEntry {
    /// PLB03-1, ..: WO overpayment recovery, FB forwarding balance, L6 interest, CS, 72 and others.
    pub reason: String,
    /// PLB03-2, ..: reference, often the payer's claim control number.
    pub reference: String,
    /// PLB04, ..: cents; positive lowers the payment.
    pub amount_cents: i64,
    /// Where the amount stands.
    pub place: Place,
}

/// Reads every 835 of a file.
pub fn read(bytes: &[u8]) -> Readings<Remittance> {
    let transmission = Transmission::read(bytes);
    crate::reading::require(read_transmission(&transmission), &transmission, "an 835")
}

/// As [`read`], from an envelope that was read already; a file with none of them is no problem here.
pub fn read_transmission(transmission: &Transmission<'_>) -> Readings<Remittance> {
    crate::reading::read_kind(transmission, &["835"], read::read_one)
}
