//! FHIR R4 resources (Claim, ChargeItem, Encounter with Procedure and Condition) to visit updates.
//!
//! An adapter of this family is a [`Defaults`] table and three lines of code: [`Site::open`] lays the site's mapping over
//! the table, [`Site::translate`] does the rest. A document is what belongs to one visit: the resources themselves or the
//! entries of a bundle, one JSON text after another, as the framing `fhir-bundle` cuts them. Here: what of it is charged
//! and what is a visit. Elsewhere: finding entries (`claimhost-fhir`), netting and amendments (the host).

mod claim;
mod codes;
mod coverage;
mod expected;
mod line;
mod paths;
mod people;
mod resources;
mod values;
mod visit;

use std::collections::BTreeMap;

pub use crate::path::Path;
pub use paths::Table;
pub use values::event_time;

use codes::CodeSystems;
use expected::Schedule;
use paths::Paths;
use resources::Resources;

use crate::hl7::ChargeType;
use crate::intake::{Document, Event, Ignored, Outcome, Problem, Setup};
use crate::mapping::Mapping;
use crate::undelivered::{CHARGE, MODIFIERS, POINTERS, UNITS, Undelivered, without_path};

/// What an adapter knows about its EHR before a site says otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// Part of every charge's key.
    pub source_system: &'static str,
    /// Mapping key and path.
    pub paths: Table,
    /// Below a payer's Organization: what the payer may be called.
    pub payer_ids: &'static [&'static str],
    /// Resources that charges are taken from; of one visit the first that has any.
    pub charges: &'static [&'static str],
    /// `ChargeItem.status`: new, replace, cancel or ignore.
    pub statuses: &'static [(&'static str, &'static str)],
    /// `Claim.type` of claims that go on an 837P.
    pub claim_types: &'static [&'static str],
    /// `Claim.type` of claims that go elsewhere. One that is in neither list is read, and held.
    pub ignored_claim_types: &'static [&'static str],
    /// `Encounter.status` that closes a visit.
    pub closed: &'static [&'static str],
    /// `Encounter.status` that says it did not take place.
    pub cancelled: &'static [&'static str],
    /// What becomes of a Procedure without a code that can be billed: hold or ignore.
    pub clinical_procedures: &'static str,
    /// Contract fields for which these resources have no place.
    pub undelivered: &'static [&'static str],
}

/// What a ChargeItem has no place for (FHIR R4 has none for modifiers), and the keys by which an EHR's or a site's mapping gives it one.
const NOT_OF_CHARGE_ITEM: &[(&str, &[&str])] =
    &[(MODIFIERS, &["charge_item.modifiers"]), (POINTERS, &["charge_item.reasons"])];

/// What a chart has no place for, or need not have (US Core asks for neither price nor count, and for no reason of a procedure).
const NOT_OF_CHART: &[(&str, &[&str])] = &[
    (CHARGE, &["procedure.amount", "procedure.unit_amount", "encounter.amount", "encounter.unit_amount"]),
    (UNITS, &["procedure.units", "encounter.units"]),
    (MODIFIERS, &["procedure.modifiers", "encounter.modifiers"]),
    ("line.place-of-service", &["procedure.place_of_service", "encounter.place_of_service"]),
    (POINTERS, &["procedure.reasons", "encounter.reasons"]),
];

/// A site: the table with the site's mapping laid over it, compiled.
#[derive(Debug)]
pub struct Site {
    source_system: String,
    paths: Paths,
    codes: CodeSystems,
    charges: Vec<String>,
    statuses: BTreeMap<String, ChargeType>,
    claim_types: Vec<String>,
    ignored_claim_types: Vec<String>,
    closed: Vec<String>,
    cancelled: Vec<String>,
    hold_clinical: bool,
    /// Whether a visit is numbered by `Encounter.id`, which every reference to it has.
    by_id: bool,
    /// Hours that the facility's clock may be behind UTC, where a ChargeItem's time is in UTC and the facility's day is meant; 0: the day is
    /// the one that is written.
    utc_hours: u32,
    schedule: Schedule,
    undelivered: Undelivered,
    /// Of charges by ChargeItem, and from the chart.
    not_of_charge_item: Vec<&'static str>,
    not_of_chart: Vec<&'static str>,
}

impl Site {
    /// Reads the mapping of a site.
    ///
    /// # Errors
    /// Unknown keys, paths and words that cannot be read, each at its line.
    pub fn open(setup: &Setup, defaults: &Defaults) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(&setup.mapping);
        let source_system = mapping.text("source_system", defaults.source_system);
        let paths = Paths::read(&mut mapping, defaults.paths, defaults.payer_ids);
        let codes = CodeSystems::read(&mut mapping);
        let charges = mapping.list("charges.from", defaults.charges);
        if charges.iter().any(|kind| !matches!(kind.as_str(), "Claim" | "ChargeItem" | "Procedure")) {
            mapping.problem("charges.from", "mapping.word", "another word", "Claim, ChargeItem, Procedure");
        }
        let mut statuses = BTreeMap::new();
        for (status, word) in mapping.table("statuses", defaults.statuses) {
            match ChargeType::from_word(&word) {
                Some(known) => {
                    statuses.insert(status, known);
                }
                None => mapping.problem(
                    &format!("statuses.{status}"),
                    "mapping.type-word",
                    &format!("`{word}`"),
                    "new, replace, cancel or ignore",
                ),
            }
        }
        let claim_types = mapping.list("claim.types", defaults.claim_types);
        let ignored_claim_types = mapping.list("claim.ignored_types", defaults.ignored_claim_types);
        let closed = mapping.list("visit.closed_statuses", defaults.closed);
        let cancelled = mapping.list("visit.cancelled_statuses", defaults.cancelled);
        let clinical = mapping.text("charges.clinical_procedures", defaults.clinical_procedures);
        if !matches!(clinical.as_str(), "hold" | "ignore") {
            let found = format!("`{clinical}`");
            mapping.problem("charges.clinical_procedures", "mapping.word", &found, "hold or ignore");
        }
        let utc_hours = mapping.text("charge_item.utc_hours", "0").trim().parse().unwrap_or_else(|_| {
            mapping.problem("charge_item.utc_hours", "mapping.number", "no number", "hours in quotes, such as \"5\"");
            0
        });
        let schedule = Schedule::read(&mut mapping);
        let by_id = paths.visit.number == Path::parse("id").unwrap_or_default();
        // A path of the standard's table is none that this EHR is known to fill.
        let said = |key: &str| mapping.says(key);
        let not_of_charge_item = without_path(NOT_OF_CHARGE_ITEM, said);
        let not_of_chart = without_path(NOT_OF_CHART, said);
        let undelivered = defaults.undelivered.iter().map(|field| (*field).to_owned()).collect();
        let undelivered = Undelivered::read(&mut mapping, undelivered);
        mapping.finish()?;
        let hold_clinical = clinical == "hold";
        Ok(Self {
            source_system,
            paths,
            codes,
            charges,
            statuses,
            claim_types,
            ignored_claim_types,
            closed,
            cancelled,
            hold_clinical,
            by_id,
            utc_hours,
            schedule,
            undelivered,
            not_of_charge_item,
            not_of_chart,
        })
    }

    /// Translates one document.
    pub fn translate(&self, document: &Document) -> Outcome {
        let resources = match Resources::read(document) {
            Ok(resources) => resources,
            Err(problem) => return Outcome::Rejected(vec![*problem]),
        };
        let mut problems = resources.problems.clone();
        let mut reasons = Vec::new();
        let visits = self.visits(&resources, &mut problems);
        let mut events = Vec::new();
        for visit in &visits {
            let update = self.visit(&resources, visit, &mut reasons, &mut problems);
            let expected = self.expected(&resources, visit, update.as_ref());
            events.extend(update.map(Event::from));
            events.extend(expected.map(Event::from));
        }
        if !problems.is_empty() {
            return Outcome::Rejected(problems);
        }
        if !events.is_empty() {
            return Outcome::Events(events);
        }
        reasons.sort();
        reasons.dedup();
        let reason = if reasons.is_empty() { no_charge(&resources) } else { reasons.join("; ") };
        Outcome::Ignored(Ignored { id: "fhir.no-charge".to_owned(), reason })
    }
}

/// `Observation (3), ExplanationOfBenefit (1, what a payer has decided): no charge and no visit`.
fn no_charge(resources: &Resources<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in resources.all() {
        *counts.entry(&resource.kind).or_default() += 1;
    }
    let told = counts.into_iter().map(|(kind, count)| {
        let what = match kind {
            "ExplanationOfBenefit" | "ClaimResponse" | "PaymentReconciliation" | "PaymentNotice" => {
                ", what a payer has decided"
            }
            "Patient" | "Coverage" | "Practitioner" | "PractitionerRole" | "Organization" | "Location" => {
                ", to which no charge of this file refers"
            }
            _ => "",
        };
        format!("{kind} ({count}{what})")
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "no resource".to_owned() } else { format!("{}: no charge and no visit", told.join(", ")) }
}
