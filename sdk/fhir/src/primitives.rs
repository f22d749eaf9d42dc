//! FHIR primitives: borrowed strings, exact decimals, and dates with the precision that was given.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A string, borrowed from the JSON unless it held escapes. `Debug` prints its length only.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// Returns the string; borrowed from the JSON when that was possible.
    pub fn into_inner(self) -> Cow<'a, str> {
        self.0
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} characters>", self.0.chars().count())
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// A decimal or integer as it was written. Takes `1.50` and, because some sources send it, `"1.50"`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal<'a>(&'a str);

impl<'a> Decimal<'a> {
    /// Reads a number of JSON, or the text of one; `None` when it is none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let number = digits.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b"-+.eE".contains(&byte));
        (number && serde_json::from_str::<&RawValue>(text).is_ok()).then_some(Self(text))
    }

    /// Returns the number as it was written.
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// Returns the number in hundredths, such as an amount in cents; `None` if it has a part of a cent, an
    /// exponent, or does not fit.
    pub fn cents(&self) -> Option<i64> {
        self.scaled(2)
    }

    /// Returns the number in thousandths, such as units; `None` as for [`Decimal::cents`].
    pub fn thousandths(&self) -> Option<i64> {
        self.scaled(3)
    }

    fn scaled(&self, places: usize) -> Option<i64> {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (kept, cut) = fraction.as_bytes().split_at_checked(places).unwrap_or((fraction.as_bytes(), b""));
        if whole.is_empty() || cut.iter().any(|byte| *byte != b'0') {
            return None;
        }
        let padding = std::iter::repeat_n(b'0', places.saturating_sub(fraction.len()));
        let sign = if digits.len() < self.0.len() { -1 } else { 1 };
        whole.bytes().chain(kept.iter().copied()).chain(padding).try_fold(0i64, |sum, byte| {
            let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
            sum.checked_mul(10)?.checked_add(sign * digit)
        })
    }
}

impl fmt::Debug for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<number of {} characters>", self.0.len())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Decimal<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&'de RawValue>::deserialize(deserializer)?.get();
        let text = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json);
        let Some(number) = Self::parse(text) else {
            let found = match json.as_bytes() {
                [b'"', ..] => "a string that is no number",
                [b'{', ..] => "an object",
                [b'[', ..] => "an array",
                _ => "another type",
            };
            return Err(D::Error::custom(format_args!("found {found}, expected a number")));
        };
        Ok(number)
    }
}

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

impl fmt::Display for Date {
    /// Prints `2026-01-05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// How much of a date or time the source gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// `2026`
    Year,
    /// `2026-01`
    Month,
    /// `2026-01-05`
    Day,
    /// With time of day and offset.
    Second,
}

/// A FHIR date, dateTime or instant. What was not given is the earliest it can be. `Debug` prints the precision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime {
    /// Day, as the source's clock shows it.
    pub date: Date,
    /// Second of that day, 0 to 86,400 (a leap second).
    pub second: u32,
    /// Nanoseconds.
    pub nanosecond: u32,
    /// How much was given.
    pub precision: Precision,
    /// Minutes east of UTC; only with a time.
    pub offset_minutes: Option<i16>,
}

impl DateTime {
    /// Returns the day, or `None` when only a year or month was given.
    pub fn day(&self) -> Option<Date> {
        (self.precision >= Precision::Day).then_some(self.date)
    }

    /// Reads a FHIR date, dateTime or instant; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = number(parts.next()?, 4)?;
        let (month, day) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        let precision = match (month, day, time) {
            (None, None, None) => Precision::Year,
            (Some(_), None, None) => Precision::Month,
            (Some(_), Some(_), None) => Precision::Day,
            (Some(_), Some(_), Some(_)) => Precision::Second,
            _ => return None,
        };
        let month = month.map_or(Some(1), |text| number(text, 2))?;
        let day = day.map_or(Some(1), |text| number(text, 2))?;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if year == 0 || !(1..=length).contains(&day) {
            return None;
        }
        let date = Date { year: year.try_into().ok()?, month: month.try_into().ok()?, day: day.try_into().ok()? };
        let (second, nanosecond, offset) = time.map_or(Some((0, 0, None)), parse_time)?;
        Some(Self { date, second, nanosecond, precision, offset_minutes: offset })
    }
}

/// Reads `hh:mm:ss[.s]` and the offset, `Z` or `+hh:mm`, which FHIR demands with a time.
fn parse_time(text: &str) -> Option<(u32, u32, Option<i16>)> {
    let (clock, zone) = text.split_at_checked(text.find(['Z', '+', '-'])?)?;
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let mut parts = clock.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let nanosecond = match fraction {
        Some(digits) if (1..=9).contains(&digits.len()) => number(&format!("{digits:0<9}"), 9)?,
        Some(_) => return None,
        None => 0,
    };
    let offset = match zone {
        "Z" => 0,
        _ => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
            if zone.starts_with('Z') || hours > 14 || minutes > 59 {
                return None;
            }
            let total = i16::try_from(hours * 60 + minutes).ok()?;
            if zone.starts_with('-') { -total } else { total }
        }
    };
    Some((hour * 3600 + minute * 60 + second, nanosecond, Some(offset)))
}

/// Reads exactly `digits` (at most nine) digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let valid = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<date, {:?}>", self.precision)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Self::parse(text.trim()).ok_or_else(|| {
            let count = text.chars().count();
            D::Error::custom(format_args!(
                "found {count} characters, expected a date YYYY-MM-DD or date and time with offset"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_of_each_precision() {
        let table = [
            ("2026", Precision::Year),
            ("2026-01", Precision::Month),
            ("2024-02-29", Precision::Day),
            ("2026-01-05T10:00:00Z", Precision::Second),
            ("2026-01-05T23:59:60.123-05:00", Precision::Second),
        ];
        for (text, precision) in table {
            assert_eq!(DateTime::parse(text).map(|date| date.precision), Some(precision), "{text}");
        }
        let time = DateTime::parse("2026-01-05T10:00:01.5-05:30").unwrap();
        assert_eq!((time.second, time.nanosecond, time.offset_minutes), (36_001, 500_000_000, Some(-330)));
        for text in [
            "",
            "26",
            "2026-1-5",
            "2026-02-29",
            "2026-13",
            "20260105",
            "2026-01-05T10:00:00",
            "2026-01-05T24:00:00Z",
            "2026-01-05T10:00Z",
            "2026T10:00:00Z",
            "2026-01-05T10:00:00Zx",
            "2026-01-05T10:00:00+15:00",
            "2026-01-05T10:00:00.Z",
            "\u{661}026",
            "0000",
            "2026-01-05-01",
        ] {
            assert!(DateTime::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn decimals_are_exact_and_may_be_quoted() {
        let read = |json: &'static str| serde_json::from_str::<Decimal<'_>>(json);
        for (json, cents) in [
            ("1.5", Some(150)),
            ("\"1.50\"", Some(150)),
            ("-0.01", Some(-1)),
            ("1.005", None),
            ("1.000", Some(100)),
            ("1e2", None),
            ("92233720368547758.08", None),
            ("-92233720368547758.08", Some(i64::MIN)),
        ] {
            assert_eq!(read(json).unwrap().cents(), cents, "{json}");
        }
        for json in ["\"\"", "\"x\"", "\"1.\"", "\".5\"", "\"01\"", "true", "[1]", "{}", "\"1 2\"", "null", "\"--1\""] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn text_borrows_even_inside_an_option() {
        let read: Vec<Option<Text<'_>>> = serde_json::from_str(r#"["plain", "esc\n", null]"#).unwrap();
        assert!(matches!(&read[0], Some(Text(Cow::Borrowed("plain")))));
        assert!(matches!(&read[1], Some(Text(Cow::Owned(_)))));
        assert_eq!(format!("{read:?}"), "[Some(<5 characters>), Some(<4 characters>), None]");
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_not(text in "\\PC{0,30}|[0-9TZ:.+-]{0,30}") {
            let _ = DateTime::parse(&text);
        }
    }
}
