//! Encounters to expected visits: what somebody should charge for.
//!
//! Where a mapping says `[schedule] from = "Encounter"`: a source whose encounters are not all to be charged from here would have each told as a
//! charge that is missing. Whether charges came is the host's to find out.

use std::collections::BTreeMap;

use claimhost_fhir::{DateTime, Json, Precision};

use super::resources::{Resource, Resources};
use super::visit::Visit;
use super::{Site, values};
use crate::claim::{Date, DateTime as Moment, Patient};
use crate::hl7::attendances;
use crate::intake::{Attendance, ExpectedVisit, SourceOrder, VisitUpdate};
use crate::mapping::Mapping;
use crate::path::plain;

/// Encounter.status of R4, and what it says. Another one says nothing.
const STATUSES: &[(&str, &str)] = &[
    ("planned", "booked"),
    ("arrived", "arrived"),
    ("triaged", "arrived"),
    ("in-progress", "arrived"),
    ("onleave", "arrived"),
    ("finished", "fulfilled"),
    ("cancelled", "cancelled"),
    ("entered-in-error", "cancelled"),
];

/// The scheduling part of a site's mapping.
#[derive(Debug)]
pub struct Schedule {
    /// Whether encounters are expected visits.
    expects: bool,
    statuses: BTreeMap<String, Option<Attendance>>,
}

impl Schedule {
    /// Reads `[schedule]`.
    pub fn read(mapping: &mut Mapping<'_>) -> Self {
        let from = mapping.text("schedule.from", "");
        if !matches!(from.as_str(), "" | "Encounter") {
            mapping.problem("schedule.from", "mapping.word", &format!("`{from}`"), "Encounter, or nothing");
        }
        Self { expects: !from.is_empty(), statuses: attendances(mapping, "schedule.statuses", STATUSES) }
    }
}

impl Site {
    /// The expected visit of an encounter. `update` is what the visit came to; none: it has not taken place, or is nothing that is charged from
    /// here, and of that nothing is expected.
    pub(super) fn expected<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        visit: &Visit<'r, 'a>,
        update: Option<&VisitUpdate>,
    ) -> Option<ExpectedVisit> {
        let encounter = visit.encounter.filter(|_| self.schedule.expects)?;
        let status = encounter.json.text_of("status").unwrap_or_default();
        if update.is_none() && status != "planned" {
            return None;
        }
        let v = &self.paths.visit;
        let patient = match update {
            Some(update) => update.header.patient.clone(),
            // A birth date that is none is told with the charges.
            None => self.patient(resources, encounter, encounter.json.get("subject"), &mut Vec::new()),
        };
        let who = v.rendering.all(&encounter.json);
        let version = self.paths.order.version.text(&encounter.json).parse().ok();
        let event_time = values::event_time(&self.paths.order.time.text(&encounter.json));
        Some(ExpectedVisit {
            source_system: self.source_system.clone(),
            visit_number: visit.number.clone(),
            order: SourceOrder { sequence: version.filter(|_| event_time.is_empty()), event_time },
            patient: Patient { address: None, ..patient },
            start: v.date.first(&encounter.json).and_then(start),
            provider: who.into_iter().find_map(|who| self.provider(resources, encounter, who)),
            location: update.map(|update| update.header.location.clone()).unwrap_or_default(),
            visit_type: self.visit_type(encounter),
            status: self.schedule.statuses.get(&status.to_uppercase()).copied().flatten(),
            ..ExpectedVisit::default()
        })
    }

    /// What the source calls such an encounter: its words, else the code.
    fn visit_type(&self, encounter: &Resource<'_>) -> String {
        let Some(kind) = self.paths.encounter.code.first(&encounter.json) else { return String::new() };
        let coding = kind.get("coding").and_then(|codings| codings.items().first());
        let said = |json: Option<&Json<'_>>, name: &str| json.and_then(|json| json.get(name)).map(plain);
        let words = [said(Some(kind), "text"), said(coding, "display"), said(coding, "code")];
        words.into_iter().flatten().find(|words| !words.is_empty()).unwrap_or_default()
    }
}

/// Day and time of a Period's start, or of a dateTime, as the source's clock shows it; 0:00 where only a day is.
fn start(period: &Json<'_>) -> Option<Moment> {
    let time = DateTime::parse(period.get("start").unwrap_or(period).text()?)?;
    let date = time.day()?;
    let clock = if time.precision > Precision::Day { time.second } else { 0 };
    let part = |part: u32| u8::try_from(part).unwrap_or(0);
    let day = Date { year: date.year, month: date.month, day: date.day };
    Some(Moment { day, hour: part(clock / 3600 % 24), minute: part(clock / 60 % 60) })
}
