//! 2320 and 2330A to 2330G: every payer beside the one billed, and what it decided.

use claimhost_sdk::claim::*;
use claimhost_x12::Segment;

use crate::reader::Reader;
use crate::{codes, parts, subscriber};

pub(crate) fn loops_2320(r: &mut Reader<'_>, to: &mut ClaimHeader) {
    while let Some(sbr) = r.take("SBR") {
        let mut coverage = Coverage { relationship: Relationship::PatientIsSubscriber, ..Coverage::default() };
        subscriber::sbr(r, &sbr, &mut coverage);
        coverage.relationship = r.required_code(&sbr, 2, codes::RELATIONSHIP, Relationship::Unknown);
        let mut decided = PriorAdjudication::default();
        loop_2320(r, &mut coverage, &mut decided);
        loop_2330a(r, &mut coverage);
        loop_2330b(r, &mut coverage, &mut decided);
        loops_2330c(r, &mut coverage);
        if decided != PriorAdjudication::default() {
            coverage.adjudication = Some(decided);
        }
        to.coverages.push(coverage);
    }
}

fn loop_2320(r: &mut Reader<'_>, coverage: &mut Coverage, decided: &mut PriorAdjudication) {
    decided.adjustments = parts::adjustments(r);
    while let Some(amt) = r.take_with("AMT", &["D", "A8", "EAF"]) {
        r.only(&amt, &[1, 2]);
        let amount = r.money(&amt, 2);
        match amt.text(1).as_ref() {
            "D" => decided.paid = amount,
            "A8" => decided.non_covered = amount,
            _ => decided.remaining_liability = amount,
        }
    }
    if let Some(oi) = r.require("OI", &[], "OI, the other insurance's terms (2320)") {
        r.only(&oi, &[3, 4, 6]);
        coverage.benefits_assignment = Some(r.required_code(&oi, 3, codes::BENEFITS, BenefitsAssignment::Yes));
        coverage.signature_on_file_generated = r.code(&oi, 4, &[("P", true)]).unwrap_or(false);
        coverage.release = Some(r.required_code(&oi, 6, codes::RELEASE, Release::Signed));
    }
    if let Some(moa) = r.take("MOA") {
        decided.outpatient = Some(outpatient(r, &moa));
    }
}

fn outpatient(r: &mut Reader<'_>, moa: &Segment<'_>) -> OutpatientAdjudication {
    r.only(moa, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    OutpatientAdjudication {
        reimbursement_rate: r.decimal(moa, 1),
        hcpcs_payable: r.money(moa, 2),
        remarks: (3..=7).map(|n| moa.string(n)).filter(|code| !code.is_empty()).collect(),
        esrd_payment: r.money(moa, 8),
        professional_component: r.money(moa, 9),
    }
}

fn loop_2330a(r: &mut Reader<'_>, coverage: &mut Coverage) {
    let Some(nm1) = r.require("NM1", &["IL"], "NM1 with IL, the other subscriber (2330A)") else { return };
    subscriber::insured(r, &nm1, &mut coverage.subscriber);
    coverage.subscriber.address = parts::address(r);
    if let Some(segment) = r.take_with("REF", &["SY"]) {
        let (value, _) = parts::reference(r, &segment, false);
        coverage.subscriber.social_security_number = Some(value);
    }
}

fn loop_2330b(r: &mut Reader<'_>, coverage: &mut Coverage, decided: &mut PriorAdjudication) {
    let Some(nm1) = r.require("NM1", &["PR"], "NM1 with PR, the other payer (2330B)") else { return };
    coverage.payer = parts::payer(r, &nm1);
    if let Some(dtp) = r.take_with("DTP", &["573"]) {
        decided.adjudicated = r.period(&dtp).map(|range| range.start);
    }
    while let Some(segment) = r.take("REF") {
        let (value, _) = parts::reference(r, &segment, false);
        match segment.text(1).as_ref() {
            "G1" => coverage.prior_authorization = Some(value),
            "9F" => coverage.referral_number = Some(value),
            "F8" => decided.claim_control_number = Some(value),
            "T4" => decided.is_adjusted = r.yes(&segment, 2),
            _ => {
                if let Some(kind) = r.code(&segment, 1, codes::PAYER_REF) {
                    coverage.payer.secondary_ids.push(PayerSecondaryId { kind, value });
                }
            }
        }
    }
}

/// 2330C to 2330G.
fn loops_2330c(r: &mut Reader<'_>, coverage: &mut Coverage) {
    while let Some(nm1) = r.take_with("NM1", &["DN", "P3", "82", "77", "DQ", "85"]) {
        r.only(&nm1, &[1, 2]);
        let Some(role) = r.code(&nm1, 1, codes::ROLE) else { continue };
        let is_person = r.required_code(&nm1, 2, codes::ENTITY, true);
        let ids = parts::provider_ids(r, &["0B", "1G", "G2", "LU"], false);
        if ids.is_empty() {
            r.missing("REF, that payer's number of the provider (2330)");
        }
        coverage.other_payer_providers.push(OtherPayerProvider { role, is_person, ids });
    }
}
