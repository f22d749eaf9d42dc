//! From one CLP to what an EHR is told of it. A correction is one more post, never a change of one: what left, left.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_x12::remittance::{Cas, ClaimPayment, ServicePayment};
use serde::{Deserialize, Serialize};

use crate::claim::{Date, DateRange, Procedure, ProcedureSystem};
use crate::config::Config;
use crate::lifecycle::{group_of, post_number};
use crate::plugin::{PostAdjustment, PostKind, PostLine, PostShare, Posting};
use crate::remit::{Share, classify};
use crate::store::claim::{VersionBody, VersionRow};
use crate::store::post::{PostRow, PostState};
use crate::store::{StoreResult, Tx};

/// What is kept of a post, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Told {
    /// What the poster is handed.
    pub posting: Posting,
    /// Why it was refused, or why there is nothing to post. For an authorised reader.
    #[serde(default)]
    pub why: String,
}

/// A CLP that was posted.
pub(crate) struct Decision<'a> {
    pub(crate) remittance_id: u64,
    pub(crate) ordinal: u32,
    pub(crate) version: &'a VersionRow,
    /// Our id of the payer.
    pub(crate) payer_id: &'a str,
    pub(crate) paid_on: Date,
    pub(crate) claim: &'a ClaimPayment,
    /// For each of its SVC the line of our claim, from 1; 0: none.
    pub(crate) lines: &'a [u16],
}

/// CLP02 of a reversal, and of a price without a payment.
const REVERSAL: &str = "22";
const PRICE: &str = "25";
/// Why a reversal tells nothing.
pub(super) const NOTHING_BEFORE: &str = "there was nothing to post of what it takes back";

/// Queues a decision for every target of its practice, with what the ledger moves for it.
///
/// # Errors
/// The store's.
pub(crate) fn queue(own: &Tx<'_>, config: &Config, decision: &Decision<'_>, day: i64) -> StoreResult<()> {
    let mut posting = None;
    for target in config.posts_of(own.practice_id()) {
        // Most practices have none: the claim is read where one has.
        let posting = match &mut posting {
            Some(posting) => posting,
            none => none.insert(posting_of(own, decision)?),
        };
        let why = if !target.is_for(&posting.source_system) {
            "this target is told of visits of other source systems"
        } else if says_nothing(posting, &decision.claim.status) {
            "nothing was paid, adjusted or left to the patient"
        } else {
            ""
        };
        let post_id = own.next_post_id()?;
        let reverses = match posting.kind {
            PostKind::Payment => None,
            PostKind::Reversal => pair(own, &target.name, decision)?,
        };
        let row = PostRow {
            post_id,
            target: target.name.clone(),
            kind: word(posting.kind).to_owned(),
            remittance_id: decision.remittance_id,
            ordinal: decision.ordinal,
            claim: (decision.version.claim_id, decision.version.version),
            reverses: reverses.as_ref().map(|before| before.post_id),
            state: if why.is_empty() { PostState::Queued } else { PostState::Nothing },
            batch_id: None,
            paid_cents: posting.paid,
            created_day: day,
            plugin_digest: String::new(),
        };
        let posting = Posting {
            id: post_number(own, &row)?,
            reverses: reverses.map(|before| post_number(own, &before)).transpose()?.unwrap_or_default(),
            ..posting.clone()
        };
        own.add_post(&row, &Told { posting, why: why.to_owned() })?;
    }
    Ok(())
}

/// Queues what takes back every post of a remittance that stands.
///
/// # Errors
/// The store's.
pub(crate) fn take_back(own: &Tx<'_>, remittance_id: u64, day: i64) -> StoreResult<()> {
    let mut last: BTreeMap<(String, u32), Vec<PostRow>> = BTreeMap::new();
    for row in own.posts_of_remittance(remittance_id)? {
        last.entry((row.target.clone(), row.ordinal)).or_default().push(row);
    }
    for mut rows in last.into_values() {
        // Posted, taken back, posted again, ...: an even number has nothing that stands.
        let Some(stands) = rows.pop().filter(|_| rows.len() % 2 == 0) else { continue };
        let told: Told = own.post_body(stands.post_id)?;
        let post_id = own.next_post_id()?;
        let mut posting = opposite(told.posting);
        let nothing = stands.state == PostState::Nothing;
        let row = PostRow {
            post_id,
            kind: word(PostKind::Reversal).to_owned(),
            reverses: Some(stands.post_id),
            state: if nothing { PostState::Nothing } else { PostState::Queued },
            batch_id: None,
            paid_cents: posting.paid,
            created_day: day,
            plugin_digest: String::new(),
            ..stands
        };
        posting.reverses = std::mem::replace(&mut posting.id, post_number(own, &row)?);
        let why = if nothing { NOTHING_BEFORE } else { "" };
        own.add_post(&row, &Told { posting, why: why.to_owned() })?;
    }
    Ok(())
}

/// The post of a payment that a reversal of the payer (CLP02 = 22) takes back: the latest of this version with the same amount that
/// stands, of those the one that told something. None where its payment came before this target was configured, or with another amount.
fn pair(own: &Tx<'_>, target: &str, decision: &Decision<'_>) -> StoreResult<Option<PostRow>> {
    let (claim, paid) = ((decision.version.claim_id, decision.version.version), -decision.claim.paid_cents);
    let mut rows: Vec<PostRow> =
        own.posts_of_claim(claim.0)?.into_iter().filter(|row| row.target == target && row.claim == claim).collect();
    // The latest first: what took something back counts unless it was itself taken back, with its remittance.
    rows.reverse();
    let mut taken_back = BTreeSet::new();
    for row in &rows {
        if !taken_back.contains(&row.post_id) {
            taken_back.extend(row.reverses);
        }
    }
    rows.retain(|row| {
        row.kind == word(PostKind::Payment) && row.paid_cents == paid && !taken_back.contains(&row.post_id)
    });
    let told = rows.iter().position(|row| row.state != PostState::Nothing).unwrap_or(0);
    Ok(rows.into_iter().nth(told))
}

pub(super) const fn word(kind: PostKind) -> &'static str {
    match kind {
        PostKind::Payment => "payment",
        PostKind::Reversal => "reversal",
    }
}

fn posting_of(own: &Tx<'_>, decision: &Decision<'_>) -> StoreResult<Posting> {
    let Decision { version, claim, .. } = decision;
    let body = own.version_body(version.claim_id, version.version)?;
    let names = own.remittance_names(decision.remittance_id)?;
    let numbers = decision.lines.iter().copied().chain(std::iter::repeat(0));
    Ok(Posting {
        id: String::new(),
        kind: if claim.status == REVERSAL { PostKind::Reversal } else { PostKind::Payment },
        reverses: String::new(),
        source_system: body.source_system.clone(),
        visit_number: body.visit_number.clone(),
        patient: body.claim.header.patient.clone(),
        control_number: version.control_number.clone(),
        payer_control_number: claim.payer_claim_control.clone(),
        payer_id: decision.payer_id.to_owned(),
        payer_name: names.payer_name,
        trace_number: names.trace_number,
        paid_on: decision.paid_on,
        status: claim.status.clone(),
        charge: claim.charge_cents,
        paid: claim.paid_cents,
        adjustments: claim.adjustments.iter().map(adjustment).collect(),
        lines: claim.lines.iter().zip(numbers).map(|(service, number)| line(&body, number, service)).collect(),
    })
}

fn line(body: &VersionBody, number: u16, service: &ServicePayment) -> PostLine {
    let at = usize::from(number).checked_sub(1);
    let own = at.and_then(|at| body.claim.lines.get(at));
    let charge = at.and_then(|at| body.charges.get(at)).and_then(|(key, _)| key.source_id());
    let named = service.billed_procedure.as_ref().unwrap_or(&service.procedure);
    let as_named = || Procedure {
        system: ProcedureSystem::Cpt,
        code: named.code.clone(),
        modifiers: named.modifiers.clone(),
        description: String::new(),
    };
    let of_payer = || {
        let day = |date: claimhost_x12::Date| Date { year: date.year, month: date.month, day: date.day };
        service.service.map(|(start, end)| DateRange { start: day(start), end: day(end) })
    };
    PostLine {
        line: number,
        charge_id: charge.unwrap_or_default().to_owned(),
        procedure: own.map_or_else(as_named, |line| line.procedure.clone()),
        service_dates: own.map_or_else(of_payer, |line| Some(line.service_dates)),
        charge: service.charge_cents,
        paid: service.paid_cents,
        units: service.paid_units_thousandths.unwrap_or(1_000),
        adjustments: service.adjustments.iter().map(adjustment).collect(),
    }
}

fn adjustment(cas: &Cas) -> PostAdjustment {
    let share = match classify(&cas.group, &cas.reason) {
        Share::Contractual => PostShare::Contractual,
        Share::Coordination => PostShare::Coordination,
        Share::Patient => PostShare::Patient,
        Share::Denied => PostShare::Denied,
    };
    PostAdjustment { group: group_of(&cas.group), reason: cas.reason.clone(), share, amount: cas.amount_cents }
}

/// Whether nothing of it moves an account of the EHR.
fn says_nothing(posting: &Posting, status: &str) -> bool {
    let adjusts = !posting.adjustments.is_empty() || posting.lines.iter().any(|line| !line.adjustments.is_empty());
    let pays = posting.paid != 0 || posting.lines.iter().any(|line| line.paid != 0);
    status == PRICE || !(adjusts || pays)
}

/// The same the other way round.
fn opposite(mut posting: Posting) -> Posting {
    posting.kind = PostKind::Reversal;
    posting.charge = -posting.charge;
    posting.paid = -posting.paid;
    let negate = |adjustments: &mut Vec<PostAdjustment>| {
        adjustments.iter_mut().for_each(|adjustment| adjustment.amount = -adjustment.amount);
    };
    negate(&mut posting.adjustments);
    for line in &mut posting.lines {
        line.charge = -line.charge;
        line.paid = -line.paid;
        negate(&mut line.adjustments);
    }
    posting
}
