//! What EHRs are told: each post against the CLP that it tells of, its file and its work; each file against the posts in it.

use super::{Found, Outside, outside};
use crate::post::{SUBJECT, Told, batch_name};
use crate::store::post::{PostRow, PostState};
use crate::store::{StoreResult, Tx};

/// Goes over posts with ids in a range.
pub(super) fn check(tx: &Tx<'_>, from: u64, to: u64, found: &mut Found) -> StoreResult<()> {
    for (row, state) in tx.posts_between(from, to)? {
        let result = post(tx, &row, &state, found);
        found.settle("post", row.post_id, result)?;
    }
    Ok(())
}

fn post(tx: &Tx<'_>, row: &PostRow, state: &str, found: &mut Found) -> StoreResult<()> {
    let id = row.post_id;
    found.expect(state == row.state.as_str(), "state", "post", id, "is in no state");
    let told: Told = tx.post_body(id)?;
    found.expect(told.posting.paid == row.paid_cents, "money", "post", id, "paid_cents is not what it tells");
    let number = crate::lifecycle::post_number(tx, row)?;
    found.expect(told.posting.id == number, "look-up", "post", id, "the id that it tells is another one");
    let before = row.reverses.map(|before| tx.post_of(before)).transpose()?.flatten();
    let same_clp = |other: &PostRow| (other.remittance_id, other.ordinal) == (row.remittance_id, row.ordinal);
    // What takes back the same CLP was made when its remittance was parked or set aside.
    let takes_back = before.as_ref().is_some_and(same_clp);
    let clps = tx.remittance_claims(Some(row.remittance_id), None)?;
    let clp = clps.iter().find(|clp| clp.ordinal == row.ordinal);
    found.expect(clp.is_some(), "missing", "post", id, "the CLP that it tells of is not there");
    if let Some(clp) = clp {
        let says = if takes_back { -clp.paid_cents } else { clp.paid_cents };
        found.expect(says == row.paid_cents, "money", "post", id, "paid_cents is not that of the CLP that it tells of");
        // A remittance that was chosen may have been matched otherwise than the first time: what was taken back stays with that claim.
        let last = tx.posts_of_clp(&row.target, row.remittance_id, row.ordinal)?.last().map(|last| last.post_id);
        let stands = last == Some(id) && !takes_back;
        let matched = !stands || clp.claim == Some(row.claim);
        found.expect(matched, "missing", "post", id, "the CLP that it tells of is of another claim");
    }
    if row.reverses.is_some() {
        let before = before.filter(|before| before.target == row.target && before.claim == row.claim);
        let opposite = before.is_some_and(|before| before.paid_cents == -row.paid_cents);
        found.expect(opposite, "money", "post", id, "what it takes back is not the same amount of the same claim");
    }
    let batch = row.batch_id.map(|batch| tx.post_batch(batch)).transpose()?.flatten();
    let there = batch.as_ref().is_some_and(|batch| batch.target == row.target);
    found.expect(row.batch_id.is_none() || there, "missing", "post", id, "its file is not there");
    // What was refused and keyed by hand is confirmed without a file.
    let left = row.state == PostState::Sent || (row.state == PostState::Confirmed && row.batch_id.is_some());
    let sent = batch.as_ref().is_some_and(|batch| batch.state == "sent");
    found.expect(!left || sent, "state", "post", id, "it has left, and its file has not");
    found.expect(row.state != PostState::Queued || !sent, "state", "post", id, "its file has left, and it has not");
    let refused = row.state == PostState::Refused;
    let work = !refused || !tx.open_work_kinds((SUBJECT, id))?.is_empty();
    found.expect(work, "work", "post", id, "is refused, and there is no open work about it");
    Ok(())
}

/// Goes over files with ids in a range.
pub(super) fn batches(tx: &Tx<'_>, files: Option<&Outside>, from: u64, to: u64, found: &mut Found) -> StoreResult<()> {
    for batch in tx.post_batches_between(from, to)? {
        let id = batch.batch_id;
        let known = matches!(batch.state.as_str(), "written" | "staged" | "sent" | "dropped");
        found.expect(known, "state", "post_batch", id, "is in no state");
        let name = batch_name(tx.practice_id(), &batch.target, id);
        let named = batch.file_name.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.'));
        found.expect(named, "look-up", "post_batch", id, "its file is named otherwise");
        // One that the EHR refused and that is told again has another file.
        let count = u64::try_from(tx.posts_of_batch(id)?.len()).unwrap_or(0);
        let whole = match batch.state.as_str() {
            "dropped" => count == 0,
            "sent" => count <= batch.post_count,
            _ => count == batch.post_count,
        };
        found.expect(whole, "count", "post_batch", id, "post_count is not the number of posts in it");
        if files.is_some() {
            let result = outside::for_ehr(tx, &batch, found);
            found.settle("post_batch", id, result)?;
        }
    }
    Ok(())
}

/// What has not left and that nobody is told of.
pub(super) fn ends(tx: &Tx<'_>, found: &mut Found) -> StoreResult<()> {
    let queued = tx.posts_waiting()?;
    let mut told = std::collections::BTreeSet::new();
    for row in &queued {
        if !tx.open_work_kinds((SUBJECT, row.post_id))?.is_empty() {
            told.insert(row.target.as_str());
        }
    }
    for row in queued.iter().filter(|row| !told.contains(row.target.as_str())) {
        found.tell("end", "post", row.post_id.to_string(), "is queued for an EHR and has not left");
    }
    for batch in tx.post_batches_waiting()?.iter().filter(|batch| !told.contains(batch.target.as_str())) {
        found.tell("end", "post_batch", batch.batch_id.to_string(), "is written and is not in its folder");
    }
    Ok(())
}
