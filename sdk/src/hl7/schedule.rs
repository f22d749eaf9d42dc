//! Scheduling (SIU) and the arrivals of ADT to expected visits: what somebody should charge for.
//!
//! One appointment id is one expected visit, whatever happens to it; whether charges came is the host's to find out.
//! Statuses come from the event, and for events that tell of any change (S12 to S14) from SCH-25 where the site sends it.

use std::collections::BTreeMap;

use claimhost_hl7v2::{Message, Value};

use super::paths::{Field, text};
use super::{Defaults, Site, ignored, of_date, people, problem, torn_segments};
use crate::claim::{Date, DateTime, Patient};
use crate::intake::{Attendance, Event, ExpectedVisit, Outcome, Place, Problem, VisitUpdate};
use crate::mapping::Mapping;

/// What an adapter knows about scheduling messages before a site says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleDefaults {
    /// Event (MSH-9.2) and what it says; `keep` where it says nothing of the status.
    pub events: &'static [(&'static str, &'static str)],
    /// Words of the status field and what they say. They win over events that are `booked` or `keep`.
    pub statuses: &'static [(&'static str, &'static str)],
}

/// The scheduling part of a site's mapping.
#[derive(Debug)]
pub(super) struct Schedule {
    appointment: Field,
    start: Field,
    admitted: Field,
    provider: Field,
    location: Field,
    visit_type: Field,
    admit_type: Field,
    status: Field,
    reason: Field,
    moved_to: Field,
    events: BTreeMap<String, Option<Attendance>>,
    statuses: BTreeMap<String, Option<Attendance>>,
}

/// The attendance that a word of a mapping means: `Some(None)` is "says nothing" (`keep`), `None` no such word.
pub fn attendance(word: &str) -> Option<Option<Attendance>> {
    Some(Some(match word.trim().to_ascii_lowercase().as_str() {
        "keep" => return Some(None),
        "booked" => Attendance::Booked,
        "arrived" => Attendance::Arrived,
        "fulfilled" => Attendance::Fulfilled,
        "cancelled" => Attendance::Cancelled,
        "no-show" => Attendance::NoShow,
        "no-charge" => Attendance::NoCharge,
        "moved" => Attendance::Moved,
        _ => return None,
    }))
}

/// A table of a mapping whose values are words of [`attendance`]; keys are compared in upper case.
pub fn attendances(
    mapping: &mut Mapping<'_>,
    key: &str,
    defaults: &[(&str, &str)],
) -> BTreeMap<String, Option<Attendance>> {
    let mut known = BTreeMap::new();
    for (name, word) in mapping.table(key, defaults) {
        match attendance(&word) {
            Some(said) => {
                known.insert(name.to_uppercase(), said);
            }
            None => mapping.problem(
                &format!("{key}.{name}"),
                "mapping.status-word",
                &format!("`{word}`"),
                "booked, arrived, fulfilled, cancelled, no-show, no-charge, moved or keep",
            ),
        }
    }
    known
}

impl Schedule {
    pub(super) fn read(mapping: &mut Mapping<'_>, defaults: &Defaults) -> Self {
        let mut field = |key| Field::read(mapping, key, defaults.paths);
        Self {
            appointment: field("schedule.appointment"),
            start: field("schedule.start"),
            admitted: field("schedule.admitted"),
            provider: field("schedule.provider"),
            location: field("schedule.location"),
            visit_type: field("schedule.visit_type"),
            admit_type: field("schedule.admit_type"),
            status: field("schedule.status"),
            reason: field("schedule.reason"),
            moved_to: field("schedule.moved_to"),
            events: attendances(mapping, "schedule.events", defaults.schedule.events),
            statuses: attendances(mapping, "schedule.statuses", defaults.schedule.statuses),
        }
    }
}

impl Site {
    /// Whether this event tells of an expected visit.
    pub(super) fn expects(&self, event: &str) -> bool {
        self.schedule.events.contains_key(event)
    }

    /// SIU: one appointment.
    pub(super) fn appointment(&self, message: &Message<'_>, event: &str) -> Outcome {
        let at = &self.schedule;
        let mut problems = torn_segments(message);
        let patient = self.patient(message, &mut problems);
        if patient.ids.is_empty() && patient.name.last.is_empty() && problems.is_empty() {
            return ignored("hl7.no-patient", "a slot of the calendar without a patient");
        }
        let id = at.appointment.of_message(message);
        if text(id).is_empty() {
            problems.push(missing(&at.appointment, id, "hl7.no-appointment-id", "an appointment id"));
        }
        let start = when(&at.start, message, &mut problems);
        let said = self.said(message, event, &mut problems);
        let live = matches!(said, None | Some(Attendance::Booked | Attendance::Arrived | Attendance::Fulfilled));
        if start.is_none() && live && problems.is_empty() {
            problems.push(missing(
                &at.start,
                at.start.of_message(message),
                "hl7.no-start",
                "day and time of the visit",
            ));
        }
        let told = ExpectedVisit {
            source_system: text(self.paths.source_system.of_message(message)),
            visit_number: text(self.paths.visit_number.of_message(message)),
            appointment_id: text(id),
            order: self.order(message, &mut problems),
            patient: Patient { address: None, ..patient },
            start,
            provider: people::provider(at.provider.path.iter().flat_map(|path| message.repetitions(path))),
            location: text(at.location.of_message(message)),
            visit_type: text(at.visit_type.of_message(message)),
            status: said,
            moved_to: text(at.moved_to.of_message(message)),
            reason: text(at.reason.of_message(message)),
        };
        if problems.is_empty() { Outcome::Events(vec![Event::Expected(told)]) } else { Outcome::Rejected(problems) }
    }

    /// ADT: the visit that this update opens, changes or closes.
    pub(super) fn arrival(
        &self,
        message: &Message<'_>,
        event: &str,
        update: &VisitUpdate,
        problems: &mut Vec<Problem>,
    ) -> ExpectedVisit {
        let at = &self.schedule;
        let status = at.events.get(event).copied().flatten();
        let mut start = when(&at.admitted, message, problems);
        if start.is_none() && status == Some(Attendance::Arrived) {
            // Of an arrival, the event itself is the time; of a discharge it may be days later.
            start = when(&self.paths.time, message, problems);
        }
        ExpectedVisit {
            source_system: update.source_system.clone(),
            visit_number: update.visit_number.clone(),
            order: update.order.clone(),
            patient: Patient { address: None, ..update.header.patient.clone() },
            start,
            provider: people::provider(self.paths.rendering.path.iter().flat_map(|path| message.repetitions(path))),
            location: update.header.location.clone(),
            visit_type: text(at.admit_type.of_message(message)),
            status,
            ..ExpectedVisit::default()
        }
    }

    /// The event's word, or the status field's where the event says no more than that something changed.
    fn said(&self, message: &Message<'_>, event: &str, problems: &mut Vec<Problem>) -> Option<Attendance> {
        let at = &self.schedule;
        let by_event = at.events.get(event).copied().flatten();
        let value = at.status.of_message(message);
        let word = text(value).to_uppercase();
        if word.is_empty() || !matches!(by_event, None | Some(Attendance::Booked)) {
            return by_event;
        }
        match (at.statuses.get(&word), value) {
            (Some(said), _) => said.or(by_event),
            (None, Some(value)) => {
                let remedy =
                    "add this word under [schedule.statuses] in this site's mapping, or declare [schedule] status";
                problems.push(problem("hl7.appointment-status", &value, "a status that the mapping knows", remedy));
                None
            }
            (None, None) => by_event,
        }
    }
}

fn missing(field: &Field, found: Option<Value<'_>>, id: &str, expected: &str) -> Problem {
    let remedy = format!("declare {} in this site's mapping", crate::mapping::spoken(field.key));
    match found {
        Some(value) => problem(id, &value, expected, &remedy),
        None => Problem {
            id: id.to_owned(),
            at: Place { path: crate::mapping::spoken(field.key), offset: None },
            found: "an empty path".to_owned(),
            expected: expected.to_owned(),
            remedy,
        },
    }
}

/// Day and time in the clock of the facility: an offset, where there is one, is that of the facility.
fn when(field: &Field, message: &Message<'_>, problems: &mut Vec<Problem>) -> Option<DateTime> {
    let value = field.of_message(message)?;
    let leaf = if value.location().component == 0 { value.component(1) } else { value };
    let leaf = leaf.present()?;
    match leaf.timestamp() {
        Ok(time) => {
            let day = Date { year: time.date.year, month: time.date.month, day: time.date.day };
            Some(DateTime { day, hour: time.hour, minute: time.minute })
        }
        Err(error) => {
            problems.push(of_date(&error, &leaf, field.key));
            None
        }
    }
}
