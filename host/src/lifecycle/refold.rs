//! After a fact: folds the versions of a lineage anew, moves what moved, opens and closes work.

use crate::lifecycle::{ClaimState, Fact, VersionFold, VersionState, fold, lineage};
use crate::store::claim::{ClaimRow, VersionKind, VersionRow};
use crate::store::{StoreResult, Tx};

/// Folds the facts of one version that has left.
pub fn fold_version(tx: &Tx<'_>, version: &VersionRow) -> StoreResult<VersionFold> {
    let facts: Vec<Fact> = tx.facts(version.claim_id, version.version)?.into_iter().map(|(fact, ..)| fact).collect();
    Ok(fold(&facts))
}

/// Brings a lineage's states up to date with its facts. Call in the transaction of the fact.
pub fn refold(tx: &Tx<'_>, claim_id: u64, day: i64, cause: &str) -> StoreResult<()> {
    refold_by(tx, claim_id, day, cause, "")
}

/// The same, where plugins decided: `digests` of theirs.
pub fn refold_by(tx: &Tx<'_>, claim_id: u64, day: i64, cause: &str, digests: &str) -> StoreResult<()> {
    let Some(mut claim) = tx.claim(claim_id)? else { return Ok(()) };
    let versions = tx.versions(claim_id)?;
    let mut states = Vec::with_capacity(versions.len());
    let mut denied = 0;
    for version in &versions {
        let state = if version.submitted_day.is_some() {
            let folded = fold_version(tx, version)?;
            denied += folded.standing.values().flatten().map(|payment| payment.denied).sum::<i64>();
            // A version put back to `ready` for another sending stays so until it is sent.
            if version.state == VersionState::Ready && folded.state == VersionState::Rejected {
                version.state
            } else {
                folded.state
            }
        } else {
            version.state
        };
        if state != version.state {
            tx.set_version_state(version, state, None)?;
            let event = format!("version {} {} ({cause})", version.version, state.as_str());
            tx.record("claim", claim_id, day, "host", &event, digests)?;
        }
        states.push((version.kind, state));
    }
    let live = versions
        .iter()
        .rev()
        .zip(states.iter().rev())
        .find(|(version, (_, state))| version.kind.is_primary() && *state != VersionState::Superseded);
    if let Some((version, _)) = live {
        claim.live_version = version.version;
        claim.billed_cents = if version.kind == VersionKind::Void { 0 } else { version.charge_cents };
    } else {
        claim.billed_cents = 0;
    }
    let state = lineage(&states);
    let moved = claim.state != state.as_str();
    state.as_str().clone_into(&mut claim.state);
    tx.update_claim(&claim)?;
    if moved {
        tx.record("claim", claim_id, day, "host", state.as_str(), digests)?;
    }
    work(tx, &claim, state, denied, day)
}

/// Everything held, rejected, denied or unapplied has an open work item; nothing else has.
fn work(tx: &Tx<'_>, claim: &ClaimRow, state: ClaimState, denied: i64, day: i64) -> StoreResult<()> {
    let subject = ("claim", claim.claim_id);
    let wanted = [
        ("claim.held", state == ClaimState::Held, claim.billed_cents),
        ("claim.rejected", state == ClaimState::Rejected, claim.billed_cents),
        ("claim.unapplied", state == ClaimState::Paid, claim.billed_cents),
        ("claim.denied", denied > 0, denied),
    ];
    let waits = matches!(state, ClaimState::Submitted | ClaimState::Accepted);
    for kind in tx.open_work_kinds(subject)? {
        let over = wanted.iter().any(|(known, open, _)| *known == kind && !open);
        if over || (kind == "claim.unanswered" && !waits) {
            tx.close_work(Some(&kind), subject, day)?;
        }
    }
    for (kind, _, amount) in wanted.into_iter().filter(|(_, open, _)| *open) {
        tx.open_work(kind, subject, day, amount, "")?;
    }
    Ok(())
}
