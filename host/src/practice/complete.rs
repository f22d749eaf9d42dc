//! Fills a claim header and its lines from the practice profile: billing provider, payers, roster, places, crosswalks and
//! the defaults of CLM06-CLM09.
//!
//! Never overwrites what the source said, except a payer's id and name, which are the profile's, codes that the
//! profile's crosswalk maps, and the dashes of a Medicare id. What cannot be found is a problem and stays as it is: the scrub says what is missing.

use super::crosswalk::{CodeSet, Mapped};
use super::profile::{BillingTaxId, Payer, PostalAddress, Profile, RosterProvider, TaxIdKind};
use crate::claim::{
    Address, Assignment, BenefitsAssignment, ClaimExtras, ClaimHeader, ClaimReference, ClaimReferenceKind, Contact,
    ContactKind, ContactNumber, Coverage, DiagnosisSystem, LineReferenceKind, Patient, PersonName, ProcedureSystem,
    Provider, ProviderId, ProviderIdKind, Relationship, Release, Responsibility, ServiceLine, day_number, mbi_of,
    service_span,
};

/// Something the profile does not know. Holds the claim.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CompletionProblem {
    /// Stable id, dotted (`payer.unknown`).
    pub id: String,
    /// Which field (`header.coverages[1].payer`).
    pub field: String,
    /// What is wrong and what to do. Never a value of a patient.
    pub words: String,
}

/// Completes a header and its lines.
pub fn complete(header: &mut ClaimHeader, lines: &mut [ServiceLine], profile: &Profile) -> Vec<CompletionProblem> {
    let mut problems = Vec::new();
    complete_billing(header, profile);
    problems.extend(complete_coverages(&mut header.coverages, &header.patient, profile, "header.coverages"));
    complete_location(header, profile, &mut problems);
    let of_header = [
        ("rendering", &mut header.rendering),
        ("referring", &mut header.referring),
        ("primary-care", &mut header.primary_care),
        ("supervising", &mut header.supervising),
    ];
    for (role, provider) in of_header {
        complete_provider(provider, profile, &format!("header.{role}"), &mut problems);
    }
    let day = service_span(lines).map(|span| day_number(span.start));
    for diagnosis in &mut header.diagnoses {
        if let Mapped::To(row) = profile.crosswalk.on(CodeSet::Diagnosis, &diagnosis.code, day) {
            diagnosis.code.clone_from(&row.target);
            diagnosis.system = DiagnosisSystem::Icd10cm;
        }
    }
    for (number, line) in lines.iter_mut().enumerate() {
        complete_line(line, number + 1, profile, &mut problems);
    }
    complete_clia(header, lines, profile);
    header.provider_signature.get_or_insert(true);
    header.assignment.get_or_insert(Assignment::Assigned);
    problems
}

/// Completes coverages: payer by id or alias, responsibility by position, and the patient's own data where the patient is
/// the subscriber. `field` is what problems call the list.
pub fn complete_coverages(
    coverages: &mut [Coverage],
    patient: &Patient,
    profile: &Profile,
    field: &str,
) -> Vec<CompletionProblem> {
    let mut problems = Vec::new();
    let mut given = Vec::new();
    for (position, coverage) in coverages.iter_mut().enumerate() {
        let names = std::iter::once(&coverage.payer.id).chain(&coverage.payer.local_ids);
        let names = names.chain(std::iter::once(&coverage.payer.name)).map(String::as_str);
        match profile.payer_by(names) {
            Some(payer) => fill_payer(coverage, payer),
            None => problems.push(problem(
                "payer.unknown",
                &format!("{field}[{position}].payer"),
                "no payer of the profile has this id, name or alias; add the alias to its [[payer]]",
            )),
        }
        as_sent(coverage);
        if coverage.responsibility == Responsibility::Unknown || given.contains(&coverage.responsibility) {
            coverage.responsibility = responsibility_at(position);
        }
        given.push(coverage.responsibility);
        coverage.benefits_assignment.get_or_insert(BenefitsAssignment::Yes);
        coverage.release.get_or_insert(Release::Signed);
        if coverage.relationship == Relationship::PatientIsSubscriber {
            fill_subscriber(coverage, patient);
        }
    }
    problems
}

fn fill_payer(coverage: &mut Coverage, payer: &Payer) {
    coverage.payer.id.clone_from(&payer.id);
    coverage.payer.name.clone_from(&payer.name);
    fill(&mut coverage.filing_indicator, &payer.filing_indicator);
}

/// Medicare takes its id without the dashes that the card prints. What is no MBI stays as it came, for the scrub to tell.
fn as_sent(coverage: &mut Coverage) {
    if matches!(coverage.filing_indicator.as_str(), "MB" | "MA")
        && let Some(id) = mbi_of(&coverage.subscriber.member_id)
    {
        coverage.subscriber.member_id = id;
    }
}

fn fill_subscriber(coverage: &mut Coverage, patient: &Patient) {
    let subscriber = &mut coverage.subscriber;
    if is_unnamed(&subscriber.name) {
        subscriber.name = patient.name.clone();
        subscriber.is_person = true;
    }
    subscriber.birth_date = subscriber.birth_date.or(patient.birth_date);
    subscriber.gender = subscriber.gender.or(patient.gender);
    if subscriber.address.is_none() {
        subscriber.address.clone_from(&patient.address);
    }
}

const fn responsibility_at(position: usize) -> Responsibility {
    match position {
        0 => Responsibility::Primary,
        1 => Responsibility::Secondary,
        2 => Responsibility::Tertiary,
        3 => Responsibility::Four,
        4 => Responsibility::Five,
        5 => Responsibility::Six,
        6 => Responsibility::Seven,
        7 => Responsibility::Eight,
        8 => Responsibility::Nine,
        9 => Responsibility::Ten,
        10 => Responsibility::Eleven,
        _ => Responsibility::Unknown,
    }
}

/// 2010AA and 2010AB. A billing provider that the source names with another NPI is left alone.
fn complete_billing(header: &mut ClaimHeader, profile: &Profile) {
    let own = billing_provider(profile);
    match &mut header.billing {
        none @ None => *none = Some(own),
        Some(said) if said.npi.as_deref().is_none_or(|npi| npi.is_empty() || npi == profile.npi) => {
            if is_unnamed(&said.name) {
                said.name = own.name;
                said.is_person = false;
            }
            said.npi = own.npi;
            said.taxonomy = said.taxonomy.take().or(own.taxonomy);
            said.address = said.address.take().or(own.address);
            let is_tax = |id: &ProviderId| matches!(id.kind, ProviderIdKind::Employer | ProviderIdKind::SocialSecurity);
            if !said.ids.iter().any(is_tax) {
                said.ids.extend(own.ids);
            }
            if said.contacts.is_empty() {
                said.contacts = own.contacts;
            }
        }
        Some(_) => return,
    }
    if let Some(pay_to) = &profile.pay_to_address {
        let extras = header.extras.get_or_insert_with(no_extras);
        extras.pay_to_address.get_or_insert_with(|| address(pay_to));
    }
}

fn billing_provider(profile: &Profile) -> Provider {
    let contact = |contact: &super::Contact| Contact {
        name: contact.name.clone(),
        numbers: vec![ContactNumber { kind: ContactKind::Telephone, value: contact.telephone.clone() }],
    };
    Provider {
        is_person: false,
        name: organisation(&profile.name),
        npi: Some(profile.npi.clone()),
        taxonomy: (!profile.taxonomy.is_empty()).then(|| profile.taxonomy.clone()),
        address: Some(address(&profile.address)),
        ids: vec![tax_id(&profile.tax_id)],
        contacts: profile.contact.iter().map(contact).collect(),
        local_id: String::new(),
    }
}

fn tax_id(tax_id: &BillingTaxId) -> ProviderId {
    let kind = match tax_id.kind {
        TaxIdKind::Ein => ProviderIdKind::Employer,
        TaxIdKind::Ssn => ProviderIdKind::SocialSecurity,
    };
    ProviderId { kind, value: tax_id.value.clone(), payer_id: String::new() }
}

/// CLM05-1 and 2310C from the sending system's location.
fn complete_location(header: &mut ClaimHeader, profile: &Profile, problems: &mut Vec<CompletionProblem>) {
    let Some(location) = profile.location_by(&header.location) else {
        if header.place_of_service.is_empty() && !header.location.is_empty() {
            let words = "no [[location]] of the profile has this id, and the source gives no place of service; add it";
            problems.push(problem("location.unknown", "header.location", words));
        }
        return;
    };
    fill(&mut header.place_of_service, &location.place_of_service);
    if let (None, Some(facility)) = (&header.service_facility, &location.facility) {
        header.service_facility = Some(Provider {
            is_person: false,
            name: organisation(&facility.name),
            npi: (!facility.npi.is_empty()).then(|| facility.npi.clone()),
            taxonomy: None,
            address: Some(address(&facility.address)),
            ids: Vec::new(),
            contacts: Vec::new(),
            local_id: String::new(),
        });
    }
}

fn complete_line(line: &mut ServiceLine, number: usize, profile: &Profile, problems: &mut Vec<CompletionProblem>) {
    let procedure = &mut line.procedure;
    let may_be_internal =
        matches!(procedure.system, ProcedureSystem::Internal | ProcedureSystem::Cpt | ProcedureSystem::Hcpcs);
    let day = Some(day_number(line.service_dates.start));
    if may_be_internal && let Mapped::To(row) = profile.crosswalk.on(CodeSet::Procedure, &procedure.code, day) {
        procedure.code.clone_from(&row.target);
        procedure.system = system_by_shape(&procedure.code);
        for modifier in &row.modifiers {
            if !procedure.modifiers.contains(modifier) {
                procedure.modifiers.push(modifier.clone());
            }
        }
    }
    let Some(providers) = &mut line.providers else { return };
    let of_line = [
        ("rendering", &mut providers.rendering),
        ("supervising", &mut providers.supervising),
        ("ordering", &mut providers.ordering),
        ("referring", &mut providers.referring),
        ("primary-care", &mut providers.primary_care),
    ];
    for (role, provider) in of_line {
        complete_provider(provider, profile, &format!("line {number}.{role}"), problems);
    }
}

/// REF X4 of 2300, where a line is a laboratory test and neither claim nor line has the number.
fn complete_clia(header: &mut ClaimHeader, lines: &[ServiceLine], profile: &Profile) {
    let clia = profile.clia.trim();
    let has_its_own = |line: &ServiceLine| {
        let references = line.extras.as_ref().map_or(&[][..], |extras| &extras.references);
        references.iter().any(|one| one.kind == LineReferenceKind::Clia)
    };
    let wanted = |line: &ServiceLine| is_laboratory_test(&line.procedure.code) && !has_its_own(line);
    if clia.is_empty() || !lines.iter().any(wanted) {
        return;
    }
    let extras = header.extras.get_or_insert_with(no_extras);
    if !extras.references.iter().any(|one| one.kind == ClaimReferenceKind::Clia) {
        extras.references.push(ClaimReference { kind: ClaimReferenceKind::Clia, value: clia.to_owned() });
    }
}

/// CPT codes of tests that fall under CLIA: 80047 to 89398 without consultations (80500-80506), blood bank opinions
/// (86077-86079) and skin tests (86485-86580).
pub fn is_laboratory_test(code: &str) -> bool {
    let number = Some(code).filter(|code| code.len() == 5).and_then(|code| code.parse::<u32>().ok());
    let exempt = |code: u32| matches!(code, 80_500..=80_506 | 86_077..=86_079 | 86_485..=86_580);
    number.is_some_and(|code| (80_047..=89_398).contains(&code) && !exempt(code))
}

/// CPT is five digits, or four and a letter (categories II and III, PLA); HCPCS Level II a letter and four digits.
fn system_by_shape(code: &str) -> ProcedureSystem {
    let shape: String = code.chars().map(|char| if char.is_ascii_digit() { '9' } else { char }).collect();
    match shape.as_bytes() {
        [b'9', b'9', b'9', b'9', b'9' | b'A'..=b'Z'] => ProcedureSystem::Cpt,
        [b'A'..=b'Z', b'9', b'9', b'9', b'9'] => ProcedureSystem::Hcpcs,
        _ => ProcedureSystem::Internal,
    }
}

fn complete_provider(
    provider: &mut Option<Provider>,
    profile: &Profile,
    field: &str,
    problems: &mut Vec<CompletionProblem>,
) {
    let Some(provider) = provider else { return };
    let npi = provider.npi.as_deref().filter(|npi| !npi.is_empty());
    // An NPI that the source gives is never crossed with the entry of a local id that has another.
    let known = match npi {
        Some(npi) => profile.provider.iter().find(|entry| entry.npi == npi),
        None => profile.provider_by(None, &provider.local_id),
    };
    match known {
        Some(entry) => fill_provider(provider, entry),
        None if npi.is_none() && !provider.local_id.is_empty() => problems.push(problem(
            "provider.not-in-roster",
            field,
            "a local provider id without an NPI is in no [[provider]] of the profile; add it to the roster",
        )),
        None => {}
    }
}

fn fill_provider(provider: &mut Provider, entry: &RosterProvider) {
    provider.npi = Some(entry.npi.clone());
    if is_unnamed(&provider.name) {
        provider.name = PersonName {
            last: entry.last.clone(),
            first: entry.first.clone(),
            middle: entry.middle.clone(),
            suffix: entry.suffix.clone(),
        };
        provider.is_person = true;
    } else if provider.is_person {
        fill(&mut provider.name.first, &entry.first);
    }
    if provider.taxonomy.as_deref().is_none_or(str::is_empty) && !entry.taxonomy.is_empty() {
        provider.taxonomy = Some(entry.taxonomy.clone());
    }
}

fn fill(into: &mut String, text: &str) {
    if into.is_empty() {
        text.clone_into(into);
    }
}

fn is_unnamed(name: &PersonName) -> bool {
    name.last.is_empty() && name.first.is_empty()
}

fn organisation(name: &str) -> PersonName {
    PersonName { last: name.into(), first: String::new(), middle: String::new(), suffix: String::new() }
}

fn address(postal: &PostalAddress) -> Address {
    Address {
        line1: postal.line1.clone(),
        line2: postal.line2.clone(),
        city: postal.city.clone(),
        state: postal.state.clone(),
        postal_code: postal.postal_code.clone(),
        country: String::new(),
        subdivision: String::new(),
    }
}

pub(crate) const fn no_extras() -> ClaimExtras {
    ClaimExtras {
        dates: Vec::new(),
        references: Vec::new(),
        notes: Vec::new(),
        attachments: Vec::new(),
        contract: None,
        repricing: None,
        ambulance: None,
        spinal: None,
        conditions: Vec::new(),
        related_cause: None,
        special_program: String::new(),
        delay_reason: String::new(),
        anesthesia_procedures: Vec::new(),
        condition_codes: Vec::new(),
        file_information: Vec::new(),
        pay_to_address: None,
        pay_to_plan: None,
        currency: String::new(),
    }
}

fn problem(id: &str, field: &str, words: &str) -> CompletionProblem {
    CompletionProblem { id: id.into(), field: field.into(), words: words.into() }
}

#[cfg(test)]
#[path = "complete_tests.rs"]
mod tests;
