//! The patient's other claims, as rules see them: the look-back.
//!
//! A rule sees lines of the days before a claim's own and of these, none of later days: whichever comes in first, a claim is told the
//! same. What a rule table saw is kept with the claim by name ([`SeenClaim`]), so that `claim why` tells that again, and not
//! what has become known since.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::claim::{Claim, Date, EarlierLine, day_number, rendering, service_span};
use crate::scrub::{self, EarlierClaim};
use crate::store::claim::{ClaimRow, SeenClaim, VersionBody, VersionKind};
use crate::store::{StoreError, StoreResult, Tx};
use crate::visit::ChargeKey;

use super::host::{Host, Practice};
use super::identity::patient_mac;
use super::review::{Candidate, alike, stored_alike};
use super::{ClaimState, HostError};

/// One claim of the patient, as the store has it.
struct Billed {
    claim_id: u64,
    visit_id: u64,
    version: u32,
    service_to: i64,
    body: VersionBody,
    live: bool,
    stands: bool,
}

/// One earlier claim of the same patient.
pub(super) struct Earlier {
    claim_id: u64,
    version: u32,
    pub(super) visit_id: u64,
    pub(super) claim: Claim,
    pub(super) live: bool,
    stands: bool,
    lines: Vec<EarlierLine>,
}

/// The days that a look-back sees: both ends count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    from: i64,
    to: i64,
}

impl Window {
    /// So many days before the claim's first, to its last. None: nothing is seen.
    pub(crate) fn of(claim: &Claim, days: i64) -> Option<Self> {
        let span = service_span(&claim.lines).filter(|_| days > 0)?;
        Some(Self { from: day_number(span.start).saturating_sub(days), to: day_number(span.end) })
    }

    fn sees(self, line: &EarlierLine) -> bool {
        (self.from..=self.to).contains(&day_number(line.service_dates.start))
    }
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
                    && claim.service_to >= from
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

/// The lines of a patient's other claims that a look-back sees, in their order.
pub(super) fn lines_in(earlier: &[Earlier], window: Option<Window>) -> Vec<EarlierLine> {
    let Some(window) = window else { return Vec::new() };
    earlier.iter().flat_map(|claim| &claim.lines).filter(|line| window.sees(line)).cloned().collect()
}

/// Names the claims that a look-back sees lines of, for [`seen_lines`].
pub(super) fn seen_claims(earlier: &[Earlier], window: Option<Window>) -> Vec<SeenClaim> {
    let Some(window) = window else { return Vec::new() };
    let seen = earlier.iter().filter(|claim| claim.lines.iter().any(|line| window.sees(line)));
    let name = |claim: &Earlier| SeenClaim {
        claim_id: claim.claim_id,
        version: claim.version,
        lines: lines_digest(&claim.lines),
    };
    seen.map(name).collect()
}

/// The lines that a look-back saw when a claim was checked. None where one of these claims, which had not left then, was made anew or
/// taken away since.
///
/// # Errors
/// The store's.
pub(crate) fn seen_lines(
    tx: &Tx<'_>,
    seen: &[SeenClaim],
    window: Option<Window>,
) -> StoreResult<Option<Vec<EarlierLine>>> {
    let Some(window) = window else { return Ok(Some(Vec::new())) };
    let mut all = Vec::new();
    for SeenClaim { claim_id, version, lines } in seen {
        let body = match tx.version_body(*claim_id, *version) {
            Ok(body) => body,
            Err(StoreError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let found = lines_of(&body.claim);
        if lines_digest(&found) != *lines {
            return Ok(None);
        }
        all.extend(found.into_iter().filter(|line| window.sees(line)));
    }
    Ok(Some(all))
}

/// The lines that a look-back of so many days would see of a stored claim: of versions that were made by the day of the check (both on
/// one day: known), and that count today.
///
/// # Errors
/// The store's.
pub(crate) fn earlier_lines(
    tx: &Tx<'_>,
    row: &ClaimRow,
    claim: &Claim,
    days: i64,
    as_of: Date,
) -> StoreResult<Vec<EarlierLine>> {
    let patient = tx.patient_of_claim(row.claim_id)?.and_then(|patient| <[u8; 32]>::try_from(patient).ok());
    let (Some(patient), Some(window)) = (patient, Window::of(claim, days)) else { return Ok(Vec::new()) };
    let mut lines = Vec::new();
    for other in tx.claims_of_patient(&patient, window.from)? {
        if other.claim_id == row.claim_id || other.visit_id == row.visit_id || !is_live(&other) {
            continue;
        }
        let versions = tx.versions(other.claim_id)?;
        let known = versions
            .iter()
            .rev()
            .find(|version| version.version <= other.live_version && version.created_day <= day_number(as_of));
        if let Some(version) = known.filter(|version| version.kind != VersionKind::Void) {
            let body = tx.version_body(other.claim_id, version.version)?;
            lines.extend(lines_of(&body.claim).into_iter().filter(|line| window.sees(line)));
        }
    }
    Ok(lines)
}

fn claims_of(tx: &Tx<'_>, patient: &[u8; 32], from: i64) -> StoreResult<Vec<Billed>> {
    let mut claims = Vec::new();
    for row in tx.claims_of_patient(patient, from)? {
        let body = tx.version_body(row.claim_id, row.live_version)?;
        let live = is_live(&row);
        claims.push(Billed {
            claim_id: row.claim_id,
            visit_id: row.visit_id,
            version: row.live_version,
            service_to: row.service_to,
            body,
            live,
            stands: live && stands(&row.state),
        });
    }
    Ok(claims)
}

/// A held claim is no reason to hold another: only what has left, or may leave, counts.
fn is_live(row: &ClaimRow) -> bool {
    row.billed_cents > 0 && row.state != ClaimState::Held.as_str()
}

/// Neither refused nor denied.
fn stands(state: &str) -> bool {
    ![ClaimState::Rejected.as_str(), ClaimState::Denied.as_str()].contains(&state)
}

fn earlier(billed: &Billed) -> Earlier {
    let Billed { body, live, stands, .. } = billed;
    Earlier {
        claim_id: billed.claim_id,
        version: billed.version,
        visit_id: billed.visit_id,
        claim: body.claim.clone(),
        live: *live,
        stands: *stands,
        lines: if *live { lines_of(&body.claim) } else { Vec::new() },
    }
}

/// A claim's lines, as another claim's rules see them.
fn lines_of(claim: &Claim) -> Vec<EarlierLine> {
    let header = &claim.header;
    let lines = claim.lines.iter().map(|line| EarlierLine {
        claim_id: claim.control_number.clone(),
        service_dates: line.service_dates,
        procedure: line.procedure.clone(),
        units: line.units,
        charge: line.charge,
        rendering_npi: rendering(header, line).and_then(|provider| provider.npi.clone()).unwrap_or_default(),
        diagnoses: header.diagnoses.iter().map(|diagnosis| diagnosis.code.clone()).collect(),
    });
    lines.collect()
}

/// The first 8 bytes of SHA-256 of lines, hex: tells whether they are still the same.
fn lines_digest(lines: &[EarlierLine]) -> String {
    let text = serde_json::to_vec(lines).unwrap_or_default();
    let digest = Sha256::digest(text);
    hex::encode(digest.get(..8).unwrap_or_default())
}
