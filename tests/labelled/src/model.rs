//! A claim as a practice system holds it. Everything is text that is written as it stands, so that a defect can be anything.

use crate::day::Day;

/// N3 and N4.
#[derive(Debug, Clone, Default)]
pub struct Address {
    /// N301.
    pub line1: String,
    /// N401.
    pub city: String,
    /// N402.
    pub state: String,
    /// N403.
    pub zip: String,
}

/// A patient or subscriber.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// NM103.
    pub last: String,
    /// NM104.
    pub first: String,
    /// NM105.
    pub middle: String,
    /// NM107.
    pub suffix: String,
    /// DMG02, CCYYMMDD.
    pub born: String,
    /// DMG03.
    pub sex: String,
    /// N3, N4.
    pub address: Address,
}

/// A provider's NM1.
#[derive(Debug, Clone, Default)]
pub struct Provider {
    /// NM102: 1 a person, 2 an organisation.
    pub entity: String,
    /// NM103.
    pub last: String,
    /// NM104.
    pub first: String,
    /// NM109 with XX; empty: none.
    pub npi: String,
    /// PRV03 of a rendering provider.
    pub taxonomy: String,
}

/// What another payer decided.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// AMT D or SVD02, cents.
    pub paid: i64,
    /// CAS: group, reason, cents.
    pub adjusted: Vec<(&'static str, &'static str, i64)>,
}

/// A coverage. The first of a claim is the one billed.
#[derive(Debug, Clone, Default)]
pub struct Cover {
    /// SBR01.
    pub responsibility: String,
    /// NM109 of the payer.
    pub payer: String,
    /// NM103 of the payer.
    pub name: String,
    /// SBR09.
    pub filing: String,
    /// NM109 of the subscriber.
    pub member: String,
    /// SBR03.
    pub group: String,
    /// PAT01 or SBR02; 18: the patient.
    pub relationship: String,
    /// The subscriber, where it is not the patient.
    pub subscriber: Option<Person>,
    /// REF SY.
    pub ssn: String,
    /// REF G1 of the claim.
    pub authorization: String,
    /// REF 9F of the claim.
    pub referral: String,
    /// 2320 AMT and CAS.
    pub decision: Option<Decision>,
}

/// A service line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// SV101-2.
    pub code: String,
    /// SV101-3 and after.
    pub modifiers: Vec<String>,
    /// SV102, cents.
    pub charge: i64,
    /// SV103.
    pub unit: String,
    /// SV104.
    pub units: String,
    /// SV105.
    pub pos: String,
    /// SV107, from 1.
    pub pointers: Vec<usize>,
    /// DTP 472, first day.
    pub from: Day,
    /// DTP 472, last day.
    pub to: Day,
    /// LIN03, CTP04, CTP05.
    pub drug: Option<(String, String, String)>,
    /// 2420A.
    pub rendering: Option<Provider>,
    /// 2430, of the second coverage.
    pub decision: Option<Decision>,
}

/// A claim of one visit.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// CLM01.
    pub visit: String,
    /// REF EA.
    pub mrn: String,
    /// The patient.
    pub patient: Person,
    /// PAT06.
    pub died: String,
    /// PAT09.
    pub pregnant: bool,
    /// The coverages.
    pub covers: Vec<Cover>,
    /// HI, without dots.
    pub diagnoses: Vec<String>,
    /// 2310B.
    pub rendering: Option<Provider>,
    /// 2310A.
    pub referring: Option<Provider>,
    /// 2310D.
    pub supervising: Option<Provider>,
    /// 2310C: name, NPI, address.
    pub facility: Option<(String, String, Address)>,
    /// CLM05-1.
    pub pos: String,
    /// What CLM02 says beside the sum of the lines, cents.
    pub total_off: i64,
    /// CLM11.
    pub cause: String,
    /// CLM20.
    pub delay: String,
    /// REF X4.
    pub clia: String,
    /// DTP of 2300: qualifier, day.
    pub dates: Vec<(&'static str, Day)>,
    /// HI BG.
    pub conditions: Vec<&'static str>,
    /// 2310E: an ambulance ride, with its pick-up where it is told.
    pub ride: Option<Option<Address>>,
    /// 2010AA NM109; empty: the practice's.
    pub billing_npi: String,
    /// 2010AA REF EI; empty: the practice's.
    pub tax_id: String,
    /// 2400.
    pub lines: Vec<Line>,
    /// The line (from 1) that a defect is on.
    pub bad_line: usize,
}

impl Claim {
    /// Line `number`, from 1; the last one for a number beyond.
    ///
    /// # Panics
    /// Never for a claim of this program: each has a line.
    pub fn line(&mut self, number: usize) -> &mut Line {
        if self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        let at = number.saturating_sub(1).min(self.lines.len() - 1);
        self.bad_line = at + 1;
        #[allow(clippy::indexing_slicing, reason = "at is below the length, which is not zero")]
        &mut self.lines[at]
    }

    /// The coverage billed.
    pub fn cover(&mut self) -> &mut Cover {
        if self.covers.is_empty() {
            self.covers.push(Cover::default());
        }
        #[allow(clippy::indexing_slicing, reason = "there is one")]
        &mut self.covers[0]
    }

    /// The first service day.
    pub fn day(&self) -> Day {
        self.lines.iter().map(|line| line.from).min().unwrap_or_default()
    }

    /// Moves every line to a day, ranges with it.
    pub fn move_to(&mut self, day: Day) {
        let off = day.0 - self.day().0;
        for line in &mut self.lines {
            line.from = line.from.plus(off);
            line.to = line.to.plus(off);
        }
    }

    /// The sum of the lines, cents.
    pub fn sum(&self) -> i64 {
        self.lines.iter().map(|line| line.charge).sum()
    }
}

/// What a claim is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Ordinary, and right.
    Clean,
    /// Looks like a defect, and is right.
    NearMiss,
    /// One thing is wrong.
    Defect,
}

impl Label {
    /// As the labels file says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::NearMiss => "near-miss",
            Self::Defect => "defect",
        }
    }
}

/// What the host has to have beside the claim, before a kind can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Code sets by date of service.
    Codes,
    /// NCCI pairs, MUE and add-on codes, imported from `DIR/ncci`.
    Ncci,
    /// Roster, fee schedule or crosswalk of the practice, from `DIR/practice`.
    Capture,
}

impl Needs {
    /// As the labels file says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Codes => "codes",
            Self::Ncci => "ncci",
            Self::Capture => "capture",
        }
    }
}
