//! Dates, amounts and units, with a problem at the path where one is none.

use claimhost_fhir::{Date as FhirDate, DateTime, Json, Precision, Value};

use super::resources::Resource;
use crate::claim::{Date, DateRange};
use crate::intake::Problem;

/// The contract's day.
fn day(date: FhirDate) -> Date {
    Date { year: date.year, month: date.month, day: date.day }
}

/// The day of a date or dateTime, as the source's clock shows it.
pub fn date(of: &Resource<'_>, json: &Json<'_>, problems: &mut Vec<Problem>) -> Option<Date> {
    let read = json.text().and_then(DateTime::parse);
    if let Some(day) = read.and_then(|read| read.day()) {
        return Some(self::day(day));
    }
    let (id, found) = match read.map(|read| read.precision) {
        Some(Precision::Year) => ("fhir.date-precision", "a year without month and day"),
        Some(_) => ("fhir.date-precision", "a month without day"),
        None => ("fhir.date", json.class()),
    };
    let remedy = "have the source record the day; nothing is taken for a day that was not said";
    problems.push(of.problem(id, json, found, "a day (YYYY-MM-DD)", remedy));
    None
}

/// First and last day of a date or a Period; an open end is the first day.
pub fn range(of: &Resource<'_>, json: &Json<'_>, problems: &mut Vec<Problem>) -> Option<DateRange> {
    if !matches!(json.value, Value::Object(_)) {
        return date(of, json, problems).map(|day| DateRange { start: day, end: day });
    }
    let Some(first) = json.get("start") else {
        let remedy = "have the source say when it began";
        problems.push(of.problem("fhir.date", json, "a period without a start", "start and end", remedy));
        return None;
    };
    let start = date(of, first, problems)?;
    let end = match json.get("end") {
        Some(last) => date(of, last, problems)?,
        None => start,
    };
    Some(DateRange { start, end })
}

/// Cents of a Money, a Quantity in dollars or a bare number. `None` and a problem: another currency, a part of a cent,
/// a negative amount, no number.
pub fn cents(of: &Resource<'_>, json: &Json<'_>, problems: &mut Vec<Problem>) -> Option<i64> {
    let currency = json.text_of("currency").or(json.text_of("code")).unwrap_or("USD");
    let remedy = "ask the source to correct the amount";
    let mut fail = |id: &str, found: &str| {
        problems.push(of.problem(id, json, found, "an amount in dollars and whole cents, not negative", remedy));
        None
    };
    if currency != "USD" {
        return fail("fhir.currency", "another currency");
    }
    let number = json.get("value").unwrap_or(json).decimal();
    match number.map(|number| number.cents()) {
        Some(Some(cents)) if cents >= 0 => Some(cents),
        Some(Some(_)) => fail("fhir.negative", "a negative amount"),
        Some(None) => fail("fhir.amount", "a part of a cent, or a number that does not fit"),
        None => fail("fhir.amount", "no number"),
    }
}

/// Thousandths of a Quantity or a bare number.
pub fn thousandths(of: &Resource<'_>, json: &Json<'_>, problems: &mut Vec<Problem>) -> Option<i64> {
    let number = json.get("value").unwrap_or(json).decimal();
    match number.and_then(|number| number.thousandths()) {
        Some(units) if units >= 0 => Some(units),
        _ => {
            let (found, remedy) = ("no such number", "ask the source to correct the quantity");
            let expected = "a number with at most three decimals, not negative";
            problems.push(of.problem("fhir.quantity", json, found, expected, remedy));
            None
        }
    }
}

/// `YYYYMMDDHHMMSSffffff` in UTC; empty where it is no time.
pub fn event_time(text: &str) -> String {
    let Some(time) = DateTime::parse(text.trim()) else { return String::new() };
    let (seconds, nanoseconds) = super::resources::moment(&time);
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let micros = nanoseconds / 1000;
    format!("{}{:02}{:02}{:02}{micros:06}", crate::hl7::civil(days), clock / 3600, clock / 60 % 60, clock % 60)
}

#[test]
fn times_are_in_utc() {
    assert_eq!(event_time("2026-03-01T00:30:00.5+01:00"), "20260228233000500000");
    assert_eq!(event_time("2024-02-29T23:59:59Z"), "20240229235959000000");
    assert_eq!(event_time("yesterday"), "");
}
