//! 2000B and 2000C: the subscriber, the payer billed, and the patient where it is another person.

use claimhost_sdk::claim::*;
use claimhost_x12::Segment;

use crate::reader::Reader;
use crate::{codes, parts};

/// 2000B with 2010BA and 2010BB: the coverage billed.
pub(crate) fn loop_2000b(r: &mut Reader<'_>, to: &mut ClaimHeader) -> Coverage {
    let mut coverage = Coverage { relationship: Relationship::PatientIsSubscriber, ..Coverage::default() };
    if let Some(hl) = r.require("HL", &[], "HL of the subscriber (2000B)")
        && hl.text(3) != "22"
    {
        r.bad(&hl, 3, 0, "22");
    }
    let Some(segment) = r.require("SBR", &[], "SBR of the subscriber (2000B)") else { return coverage };
    sbr(r, &segment, &mut coverage);
    let own = match segment.text(2).as_ref() {
        "18" => true,
        "" => false,
        _ => {
            r.bad(&segment, 2, 0, "18, or nothing for a dependent");
            false
        }
    };
    coverage.relationship = if own { Relationship::PatientIsSubscriber } else { Relationship::Unknown };
    if let Some(segment) = r.take("PAT") {
        pat(r, &segment, &mut to.patient);
    }
    loop_2010ba(r, to, &mut coverage, own);
    loop_2010bb(r, &mut coverage);
    let dependent = r.peek().is_some_and(|next| next.is("HL"));
    if !own && !dependent {
        r.bad(&segment, 2, 0, "18, or the patient's own loop (2000C) behind it");
    }
    coverage
}

/// SBR of 2000B and 2320, without SBR02.
pub(crate) fn sbr(r: &mut Reader<'_>, segment: &Segment<'_>, to: &mut Coverage) {
    r.only(segment, &[1, 2, 3, 4, 5, 9]);
    to.responsibility = r.required_code(segment, 1, codes::RESPONSIBILITY, Responsibility::Unknown);
    to.subscriber.group_number = segment.string(3);
    to.subscriber.group_name = segment.string(4);
    to.subscriber.insurance_type = segment.string(5);
    to.filing_indicator = segment.string(9);
}

fn pat(r: &mut Reader<'_>, segment: &Segment<'_>, patient: &mut Patient) {
    r.only(segment, &[1, 5, 6, 7, 8, 9]);
    if !segment.element(6).is_empty() && segment.text(5) != "D8" {
        r.bad(segment, 5, 0, "D8");
    }
    patient.death_date = r.day(segment, 6);
    if !segment.element(8).is_empty() && segment.text(7) != "01" {
        r.bad(segment, 7, 0, "01, pounds");
    }
    patient.weight_pounds = r.decimal(segment, 8);
    patient.pregnant = r.yes(segment, 9);
}

/// NM1*IL of 2010BA and 2330A into the subscriber.
pub(crate) fn insured(r: &mut Reader<'_>, nm1: &Segment<'_>, to: &mut Subscriber) {
    let name = parts::name(r, nm1);
    to.is_person = name.is_person;
    to.name = name.name;
    to.member_id_kind = r.code(nm1, 8, codes::MEMBER).unwrap_or(MemberIdKind::Member);
    to.member_id = name.id;
}

fn loop_2010ba(r: &mut Reader<'_>, to: &mut ClaimHeader, coverage: &mut Coverage, own: bool) {
    let Some(nm1) = r.require("NM1", &["IL"], "NM1 with IL, the subscriber (2010BA)") else { return };
    let subscriber = &mut coverage.subscriber;
    insured(r, &nm1, subscriber);
    subscriber.address = parts::address(r);
    if let Some((birth, gender)) = parts::demographics(r) {
        (subscriber.birth_date, subscriber.gender) = (birth, gender);
    }
    while let Some(segment) = r.take_with("REF", &["SY", "Y4"]) {
        let (value, _) = parts::reference(r, &segment, false);
        if segment.text(1) == "SY" {
            subscriber.social_security_number = Some(value);
        } else {
            coverage.casualty_claim_number = Some(value);
        }
    }
    if let Some(per) = r.take("PER") {
        subscriber.contact = Some(parts::contact(r, &per));
    }
    if own {
        let patient = &mut to.patient;
        patient.name = subscriber.name.clone();
        patient.address = subscriber.address.clone();
        (patient.birth_date, patient.gender) = (subscriber.birth_date, subscriber.gender);
    }
}

fn loop_2010bb(r: &mut Reader<'_>, coverage: &mut Coverage) {
    let Some(nm1) = r.require("NM1", &["PR"], "NM1 with PR, the payer (2010BB)") else { return };
    coverage.payer = parts::payer(r, &nm1);
    while let Some(segment) = r.take_with("REF", &["2U", "EI", "FY", "NF", "G2", "LU"]) {
        let (value, _) = parts::reference(r, &segment, false);
        match segment.text(1).as_ref() {
            "G2" => coverage.billing_provider_ids.push(own_number(ProviderIdKind::Commercial, value)),
            "LU" => coverage.billing_provider_ids.push(own_number(ProviderIdKind::Location, value)),
            _ => {
                if let Some(kind) = r.code(&segment, 1, codes::PAYER_REF) {
                    coverage.payer.secondary_ids.push(PayerSecondaryId { kind, value });
                }
            }
        }
    }
}

fn own_number(kind: ProviderIdKind, value: String) -> ProviderId {
    ProviderId { kind, value, payer_id: String::new() }
}

/// 2000C with 2010CA, where the patient is a dependent.
pub(crate) fn loop_2000c(r: &mut Reader<'_>, to: &mut ClaimHeader, coverage: &mut Coverage) {
    let Some(hl) = r.take("HL") else { return };
    if hl.text(3) != "23" {
        r.bad(&hl, 3, 0, "23");
    }
    let patient = &mut to.patient;
    if let Some(segment) = r.require("PAT", &[], "PAT of the patient (2000C)") {
        coverage.relationship = r.required_code(&segment, 1, codes::RELATIONSHIP, Relationship::Unknown);
        if coverage.relationship == Relationship::PatientIsSubscriber {
            r.bad(&segment, 1, 0, "what a dependent is to the subscriber, not 18");
        }
        pat(r, &segment, patient);
    }
    let Some(nm1) = r.require("NM1", &["QC"], "NM1 with QC, the patient (2010CA)") else { return };
    patient.name = parts::name(r, &nm1).name;
    patient.address = parts::required_address(r);
    match parts::demographics(r) {
        Some((birth, gender)) => (patient.birth_date, patient.gender) = (birth, gender),
        None => r.missing("DMG of the patient (2010CA)"),
    }
    while let Some(segment) = r.take_with("REF", &["Y4", "1W", "SY"]) {
        let (value, _) = parts::reference(r, &segment, false);
        match segment.text(1).as_ref() {
            "Y4" => coverage.casualty_claim_number = Some(value),
            kind => patient.casualty_patient_id = Some(CasualtyId { social_security: kind == "SY", value }),
        }
    }
    if let Some(per) = r.take("PER") {
        patient.contact = Some(parts::contact(r, &per));
    }
}
