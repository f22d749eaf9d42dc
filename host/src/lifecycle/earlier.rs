//! The patient's other claims, as rules see them: the look-back.

use std::collections::HashMap;

use crate::claim::{Claim, EarlierLine, day_number, rendering, service_span};
use crate::scrub::{self, EarlierClaim};
use crate::store::claim::{ClaimRow, VersionBody};
use crate::store::{StoreResult, Tx};
use crate::visit::ChargeKey;

use super::assemble::patient_mac;
use super::host::{Host, Practice};
use super::review::{Candidate, alike, stored_alike};
use super::{ClaimState, HostError};

/// One claim of the patient, as the store has it.
struct Billed {
    claim_id: u64,
    visit_id: u64,
    service_from: i64,
    body: VersionBody,
    live: bool,
    stands: bool,
}

/// One earlier claim of the same patient.
pub(super) struct Earlier {
    pub(super) visit_id: u64,
    pub(super) claim: Claim,
    pub(super) live: bool,
    stands: bool,
    pub(super) lines: Vec<EarlierLine>,
}

impl Earlier {
    pub(super) fn as_scrub(&self) -> EarlierClaim {
        EarlierClaim { stands: self.stands, ..EarlierClaim::of(&self.claim, self.live) }
    }
}

/// For each candidate, the patient's other claims in the widest window that anybody asks for, newest first.
pub(super) fn look_back(
    host: &Host,
    practice: &Practice,
    candidates: &[Candidate],
) -> Result<Vec<Vec<Earlier>>, HostError> {
    let sets = practice.profile.rules.iter().chain(practice.profile.payer.iter().flat_map(|payer| &payer.rules));
    let days = sets.filter_map(|set| host.plugins.rules(set)).map(|rules| i64::from(rules.look_back_days())).max();
    let tables = host.tables.active();
    let of_tables = tables.iter().map(|table| i64::from(table.table.look_back_days())).max();
    let days = days.max(of_tables).unwrap_or(0);
    let start = |candidate: &Candidate| {
        let span = service_span(&candidate.claim.lines)?;
        Some(day_number(span.start) - days.max(scrub::look_back_days(&candidate.claim)))
    };
    let mut starts: HashMap<[u8; 32], i64> = HashMap::new();
    for candidate in candidates {
        if let Some(from) = start(candidate) {
            starts.entry(candidate.patient).and_modify(|known| *known = from.min(*known)).or_insert(from);
        }
    }
    Ok(practice.store.read(|tx| -> StoreResult<_> {
        let mut known: HashMap<[u8; 32], Vec<Billed>> = HashMap::new();
        let mut out = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let Some(from) = start(candidate) else {
                out.push(Vec::new());
                continue;
            };
            let earliest = starts.get(&candidate.patient).map_or(from, |earliest| *earliest);
            let claims = match known.entry(candidate.patient) {
                std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::hash_map::Entry::Vacant(empty) => {
                    empty.insert(claims_of(tx, &candidate.patient, earliest)?)
                }
            };
            let other = |claim: &&Billed| {
                Some(claim.claim_id) != candidate.claim_id
                    && Some(claim.visit_id) != candidate.visit_id
                    && claim.service_from >= from
            };
            out.push(claims.iter().filter(other).map(earlier).collect());
        }
        Ok(out)
    })?)
}

/// For a claim that is keyed, before its visit is stored or changed: claims of its patient within the host's own look-back, and
/// claims of other records that may be the same person's. What the visit billed for the charges of these keys is no other claim:
/// they are said again here.
///
/// # Errors
/// The store's.
pub(crate) fn other_claims(
    tx: &Tx<'_>,
    claim: &Claim,
    visit: Option<u64>,
    said_again: &[ChargeKey],
) -> StoreResult<(Vec<EarlierClaim>, Vec<EarlierClaim>)> {
    let (Some(patient), Some(span)) = (patient_mac(tx, &claim.header), service_span(&claim.lines)) else {
        return Ok(Default::default());
    };
    let mut claims = claims_of(tx, &patient, day_number(span.start) - scrub::look_back_days(claim))?;
    for billed in claims.iter_mut().filter(|billed| Some(billed.visit_id) == visit) {
        let mut keys = billed.body.charges.iter().map(|(key, _)| key);
        billed.body.claim.lines.retain(|_| keys.next().is_none_or(|key| !said_again.contains(key)));
    }
    let own = claims.iter().filter(|billed| !billed.body.claim.lines.is_empty());
    let own = own.map(|billed| earlier(billed).as_scrub()).collect();
    Ok((own, stored_alike(tx, &alike(claim), visit, &patient)?))
}

/// The patient's other lines that a rule set with so many days of look-back would see of a stored claim, as the store has them now.
///
/// # Errors
/// The store's.
pub(crate) fn earlier_lines(tx: &Tx<'_>, row: &ClaimRow, claim: &Claim, days: i64) -> StoreResult<Vec<EarlierLine>> {
    let patient = tx.patient_of_claim(row.claim_id)?.and_then(|patient| <[u8; 32]>::try_from(patient).ok());
    let (Some(patient), Some(span)) = (patient, service_span(&claim.lines)) else { return Ok(Vec::new()) };
    let from = day_number(span.start) - days;
    let claims = claims_of(tx, &patient, from)?;
    let others = claims.iter().filter(|other| other.claim_id != row.claim_id && other.visit_id != row.visit_id);
    let lines = others.flat_map(|other| earlier(other).lines);
    Ok(lines.filter(|line| day_number(line.service_dates.start) >= from).collect())
}

fn claims_of(tx: &Tx<'_>, patient: &[u8; 32], from: i64) -> StoreResult<Vec<Billed>> {
    let mut claims = Vec::new();
    for row in tx.claims_of_patient(patient, from)? {
        let body = tx.version_body(row.claim_id, row.live_version)?;
        // A held claim is no reason to hold another: only what has left, or may leave, counts.
        let live = row.billed_cents > 0 && row.state != ClaimState::Held.as_str();
        claims.push(Billed {
            claim_id: row.claim_id,
            visit_id: row.visit_id,
            service_from: row.service_from,
            body,
            live,
            stands: live && stands(&row.state),
        });
    }
    Ok(claims)
}

/// Neither refused nor denied.
fn stands(state: &str) -> bool {
    ![ClaimState::Rejected.as_str(), ClaimState::Denied.as_str()].contains(&state)
}

fn earlier(billed: &Billed) -> Earlier {
    let Billed { body, live, stands, .. } = billed;
    let header = &body.claim.header;
    let lines = body.claim.lines.iter().filter(|_| *live).map(|line| EarlierLine {
        claim_id: body.claim.control_number.clone(),
        service_dates: line.service_dates,
        procedure: line.procedure.clone(),
        units: line.units,
        charge: line.charge,
        rendering_npi: rendering(header, line).and_then(|provider| provider.npi.clone()).unwrap_or_default(),
        diagnoses: header.diagnoses.iter().map(|diagnosis| diagnosis.code.clone()).collect(),
    });
    Earlier {
        visit_id: billed.visit_id,
        claim: body.claim.clone(),
        live: *live,
        stands: *stands,
        lines: lines.collect(),
    }
}
