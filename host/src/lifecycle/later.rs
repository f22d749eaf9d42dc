//! Claims to later payers: when a payer has decided and not forwarded by itself, the next coverage gets a version of its
//! own that carries the decision (2320, 2430).

use crate::claim::{Adjustment, AdjustmentGroup, Claim, Frequency, LineAdjudication, PriorAdjudication};
use crate::store::claim::{AppliedFix, VersionBody, VersionKind, VersionRow};
use crate::store::{StoreResult, Tx};

use super::control::control_number;
use super::host::{Host, Practice};
use super::payment::Decision;
use super::refold::{fold_version, refold_by};
use super::review::{Candidate, review};
use super::{HostError, Payment, VersionState};
use crate::store::clearing::Owned;

/// Makes the versions that are due. Returns how many.
pub(super) fn make(host: &Host, practice: &Practice) -> Result<u64, HostError> {
    let mut drafts = Vec::new();
    for claim_id in practice.store.read(|tx| tx.expected_later())? {
        match practice.store.read(|tx| draft(tx, claim_id))? {
            Some(draft) => drafts.push(draft),
            None => practice.store.write(|tx| tx.later_done(claim_id))?,
        }
    }
    if drafts.is_empty() {
        return Ok(0);
    }
    let mut candidates: Vec<Candidate> = Vec::with_capacity(drafts.len());
    for draft in &drafts {
        let mut candidate = Candidate::new(draft.body.claim.clone(), Some(draft.claim_id), draft.patient);
        candidate.visit_id = Some(draft.visit_id);
        candidates.push(candidate);
    }
    review(host, practice, &mut candidates)?;
    let today = host.today();
    let count = u64::try_from(drafts.len()).unwrap_or(0);
    practice.store.write(|tx| -> Result<(), HostError> {
        for (draft, candidate) in drafts.into_iter().zip(candidates) {
            let number = control_number(tx, draft.claim_id, draft.version);
            tx.tenant(&host.clearing).own(Owned::Claim, &number, tx.practice_id())?;
            let mut body = draft.body;
            let digests = candidate.rule_digests();
            body.looked = candidate.looked;
            for AppliedFix { rule, digest, .. } in &candidate.fixed {
                tx.record("claim", draft.claim_id, today, &format!("rule:{rule}"), "fix applied", digest)?;
            }
            body.fixed = candidate.fixed;
            body.claim = candidate.claim;
            let row = VersionRow {
                claim_id: draft.claim_id,
                version: draft.version,
                control_number: number,
                kind: draft.kind,
                payer_id: draft.payer_id,
                state: candidate.state,
                charge_cents: body.claim.total_charge,
                created_day: today,
                submitted_day: None,
            };
            tx.put_version(&row, &body.encode()?)?;
            tx.put_findings(draft.claim_id, draft.version, &candidate.findings)?;
            tx.later_done(draft.claim_id)?;
            let event = format!("version {} {} ({})", row.version, row.state.as_str(), row.kind.as_str());
            tx.record("claim", draft.claim_id, today, "host", &event, &digests)?;
            refold_by(tx, draft.claim_id, today, "835", &digests)?;
        }
        host.keep_plugin_log(tx)?;
        Ok(())
    })?;
    Ok(count)
}

struct Draft {
    claim_id: u64,
    visit_id: u64,
    version: u32,
    kind: VersionKind,
    payer_id: String,
    patient: [u8; 32],
    body: VersionBody,
}

/// The next payer's version, where one is due: the newest version is posted, was not forwarded, and somebody is left to ask.
fn draft(tx: &Tx<'_>, claim_id: u64) -> StoreResult<Option<Draft>> {
    let versions = tx.versions(claim_id)?;
    let Some(last) = versions.iter().rev().find(|version| version.state != VersionState::Superseded) else {
        return Ok(None);
    };
    if last.state != VersionState::Posted || last.kind == VersionKind::Void {
        return Ok(None);
    }
    let folded = fold_version(tx, last)?;
    let mut body = tx.version_body(claim_id, last.version)?;
    let at = usize::from(body.claim.destination);
    let Some(payer_id) = body.claim.header.coverages.get(at + 1).map(|coverage| coverage.payer.id.clone()) else {
        return Ok(None);
    };
    if folded.forwarded || payer_id.is_empty() {
        return Ok(None);
    }
    let Some(decision) = decision(tx, folded.standing.get(&last.payer_id))? else { return Ok(None) };
    if !carry(&mut body.claim, at, &decision) {
        return Ok(None);
    }
    body.claim.destination = u8::try_from(at + 1).unwrap_or(u8::MAX);
    body.claim.frequency = Frequency::Original;
    body.claim.payer_control_number = None;
    body.split = format!("coverage {} after coverage {}", at + 2, at + 1);
    let patient = tx.patient_of_claim(claim_id)?.and_then(|mac| mac.try_into().ok()).unwrap_or([0; 32]);
    let kind = if at == 0 { VersionKind::Secondary } else { VersionKind::Tertiary };
    let version = versions.last().map_or(1, |version| version.version + 1);
    let Some(visit_id) = tx.claim(claim_id)?.map(|row| row.visit_id) else { return Ok(None) };
    Ok(Some(Draft { claim_id, visit_id, version, kind, payer_id, patient, body }))
}

/// What the payer's newest decision that stands said.
fn decision(tx: &Tx<'_>, standing: Option<&Vec<Payment>>) -> StoreResult<Option<Decision>> {
    let decisions = standing.into_iter().flatten().filter(|payment| payment.is_decision());
    let Some(newest) = decisions.max_by_key(|payment| (payment.decides(), *payment)) else { return Ok(None) };
    Ok(Some(tx.remittance_claim_body(newest.remittance, newest.ordinal)?))
}

/// Writes a decision into the claim. False where a line of ours has none: the next payer would refuse it.
fn carry(claim: &mut Claim, at: usize, decision: &Decision) -> bool {
    let Some(coverage) = claim.header.coverages.get_mut(at) else { return false };
    let patient = |adjustments: &[Adjustment]| -> i64 {
        adjustments.iter().filter(|one| one.group == AdjustmentGroup::Patient).map(|one| one.amount).sum()
    };
    let left =
        patient(&decision.adjustments) + decision.lines.iter().map(|line| patient(&line.adjustments)).sum::<i64>();
    coverage.adjudication = Some(PriorAdjudication {
        paid: decision.payment.as_ref().map(|payment| payment.paid),
        non_covered: None,
        remaining_liability: Some(left),
        adjustments: decision.adjustments.clone(),
        outpatient: None,
        adjudicated: decision.lines.is_empty().then_some(decision.paid_on),
        claim_control_number: Some(decision.payer_control_number.clone()).filter(|number| !number.is_empty()),
        is_adjusted: false,
    });
    let payer_id = coverage.payer.id.clone();
    for (index, line) in claim.lines.iter_mut().enumerate() {
        let number = u16::try_from(index + 1).unwrap_or(u16::MAX);
        let mut decided = decision.lines.iter().filter(|decided| decided.line == number).peekable();
        if decided.peek().is_none() && !decision.lines.is_empty() {
            return false;
        }
        let mut procedure = line.procedure.clone();
        procedure.description.clear();
        line.adjudications.extend(decided.map(|decided| LineAdjudication {
            payer_id: payer_id.clone(),
            paid: decided.paid,
            procedure: procedure.clone(),
            units: decided.units,
            bundled_into: None,
            adjustments: decided.adjustments.clone(),
            adjudicated: decision.paid_on,
            remaining_liability: None,
        }));
    }
    true
}
