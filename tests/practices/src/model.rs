//! A practice as its own system knows it: people, coverages, visits, charges and what is done to them day by day.
//!
//! Nothing here knows a feed format. The feed writers and the answer read the same steps.

use crate::date::Day;
use crate::kinds::{Format, Kind};
use crate::roster::Registered;
use crate::schedule::Appointment;
use std::collections::BTreeMap;

/// One practice of the demo.
#[derive(Debug, Clone)]
pub struct Practice {
    /// Folder and profile id.
    pub id: &'static str,
    /// 2010AA NM103.
    pub name: &'static str,
    /// How its system writes.
    pub format: Format,
    /// MSH-4, GS02 or the name in the CSV mapping.
    pub source: &'static str,
    /// Billing NPI.
    pub npi: String,
    /// PRV03.
    pub taxonomy: &'static str,
    /// EIN.
    pub tax_id: String,
    /// Billing address; the ZIP has nine digits.
    pub address: Address,
    /// PER04.
    pub telephone: String,
    /// Doctors.
    pub roster: Vec<Doctor>,
    /// Places.
    pub places: Vec<Place>,
    /// Charge master: cents per unit by code.
    pub prices: BTreeMap<&'static str, i64>,
    /// Electronic ids of the payers it bills.
    pub payers: &'static [&'static str],
    /// Every visit, in the order of visit numbers.
    pub visits: Vec<Visit>,
}

/// N3, N4.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Address {
    /// N301.
    pub line1: String,
    /// N302.
    pub line2: String,
    /// N401.
    pub city: String,
    /// N402.
    pub state: String,
    /// Five or nine digits.
    pub zip: String,
}

/// A doctor of the roster.
#[derive(Debug, Clone, Default)]
pub struct Doctor {
    /// Id in the practice's system.
    pub local: String,
    /// NPI.
    pub npi: String,
    /// Surname.
    pub last: &'static str,
    /// Given name.
    pub first: &'static str,
}

/// A place of the profile's table.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Id in the practice's system.
    pub local: &'static str,
    /// CLM05-1.
    pub pos: &'static str,
    /// 2310C name and NPI, when it is not the practice.
    pub facility: Option<(&'static str, String)>,
}

/// A patient or a subscriber. Empty fields are empty in the feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    /// Surname.
    pub last: String,
    /// Given name.
    pub first: String,
    /// Middle name or initial.
    pub middle: String,
    /// Date of birth.
    pub born: Option<Day>,
    /// `F` or `M`.
    pub sex: &'static str,
    /// Home.
    pub address: Address,
}

/// What the patient is to the subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The same person.
    Itself,
    /// Husband or wife.
    Spouse,
    /// Son or daughter.
    Child,
}

/// One insurance.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Electronic id as the feed has it.
    pub payer: String,
    /// One of the payer's aliases, as the feed has it.
    pub alias: String,
    /// Name as the feed has it.
    pub name: String,
    /// SBR09.
    pub filing: &'static str,
    /// 2010BA NM109.
    pub member: String,
    /// SBR03.
    pub group: String,
}

/// NDC of a drug line.
#[derive(Debug, Clone, PartialEq)]
pub struct Drug {
    /// Eleven digits.
    pub ndc: &'static str,
    /// CTP04 in thousandths.
    pub quantity: i64,
    /// CTP05-1.
    pub unit: &'static str,
}

/// One charge, with the values of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// Source charge id.
    pub id: String,
    /// CPT or HCPCS code.
    pub code: String,
    /// The practice's own code, sent instead of `code` where present (not in the 837; the profile has the crosswalk).
    pub local_code: Option<&'static str>,
    /// Modifiers.
    pub modifiers: Vec<String>,
    /// Whole units.
    pub units: i64,
    /// Cents per unit; none when the feed leaves it out.
    pub unit_price: Option<i64>,
    /// Cents: the charge of the line.
    pub amount: i64,
    /// Date of service.
    pub date: Day,
    /// Diagnosis pointers, from 0.
    pub pointers: Vec<usize>,
    /// NDC.
    pub drug: Option<Drug>,
}

/// How a credit names what it takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The credit has the charge's own id.
    SameId,
    /// An id of its own, and a reference (FT1-31).
    Reference,
    /// An id of its own and no reference: code, modifiers, date and amount say which one.
    Content,
}

/// What one posting does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A charge.
    New(Charge),
    /// The charge of this id has other values now.
    Replace(Charge),
    /// The charge is taken back. `own_id` is the id of the credit itself.
    Credit {
        /// The charge as it was.
        charge: Charge,
        /// How it is named.
        by: By,
        /// Id of the credit.
        own_id: String,
        /// The amount is written with a minus.
        negative: bool,
    },
}

/// One thing the system sends about a visit: in HL7 one message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Step {
    /// Day of the run, from 1.
    pub day: i64,
    /// Registration (ADT A04), no charges.
    pub opens: bool,
    /// The visit is closed by this step (ADT A03 after the charges).
    pub closes: bool,
    /// Postings.
    pub actions: Vec<Action>,
    /// Sent in a file of its own.
    pub alone: bool,
    /// Everything in it was sent before.
    pub repeats: bool,
}

/// The rendering provider as the feed has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendering {
    /// NPI, or empty.
    pub npi: String,
    /// Local id, or empty.
    pub local: String,
    /// Surname.
    pub last: String,
    /// Given name.
    pub first: String,
}

/// One visit, which is one claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Visit number in the feed.
    pub number: String,
    /// Medical record number.
    pub mrn: String,
    /// Patient.
    pub patient: Person,
    /// Subscriber of all coverages; the patient's copy when `relation` is `Itself`.
    pub subscriber: Person,
    /// What the patient is to the subscriber.
    pub relation: Relation,
    /// Primary, then secondary.
    pub coverages: Vec<Coverage>,
    /// Rendering provider.
    pub rendering: Rendering,
    /// Location id, as in the feed.
    pub location: String,
    /// Place of service, as in the feed (CSV, 837) or in the profile's table (HL7).
    pub pos: String,
    /// The feed carries `pos`, not only the location.
    pub sends_pos: bool,
    /// ICD-10-CM with dot.
    pub diagnoses: Vec<String>,
    /// What is sent, in order.
    pub steps: Vec<Step>,
    /// Its slots in the calendar.
    pub appointments: Vec<Appointment>,
    /// What the roster has, where the visit says otherwise.
    pub registered: Option<Registered>,
    /// The patient is newer than the roster.
    pub unlisted: bool,
    /// What is seeded.
    pub kind: Kind,
    /// Cents that the stated claim total (837 CLM02) is off.
    pub total_off: i64,
    /// Cents paid at the desk, a payment row that is no charge (HL7 only); 0 for none.
    pub paid_at_desk: i64,
}

impl Visit {
    /// The charges that stand after the first `steps` steps.
    pub fn live_after(&self, steps: usize) -> Vec<Charge> {
        let mut live: Vec<Charge> = Vec::new();
        for action in self.steps.iter().take(steps).filter(|step| !step.repeats).flat_map(|step| &step.actions) {
            match action {
                Action::New(charge) => live.push(charge.clone()),
                Action::Replace(charge) => {
                    live.iter_mut().filter(|known| known.id == charge.id).for_each(|known| *known = charge.clone());
                }
                Action::Credit { charge, .. } => live.retain(|known| known.id != charge.id),
            }
        }
        live
    }

    /// The charges that stand in the end.
    pub fn live(&self) -> Vec<Charge> {
        self.live_after(self.steps.len())
    }

    /// Every charge id of the visit in the feed, without the ids of credits.
    pub fn charge_ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for action in self.steps.iter().flat_map(|step| &step.actions) {
            if let Action::New(charge) = action
                && !ids.contains(&charge.id)
            {
                ids.push(charge.id.clone());
            }
        }
        ids
    }

    /// The visit is said to be closed on `day` or before.
    pub fn closed_by(&self, day: i64) -> bool {
        self.steps.iter().any(|step| step.closes && step.day <= day)
    }
}

/// Cents as `12.30`.
pub fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// Thousandths as `0.5`.
pub fn quantity(thousandths: i64) -> String {
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
