//! Calendar days of the contract: order, distance, ISO text. Nothing here reads a clock.

use super::Date;

/// A text that is no day. Says its shape, never the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found}, expected a day as YYYY-MM-DD")]
pub struct DateError {
    /// Class of what was found.
    pub found: String,
}

/// Days since 1970-01-01, for order and distance. Total: impossible days (month 13) still order after possible ones.
pub fn day_number(date: Date) -> i64 {
    // Civil-from-days arithmetic over eras of 400 years, valid for every u16 year.
    let year = i64::from(date.year) - i64::from(date.month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month = i64::from(date.month);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + i64::from(date.day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The day with this [`day_number`].
pub fn from_day_number(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date {
        year: u16::try_from(year).unwrap_or(0),
        month: u8::try_from(month).unwrap_or(0),
        day: u8::try_from(day).unwrap_or(0),
    }
}

/// `YYYY-MM-DD`.
pub fn iso(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// Reads `YYYY-MM-DD`.
///
/// # Errors
/// [`DateError`] for anything else, days that do not exist included.
pub fn parse_iso(text: &str) -> Result<Date, DateError> {
    let dashes = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
    let day = dashes.then(|| text.parse::<jiff::civil::Date>().ok()).flatten();
    day.map(from_jiff)
        .ok_or_else(|| DateError { found: format!("{} characters that are no day", text.chars().count()) })
}

/// The contract's day of a civil date.
pub fn from_jiff(date: jiff::civil::Date) -> Date {
    Date {
        year: u16::try_from(date.year()).unwrap_or(0),
        month: u8::try_from(date.month()).unwrap_or(0),
        day: u8::try_from(date.day()).unwrap_or(0),
    }
}

/// The civil date of a contract day; `None` for a day that does not exist.
pub fn to_jiff(date: Date) -> Option<jiff::civil::Date> {
    let year = i16::try_from(date.year).ok()?;
    jiff::civil::Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn day_numbers_go_back_and_forth_and_agree_with_the_calendar(days in -700_000_i64..2_932_896) {
            let date = from_day_number(days);
            prop_assume!(date.year > 0);
            prop_assert_eq!(day_number(date), days);
            let civil = to_jiff(date).unwrap();
            let epoch = jiff::civil::date(1970, 1, 1);
            prop_assert_eq!(i64::from((civil - epoch).get_days()), days);
        }
    }

    #[test]
    fn reads_days_and_refuses_what_is_none() {
        assert_eq!(parse_iso("2026-02-28"), Ok(Date { year: 2026, month: 2, day: 28 }));
        for text in ["", "2026-02-29", "20260228", "2026-13-01", "yesterday"] {
            assert!(parse_iso(text).is_err(), "{text:?}");
        }
    }
}
