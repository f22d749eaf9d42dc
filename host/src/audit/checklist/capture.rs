//! The line about charge capture: audited every month, and for each day that is busier than the practice's days usually are.

use std::collections::BTreeMap;

use super::due::{last_month, month_end};
use super::intake::look_back;
use super::{Draft, Facts, Line, Status, text};
use crate::audit::kpi::Days;
use crate::store::practice_record::{PracticeRecord, RecordKind};
use crate::store::{StoreResult, Tx};

/// A day with more visits than this percentile of the practice's days is busy.
pub const BUSY_PERCENTILE: u8 = 90;
/// Days whose visits say what is usual.
const USUAL_DAYS: i64 = 365;
/// Days within which a busy day is audited.
const BUSY_DAYS: i64 = 7;

/// Of days with visits, those with more than the 90th percentile (nearest rank) of them all.
pub fn busy_days(visits: &BTreeMap<i64, i64>) -> Vec<i64> {
    let usual: Days = visits.values().copied().collect();
    let Some(most) = usual.percentile(BUSY_PERCENTILE) else { return Vec::new() };
    visits.iter().filter(|(_, count)| **count > most).map(|(day, _)| *day).collect()
}

/// Charge capture audited monthly and for every busy day.
pub(super) fn audited(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Line> {
    let draft = Draft {
        id: "charge-capture",
        what: "charge capture audited monthly and for every day above the practice's own 90th percentile",
        counts: "months and busy days that are audited",
    };
    let visits: BTreeMap<i64, i64> =
        tx.expected_by_day(facts.today - USUAL_DAYS, facts.today - 1)?.into_iter().collect();
    let records = tx.practice_records(RecordKind::Charges)?;
    let decided = decide(&visits, &records, facts.today);
    let to_do = "`claimhost review charges --month YYYY-MM --by NAME`, or --day DATE for a busy day; `claimhost audit charges` has the gaps";
    let mut found = match (visits.is_empty(), records.first()) {
        (true, _) => "no schedule, SIU or ADT message says who was to be charged".to_owned(),
        (false, None) => "it was never audited".to_owned(),
        (false, Some(last)) => format!("audited last on {}", text(last.day)),
    };
    if !decided.open.is_empty() {
        found += &format!("; not yet: {}", decided.open.join(", "));
    }
    Ok(draft.line(decided.status, (decided.done, Some(decided.asked)), decided.due, found, to_do))
}

/// What is asked for, and what of it was done.
#[derive(Debug, PartialEq, Eq)]
struct Decided {
    status: Status,
    done: i64,
    asked: i64,
    due: Option<i64>,
    open: Vec<String>,
}

fn decide(visits: &BTreeMap<i64, i64>, records: &[PracticeRecord], today: i64) -> Decided {
    // An audit of days that were still to come has not seen their charges.
    let covered = |from: i64, to: i64| {
        records.iter().any(|record| record.days.0 <= from && to <= record.days.1 && record.day > to)
    };
    let mut open = Vec::new();
    let (mut done, mut asked, mut due) = (0, 0, None::<i64>);
    let mut ask = |from: i64, to: i64, by: i64| {
        asked += 1;
        if covered(from, to) {
            done += 1;
        } else {
            open.push(if from == to { text(from) } else { format!("{} to {}", text(from), text(to)) });
            due = Some(due.map_or(by, |due| due.min(by)));
        }
    };
    // Every month of the last year that had visits and is over: each is due by the end of the month after it.
    let mut month = last_month(today);
    while month.1 >= today - USUAL_DAYS {
        if visits.range(month.0..=month.1).next().is_some() {
            ask(month.0, month.1, month_end(month.1 + 1));
        }
        month = last_month(month.0);
    }
    for day in busy_days(visits).into_iter().filter(|day| *day >= look_back(today)) {
        ask(day, day, day + BUSY_DAYS);
    }
    let status = match due {
        _ if visits.is_empty() => Status::Fail,
        Some(due) if due < today && records.is_empty() => Status::Fail,
        Some(due) if due < today => Status::Overdue,
        _ => Status::Pass,
    };
    let due = due.or_else(|| (!visits.is_empty()).then(|| month_end(month_end(today) + 1)));
    Decided { status, done, asked, due, open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{day_number, parse_iso};
    use proptest::prelude::*;

    fn day(text: &str) -> i64 {
        day_number(parse_iso(text).unwrap())
    }

    fn record(done: &str, from: &str, to: &str) -> PracticeRecord {
        PracticeRecord {
            record_id: 1,
            day: day(done),
            days: (day(from), day(to)),
            open_count: 0,
            digest: String::new(),
        }
    }

    proptest! {
        #[test]
        fn at_most_a_tenth_of_the_days_is_busy_and_each_is_busier_than_all_others(counts in proptest::collection::vec(1_i64..40, 0..80)) {
            let visits: BTreeMap<i64, i64> = (0..).zip(counts.iter().copied()).collect();
            let busy = busy_days(&visits);
            prop_assert!(busy.len() * 10 <= counts.len());
            let least = busy.iter().map(|day| visits[day]).min();
            let others = visits.iter().filter(|(day, _)| !busy.contains(day)).map(|(_, count)| *count).max();
            prop_assert!(least.is_none() || least > others);
        }
    }

    #[test]
    fn months_and_busy_days_are_asked_for_and_due() {
        // Ten days in April with 3 visits each, one of them with 9; two in May.
        let mut visits: BTreeMap<i64, i64> = (0..10).map(|at| (day("2026-04-06") + at, 3)).collect();
        visits.insert(day("2026-04-10"), 9);
        visits.extend([(day("2026-05-04"), 3), (day("2026-05-05"), 3)]);
        let open = |decided: &Decided| decided.open.clone();
        let none = decide(&visits, &[], day("2026-05-20"));
        assert_eq!((none.status, none.done, none.asked), (Status::Fail, 0, 2), "{none:?}");
        assert_eq!(open(&none), ["2026-04-01 to 2026-04-30", "2026-04-10"]);
        // The month is audited: its busy day too.
        let month = [record("2026-05-02", "2026-04-01", "2026-04-30")];
        let done = decide(&visits, &month, day("2026-05-20"));
        assert_eq!((done.status, done.done, done.asked), (Status::Pass, 2, 2));
        assert_eq!(done.due, Some(day("2026-06-30")));
        // An audit on the month's last day has not seen all of it.
        let early = [record("2026-04-30", "2026-04-01", "2026-04-30")];
        let early = decide(&visits, &early, day("2026-05-20"));
        assert_eq!((early.status, early.due), (Status::Pass, Some(day("2026-05-31"))));
        assert_eq!(open(&early), ["2026-04-01 to 2026-04-30"]);
        // The busy day alone: the month is due by the end of the next.
        let alone = [record("2026-04-12", "2026-04-10", "2026-04-10")];
        let alone = |today: &str| decide(&visits, &alone, day(today));
        assert_eq!((alone("2026-05-31").status, alone("2026-05-31").due), (Status::Pass, Some(day("2026-05-31"))));
        assert_eq!(alone("2026-06-01").status, Status::Overdue);
        // A month that nobody audited stays asked for.
        let late = decide(&visits, &month, day("2026-08-20"));
        assert_eq!((late.status, late.due), (Status::Overdue, Some(day("2026-06-30"))));
        assert_eq!(open(&late), ["2026-05-01 to 2026-05-31"]);
        assert_eq!(decide(&BTreeMap::new(), &[], day("2026-05-20")).status, Status::Fail);
    }
}
