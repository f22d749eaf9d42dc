//! Merging the headers of a visit's events, field by field: what a later event says replaces, what it leaves empty stays.
//!
//! Lists are replaced whole (a later list of coverages is the new list), but for dates of the claim, each of which is a field of its
//! own: a discharge that is told later takes no admission away. Diagnoses are not merged here: `fold.rs` keeps
//! those that live charges still point to.

use serde::Serialize;

use crate::claim::{
    Address, Claim, ClaimExtras, ClaimHeader, Coverage, Frequency, Gender, Patient, PersonName, Provider,
};

/// Providers and place that the header of a charge's own event names: what its line means where the line says nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Told {
    pub rendering: Option<Provider>,
    pub referring: Option<Provider>,
    pub primary_care: Option<Provider>,
    pub service_facility: Option<Provider>,
    pub supervising: Option<Provider>,
    pub place_of_service: String,
    pub location: String,
}

impl Told {
    pub(super) fn by(header: &ClaimHeader) -> Self {
        Self {
            rendering: header.rendering.clone(),
            referring: header.referring.clone(),
            primary_care: header.primary_care.clone(),
            service_facility: header.service_facility.clone(),
            supervising: header.supervising.clone(),
            place_of_service: header.place_of_service.clone(),
            location: header.location.clone(),
        }
    }
}

/// A claim that says nothing: what stands in the place of one that is lent.
pub fn no_claim() -> Claim {
    Claim {
        control_number: String::new(),
        frequency: Frequency::Original,
        payer_control_number: None,
        destination: 0,
        total_charge: 0,
        header: nothing_said(),
        lines: Vec::new(),
    }
}

/// A header that says nothing.
pub(super) fn nothing_said() -> ClaimHeader {
    ClaimHeader {
        patient: Patient {
            ids: Vec::new(),
            name: PersonName {
                last: String::new(),
                first: String::new(),
                middle: String::new(),
                suffix: String::new(),
            },
            birth_date: None,
            gender: None,
            address: None,
            death_date: None,
            weight_pounds: None,
            pregnant: false,
            casualty_patient_id: None,
            contact: None,
        },
        coverages: Vec::new(),
        diagnoses: Vec::new(),
        billing: None,
        rendering: None,
        referring: None,
        primary_care: None,
        service_facility: None,
        supervising: None,
        place_of_service: String::new(),
        location: String::new(),
        provider_signature: None,
        assignment: None,
        patient_paid: None,
        stated_total: None,
        extras: None,
    }
}

/// Replaces what `later` says. `stated_total` too: whether an older total still holds is the fold's to decide.
pub(super) fn merge(into: &mut ClaimHeader, later: &ClaimHeader) {
    merge_patient(&mut into.patient, &later.patient);
    list(&mut into.coverages, &later.coverages);
    list(&mut into.diagnoses, &later.diagnoses);
    option(&mut into.billing, &later.billing);
    option(&mut into.rendering, &later.rendering);
    option(&mut into.referring, &later.referring);
    option(&mut into.primary_care, &later.primary_care);
    option(&mut into.service_facility, &later.service_facility);
    option(&mut into.supervising, &later.supervising);
    text(&mut into.place_of_service, &later.place_of_service);
    text(&mut into.location, &later.location);
    option(&mut into.provider_signature, &later.provider_signature);
    option(&mut into.assignment, &later.assignment);
    option(&mut into.patient_paid, &later.patient_paid);
    option(&mut into.stated_total, &later.stated_total);
    match (&mut into.extras, &later.extras) {
        (Some(known), Some(later)) => merge_extras(known, later),
        (known, later) => option(known, later),
    }
}

fn merge_patient(into: &mut Patient, later: &Patient) {
    list(&mut into.ids, &later.ids);
    if !(later.name.last.is_empty() && later.name.first.is_empty()) {
        into.name = later.name.clone();
    }
    option(&mut into.birth_date, &later.birth_date);
    if later.gender.is_some_and(|gender| gender != Gender::Unknown) || into.gender.is_none() {
        into.gender = later.gender.or(into.gender);
    }
    if later.address.as_ref().is_some_and(address_says_something) {
        into.address.clone_from(&later.address);
    }
    option(&mut into.death_date, &later.death_date);
    option(&mut into.weight_pounds, &later.weight_pounds);
    into.pregnant |= later.pregnant;
    option(&mut into.casualty_patient_id, &later.casualty_patient_id);
    option(&mut into.contact, &later.contact);
}

fn merge_extras(into: &mut ClaimExtras, later: &ClaimExtras) {
    for date in &later.dates {
        match into.dates.iter_mut().find(|known| known.kind == date.kind) {
            Some(known) => known.clone_from(date),
            None => into.dates.push(*date),
        }
    }
    list(&mut into.references, &later.references);
    list(&mut into.notes, &later.notes);
    list(&mut into.attachments, &later.attachments);
    option(&mut into.contract, &later.contract);
    option(&mut into.repricing, &later.repricing);
    option(&mut into.ambulance, &later.ambulance);
    option(&mut into.spinal, &later.spinal);
    list(&mut into.conditions, &later.conditions);
    option(&mut into.related_cause, &later.related_cause);
    text(&mut into.special_program, &later.special_program);
    text(&mut into.delay_reason, &later.delay_reason);
    list(&mut into.anesthesia_procedures, &later.anesthesia_procedures);
    list(&mut into.condition_codes, &later.condition_codes);
    list(&mut into.file_information, &later.file_information);
    option(&mut into.pay_to_address, &later.pay_to_address);
    option(&mut into.pay_to_plan, &later.pay_to_plan);
    text(&mut into.currency, &later.currency);
}

fn address_says_something(address: &Address) -> bool {
    [&address.line1, &address.city, &address.postal_code].iter().any(|text| !text.is_empty())
}

fn option<T: Clone>(into: &mut Option<T>, later: &Option<T>) {
    if later.is_some() {
        into.clone_from(later);
    }
}

fn list<T: Clone>(into: &mut Vec<T>, later: &[T]) {
    if !later.is_empty() {
        *into = later.to_vec();
    }
}

fn text(into: &mut String, later: &str) {
    if !later.is_empty() {
        *into = later.to_owned();
    }
}

/// The coverages of a charge: its own, else the visit's.
pub(super) fn coverages_of<'a>(own: &'a [Coverage], header: &'a ClaimHeader) -> &'a [Coverage] {
    if own.is_empty() { &header.coverages } else { own }
}

/// Who a provider is: NPI, else the sending system's number, else the name.
pub(super) fn provider_identity(provider: &Provider) -> String {
    match (&provider.npi, provider.local_id.as_str()) {
        (Some(npi), _) if !npi.is_empty() => format!("npi:{npi}"),
        (_, "") => format!("name:{}:{}", provider.name.last, provider.name.first),
        (_, local) => format!("local:{local}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{ClaimDate, ClaimDateKind, Date, DateRange};
    use crate::visit::samples::{coverage, diagnosis, header, name};

    #[test]
    fn dates_of_the_claim_are_fields_of_their_own() {
        let dated = |dates: &[(ClaimDateKind, u8)]| {
            let dates = dates.iter().map(|(kind, day)| {
                let day = Date { year: 2026, month: 5, day: *day };
                ClaimDate { kind: *kind, value: DateRange { start: day, end: day } }
            });
            let extras = ClaimExtras { dates: dates.collect(), ..crate::practice::no_extras() };
            ClaimHeader { extras: Some(extras), ..nothing_said() }
        };
        let mut merged = dated(&[(ClaimDateKind::Admission, 8), (ClaimDateKind::Discharge, 11)]);
        merge(&mut merged, &dated(&[(ClaimDateKind::Discharge, 12)]));
        assert_eq!(merged, dated(&[(ClaimDateKind::Admission, 8), (ClaimDateKind::Discharge, 12)]));
    }

    #[test]
    fn what_is_empty_stays_and_what_is_said_replaces() {
        let mut merged = header();
        merge(&mut merged, &nothing_said());
        assert_eq!(merged, header());
        let mut later = nothing_said();
        later.patient.name = name("Brightwater", "Tamsin");
        later.coverages = vec![coverage("90002", "X9"), coverage("90001", "W100")];
        later.diagnoses = vec![diagnosis("Z0000")];
        later.patient.gender = Some(Gender::Unknown);
        merge(&mut merged, &later);
        assert_eq!(merged.patient.name.last, "Brightwater");
        assert_eq!(merged.patient.birth_date, header().patient.birth_date);
        assert_eq!(merged.patient.gender, Some(Gender::Female), "unknown is no news");
        assert_eq!(merged.coverages, later.coverages);
        assert_eq!(merged.diagnoses, later.diagnoses);
        assert_eq!(merged.rendering, header().rendering);
    }
}
