//! What the rows of the tables do to the clean claim, where it takes more than a word.

use super::{address, coverage, line, on, provider, text};
use crate::claim::*;

/// Original Medicare with an id of its form, invented.
pub fn medicare(claim: &mut Claim) {
    claim.header.coverages[0].filing_indicator = text("MB");
    claim.header.coverages[0].subscriber.member_id = text("1EG4TE5MK73");
}

pub fn particular(claim: &mut Claim) {
    let coverage = &mut claim.header.coverages[0];
    coverage.payer.id = text("90010");
    coverage.subscriber.group_number = text("G-1");
    coverage.prior_authorization = Some(text("A1"));
    coverage.referral_number = Some(text("R1"));
    claim.header.referring = Some(provider(true, "1124000005", "Lund", "Petra"));
}

pub fn only(claim: &mut Claim, code: &str, modifiers: &[&str]) {
    claim.lines = vec![line(code, modifiers, 10_000)];
    claim.total_charge = 10_000;
}

pub fn codes(claim: &mut Claim, list: &[&str]) {
    claim.header.diagnoses =
        list.iter().map(|code| Diagnosis { system: DiagnosisSystem::Icd10cm, code: text(code) }).collect();
}

pub fn of(claim: &mut Claim, gender: Gender, birth: Date) {
    claim.header.patient.gender = Some(gender);
    claim.header.patient.birth_date = Some(birth);
    claim.header.coverages[0].subscriber.birth_date = None;
}

pub fn extras(claim: &mut Claim) -> &mut ClaimExtras {
    claim.header.extras.get_or_insert_with(|| ClaimExtras {
        dates: vec![],
        references: vec![],
        notes: vec![],
        attachments: vec![],
        contract: None,
        repricing: None,
        ambulance: None,
        spinal: None,
        conditions: vec![],
        related_cause: None,
        special_program: String::new(),
        delay_reason: String::new(),
        anesthesia_procedures: vec![],
        condition_codes: vec![],
        file_information: vec![],
        pay_to_address: None,
        pay_to_plan: None,
        currency: String::new(),
    })
}

pub fn dated(claim: &mut Claim, kind: ClaimDateKind, day: Date) {
    extras(claim).dates.push(ClaimDate { kind, value: DateRange { start: day, end: day } });
}

pub fn accident(claim: &mut Claim, cause: AccidentCause, state: &str) {
    extras(claim).related_cause =
        Some(RelatedCause { causes: vec![cause], auto_state: text(state), country: String::new() });
}

pub fn decided(paid: i64, adjusted: i64) -> PriorAdjudication {
    let adjustment =
        Adjustment { group: AdjustmentGroup::Contractual, reason: text("45"), amount: adjusted, quantity: None };
    PriorAdjudication {
        paid: Some(paid),
        non_covered: None,
        remaining_liability: None,
        adjustments: vec![adjustment],
        outpatient: None,
        adjudicated: Some(on(2026, 3, 9)),
        claim_control_number: None,
        is_adjusted: false,
    }
}

pub fn decided_line(paid: i64, adjusted: i64) -> LineAdjudication {
    let Procedure { system, code, .. } = line("99213", &[], 0).procedure;
    LineAdjudication {
        payer_id: text("90001"),
        paid,
        procedure: Procedure { system, code, modifiers: vec![], description: String::new() },
        units: 1000,
        bundled_into: None,
        adjustments: decided(0, adjusted).adjustments,
        adjudicated: on(2026, 3, 9),
        remaining_liability: None,
    }
}

/// Billed to the second payer; the first one's coverage comes after it, as an export may list them.
pub fn second(claim: &mut Claim) {
    claim.header.coverages[0].responsibility = Responsibility::Secondary;
    claim.header.coverages.push(coverage("90001", "X77"));
    claim.header.coverages[0].payer.id = text("90002");
}

pub fn served(claim: &mut Claim, day: Date) {
    for line in &mut claim.lines {
        line.service_dates = DateRange { start: day, end: day };
    }
}

pub fn ride(pickup: bool) -> Ambulance {
    Ambulance {
        weight_pounds: None,
        transport_reason: text("A"),
        miles: 12_000,
        round_trip_purpose: String::new(),
        stretcher_purpose: String::new(),
        certifications: vec![],
        pickup: pickup.then(address),
        dropoff: None,
    }
}

pub fn taken(claim: &mut Claim, modifiers: &[&str], pickup: bool) {
    only(claim, "A0429", modifiers);
    claim.header.place_of_service = text("41");
    extras(claim).ambulance = Some(ride(pickup));
}
