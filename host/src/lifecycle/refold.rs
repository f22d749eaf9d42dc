//! After a fact: folds the versions of a lineage anew, moves what moved, opens and closes work.

use super::marks;
use crate::lifecycle::{ClaimState, Fact, VersionFold, VersionState, fold, lineage};
use crate::store::claim::{ClaimRow, VersionKind, VersionRow};
use crate::store::{StoreResult, Tx};

/// Folds the facts of one version that has left.
pub fn fold_version(tx: &Tx<'_>, version: &VersionRow) -> StoreResult<VersionFold> {
    Ok(fold(&version.payer_id, &facts_of(tx, version)?))
}

/// The facts of one version, in no order that matters.
pub(super) fn facts_of(tx: &Tx<'_>, version: &VersionRow) -> StoreResult<Vec<Fact>> {
    Ok(tx.facts(version.claim_id, version.version)?.into_iter().map(|(fact, ..)| fact).collect())
}

/// Brings a lineage's states up to date with its facts. Call in the transaction of the fact.
pub fn refold(tx: &Tx<'_>, claim_id: u64, day: i64, cause: &str) -> StoreResult<()> {
    refold_by(tx, claim_id, day, cause, "")
}

/// The same, where plugins decided: `digests` of theirs.
pub fn refold_by(tx: &Tx<'_>, claim_id: u64, day: i64, cause: &str, digests: &str) -> StoreResult<()> {
    let Some(claim) = tx.claim(claim_id)? else { return Ok(()) };
    let versions = tx.versions(claim_id)?;
    let facts = |version: &VersionRow| facts_of(tx, version);
    refold_known(tx, claim, &versions, facts, &Cause { day, words: cause, digests })
}

/// Why a lineage is folded anew.
pub(super) struct Cause<'a> {
    /// Day number.
    pub(super) day: i64,
    /// In the history.
    pub(super) words: &'a str,
    /// Digests of the plugins that decided.
    pub(super) digests: &'a str,
}

/// The same of a lineage whose rows are at hand, as the store has them; `facts` gives those of a version.
pub(super) fn refold_known(
    tx: &Tx<'_>,
    mut claim: ClaimRow,
    versions: &[VersionRow],
    facts: impl FnMut(&VersionRow) -> StoreResult<Vec<Fact>>,
    cause: &Cause<'_>,
) -> StoreResult<()> {
    let (recounted, moved) = count(tx, &mut claim, versions, facts, cause)?;
    tx.update_claim(&claim)?;
    if moved {
        tx.record("claim", claim.claim_id, cause.day, "host", &claim.state, cause.digests)?;
    }
    work(tx, &claim, &recounted, cause.day)
}

/// A lineage that is not in the store yet, with its first version: written down as that makes it.
pub(super) fn fold_first(
    tx: &Tx<'_>,
    mut claim: ClaimRow,
    patient_mac: &[u8; 32],
    version: &VersionRow,
    cause: &Cause<'_>,
) -> StoreResult<()> {
    let none = |_: &VersionRow| Ok(Vec::new());
    let (recounted, moved) = count(tx, &mut claim, std::slice::from_ref(version), none, cause)?;
    tx.add_claim(&claim, patient_mac)?;
    if moved {
        tx.record("claim", claim.claim_id, cause.day, "host", &claim.state, cause.digests)?;
    }
    open_wanted(tx, &claim, &recounted, cause.day)
}

/// Moves the versions that moved, and the row at hand. True: its state is another one than before.
fn count(
    tx: &Tx<'_>,
    claim: &mut ClaimRow,
    versions: &[VersionRow],
    facts: impl FnMut(&VersionRow) -> StoreResult<Vec<Fact>>,
    cause: &Cause<'_>,
) -> StoreResult<(Recounted, bool)> {
    let Cause { day, words, digests } = *cause;
    let recounted = recount(tx, versions, facts)?;
    for (version, (_, state)) in versions.iter().zip(&recounted.states) {
        if *state != version.state {
            tx.set_version_state(version, *state, None)?;
            let event = format!("version {} {} ({words})", version.version, state.as_str());
            tx.record("claim", claim.claim_id, day, "host", &event, digests)?;
        }
    }
    claim.live_version = recounted.live_version.unwrap_or(claim.live_version);
    claim.billed_cents = recounted.billed_cents;
    let state = recounted.state;
    let moved = claim.state != state.as_str();
    claim.marks = marks::moved(claim.marks, &recounted, moved, day);
    state.as_str().clone_into(&mut claim.state);
    Ok((recounted, moved))
}

/// What the facts of a lineage come to.
pub(crate) struct Recounted {
    /// Kind and state of each version.
    pub(crate) states: Vec<(VersionKind, VersionState)>,
    /// The lineage's state.
    pub(crate) state: ClaimState,
    /// The version whose charges are live; none where every one is superseded.
    pub(crate) live_version: Option<u32>,
    /// CLM02 of that version; 0 once it is voided, or where there is none.
    pub(crate) billed_cents: i64,
    /// What stands denied, cents.
    pub(crate) denied: i64,
    /// What its versions and facts say of it for figures.
    pub(crate) told: marks::Told,
}

/// Recounts a lineage from its facts. A version that has not left keeps the state that the scrub gave it.
pub(crate) fn recount(
    tx: &Tx<'_>,
    versions: &[VersionRow],
    mut facts: impl FnMut(&VersionRow) -> StoreResult<Vec<Fact>>,
) -> StoreResult<Recounted> {
    let mut states = Vec::with_capacity(versions.len());
    let mut denied = 0;
    let mut told = marks::Told::default();
    for version in versions {
        let state = if version.submitted_day.is_some() {
            let facts = facts(version)?;
            let folded = fold(&version.payer_id, &facts);
            told.add(tx, version, &facts, &folded)?;
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
        states.push((version.kind, state));
    }
    if denied > 0 {
        // What a later payer took over is no longer to be worked.
        let claim_id = versions.first().map(|version| version.claim_id);
        let postings = tx.postings(claim_id, None)?;
        let stands = postings.iter().filter(|posting| posting.account == "denied").map(|posting| posting.amount_cents);
        denied = denied.min(stands.sum());
    }
    let live = versions
        .iter()
        .rev()
        .zip(states.iter().rev())
        .find(|(version, (_, state))| version.kind.is_primary() && *state != VersionState::Superseded)
        .map(|(version, _)| version);
    let billed = live.filter(|version| version.kind != VersionKind::Void).map_or(0, |version| version.charge_cents);
    Ok(Recounted {
        state: lineage(&states),
        states,
        live_version: live.map(|version| version.version),
        billed_cents: billed,
        denied,
        told,
    })
}

/// The version whose charge the ledger has: the newest primary one that has left and counts; while what takes the place of one that
/// was refused has not left, the refused one.
pub(crate) fn charged_version(versions: &[VersionRow]) -> Option<&VersionRow> {
    let left = || versions.iter().filter(|version| version.kind.is_primary() && version.submitted_day.is_some());
    left().rfind(|version| version.state != VersionState::Superseded).or_else(|| left().next_back())
}

/// Kinds of work that a lineage in a state has open, with the cents at stake, and those it must not have.
pub(crate) fn wanted_work(recounted: &Recounted) -> [(&'static str, bool, i64); 4] {
    let Recounted { state, billed_cents, denied, .. } = recounted;
    [
        ("claim.held", *state == ClaimState::Held, *billed_cents),
        ("claim.rejected", *state == ClaimState::Rejected, *billed_cents),
        ("claim.unapplied", *state == ClaimState::Paid, *billed_cents),
        ("claim.denied", *denied > 0, *denied),
    ]
}

/// Everything held, rejected, denied or unapplied has an open work item; nothing else has.
fn work(tx: &Tx<'_>, claim: &ClaimRow, recounted: &Recounted, day: i64) -> StoreResult<()> {
    let subject = ("claim", claim.claim_id);
    let wanted = wanted_work(recounted);
    let waits = matches!(recounted.state, ClaimState::Submitted | ClaimState::Accepted);
    for kind in tx.open_work_kinds(subject)? {
        let over = wanted.iter().any(|(known, open, _)| *known == kind && !open);
        if over || (kind == "claim.unanswered" && !waits) {
            tx.close_work(Some(&kind), subject, day)?;
        }
    }
    open_wanted(tx, claim, recounted, day)
}

fn open_wanted(tx: &Tx<'_>, claim: &ClaimRow, recounted: &Recounted, day: i64) -> StoreResult<()> {
    for (kind, _, amount) in wanted_work(recounted).into_iter().filter(|(_, open, _)| *open) {
        tx.open_work(kind, ("claim", claim.claim_id), day, amount, "")?;
    }
    Ok(())
}
