//! Decisions on single claims that a 277CA reports: first the clearinghouse, then the payer.
//!
//! Structure is `validate`; money is `adjudicate`.

use crate::adjudicate::{Payers, shares_of_claim};
use crate::claim::Claim;
use crate::journal::State;

/// STC01 of a rejection: category, status, entity (may be empty).
pub type Rejection = (&'static str, &'static str, &'static str);

/// What the clearinghouse refuses before any payer sees it.
pub fn at_clearinghouse(claim: &Claim, payers: &Payers) -> Option<Rejection> {
    let total: i64 = claim.lines.iter().map(|line| line.charge).sum();
    if payers.find(&claim.payer).is_none() {
        Some(("A7", "153", "PR"))
    } else if claim.subscriber.id.is_empty() {
        Some(("A7", "164", "IL"))
    } else if claim.billing.id.is_empty() {
        Some(("A7", "562", "85"))
    } else if total != claim.charge {
        Some(("A7", "178", ""))
    } else {
        None
    }
}

/// What a payer does with a claim that reached it.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// Take it: adjudicate.
    Accept,
    /// The same claim again: confirmed under its control number, never paid a second time.
    Again(String),
    /// Refuse it.
    Reject(Rejection),
}

/// The payer's decision. `State` holds everything accepted before, also earlier in this turn.
pub fn at_payer(claim: &Claim, payers: &Payers, state: &State) -> Decision {
    if let Some(icn) = state.same_content(claim) {
        return Decision::Again(icn);
    }
    if claim.frequency == "1" {
        if state.knows(&claim.key()) {
            return Decision::Reject(("A3", "54", ""));
        }
        if claim.is_secondary() && shares_of_claim(claim).is_none() {
            return Decision::Reject(("A7", "286", ""));
        }
        return Decision::Accept;
    }
    let takes = payers.find(&claim.payer).is_some_and(|payer| payer.takes_replacement);
    if !takes && claim.frequency == "7" {
        return Decision::Reject(("A7", "535", ""));
    }
    match state.live(&claim.original) {
        Some(original) if original.claim.payer == claim.payer && original.claim.payee() == claim.payee() => {
            Decision::Accept
        }
        _ => Decision::Reject(("A7", "464", "")),
    }
}
