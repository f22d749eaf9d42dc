//! What a condition works on: values of the claim's records, borrowed.

use claimhost_sdk::calendar::{self, civil};
use claimhost_sdk::claim::Date;

/// A value. Money, decimals, days and choices are numbers here: cents, thousandths, days since 1970, position of the word; what a
/// number means is known when the condition is checked.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// Not there.
    Missing,
    /// True or false.
    Bool(bool),
    /// Any number.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// A record.
    Record(&'a dyn Record),
    /// A list.
    List(&'a dyn Items),
}

/// A record of the contract.
pub trait Record {
    /// The field at this position of its [`crate::schema::RecordType`].
    fn field(&self, at: u16) -> Value<'_>;
}

/// A list of the contract.
pub trait Items {
    /// How many there are.
    fn count(&self) -> usize;
    /// One of them; missing past the end.
    fn item(&self, at: usize) -> Value<'_>;
}

/// What can be a value.
pub trait Reflect {
    /// Itself, borrowed.
    fn value(&self) -> Value<'_>;
}

impl Reflect for bool {
    fn value(&self) -> Value<'_> {
        Value::Bool(*self)
    }
}

impl Reflect for u8 {
    fn value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl Reflect for u16 {
    fn value(&self) -> Value<'_> {
        Value::Int(i64::from(*self))
    }
}

impl Reflect for i64 {
    fn value(&self) -> Value<'_> {
        Value::Int(*self)
    }
}

impl Reflect for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Reflect for Date {
    fn value(&self) -> Value<'_> {
        Value::Int(day_number(*self))
    }
}

impl<T: Reflect> Reflect for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Missing, Reflect::value)
    }
}

impl<T: Reflect> Reflect for Vec<T> {
    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl<T: Reflect> Items for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn item(&self, at: usize) -> Value<'_> {
        self.get(at).map_or(Value::Missing, Reflect::value)
    }
}

/// Days since 1970-01-01. A day that no calendar has (0-0-0) is still a number.
pub fn day_number(date: Date) -> i64 {
    calendar::days(date.year, date.month, date.day)
}

/// The day so many months later; the last of its month where that has fewer days.
pub fn add_months(number: i64, months: i64) -> Option<i64> {
    let (year, month, day) = civil(number);
    let whole = year.checked_mul(12)?.checked_add(month - 1)?.checked_add(months)?;
    let (year, month) = (whole.div_euclid(12), whole.rem_euclid(12) + 1);
    number_of(year, month, day.min(days_in(year, month)?))
}

/// `2026-03-02`, where the calendar has that day.
pub fn parse_day(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    number_of(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// Days since 1970-01-01, where the calendar has that day, in years 1 to 9999.
pub fn number_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let fits = (1..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month)?;
    let date = Date { year: u16::try_from(year).ok()?, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? };
    fits.then(|| day_number(date))
}

fn days_in(year: i64, month: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days.get(usize::try_from(month - 1).ok()?).copied()
}

/// `2026-03-02`.
pub fn iso(number: i64) -> String {
    let (year, month, day) = civil(number);
    format!("{year:04}-{month:02}-{day:02}")
}

#[test]
fn days_go_there_and_back() {
    for text in ["1970-01-01", "2024-02-29", "1899-12-31", "2000-03-01", "9999-12-31"] {
        assert_eq!(iso(parse_day(text).unwrap()), text);
    }
    assert_eq!(parse_day("1970-01-02"), Some(1));
    for text in ["2023-02-29", "2023-13-01", "2023-1-1", "20230101", "0000-01-01"] {
        assert_eq!(parse_day(text), None, "{text}");
    }
    let later = |text: &str, months| add_months(parse_day(text).unwrap(), months).map(iso).unwrap();
    assert_eq!(later("2024-01-31", 1), "2024-02-29");
    assert_eq!(later("2024-03-31", -13), "2023-02-28");
}
