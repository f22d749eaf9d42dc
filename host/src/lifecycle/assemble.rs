//! One visit that is due: folded, completed, split, or, where it is billed already, amended: what is to be done with it.
//! `write.rs` has it looked at, and does it.

mod write;

use self::write::{Made, Written};
use super::control::line_control_number;
use super::host::{Host, Practice};
use super::lineages::{Lineage, lineages};
use super::review::{Candidate, hold};
use super::visit_work::{self, AMENDMENT, MISSING_CHARGES, UNMATCHED_REVERSAL};
use super::{dismiss, identity, replaced};
use crate::claim::{
    ChargeAction, Frequency, day_number, destination, from_day_number, replaces_another, service_span,
    take_replaced_claim,
};
use crate::practice::Route;
use crate::scrub::{self, EarlierClaim, VisitDays};
use crate::store::claim::VersionKind;
use crate::store::visit::{StoredEvent, VisitRow, VisitState};
use crate::store::{StoreResult, Tx};
use crate::visit::{self, Amendment, Arrivals, BilledVersion, Draft, Due, Event, Sender, Split, Visit, VisitProblem};

pub(super) use self::write::carry_out;

const ROUTE_CHANGED: &str = "This claim was made while the EHR's own billing sent this payer's claims, and may have sent this one. If it \
                             did, dismiss the visit here (`claimhost visit dismiss`); if it did not, accept this.";

/// What is to be done with one visit.
pub(super) struct Plan {
    pub(super) row: VisitRow,
    state: VisitState,
    pub(super) patient: [u8; 32],
    source_system: String,
    visit_number: String,
    /// Elements that no interface of the visit has a place for.
    undelivered: Vec<String>,
    /// Its source calls a charge of it the correction of another.
    corrects: bool,
    /// What is known of its days beside its charges.
    days: VisitDays,
    steps: Vec<Step>,
    /// Lineages that never left and that the visit no longer has.
    dropped: Vec<u64>,
    /// Kind and words.
    work: Vec<(&'static str, String)>,
    /// A correction needs the payer's number of what it corrects (REF F8), and no answer has brought it yet.
    pub(super) waits: bool,
}

/// One version to write.
struct Step {
    /// The lineage; none: a new one.
    claim_id: Option<u64>,
    version: u32,
    kind: VersionKind,
    draft: Option<Draft>,
    /// The draft's claim, which is looked at, and the rest of it.
    candidate: Option<Candidate>,
    made: Option<Made>,
    /// Draft and candidate, once it was looked at.
    written: Option<Written>,
    /// Versions that count no longer: refused ones that this one stands for, or an unsent one that the visit does not say.
    retired: Vec<u32>,
    /// With nothing in their place: the charge of the last of them leaves the ledger again.
    take_back: bool,
    /// It corrects what we have sent.
    of_ours: bool,
    /// Its lineage was made while the EHR's own billing sent this payer's claims.
    of_ehr: bool,
}

impl Plan {
    pub(super) fn of(host: &Host, practice: &Practice, tx: &Tx<'_>, row: VisitRow) -> StoreResult<Self> {
        let stored = tx.events(row.visit_id)?;
        let (source_system, visit_number) = stored
            .first()
            .map(|event| (event.update.source_system.clone(), event.update.visit_number.clone()))
            .unwrap_or_default();
        let arrivals = arrivals(&stored, &row);
        let heard = from_day_number(row.first_seen_day);
        let booked = crate::audit::capture::booked_day(tx, &source_system, &visit_number)?;
        let mut charges = stored.iter().flat_map(|event| &event.update.charges);
        let corrects = charges.any(|charge| charge.action == ChargeAction::Replace);
        let told: Vec<_> = stored
            .iter()
            .map(|event| (!event.update.charges.is_empty(), event.update.undelivered.as_slice()))
            .collect();
        let undelivered = scrub::undelivered::of_visit(&told);
        let events: Vec<Event> = stored.into_iter().map(Event::from).collect();
        let mut folded = dismiss::fold(tx, row.visit_id, &events)?;
        let due = visit::due(&folded, arrivals, host.as_of(), practice.profile.bill_hold_days);
        let lineages = lineages(tx, row.visit_id)?;
        let foreign = replaces_another(&folded.header);
        if foreign {
            // Before anybody keeps the words: a problem that was accepted is known by them.
            let unmatched = folded.problems.iter_mut().filter(|problem| problem.is_unmatched_replacement());
            unmatched.for_each(|problem| problem.words = replaced::UNMATCHED.to_owned());
        }
        // A credit that fits nothing is told with what is missing: its charge.
        let unmatched = foreign || folded.problems.iter().any(VisitProblem::is_unmatched_reversal);
        let problems = folded.problems.clone();
        let (is_charged, taken_back) = (!folded.charges.is_empty(), folded.taken_back);
        let told = folded.problems.iter().map(|problem| format!("; {}: {}", problem.at, problem.words));
        let uncharged = format!("closed or past its bill-hold, and nothing is charged{}", told.collect::<String>());
        let mut plan = Self {
            patient: identity::patient(tx, &row, &folded),
            state: row.state,
            row,
            source_system,
            visit_number,
            undelivered,
            corrects,
            days: VisitDays { heard: Some(heard), booked },
            steps: Vec::new(),
            dropped: Vec::new(),
            work: Vec::new(),
            waits: false,
        };
        match due {
            Due::Cancelled | Due::NotBillable => {
                let ended = if due == Due::Cancelled { VisitState::Cancelled } else { VisitState::NotBillable };
                folded.charges.clear();
                plan.assemble(practice, tx, folded, &lineages)?;
                plan.state = ended;
            }
            Due::Open { .. } if lineages.is_empty() => plan.state = VisitState::Open,
            Due::MissingCharges if lineages.is_empty() => plan.state = VisitState::MissingCharges,
            Due::Open { .. } | Due::Assemble | Due::MissingCharges => {
                plan.assemble(practice, tx, folded, &lineages)?;
                if plan.state == VisitState::Assembled && plan.steps.iter().all(|step| step.candidate.is_none()) {
                    // Every charge was taken back before one was sent, and the drafts go.
                    let waits = matches!(due, Due::Open { .. });
                    plan.state = if waits { VisitState::Open } else { VisitState::MissingCharges };
                }
            }
        }
        if plan.state == VisitState::MissingCharges && taken_back && !unmatched {
            // Somebody charged, and then decided that nothing is to be billed: it is not forgotten.
            plan.state = VisitState::NotBillable;
        }
        let stands = lineages.iter().any(|lineage| lineage.sent.is_some() && !lineage.all_refused);
        if plan.state == VisitState::MissingCharges {
            plan.work.push((if unmatched { UNMATCHED_REVERSAL } else { MISSING_CHARGES }, uncharged));
        } else if foreign && !is_charged && !stands {
            plan.work.push((UNMATCHED_REVERSAL, uncharged));
        } else if plan.state != VisitState::Open && plan.steps.iter().all(|step| step.candidate.is_none()) {
            // No claim carries them: the visit is cancelled, or what has left says what it says still.
            plan.work.extend(visit_work::of_problems(tx, plan.row.visit_id, &problems)?);
        }
        plan.work = visit_work::unsettled(tx, plan.row.visit_id, &events, plan.work)?;
        Ok(plan)
    }

    /// The first and the last day of service of what it puts on claims; none where that is nothing.
    pub(super) fn days_of_service(&self) -> Option<(i64, i64)> {
        let candidates = self.steps.iter().filter_map(|step| step.candidate.as_ref());
        let spans = candidates.filter_map(|candidate| service_span(&candidate.claim.lines));
        spans.map(|span| (day_number(span.start), day_number(span.end))).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Whether any version is to be written or retired.
    pub(super) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    fn assemble(
        &mut self,
        practice: &Practice,
        tx: &Tx<'_>,
        mut folded: Visit,
        lineages: &[Lineage],
    ) -> StoreResult<()> {
        let replaced = take_replaced_claim(&mut folded.header);
        let mut known: Vec<_> =
            folded.problems.iter().map(|problem| hold(&problem.id, &problem.at, &problem.words)).collect();
        let completed = visit::complete_visit(&mut folded, &practice.profile);
        known.extend(completed.iter().map(|problem| hold(&problem.id, &problem.field, &problem.words)));
        let visit = [self.source_system.as_bytes(), self.visit_number.as_bytes()];
        let mint = |key: &visit::ChargeKey| {
            let key = serde_json::to_vec(key).unwrap_or_default();
            line_control_number(|parts| tx.lookup("line", parts), &[visit[0], visit[1], &key])
        };
        let split = visit::split(&folded, &mint);
        known.extend(split.problems.iter().map(|problem| hold(&problem.id, &problem.at, &problem.words)));
        let (sent, unsent): (Vec<&Lineage>, Vec<&Lineage>) =
            lineages.iter().filter(|lineage| !lineage.over).partition(|lineage| lineage.sent.is_some());
        let mut fresh: Vec<Draft> = Vec::new();
        if sent.is_empty() {
            self.state = VisitState::Assembled;
            fresh = split.claims;
        } else {
            self.state = VisitState::Billed;
            for amendment in amendments(practice, &sent, &split) {
                self.amend(tx, amendment, &sent, &mut fresh)?;
            }
        }
        if let Some(number) = &replaced
            && sent.iter().all(|lineage| lineage.all_refused)
        {
            // The payer has none of ours: what it has is the other system's.
            let steps = self.steps.iter_mut().filter_map(|step| step.draft.as_mut());
            known.extend(replaced::by(steps.chain(&mut fresh), number, self.corrects));
        }
        if unsent.iter().any(|lineage| lineage.pending.is_some()) {
            self.state = VisitState::Amended;
        }
        let mut free = unsent.iter();
        for draft in fresh {
            let lineage = free.next();
            let version = lineage.and_then(|lineage| lineage.pending).unwrap_or(1);
            let mut step = Step::new(lineage.map(|lineage| lineage.claim_id), version, VersionKind::Original, draft);
            step.of_ehr = lineage.is_some_and(|lineage| lineage.of_ehr);
            self.steps.push(step);
        }
        let left_over: Vec<&Lineage> = free.copied().collect();
        for lineage in left_over {
            match lineage.pending {
                // What was refused has its charge in the ledger until something takes its place.
                Some(pending) => self.retire(lineage, lineage.last_left.into_iter().chain([pending]).collect(), true),
                None => self.dropped.push(lineage.claim_id),
            }
        }
        let rewritten: Vec<Option<u64>> =
            self.steps.iter().filter(|step| step.draft.is_some()).map(|step| step.claim_id).collect();
        let leaves = |known: &&&Lineage| known.is_with_payer() || known.leaves_again && !known.over;
        let stand = sent.iter().filter(leaves).filter(|known| !rewritten.contains(&Some(known.claim_id)));
        let bodies = stand.filter_map(|known| known.sent.as_ref().map(|(_, body)| &body.claim));
        let beside: Vec<EarlierClaim> = bodies.map(|claim| EarlierClaim::of(claim, true)).collect();
        for step in &mut self.steps {
            if let Some(Draft { claim, charges, why }) = step.draft.take() {
                let mut candidate = Candidate::new(claim, step.claim_id, self.patient);
                candidate.visit_id = Some(self.row.visit_id);
                let of_own = sent.iter().find(|known| Some(known.claim_id) == step.claim_id && known.is_with_payer());
                if let Some((_, body)) = of_own.and_then(|known| known.sent.as_ref()) {
                    candidate.stands = Some(EarlierClaim::of(&body.claim, true));
                    candidate.gives_up = body.charges.iter().map(|(key, _)| key.clone()).collect();
                }
                candidate.takes = charges.iter().map(|(key, _)| key.clone()).collect();
                step.made = Some((charges, why));
                candidate.has_siblings = true;
                candidate.beside.clone_from(&beside);
                candidate.undelivered.clone_from(&self.undelivered);
                candidate.days = self.days;
                candidate.of_ours = step.of_ours;
                candidate.findings.clone_from(&known);
                let payer = destination(&candidate.claim).map_or("", |coverage| coverage.payer.id.as_str());
                let is_ours =
                    practice.profile.payer_by([payer]).is_some_and(|payer| payer.route == Route::Clearinghouse);
                if step.of_ehr && is_ours {
                    candidate.findings.push(hold("claim.route-changed", "payer", ROUTE_CHANGED));
                }
                step.candidate = Some(candidate);
            }
        }
        Ok(())
    }

    fn amend(
        &mut self,
        tx: &Tx<'_>,
        amendment: Amendment,
        sent: &[&Lineage],
        fresh: &mut Vec<Draft>,
    ) -> StoreResult<()> {
        let of = |lineage: u32| sent.iter().find(|known| known.claim_id == u64::from(lineage)).copied();
        match amendment {
            Amendment::New { draft } => {
                self.state = VisitState::Amended;
                fresh.push(draft);
            }
            Amendment::Nothing { lineage } => {
                if let Some(known) = of(lineage) {
                    // With every version refused, the last one is what the visit says, and may be sent again.
                    let refused = if known.all_refused { &[][..] } else { &known.refused };
                    self.retire(known, refused.iter().copied().chain(known.pending).collect(), false);
                }
            }
            Amendment::Replace { lineage, mut draft } => {
                self.state = VisitState::Amended;
                let Some(known) = of(lineage) else { return Ok(()) };
                let kind = if known.all_refused { VersionKind::Original } else { VersionKind::Replacement };
                if known.all_refused {
                    // The payer never took one: there is nothing to replace.
                    draft.claim.frequency = Frequency::Original;
                } else {
                    draft.claim.payer_control_number = known.payer_control_number(tx)?;
                    self.waits |= draft.claim.payer_control_number.is_none() && !known.is_via_ehr();
                }
                let mut step = Step::new(Some(known.claim_id), known.next_version(), kind, draft);
                step.of_ours = !known.is_via_ehr();
                step.retired.clone_from(&known.refused);
                self.steps.push(step);
            }
            Amendment::Void { lineage } => {
                self.state = VisitState::Amended;
                let Some(known) = of(lineage) else { return Ok(()) };
                if known.all_refused {
                    self.retire(known, known.refused.iter().copied().chain(known.pending).collect(), true);
                    return Ok(());
                }
                let Some((_, body)) = &known.sent else { return Ok(()) };
                let mut claim = body.claim.clone();
                claim.frequency = Frequency::Void;
                claim.payer_control_number = known.payer_control_number(tx)?;
                self.waits |= claim.payer_control_number.is_none() && !known.is_via_ehr();
                let draft = Draft { claim, charges: body.charges.clone(), why: visit::SplitReason::First };
                let mut step = Step::new(Some(known.claim_id), known.next_version(), VersionKind::Void, draft);
                step.of_ours = !known.is_via_ehr();
                step.retired.clone_from(&known.refused);
                self.steps.push(step);
            }
            Amendment::Work { lineage, reason, .. } => {
                self.state = VisitState::Amended;
                self.work.push((AMENDMENT, reason));
                // A correction that waits, from before nobody could send one, is none any more.
                if let Some(known) = lineage.and_then(of) {
                    self.retire(known, known.pending.into_iter().collect(), false);
                }
            }
        }
        Ok(())
    }

    /// Versions end, and none takes their place.
    fn retire(&mut self, known: &Lineage, retired: Vec<u32>, take_back: bool) {
        if !retired.is_empty() {
            let step = Step::of(Some(known.claim_id), 0, VersionKind::Original);
            self.steps.push(Step { retired, take_back, ..step });
        }
    }
}

impl Step {
    fn of(claim_id: Option<u64>, version: u32, kind: VersionKind) -> Self {
        Self {
            claim_id,
            version,
            kind,
            draft: None,
            candidate: None,
            made: None,
            written: None,
            retired: Vec::new(),
            take_back: false,
            of_ours: false,
            of_ehr: false,
        }
    }

    fn new(claim_id: Option<u64>, version: u32, kind: VersionKind, draft: Draft) -> Self {
        Self { draft: Some(draft), ..Self::of(claim_id, version, kind) }
    }
}

fn amendments(practice: &Practice, sent: &[&Lineage], split: &Split) -> Vec<Amendment> {
    let billed: Vec<BilledVersion> = sent
        .iter()
        .filter_map(|lineage| {
            let (version, body) = lineage.sent.as_ref()?;
            let id = u32::try_from(lineage.claim_id).ok()?;
            let payer = practice.profile.payer_by([version.payer_id.as_str()]);
            let sender = match payer {
                _ if !lineage.is_via_ehr() => Sender::Us,
                Some(payer) if payer.route == Route::ViaEhr => Sender::Ehr,
                _ => Sender::EhrBefore,
            };
            Some(BilledVersion { lineage: id, claim: body.claim.clone(), charges: body.charges.clone(), sender })
        })
        .collect();
    visit::amend(&billed, split, &practice.profile)
}

fn arrivals(stored: &[StoredEvent], row: &VisitRow) -> Arrivals {
    let charged = stored.iter().filter(|event| !event.update.charges.is_empty()).map(|event| event.arrived_day).min();
    Arrivals { first: from_day_number(row.first_seen_day), first_charge: charged.map(from_day_number) }
}
