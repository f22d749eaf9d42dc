//! Claim: a whole claim as the source states it. Professional ones that ask for payment count; a claim that names a prior
//! one replaces it; a cancelled one takes its lines back. One of a type that is neither ours nor certainly somebody else's
//! (institutional) is read with a doubt, so that a person decides and no charge is lost.

use std::collections::BTreeSet;

use claimhost_fhir::Json;

use super::Site;
use super::codes::{codings, has_code};
use super::line::{Diagnoses, Source};
use super::people::local_id;
use super::resources::{Resource, Resources};
use super::values;
use super::visit::{Charges, Visit};
use crate::claim::{ClaimHeader, Coverage, LineProviders, Provider};
use crate::intake::{ChargeAction, Problem};
use crate::path::plain;

/// What is to be done with a claim.
enum Fate {
    Charge,
    /// Of a type that an 837P is not for, and that nobody declared as another's.
    Doubt(Box<Problem>),
    Cancel,
    Pass,
}

impl Site {
    /// Charges by Claim. `None`: no claim here is one of ours, and `reasons` say why.
    pub(super) fn claims<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        visit: &Visit<'r, 'a>,
        diagnoses: &mut Diagnoses,
        reasons: &mut Vec<String>,
        problems: &mut Vec<Problem>,
    ) -> Option<Charges> {
        let prior = |claim: &&Resource<'_>| self.paths.claim.replaces.first(&claim.json).map(local_id);
        let replaced: BTreeSet<String> = visit.claims.iter().filter_map(prior).filter(|id| !id.is_empty()).collect();
        let mut charges = Charges::default();
        let mut live = 0;
        let mut fates: Vec<_> =
            visit.claims.iter().map(|claim| (*claim, self.fate(claim, reasons, problems))).collect();
        // A hospital's claim beside the professional one is not a second bill of the same visit.
        if fates.iter().any(|(_, fate)| matches!(fate, Fate::Charge)) {
            fates.retain(|(_, fate)| !matches!(fate, Fate::Doubt(_)));
        }
        for (claim, fate) in fates {
            let cancelled = match fate {
                Fate::Pass => continue,
                Fate::Charge | Fate::Doubt(_) if replaced.contains(&claim.id) => continue,
                Fate::Charge => false,
                Fate::Doubt(doubt) => {
                    charges.doubts.push(*doubt);
                    false
                }
                Fate::Cancel => true,
            };
            live += u32::from(!cancelled);
            let mut doubts = Vec::new();
            let header = self.claim_header(resources, claim, &mut doubts, problems);
            charges.doubts.extend(doubts.into_iter().filter(|_| !cancelled));
            let coverages = if charges.list.is_empty() || header.coverages == charges.header.coverages {
                Vec::new()
            } else {
                header.coverages.clone()
            };
            if charges.list.is_empty() {
                charges.header = header;
            }
            let before = charges.list.len();
            self.items(resources, claim, cancelled, diagnoses, &mut charges, problems);
            for charge in charges.list.iter_mut().skip(before) {
                charge.coverages.clone_from(&coverages);
            }
        }
        if live > 1 {
            charges.header.stated_total = None;
        }
        // A replacement states all charges there are now: lines of the claim before that it does not name are gone.
        charges.complete &= live == 1;
        (!charges.list.is_empty()).then_some(charges)
    }

    fn fate(&self, claim: &Resource<'_>, reasons: &mut Vec<String>, problems: &mut Vec<Problem>) -> Fate {
        let mut wrong = |element: &str, expected: &str| {
            let at = claim.json.get(element).unwrap_or(&claim.json);
            let remedy = "check that the source exports FHIR R4; another version has other codes here";
            let found = if claim.json.get(element).is_some() { "another code" } else { "nothing" };
            let id = format!("fhir.claim-{element}");
            let problem = match claim.json.get(element) {
                Some(_) => claim.problem(&id, at, found, expected, remedy),
                None => claim.missing(&id, element, expected, remedy),
            };
            problems.push(problem);
            Fate::Pass
        };
        match claim.json.text_of("use") {
            Some("claim") => {}
            Some(other @ ("preauthorization" | "predetermination")) => {
                reasons.push(format!("Claim with use {other}: it asks for no payment"));
                return Fate::Pass;
            }
            _ => return wrong("use", "claim, preauthorization or predetermination"),
        }
        let Some(kind) = claim.json.get("type").filter(|kind| !codings(kind).is_empty()) else {
            return wrong("type", "a claim type (professional, institutional, ...)");
        };
        let is_of = |types: &[String]| types.iter().any(|known| has_code(kind, &[known]));
        let standard = ["institutional", "oral", "pharmacy", "vision", "professional"];
        let name = standard.into_iter().find(|code| has_code(kind, &[code])).unwrap_or("of another kind");
        if is_of(&self.ignored_claim_types) {
            reasons.push(format!("Claim of type {name}: not on an 837P ([claim] ignored_types)"));
            return Fate::Pass;
        }
        match claim.json.text_of("status") {
            Some("active") if !is_of(&self.claim_types) => {
                let expected = "a type of [claim] types: what an 837P is for";
                let remedy = "bill it on an 837I where it is institutional; where this source gives all its claims this type, \
                              add the type to [claim] types, or to [claim] ignored_types, of this site's mapping";
                let found = format!("type {name}");
                Fate::Doubt(Box::new(claim.problem("fhir.claim-type", kind, &found, expected, remedy)))
            }
            Some("active") => Fate::Charge,
            Some("cancelled" | "entered-in-error") => Fate::Cancel,
            Some("draft") => {
                reasons.push("Claim with status draft: not finished".to_owned());
                Fate::Pass
            }
            _ => wrong("status", "active, cancelled, draft or entered-in-error"),
        }
    }

    fn claim_header<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        claim: &'r Resource<'a>,
        doubts: &mut Vec<Problem>,
        problems: &mut Vec<Problem>,
    ) -> ClaimHeader {
        let p = &self.paths.claim;
        let patient = self.patient(resources, claim, claim.json.get("patient"), problems);
        let coverages: Vec<Coverage> = self.claim_coverages(resources, claim, &patient, doubts, problems);
        let who = p.billing.first(&claim.json);
        let responsible = who.and_then(|who| self.provider(resources, claim, who));
        // A practitioner who is responsible for the claim has rendered it, where no care team says otherwise; who bills is the
        // profile's to say, for a practitioner has neither tax id nor address.
        let (person, billing) = match responsible {
            Some(known) if who.is_some_and(|who| is_practitioner(resources, claim, who)) => (Some(known), None),
            known => (None, known),
        };
        let requester = p.referral.first(&claim.json).and_then(|request| {
            let (holder, request) = resources.find(claim, request)?;
            self.provider(resources, holder, request.get("requester")?)
        });
        let total = p.total.first(&claim.json).and_then(|total| values::cents(claim, total, problems));
        let mut header = ClaimHeader {
            coverages,
            // An organization that the source knows by its own number only is the profile's to name.
            billing: billing.filter(|billing| billing.npi.is_some()),
            rendering: self.care_team(resources, claim, None, &["primary", "rendering", ""]).or(person),
            referring: requester.or_else(|| self.care_team(resources, claim, None, &["referring"])),
            supervising: self.care_team(resources, claim, None, &["supervisor", "supervising"]),
            stated_total: total,
            patient,
            ..ClaimHeader::default()
        };
        if let Some(facility) = p.facility.first(&claim.json) {
            self.place(resources, claim, facility, &mut header);
            let known = self.provider(resources, claim, facility).filter(|known| known.npi.is_some());
            header.service_facility = known.map(|known| Provider { is_person: false, ..known });
        }
        header
    }

    /// The first member of the care team with one of the roles; `""` stands for none. `of`: only these sequences.
    fn care_team<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        claim: &'r Resource<'a>,
        of: Option<&[String]>,
        roles: &[&str],
    ) -> Option<Provider> {
        let team = claim.json.get("careTeam").map(Json::items).unwrap_or_default();
        let fits = |member: &&Json<'_>| {
            let sequence = member.get("sequence").map(plain).unwrap_or_default();
            let role = member.get("role").map(codings).unwrap_or_default();
            let named = |wanted: &&str| match *wanted {
                "" => role.is_empty(),
                wanted => role.iter().any(|(_, code)| code.eq_ignore_ascii_case(wanted)),
            };
            of.is_none_or(|of| of.contains(&sequence)) && roles.iter().any(named)
        };
        let who = team.iter().filter(fits).find_map(|member| member.get("provider"))?;
        self.provider(resources, claim, who)
    }

    fn items<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        claim: &'r Resource<'a>,
        cancelled: bool,
        diagnoses: &mut Diagnoses,
        charges: &mut Charges,
        problems: &mut Vec<Problem>,
    ) {
        let p = &self.paths.claim;
        let places = if cancelled { Vec::new() } else { self.claim_diagnoses(resources, claim, diagnoses) };
        let told = claim.json.get("diagnosis").map_or(0, |diagnoses| diagnoses.items().len());
        let prior = p.replaces.first(&claim.json).map(local_id).filter(|id| !id.is_empty());
        charges.complete |= prior.is_some() && !cancelled;
        let items = p.items.all(&claim.json);
        if items.is_empty() {
            let remedy = "have the source send the lines of the claim";
            return problems.push(claim.missing("fhir.no-items", "item", "at least one line", remedy));
        }
        let id = p.id.text(&claim.json);
        for item in items {
            let paths = &self.paths.claim_item;
            let sequence = paths.id.text(item);
            let dates = p.date.first(&claim.json).map(|dates| (claim, dates));
            let source = Source { resources, of: claim, item, paths, dates };
            let reverses = prior.as_ref().map(|prior| format!("Claim/{prior}#{sequence}")).unwrap_or_default();
            let action = match (cancelled, &prior) {
                (true, _) => ChargeAction::Cancel,
                (false, Some(_)) => ChargeAction::Replace,
                (false, None) => ChargeAction::New,
            };
            let before = charges.list.len();
            let key = (format!("Claim/{id}#{sequence}"), if cancelled { String::new() } else { reverses }, action);
            self.add(&source, key, diagnoses, &mut charges.list, problems);
            for charge in charges.list.iter_mut().skip(before).filter(|charge| charge.action != ChargeAction::Cancel) {
                let texts = |name: &str| -> Vec<String> {
                    item.get(name).map(Json::items).unwrap_or_default().iter().map(plain).collect()
                };
                let pointers = texts("diagnosisSequence");
                // A claim of one diagnosis is for that one, as a row without pointers of any other source.
                if let ([], [(_, place)], 1) = (pointers.as_slice(), places.as_slice(), told)
                    && charge.line.diagnosis_pointers.is_empty()
                {
                    charge.line.diagnosis_pointers.push(*place);
                }
                for pointer in pointers {
                    match places.iter().find(|(sequence, _)| *sequence == pointer) {
                        Some((_, place)) => charge.line.diagnosis_pointers.push(*place),
                        None if cancelled => {}
                        None => {
                            let at = item.get("diagnosisSequence").unwrap_or(item);
                            let found = "the sequence of no coded diagnosis";
                            let remedy = "ask the source to correct the pointer or to code the diagnosis";
                            problems.push(claim.problem("fhir.pointer", at, found, "diagnosis.sequence", remedy));
                        }
                    }
                }
                let team = texts("careTeamSequence");
                let of = (!team.is_empty()).then_some(team.as_slice());
                if let Some(rendering) =
                    of.and_then(|of| self.care_team(resources, claim, Some(of), &["primary", "rendering", ""]))
                {
                    let rendering = Some(rendering);
                    charge.line.providers = Some(LineProviders { rendering, ..LineProviders::default() });
                }
            }
        }
    }

    /// `diagnosis.sequence` and the position of each coded diagnosis, in the order of the sequences.
    fn claim_diagnoses<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        claim: &'r Resource<'a>,
        diagnoses: &mut Diagnoses,
    ) -> Vec<(String, u8)> {
        let mut all: Vec<&Json<'_>> = claim.json.get("diagnosis").map(Json::items).unwrap_or_default().iter().collect();
        all.sort_by_key(|one| one.get("sequence").map(plain).and_then(|text| text.parse().ok()).unwrap_or(u32::MAX));
        let place = |one: &Json<'_>| {
            let concept = match one.get("diagnosisReference") {
                Some(reference) => resources.find(claim, reference)?.1.get("code")?,
                None => one.get("diagnosisCodeableConcept")?,
            };
            let at = diagnoses.point(self.codes.diagnosis(concept)?)?;
            Some((one.get("sequence").map(plain).unwrap_or_default(), at))
        };
        all.into_iter().filter_map(place).collect()
    }
}

/// Whether a reference is to a person who treats.
fn is_practitioner<'r, 'a>(resources: &'r Resources<'a>, from: &'r Resource<'a>, who: &Json<'_>) -> bool {
    let kind = resources.find(from, who).and_then(|(_, json)| json.text_of("resourceType"));
    let said = kind.or_else(|| who.text_of("type")).or_else(|| who.text_of("reference")).unwrap_or_default();
    said.contains("Practitioner")
}
