//! When a visit is billed: what is due on a day, from its charges, its status and when its news arrived.

use crate::claim::{Date, VisitStatus, day_number, from_day_number};

use super::Visit;

/// When the news of a visit arrived: the only part that arrival plays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrivals {
    /// Day of the first event of any kind.
    pub first: Date,
    /// Day of the first event with a charge.
    pub first_charge: Option<Date>,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Due {
    /// It waits for late charges until this day.
    Open {
        /// First day on which it is due.
        until: Date,
    },
    /// Split it into claims.
    Assemble,
    /// It did not take place.
    Cancelled,
    /// It is not to be billed.
    NotBillable,
    /// It took place, it is closed or older than its hold, and nothing is charged: work.
    MissingCharges,
}

/// Decides what is due on the day `as_of`. `hold_days` is the profile's `bill_hold_days`.
pub fn due(visit: &Visit, arrivals: Arrivals, as_of: Date, hold_days: u16) -> Due {
    match visit.status {
        VisitStatus::Cancelled => return Due::Cancelled,
        VisitStatus::NotBillable => return Due::NotBillable,
        VisitStatus::Closed | VisitStatus::Unchanged => {}
    }
    let charged = !visit.charges.is_empty();
    let from = if charged { arrivals.first_charge.unwrap_or(arrivals.first) } else { arrivals.first };
    let until = day_number(from) + i64::from(hold_days);
    if visit.status != VisitStatus::Closed && day_number(as_of) < until {
        return Due::Open { until: from_day_number(until) };
    }
    if charged { Due::Assemble } else { Due::MissingCharges }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::fold;
    use crate::visit::samples::{charge, day, event};

    #[test]
    fn a_visit_waits_for_its_hold_and_not_longer() {
        let arrivals = Arrivals { first: day(1), first_charge: Some(day(2)) };
        let mut visit = fold(&[event(1, vec![charge("C1", "99213", 10_000)])]);
        assert_eq!(due(&visit, arrivals, day(3), 2), Due::Open { until: day(4) });
        assert_eq!(due(&visit, arrivals, day(4), 2), Due::Assemble);
        visit.status = VisitStatus::Closed;
        assert_eq!(due(&visit, arrivals, day(2), 2), Due::Assemble);
        visit.status = VisitStatus::Cancelled;
        assert_eq!(due(&visit, arrivals, day(9), 2), Due::Cancelled);
        visit.status = VisitStatus::NotBillable;
        assert_eq!(due(&visit, arrivals, day(2), 2), Due::NotBillable);
    }

    #[test]
    fn a_visit_without_charges_is_missing_them_when_closed_or_old() {
        let arrivals = Arrivals { first: day(1), first_charge: None };
        let mut visit = fold(&[event(1, vec![])]);
        assert_eq!(due(&visit, arrivals, day(2), 2), Due::Open { until: day(3) });
        assert_eq!(due(&visit, arrivals, day(3), 2), Due::MissingCharges);
        visit.status = VisitStatus::Closed;
        assert_eq!(due(&visit, arrivals, day(1), 2), Due::MissingCharges);
    }
}
