//! The rarer segments of 2300: DTP, PWK, CN1, AMT, REF, K3, NTE, CR1, CR2, CRC, HCP.

use claimhost_sdk::claim::*;
use claimhost_x12::Segment;

use crate::reader::Reader;
use crate::{codes, parts};

/// Reads one segment of 2300; false when it is none of them.
pub(crate) fn claim_segment(
    r: &mut Reader<'_>,
    next: &Segment<'_>,
    to: &mut ClaimHeader,
    rare: &mut ClaimExtras,
    coverage: &mut Coverage,
) -> bool {
    let id = next.text(0);
    if !["DTP", "PWK", "CN1", "AMT", "REF", "K3", "NTE", "CR1", "CR2", "CRC", "HCP"].contains(&id.as_ref()) {
        return false;
    }
    r.take(&id);
    match id.as_ref() {
        "DTP" => {
            let kind = r.code(next, 1, codes::CLAIM_DATE);
            let value = r.period(next);
            if let (Some(kind), Some(value)) = (kind, value) {
                if kind != ClaimDateKind::Disability && value.start != value.end {
                    r.bad(next, 2, 0, "D8: this date is one day");
                }
                rare.dates.push(ClaimDate { kind, value });
            }
        }
        "PWK" => rare.attachments.push(parts::attachment(r, next)),
        "CN1" => rare.contract = Some(parts::contract(r, next)),
        "AMT" => {
            r.only(next, &[1, 2]);
            if next.text(1) != "F5" {
                r.bad(next, 1, 0, "F5");
            }
            to.patient_paid = r.money(next, 2);
        }
        "REF" => reference(r, next, to, rare, coverage),
        "K3" => rare.file_information.push(r.required(next, 1, "text")),
        "NTE" => {
            r.only(next, &[1, 2]);
            let kind = r.required_code(next, 1, codes::NOTE, NoteKind::Additional);
            rare.notes.push(Note { kind, text: next.string(2) });
        }
        "CR1" => parts::ambulance(r, next, rare.ambulance.get_or_insert_default()),
        "CR2" => {
            r.only(next, &[8, 10, 11]);
            rare.spinal = Some(SpinalManipulation {
                nature: next.string(8),
                description1: next.string(10),
                description2: next.string(11),
            });
        }
        "CRC" => {
            let condition = parts::condition(r, next);
            place_condition(condition, &mut rare.ambulance, &mut rare.conditions);
        }
        _ => rare.repricing = Some(parts::repricing(r, next, false)),
    }
    true
}

/// CRC 07 belongs to the transport where there is one.
pub(crate) fn place_condition(
    condition: Option<Condition>,
    ambulance: &mut Option<Ambulance>,
    conditions: &mut Vec<Condition>,
) {
    match (condition, ambulance) {
        (Some(condition), Some(ambulance)) if condition.category == ConditionCategory::Ambulance => {
            ambulance.certifications.push(condition);
        }
        (Some(condition), _) => conditions.push(condition),
        (None, _) => {}
    }
}

fn reference(
    r: &mut Reader<'_>,
    segment: &Segment<'_>,
    to: &mut ClaimHeader,
    rare: &mut ClaimExtras,
    coverage: &mut Coverage,
) {
    let (value, _) = parts::reference(r, segment, false);
    match segment.text(1).as_ref() {
        "G1" => coverage.prior_authorization = Some(value),
        "9F" => coverage.referral_number = Some(value),
        "EA" => {
            let kind = PatientIdKind::MedicalRecord;
            to.patient.ids.push(PatientId { kind, authority: String::new(), value });
        }
        _ => {
            if let Some(kind) = r.code(segment, 1, codes::CLAIM_REF) {
                rare.references.push(ClaimReference { kind, value });
            }
        }
    }
}
