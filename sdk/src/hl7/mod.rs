//! HL7 v2 charge interfaces (DFT P03 and P11, ADT) to visit updates.
//!
//! An adapter of this family is a [`Defaults`] table and three lines of code: [`Site::open`] lays the site's mapping over
//! the table, [`Site::translate`] does the rest. Here: what a visit, a charge and a coverage are made of. Elsewhere: ER7
//! itself (`claimhost-hl7v2`), netting of credits and amendments (the host).

mod align;
mod charge;
mod coverage;
mod diagnoses;
mod number;
mod paths;
mod people;
mod place;
mod schedule;

use std::collections::BTreeMap;

use claimhost_hl7v2::{Message, Path, SegmentId, Value};

pub use charge::ChargeType;
pub use coverage::responsibility;
pub use paths::{Field, Paths};
pub use people::{gender, relationship};
pub use schedule::{ScheduleDefaults, attendance, attendances};

use crate::calendar;
use crate::claim::{ClaimExtras, ClaimHeader, Patient, PatientId, PatientIdKind};
use crate::intake::{Document, Event, Ignored, Outcome, Place, Problem, Setup, SourceOrder, VisitStatus, VisitUpdate};
use crate::mapping::Mapping;
use crate::stay::stay;
use crate::undelivered::{CHARGE, MODIFIERS, POINTERS, UNITS, Undelivered};
use align::Alignment;
use coverage::Coverages;
use diagnoses::Diagnoses;
use paths::text;
use place::{of_date, problem};
use schedule::Schedule;

/// What an adapter knows about its EHR before a site says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// Mapping key and path.
    pub paths: &'static [(&'static str, &'static str)],
    /// Where payers are named.
    pub payer_ids: &'static [&'static str],
    /// Transaction types (FT1-6): new, credit, cancel, replace or ignore.
    pub types: &'static [(&'static str, &'static str)],
    /// Events (MSH-9.2) that tell of a visit without charges.
    pub visit_events: &'static [&'static str],
    /// Events that close a visit.
    pub closed_events: &'static [&'static str],
    /// Classes of patients (`[visit] class`) whose visit is a stay, with admission and discharge.
    pub inpatient_classes: &'static [&'static str],
    /// Events that say it did not take place.
    pub cancelled_events: &'static [&'static str],
    /// Contract fields for which these messages have no place.
    pub undelivered: &'static [&'static str],
    /// Appointments, and which events tell of an expected visit.
    pub schedule: ScheduleDefaults,
}

/// A site: the table with the site's mapping laid over it, compiled.
#[derive(Debug)]
pub struct Site {
    pub(crate) paths: Paths,
    pub(crate) types: BTreeMap<String, ChargeType>,
    /// The site has said which field is the visit number.
    number_is_declared: bool,
    payer_ids: Vec<Path>,
    visit_events: Vec<String>,
    closed_events: Vec<String>,
    cancelled_events: Vec<String>,
    inpatient_classes: Vec<String>,
    undelivered: Undelivered,
    schedule: Schedule,
}

impl Site {
    /// Reads the mapping of a site.
    ///
    /// # Errors
    /// Unknown keys, paths and types that cannot be read, each at its line.
    pub fn open(setup: &Setup, defaults: &Defaults) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(&setup.mapping);
        let paths = Paths::read(&mut mapping, defaults.paths);
        let number_is_declared = mapping.has("visit.number");
        for field in [&paths.code, &paths.date] {
            // Without it no charge could be read, and none may vanish.
            if mapping.text(field.key, "standard").trim().is_empty() {
                mapping.problem(
                    field.key,
                    "mapping.required",
                    "an empty text",
                    "a path: no charge is billed without it",
                );
            }
        }
        let payer_ids = mapping.list("insurance.payer_ids", defaults.payer_ids);
        let payer_ids =
            payer_ids.iter().filter_map(|path| paths::compile(&mut mapping, "insurance.payer_ids", path)).collect();
        let mut types = BTreeMap::new();
        for (code, word) in mapping.table("types", defaults.types) {
            match ChargeType::from_word(&word) {
                Some(known) => {
                    types.insert(code, known);
                }
                None => mapping.problem(
                    &format!("types.{code}"),
                    "mapping.type-word",
                    &format!("`{word}`"),
                    "new, credit, cancel, replace or ignore",
                ),
            }
        }
        let closed_events = mapping.list("visit.closed_events", defaults.closed_events);
        let cancelled_events = mapping.list("visit.cancelled_events", defaults.cancelled_events);
        let inpatient_classes = mapping.list("visit.inpatient_classes", defaults.inpatient_classes);
        let mut undelivered: Vec<String> = defaults.undelivered.iter().map(|field| (*field).to_owned()).collect();
        let placeless = [
            (vec![&paths.place_of_service], "header.place-of-service"),
            (vec![&paths.ndc_quantity], "line.drug.amount"),
            (vec![&paths.units, &paths.minutes], UNITS),
            (vec![&paths.amount, &paths.unit_amount], CHARGE),
            (vec![&paths.modifiers], MODIFIERS),
            (vec![&paths.charge_diagnoses], POINTERS),
        ];
        let placeless = placeless.iter().filter(|(fields, _)| fields.iter().all(|field| field.path.is_none()));
        undelivered.extend(placeless.map(|(_, element)| (*element).to_owned()));
        let undelivered = Undelivered::read(&mut mapping, undelivered);
        let schedule = Schedule::read(&mut mapping, defaults);
        mapping.finish()?;
        let visit_events = defaults.visit_events.iter().map(|event| (*event).to_owned()).collect();
        Ok(Self {
            paths,
            types,
            number_is_declared,
            payer_ids,
            visit_events,
            closed_events,
            cancelled_events,
            inpatient_classes,
            undelivered,
            schedule,
        })
    }

    /// Translates one message.
    pub fn translate(&self, document: &Document) -> Outcome {
        let message = match Message::parse(&document.content) {
            Ok(message) => message,
            Err(error) => return unreadable(&error),
        };
        let kind = text(message.segment("MSH").map(|header| header.get(9, 1, 1, 0)));
        let event = self.event(&message);
        let told = |events: &[String]| events.contains(&event);
        let news = told(&self.visit_events) || told(&self.closed_events) || told(&self.cancelled_events);
        match kind.as_str() {
            "DFT" => self.charges(&message, &event),
            "ADT" if news || self.expects(&event) => self.news(&message, &event),
            "SIU" if self.expects(&event) => self.appointment(&message, &event),
            "" => Outcome::Rejected(vec![Problem {
                id: "hl7.message-type".to_owned(),
                at: Place { path: "MSH-9".to_owned(), offset: None },
                found: "empty".to_owned(),
                expected: "a message type (DFT^P03)".to_owned(),
                remedy: "the message is cut off or its header damaged: have the source send it again".to_owned(),
            }]),
            "BAR" => {
                let why = "tells of an account and has no FT1: charges come as DFT";
                ignored("hl7.message-type", &format!("{} {why}", type_name(&kind, &event)))
            }
            _ => ignored("hl7.message-type", &format!("{} says nothing about charges", type_name(&kind, &event))),
        }
    }

    /// MSH-9.2, or EVN-1 of senders that leave it out.
    fn event(&self, message: &Message<'_>) -> String {
        let first = |name: &str, field, component| {
            text(message.segment(name).map(|segment| segment.get(field, 1, component, 0)))
        };
        let event = first("MSH", 9, 2);
        if event.is_empty() { first("EVN", 1, 1) } else { event }
    }

    fn charges(&self, message: &Message<'_>, event: &str) -> Outcome {
        let scope = message.charge_scope();
        let number = text(self.paths.visit_number.of_message(message));
        let alignment = Alignment { paths: &self.paths, types: &self.types };
        let charges: Vec<_> = message.charges(scope).collect();
        // Of a shifted feed every charge is wrong in the same way: the first says it.
        let mut problems =
            charges.iter().map(|charge| alignment.check(charge)).find(|wrong| !wrong.is_empty()).unwrap_or_default();
        problems.extend(torn_segments(message));
        if number.is_empty() && charges.is_empty() && problems.is_empty() {
            return ignored("hl7.no-charges", "a DFT without FT1 and without a visit number says nothing");
        }
        let mut update = self.update(message, event, &mut problems);
        let mut diagnoses = Diagnoses::of(message, &self.paths);
        if problems.is_empty() {
            let patient = update.header.patient.clone();
            let coverages = self.coverages(&patient);
            update.charges = charges
                .iter()
                .filter_map(|group| charge::charge(self, group, &mut diagnoses, &coverages, &mut problems))
                .collect();
        }
        update.undelivered = self.undelivered.of(&[], &update.charges);
        update.header.diagnoses = diagnoses.into_list();
        let first = update.charges.first().and_then(|charge| charge.line.providers.as_ref());
        update.header.rendering = first.and_then(|providers| providers.rendering.clone());
        if let Some(location) = charges.first().and_then(|group| self.paths.visit_location.of(group)) {
            update.header.location = text(Some(location));
        }
        if !problems.is_empty() {
            return Outcome::Rejected(problems);
        }
        if update.charges.is_empty() && !charges.is_empty() {
            return ignored("hl7.not-charges", "every FT1 is of a type that this site's mapping ignores");
        }
        Outcome::Events(vec![Event::Visit(update)])
    }

    /// ADT: news of the visit, and the visit as one to expect charges of.
    fn news(&self, message: &Message<'_>, event: &str) -> Outcome {
        let mut problems = torn_segments(message);
        let number = text(self.paths.visit_number.of_message(message));
        let unchanged = self.status(event) == VisitStatus::Unchanged;
        if number.is_empty() && unchanged && event == "A08" {
            return ignored("hl7.no-visit", "news of a person without a visit number (PV1-19, PID-18)");
        }
        let mut update = self.update(message, event, &mut problems);
        update.header.diagnoses = Diagnoses::of(message, &self.paths).into_list();
        update.header.location = text(self.paths.visit_location.of_message(message));
        let expected = self.expects(event).then(|| self.arrival(message, event, &update, &mut problems));
        let mut events = vec![Event::Visit(update)];
        events.extend(expected.map(Event::Expected));
        if problems.is_empty() { Outcome::Events(events) } else { Outcome::Rejected(problems) }
    }

    /// What a message says of the visit as a whole.
    fn update(&self, message: &Message<'_>, event: &str, problems: &mut Vec<Problem>) -> VisitUpdate {
        let p = &self.paths;
        let number = p.visit_number.of_message(message);
        let visit_number = text(number);
        let mut doubts = Vec::new();
        match number.filter(|_| !visit_number.is_empty()) {
            None => problems.push(self.no_visit_number(number)),
            Some(number) => {
                problems.extend(number::of_a_person(message, &number));
                doubts.extend(number::shared(&number).filter(|_| !self.number_is_declared));
            }
        }
        let patient = self.patient(message, problems);
        let coverages = self.coverages(&patient).shared(message, problems);
        let referring = people::provider(p.referring.path.iter().flat_map(|path| message.repetitions(path)));
        let extras = self.stay(message, problems);
        VisitUpdate {
            source_system: text(p.source_system.of_message(message)),
            visit_number,
            order: self.order(message, problems),
            status: self.status(event),
            header: ClaimHeader { patient, coverages, referring, extras, ..ClaimHeader::default() },
            charges: Vec::new(),
            complete: false,
            undelivered: self.undelivered.of(&[], &[]),
            doubts,
        }
    }

    /// Admission and discharge. Outpatient visits have a time of arrival in these fields, which is no admission.
    fn stay(&self, message: &Message<'_>, problems: &mut Vec<Problem>) -> Option<ClaimExtras> {
        let p = &self.paths;
        let class = text(p.visit_class.of_message(message));
        if !self.inpatient_classes.contains(&class) {
            return None;
        }
        let mut day = |field: &Field| coverage::date(field, field.of_message(message), problems);
        stay(day(&p.admission), day(&p.discharge))
    }

    fn order(&self, message: &Message<'_>, problems: &mut Vec<Problem>) -> SourceOrder {
        SourceOrder {
            sequence: text(self.paths.sequence.of_message(message)).parse().ok(),
            event_time: self.event_time(message, problems),
        }
    }

    fn no_visit_number(&self, found: Option<Value<'_>>) -> Problem {
        let remedy = "declare [visit] number in this site's mapping: the field that all messages of one visit share";
        match found {
            Some(value) => {
                let mut problem = problem("hl7.no-visit-number", &value, "a visit number", remedy);
                let all = self.paths.visit_number.path.as_ref().map(ToString::to_string).unwrap_or_default();
                problem.expected = format!("a visit number in {}", all.replace('|', " or "));
                problem
            }
            None => Problem {
                id: "hl7.no-visit-number".to_owned(),
                at: Place { path: "[visit] number".to_owned(), offset: None },
                found: "an empty path".to_owned(),
                expected: "a visit number".to_owned(),
                remedy: remedy.to_owned(),
            },
        }
    }

    fn patient(&self, message: &Message<'_>, problems: &mut Vec<Problem>) -> Patient {
        let p = &self.paths;
        let id = |kind, authority: String, value: String| PatientId { kind, authority, value };
        let authority = text(of_record(message, &p.authority));
        let ids = [
            id(PatientIdKind::MedicalRecord, authority, text(of_record(message, &p.mrn))),
            id(PatientIdKind::Account, String::new(), text(p.account.of_message(message))),
        ];
        Patient {
            ids: ids.into_iter().filter(|id| !id.value.is_empty()).collect(),
            name: people::name(p.patient_name.of_message(message)),
            birth_date: coverage::date(&p.birth_date, p.birth_date.of_message(message), problems),
            gender: people::gender(&text(p.gender.of_message(message))),
            address: people::address(p.address.of_message(message)),
            ..Patient::default()
        }
    }

    fn coverages<'s>(&'s self, patient: &'s Patient) -> Coverages<'s> {
        Coverages { paths: &self.paths, payer_ids: &self.payer_ids, patient }
    }

    fn status(&self, event: &str) -> VisitStatus {
        let told = |events: &[String]| events.iter().any(|known| known == event);
        if told(&self.cancelled_events) {
            VisitStatus::Cancelled
        } else if told(&self.closed_events) {
            VisitStatus::Closed
        } else {
            VisitStatus::Unchanged
        }
    }

    /// `YYYYMMDDHHMMSSffffff`, in UTC where the sender gave an offset.
    fn event_time(&self, message: &Message<'_>, problems: &mut Vec<Problem>) -> String {
        let field = &self.paths.time;
        let value = field
            .of_message(message)
            .map(|value| if value.location().component == 0 { value.component(1) } else { value });
        let Some(value) = value.filter(Value::is_present) else { return String::new() };
        match value.timestamp() {
            Ok(time) => normalised(&time),
            Err(error) => {
                problems.push(of_date(&error, &value, field.key));
                String::new()
            }
        }
    }
}

/// A part of the medical record number, where a field has several ids (CX): the repetition whose component 5 says MR, else what
/// the path says. A path that names another repetition is the site's own word.
fn of_record<'a>(message: &Message<'a>, field: &Field) -> Option<Value<'a>> {
    let place = field.path.as_ref().and_then(|path| path.places().first()).filter(|place| place.repetition == 1);
    let record = place.and_then(|place| {
        let mut ids = message.segment(place.segment.as_str())?.repetitions(place.field);
        let id = ids.find(|id| id.component(5).text().trim() == "MR")?;
        let part = if place.component == 0 { id } else { id.component(place.component) };
        Some(if place.subcomponent == 0 { part } else { part.subcomponent(place.subcomponent) })
    });
    record.filter(Value::is_present).or_else(|| field.of_message(message))
}

fn normalised(time: &claimhost_hl7v2::Timestamp) -> String {
    let seconds = time.epoch_seconds(0);
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = civil(days);
    let micros = time.nanosecond / 1000;
    format!("{date}{:02}{:02}{:02}{micros:06}", clock / 3600, clock / 60 % 60, clock % 60)
}

/// `YYYYMMDD` of days since 1970-01-01.
pub(crate) fn civil(days: i64) -> String {
    let (year, month, day) = calendar::civil(days);
    format!("{year:04}{month:02}{day:02}")
}

/// Lines that are no segments, after a segment that is read here: its last fields are torn off.
fn torn_segments(message: &Message<'_>) -> Vec<Problem> {
    let mut before = SegmentId::STRAY;
    let mut problems = Vec::new();
    for segment in message.segments() {
        if segment.id() != SegmentId::STRAY {
            before = segment.id();
        } else if matches!(before.as_str(), "MSH" | "EVN" | "PID" | "PV1" | "FT1" | "PR1" | "DG1" | "IN1" | "IN2") {
            problems.push(Problem {
                id: "hl7.torn-segment".to_owned(),
                at: Place { path: format!("line after {before}"), offset: Some(segment.offset()) },
                found: "a line that is no segment".to_owned(),
                expected: "segments only".to_owned(),
                remedy: "have the sender escape line breaks inside fields (\\.br\\ or \\X0D\\)".to_owned(),
            });
        }
    }
    problems
}

fn unreadable(error: &claimhost_hl7v2::ParseError) -> Outcome {
    Outcome::Rejected(vec![Problem {
        id: "hl7.unreadable".to_owned(),
        at: Place { path: "MSH".to_owned(), offset: u32::try_from(error.offset).ok() },
        found: error.to_string(),
        expected: "an HL7 v2 message".to_owned(),
        remedy: "check that the source sends HL7 v2 (ER7) and nothing else".to_owned(),
    }])
}

fn ignored(id: &str, reason: &str) -> Outcome {
    Outcome::Ignored(Ignored { id: id.to_owned(), reason: reason.to_owned() })
}

/// `ORU^R01`, if that is what it looks like: a reason must not quote the document.
fn type_name(kind: &str, event: &str) -> String {
    let code =
        |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    match (code(kind), code(event)) {
        (true, true) => format!("{kind}^{event}"),
        (true, false) => kind.to_owned(),
        _ => "a message without a type (MSH-9)".to_owned(),
    }
}
