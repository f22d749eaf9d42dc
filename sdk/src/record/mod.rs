//! Claim data of records whose elements a site's mapping names one by one: rows of a file, objects of a JSON or XML document.
//!
//! An adapter says where an element stands ([`Fields`]); what it means is here, so that `patient_birth_date` is one thing in every
//! format. Header elements come from the record of the visit, line elements from that of the charge; a row of a superbill is both.
//! Who pays is in `coverage.rs`, what few visits have in `extras.rs`.

mod coverage;
mod extras;

use std::borrow::Cow;

use crate::claim::{
    Address, ClaimHeader, Coverage, Date, DateRange, Diagnosis, LineProviders, Patient, PatientId, PatientIdKind,
    PersonName, Procedure, Provider, Quantity, ServiceLine, Unit,
};
use crate::delimited::{self, DateFormat};
use crate::intake::{Charge, ChargeAction, Place, Problem, SourceOrder, VisitStatus};
use crate::{code, hl7};

/// Diagnoses that a line points to (SV107).
const POINTERS_MAX: usize = 4;

/// Where the elements of a record stand.
pub trait Fields {
    /// What ids of problems begin with (`csv`).
    fn family(&self) -> &'static str;
    /// The text of an element; empty where the record has none.
    fn text(&self, key: &str) -> Cow<'_, str>;
    /// The texts of an element that may be there several times, in order, empty places included: `dx`, `modifiers`.
    fn list(&self, key: &str) -> Vec<String>;
    /// Where the element stands.
    fn place(&self, key: &str) -> Place;
    /// What to correct where it is wrong.
    fn remedy(&self, key: &str) -> String;
    /// Whether the diagnoses of the record are those of its charge: a row that is one charge, of a source without pointers.
    fn diagnoses_are_the_charges(&self) -> bool;
}

/// The diagnoses of a visit, and where those of the source's own numbering are among them.
#[derive(Debug, Default)]
pub struct Diagnoses {
    /// In order.
    pub list: Vec<Diagnosis>,
    /// By the source's position, from 1: position in `list`, from 1; none where the source's is empty.
    positions: Vec<Option<u8>>,
}

/// Reads one record and collects what is wrong with it.
pub struct Reader<'r, F> {
    /// The record.
    pub fields: &'r F,
    /// How this source writes days.
    pub dates: &'r DateFormat,
    /// What is wrong so far.
    pub problems: Vec<Problem>,
}

impl<'r, F: Fields> Reader<'r, F> {
    /// Begins with a record.
    pub fn new(fields: &'r F, dates: &'r DateFormat) -> Self {
        Self { fields, dates, problems: Vec::new() }
    }

    /// The visit number; a visit without one is a problem.
    pub fn visit_number(&mut self) -> String {
        let number = self.text("visit");
        if number.is_empty() {
            self.problem("visit", "no-visit-number", "a visit number");
        }
        number
    }

    /// Patient, coverages and whatever else holds for the visit, and its diagnoses.
    pub fn header(&mut self) -> (ClaimHeader, Diagnoses) {
        let patient = self.patient();
        let coverages = [self.coverage(&patient, ""), self.coverage(&patient, "2")];
        let diagnoses = self.diagnoses();
        let header = ClaimHeader {
            coverages: coverages
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(at, coverage)| Coverage { responsibility: hl7::responsibility(at), ..coverage })
                .collect(),
            patient,
            diagnoses: diagnoses.list.clone(),
            rendering: self.provider("rendering_npi", "rendering_id"),
            referring: self.provider("referring_npi", ""),
            place_of_service: self.text("place_of_service"),
            location: self.text("location"),
            stated_total: self.money("total"),
            extras: self.extras(),
            ..ClaimHeader::default()
        };
        (header, diagnoses)
    }

    /// What the record says of the visit as a whole.
    pub fn status(&mut self) -> VisitStatus {
        match self.text("status").to_ascii_lowercase().as_str() {
            "" | "open" => VisitStatus::Unchanged,
            "closed" => VisitStatus::Closed,
            "cancelled" | "canceled" => VisitStatus::Cancelled,
            _ => {
                // `void` taken for nothing would bill what did not take place.
                self.problem("status", "status", "open, closed, cancelled or nothing");
                VisitStatus::Unchanged
            }
        }
    }

    /// The source's own order.
    pub fn order(&mut self) -> SourceOrder {
        let updated = self.text("updated");
        // A clock without an offset is taken as it is.
        let with_offset = crate::fhir::event_time(&updated);
        let event_time =
            if with_offset.is_empty() { crate::fhir::event_time(&format!("{updated}Z")) } else { with_offset };
        if event_time.is_empty() && !updated.is_empty() {
            self.problem("updated", "updated", "a time such as 2026-05-01T09:30:00Z");
        }
        SourceOrder { sequence: self.text("sequence").parse().ok(), event_time }
    }

    /// The charge; `None` where the row is news of the visit only: no procedure code, no amount, nothing done to a charge. An
    /// amount without a code goes on, for the scrub to hold: it is money that somebody has charged. What is done to a
    /// charge needs its code or its id.
    ///
    /// A diagnosis that only the charge names is added to those of the visit.
    pub fn charge(&mut self, diagnoses: &mut Diagnoses) -> Option<Charge> {
        let (procedure_code, mut modifiers) = delimited::procedure(&self.fields.text("procedure"));
        let charged = |key: &str| delimited::cents(&self.fields.text(key)).is_some_and(|cents| cents != 0);
        if procedure_code.is_empty() && !charged("charge") && !charged("unit_charge") {
            if self.fields.text("action").is_empty() {
                return None;
            }
            if self.fields.text("charge_id").is_empty() {
                self.problem(
                    "procedure",
                    "no-procedure",
                    "the procedure code of the charge this row is about, or its id",
                );
                return None;
            }
        }
        let own = self.fields.list("modifiers").into_iter().map(|modifier| modifier.trim().to_ascii_uppercase());
        modifiers.extend(own.filter(|modifier| !modifier.is_empty()));
        let said = match self.text("action").to_ascii_lowercase().as_str() {
            "" | "new" => Some(ChargeAction::New),
            "replace" => Some(ChargeAction::Replace),
            "cancel" => Some(ChargeAction::Cancel),
            "credit" => Some(ChargeAction::Credit),
            _ => None,
        };
        if said.is_none() {
            self.problem("action", "action", "new, replace, cancel, credit or nothing");
        }
        let quantity = self.units();
        let units = quantity.thousandths;
        let unit_charge = self.money("unit_charge");
        let product = unit_charge.and_then(|price| units.checked_mul(price)).filter(|product| product % 1000 == 0);
        let amount = self.money("charge").or(product.map(|product| product / 1000)).unwrap_or(0);
        let action = match said.unwrap_or(ChargeAction::New) {
            ChargeAction::New if amount < 0 || units < 0 => ChargeAction::Credit,
            ChargeAction::Replace if amount < 0 || units < 0 => {
                self.problem("charge", "negative-replacement", "the new, positive amount of the charge");
                ChargeAction::Replace
            }
            other => other,
        };
        // A deletion that names nothing but an id needs no day.
        let is_taken_back = action == ChargeAction::Cancel && procedure_code.is_empty();
        if self.fields.text("service_date").is_empty() && !is_taken_back {
            self.problem("service_date", "date", "a day");
        }
        let start = self.date("service_date").unwrap_or_default();
        let end = self.date("service_date_to").unwrap_or(start);
        let rendering = self.provider("rendering_npi", "rendering_id");
        let ndc_quantity = self.quantity("ndc_quantity");
        let line = ServiceLine {
            procedure: Procedure {
                system: code::procedure_system("", &procedure_code),
                code: procedure_code,
                modifiers,
                ..Procedure::default()
            },
            charge: amount.saturating_abs(),
            unit_charge: unit_charge.map(i64::saturating_abs),
            units: Quantity { thousandths: units.saturating_abs(), ..quantity },
            place_of_service: self.text("place_of_service"),
            diagnosis_pointers: self.pointers(diagnoses),
            service_dates: DateRange { start, end },
            drug: code::drug(&self.fields.text("ndc"), ndc_quantity, &self.fields.text("ndc_unit")),
            providers: rendering
                .map(|provider| LineProviders { rendering: Some(provider), ..LineProviders::default() }),
            ..ServiceLine::default()
        };
        Some(Charge {
            id: self.text("charge_id"),
            action,
            line,
            at: self.fields.place("procedure"),
            ..Charge::default()
        })
    }

    /// Minutes, where the row has them (anesthesia), else units.
    fn units(&mut self) -> Quantity {
        let (units, minutes) = (self.quantity("units"), self.quantity("minutes"));
        let Some(minutes) = minutes else {
            return Quantity { unit: Unit::Units, thousandths: units.unwrap_or(0) };
        };
        // A count beside minutes is of another measure: only one goes on the claim.
        if units.is_some_and(|units| units.saturating_abs() != 1000 && units != minutes) {
            let expected = "nothing, 1 or the minutes: the line has minutes, and the 837P has one quantity";
            self.problem("units", "units-and-minutes", expected);
        }
        Quantity { unit: Unit::Minutes, thousandths: minutes }
    }

    /// The diagnoses as the record has them, one that stands there twice too (the scrub says so). A pointer means the place; of a
    /// diagnosis that is there twice, its first.
    fn diagnoses(&self) -> Diagnoses {
        let mut diagnoses = Diagnoses::default();
        for text in self.fields.list("dx") {
            let diagnosis = code::diagnosis("", &text);
            if diagnosis.code.is_empty() {
                diagnoses.positions.push(None);
                continue;
            }
            let at = diagnoses.list.iter().position(|known| *known == diagnosis).unwrap_or(diagnoses.list.len());
            diagnoses.list.push(diagnosis);
            diagnoses.positions.push(u8::try_from(at + 1).ok());
        }
        diagnoses
    }

    /// What the charge points at; without pointers its own codes, else the first four of a record that is the charge alone, else the visit's only
    /// one. Of several of a visit none is taken: which of them a charge is for, nobody has said. A pointer to an empty place stays
    /// beyond the list, so that the scrub finds it.
    fn pointers(&mut self, diagnoses: &mut Diagnoses) -> Vec<u8> {
        let own: Vec<u8> = self.fields.list("charge_dx").iter().filter_map(|text| diagnoses.place_of(text)).collect();
        let named: Vec<String> =
            self.fields.list("pointers").into_iter().filter(|text| !text.trim().is_empty()).collect();
        let Some(numbers) = numbers(&named, diagnoses) else {
            self.problem("pointers", "pointers", "letters (A,B) or numbers (1,2 or 12) of diagnoses, or their codes");
            return Vec::new();
        };
        let mut pointers = if named.is_empty() { own } else { numbers };
        if pointers.is_empty() {
            pointers = diagnoses.positions.iter().copied().flatten().collect();
            let mut seen: Vec<u8> = Vec::new();
            pointers.retain(|at| !seen.contains(at) && (seen.push(*at), true).1);
            if pointers.len() > 1 && !self.fields.diagnoses_are_the_charges() {
                return Vec::new();
            }
            pointers.truncate(POINTERS_MAX);
        }
        pointers
    }

    /// The patient of the elements `patient_...`.
    pub fn patient(&mut self) -> Patient {
        let mrn = self.text("patient_mrn");
        let id = PatientId { kind: PatientIdKind::MedicalRecord, authority: String::new(), value: mrn.clone() };
        let address = Address {
            line1: self.text("patient_address1"),
            line2: self.text("patient_address2"),
            city: self.text("patient_city"),
            state: self.text("patient_state"),
            postal_code: self.text("patient_postal_code").replace(['-', ' '], ""),
            ..Address::default()
        };
        Patient {
            ids: if mrn.is_empty() { Vec::new() } else { vec![id] },
            name: PersonName {
                last: self.text("patient_last"),
                first: self.text("patient_first"),
                middle: self.text("patient_middle"),
                ..PersonName::default()
            },
            birth_date: self.date("patient_birth_date"),
            gender: hl7::gender(&self.fields.text("patient_gender")),
            address: (address != Address::default()).then_some(address),
            ..Patient::default()
        }
    }

    /// A provider by NPI, as written (a spreadsheet may have cost it a zero), and local id.
    pub fn provider(&self, npi: &str, local_id: &str) -> Option<Provider> {
        let (npi, local_id) = (self.text(npi), self.text(local_id));
        let any = !npi.is_empty() || !local_id.is_empty();
        any.then(|| Provider { npi: (!npi.is_empty()).then_some(npi), local_id, ..Provider::default() })
    }

    /// The text of an element; empty where the record has none.
    pub fn text(&self, key: &str) -> String {
        self.fields.text(key).into_owned()
    }

    fn date(&mut self, key: &str) -> Option<Date> {
        let text = self.text(key);
        let day = self.dates.day(&text);
        if day.is_none() && !text.is_empty() {
            self.problem(key, "date", "a day as date_format in this site's mapping says");
        }
        day
    }

    fn money(&mut self, key: &str) -> Option<i64> {
        let text = self.text(key);
        let cents = delimited::cents(&text);
        if cents.is_none() && !text.is_empty() {
            self.problem(key, "amount", "an amount such as 45.00, $1,234.50 or (45.00)");
        }
        cents
    }

    fn quantity(&mut self, key: &str) -> Option<i64> {
        let text = self.text(key);
        let thousandths = delimited::thousandths(&text);
        if thousandths.is_none() && !text.is_empty() {
            self.problem(key, "quantity", "a number with at most three decimals");
        }
        thousandths
    }

    /// Adds a problem of an element; `id` without the family.
    pub fn problem(&mut self, key: &str, id: &str, expected: &str) {
        self.problems.push(Problem {
            id: format!("{}.{id}", self.fields.family()),
            at: self.fields.place(key),
            found: delimited::shape(&self.fields.text(key)),
            expected: expected.to_owned(),
            remedy: self.fields.remedy(key),
        });
    }
}

impl Diagnoses {
    /// The place of a code among the diagnoses; a new one comes last. None for a text without a code.
    fn place_of(&mut self, text: &str) -> Option<u8> {
        let diagnosis = code::diagnosis("", text);
        if diagnosis.code.is_empty() {
            return None;
        }
        let at = self.list.iter().position(|known| *known == diagnosis).unwrap_or(self.list.len());
        if at == self.list.len() {
            self.list.push(diagnosis);
            self.positions.push(u8::try_from(at + 1).ok());
        }
        u8::try_from(at + 1).ok()
    }
}

/// Places of pointers: one text of letters or numbers, or several, each a number or a code. None where one is none of these.
fn numbers(named: &[String], diagnoses: &mut Diagnoses) -> Option<Vec<u8>> {
    let count = u8::try_from(diagnoses.list.len()).unwrap_or(u8::MAX);
    let mut found = Vec::new();
    for text in named {
        let text = text.trim();
        let is_code = text.len() > 2
            && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && text.bytes().any(|byte| byte.is_ascii_digit());
        if is_code {
            found.extend(diagnoses.place_of(text));
            continue;
        }
        for pointer in delimited::pointers(text)? {
            let at = diagnoses.positions.get(usize::from(pointer).wrapping_sub(1)).copied().flatten();
            found.push(at.unwrap_or(pointer.max(count.saturating_add(1))));
        }
    }
    Some(found)
}
