//! What has to happen to billed claims so that they say what the visit says now: nothing, a replacement (CLM05-3 = 7),
//! a void (8), a new claim, or a person.
//!
//! Whichever way events fall around the billing, the NET charges per payer are those of billing once at the end, and no
//! charge is on two live claims: a charge that a claim cannot let go of (its payer takes neither 7 nor 8) goes on no
//! other claim. Whether a payer lets a correction through in time is the scrub's to say.

use std::collections::{BTreeMap, BTreeSet};

use super::charge::ChargeKey;
use super::header::provider_identity;
use super::split::{Draft, Split, coverage_identity};
use crate::claim::{Claim, Frequency, destination};
use crate::practice::Profile;

/// The last version of a claim's lineage that is sent or on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct BilledVersion {
    /// Which lineage of the visit.
    pub lineage: u32,
    /// As billed; a void is no live claim.
    pub claim: Claim,
    /// [`Draft::charges`] of that version.
    pub charges: Vec<(ChargeKey, [u8; 32])>,
    /// Who sent it.
    pub sender: Sender,
}

/// Who has sent a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// We, in an 837.
    Us,
    /// The EHR's own billing, which corrects it too.
    Ehr,
    /// The EHR's own billing; this payer's claims are ours to send now.
    EhrBefore,
}

/// One thing to do. Voids come first, then replacements, then new claims, then work.
#[derive(Debug, Clone, PartialEq)]
pub enum Amendment {
    /// The billed version says it all.
    Nothing {
        /// Whose.
        lineage: u32,
    },
    /// Void it: no charge of it is left, or it is billed anew.
    Void {
        /// Whose.
        lineage: u32,
    },
    /// Replace the billed version.
    Replace {
        /// Whose.
        lineage: u32,
        /// The new version, frequency 7; its payer control number is the lifecycle's to find.
        draft: Draft,
    },
    /// A new lineage, frequency 1.
    New {
        /// Its first version.
        draft: Draft,
    },
    /// A person has to settle it with the payer. Nothing is sent.
    Work {
        /// The billed claim that cannot be changed; none where a new claim waits for one that cannot.
        lineage: Option<u32>,
        /// What the claim should say; none where it should be voided.
        draft: Option<Draft>,
        /// What to do.
        reason: String,
    },
}

/// What is to be done with one lineage.
#[derive(Clone, Copy, PartialEq)]
enum Plan {
    Nothing(usize),
    Replace(usize),
    /// Void, and bill the draft as a new claim.
    Renew(usize),
    Void,
    Work(Option<usize>),
}

impl Plan {
    const fn draft(self) -> Option<usize> {
        match self {
            Self::Nothing(draft) | Self::Replace(draft) | Self::Renew(draft) => Some(draft),
            Self::Void => None,
            Self::Work(draft) => draft,
        }
    }
}

/// Compares what was billed with what the visit says now.
pub fn amend(billed: &[BilledVersion], now: &Split, profile: &Profile) -> Vec<Amendment> {
    let latest: BTreeMap<u32, &BilledVersion> = billed.iter().map(|version| (version.lineage, version)).collect();
    let live: Vec<&BilledVersion> =
        latest.into_values().filter(|version| version.claim.frequency != Frequency::Void).collect();
    let matched = match_lineages(&live, &now.claims);
    let mut plans: Vec<Plan> = Vec::new();
    for (version, draft) in live.iter().zip(&matched) {
        let draft = draft.and_then(|at| now.claims.get(at).map(|draft| (at, draft)));
        plans.push(plan(version, draft, profile));
    }
    let mut blocked = BTreeSet::new();
    while block(&live, &now.claims, &mut plans, &mut blocked) {}
    amendments(&live, &now.claims, &plans, &blocked)
}

/// Pairs lineages and drafts of one payer that share charges or the rendering provider: most shared charges first,
/// then the same rendering provider, then order.
fn match_lineages(live: &[&BilledVersion], drafts: &[Draft]) -> Vec<Option<usize>> {
    let mut pairs = Vec::new();
    for (lineage, version) in live.iter().enumerate() {
        for (at, draft) in drafts.iter().enumerate() {
            let shared = draft.charges.iter().filter(|(key, _)| has(&version.charges, key)).count();
            let same_rendering = rendering(&version.claim) == rendering(&draft.claim);
            if payer(&version.claim) == payer(&draft.claim) && (shared > 0 || same_rendering) {
                pairs.push((std::cmp::Reverse(shared), !same_rendering, lineage, at));
            }
        }
    }
    pairs.sort_unstable();
    let mut matched = vec![None; live.len()];
    let mut taken = BTreeSet::new();
    for (_, _, lineage, at) in pairs {
        if let Some(free @ None) = matched.get_mut(lineage)
            && taken.insert(at)
        {
            *free = Some(at);
        }
    }
    matched
}

fn plan(version: &BilledVersion, draft: Option<(usize, &Draft)>, profile: &Profile) -> Plan {
    let id = destination(&version.claim).map_or("", |coverage| coverage.payer.id.as_str());
    // A payer that is no longer in the profile may take anything or nothing: a person asks.
    let (takes_7, takes_8) = profile.payer_by([id]).map_or((false, false), |payer| (payer.replacement, payer.void));
    match draft {
        Some((at, draft)) if same_charges(&version.charges, &draft.charges) => Plan::Nothing(at),
        other if version.sender == Sender::EhrBefore => Plan::Work(other.map(|(at, _)| at)),
        Some((at, _)) if takes_7 || version.sender == Sender::Ehr => Plan::Replace(at),
        Some((at, _)) if takes_8 => Plan::Renew(at),
        None if takes_8 || version.sender == Sender::Ehr => Plan::Void,
        other => Plan::Work(other.map(|(at, _)| at)),
    }
}

/// Finds one more draft that would take a charge from a claim that cannot let go of it. Returns whether it did.
fn block(live: &[&BilledVersion], drafts: &[Draft], plans: &mut [Plan], blocked: &mut BTreeSet<usize>) -> bool {
    let mut stuck: BTreeMap<&ChargeKey, usize> = BTreeMap::new();
    for (lineage, (version, plan)) in live.iter().zip(plans.iter()).enumerate() {
        if matches!(plan, Plan::Work(_)) {
            stuck.extend(version.charges.iter().map(|(key, _)| (key, lineage)));
        }
    }
    for (at, draft) in drafts.iter().enumerate().filter(|(at, _)| !blocked.contains(at)) {
        let owner = plans.iter().position(|plan| plan.draft() == Some(at));
        if owner.and_then(|owner| plans.get(owner)).is_some_and(|plan| matches!(plan, Plan::Work(_))) {
            continue;
        }
        let takes = |(key, _): &(ChargeKey, [u8; 32])| stuck.get(key).is_some_and(|holder| Some(*holder) != owner);
        if draft.charges.iter().any(takes) {
            blocked.insert(at);
            if let Some(plan) = owner.and_then(|owner| plans.get_mut(owner)) {
                *plan = Plan::Work(Some(at));
            }
            return true;
        }
    }
    false
}

fn amendments(live: &[&BilledVersion], drafts: &[Draft], plans: &[Plan], blocked: &BTreeSet<usize>) -> Vec<Amendment> {
    let (mut first, mut voids, mut replacements, mut new, mut work) = (vec![], vec![], vec![], vec![], vec![]);
    for (version, plan) in live.iter().zip(plans) {
        let lineage = version.lineage;
        let draft = plan.draft().and_then(|at| drafts.get(at)).cloned();
        match (plan, draft) {
            (Plan::Nothing(_), _) => first.push(Amendment::Nothing { lineage }),
            (Plan::Replace(_), Some(mut draft)) => {
                draft.claim.frequency = Frequency::Replacement;
                replacements.push(Amendment::Replace { lineage, draft });
            }
            (Plan::Renew(_), Some(draft)) => {
                voids.push(Amendment::Void { lineage });
                new.push(Amendment::New { draft });
            }
            (Plan::Void | Plan::Replace(_) | Plan::Renew(_), _) => voids.push(Amendment::Void { lineage }),
            (Plan::Work(_), draft) => {
                let reason = if version.sender == Sender::EhrBefore {
                    "the EHR's own billing sent this claim, and the profile says no longer that it sends this payer's: have the \
                     EHR's billing correct it; from here it would be billed twice. This stays open while the claim and the \
                     visit differ"
                } else {
                    "the payer takes no electronic change that this claim needs: settle it with the payer. This stays open while \
                     the claim and the visit differ"
                };
                work.push(Amendment::Work { lineage: Some(lineage), draft, reason: reason.into() });
            }
        }
    }
    let owned: BTreeSet<usize> = plans.iter().filter_map(|plan| plan.draft()).collect();
    for (at, draft) in drafts.iter().enumerate().filter(|(at, _)| !owned.contains(at)) {
        let draft = draft.clone();
        if blocked.contains(&at) {
            let reason = "a charge of it stands on a billed claim that cannot be changed electronically; settle that claim \
                          first";
            work.push(Amendment::Work { lineage: None, draft: Some(draft), reason: reason.into() });
        } else {
            new.push(Amendment::New { draft });
        }
    }
    [first, voids, replacements, new, work].concat()
}

fn has(charges: &[(ChargeKey, [u8; 32])], key: &ChargeKey) -> bool {
    charges.iter().any(|(known, _)| known == key)
}

/// The same charges saying the same, in any order: a claim is not replaced because its lines moved.
fn same_charges(billed: &[(ChargeKey, [u8; 32])], now: &[(ChargeKey, [u8; 32])]) -> bool {
    let sorted = |charges: &[(ChargeKey, [u8; 32])]| charges.iter().cloned().collect::<BTreeSet<_>>();
    sorted(billed) == sorted(now)
}

fn payer(claim: &Claim) -> Option<String> {
    destination(claim).map(|coverage| coverage_identity(coverage).0)
}

fn rendering(claim: &Claim) -> Option<String> {
    claim.header.rendering.as_ref().map(provider_identity)
}

#[cfg(test)]
#[path = "amend_tests.rs"]
mod tests;
