//! Dates, times, money and quantities of HL7 v2, exact or refused.
//!
//! Amounts are never floats, and nothing is guessed: an error names the place and the shape of what was found.

use crate::value::{Location, Value};
use std::fmt;

/// A value that is not what its field has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueError {
    /// Where it is.
    pub at: Location,
    /// Its class (see [`shape`](crate::shape)), never its text.
    pub found: String,
    /// What the field has to hold.
    pub expected: &'static str,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, found, expected } = self;
        write!(f, "{at} (byte {}): found {found}, expected {expected}; ", at.offset)?;
        f.write_str("correct the feed or map the field in the site profile")
    }
}

impl std::error::Error for ValueError {}

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to the length of the month.
    pub day: u8,
}

impl Date {
    /// Returns the date, or `None` when the calendar has no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(leap),
            _ => return None,
        };
        let valid = (1..=9999).contains(&year) && (1..=length).contains(&day);
        valid.then_some(Self { year, month, day })
    }

    /// Returns the days since 1970-01-01.
    pub fn days_since_epoch(&self) -> i64 {
        let early = i64::from(self.month <= 2);
        let year = i64::from(self.year) - early;
        let month = i64::from(self.month) + 12 * early - 3;
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i64::from(self.day) - 719_469
    }
}

impl fmt::Display for Date {
    /// Prints `2026-01-05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// How much of a timestamp the sender gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// YYYY
    Year,
    /// YYYYMM
    Month,
    /// YYYYMMDD
    Day,
    /// YYYYMMDDHH
    Hour,
    /// YYYYMMDDHHMM
    Minute,
    /// YYYYMMDDHHMMSS
    Second,
    /// With decimals of a second.
    Fraction,
}

/// A TS or DTM value. What the sender left out is the earliest it can be (month 1, day 1, hour 0), so that the
/// order of timestamps with equal offsets is the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Day.
    pub date: Date,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Nanoseconds, 0 to 999,999,999.
    pub nanosecond: u32,
    /// How much was given.
    pub precision: Precision,
    /// Minutes east of UTC, if given.
    pub offset_minutes: Option<i16>,
}

impl Timestamp {
    /// Returns the seconds since 1970-01-01 UTC. `default_offset_minutes` is the offset of the sender, used
    /// when the timestamp has none.
    pub fn epoch_seconds(&self, default_offset_minutes: i16) -> i64 {
        let clock = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let offset = i64::from(self.offset_minutes.unwrap_or(default_offset_minutes));
        self.date.days_since_epoch() * 86_400 + clock - offset * 60
    }
}

impl Value<'_> {
    /// Returns the error that something else was expected here.
    pub fn unexpected(&self, expected: &'static str) -> ValueError {
        ValueError { at: self.location(), found: self.shape(), expected }
    }

    /// Returns the value, or an error when there is no text; for fields that have to be filled.
    ///
    /// # Errors
    /// When the value is absent, empty or null.
    pub fn required(self, expected: &'static str) -> Result<Self, ValueError> {
        self.present().ok_or_else(|| self.unexpected(expected))
    }

    /// Returns the day of a DT, TS or DTM value; the time, if any, has to be valid too.
    ///
    /// # Errors
    /// When there is no text, no such day, or only a year or month.
    pub fn date(&self) -> Result<Date, ValueError> {
        let parsed = parse_timestamp(&self.text()).filter(|time| time.precision >= Precision::Day);
        parsed.map(|time| time.date).ok_or_else(|| self.unexpected("a date YYYYMMDD"))
    }

    /// Returns a TS or DTM value: `YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ]`.
    ///
    /// # Errors
    /// When there is no text or no such day and time.
    pub fn timestamp(&self) -> Result<Timestamp, ValueError> {
        parse_timestamp(&self.text()).ok_or_else(|| self.unexpected("a date and time YYYYMMDD[HHMM[SS]]"))
    }

    /// Returns the amount of an MO or NM value (`100&USD`, `4800.00`, `-45.00`, `(45.00)`) in cents. Ask for
    /// component 1 of a CP field.
    ///
    /// # Errors
    /// When there is no text, no plain number, a part of a cent, more than fits, or a currency but USD.
    pub fn cents(&self) -> Result<i64, ValueError> {
        let dollars = self.subcomponent_separator().is_some() && self.location().subcomponent == 0;
        let (amount, currency) = if dollars {
            let unit = self.subcomponent(2).text();
            (self.subcomponent(1).text(), unit)
        } else {
            (self.text(), "".into())
        };
        if !currency.is_empty() && !currency.trim().eq_ignore_ascii_case("USD") {
            return Err(self.unexpected("an amount in USD"));
        }
        let amount = amount.trim();
        let inner = amount.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let cents = match inner {
            Some(inner) if inner.starts_with(['-', '+']) => None,
            Some(inner) => parse_decimal(inner, 2).map(|cents| -cents),
            None => parse_decimal(amount, 2),
        };
        cents.ok_or_else(|| self.unexpected("an amount such as 45.00, with at most two decimals"))
    }

    /// Returns the number of an NM value in thousandths, so that 1.5 units are 1500.
    ///
    /// # Errors
    /// When there is no text, no plain number, a fourth decimal that is not zero, or more than fits.
    pub fn thousandths(&self) -> Result<i64, ValueError> {
        let parsed = parse_decimal(self.text().trim(), 3);
        parsed.ok_or_else(|| self.unexpected("a number with at most three decimals"))
    }
}

/// Reads `YYYYMMDD`; `None` when that is no day.
pub fn parse_date(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| parse_timestamp(text).map(|time| time.date)).flatten()
}

/// Reads `YYYY[MM[DD[HH[MM[SS[.S]]]]]][+/-ZZZZ]`, spaces around it allowed; `None` when that is no day and time.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (local, offset_minutes) = match text.find(['+', '-']) {
        Some(at) => {
            let (local, zone) = text.split_at_checked(at)?;
            (local, Some(parse_zone(zone)?))
        }
        None => (text, None),
    };
    let (digits, fraction) = match local.split_once('.') {
        Some((digits, fraction)) => (digits, Some(fraction)),
        None => (local, None),
    };
    let pair = |at: usize, missing: u8| match digits.get(at..at + 2) {
        Some(pair) => number(pair).and_then(|value| u8::try_from(value).ok()),
        None => Some(missing),
    };
    let precision = match (digits.len(), fraction) {
        (4, None) => Precision::Year,
        (6, None) => Precision::Month,
        (8, None) => Precision::Day,
        (10, None) => Precision::Hour,
        (12, None) => Precision::Minute,
        (14, None) => Precision::Second,
        (14, Some(_)) => Precision::Fraction,
        _ => return None,
    };
    let year = u16::try_from(number(digits.get(..4)?)?).ok()?;
    let date = Date::new(year, pair(4, 1)?, pair(6, 1)?)?;
    let (hour, minute, second) = (pair(8, 0)?, pair(10, 0)?, pair(12, 0)?);
    let nanosecond = match fraction {
        Some(text) if (1..=9).contains(&text.len()) => number(&format!("{text:0<9}"))?,
        Some(_) => return None,
        None => 0,
    };
    let valid = hour < 24 && minute < 60 && second < 60;
    valid.then_some(Timestamp { date, hour, minute, second, nanosecond, precision, offset_minutes })
}

/// Reads `+HHMM` or `-HHMM` as minutes east of UTC; the widest in use are -1200 and +1400.
fn parse_zone(zone: &str) -> Option<i16> {
    let hours = i16::try_from(number(zone.get(1..3)?)?).ok()?;
    let minutes = i16::try_from(number(zone.get(3..)?)?).ok()?;
    let valid = zone.len() == 5 && hours <= 14 && minutes < 60;
    let total = hours * 60 + minutes;
    valid.then_some(if zone.starts_with('-') { -total } else { total })
}

/// Reads one to nine ASCII digits.
fn number(text: &str) -> Option<u32> {
    let digits = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Reads an NM value (`[+/-]digits[.digits]`) as an integer with `places` decimals: `4.5` with 2 is 450.
/// `None` for anything else, for digits past `places` that are not zero, and for what does not fit.
pub fn parse_decimal(text: &str, places: usize) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, text.get(1..)?),
        [b'+', ..] => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let padding = std::iter::repeat_n(b'0', places.saturating_sub(fraction.len()));
    let (kept, cut) = fraction.as_bytes().split_at_checked(places).unwrap_or((fraction.as_bytes(), b""));
    if cut.iter().any(|byte| *byte != b'0') {
        return None;
    }
    whole.bytes().chain(kept.iter().copied()).chain(padding).try_fold(0i64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        let signed = if negative { -digit } else { digit };
        sum.checked_mul(10)?.checked_add(signed)
    })
}

#[cfg(test)]
#[path = "primitives_tests.rs"]
mod tests;
