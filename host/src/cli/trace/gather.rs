//! Reads everything about one visit from the store, in one transaction.

use super::super::claim::found;
use super::super::output::day;
use super::super::visit::event_lines;
use super::{ClaimStep, DocumentStep, FactStep, PaymentStep, SendingStep, Story, VersionStep, fact_words, name};
use crate::lifecycle::summary::cents;
use crate::lifecycle::{Fact, Stage};
use crate::store::claim::{ClaimRow, VersionRow};
use crate::store::remittance::RemittanceClaimRow;
use crate::store::{StoreResult, Tx};

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
        status: row.status.as_str(),
        received: day(row.received_day),
        plugin_digest: row.plugin_digest,
    }))
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
        history: tx.history("claim", row.claim_id)?,
        state: row.state,
        payer_id: row.payer_id,
    })
}

fn step(tx: &Tx<'_>, row: VersionRow) -> StoreResult<VersionStep> {
    let mut sendings = Vec::new();
    for sent in tx.submissions_of(row.claim_id, row.version)? {
        let submission = tx.submission(sent.submission_id)?;
        sendings.push(SendingStep {
            isa13: format!("{:09}", sent.submission_id),
            st02: sent.transaction_control,
            range: sent.range,
            state: submission.as_ref().map(|submission| submission.state.clone()).unwrap_or_default(),
            file_name: submission.map(|submission| submission.file_name).unwrap_or_default(),
        });
    }
    let mut facts = tx.facts(row.claim_id, row.version)?;
    facts.sort_by_key(|(fact, _, received)| (*received, step_of(fact)));
    Ok(VersionStep {
        created: day(row.created_day),
        split: tx.version_body(row.claim_id, row.version)?.split,
        findings: tx.findings(row.claim_id, row.version)?.iter().map(found).collect(),
        sendings,
        facts: facts
            .into_iter()
            .map(|(fact, _, received)| FactStep { received: day(received), words: fact_words(&fact), fact })
            .collect(),
        row,
    })
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

fn pay(tx: &Tx<'_>, row: RemittanceClaimRow) -> StoreResult<PaymentStep> {
    let remittance = tx.remittance(row.remittance_id)?;
    let document = remittance.as_ref().map_or(0, |remittance| remittance.document_id);
    let names = tx.remittance_names(row.remittance_id)?;
    Ok(PaymentStep {
        remittance_id: row.remittance_id,
        document: name(tx.practice_id(), document),
        source: if document == 0 { serde_json::Value::Null } else { tx.document_detail(document)? },
        trace_number: names.trace_number,
        payer_name: names.payer_name,
        clp: row.ordinal + 1,
        version: row.claim.map(|(_, version)| version),
        matched_by: row.matched_by,
        state: row.state,
        paid_cents: row.paid_cents,
        difference_cents: row.difference_cents,
        paid_on: remittance.map(|remittance| day(remittance.paid_day)).unwrap_or_default(),
    })
}
