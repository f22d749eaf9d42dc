//! When something is due again: months of the calendar, weeks, and the month that an audit is about.

use jiff::civil::Date;

use crate::claim::{day_number, from_day_number, from_jiff, to_jiff};

/// The day so many months later; where that month is shorter, its last day (31 January and one month: 28 February).
pub fn months_later(day: i64, months: i8) -> i64 {
    let Some(date) = civil(day) else { return day };
    let later = date.checked_add(jiff::Span::new().months(i32::from(months)));
    later.map_or(day, |date| day_number(from_jiff(date)))
}

/// First and last day of the month before the one that a day is in.
pub fn last_month(today: i64) -> (i64, i64) {
    let Some(date) = civil(today) else { return (today, today) };
    let last = date.first_of_month().yesterday().unwrap_or(date);
    (day_number(from_jiff(last.first_of_month())), day_number(from_jiff(last)))
}

/// The last day of the month that a day is in.
pub fn month_end(day: i64) -> i64 {
    civil(day).map_or(day, |date| day_number(from_jiff(date.last_of_month())))
}

fn civil(day: i64) -> Option<Date> {
    to_jiff(from_day_number(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{iso, parse_iso};
    use proptest::prelude::*;

    fn day(text: &str) -> i64 {
        day_number(parse_iso(text).unwrap())
    }

    #[test]
    fn months_end_where_their_month_ends() {
        for (from, months, to) in [
            ("2026-01-31", 1, "2026-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2026-05-20", 3, "2026-08-20"),
            ("2026-11-30", 3, "2027-02-28"),
            ("2026-12-31", 12, "2027-12-31"),
        ] {
            assert_eq!(iso(from_day_number(months_later(day(from), months))), to, "{from} and {months}");
        }
        assert_eq!(last_month(day("2026-03-01")), (day("2026-02-01"), day("2026-02-28")));
        assert_eq!(last_month(day("2026-01-31")), (day("2025-12-01"), day("2025-12-31")));
        assert_eq!(month_end(day("2028-02-01")), day("2028-02-29"));
    }

    proptest! {
        #[test]
        fn a_later_month_is_never_nearer_and_never_skips_one(today in 0_i64..60_000, months in 1_i8..36) {
            let later = months_later(today, months);
            prop_assert!(later > today);
            let (from, to) = (from_day_number(today), from_day_number(later));
            let count = |date: crate::claim::Date| i64::from(date.year) * 12 + i64::from(date.month);
            prop_assert_eq!(count(to) - count(from), i64::from(months));
            prop_assert!(to.day <= from.day);
            prop_assert!(to.day == from.day || later == month_end(later));
        }

        #[test]
        fn the_month_before_ends_the_day_before_this_one_begins(today in 0_i64..60_000) {
            let (first, last) = last_month(today);
            prop_assert_eq!(from_day_number(first).day, 1);
            prop_assert_eq!(month_end(first), last);
            prop_assert!(last < today && month_end(last + 1) >= today);
        }
    }
}
