//! The visits of a document: which resources are of one, what its charges are taken from, and its header.

use claimhost_fhir::{DateTime, Json};

use super::Site;
use super::codes::has_code;
use super::line::{Diagnoses, Source};
use super::people::local_id;
use super::resources::{Resource, Resources};
use super::values;
use crate::claim::{ClaimExtras, ClaimHeader, Date, Provider, ServiceLine};
use crate::hl7::ChargeType;
use crate::intake::{Charge, ChargeAction, Place, Problem, SourceOrder, VisitStatus, VisitUpdate};
use crate::path::plain;
use crate::stay::stay;

/// Classes of an Encounter that is a stay (ActEncounterCode): inpatient, acute and not acute.
const INPATIENT: [&str; 3] = ["IMP", "ACUTE", "NONAC"];

/// The resources of one visit.
#[derive(Default)]
pub struct Visit<'r, 'a> {
    pub(super) number: String,
    pub(super) encounter: Option<&'r Resource<'a>>,
    pub(super) claims: Vec<&'r Resource<'a>>,
    charge_items: Vec<&'r Resource<'a>>,
    procedures: Vec<&'r Resource<'a>>,
}

/// What the charges of a visit are, and what the resources they are in say of the whole.
#[derive(Default)]
pub struct Charges {
    pub(super) list: Vec<Charge>,
    pub(super) header: ClaimHeader,
    pub(super) complete: bool,
    /// Fields these resources have no place for.
    pub(super) undelivered: Vec<&'static str>,
    /// What a person has to decide before they are billed.
    pub(super) doubts: Vec<Problem>,
}

impl Site {
    /// Tells the resources of a document apart by visit.
    pub(super) fn visits<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        problems: &mut Vec<Problem>,
    ) -> Vec<Visit<'r, 'a>> {
        let mut visits: Vec<Visit<'r, 'a>> = Vec::new();
        for resource in resources.all() {
            let reference = match resource.kind.as_str() {
                "Encounter" => None,
                "Claim" => resource.json.get("item").and_then(|items| items.items().iter().find_map(encounter_of)),
                "ChargeItem" => resource.json.get("context"),
                "Procedure" => resource.json.get("encounter"),
                _ => continue,
            };
            let number = match self.number(resources, resource, reference) {
                Ok(number) => number,
                Err(problem) => {
                    problems.push(*problem);
                    continue;
                }
            };
            let known = visits.iter().position(|visit| visit.number == number);
            let at = known.unwrap_or_else(|| {
                visits.push(Visit { number, ..Visit::default() });
                visits.len() - 1
            });
            let Some(visit) = visits.get_mut(at) else { continue };
            match resource.kind.as_str() {
                "Encounter" => visit.encounter = Some(resource),
                "Claim" => visit.claims.push(resource),
                "ChargeItem" => visit.charge_items.push(resource),
                _ => visit.procedures.push(resource),
            }
        }
        visits
    }

    /// The visit's number: of the Encounter, else of the charge's own resource, of which a replaced claim's number is kept.
    fn number<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        of: &'r Resource<'a>,
        reference: Option<&Json<'_>>,
    ) -> Result<String, Box<Problem>> {
        let found = match reference {
            None if of.kind == "Encounter" => Some(&of.json),
            Some(reference) => resources.find(of, reference).map(|(_, encounter)| encounter),
            None => None,
        };
        let remedy =
            "declare [visit] number in this site's mapping, or have the source send the Encounter in the same file";
        let number = match (found, reference) {
            (Some(encounter), _) => self.paths.visit.number.text(encounter),
            (None, Some(reference)) if self.by_id => local_id(reference),
            (None, Some(reference)) => {
                let found = "a reference to an Encounter that is not in the document";
                return Err(Box::new(of.problem("fhir.no-visit-number", reference, found, "the Encounter", remedy)));
            }
            (None, None) => match of.kind.as_str() {
                "Claim" => {
                    let prior = self.paths.claim.replaces.first(&of.json).map(local_id);
                    let prior = prior.filter(|id| !id.is_empty());
                    format!("Claim/{}", prior.unwrap_or_else(|| self.paths.claim.id.text(&of.json)))
                }
                "ChargeItem" => format!("ChargeItem/{}", self.paths.charge_item.id.text(&of.json)),
                _ => {
                    let remedy = "have the source say of what encounter the procedure is";
                    return Err(Box::new(of.missing(
                        "fhir.no-encounter",
                        "encounter",
                        "a reference to an Encounter",
                        remedy,
                    )));
                }
            },
        };
        match number.rsplit('/').next() {
            Some("") | None => Err(Box::new(of.missing("fhir.no-visit-number", "id", "an id", remedy))),
            _ => Ok(number),
        }
    }

    /// What is said of a visit. `None`: nothing, and `reasons` say why, or `problems` what is wrong.
    pub(super) fn visit<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        visit: &Visit<'r, 'a>,
        reasons: &mut Vec<String>,
        problems: &mut Vec<Problem>,
    ) -> Option<VisitUpdate> {
        let before = problems.len();
        let mut diagnoses = Diagnoses::default();
        let status = self.status(visit.encounter);
        let foreign = reasons.len();
        let mut charges = None;
        for kind in &self.charges {
            charges = match kind.as_str() {
                "Claim" => self.claims(resources, visit, &mut diagnoses, reasons, problems),
                "ChargeItem" => self.charge_items(resources, visit, &mut diagnoses, reasons, problems),
                // A claim that goes elsewhere says what the visit was billed as: no second bill from the chart.
                _ if reasons.len() > foreign => None,
                _ => self.clinical(resources, visit, &mut diagnoses, problems),
            };
            if charges.is_some() || problems.len() > before {
                break;
            }
        }
        if problems.len() > before || charges.is_none() && reasons.len() > foreign {
            return None;
        }
        let charges = charges.unwrap_or_default();
        let encounter = visit.encounter.filter(|encounter| said(encounter) != "planned");
        if charges.list.is_empty() && encounter.is_none() {
            let planned = "Encounter with status planned: it has not taken place";
            reasons.push(if visit.encounter.is_some() { planned } else { "Procedure that was not done" }.to_owned());
            return None;
        }
        let header = self.header(resources, visit, charges.header, &charges.list, &mut diagnoses, problems);
        let undelivered = self.undelivered.of(&charges.undelivered, &charges.list);
        (problems.len() == before).then(|| VisitUpdate {
            source_system: self.source_system.clone(),
            visit_number: visit.number.clone(),
            order: self.order(visit),
            status,
            header: ClaimHeader { diagnoses: diagnoses.list, ..header },
            charges: charges.list,
            complete: charges.complete,
            undelivered,
            doubts: charges.doubts,
        })
    }

    fn status(&self, encounter: Option<&Resource<'_>>) -> VisitStatus {
        let Some(status) = encounter.map(said) else { return VisitStatus::Unchanged };
        let told = |statuses: &[String]| statuses.iter().any(|known| known == status);
        if told(&self.cancelled) {
            VisitStatus::Cancelled
        } else if told(&self.closed) {
            VisitStatus::Closed
        } else {
            VisitStatus::Unchanged
        }
    }

    /// The newest of what the visit's resources say of themselves: time of the change, else the version.
    fn order(&self, visit: &Visit<'_, '_>) -> SourceOrder {
        let all = visit.encounter.iter().chain(&visit.claims).chain(&visit.charge_items).chain(&visit.procedures);
        let text = |path: &super::Path| all.clone().map(|of| path.text(&of.json)).collect::<Vec<_>>();
        let times = text(&self.paths.order.time).iter().map(|time| values::event_time(time)).max().unwrap_or_default();
        let versions = text(&self.paths.order.version);
        let version = versions.iter().filter_map(|version| version.parse().ok()).max();
        SourceOrder { sequence: version.filter(|_| times.is_empty()), event_time: times }
    }

    /// Charges by ChargeItem. `None`: there are none that count.
    fn charge_items<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        visit: &Visit<'r, 'a>,
        diagnoses: &mut Diagnoses,
        reasons: &mut Vec<String>,
        problems: &mut Vec<Problem>,
    ) -> Option<Charges> {
        let mut charges = Charges { undelivered: self.not_of_charge_item.clone(), ..Charges::default() };
        let credit = &self.paths.credit;
        let named =
            |path: &super::Path, of: &Resource<'_>| path.first(&of.json).map(local_id).filter(|id| !id.is_empty());
        let offsets: Vec<String> = visit.charge_items.iter().filter_map(|of| named(&credit.offset_by, of)).collect();
        for item in &visit.charge_items {
            let own = self.paths.charge_item.id.text(&item.json);
            if offsets.contains(&own) {
                reasons.push("ChargeItem that takes another one back: the other one is cancelled".to_owned());
                continue;
            }
            let status = item.json.text_of("status").unwrap_or_default();
            let action = match self.statuses.get(status) {
                Some(ChargeType::Does(action)) => *action,
                Some(ChargeType::Ignore) => {
                    reasons.push(format!("ChargeItem with status {status}: not to be billed from here"));
                    continue;
                }
                None => {
                    let remedy = "say under [statuses] of this site's mapping what this status means";
                    let at = item.json.get("status").unwrap_or(&item.json);
                    problems.push(item.problem("fhir.status", at, "another status", "a status of [statuses]", remedy));
                    continue;
                }
            };
            let replaced = named(&credit.replaces, item).map(|id| format!("ChargeItem/{id}"));
            let action = match action {
                ChargeAction::New if credit.offset_by.first(&item.json).is_some() => ChargeAction::Cancel,
                ChargeAction::New if replaced.is_some() => ChargeAction::Replace,
                other => other,
            };
            // Read as one, it would have the code of one and the amount of all.
            if let [_, second, ..] = credit.details.all(&item.json).as_slice()
                && action != ChargeAction::Cancel
            {
                let remedy = "have the source make a charge of each, or enter them by hand";
                let found = "several charges in one item";
                problems.push(item.problem("fhir.several-details", second, found, "one", remedy));
                continue;
            }
            if action != ChargeAction::Cancel {
                charges.doubts.extend(self.day_in_doubt(item));
            }
            let reverses = replaced.filter(|_| action == ChargeAction::Replace).unwrap_or_default();
            let paths = &self.paths.charge_item;
            let source = Source { resources, of: item, item: &item.json, paths, dates: None };
            self.add(&source, (format!("ChargeItem/{own}"), reverses, action), diagnoses, &mut charges.list, problems);
        }
        (!charges.list.is_empty()).then_some(charges)
    }

    /// What is in doubt where a charge's time is in UTC, so soon after midnight that the facility may still have the day before.
    fn day_in_doubt(&self, item: &Resource<'_>) -> Option<Problem> {
        let date = self.paths.charge_item.date.first(&item.json)?;
        let times = [Some(date), date.get("start"), date.get("end")];
        let is_in_doubt = |written: &&Json<'_>| {
            let time = written.text().and_then(DateTime::parse);
            time.is_some_and(|time| time.offset_minutes == Some(0) && time.second / 3600 < self.utc_hours)
        };
        let at = times.into_iter().flatten().find(is_in_doubt)?;
        let found = "a time in UTC, at which the facility may have the day before";
        let remedy = "look up the day in the EHR and enter the charge under it; a facility that is fewer hours behind UTC says so in [charge_item] \
                      utc_hours of its mapping";
        Some(item.problem("fhir.day-in-utc", at, found, "the day of service at the facility", remedy))
    }

    /// Charges from the chart: procedures, and the encounter's own code. Price and units are not in a chart.
    fn clinical<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        visit: &Visit<'r, 'a>,
        diagnoses: &mut Diagnoses,
        problems: &mut Vec<Problem>,
    ) -> Option<Charges> {
        let mut charges = Charges { undelivered: self.not_of_chart.clone(), ..Charges::default() };
        self.conditions(resources, visit, diagnoses);
        let period = visit.encounter.and_then(|of| Some((of, self.paths.visit.date.first(&of.json)?)));
        let status = visit.encounter.map(said).unwrap_or_default();
        let done = matches!(status, "finished" | "in-progress" | "onleave" | "");
        if let Some(encounter) = visit.encounter.filter(|of| done && self.is_billable(&self.paths.encounter, &of.json))
        {
            let paths = &self.paths.encounter;
            let source = Source { resources, of: encounter, item: &encounter.json, paths, dates: period };
            let id = format!("Encounter/{}", paths.id.text(&encounter.json));
            self.add(&source, (id, String::new(), ChargeAction::New), diagnoses, &mut charges.list, problems);
        }
        for procedure in &visit.procedures {
            let paths = &self.paths.procedure;
            let action = match said(procedure) {
                "completed" | "stopped" => ChargeAction::New,
                "entered-in-error" => ChargeAction::Cancel,
                _ => continue,
            };
            if !self.hold_clinical && !self.is_billable(paths, &procedure.json) {
                continue;
            }
            let source = Source { resources, of: procedure, item: &procedure.json, paths, dates: period };
            let id = format!("Procedure/{}", paths.id.text(&procedure.json));
            self.add(&source, (id, String::new(), action), diagnoses, &mut charges.list, problems);
        }
        Some(charges)
    }

    /// Adds a charge. One that never happened and was never told of is told and taken back in one breath, so that its
    /// end is not a reversal of nothing.
    pub(super) fn add(
        &self,
        source: &Source<'_, '_, '_>,
        (id, reverses, action): (String, String, ChargeAction),
        diagnoses: &mut Diagnoses,
        charges: &mut Vec<Charge>,
        problems: &mut Vec<Problem>,
    ) {
        if id.ends_with('/') || id.ends_with('#') {
            let remedy = "declare the id of charges in this site's mapping";
            return problems.push(source.of.missing("fhir.no-charge-id", "id", "an id", remedy));
        }
        let at: Place = source.of.place(source.item);
        let charge = |action, line: ServiceLine| {
            let (id, reverses, at) = (id.clone(), reverses.clone(), at.clone());
            Charge { id, reverses, action, line, coverages: Vec::new(), at }
        };
        if action != ChargeAction::Cancel {
            let before = problems.len();
            match self.line(source, diagnoses, problems) {
                Some(line) => charges.push(charge(action, line)),
                None if problems.len() == before => {
                    let remedy = "have the source code the service";
                    let expected = "a CPT or HCPCS code";
                    problems.push(source.of.problem("fhir.no-code", source.item, "no code", expected, remedy));
                }
                None => {}
            }
            return;
        }
        let line = self.line(source, &mut Diagnoses::default(), &mut Vec::new());
        let line = line.map(|line| ServiceLine { diagnosis_pointers: Vec::new(), ..line });
        charges.extend(line.clone().map(|line| charge(ChargeAction::New, line)));
        charges.push(charge(ChargeAction::Cancel, line.unwrap_or_default()));
    }

    /// Diagnoses of the visit: those the encounter ranks, then conditions recorded for it.
    fn conditions<'r, 'a>(&self, resources: &'r Resources<'a>, visit: &Visit<'r, 'a>, diagnoses: &mut Diagnoses) {
        let mut found: Vec<&Json<'_>> = Vec::new();
        if let Some(encounter) = visit.encounter {
            let mut ranked: Vec<&Json<'_>> =
                encounter.json.get("diagnosis").map(Json::items).unwrap_or_default().iter().collect();
            ranked.sort_by_key(|one| one.get("rank").map(plain).and_then(|rank| rank.parse().ok()).unwrap_or(u32::MAX));
            let conditions = ranked.iter().filter_map(|one| resources.find(encounter, one.get("condition")?));
            found.extend(conditions.map(|(_, condition)| condition));
        }
        for condition in resources.of("Condition") {
            let of = condition.json.get("encounter").map(|of| match resources.find(condition, of) {
                Some((_, encounter)) => self.paths.visit.number.text(encounter),
                None => local_id(of),
            });
            if of.as_deref() == Some(&visit.number) {
                found.push(&condition.json);
            }
        }
        let void = |condition: &&&Json<'_>| {
            let verified = condition.get("verificationStatus");
            !verified.is_some_and(|status| has_code(status, &["entered-in-error", "refuted"]))
        };
        for code in found.iter().filter(void).filter_map(|condition| condition.get("code")) {
            self.codes.diagnosis(code).and_then(|diagnosis| diagnoses.point(diagnosis));
        }
    }

    /// Patient, coverages, providers and place; `known` is what the claims have said of them.
    fn header<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        visit: &Visit<'r, 'a>,
        known: ClaimHeader,
        charges: &[Charge],
        diagnoses: &mut Diagnoses,
        problems: &mut Vec<Problem>,
    ) -> ClaimHeader {
        let mut header = known;
        let first = visit.encounter.or(visit.claims.first().copied()).or(visit.charge_items.first().copied());
        let Some(of) = first.or(visit.procedures.first().copied()) else { return header };
        if header.patient.ids.is_empty() && header.patient.name.last.is_empty() {
            let whose = of.json.get("subject").or(of.json.get("patient"));
            header.patient = self.patient(resources, of, whose, problems);
        }
        let on: Option<Date> = charges.first().map(|charge| charge.line.service_dates.start);
        if header.coverages.is_empty() && visit.claims.is_empty() {
            header.coverages = self.patient_coverages(resources, &header.patient, on, problems);
        }
        if !charges.is_empty() {
            self.conditions(resources, visit, diagnoses);
        }
        let Some(encounter) = visit.encounter else { return header };
        let v = &self.paths.visit;
        let who = |path: &super::Path| -> Option<Provider> {
            path.all(&encounter.json).into_iter().find_map(|who| self.provider(resources, encounter, who))
        };
        let line_says = charges.iter().find_map(|charge| charge.line.providers.as_ref()?.rendering.clone());
        header.rendering = header.rendering.or(line_says).or_else(|| who(&v.rendering));
        header.referring = header.referring.or_else(|| who(&v.referring));
        header.extras = header.extras.or_else(|| self.stay(encounter));
        if let Some(place) = v.location.first(&encounter.json).filter(|_| header.location.is_empty()) {
            self.place(resources, encounter, place, &mut header);
        }
        header
    }

    /// Admission and discharge: the period of an Encounter that is a stay. A period without a whole day says nothing.
    fn stay(&self, encounter: &Resource<'_>) -> Option<ClaimExtras> {
        let v = &self.paths.visit;
        let class = v.class.first(&encounter.json);
        let is_stay = class.is_some_and(|class| INPATIENT.contains(&class.text_of("code").unwrap_or_default()));
        let period = v.date.first(&encounter.json).filter(|_| is_stay)?;
        let day = |end: &str| values::date(encounter, period.get(end)?, &mut Vec::new());
        stay(day("start"), day("end"))
    }

    /// What a reference to a Location or Organization says of the place.
    pub(super) fn place<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        from: &'r Resource<'a>,
        reference: &Json<'_>,
        header: &mut ClaimHeader,
    ) {
        header.location = local_id(reference);
        if let Some((_, json)) = resources.find(from, reference) {
            let id = json.text_of("id").unwrap_or_default();
            if !id.is_empty() {
                header.location = id.to_owned();
            }
            let kinds = json.get("type").map(Json::items).unwrap_or_default();
            if let Some(place) = kinds.iter().find_map(|kind| self.codes.place_of_service(kind)) {
                header.place_of_service = place;
            }
        } else if header.location.is_empty() {
            header.location = reference.text_of("display").unwrap_or_default().to_owned();
        }
    }
}

fn encounter_of<'j, 'a>(item: &'j Json<'a>) -> Option<&'j Json<'a>> {
    item.get("encounter")?.items().first()
}

/// `status`.
fn said<'r>(resource: &'r Resource<'_>) -> &'r str {
    resource.json.text_of("status").unwrap_or_default()
}
