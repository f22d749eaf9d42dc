//! Calendar days of the contract: order, distance, ISO text. Nothing here reads a clock.

use claimhost_sdk::calendar;

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
    calendar::days(date.year, date.month, date.day)
}

/// The day with this [`day_number`].
pub fn from_day_number(days: i64) -> Date {
    let (year, month, day) = calendar::civil(days);
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
