//! Keeps the accounts of a lineage right over several payers: what a later one decides on leaves the account where the
//! payers before it had left it. See `remit/handover.rs` for the rule.
//!
//! After each payment, or one that was taken back, the entries are brought to what all standing decisions ask for: the
//! difference is posted, never an edit, so that the order in which payers answer leaves no trace in the balances.

use std::collections::{BTreeMap, BTreeSet};

use crate::remit::{Account, Decided, releases};
use crate::store::remittance::PostingRow;
use crate::store::{StoreResult, Tx};

/// Reason of the entries this file makes; they belong to no single remittance.
pub(super) const RELEASED: &str = "released";

type Key = (u16, String, &'static str);

/// Posts what the decisions on a lineage ask for beyond what is posted.
pub(super) fn settle(own: &Tx<'_>, claim_id: u64, day: i64) -> StoreResult<()> {
    own.post(&unsettled(own, claim_id, &own.postings(Some(claim_id), None)?)?, day)
}

/// The entries that the decisions on a lineage ask for beyond its `postings`.
pub(crate) fn unsettled(own: &Tx<'_>, claim_id: u64, postings: &[PostingRow]) -> StoreResult<Vec<PostingRow>> {
    let payers: BTreeSet<&str> = decisions(postings).map(|posting| posting.payer_id.as_str()).collect();
    let released = |posting: &&PostingRow| is_release(posting);
    if payers.len() < 2 && !postings.iter().any(|posting| released(&posting)) {
        return Ok(Vec::new());
    }
    let Some(claim) = own.claim(claim_id)? else { return Ok(Vec::new()) };
    let body = own.version_body(claim_id, claim.live_version)?;
    let mut order: Vec<String> = body.claim.header.coverages.iter().map(|coverage| coverage.payer.id.clone()).collect();
    order.extend(
        payers
            .iter()
            .filter(|payer| !order.iter().any(|known| known == *payer))
            .map(|&payer| payer.to_owned())
            .collect::<Vec<_>>(),
    );
    let mut due = wanted(postings, &order);
    for posting in postings.iter().filter(released) {
        if let Some(account) = Account::parse(&posting.account) {
            *due.entry((posting.line, posting.payer_id.clone(), account.as_str())).or_default() -= posting.amount_cents;
        }
    }
    let entry = |((line, payer_id, account), amount_cents): (Key, i64)| PostingRow {
        remittance_id: None,
        claim: Some((claim_id, claim.live_version)),
        line,
        payer_id,
        account: account.to_owned(),
        amount_cents,
        group_code: String::new(),
        reason: RELEASED.to_owned(),
    };
    Ok(due.into_iter().filter(|(_, amount)| *amount != 0).map(entry).collect())
}

/// Whether an entry is one of this file's.
pub(crate) fn is_release(posting: &PostingRow) -> bool {
    posting.remittance_id.is_none() && posting.reason == RELEASED
}

fn decisions(postings: &[PostingRow]) -> impl Iterator<Item = &PostingRow> {
    postings.iter().filter(|posting| posting.remittance_id.is_some())
}

/// The sum that each account must have from releases, by line and by the payer that takes over.
fn wanted(postings: &[PostingRow], order: &[String]) -> BTreeMap<Key, i64> {
    let mut lines: BTreeMap<u16, Vec<Decided>> = BTreeMap::new();
    for posting in decisions(postings) {
        let Some(at) = order.iter().position(|payer| *payer == posting.payer_id) else { continue };
        let line = lines.entry(posting.line).or_insert_with(|| vec![Decided::default(); order.len()]);
        let Some(decided) = line.get_mut(at) else { continue };
        match Account::parse(&posting.account) {
            Some(Account::PatientReceivable) => decided.patient += posting.amount_cents,
            Some(Account::Denied) => decided.denied += posting.amount_cents,
            Some(Account::PayerReceivable) => decided.decided -= posting.amount_cents,
            _ => {}
        }
    }
    let mut sums: BTreeMap<Key, i64> = BTreeMap::new();
    for release in releases(&lines) {
        let Some(payer) = order.get(release.payer) else { continue };
        let mut add = |account: Account, cents: i64| {
            *sums.entry((release.line, payer.clone(), account.as_str())).or_default() += cents;
        };
        add(Account::PayerReceivable, release.patient + release.denied);
        add(Account::PatientReceivable, -release.patient);
        add(Account::Denied, -release.denied);
    }
    sums
}
