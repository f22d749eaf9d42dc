//! Amounts, quantities, counts and dates: exact, from text and to text.
//!
//! X12 type R is decimal text without trailing zeros. Never `f64`: 0.1 + 0.2 must be 0.30. A sign is `-` or nothing.

use std::fmt;

/// Reads an amount (type R) as cents. A third decimal that is not zero, `+`, an exponent, blanks: `None`.
pub fn cents(text: &[u8]) -> Option<i64> {
    scaled(text, 2)
}

/// Reads a quantity (type R) as thousandths. A fourth decimal that is not zero: `None`.
pub fn thousandths(text: &[u8]) -> Option<i64> {
    scaled(text, 3)
}

fn scaled(text: &[u8], decimals: usize) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut seen = false;
    let mut after_point: Option<usize> = None;
    for &b in digits {
        match (b, after_point) {
            (b'.', None) => after_point = Some(0),
            (b'0'..=b'9', point) => {
                seen = true;
                if let Some(n) = point {
                    after_point = Some(n + 1);
                    if n >= decimals {
                        if b != b'0' {
                            return None;
                        }
                        continue;
                    }
                }
                value = value.checked_mul(10)?.checked_add(i64::from(b - b'0'))?;
            }
            _ => return None,
        }
    }
    if !seen {
        return None;
    }
    for _ in after_point.unwrap_or(0).min(decimals)..decimals {
        value = value.checked_mul(10)?;
    }
    Some(if negative { -value } else { value })
}

/// Reads a count (type N0) that has no sign.
pub fn count(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 10 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Writes cents as type R: `12.5`, `100`, `-0.07`, `0`. Never a trailing zero behind the point.
pub fn format_cents(cents: i64) -> String {
    format_scaled(cents, 2)
}

/// Writes thousandths as type R: `1`, `0.5`, `1.125`.
pub fn format_thousandths(thousandths: i64) -> String {
    format_scaled(thousandths, 3)
}

fn format_scaled(value: i64, decimals: u32) -> String {
    let scale = 10u64.pow(decimals);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, fraction) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let fraction = format!("{fraction:0width$}", width = decimals as usize);
    format!("{sign}{whole}.{}", fraction.trim_end_matches('0'))
}

/// A calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, four digits.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to the length of the month.
    pub day: u8,
}

impl Date {
    /// Reads CCYYMMDD (qualifier D8). Anything that is no day of the calendar: `None`.
    pub fn parse(text: &[u8]) -> Option<Date> {
        if text.len() != 8 {
            return None;
        }
        let year = u16::try_from(count(text.get(..4)?)?).ok()?;
        Date::new(year, text.get(4..)?)
    }

    /// Reads YYMMDD (ISA09, TA102): 50 to 99 is 19xx.
    pub fn parse_short(text: &[u8]) -> Option<Date> {
        if text.len() != 6 {
            return None;
        }
        let year = u16::try_from(count(text.get(..2)?)?).ok()?;
        Date::new(if year >= 50 { 1900 + year } else { 2000 + year }, text.get(2..)?)
    }

    /// Reads CCYYMMDD or CCYYMMDD-CCYYMMDD (RD8) as first and last day.
    pub fn parse_range(text: &[u8]) -> Option<(Date, Date)> {
        match text.len() {
            17 if text.get(8) == Some(&b'-') => {
                let range = (Date::parse(text.get(..8)?)?, Date::parse(text.get(9..)?)?);
                (range.0 <= range.1).then_some(range)
            }
            12 if text.iter().all(u8::is_ascii_digit) => Date::parse(text.get(..8)?).map(|d| (d, d)), // DT: with time
            _ => Date::parse(text).map(|d| (d, d)),
        }
    }

    fn new(year: u16, month_day: &[u8]) -> Option<Date> {
        let month = u8::try_from(count(month_day.get(..2)?)?).ok()?;
        let day = u8::try_from(count(month_day.get(2..)?)?).ok()?;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=last).contains(&day).then_some(Date { year, month, day })
    }
}

/// As X12 writes it: CCYYMMDD.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_exact_cents() {
        for (text, want) in [
            ("1.5", 150),
            ("-3", -300),
            (".5", 50),
            ("100", 10_000),
            ("-.07", -7),
            ("0.00", 0),
            ("12.3400", 1234),
            ("1.", 100),
            ("-13.65", -1365),
            ("00012", 1200),
        ] {
            assert_eq!(cents(text.as_bytes()), Some(want), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "+1",
            "1e2",
            "1,000",
            " 1",
            "1.001",
            "1.2.3",
            "--1",
            "99999999999999999999",
            "92233720368547759",
        ] {
            assert_eq!(cents(text.as_bytes()), None, "{text}");
        }
        assert_eq!(thousandths(b"0.125"), Some(125));
        assert_eq!(thousandths(b"0.1251"), None);
    }

    #[test]
    fn writes_without_trailing_zeros() {
        for (value, want) in
            [(1250, "12.5"), (10_000, "100"), (-7, "-0.07"), (0, "0"), (1, "0.01"), (i64::MIN, "-92233720368547758.08")]
        {
            assert_eq!(format_cents(value), want);
        }
        assert_eq!(format_thousandths(1125), "1.125");
        assert_eq!(format_thousandths(500), "0.5");
    }

    #[test]
    fn knows_the_calendar() {
        assert_eq!(Date::parse(b"20240229").map(|d| d.to_string()).as_deref(), Some("20240229"));
        for text in ["20230229", "20231301", "20230100", "2023010", "2023O101", ""] {
            assert_eq!(Date::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Date::parse_short(b"991231").map(|d| d.year), Some(1999));
        let (from, to) = Date::parse_range(b"20240101-20240131").unwrap();
        assert_eq!((from.day, to.day), (1, 31));
        assert_eq!(Date::parse_range(b"20240131-20240101"), None);
    }
}
