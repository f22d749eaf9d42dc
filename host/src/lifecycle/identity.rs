//! Whose a claim is. Two people under one patient id: both their claims wait, and what ends it for the one lets the other go.

use super::ClaimState;
use super::review::IDENTITY_CONFLICT;
use crate::claim::{ClaimHeader, Patient, iso};
use crate::store::finding::StoredFinding;
use crate::store::visit::VisitRow;
use crate::store::{StoreResult, Tx};
use crate::visit::{self, Visit};

/// The patient as a look-up value: the first id with its authority, else name and birth date, else the visit alone.
pub(super) fn patient(tx: &Tx<'_>, row: &VisitRow, folded: &Visit) -> [u8; 32] {
    let known = patient_mac(tx, &folded.header);
    known.unwrap_or_else(|| tx.lookup("patient", &[b"visit", &row.visit_id.to_be_bytes()]))
}

/// The look-up value of a patient: by id, else by name and birth date. None where neither is there.
pub(crate) fn patient_mac(tx: &Tx<'_>, header: &ClaimHeader) -> Option<[u8; 32]> {
    patient_mac_of(tx, &header.patient)
}

/// The same, of a patient who has no claim yet.
pub(super) fn patient_mac_of(tx: &Tx<'_>, patient: &Patient) -> Option<[u8; 32]> {
    if let Some(key) = visit::patient_keys(patient).first() {
        return Some(tx.lookup("patient", &[b"id", key.authority.as_bytes(), key.value.as_bytes()]));
    }
    let born = patient.birth_date.filter(|_| !patient.name.last.is_empty())?;
    let parts = [patient.name.last.to_uppercase(), patient.name.first.to_uppercase(), iso(born)];
    Some(tx.lookup("patient", &[b"name", parts[0].as_bytes(), parts[1].as_bytes(), parts[2].as_bytes()]))
}

pub(super) fn is_in_conflict(findings: &[StoredFinding]) -> bool {
    findings.iter().any(|stored| stored.finding.rule == IDENTITY_CONFLICT)
}

/// A patient's claims of one state that are to be looked at again, but for those of one visit.
pub(super) struct Again {
    pub(super) patient: Vec<u8>,
    pub(super) state: &'static str,
    pub(super) except: u64,
}

/// Of a claim that a conflict holds: the other one may be ready from an earlier turn, and has not left. Where somebody has accepted
/// the conflict, nothing new is to be seen in the other one: two that are accepted would look at each other for ever.
pub(super) fn of_conflict(patient: &[u8; 32], findings: &[StoredFinding], visit_id: u64) -> Option<Again> {
    let state = ClaimState::Ready.as_str();
    let holds = findings.iter().any(|stored| stored.finding.rule == IDENTITY_CONFLICT && stored.holds());
    holds.then(|| Again { patient: patient.to_vec(), state, except: visit_id })
}

/// Keeps whose a known claim is. Where it was in conflict and is no longer (it names another patient, or the person is the
/// same after all, or it is gone), the held claims of the patient it was are to be looked at again. `now` is its patient and
/// its findings. Call it before the claim is written.
pub(super) fn settle(
    tx: &Tx<'_>,
    claim_id: u64,
    now: Option<(&[u8; 32], &[StoredFinding])>,
) -> StoreResult<Option<Again>> {
    let Some(before) = tx.patient_of_claim(claim_id)? else { return Ok(None) };
    let moved = now.map(|(patient, _)| patient).filter(|patient| patient.as_slice() != before);
    if let Some(patient) = moved {
        tx.set_patient_of_claim(claim_id, patient)?;
    }
    if now.is_some_and(|(_, findings)| moved.is_none() && is_in_conflict(findings)) {
        return Ok(None);
    }
    let Some(claim) = tx.claim(claim_id)? else { return Ok(None) };
    let was = is_in_conflict(&tx.findings(claim_id, claim.live_version)?);
    let state = ClaimState::Held.as_str();
    Ok(was.then_some(Again { patient: before, state, except: claim.visit_id }))
}
