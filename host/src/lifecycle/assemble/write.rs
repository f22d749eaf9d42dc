//! Planned visits, looked at together and written: versions, what they replace, work, states.

use super::super::control::control_number;
use super::super::host::{Host, Practice};
use super::super::identity::{self, Again};
use super::super::lineages::{VIA_EHR, retire, stand_again};
use super::super::refold::{Cause, facts_of, fold_first, refold, refold_known};
use super::super::review::{AlikeKey, Candidate, alike, review};
use super::super::visit_work::MISSING_CHARGES;
use super::super::{ClaimState, HostError, VersionState, inquire};
use super::Plan;
use crate::claim::{Claim, day_number, destination, service_span};
use crate::eligibility::{Asked, Question};
use crate::practice::Route;
use crate::store::claim::{AppliedFix, ClaimRow, VersionBody, VersionRow};
use crate::store::clearing::Owned;
use crate::store::figures::Marks;
use crate::store::finding::StoredFinding;
use crate::store::visit::{VisitRow, VisitState};
use crate::store::{Encoded, StoreResult, Tx};
use crate::visit;

/// Where each line of a claim came from, and why it is a claim of its own.
pub(super) type Made = (Vec<(visit::ChargeKey, [u8; 32])>, visit::SplitReason);

/// A version as it goes into the store.
pub(super) struct Written {
    claim: Claim,
    body: Encoded,
    /// What [`alike`] says of its claim.
    alike: Vec<AlikeKey>,
    patient: [u8; 32],
    findings: Vec<StoredFinding>,
    /// What fixes have changed.
    fixed: Vec<AppliedFix>,
    /// Digests of the rule sets that looked.
    digests: String,
    state: VersionState,
    /// [`Candidate::of_ours`].
    of_ours: bool,
    /// About the patient's cover, where the payer is asked, and whether nobody has asked it yet.
    question: Option<(Question, bool)>,
}

impl Plan {
    /// The versions that it writes, once they were looked at.
    fn written(&self) -> impl Iterator<Item = &Written> {
        self.steps.iter().filter_map(|step| step.written.as_ref())
    }
}

impl Written {
    fn of(
        source_system: &str,
        visit_number: &str,
        (charges, why): Made,
        mut candidate: Candidate,
    ) -> StoreResult<Self> {
        let digests = candidate.rule_digests();
        let question = candidate.question.take().map(|question| (question, candidate.is_unasked));
        let split = serde_json::to_value(why).ok().and_then(|why| why.as_str().map(str::to_owned));
        let mut body = VersionBody {
            claim: candidate.claim,
            source_system: source_system.to_owned(),
            visit_number: visit_number.to_owned(),
            charges,
            split: split.unwrap_or_default(),
            looked: candidate.looked,
            fixed: candidate.fixed.clone(),
        };
        Ok(Self {
            body: body.encode()?,
            alike: alike(&body.claim),
            claim: body.claim,
            patient: candidate.patient,
            findings: candidate.findings,
            fixed: candidate.fixed,
            digests,
            state: candidate.state,
            of_ours: candidate.of_ours,
            question,
        })
    }
}

/// Looks at all new versions together, then writes the visits of the batch, as many in one transaction as [`Pace`](super::super::pace::Pace)
/// says. Gives the patients whose id another person has too.
pub(in crate::lifecycle) fn carry_out(
    host: &Host,
    practice: &Practice,
    mut plans: Vec<Plan>,
) -> Result<Vec<[u8; 32]>, HostError> {
    let mut candidates: Vec<Candidate> =
        plans.iter_mut().flat_map(|plan| &mut plan.steps).filter_map(|step| step.candidate.take()).collect();
    review(host, practice, &mut candidates)?;
    let mut reviewed = candidates.into_iter();
    for plan in &mut plans {
        for step in &mut plan.steps {
            if let Some(made) = step.made.take()
                && let Some(candidate) = reviewed.next()
            {
                step.written = Some(Written::of(&plan.source_system, &plan.visit_number, made, candidate)?);
            }
        }
    }
    let mut again = Vec::new();
    for plans in plans.chunks(host.pace.visits) {
        practice.store.write(|tx| -> Result<(), HostError> {
            for plan in plans {
                write(host, tx, practice, plan, &mut again)?;
            }
            // Behind the last, and again behind those that come later: writing a visit ends what was noted of it.
            for Again { patient, state, except } in &again {
                tx.look_again_at_patient(patient, state, *except)?;
            }
            host.keep_plugin_log(tx)?;
            Ok(())
        })?;
    }
    let written = plans.iter().flat_map(Plan::written);
    Ok(written.filter(|written| identity::is_in_conflict(&written.findings)).map(|written| written.patient).collect())
}

fn write(host: &Host, tx: &Tx<'_>, practice: &Practice, plan: &Plan, again: &mut Vec<Again>) -> Result<(), HostError> {
    let today = host.today();
    for claim_id in &plan.dropped {
        again.extend(identity::settle(tx, *claim_id, None)?);
        tx.drop_unsent_claim(*claim_id)?;
        tx.record("claim", *claim_id, today, "host", "dropped: the visit no longer says it", "")?;
        tx.close_work(None, ("claim", *claim_id), today)?;
    }
    let visit = ("visit", plan.row.visit_id);
    tx.close_work(None, visit, today)?;
    for (kind, words) in &plan.work {
        if *kind == MISSING_CHARGES && tx.visit_has_gap(plan.row.visit_id)? {
            continue; // `audit::capture` has opened this, with dollars
        }
        tx.open_work(kind, visit, today, 0, words)?;
    }
    for step in &plan.steps {
        let is_new = step.claim_id.is_none();
        let Some(claim_id) = step.claim_id.map_or_else(|| tx.next_claim_id().map(Some), |id| Ok(Some(id)))? else {
            continue;
        };
        for retired in &step.retired {
            retire(tx, claim_id, *retired, step.take_back && Some(retired) == step.retired.first(), today)?;
        }
        if !step.take_back && !step.retired.is_empty() {
            stand_again(tx, claim_id, &step.retired, today)?;
        }
        let Some(written) = &step.written else {
            restore_days(tx, claim_id)?;
            refold(tx, claim_id, today, "visit")?;
            continue;
        };
        let number = control_number(tx, claim_id, step.version);
        tx.tenant(&host.clearing).own(Owned::Claim, &number, tx.practice_id())?;
        let digests = &written.digests;
        let payer_id = destination(&written.claim).map(|coverage| coverage.payer.id.clone()).unwrap_or_default();
        let row = VersionRow {
            claim_id,
            version: step.version,
            control_number: number,
            kind: step.kind,
            payer_id: payer_id.clone(),
            state: written.state,
            charge_cents: written.claim.total_charge,
            created_day: today,
            submitted_day: None,
        };
        let claim = claim_row(tx, practice, &row, written, &plan.row, is_new)?;
        for AppliedFix { rule, digest, .. } in &written.fixed {
            tx.record("claim", claim_id, today, &format!("rule:{rule}"), "fix applied", digest)?;
        }
        let known = if is_new { None } else { tx.version(claim_id, step.version)? };
        if !is_new {
            again.extend(identity::settle(tx, claim_id, Some((&written.patient, &written.findings)))?);
        }
        again.extend(identity::of_conflict(&written.patient, &written.findings, plan.row.visit_id));
        for (kind, parts) in &written.alike {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            tx.name_version(*kind, &parts, claim_id, step.version)?;
        }
        tx.put_version(&row, &written.body)?;
        if known.is_some() || !written.findings.is_empty() {
            tx.put_findings(claim_id, step.version, &written.findings)?;
        }
        if let Some((question, is_new)) = &written.question {
            tx.note_inquiry_visit(&question.member_mac(tx), plan.row.visit_id)?;
            if *is_new && practice.profile.eligibility.at_assembly {
                inquire::want(host, tx, question, 0, Asked::Assembly)?;
            }
        }
        if !is_new || !written.findings.is_empty() {
            crate::audit::family::work(tx, claim_id, &written.findings, row.charge_cents, today)?;
        }
        let same = |before: VersionRow| (before.state, before.charge_cents) == (row.state, row.charge_cents);
        if !known.is_some_and(same) {
            let event = format!("version {} {} ({})", row.version, row.state.as_str(), row.kind.as_str());
            tx.record("claim", claim_id, today, "host", &event, digests)?;
        }
        let cause = Cause { day: today, words: "scrub", digests };
        if is_new {
            fold_first(tx, claim, &written.patient, &row, &cause)?;
        } else {
            refold_known(tx, claim, &tx.versions(claim_id)?, |version| facts_of(tx, version), &cause)?;
        }
    }
    // What the EHR's own billing sends has left with this.
    let via_ehr = plan.written().any(|written| written.state == VersionState::ViaEhr);
    let state = if plan.state == VisitState::Assembled && via_ehr { VisitState::Billed } else { plan.state };
    Ok(tx.set_visit(&plan.row, state, today)?)
}

/// Gives a lineage the days of the version that stands, where one that waited was retired.
fn restore_days(tx: &Tx<'_>, claim_id: u64) -> StoreResult<()> {
    let Some(mut claim) = tx.claim(claim_id)? else { return Ok(()) };
    let versions = tx.versions(claim_id)?;
    let stands = |version: &&VersionRow| version.kind.is_primary() && version.state != VersionState::Superseded;
    let Some(version) = versions.iter().rev().find(stands) else { return Ok(()) };
    let body = tx.version_body(claim_id, version.version)?;
    if let Some(span) = service_span(&body.claim.lines) {
        (claim.service_from, claim.service_to) = (day_number(span.start), day_number(span.end));
        tx.update_claim(&claim)?;
    }
    Ok(())
}

/// The lineage's row with this version: a new one is none of the store's yet.
fn claim_row(
    tx: &Tx<'_>,
    practice: &Practice,
    version: &VersionRow,
    written: &Written,
    visit: &VisitRow,
    is_new: bool,
) -> StoreResult<ClaimRow> {
    let span = service_span(&written.claim.lines);
    let (service_from, service_to) = span.map_or((0, 0), |span| (day_number(span.start), day_number(span.end)));
    let known = if is_new { None } else { tx.claim(version.claim_id)? };
    let payer = practice.profile.payer.iter().find(|payer| payer.id == version.payer_id);
    let via_ehr = !written.of_ours && payer.is_some_and(|payer| payer.route == Route::ViaEhr);
    // What may have left by the EHR's billing is so until somebody has looked.
    let waits = written.state == VersionState::Held && known.as_ref().is_some_and(|known| known.route == VIA_EHR);
    let route = if via_ehr || waits { VIA_EHR } else { "clearinghouse" };
    let first = Marks { assembled_day: version.created_day, ..Marks::default() };
    let marks = known.as_ref().map_or(first, |known| known.marks);
    Ok(ClaimRow {
        claim_id: version.claim_id,
        visit_id: visit.visit_id,
        payer_id: version.payer_id.clone(),
        route: route.to_owned(),
        state: known.map_or_else(|| ClaimState::Held.as_str().to_owned(), |known| known.state),
        live_version: version.version,
        billed_cents: version.charge_cents,
        service_from,
        service_to,
        marks: Marks { charged_day: visit.first_charge_day, ..marks },
    })
}
