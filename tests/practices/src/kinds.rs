//! What may happen to a visit: one table of kinds with rate, formats that can express it, meaning and expected end.
//!
//! The table is what `--help` prints, what the builder counts by and what the tests go through.

/// The end of a visit in `answer.ndjson`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All money is with payer, patient or contract; single lines may be denied.
    Posted,
    /// Every line was denied.
    Denied,
    /// The claim never leaves: the scrub holds it.
    Held,
    /// Opened and closed without a charge.
    Missing,
    /// Younger than its bill-hold.
    Open,
}

impl End {
    /// As written in the answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Denied => "denied",
            Self::Held => "held",
            Self::Missing => "missing",
            Self::Open => "open",
        }
    }
}

/// How a practice's system writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// HL7 v2.5.1, standard positions, ADT and DFT.
    Hl7,
    /// HL7 v2.3, FT1 in shifted positions.
    Shifted,
    /// CSV superbill and patient list.
    Csv,
    /// 837P export.
    X12,
}

macro_rules! kinds {
    ($($kind:ident $name:literal $rate:literal $formats:ident $end:ident $what:literal;)*) => {
        /// What is seeded into a visit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant's meaning stands in its row of the table")]
        pub enum Kind { $($kind),* }

        /// Every kind, in the order of `--help`.
        pub const TABLE: &[Row] = &[$(Row { kind: Kind::$kind, name: $name, rate: $rate, formats: $formats, end: End::$end, what: $what }),*];
    };
}

/// One kind.
#[derive(Debug)]
pub struct Row {
    /// The kind.
    pub kind: Kind,
    /// Its name in `answer.ndjson`.
    pub name: &'static str,
    /// Visits of a thousand; at least one in each practice whose format can express it. 0: the rest.
    pub rate: i64,
    /// Formats that can express it.
    pub formats: &'static [Format],
    /// Where such a visit has to end.
    pub end: End,
    /// One line for `--help`.
    pub what: &'static str,
}

const ALL: &[Format] = &[Format::Hl7, Format::Shifted, Format::Csv, Format::X12];
/// Systems that send visits before they are closed, and single corrections.
const EVENTS: &[Format] = &[Format::Hl7, Format::Shifted, Format::Csv];
/// Practices with patients of the Medicare-like payer.
const ADULTS: &[Format] = EVENTS;
const CEDAR: &[Format] = &[Format::Hl7];
/// Practices that operate.
const SURGERY: &[Format] = &[Format::Shifted];
/// The practice whose payers are asked about cover (270).
const ASKED: &[Format] = &[Format::Shifted];
/// Formats whose lines point at diagnoses by position.
const POINTERS: &[Format] = &[Format::Csv, Format::X12];

kinds! {
    Clean "clean" 0 ALL Posted "nothing special; names, ZIP+4 and codes that must not be held by mistake";
    Secondary "secondary" 40 ALL Posted "two coverages: an own secondary claim follows the primary's 835";
    Crossover "crossover" 30 ADULTS Posted "two coverages: the primary forwards (CLP02 19), no own secondary claim";
    CorrectedBefore "corrected-before" 25 EVENTS Posted "a charge is changed before billing";
    CorrectedAfter "corrected-after" 30 ALL Posted "a charge is changed after billing: replacement 7";
    LateCharge "late-charge" 30 ALL Posted "a charge arrives after billing: replacement 7";
    CreditedBefore "credited-before" 20 EVENTS Posted "one of several charges is credited before billing";
    CreditedAfter "credited-after" 20 ALL Posted "one of several charges is credited after billing: replacement 7";
    VoidedAfter "voided-after" 15 ALL Posted "all charges are credited after billing: void 8, every amount zero";
    RepeatedMessage "repeated-message" 30 ALL Posted "the same charges again in a new message or file";
    TwoIdentical "two-identical-services" 20 ALL Posted "the same service twice, the second with modifier 76";
    DeniedLine "denied-line" 40 ALL Posted "one line is denied, the others are paid";
    DeniedClaim "denied-claim" 15 ALL Denied "every line is denied: coverage ended, or services not covered";
    MissingCharges "missing-charges" 20 CEDAR Missing "the visit was opened and closed (ADT A04, A03), charges never came";
    Open "open" 30 EVENTS Open "arrives on day 9 and is not closed";
    NoPatientName "no-patient-name" 9 ALL Held "no name (PID-5; Last, First; NM103, NM104)";
    NoBirthDate "no-birth-date" 9 ALL Held "no date of birth (PID-7; DOB; DMG02)";
    NoAddress "no-address" 9 ALL Held "no address (PID-11; Address 1 to Zip; N3, N4)";
    NoMemberId "no-member-id" 9 ALL Held "no member id (IN1-36; Member ID; NM109)";
    SecondaryNoMemberId "secondary-no-member-id" 9 ALL Held "two coverages, the second without its member id (IN1-36; Member ID 2; 2330A NM109)";
    UnknownPayer "unknown-payer" 9 ALL Held "a payer that no alias of the profile matches";
    NoRenderingNpi "no-rendering-npi" 9 ALL Held "a rendering provider by a local id that the roster lacks";
    BadNpi "bad-npi-check-digit" 9 ALL Held "a rendering NPI with a wrong check digit";
    NoPlace "no-place-of-service" 9 ALL Held "no place of service, and a location the profile lacks";
    FutureDate "future-service-date" 9 ALL Held "services dated a month or more after the run";
    BeforeBirth "service-before-birth" 9 ALL Held "services dated before the patient was born";
    BadDiagnosis "bad-diagnosis-form" 9 ALL Held "a diagnosis that cannot be ICD-10-CM";
    NoDiagnosis "no-diagnosis" 9 ALL Held "no diagnosis at all";
    BadProcedure "bad-procedure-form" 9 ALL Held "a procedure code of three characters";
    BadModifier "bad-modifier-form" 9 ALL Held "a modifier of one character";
    ZeroUnits "zero-units" 9 ALL Held "a line with zero units";
    ZeroCharge "zero-charge" 9 ALL Held "a line with a charge of zero";
    DoesNotAddUp "charge-does-not-add-up" 9 ALL Held "units times unit price is not the charge; in the 837 CLM02 is not the sum of SV102";
    PointerRange "pointer-out-of-range" 9 POINTERS Held "a line points at a diagnosis that is not there";
    DuplicateLine "duplicate-line" 9 ALL Held "the same service twice without a repeat modifier, under two charge ids";
    DuplicateClaim "duplicate-claim" 9 ALL Held "a billed visit again under another visit number, on day 6";
    UnmatchedCredit "unmatched-credit" 9 EVENTS Held "a credit before billing that fits no charge";
    G2211Alone "medicare-g2211-alone" 9 ADULTS Held "G2211 without an office visit on the claim";
    AwvTooSoon "medicare-awv-too-soon" 9 CEDAR Held "G0439 days after another G0439 of the patient";
    CaptureGap "capture-gap" 12 ALL Missing "the schedule says seen, and charges never come";
    NearNoShow "near:no-show" 5 ALL Posted "beside it an appointment that the patient missed";
    NearCancelled "near:cancelled" 5 ALL Posted "beside it an appointment that was cancelled";
    NearMoved "near:moved" 5 ALL Posted "its appointment was moved to another day";
    NearBookedTwice "near:booked-twice" 5 ALL Posted "its slot is in the calendar a second time";
    NearNoChargeVisit "near:no-charge-visit" 5 ALL Posted "beside it a visit of a type that nobody charges for";
    NearOtherVisitNumber "near:other-visit-number" 5 ALL Posted "the schedule has another visit number than the charges";
    NearNotYetDue "near:not-yet-due" 5 ALL Posted "beside it an appointment that lies ahead";
    WrongName "demographic-name" 6 ALL Held "two letters of the last name swapped, against the roster";
    WrongBirthDate "demographic-birth-date" 6 ALL Held "day and month of birth swapped, or another year, against the roster";
    WrongMemberId "demographic-member-id" 6 ALL Held "two digits of the member id swapped, against the roster";
    WrongSubscriber "demographic-subscriber" 6 ALL Held "a child billed as the subscriber; the roster says dependent";
    CoverageEnded "demographic-coverage-ended" 6 ALL Held "services after the last day of cover in the roster";
    NearNickname "near:nickname" 4 ALL Posted "a nickname of the name in the roster";
    NearPunctuatedName "near:punctuated-name" 4 ALL Posted "apostrophe, hyphen or full stop in the roster's name only";
    NearNameSuffix "near:name-suffix" 4 ALL Posted "the roster has a Jr";
    NearMemberIdFormat "near:member-id-format" 4 ALL Posted "the roster writes the member id with a hyphen, in small letters";
    NearNewAddress "near:new-address" 4 ALL Posted "the roster has the address before the move";
    NearCoverEndsOnTheDay "near:cover-ends-on-the-day" 4 ALL Posted "the service is on the last day of cover";
    NearTwin "near:twin" 4 ALL Posted "a twin with the same birth date and member id in the roster";
    PayerEnded "eligibility-inactive" 8 ASKED Held "the payer, asked about the patient, says that the cover has ended (271)";
    PayerRefuses "eligibility-rejected" 8 ASKED Held "the payer, asked about the patient, does not find the member (271 AAA)";
    PayerName "eligibility-name" 8 ASKED Held "the payer, asked about the patient, has another last name (271)";
    NearPayerNickname "near:payer-nickname" 5 ASKED Posted "the payer has the name of which the visit has the nickname";
    CodeUnmapped "code-unmapped" 6 EVENTS Held "a code of the practice's own that its crosswalk lacks";
    CodeOtherDays "code-other-days" 6 EVENTS Held "an own code whose row in the crosswalk ended last year";
    CodeRetired "code-retired" 6 EVENTS Held "an own code that the crosswalk leads to a retired one";
    NearCrosswalkDay "near:crosswalk-day" 5 EVENTS Posted "an own code on the last day of one row, or the first of the next";
    TypoCharge "typo-charge" 6 ALL Held "a charge ten times the fee, or with two digits swapped";
    TypoMemberId "typo-member-id" 6 ALL Held "a second visit with a slip in the member id; not in the roster";
    TypoServiceDate "typo-service-date" 6 ALL Held "services a year before the appointment";
    TypoNearDuplicate "typo-near-duplicate" 6 EVENTS Held "the same visit for a second record of the patient, with a slip in the name";
    NearNewMemberId "near:new-member-id" 4 ALL Posted "a second visit under a new card with another id; not in the roster";
    NearTwinVisit "near:twin-visit" 4 EVENTS Posted "two twins with the same services on one day";
    NearPrice "near:price" 4 ALL Posted "charges five percent above the fee";
    OmittedSeparate "modifier-25" 6 ALL Held "a visit beside a minor procedure, without 25";
    OmittedDistinct "modifier-59" 6 ALL Held "a pair of procedures without 59";
    OmittedBilateral "modifier-50" 6 SURGERY Held "two units of a procedure with two sides, without 50 or a side";
    OmittedDecision "modifier-57" 6 SURGERY Held "a first visit on the day of major surgery, without 57";
    OmittedUnrelated "modifier-24" 6 SURGERY Held "a visit in the global period of the patient's surgery, without 24";
    OmittedComponent "modifier-26" 6 SURGERY Held "a radiograph in a surgery center, without 26";
    NearDistinct "near:modifier-59" 4 ALL Posted "a pair of procedures with 59";
    NearBilateral "near:modifier-50" 4 SURGERY Posted "a procedure on both sides, with RT and LT";
    NearDecision "near:modifier-57" 4 SURGERY Posted "a first visit on the day of major surgery, with 57";
    NearUnrelated "near:modifier-24" 4 SURGERY Posted "a visit in the global period of the patient's surgery, with 24";
    NearComponent "near:modifier-26" 4 SURGERY Posted "a radiograph in a surgery center, with 26";
    DrugWithoutJz "medicare-drug-without-jw-jz" 9 ADULTS Held "a single-dose drug without JW or JZ";
}

impl Kind {
    /// The kind's row.
    pub fn row(self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.kind == self)
    }

    /// Lost where data leaves the EHR, or a near miss of that.
    pub fn is_hand_off(self) -> bool {
        let named = |row: &Row| {
            ["capture-", "code-", "demographic-", "eligibility-", "modifier-", "near:", "typo-"]
                .iter()
                .any(|start| row.name.starts_with(start))
        };
        self.row().is_some_and(named)
    }

    /// Held by the scrub.
    pub fn is_defect(self) -> bool {
        self.row().is_some_and(|row| row.end == End::Held)
    }
}
