//! What figures count of a lineage (`crate::audit::kpi`), from its versions and their facts: written with its state, in the
//! transaction of the fact.
//!
//! Facts alone decide, in any order, with two exceptions that only time tells: that a version was held once, and the day on
//! which a lineage came to its state.

use super::refold::Recounted;
use super::{ClaimState, Fact, Payment, VersionFold, VersionState};
use crate::store::claim::{VersionKind, VersionRow};
use crate::store::figures::{FirstPass, Marks};
use crate::store::{StoreResult, Tx};

/// Reasons of a denial that say the claim itself was wrong: modifier, diagnosis, information, coordination, eligibility, bundling.
const ERROR_REASONS: [&str; 6] = ["4", "11", "16", "22", "31", "97"];
/// Groups that such a denial comes under.
const ERROR_GROUPS: [&str; 2] = ["CO", "OA"];

/// What versions and facts say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Told {
    /// Day it first left in an 837.
    pub(crate) sent_day: Option<i64>,
    /// What became of that sending.
    pub(crate) first_pass: FirstPass,
    /// A version 7 or 8 has left.
    pub(crate) corrected: bool,
    /// A decision denied something under a reason of [`ERROR_REASONS`].
    pub(crate) error_denied: bool,
}

impl Told {
    /// Adds a version that has left. Call in the order of versions.
    pub(crate) fn add(
        &mut self,
        tx: &Tx<'_>,
        version: &VersionRow,
        facts: &[Fact],
        folded: &VersionFold,
    ) -> StoreResult<()> {
        if self.sent_day.is_none() {
            self.sent_day = version.submitted_day;
            self.first_pass = first_pass(tx, version, facts, folded)?;
        }
        self.corrected |= matches!(version.kind, VersionKind::Replacement | VersionKind::Void);
        if !self.error_denied && decisions(facts).any(|payment| payment.denied != 0) {
            self.error_denied = tx.denials_of(version.claim_id)?.iter().any(|denial| {
                ERROR_GROUPS.contains(&denial.group_code.as_str()) && ERROR_REASONS.contains(&denial.reason.as_str())
            });
        }
        Ok(())
    }
}

fn decisions(facts: &[Fact]) -> impl Iterator<Item = &Payment> {
    let payments = facts.iter().filter_map(|fact| if let Fact::Payment(payment) = fact { Some(payment) } else { None });
    payments.filter(|payment| payment.is_decision())
}

/// What became of the first version that left. Of several decisions of its payer the first is the one that was paid
/// first (BPR16); of several of that day, one that denied.
fn first_pass(tx: &Tx<'_>, version: &VersionRow, facts: &[Fact], folded: &VersionFold) -> StoreResult<FirstPass> {
    if folded.turned_back {
        return Ok(FirstPass::Failed);
    }
    // A later payer's decision may name the first version; one that decides as the first payer is the first.
    let own =
        |payment: &&Payment| payment.payer_id == version.payer_id || matches!(payment.status.as_str(), "1" | "19");
    let mut own: Vec<&Payment> = decisions(facts).filter(own).collect();
    let first = if own.len() > 1 {
        let mut dated = Vec::with_capacity(own.len());
        for payment in own {
            let paid_day = tx.remittance(payment.remittance)?.map(|row| row.paid_day);
            // Of one day the one that denied: which file came first says nothing.
            dated.push((paid_day, std::cmp::Reverse(payment.denied != 0), payment.denied));
        }
        dated.into_iter().min().map(|(.., denied)| denied)
    } else {
        own.pop().map(|payment| payment.denied)
    };
    Ok(match first {
        None => FirstPass::Waiting,
        Some(0) => FirstPass::Passed,
        Some(_) => FirstPass::Failed,
    })
}

/// The marks of a lineage after its states were folded anew. `moved`: its own state is another one than before.
pub(crate) fn moved(before: Marks, recounted: &Recounted, moved: bool, day: i64) -> Marks {
    let Told { sent_day, first_pass, corrected, error_denied } = recounted.told;
    let held = recounted.states.iter().any(|(_, state)| *state == VersionState::Held);
    let closed_day = if !is_closed(recounted) {
        None
    } else if moved {
        Some(day)
    } else {
        before.closed_day.or(Some(day))
    };
    Marks { sent_day, first_pass, corrected, error_denied, held_once: before.held_once || held, closed_day, ..before }
}

/// Every payer that was asked has decided, and a version of it counts.
pub(crate) fn is_closed(recounted: &Recounted) -> bool {
    matches!(recounted.state, ClaimState::Posted | ClaimState::Denied) && recounted.live_version.is_some()
}
