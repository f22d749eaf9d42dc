//! Reads everything about one visit from the store, in one transaction.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::super::claim::found;
use super::super::output::day;
use super::super::visit::{code, event_lines};
use super::{
    Adjusted, AskedStep, Check, ClaimStep, CoverFact, CoverStep, DocumentStep, FactStep, LineStep, PaymentStep,
    SendingStep, ServiceStep, Source, Story, ToldStep, VersionStep, name,
};
use crate::claim::{Adjustment, AdjustmentGroup, LineReferenceKind, ServiceLine};
use crate::lifecycle::summary::cents;
use crate::lifecycle::{Fact, Stage};
use crate::store::claim::{ClaimRow, VersionRow};
use crate::store::inquiry::InquiryRow;
use crate::store::post::PostRow;
use crate::store::remittance::RemittanceClaimRow;
use crate::store::{CLEARING, StoreError, StoreResult, Tx};

/// The whole story of a visit; none where there is no such visit.
pub(super) fn story(tx: &Tx<'_>, visit_id: u64) -> StoreResult<Option<Story>> {
    let practice = tx.practice_id();
    let Some(visit) = tx.visit(visit_id)? else { return Ok(None) };
    let events = tx.events(visit_id)?;
    let mut sources: Vec<u64> = events.iter().map(|event| event.document_id).collect();
    sources.sort_unstable();
    sources.dedup();
    let first = events.first().map(|event| (event.update.visit_number.clone(), event.update.source_system.clone()));
    let (number, source_system) = first.unwrap_or_default();
    let mut documents = Vec::new();
    for id in sources {
        documents.extend(document(tx, id)?);
    }
    let claims =
        tx.claims_of_visit(visit_id)?.into_iter().map(|row| claim(tx, row)).collect::<StoreResult<Vec<_>>>()?;
    Ok(Some(Story {
        id: name(practice, visit_id),
        practice: practice.to_owned(),
        number,
        source_system,
        visit,
        documents,
        events: event_lines(&events),
        cover: tx.inquiries_of_visit(visit_id)?.into_iter().map(|row| cover(tx, row)).collect::<StoreResult<_>>()?,
        claims,
        history: tx.history("visit", visit_id)?,
    }))
}

fn document(tx: &Tx<'_>, id: u64) -> StoreResult<Option<DocumentStep>> {
    let Some(row) = tx.document(id)? else { return Ok(None) };
    Ok(Some(DocumentStep {
        id: name(tx.practice_id(), id),
        file_id: row.file_id,
        file_name: tx.file_name(row.file_id)?.into_inner(),
        ordinal: row.ordinal,
        ranges: row.ranges,
        status: row.status.as_str().to_owned(),
        received: day(row.received_day),
        plugin_digest: row.plugin_digest,
    }))
}

fn cover(tx: &Tx<'_>, row: InquiryRow) -> StoreResult<CoverStep> {
    let mut sendings = Vec::new();
    for sent in tx.submissions_of_inquiry(row.inquiry_id)? {
        let submission = tx.submission(sent.submission_id)?;
        sendings.push(AskedStep {
            file_name: submission.map(|submission| submission.file_name).unwrap_or_default(),
            isa13: format!("{:09}", sent.submission_id),
            st02: sent.transaction_control,
            range: sent.range,
        });
    }
    let facts = tx.inquiry_facts(row.inquiry_id)?.into_iter().map(|(fact, document, received)| CoverFact {
        received: day(received),
        document: if document == 0 { String::new() } else { name(CLEARING, document) },
        kind: fact.kind().to_owned(),
        words: super::super::eligibility::words(&fact),
    });
    Ok(CoverStep {
        id: name(tx.practice_id(), row.inquiry_id),
        state: row.state.as_str().to_owned(),
        payer_id: row.payer_id,
        reason: row.reason,
        about: day(row.service_day),
        asked: day(row.asked_day),
        trace: row.trace,
        sendings,
        facts: facts.collect(),
    })
}

fn claim(tx: &Tx<'_>, row: ClaimRow) -> StoreResult<ClaimStep> {
    let versions = tx.versions(row.claim_id)?;
    let payments = tx.remittance_claims(None, Some(row.claim_id))?;
    Ok(ClaimStep {
        id: name(tx.practice_id(), row.claim_id),
        cents: cents(tx, &row)?,
        versions: versions.into_iter().map(|version| step(tx, version)).collect::<StoreResult<_>>()?,
        payments: payments.into_iter().map(|payment| pay(tx, payment)).collect::<StoreResult<_>>()?,
        postings: tx.postings(Some(row.claim_id), None)?,
        told: tx.posts_of_claim(row.claim_id)?.into_iter().map(|post| told(tx, post)).collect::<StoreResult<_>>()?,
        history: tx.history("claim", row.claim_id)?,
        state: row.state,
        payer_id: row.payer_id,
    })
}

fn told(tx: &Tx<'_>, row: PostRow) -> StoreResult<ToldStep> {
    let batch = row.batch_id.map(|batch| tx.post_batch(batch)).transpose()?.flatten();
    Ok(ToldStep {
        id: name(tx.practice_id(), row.post_id),
        remittance_id: row.remittance_id,
        clp: row.ordinal + 1,
        state: row.state.as_str().to_owned(),
        paid_cents: row.paid_cents,
        file_name: batch.map(|batch| batch.file_name).unwrap_or_default(),
        plugin_digest: row.plugin_digest,
        kind: row.kind,
        target: row.target,
    })
}

fn step(tx: &Tx<'_>, row: VersionRow) -> StoreResult<VersionStep> {
    let mut sendings = Vec::new();
    for sent in tx.submissions_of(row.claim_id, row.version)? {
        let submission = tx.submission(sent.submission_id)?;
        let start = sent.range.split('-').next().and_then(|start| start.parse().ok()).unwrap_or(0);
        let bytes = tx.submission_bytes(sent.submission_id)?;
        let before = bytes.get(..start).unwrap_or_default().iter().filter(|byte| **byte == b'~').count();
        sendings.push(SendingStep {
            isa13: format!("{:09}", sent.submission_id),
            st02: sent.transaction_control,
            range: sent.range,
            clm_segment: u64::try_from(before).unwrap_or(0) + 1,
            state: submission.as_ref().map(|submission| submission.state.clone()).unwrap_or_default(),
            file_name: submission.map(|submission| submission.file_name).unwrap_or_default(),
        });
    }
    let mut facts = tx.facts(row.claim_id, row.version)?;
    facts.sort_by_key(|(fact, _, received)| (*received, step_of(fact)));
    let body = tx.version_body(row.claim_id, row.version)?;
    Ok(VersionStep {
        created: day(row.created_day),
        split: body.split,
        lines: (1..).zip(&body.claim.lines).map(|(at, line)| line_step(at, line)).collect(),
        findings: tx.findings(row.claim_id, row.version)?.iter().map(found).collect(),
        looked: body.looked,
        sendings,
        facts: facts.into_iter().map(|(fact, document, received)| fact_step(tx, fact, document, received)).collect(),
        row,
    })
}

fn line_step(at: u64, line: &ServiceLine) -> LineStep {
    let references = line.extras.iter().flat_map(|extras| &extras.references);
    let mut own = references.filter(|reference| reference.kind == LineReferenceKind::LineControlNumber);
    LineStep {
        line: at,
        code: code(&line.procedure),
        charge_cents: line.charge,
        line_control_number: own.next().map(|reference| reference.value.clone()).unwrap_or_default(),
    }
}

/// An answer's document is in the host's own tenant, but for an 835: of that the practice has its part.
fn fact_step(tx: &Tx<'_>, fact: Fact, document: u64, received: i64) -> FactStep {
    let tenant = if matches!(fact, Fact::Payment(_)) { tx.practice_id() } else { CLEARING };
    let document = if document == 0 { String::new() } else { name(tenant, document) };
    FactStep { received: day(received), document, fact }
}

/// Answers of one day in the order of the way: the store keeps them as a set.
const fn step_of(fact: &Fact) -> u8 {
    match fact {
        Fact::Submitted { .. } => 0,
        Fact::Interchange { .. } => 1,
        Fact::Transaction { .. } => 2,
        Fact::ClaimAck { stage: Stage::Clearinghouse, .. } => 3,
        Fact::ClaimAck { stage: Stage::Payer, .. } => 4,
        Fact::Payment(_) => 5,
        Fact::Superseded => 6,
    }
}

/// What is kept of a CLP, as far as it is shown.
#[derive(Deserialize)]
struct Said {
    adjustments: Vec<Adjustment>,
    lines: Vec<SaidLine>,
}

#[derive(Deserialize)]
struct SaidLine {
    line: u64,
    paid: i64,
    adjustments: Vec<Adjustment>,
}

fn pay(tx: &Tx<'_>, row: RemittanceClaimRow) -> StoreResult<PaymentStep> {
    let remittance = tx.remittance(row.remittance_id)?;
    let document = remittance.as_ref().map_or(0, |remittance| remittance.document_id);
    let names = tx.remittance_names(row.remittance_id)?;
    let said: Said = tx.remittance_claim_body(row.remittance_id, row.ordinal)?;
    let service = |line: SaidLine| ServiceStep {
        line: line.line,
        paid_cents: line.paid,
        adjustments: line.adjustments.iter().map(adjusted).collect(),
    };
    Ok(PaymentStep {
        remittance_id: row.remittance_id,
        document: name(tx.practice_id(), document),
        source: source(tx, document)?,
        trace_number: names.trace_number,
        payer_name: names.payer_name,
        clp: row.ordinal + 1,
        version: row.claim.map(|(_, version)| version),
        matched_by: row.matched_by,
        state: row.state,
        paid_cents: row.paid_cents,
        difference_cents: row.difference_cents,
        paid_on: remittance.map(|remittance| day(remittance.paid_day)).unwrap_or_default(),
        adjustments: said.adjustments.iter().map(adjusted).collect(),
        lines: said.lines.into_iter().map(service).collect(),
    })
}

fn adjusted(adjustment: &Adjustment) -> Adjusted {
    let group = match adjustment.group {
        AdjustmentGroup::Contractual => "CO",
        AdjustmentGroup::Correction => "CR",
        AdjustmentGroup::PayerInitiated => "PI",
        AdjustmentGroup::Patient => "PR",
        AdjustmentGroup::Other => "OA",
    };
    Adjusted { group_code: group.to_owned(), reason: adjustment.reason.clone(), amount_cents: adjustment.amount }
}

fn source(tx: &Tx<'_>, document: u64) -> StoreResult<Source> {
    let detail = if document == 0 { serde_json::Value::Null } else { tx.document_detail(document)? };
    Ok(serde_json::from_value(detail).unwrap_or_default())
}

/// A check or transfer, with every visit that it pays for.
pub(super) fn check(tx: &Tx<'_>, remittance_id: u64) -> StoreResult<Check> {
    let missing = StoreError::Missing { what: "remittance", id: remittance_id };
    let row = tx.remittance(remittance_id)?.ok_or(missing)?;
    let names = tx.remittance_names(remittance_id)?;
    let mut paid = BTreeSet::new();
    for clp in tx.remittance_claims(Some(remittance_id), None)? {
        if let Some((claim_id, _)) = clp.claim {
            paid.extend(tx.claim(claim_id)?.map(|claim| claim.visit_id));
        }
    }
    let mut visits = Vec::new();
    for visit_id in paid {
        visits.extend(story(tx, visit_id)?);
    }
    Ok(Check {
        id: name(tx.practice_id(), remittance_id),
        practice: tx.practice_id().to_owned(),
        trace_number: names.trace_number,
        payer_name: names.payer_name,
        payer_id: row.payer_id,
        state: row.state,
        paid_on: day(row.paid_day),
        amount_cents: row.amount_cents,
        difference_cents: row.difference_cents,
        document: name(tx.practice_id(), row.document_id),
        source: source(tx, row.document_id)?,
        visits,
    })
}
