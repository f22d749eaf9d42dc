//! Coverage and what it refers to, to contract coverages in order of responsibility.

use claimhost_fhir::{DateTime, Json};

use super::Site;
use super::people::{self, local_id};
use super::resources::{Resource, Resources};
use super::values;
use crate::claim::{Coverage, Date, Patient, Payer, Relationship, Subscriber};
use crate::hl7::responsibility;
use crate::intake::Problem;
use crate::path::plain;

impl Site {
    /// Coverages that a Claim names, in the order of `insurance.sequence`. One that is not in force by its own status is left out, with
    /// a doubt: who is billed then, a person decides.
    pub(super) fn claim_coverages<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        claim: &'r Resource<'a>,
        patient: &Patient,
        doubts: &mut Vec<Problem>,
        problems: &mut Vec<Problem>,
    ) -> Vec<Coverage> {
        let mut insurance: Vec<&Json<'_>> = self.paths.claim.insurance.all(&claim.json);
        insurance.sort_by_key(|one| number(one.get("sequence")));
        let mut coverages = Vec::new();
        for one in insurance {
            let Some(reference) = one.get("coverage") else { continue };
            let mut coverage = match resources.find(claim, reference) {
                Some((holder, json)) if is_void(json) => {
                    let status = json.get("status").unwrap_or(json);
                    let found = format!("status {}", json.text_of("status").unwrap_or_default());
                    let remedy = "have the claim name the coverage that is in force; this one is not billed";
                    doubts.push(holder.problem("fhir.coverage-status", status, &found, "active", remedy));
                    continue;
                }
                Some((holder, json)) => self.coverage(resources, holder, json, patient, problems),
                None => elsewhere(reference),
            };
            let authorization = one.get("preAuthRef").and_then(|list| list.items().first()).map(plain);
            coverage.prior_authorization = authorization.filter(|text| !text.is_empty());
            coverage.responsibility = responsibility(coverages.len());
            coverages.push(coverage);
        }
        coverages
    }

    /// Coverages of the visit's patient that are active on the day, by `order`.
    pub(super) fn patient_coverages(
        &self,
        resources: &Resources<'_>,
        patient: &Patient,
        on: Option<Date>,
        problems: &mut Vec<Problem>,
    ) -> Vec<Coverage> {
        let holds = |coverage: &&Resource<'_>| !is_void(&coverage.json) && in_force(&coverage.json, on);
        let mut known: Vec<&Resource<'_>> = resources.of("Coverage").filter(holds).collect();
        known.sort_by_key(|coverage| (number(self.paths.coverage.order.first(&coverage.json)), coverage.id.clone()));
        let read = |(position, coverage): (usize, &Resource<'_>)| Coverage {
            responsibility: responsibility(position),
            ..self.coverage(resources, coverage, &coverage.json, patient, problems)
        };
        known.into_iter().enumerate().map(read).collect()
    }

    fn coverage<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        holder: &'r Resource<'a>,
        json: &Json<'_>,
        patient: &Patient,
        problems: &mut Vec<Problem>,
    ) -> Coverage {
        let p = &self.paths.coverage;
        let reference =
            |of: Option<&Json<'_>>| of.and_then(|of| of.text_of("reference")).unwrap_or_default().to_owned();
        let subscriber = p.subscriber.first(json);
        let themselves =
            !reference(subscriber).is_empty() && reference(subscriber) == reference(json.get("beneficiary"));
        let said = p.relationship.first(json).and_then(people::relationship);
        let relationship = match said {
            Some(relationship) => relationship,
            None if themselves => Relationship::PatientIsSubscriber,
            None => Relationship::Unknown,
        };
        let person = if relationship == Relationship::PatientIsSubscriber {
            Subscriber {
                name: patient.name.clone(),
                birth_date: patient.birth_date,
                gender: patient.gender,
                address: patient.address.clone(),
                ..Subscriber::default()
            }
        } else {
            self.subscriber(resources, holder, subscriber, problems)
        };
        Coverage {
            payer: self.payer(resources, holder, p.payer.first(json)),
            subscriber: Subscriber {
                member_id: p.member_id.text(json),
                group_number: p.group_number.text(json),
                ..person
            },
            relationship,
            ..Coverage::default()
        }
    }

    fn subscriber<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        holder: &'r Resource<'a>,
        reference: Option<&Json<'_>>,
        problems: &mut Vec<Problem>,
    ) -> Subscriber {
        let Some((person, json)) = reference.and_then(|reference| resources.find(holder, reference)) else {
            return Subscriber::default();
        };
        let p = &self.paths.patient;
        Subscriber {
            name: people::name(&p.name.all(json)),
            birth_date: p.birth_date.first(json).and_then(|day| values::date(person, day, problems)),
            gender: people::gender(&p.gender.text(json)),
            address: people::address(&p.address.all(json)),
            ..Subscriber::default()
        }
    }

    /// Every identifier, the name and the id of a payer are aliases for the practice profile.
    fn payer<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        holder: &'r Resource<'a>,
        reference: Option<&Json<'_>>,
    ) -> Payer {
        let Some(reference) = reference else { return Payer::default() };
        let Some((_, json)) = resources.find(holder, reference) else { return elsewhere(reference).payer };
        let mut local_ids: Vec<String> = Vec::new();
        for path in &self.paths.payer_ids {
            local_ids.extend(path.all(json).into_iter().map(plain).filter(|id| !id.is_empty()));
        }
        // The id of a contained resource is a name inside of that one only.
        let anchor = reference.text_of("reference").and_then(|text| text.strip_prefix('#'));
        local_ids.retain(|id| anchor != Some(id));
        local_ids.dedup();
        Payer { name: json.text_of("name").unwrap_or_default().to_owned(), local_ids, ..Payer::default() }
    }
}

/// Whether a coverage says of itself that it is none, or none yet (Coverage.status).
fn is_void(json: &Json<'_>) -> bool {
    matches!(json.text_of("status"), Some("cancelled" | "draft" | "entered-in-error"))
}

/// What a reference to something outside of the document says of itself.
fn elsewhere(reference: &Json<'_>) -> Coverage {
    let identifier = reference.get("identifier").and_then(|identifier| identifier.text_of("value"));
    let local_ids = [identifier.unwrap_or_default().to_owned(), local_id(reference)];
    let local_ids = local_ids.into_iter().filter(|id| !id.is_empty()).collect();
    let name = reference.text_of("display").unwrap_or_default().to_owned();
    Coverage { payer: Payer { name, local_ids, ..Payer::default() }, ..Coverage::default() }
}

fn number(json: Option<&Json<'_>>) -> u32 {
    json.map(plain).and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
}

/// Whether the period holds the day; what is not said does not end it.
fn in_force(json: &Json<'_>, on: Option<Date>) -> bool {
    let Some(on) = on else { return true };
    let bound = |name: &str| {
        let date = DateTime::parse(json.get("period")?.text_of(name)?)?.day()?;
        Some((date.year, date.month, date.day))
    };
    let on = (on.year, on.month, on.day);
    bound("start").is_none_or(|start| start <= on) && bound("end").is_none_or(|end| on <= end)
}
