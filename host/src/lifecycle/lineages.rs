//! Lineages as their visit finds them: what the payer has, what was refused, what waits; and versions that count no longer.

use super::refold::fold_version;
use super::submit::charge;
use super::{Fact, VersionState};
use crate::store::claim::{VersionBody, VersionKind, VersionRow};
use crate::store::{StoreResult, Tx};

/// How the claims of a payer leave, as a lineage keeps it.
pub(super) const VIA_EHR: &str = "via-ehr";

/// A lineage as the visit finds it.
pub(super) struct Lineage {
    pub(super) claim_id: u64,
    /// What the payer has, or may have: the newest primary version that has left and was not refused. Where every one was
    /// refused, the newest of those.
    pub(super) sent: Option<(VersionRow, VersionBody)>,
    /// No answer has taken any version: there is nothing that could be replaced or voided.
    pub(super) all_refused: bool,
    /// It leaves again as it is: no payer has seen it, and nothing was found wrong with it.
    pub(super) leaves_again: bool,
    /// Refused versions newer than `sent` (and itself, where all were refused).
    pub(super) refused: Vec<u32>,
    /// The newest version, where it has not left and others have.
    pub(super) pending: Option<u32>,
    /// The newest version that has left.
    pub(super) last_left: Option<u32>,
    /// Everything that has left was retired, and nothing waits in its place: the lineage is over.
    pub(super) over: bool,
    /// It was made while the EHR's own billing sent this payer's claims.
    pub(super) of_ehr: bool,
    versions: u32,
}

impl Lineage {
    /// The number of the version that comes next: the pending one is rewritten.
    pub(super) fn next_version(&self) -> u32 {
        self.pending.unwrap_or(self.versions + 1)
    }

    /// It has to be voided before nothing of it is billed.
    pub(super) fn is_with_payer(&self) -> bool {
        self.sent.as_ref().is_some_and(|(version, _)| version.kind != VersionKind::Void)
            && !self.all_refused
            && !self.over
    }

    /// The EHR's own billing sent what the payer has.
    pub(super) fn is_via_ehr(&self) -> bool {
        self.sent.as_ref().is_some_and(|(version, _)| version.state == VersionState::ViaEhr)
    }

    /// The payer's number of what it has.
    pub(super) fn payer_control_number(&self, tx: &Tx<'_>) -> StoreResult<Option<String>> {
        let Some((version, _)) = &self.sent else { return Ok(None) };
        Ok(fold_version(tx, version)?.payer_control_number)
    }
}

/// The lineages of a visit. What the EHR's own billing sends has left, too.
pub(super) fn lineages(tx: &Tx<'_>, visit_id: u64) -> StoreResult<Vec<Lineage>> {
    let mut lineages = Vec::new();
    for claim in tx.claims_of_visit(visit_id)? {
        let versions = tx.versions(claim.claim_id)?;
        let counts = |version: &&VersionRow| version.kind.is_primary() && version.state != VersionState::Superseded;
        let left = |version: &VersionRow| version.submitted_day.is_some() || version.state == VersionState::ViaEhr;
        let mut base = None;
        let (mut refused, mut leaves_again) = (Vec::new(), false);
        for version in versions.iter().rev().filter(counts).filter(|version| left(version)) {
            let folded = (version.state != VersionState::ViaEhr).then(|| fold_version(tx, version)).transpose()?;
            let Some(folded) = folded.filter(|folded| folded.refused) else {
                base = Some(version);
                break;
            };
            leaves_again |= refused.is_empty() && folded.may_resend;
            refused.push(version.version);
        }
        let all_refused = base.is_none() && !refused.is_empty();
        let newest_refused = versions.iter().find(|version| refused.first() == Some(&version.version));
        let sent = match base.or(newest_refused) {
            Some(version) => Some((version.clone(), tx.version_body(claim.claim_id, version.version)?)),
            None => None,
        };
        let last_left = versions.iter().rfind(|version| version.kind.is_primary() && left(version));
        let pending = versions.iter().rev().find(counts).filter(|version| last_left.is_some() && !left(version));
        lineages.push(Lineage {
            claim_id: claim.claim_id,
            all_refused,
            leaves_again: all_refused && leaves_again,
            refused,
            pending: pending.map(|version| version.version),
            last_left: last_left.map(|version| version.version),
            over: sent.is_none() && pending.is_none() && versions.iter().any(left),
            of_ehr: claim.route == VIA_EHR,
            versions: versions.last().map_or(0, |version| version.version),
            sent,
        });
    }
    Ok(lineages)
}

/// A version counts no longer. Of one that has left, this is a fact like any other; its charge leaves the ledger where no other
/// version takes its place.
pub(super) fn retire(tx: &Tx<'_>, claim_id: u64, version: u32, take_back: bool, today: i64) -> StoreResult<()> {
    let Some(row) = tx.version(claim_id, version)? else { return Ok(()) };
    if row.submitted_day.is_some() {
        tx.add_fact(claim_id, version, &Fact::Superseded, 0, today)?;
    } else {
        tx.set_version_state(&row, VersionState::Superseded, None)?;
    }
    if take_back && row.submitted_day.is_some() {
        tx.post(&charge(&row, -row.charge_cents), today)?;
    }
    tx.record("claim", claim_id, today, "host", &format!("version {version} superseded"), "")
}

/// A replacement or void that was refused counts no longer, and what the payer has counts again: the ledger goes back to it.
pub(super) fn stand_again(tx: &Tx<'_>, claim_id: u64, retired: &[u32], today: i64) -> StoreResult<()> {
    let versions = tx.versions(claim_id)?;
    let left = |version: &&VersionRow| version.kind.is_primary() && version.submitted_day.is_some();
    let is_retired = |version: &&VersionRow| retired.contains(&version.version);
    let counts = |version: &&VersionRow| version.state != VersionState::Superseded && !is_retired(version);
    let gone = versions.iter().filter(left).rfind(is_retired);
    let stands = versions.iter().filter(left).rfind(counts);
    let (Some(gone), Some(stands)) = (gone, stands) else { return Ok(()) };
    let mut postings = Vec::new();
    for (version, sign) in [(gone, -1), (stands, 1)] {
        if version.kind != VersionKind::Void {
            postings.extend(charge(version, sign * version.charge_cents));
        }
    }
    tx.post(&postings, today)
}
