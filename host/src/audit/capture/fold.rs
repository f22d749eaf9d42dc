//! The set of messages about one appointment or arrival to the expected visit they tell of. Pure.

use std::cmp::Ordering;

use crate::claim::{Attendance, Date, DateTime, ExpectedVisit};
use crate::store::expected::StoredExpectation;

/// An expected visit as its messages tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Field by field what was said last.
    pub told: ExpectedVisit,
    /// What was said last of its status; booked where nobody says anything.
    pub status: Attendance,
    /// Documents that name different days for it, at one place in the source's order. Nobody can say which is right; the
    /// later day counts until somebody does, so that nothing is called missing too early.
    pub unclear: Vec<u64>,
    /// Day that the first of them arrived: stands in for a start that nobody gives.
    pub first_arrived_day: i64,
}

impl Expected {
    /// It is to take place, or did.
    pub fn is_live(&self) -> bool {
        matches!(self.status, Attendance::Booked | Attendance::Arrived | Attendance::Fulfilled)
    }

    /// It is known from an arrival (ADT), not from a schedule.
    pub fn is_arrival(&self) -> bool {
        self.told.appointment_id.is_empty() && !self.told.visit_number.is_empty()
    }
}

/// Folds a set of messages. None for an empty set.
pub fn fold(events: &[StoredExpectation]) -> Option<Expected> {
    let mut ordered: Vec<&StoredExpectation> = events.iter().collect();
    ordered.sort_by(|a, b| {
        let within = || (rank(a.told.status), key(a.told.start)).cmp(&(rank(b.told.status), key(b.told.start)));
        order(&a.told, &b.told).then_with(within).then_with(|| a.document_id.cmp(&b.document_id))
    });
    let (first, rest) = ordered.split_first()?;
    let mut told = first.told.clone();
    let mut unclear = Vec::new();
    let mut before = *first;
    for event in rest {
        let days = (before.told.start.map(|at| at.day), event.told.start.map(|at| at.day));
        if order(&before.told, &event.told).is_eq() && matches!(days, (Some(a), Some(b)) if a != b) {
            unclear.extend([before.document_id, event.document_id]);
        }
        lay_over(&mut told, &event.told);
        before = event;
    }
    unclear.sort_unstable();
    unclear.dedup();
    let status = told.status.unwrap_or(Attendance::Booked);
    let first_arrived_day = events.iter().map(|event| event.arrived_day).min().unwrap_or_default();
    Some(Expected { told, status, unclear, first_arrived_day })
}

/// The source's order: sequence, then event time.
fn order(a: &ExpectedVisit, b: &ExpectedVisit) -> Ordering {
    a.order.sequence.cmp(&b.order.sequence).then_with(|| a.order.event_time.cmp(&b.order.event_time))
}

/// Among messages that the source does not order, what says more about the end counts.
const fn rank(status: Option<Attendance>) -> u8 {
    match status {
        None => 0,
        Some(Attendance::Booked) => 1,
        Some(Attendance::Arrived) => 2,
        Some(Attendance::Moved) => 3,
        Some(Attendance::NoShow) => 4,
        Some(Attendance::Cancelled) => 5,
        Some(Attendance::NoCharge) => 6,
        Some(Attendance::Fulfilled) => 7,
    }
}

fn key(start: Option<DateTime>) -> Option<(u16, u8, u8, u8, u8)> {
    start.map(|DateTime { day: Date { year, month, day }, hour, minute }| (year, month, day, hour, minute))
}

fn lay_over(told: &mut ExpectedVisit, news: &ExpectedVisit) {
    let text = |old: &mut String, new: &String| {
        if !new.is_empty() {
            old.clone_from(new);
        }
    };
    text(&mut told.visit_number, &news.visit_number);
    text(&mut told.appointment_id, &news.appointment_id);
    text(&mut told.location, &news.location);
    text(&mut told.visit_type, &news.visit_type);
    text(&mut told.moved_to, &news.moved_to);
    text(&mut told.reason, &news.reason);
    if !news.patient.ids.is_empty() {
        told.patient.ids.clone_from(&news.patient.ids);
    }
    if !news.patient.name.last.is_empty() {
        told.patient.name = news.patient.name.clone();
    }
    told.patient.birth_date = news.patient.birth_date.or(told.patient.birth_date);
    told.start = news.start.or(told.start);
    told.status = news.status.or(told.status);
    if news.provider.is_some() {
        told.provider.clone_from(&news.provider);
    }
}
