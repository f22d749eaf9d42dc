//! People, organizations and places: HumanName, Address, Practitioner, PractitionerRole, Organization, Location, Patient.

use claimhost_fhir::Json;

use super::Site;
use super::codes::codings;
use super::resources::{Resource, Resources, Target};
use super::values;
use crate::claim::{Address, Gender, Patient, PatientId, PatientIdKind, PersonName, Provider, Relationship};
use crate::code::npi_is_valid;
use crate::intake::Problem;
use crate::path::plain;

fn text(json: &Json<'_>, name: &str) -> String {
    json.get(name).map(plain).unwrap_or_default()
}

/// The name for a claim: official, else usual, else the first that is not old or a nickname.
pub fn name(names: &[&Json<'_>]) -> PersonName {
    let of = |wanted: &str| names.iter().find(|name| name.text_of("use") == Some(wanted));
    let fit = |name: &&&Json<'_>| !matches!(name.text_of("use"), Some("old" | "maiden" | "nickname" | "anonymous"));
    let Some(name) = of("official").or_else(|| of("usual")).or_else(|| names.iter().find(fit)) else {
        return PersonName::default();
    };
    let list = |element: &str| -> Vec<String> {
        let all = name.get(element).map(Json::items).unwrap_or_default().iter().map(plain);
        all.filter(|text| !text.is_empty()).collect()
    };
    let given = list("given");
    PersonName {
        last: text(name, "family"),
        first: given.first().cloned().unwrap_or_default(),
        middle: given.get(1..).unwrap_or_default().join(" "),
        suffix: list("suffix").join(" "),
    }
}

/// The address in use. US ZIP codes lose their hyphen; the country of a US address is not kept.
pub fn address(addresses: &[&Json<'_>]) -> Option<Address> {
    let fit = |address: &&&Json<'_>| !matches!(address.text_of("use"), Some("old" | "temp"));
    let home = addresses.iter().find(|address| address.text_of("use") == Some("home"));
    let chosen = home.or_else(|| addresses.iter().find(fit))?;
    let lines: Vec<String> = chosen.get("line").map(Json::items).unwrap_or_default().iter().map(plain).collect();
    let country = text(chosen, "country").to_ascii_uppercase();
    let domestic = matches!(country.as_str(), "" | "US" | "USA" | "UNITED STATES");
    let postal_code = text(chosen, "postalCode");
    let postal_code = if domestic { postal_code.replace(['-', ' '], "") } else { postal_code };
    let address = Address {
        line1: lines.first().cloned().unwrap_or_default(),
        line2: lines.get(1..).unwrap_or_default().join(" "),
        city: text(chosen, "city"),
        state: text(chosen, "state"),
        postal_code,
        country: if domestic { String::new() } else { country },
        subdivision: String::new(),
    };
    (address != Address::default()).then_some(address)
}

/// AdministrativeGender.
pub fn gender(text: &str) -> Option<Gender> {
    match text {
        "" => None,
        "female" => Some(Gender::Female),
        "male" => Some(Gender::Male),
        _ => Some(Gender::Unknown),
    }
}

/// SubscriberRelationship, or v3 RoleCode of sources that use it. `None`: nothing was said.
pub fn relationship(concept: &Json<'_>) -> Option<Relationship> {
    let (_, code) = codings(concept).into_iter().find(|(_, code)| !code.is_empty())?;
    Some(match code.to_ascii_lowercase().as_str() {
        "self" | "onself" => Relationship::PatientIsSubscriber,
        "spouse" | "sps" | "husb" | "wife" => Relationship::Spouse,
        "child" | "chld" | "nchild" => Relationship::Child,
        "common" | "dompart" => Relationship::LifePartner,
        "unknown" => Relationship::Unknown,
        _ => Relationship::Other,
    })
}

/// The id a reference ends in: what the source calls whoever is meant.
pub fn local_id(reference: &Json<'_>) -> String {
    let text = reference.text_of("reference").unwrap_or_default();
    let text = claimhost_fhir::without_version(text);
    if text.starts_with('#') {
        return String::new();
    }
    text.rsplit(['/', ':']).next().unwrap_or_default().to_owned()
}

impl Site {
    /// The patient of a reference. One that is not in the document is known by its id only.
    pub(super) fn patient<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        from: &'r Resource<'a>,
        reference: Option<&Json<'_>>,
        problems: &mut Vec<Problem>,
    ) -> Patient {
        let Some(reference) = reference else { return Patient::default() };
        let Some((holder, json)) = resources.find(from, reference) else {
            let value = reference
                .get("identifier")
                .and_then(|identifier| identifier.text_of("value"))
                .map_or_else(|| local_id(reference), str::to_owned);
            let known = PatientId { kind: PatientIdKind::Other, authority: String::new(), value };
            return Patient {
                ids: vec![known].into_iter().filter(|id| !id.value.is_empty()).collect(),
                ..Patient::default()
            };
        };
        let p = &self.paths.patient;
        let mut ids = Vec::new();
        let mrn = p.mrn.text(json);
        if !mrn.is_empty() {
            ids.push(PatientId { kind: PatientIdKind::MedicalRecord, authority: p.authority.text(json), value: mrn });
        }
        let id = json.text_of("id").unwrap_or_default();
        if !id.is_empty() {
            ids.push(PatientId { kind: PatientIdKind::Other, authority: String::new(), value: id.to_owned() });
        }
        let mut day = |path: &crate::path::Path| {
            let found = path.first(json)?;
            // `deceasedBoolean` says nothing about a day.
            found.text().is_some().then(|| values::date(holder, found, problems)).flatten()
        };
        Patient {
            ids,
            name: name(&p.name.all(json)),
            birth_date: day(&p.birth_date),
            death_date: day(&p.death_date),
            gender: gender(&p.gender.text(json)),
            address: address(&p.address.all(json)),
            ..Patient::default()
        }
    }

    /// The provider of a reference: a Practitioner, a role of one, an Organization or Location, or what the reference
    /// itself says (an NPI as identifier, else its id, which the roster knows). Where an id stands as a text, see [`Site::called`].
    pub(super) fn provider<'r, 'a>(
        &self,
        resources: &'r Resources<'a>,
        from: &'r Resource<'a>,
        reference: &Json<'_>,
    ) -> Option<Provider> {
        let called = plain(reference);
        if !called.is_empty() {
            return Some(self.called(resources, called));
        }
        let Some((holder, json)) = resources.find(from, reference) else {
            let identifier = reference.get("identifier");
            let value = identifier.and_then(|identifier| identifier.text_of("value")).map(str::to_owned);
            let system = identifier.and_then(|identifier| identifier.text_of("system")).unwrap_or_default();
            let npi = value.clone().filter(|_| self.codes.is_npi(system));
            let local_id = if npi.is_some() { String::new() } else { value.unwrap_or_else(|| local_id(reference)) };
            let known = npi.is_some() || !local_id.is_empty();
            let is_person = !reference.text_of("reference").is_some_and(|text| text.contains("Organization/"));
            return known.then(|| Provider { npi, local_id, is_person, ..Provider::default() });
        };
        if json.text_of("resourceType") == Some("PractitionerRole") {
            let whose = json.get("practitioner").and_then(|whose| self.provider(resources, holder, whose));
            let mut provider = whose.unwrap_or_default();
            let taxonomy = self.paths.provider.taxonomy.text(json);
            provider.taxonomy = (!taxonomy.is_empty()).then_some(taxonomy).or(provider.taxonomy);
            return Some(provider);
        }
        Some(self.known(json))
    }

    /// The one whom a source calls so: the only Practitioner of the document with that id or identifier; else an NPI, or an id of the
    /// source's own, either of which the roster knows.
    fn called(&self, resources: &Resources<'_>, called: String) -> Provider {
        let is_called = |resource: &&Resource<'_>| {
            let all = resource.json.get("identifier").map(Json::items).unwrap_or_default();
            resource.id == called || all.iter().any(|identifier| text(identifier, "value") == called)
        };
        let mut fitting = resources.of("Practitioner").filter(is_called);
        if let (Some(one), None) = (fitting.next(), fitting.next()) {
            return self.known(&one.json);
        }
        let (npi, local_id) = if npi_is_valid(&called) { (Some(called), String::new()) } else { (None, called) };
        Provider { npi, local_id, is_person: true, ..Provider::default() }
    }

    /// What a Practitioner, an Organization or a Location says of itself.
    fn known(&self, json: &Json<'_>) -> Provider {
        let p = &self.paths.provider;
        let npi = p.npi.text(json);
        let is_person = json.text_of("resourceType") == Some("Practitioner");
        let name = if is_person {
            name(&p.name.all(json))
        } else {
            PersonName { last: text(json, "name"), ..PersonName::default() }
        };
        let address = if is_person { None } else { address(&p.address.all(json)) };
        Provider {
            is_person,
            name,
            npi: (!npi.is_empty()).then_some(npi),
            address,
            local_id: text(json, "id"),
            ..Provider::default()
        }
    }
}

impl<'a> Resources<'a> {
    /// What a reference means, and the resource it is or is contained in.
    pub fn find<'r>(
        &'r self,
        from: &'r Resource<'a>,
        reference: &Json<'_>,
    ) -> Option<(&'r Resource<'a>, &'r Json<'a>)> {
        match self.target(from, reference) {
            Target::Found(resource) => Some((resource, &resource.json)),
            Target::Contained(json) => Some((from, json)),
            Target::Elsewhere => None,
        }
    }
}
