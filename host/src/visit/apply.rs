//! The charges of a visit while its events are applied in order: which services live under which key.
//!
//! - `new`: a live id with content already told is the same charge again and changes nothing; the same code and dates
//!   under a live id is a correction and replaces; another service keeps both (an untrusted key).
//! - `replace`: the charge that `reverses` or `id` names; an unknown one is new, and a problem: of what it corrects nothing
//!   is known.
//! - `cancel`, `credit`: by `reverses` or `id`; a charge already reversed stays so. Without a known id: by code,
//!   modifiers, dates and amount when exactly one live charge fits, else a problem.
//!
//! After a reversal the same id may be charged again. Ties, completeness and problems over the result: `fold.rs`.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::charge::{ChargeKey, Pointer, Service, content, follow};
use super::event::Event;
use super::fold::VisitProblem;
use super::header::Told;
use crate::claim::{Charge, ChargeAction, Coverage, ServiceLine, SourceOrder};

/// Ids of problems: what a correction or a reversal names was never told here.
pub(super) const UNMATCHED_REPLACEMENT: &str = "visit.unmatched-replacement";
pub(super) const UNMATCHED_CANCEL: &str = "visit.unmatched-cancel";
pub(super) const UNMATCHED_CREDIT: &str = "visit.unmatched-credit";

/// One service under one key.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub key: ChargeKey,
    /// The source charge id; empty where there is none.
    pub id: String,
    pub live: bool,
    pub now: Content,
    /// Digests of what was told under this key since it last came to life, before what is told now.
    told_before: Vec<[u8; 32]>,
}

/// What a charge says, and which event said it.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub line: ServiceLine,
    pub pointers: Vec<Pointer>,
    pub coverages: Vec<Coverage>,
    pub told: Told,
    pub source: ([u8; 32], usize),
    pub document: String,
    pub order: SourceOrder,
    /// [`Content::digest`], once somebody has asked: of a charge that is told once nobody does.
    digested: OnceCell<[u8; 32]>,
}

impl Content {
    pub(super) fn of(event: &Event, place: usize, charge: &Charge) -> Self {
        let pointers = follow(&charge.line.diagnosis_pointers, &event.header.diagnoses);
        let told = Told::by(&event.header);
        Self {
            digested: OnceCell::new(),
            line: charge.line.clone(),
            pointers,
            coverages: charge.coverages.clone(),
            told,
            source: (event.digest, place),
            document: event.document.clone(),
            order: event.order.clone(),
        }
    }

    /// What makes two tellings of a charge say the same.
    pub(super) fn digest(&self) -> [u8; 32] {
        *self.digested.get_or_init(|| content(&self.line, &self.pointers, &self.coverages, &self.told))
    }
}

/// All charges ever told of, live or not, in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Charges {
    pub slots: Vec<Slot>,
    by_id: BTreeMap<String, Vec<usize>>,
    reversals_applied: BTreeSet<String>,
    pub problems: Vec<VisitProblem>,
}

impl Charges {
    /// Applies the charges of one event. Returns whether the set of live charges changed.
    pub(super) fn apply(&mut self, event: &Event) -> bool {
        // A corrected claim may have lines that the one before had not; one of which no line is known corrects nothing told here.
        let corrects = event.complete && event.charges.iter().any(|charge| self.knows(charge));
        let mut changed = false;
        for (place, charge) in event.charges.iter().enumerate() {
            if charge.action == ChargeAction::Replace && !corrects && !self.knows(charge) {
                let words = "a correction names a charge that was never told here. If another system billed that, correct it there: \
                             from here it would be billed twice. If nobody did, accept this: it is billed as a new claim";
                self.problem(UNMATCHED_REPLACEMENT, charge, words);
            }
            changed |= self.apply_one(event, place, charge);
        }
        changed
    }

    /// Whether a charge names one that was told before, live or not.
    fn knows(&self, charge: &Charge) -> bool {
        [&charge.reverses, &charge.id].into_iter().any(|id| self.by_id.contains_key(id))
    }

    fn apply_one(&mut self, event: &Event, place: usize, charge: &Charge) -> bool {
        match charge.action {
            ChargeAction::New => self.charge(charge, Content::of(event, place, charge)),
            ChargeAction::Replace => self.replace(charge, Content::of(event, place, charge)),
            ChargeAction::Cancel => self.reverse(charge, UNMATCHED_CANCEL),
            ChargeAction::Credit => self.reverse(charge, UNMATCHED_CREDIT),
        }
    }

    /// Cancels every live charge that `keep` does not keep. Returns whether there was one.
    pub(super) fn cancel_unless(&mut self, keep: impl Fn(&Slot) -> bool) -> bool {
        let mut changed = false;
        for slot in self.slots.iter_mut().filter(|slot| slot.live) {
            if !keep(slot) {
                slot.live = false;
                changed = true;
            }
        }
        changed
    }

    /// Live charges, in order of first appearance.
    pub(super) fn live(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.live)
    }

    fn charge(&mut self, charge: &Charge, now: Content) -> bool {
        let id = charge.id.as_str();
        let live = self.live_under(id);
        let told = |slot: &Slot| slot.now.digest() == now.digest() || slot.told_before.contains(&now.digest());
        if live.iter().any(|at| self.slots.get(*at).is_some_and(told)) {
            return false;
        }
        if let Some(at) = live.iter().copied().find(|at| self.is_service(*at, &charge.line)) {
            return self.set(at, now);
        }
        self.bring_to_life(id, now)
    }

    fn replace(&mut self, charge: &Charge, now: Content) -> bool {
        let id = charge.id.as_str();
        if id.is_empty() && charge.reverses.is_empty() {
            return self.bring_to_life(id, now);
        }
        // A replacement without an id of its own keeps the one it replaces.
        let own = if id.is_empty() { charge.reverses.as_str() } else { id };
        let mut changed = false;
        if charge.reverses != own {
            for at in self.live_under(&charge.reverses) {
                changed |= self.end(at);
            }
        }
        let live = self.live_under(own);
        let same = live.iter().copied().find(|at| self.is_service(*at, &charge.line));
        match same.or(live.last().copied()) {
            Some(at) => self.set(at, now) || changed,
            None => self.bring_to_life(own, now) || changed,
        }
    }

    fn reverse(&mut self, charge: &Charge, unmatched: &'static str) -> bool {
        let names = [charge.reverses.as_str(), charge.id.as_str()];
        for id in names.into_iter().filter(|id| !id.is_empty()) {
            let live = self.live_under(id);
            if let [only] = live.as_slice() {
                return self.end_if_amount_agrees(*only, charge);
            }
            if live.len() > 1 {
                return self.end_the_one_that_fits(&live, charge, unmatched);
            }
            if self.by_id.contains_key(id) {
                return false; // reversed before
            }
        }
        if charge.action == ChargeAction::Cancel && names.iter().any(|id| !id.is_empty()) {
            self.problem(unmatched, charge, "a charge is cancelled that no event of this visit told of");
            return false;
        }
        if !charge.id.is_empty() && self.reversals_applied.contains(&charge.id) {
            return false; // the same credit in a new message
        }
        let live: Vec<usize> =
            (0..self.slots.len()).filter(|at| self.slots.get(*at).is_some_and(|slot| slot.live)).collect();
        let ended = self.end_the_one_that_fits(&live, charge, unmatched);
        if ended && !charge.id.is_empty() {
            self.reversals_applied.insert(charge.id.clone());
        }
        ended
    }

    fn end_if_amount_agrees(&mut self, at: usize, charge: &Charge) -> bool {
        let stated = charge.line.charge;
        let agrees = self.slots.get(at).is_some_and(|slot| stated == 0 || stated == slot.now.line.charge);
        if charge.action == ChargeAction::Credit && !agrees {
            let words =
                "a credit states another amount than the charge it names; post the rest as a new charge or correct it";
            self.problem("visit.credit-differs", charge, words);
            return false;
        }
        self.end(at)
    }

    fn end_the_one_that_fits(&mut self, among: &[usize], charge: &Charge, unmatched: &'static str) -> bool {
        let fits =
            |at: &&usize| self.slots.get(**at).is_some_and(|slot| same_by_attributes(&slot.now.line, &charge.line));
        let fitting: Vec<usize> = among.iter().filter(fits).copied().collect();
        if let [only] = fitting.as_slice() {
            return self.end(*only);
        }
        let words = if fitting.is_empty() {
            "a reversal fits no live charge by id, nor by code, modifiers, date and amount"
        } else {
            "a reversal fits more than one live charge; name the charge it reverses"
        };
        self.problem(unmatched, charge, words);
        false
    }

    fn bring_to_life(&mut self, id: &str, now: Content) -> bool {
        let known = self.by_id.get(id).cloned().unwrap_or_default();
        let dead = |at: &usize| self.slots.get(*at).is_some_and(|slot| !slot.live);
        let same = known.iter().copied().filter(dead).find(|at| self.is_service(*at, &now.line));
        // A key whose service died may carry another one, as long as nothing else lives under the id.
        let free = known.iter().copied().all(|at| dead(&at)).then(|| known.first().copied()).flatten();
        if let Some(slot) = same.or(free).and_then(|at| self.slots.get_mut(at)) {
            slot.live = true;
            slot.told_before.clear();
            slot.now = now;
            return true;
        }
        let key = if id.is_empty() {
            let repeat = self.slots.iter().filter(|slot| slot.id.is_empty() && slot.now.source == now.source).count();
            ChargeKey::of_content(&now.source.0, now.source.1, repeat)
        } else if known.is_empty() {
            ChargeKey::of_id(id)
        } else {
            ChargeKey::of_other_service(id, known.len(), &Service::of(&now.line))
        };
        if !id.is_empty() {
            self.by_id.entry(id.to_owned()).or_default().push(self.slots.len());
        }
        self.slots.push(Slot { key, id: id.to_owned(), live: true, told_before: Vec::new(), now });
        true
    }

    fn set(&mut self, at: usize, now: Content) -> bool {
        let Some(slot) = self.slots.get_mut(at) else { return false };
        let before = slot.now.digest();
        let changed = before != now.digest();
        if changed {
            slot.told_before.push(before);
            slot.now = now;
        }
        changed
    }

    fn end(&mut self, at: usize) -> bool {
        self.slots.get_mut(at).is_some_and(|slot| std::mem::replace(&mut slot.live, false))
    }

    fn live_under(&self, id: &str) -> Vec<usize> {
        let known = self.by_id.get(id).map(Vec::as_slice).unwrap_or_default();
        known.iter().copied().filter(|at| self.slots.get(*at).is_some_and(|slot| slot.live)).collect()
    }

    fn is_service(&self, at: usize, line: &ServiceLine) -> bool {
        self.slots.get(at).is_some_and(|slot| Service::of(&slot.now.line) == Service::of(line))
    }

    fn problem(&mut self, id: &str, charge: &Charge, words: &str) {
        self.problems.push(VisitProblem::new(id, &charge.at.path, words));
    }
}

/// Code, modifiers, dates and amount: what a credit without an id has to match.
fn same_by_attributes(live: &ServiceLine, credit: &ServiceLine) -> bool {
    live.procedure.code == credit.procedure.code
        && live.procedure.modifiers == credit.procedure.modifiers
        && live.service_dates == credit.service_dates
        && live.charge == credit.charge
}
