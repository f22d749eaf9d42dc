//! The payers' part of a turn, first half: take or refuse each claim, adjudicate it, queue its money.

use super::{Decided, Turn};
use crate::adjudicate::{Adjudication, primary, secondary, shares, shares_of_claim};
use crate::business::{Decision, Rejection, at_payer};
use crate::claim::{Claim, Party};
use crate::faults::hash;
use crate::journal::{Event, Movement};

impl Turn<'_> {
    /// The payers decide: originals before what replaces them, whatever the order of arrival.
    pub(super) fn decide(&mut self) {
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (at, batch) in self.batches.iter().enumerate() {
            open.extend((0..batch.claims.len()).map(|claim| (at, claim)));
        }
        open.retain(|place| self.claim_at(*place).is_some_and(|(_, rejection)| rejection.is_none()));
        let original = |work: &Self, place: &(usize, usize)| {
            work.claim_at(*place).is_some_and(|(claim, _)| claim.frequency == "1")
        };
        let (first, mut later): (Vec<_>, Vec<_>) = open.into_iter().partition(|place| original(self, place));
        for place in first {
            self.decide_one(place, true);
        }
        loop {
            let before = later.len();
            later.retain(|place| !self.decide_one(*place, false));
            if later.is_empty() || later.len() == before {
                break;
            }
        }
        for place in later {
            self.decide_one(place, true);
        }
    }

    fn claim_at(&self, (batch, claim): (usize, usize)) -> Option<(&Claim, Option<Rejection>)> {
        self.batches.get(batch)?.claims.get(claim).map(|(claim, rejection, _)| (claim, *rejection))
    }

    /// False when the claim waits for an original that may still come in this turn.
    fn decide_one(&mut self, place: (usize, usize), last: bool) -> bool {
        let Some((claim, _)) = self.claim_at(place) else {
            return true;
        };
        let claim = claim.clone();
        let decided = match at_payer(&claim, self.payers, self.state) {
            Decision::Reject(_) if !last => return false,
            Decision::Reject(rejection) => Decided::Refused(rejection),
            Decision::Again(icn) => {
                self.summary.claims_repeated += 1;
                Decided::Taken(icn)
            }
            Decision::Accept => {
                self.summary.claims_accepted += 1;
                Decided::Taken(self.accept(claim, place.0))
            }
        };
        if let Some(slot) = self.batches.get_mut(place.0).and_then(|batch| batch.claims.get_mut(place.1)) {
            slot.2 = Some(decided);
        }
        true
    }

    /// Adjudicates, records the claim, and queues the money.
    fn accept(&mut self, mut claim: Claim, batch: usize) -> String {
        let payers = self.payers;
        let Some(payer) = payers.find(&claim.payer) else {
            return String::new();
        };
        if let Some(batch) = self.batches.get(batch) {
            claim.partner = batch.header.sender.clone();
            claim.usage = batch.header.usage.clone();
        }
        let icn = control_number(&claim.payer, &format!("{}|{}", claim.key(), claim.content));
        let replaces = (claim.frequency != "1").then(|| claim.original.clone());
        for old in replaces.as_deref().map(|old| self.state.family(old)).unwrap_or_default() {
            let queued = self.moves.iter().rev().find(|(icn, _)| *icn == old).map(|(_, m)| *m != Movement::Reverse);
            let standing = queued.unwrap_or_else(|| self.state.entries.get(&old).is_some_and(|e| e.standing));
            self.record(Event::Dropped { icn: old.clone() });
            if standing {
                self.moves.push((old, Movement::Reverse));
            }
        }
        let adjudication = if claim.frequency == "8" {
            None
        } else if let Some(shares) = shares_of_claim(&claim).filter(|_| claim.is_secondary()) {
            Some(secondary(payer, &claim, &shares))
        } else {
            let next =
                claim.others.iter().find(|other| other.responsibility == "S" && payers.find(&other.payer).is_some());
            Some(primary(payer, &claim, next.map(|other| other.payer.as_str())))
        };
        let event = Event::Claim {
            icn: icn.clone(),
            claim: Box::new(claim.clone()),
            adjudication: adjudication.clone(),
            replaces,
            parent: None,
        };
        self.record(event);
        if let Some(adjudication) = adjudication {
            self.moves.push((icn.clone(), Movement::Pay));
            self.forward(claim, &icn, &adjudication);
        }
        icn
    }

    /// Crossover: the secondary payer gets the claim from the primary, and pays a turn later.
    fn forward(&mut self, mut claim: Claim, icn: &str, adjudication: &Adjudication) {
        let payers = self.payers;
        let next = adjudication.forwarded_to.as_deref();
        let Some(next) = next.and_then(|id| payers.find(id)) else {
            return;
        };
        let other = claim.others.iter().find(|other| other.payer == next.id);
        if let Some(other) = other.cloned() {
            // The secondary knows the patient under its own member id.
            let own = &claim.subscriber;
            let same = (&other.subscriber.last, &other.subscriber.first) == (&own.last, &own.first);
            let birth_date = if same { own.birth_date.clone() } else { String::new() };
            claim.subscriber = Party { birth_date, ..other.subscriber };
            claim.filing = other.filing;
        }
        claim.payer.clone_from(&next.id);
        claim.responsibility = "S".to_owned();
        let child = control_number(&next.id, &format!("crossover|{icn}"));
        let result = secondary(next, &claim, &shares(adjudication));
        self.record(Event::Claim {
            icn: child.clone(),
            claim: Box::new(claim),
            adjudication: Some(result),
            replaces: None,
            parent: Some(icn.to_owned()),
        });
        let turn = self.turn + 1;
        self.record(Event::Due { icn: child, turn, movement: Movement::Pay });
    }
}

/// The payer claim control number (CLP07, REF 1K): fixed by what the claim is, not by when it came.
fn control_number(payer: &str, subject: &str) -> String {
    format!("{payer}{:016X}", hash(subject.as_bytes(), 277))
}
