//! One row to one visit update with one charge. Who pays is in `coverage.rs`, what few visits have in `extras.rs`.

use claimhost_sdk::claim::{
    Address, ClaimHeader, Coverage, Date, DateRange, Diagnosis, LineProviders, Patient, PatientId, PatientIdKind,
    PersonName, Procedure, Provider, Quantity, ServiceLine, Unit,
};
use claimhost_sdk::delimited::{self, DateFormat};
use claimhost_sdk::intake::{Charge, ChargeAction, Problem, SourceOrder, VisitStatus, VisitUpdate};
use claimhost_sdk::{code, hl7};

use crate::columns::Cells;

/// Diagnoses that a line points to (SV107).
const POINTERS_MAX: usize = 4;

/// Reads the cells of one row and collects what is wrong with them.
pub struct Row<'r> {
    /// The cells.
    pub cells: &'r Cells<'r>,
    /// How this site writes days.
    pub dates: &'r DateFormat,
    /// What is wrong so far.
    pub problems: Vec<Problem>,
}

impl Row<'_> {
    /// The visit, or its problems.
    pub fn visit(mut self, source_system: &str, undelivered: &[String]) -> Result<VisitUpdate, Vec<Problem>> {
        let visit_number = self.text("visit");
        if visit_number.is_empty() {
            self.problem("visit", "csv.no-visit-number", "a visit number");
            if self.cells.columns() == 1 {
                // Every row of a file with another delimiter is one cell.
                let remedy = "set delimiter in [framing] of this site's mapping: the header line has one column, so the file's own is another";
                self.problems.iter_mut().for_each(|problem| problem.remedy = remedy.to_owned());
            }
        }
        let patient = self.patient();
        let coverages = [self.coverage(&patient, ""), self.coverage(&patient, "2")];
        let (diagnoses, positions) = self.diagnoses();
        let charge = self.charge(diagnoses.len(), &positions);
        let header = ClaimHeader {
            coverages: coverages
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(at, coverage)| Coverage { responsibility: hl7::responsibility(at), ..coverage })
                .collect(),
            patient,
            diagnoses,
            rendering: self.provider("rendering_npi", "rendering_id"),
            referring: self.provider("referring_npi", ""),
            place_of_service: self.text("place_of_service"),
            location: self.text("location"),
            stated_total: self.money("total"),
            extras: self.extras(),
            ..ClaimHeader::default()
        };
        let status = match self.text("status").to_ascii_lowercase().as_str() {
            "" | "open" => VisitStatus::Unchanged,
            "closed" => VisitStatus::Closed,
            "cancelled" | "canceled" => VisitStatus::Cancelled,
            _ => {
                // `void` taken for nothing would bill what did not take place.
                self.problem("status", "csv.status", "open, closed, cancelled or nothing");
                VisitStatus::Unchanged
            }
        };
        let order = SourceOrder { sequence: self.text("sequence").parse().ok(), event_time: String::new() };
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        Ok(VisitUpdate {
            source_system: source_system.to_owned(),
            visit_number,
            order,
            status,
            header,
            charges: charge.into_iter().collect(),
            complete: false,
            undelivered: undelivered.to_vec(),
            doubts: Vec::new(),
        })
    }

    /// The charge; `None` where the row is news of the visit only: no procedure code, no amount, nothing done to a charge. An
    /// amount without a code goes on, for the scrub to hold: it is money that somebody has charged. What is done to a
    /// charge needs its code or its id.
    fn charge(&mut self, diagnoses: usize, positions: &[Option<u8>]) -> Option<Charge> {
        let (procedure_code, mut modifiers) = delimited::procedure(self.cells.text("procedure"));
        let charged = |key: &str| delimited::cents(self.cells.text(key)).is_some_and(|cents| cents != 0);
        if procedure_code.is_empty() && !charged("charge") && !charged("unit_charge") {
            if self.cells.text("action").is_empty() {
                return None;
            }
            if self.cells.text("charge_id").is_empty() {
                self.problem(
                    "procedure",
                    "csv.no-procedure",
                    "the procedure code of the charge this row is about, or its id",
                );
                return None;
            }
        }
        let columns =
            ["modifier1", "modifier2", "modifier3", "modifier4"].map(|key| self.text(key).to_ascii_uppercase());
        modifiers.extend(columns.into_iter().filter(|modifier| !modifier.is_empty()));
        let said = match self.text("action").to_ascii_lowercase().as_str() {
            "" | "new" => Some(ChargeAction::New),
            "replace" => Some(ChargeAction::Replace),
            "cancel" => Some(ChargeAction::Cancel),
            "credit" => Some(ChargeAction::Credit),
            _ => None,
        };
        if said.is_none() {
            self.problem("action", "csv.action", "new, replace, cancel, credit or nothing");
        }
        let quantity = self.units();
        let units = quantity.thousandths;
        let unit_charge = self.money("unit_charge");
        let product = unit_charge.and_then(|price| units.checked_mul(price)).filter(|product| product % 1000 == 0);
        let amount = self.money("charge").or(product.map(|product| product / 1000)).unwrap_or(0);
        let action = match said.unwrap_or(ChargeAction::New) {
            ChargeAction::New if amount < 0 || units < 0 => ChargeAction::Credit,
            ChargeAction::Replace if amount < 0 || units < 0 => {
                self.problem("charge", "csv.negative-replacement", "the new, positive amount of the charge");
                ChargeAction::Replace
            }
            other => other,
        };
        if self.cells.text("service_date").is_empty() {
            self.problem("service_date", "csv.date", "a day");
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
            diagnosis_pointers: self.pointers(diagnoses, positions),
            service_dates: DateRange { start, end },
            drug: code::drug(self.cells.text("ndc"), ndc_quantity, self.cells.text("ndc_unit")),
            providers: rendering
                .map(|provider| LineProviders { rendering: Some(provider), ..LineProviders::default() }),
            ..ServiceLine::default()
        };
        Some(Charge {
            id: self.text("charge_id"),
            action,
            line,
            at: self.cells.place("procedure"),
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
            self.problem("units", "csv.units-and-minutes", expected);
        }
        Quantity { unit: Unit::Minutes, thousandths: minutes }
    }

    /// The diagnoses as the columns have them, one that stands there twice too (the scrub says so), and for each column the position
    /// of its diagnosis, the first where there are several. A pointer means the column.
    fn diagnoses(&self) -> (Vec<Diagnosis>, Vec<Option<u8>>) {
        let mut list: Vec<Diagnosis> = Vec::new();
        let mut positions = Vec::new();
        for column in 1..=12 {
            let diagnosis = code::diagnosis("", self.cells.text(&format!("dx{column}")));
            if diagnosis.code.is_empty() {
                positions.push(None);
                continue;
            }
            let at = list.iter().position(|known| *known == diagnosis).unwrap_or(list.len());
            list.push(diagnosis);
            positions.push(u8::try_from(at + 1).ok());
        }
        (list, positions)
    }

    /// What the row points at; without pointers, the first four. A pointer to an empty column stays beyond the list, so
    /// that the scrub finds it.
    fn pointers(&mut self, diagnoses: usize, positions: &[Option<u8>]) -> Vec<u8> {
        let count = u8::try_from(diagnoses).unwrap_or(u8::MAX);
        match delimited::pointers(self.cells.text("pointers")) {
            Some(named) if named.is_empty() => {
                let mut first: Vec<u8> = Vec::new();
                for at in positions.iter().copied().flatten() {
                    if first.len() < POINTERS_MAX && !first.contains(&at) {
                        first.push(at);
                    }
                }
                first
            }
            Some(named) => {
                let at = |pointer: u8| positions.get(usize::from(pointer).wrapping_sub(1)).copied().flatten();
                named.into_iter().map(|pointer| at(pointer).unwrap_or(pointer.max(count.saturating_add(1)))).collect()
            }
            None => {
                self.problem("pointers", "csv.pointers", "letters (A,B) or numbers (1,2 or 12) of diagnosis columns");
                Vec::new()
            }
        }
    }

    fn patient(&mut self) -> Patient {
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
            gender: hl7::gender(self.cells.text("patient_gender")),
            address: (address != Address::default()).then_some(address),
            ..Patient::default()
        }
    }

    /// A provider by NPI, as written (a spreadsheet may have cost it a zero), and local id.
    fn provider(&self, npi: &str, local_id: &str) -> Option<Provider> {
        let (npi, local_id) = (self.text(npi), self.text(local_id));
        let any = !npi.is_empty() || !local_id.is_empty();
        any.then(|| Provider { npi: (!npi.is_empty()).then_some(npi), local_id, ..Provider::default() })
    }

    pub(crate) fn text(&self, key: &str) -> String {
        self.cells.text(key).to_owned()
    }

    pub(crate) fn date(&mut self, key: &str) -> Option<Date> {
        let text = self.cells.text(key);
        let day = self.dates.day(text);
        if day.is_none() && !text.is_empty() {
            self.problem(key, "csv.date", "a day as date_format in this site's mapping says");
        }
        day
    }

    pub(crate) fn money(&mut self, key: &str) -> Option<i64> {
        let text = self.cells.text(key);
        let cents = delimited::cents(text);
        if cents.is_none() && !text.is_empty() {
            self.problem(key, "csv.amount", "an amount such as 45.00, $1,234.50 or (45.00)");
        }
        cents
    }

    pub(crate) fn quantity(&mut self, key: &str) -> Option<i64> {
        let text = self.cells.text(key);
        let thousandths = delimited::thousandths(text);
        if thousandths.is_none() && !text.is_empty() {
            self.problem(key, "csv.quantity", "a number with at most three decimals");
        }
        thousandths
    }

    pub(crate) fn problem(&mut self, key: &str, id: &str, expected: &str) {
        self.problems.push(Problem {
            id: id.to_owned(),
            at: self.cells.place(key),
            found: delimited::shape(self.cells.text(key)),
            expected: expected.to_owned(),
            remedy: format!("correct the row, or [columns] {key} in this site's mapping"),
        });
    }
}
