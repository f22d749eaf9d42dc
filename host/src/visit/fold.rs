//! The visit of a SET of events. Pure: arrival order and repeats never decide, only the source's own order does.
//!
//! Events are sorted by sequence, then event time, then digest. What the source's order leaves undecided and the digest
//! would decide by chance (two contents of one key in one order) is a tie and held. What one charge does to the others:
//! `apply.rs`; how headers merge: `header.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::apply::{Charges, Content, Slot, UNMATCHED_CANCEL, UNMATCHED_CREDIT, UNMATCHED_REPLACEMENT};
use super::charge::{ChargeKey, Pointer, point};
use super::doubts;
use super::event::{Event, digest_of, source_order};
use super::header::{Told, merge, nothing_said};
use super::identity::{Verdict, same_person};
use crate::claim::{
    ChargeAction, ClaimHeader, Coverage, LineProviders, Patient, Provider, ServiceLine, SourceOrder, VisitStatus,
};

/// A visit as its events tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Merged field by field. Diagnoses: the latest list first, then others that live charges point to.
    pub header: ClaimHeader,
    /// Live charges, in order of first appearance.
    pub charges: Vec<LiveCharge>,
    /// The last that was said of the visit as a whole.
    pub status: VisitStatus,
    /// There were charges, and each was taken back.
    pub taken_back: bool,
    /// What holds every claim of the visit.
    pub problems: Vec<VisitProblem>,
}

/// A charge that lives.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveCharge {
    /// Its name within the visit.
    pub key: ChargeKey,
    /// The line, with pointers into the visit's diagnoses.
    pub line: ServiceLine,
    /// Coverages of its own; empty: the visit's.
    pub coverages: Vec<Coverage>,
    /// The location its own event names, where that is not the visit's. `complete_visit` turns it into a place of service.
    pub location: String,
    /// Digest of the event that told it, and the position among that event's charges, from 0.
    pub source: ([u8; 32], usize),
}

/// Something about a visit that a person has to decide. It holds the visit's claims.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VisitProblem {
    /// Stable id, dotted (`visit.order-tie`).
    pub id: String,
    /// Where, in the words of the document or of the header. Never a value.
    pub at: String,
    /// What is wrong and what to do. Never a value of a patient.
    pub words: String,
}

impl VisitProblem {
    /// Whether a charge is corrected that was never told.
    pub fn is_unmatched_replacement(&self) -> bool {
        self.id == UNMATCHED_REPLACEMENT
    }

    /// Whether a charge is taken back that was never told.
    pub fn is_unmatched_reversal(&self) -> bool {
        [UNMATCHED_CANCEL, UNMATCHED_CREDIT].contains(&self.id.as_str())
    }

    pub(crate) fn new(id: &str, at: &str, words: &str) -> Self {
        Self { id: id.into(), at: at.into(), words: words.into() }
    }
}

/// Folds a set of events into the visit they tell of.
pub fn fold(events: &[Event]) -> Visit {
    let ordered = in_order(events);
    let mut state = State::new();
    for group in ordered.chunk_by(|a, b| source_order(&a.order, &b.order).is_eq()) {
        state.group(group);
    }
    state.identity(&ordered);
    let begun = state.charges.live().map(|slot| slot.now.line.service_dates.start);
    state.shared_number = doubts::shared_number(&ordered, begun);
    state.finish()
}

/// Sorted, without repeats. A repeat has order and digest of another; one with a charge without an id only when it is
/// the same document: two such documents are suspects, not repeats.
fn in_order(events: &[Event]) -> Vec<&Event> {
    let mut ordered: Vec<&Event> = events.iter().collect();
    ordered.sort_by(|a, b| {
        let by_content = || a.digest.cmp(&b.digest).then_with(|| a.document.cmp(&b.document));
        source_order(&a.order, &b.order).then_with(by_content)
    });
    ordered.dedup_by(|b, a| {
        let same = source_order(&a.order, &b.order).is_eq() && a.digest == b.digest;
        same && (a.document == b.document || !a.has_charge_without_id())
    });
    ordered
}

/// What a tie is about.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Tied {
    Charge(String),
    Complete,
    Coverages,
    Patient,
    Status,
}

struct State {
    header: ClaimHeader,
    /// Fields of `Told` in the merged header that an event without charges said last: news for every line.
    said_of_visit: Told,
    status: VisitStatus,
    status_order: Option<SourceOrder>,
    charges: Charges,
    ties: BTreeMap<Tied, VisitProblem>,
    /// Of the newest event with charges.
    doubts: Vec<VisitProblem>,
    shared_number: Option<VisitProblem>,
    problems: Vec<VisitProblem>,
}

impl State {
    fn new() -> Self {
        Self {
            header: nothing_said(),
            said_of_visit: Told::default(),
            status: VisitStatus::Unchanged,
            status_order: None,
            charges: Charges::default(),
            ties: BTreeMap::new(),
            doubts: Vec::new(),
            shared_number: None,
            problems: Vec::new(),
        }
    }

    /// Applies the events of one place in the source's order.
    fn group(&mut self, group: &[&Event]) {
        self.settle_and_tie(group);
        let mut changed = false;
        for event in group {
            merge(&mut self.header, &event.header);
            self.note_who_said(event);
            if event.status != VisitStatus::Unchanged {
                self.status = event.status;
                self.status_order = Some(event.order.clone());
            }
            changed |= self.charges.apply(event);
            if !event.charges.is_empty() {
                self.doubts = doubts::passing(event);
            }
            if event.complete {
                changed |= self.cancel_what_is_not_named(event);
            }
        }
        // A total that was stated before the charges changed is no total of these charges.
        if changed && group.iter().all(|event| event.header.stated_total.is_none()) {
            self.header.stated_total = None;
        }
    }

    fn cancel_what_is_not_named(&mut self, event: &Event) -> bool {
        let names = event.charges.iter().flat_map(|charge| [charge.id.as_str(), charge.reverses.as_str()]);
        let named: BTreeSet<&str> = names.filter(|id| !id.is_empty()).collect();
        self.charges.cancel_unless(|slot| {
            named.contains(slot.id.as_str()) || source_order(&slot.now.order, &event.order).is_ge()
        })
    }

    fn note_who_said(&mut self, event: &Event) {
        let charges = !event.charges.is_empty();
        let said = Told::by(&event.header);
        let of_visit = &mut self.said_of_visit;
        let provider = |into: &mut Option<Provider>, said: Option<Provider>| {
            if said.is_some() {
                *into = said.filter(|_| !charges);
            }
        };
        provider(&mut of_visit.rendering, said.rendering);
        provider(&mut of_visit.referring, said.referring);
        provider(&mut of_visit.primary_care, said.primary_care);
        provider(&mut of_visit.service_facility, said.service_facility);
        provider(&mut of_visit.supervising, said.supervising);
        let text = |into: &mut String, said: String| {
            if !said.is_empty() {
                *into = if charges { String::new() } else { said };
            }
        };
        text(&mut of_visit.place_of_service, said.place_of_service);
        text(&mut of_visit.location, said.location);
    }

    /// Drops ties that this group settles, and notes those it makes.
    fn settle_and_tie(&mut self, group: &[&Event]) {
        for event in group {
            for charge in event.charges.iter().filter(|charge| charge.action != ChargeAction::New) {
                self.ties.remove(&Tied::Charge(charge.id.clone()));
                self.ties.remove(&Tied::Charge(charge.reverses.clone()));
            }
            let settled = [
                (event.complete, Tied::Complete),
                (event.status != VisitStatus::Unchanged, Tied::Status),
                (!event.header.coverages.is_empty(), Tied::Coverages),
                (!event.header.patient.name.last.is_empty(), Tied::Patient),
            ];
            for (_, tied) in settled.iter().filter(|(settles, _)| *settles) {
                self.ties.remove(tied);
            }
        }
        if group.len() > 1 {
            self.tie(group);
        }
    }

    fn tie(&mut self, group: &[&Event]) {
        let mut said: BTreeMap<Tied, BTreeSet<[u8; 32]>> = BTreeMap::new();
        for event in group {
            let mut of_charge: BTreeMap<&str, Vec<[u8; 32]>> = BTreeMap::new();
            for (place, charge) in event.charges.iter().enumerate() {
                let content = Content::of(event, place, charge).digest();
                let says = digest_of(&(charge.action, &charge.id, &charge.reverses, content));
                let ids: BTreeSet<&str> = [charge.id.as_str(), charge.reverses.as_str()].into();
                for id in ids.into_iter().filter(|id| !id.is_empty()) {
                    of_charge.entry(id).or_default().push(says);
                }
            }
            for (id, contents) in of_charge {
                said.entry(Tied::Charge(id.into())).or_default().insert(digest_of(&contents));
            }
            let header = &event.header;
            let mut say = |says: bool, tied: Tied, digest: [u8; 32]| {
                if says {
                    said.entry(tied).or_default().insert(digest);
                }
            };
            say(event.complete, Tied::Complete, event.digest);
            say(event.status != VisitStatus::Unchanged, Tied::Status, digest_of(&event.status));
            say(!header.coverages.is_empty(), Tied::Coverages, digest_of(&header.coverages));
            let patient = &header.patient;
            say(!patient.name.last.is_empty(), Tied::Patient, digest_of(&(&patient.name, &patient.birth_date)));
        }
        for (tied, _) in said.into_iter().filter(|(_, contents)| contents.len() > 1) {
            let at = match tied {
                Tied::Charge(_) => "charge",
                Tied::Complete => "complete",
                Tied::Coverages => "header.coverages",
                Tied::Patient => "header.patient",
                Tied::Status => "status",
            };
            let words = "two events with one place in the source's order say different things; declare a sequence or an \
                         event time in the site's mapping; correct it in the EHR, a correction with a later time counts; or dismiss \
                         the visit (`claimhost visit dismiss`) and key it";
            self.ties.insert(tied, VisitProblem::new("visit.order-tie", at, words));
        }
    }

    fn identity(&mut self, ordered: &[&Event]) {
        let mut patients: Vec<&Patient> = Vec::new();
        for event in ordered {
            if !patients.contains(&&event.header.patient) {
                patients.push(&event.header.patient);
            }
        }
        let contradicts = |(at, a): (usize, &&Patient)| {
            patients.iter().skip(at + 1).any(|b| matches!(same_person(a, b), Verdict::Conflict | Verdict::Different))
        };
        if patients.iter().enumerate().any(contradicts) {
            let words = "events of this visit name patients whose birth dates and names both differ; correct the id in the \
                         source or cancel one of them";
            self.problems.push(VisitProblem::new("visit.identity-conflict", "header.patient", words));
        }
    }

    fn finish(mut self) -> Visit {
        let ended = matches!(self.status, VisitStatus::Cancelled | VisitStatus::NotBillable);
        let mut charges = Vec::new();
        if ended {
            self.ties.retain(|tied, _| *tied == Tied::Status);
            let after = |slot: &Slot| {
                let end = self.status_order.as_ref();
                end.is_some_and(|end| source_order(&slot.now.order, end).is_gt())
            };
            if self.charges.live().any(after) {
                let words = "charges were told of after the visit was cancelled or declared not billable; reopen it or \
                             reverse them";
                self.problems.push(VisitProblem::new("visit.charge-after-end", "status", words));
            }
        } else {
            self.suspicions();
            self.problems.append(&mut self.doubts);
            self.problems.extend(self.shared_number.take());
            self.problems.append(&mut self.charges.problems);
            self.diagnoses();
            charges = self.charges.live().map(|slot| self.live_charge(slot)).collect();
        }
        self.problems.extend(std::mem::take(&mut self.ties).into_values());
        self.problems.sort();
        self.problems.dedup();
        let taken_back = !self.charges.slots.is_empty() && self.charges.live().next().is_none();
        Visit { header: self.header, charges, status: self.status, taken_back, problems: self.problems }
    }

    /// Live charges that look like one charge twice, or two under one key.
    fn suspicions(&mut self) {
        let mut under: BTreeMap<&str, usize> = BTreeMap::new();
        let mut documents: BTreeMap<[u8; 32], BTreeSet<&str>> = BTreeMap::new();
        for slot in self.charges.live() {
            if slot.id.is_empty() {
                documents.entry(slot.now.digest()).or_default().insert(&slot.now.document);
            } else {
                *under.entry(&slot.id).or_default() += 1;
            }
        }
        if under.values().any(|count| *count > 1) {
            let words = "one charge id is used for two different services; both are kept and held: declare another key in \
                         the site's mapping, or reverse one of them";
            self.problems.push(VisitProblem::new("visit.untrusted-key", "charge", words));
        }
        if documents.values().any(|documents| documents.len() > 1) {
            let words = "equal charges without an id came in different documents; say whether they are one service or \
                         two, or declare a charge id in the site's mapping";
            self.problems.push(VisitProblem::new("visit.suspected-repeat", "charge", words));
        }
    }

    fn diagnoses(&mut self) {
        let diagnoses = &mut self.header.diagnoses;
        for pointer in self.charges.live().flat_map(|slot| &slot.now.pointers) {
            if let Pointer::To(diagnosis) = pointer
                && !diagnoses.contains(diagnosis)
            {
                diagnoses.push(diagnosis.clone());
            }
        }
    }

    fn live_charge(&self, slot: &Slot) -> LiveCharge {
        let Content { line, pointers, coverages, told, source, .. } = &slot.now;
        let mut line = line.clone();
        line.diagnosis_pointers = point(pointers, &self.header.diagnoses);
        self.pin(&mut line, told);
        let location = pinned_text(&told.location, &self.header.location, &self.said_of_visit.location);
        let (coverages, source) = (coverages.clone(), *source);
        LiveCharge { key: slot.key.clone(), line, coverages, location: location.to_owned(), source }
    }

    /// Writes to the line what its own event's header says, where another event WITH charges has since said something
    /// else for its own charges. What an event without charges says is news of the visit and holds for every line.
    fn pin(&self, line: &mut ServiceLine, told: &Told) {
        let (header, visit) = (&self.header, &self.said_of_visit);
        let pinned = |told: &Option<Provider>, merged: &Option<Provider>, of_visit: &Option<Provider>| {
            told.clone().filter(|_| of_visit.is_none() && told != merged)
        };
        let own = LineProviders {
            rendering: pinned(&told.rendering, &header.rendering, &visit.rendering),
            service_facility: pinned(&told.service_facility, &header.service_facility, &visit.service_facility),
            supervising: pinned(&told.supervising, &header.supervising, &visit.supervising),
            ordering: None,
            referring: pinned(&told.referring, &header.referring, &visit.referring),
            primary_care: pinned(&told.primary_care, &header.primary_care, &visit.primary_care),
        };
        match &mut line.providers {
            Some(said) => {
                said.rendering = said.rendering.take().or(own.rendering);
                said.service_facility = said.service_facility.take().or(own.service_facility);
                said.supervising = said.supervising.take().or(own.supervising);
                said.referring = said.referring.take().or(own.referring);
                said.primary_care = said.primary_care.take().or(own.primary_care);
            }
            none => *none = (own != nobody()).then_some(own),
        }
        if line.place_of_service.is_empty() {
            let place = pinned_text(&told.place_of_service, &header.place_of_service, &visit.place_of_service);
            place.clone_into(&mut line.place_of_service);
        }
    }
}

fn pinned_text<'a>(told: &'a str, merged: &str, of_visit: &str) -> &'a str {
    if of_visit.is_empty() && told != merged { told } else { "" }
}

/// Line providers that name nobody.
pub(super) const fn nobody() -> LineProviders {
    LineProviders {
        rendering: None,
        service_facility: None,
        supervising: None,
        ordering: None,
        referring: None,
        primary_care: None,
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
