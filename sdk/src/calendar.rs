//! Days of the calendar as numbers, for order, distance and other zones (Howard Hinnant, "chrono-compatible low-level date algorithms").

/// Days since 1970-01-01 in the proleptic Gregorian calendar. A day that no calendar has (0-0-0, 13-1) is still a number.
#[inline]
pub fn days(year: u16, month: u8, day: u8) -> i64 {
    // In 32 bits, and counted from an era before the year 0, so that nothing is negative: a claim asks a hundred times.
    let year = u32::from(year) + 400 - u32::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { u32::from(month) - 3 } else { u32::from(month) + 9 };
    let of_year = (153 * shifted + 2) / 5 + u32::from(day);
    i64::from(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 1 - 719_468 - 146_097
}

/// Year, month, day of so many [`days`].
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{civil, days};

    #[test]
    fn every_day_of_nine_hundred_years_follows_the_one_before_it() {
        assert_eq!((days(1970, 1, 1), days(2000, 2, 29), days(2026, 11, 30)), (0, 11_016, 20_787));
        assert_eq!((days(0, 0, 0), days(0, 3, 1), days(9999, 12, 31)), (-719_560, -719_468, 2_932_896));
        let (first, last) = (days(1583, 1, 1), days(2483, 1, 1));
        for number in first..last {
            let (year, month, day) = civil(number);
            assert_eq!(days(year as u16, month as u8, day as u8), number);
            let next = civil(number + 1);
            let follows = next == (year, month, day + 1)
                || (next == (year, month + 1, 1) && day >= 28)
                || (next == (year + 1, 1, 1) && (month, day) == (12, 31));
            assert!(follows, "{next:?} after {:?}", (year, month, day));
        }
    }
}
