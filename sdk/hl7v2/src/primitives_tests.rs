//! Tables of what dates, amounts and quantities are, and of what almost is one.

use super::*;
use crate::{Message, Path};
use proptest::prelude::*;

fn with<T>(field: &str, read: impl Fn(&Value<'_>) -> T) -> T {
    let bytes = format!("MSH|^~\\&|A\rFT1|1|{field}");
    let message = Message::parse(bytes.as_bytes()).unwrap();
    read(&message.get(&Path::parse("FT1-2.1").unwrap()))
}

#[test]
fn dates_are_of_the_calendar() {
    for text in
        ["20240229", "20000229", "20260105", "202601051230", "20260105123059.1234-0500", " 20260105 ", "2026010512"]
    {
        assert!(with(text, |value| value.date().is_ok()), "{text}");
    }
    for text in [
        "",
        "\"\"",
        "20230229",
        "19000229",
        "20260431",
        "20261301",
        "00000101",
        "2026",
        "202601",
        "2026-01-05",
        "202601051",
        "2026010524",
        "202601051260",
        "20260105.1",
        "20260105+1500",
        "20260105-05",
        "2026010\u{e9}",
        "abcdefgh",
        "+2026010",
    ] {
        assert!(with(text, |value| value.date().is_err()), "{text}");
    }
}

#[test]
fn timestamps_keep_precision_and_offset() {
    let time = parse_timestamp("20260105123015.25-0430").unwrap();
    assert_eq!((time.hour, time.minute, time.second, time.nanosecond), (12, 30, 15, 250_000_000));
    assert_eq!((time.offset_minutes, time.precision), (Some(-270), Precision::Fraction));
    assert_eq!(parse_timestamp("2026").unwrap().precision, Precision::Year);
    assert!(parse_timestamp("20260105").unwrap() < parse_timestamp("202601050001").unwrap());
    assert_eq!(parse_timestamp("197001010000+0100").unwrap().epoch_seconds(0), -3600);
    assert_eq!(parse_timestamp("20000301").unwrap().epoch_seconds(0), 951_868_800);
}

#[test]
fn money_is_exact_cents() {
    let table = [
        ("100&USD", 10_000),
        ("4800.00", 480_000),
        ("-45.00", -4500),
        ("(45.00)", -4500),
        ("0.1", 10),
        (".5", 50),
        ("7.", 700),
        ("+1.2300", 123),
        ("12&usd", 1200),
        ("92233720368547758.07", i64::MAX),
    ];
    for (text, cents) in table {
        assert_eq!(with(text, |value| value.cents()), Ok(cents), "{text}");
    }
    for text in [
        "",
        "\"\"",
        ".",
        "-",
        "()",
        "(-4)",
        "1.005",
        "1e3",
        "1,000.00",
        "$4",
        "4 5",
        "4&EUR",
        "NaN",
        "92233720368547758.08",
        "--4",
        "\u{663}",
    ] {
        assert!(with(text, |value| value.cents().is_err()), "{text}");
    }
}

#[test]
fn quantities_are_thousandths() {
    for (text, units) in [("1", 1000), ("0.5", 500), ("1.125", 1125), ("-2", -2000), ("3.0000", 3000), (" 1 ", 1000)] {
        assert_eq!(with(text, |value| value.thousandths()), Ok(units), "{text}");
    }
    for text in ["", "1.0001", "9A.9", "1&2", "99213X", "9999999999999999999"] {
        assert!(with(text, |value| value.thousandths().is_err()), "{text}");
    }
}

#[test]
fn errors_name_place_and_shape_but_not_the_text() {
    let error = with("ABC", |value| value.date().unwrap_err());
    assert_eq!(
        error.to_string(),
        "FT1-2.1 (byte 17): found 3 letters, expected a date YYYYMMDD; correct the feed or map the field in the site profile"
    );
    assert_eq!(with("G0438", |value| value.cents().unwrap_err().found), "looks like a procedure code");
    assert_eq!(with("", |value| value.thousandths().unwrap_err().found), "nothing (empty)");
    assert_eq!(with("4&EUR", |value| value.cents().unwrap_err().expected), "an amount in USD");
}

proptest! {
    #[test]
    fn decimals_come_back(cents in any::<i64>()) {
        let magnitude = cents.unsigned_abs();
        let sign = if cents < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:02}", magnitude / 100, magnitude % 100);
        prop_assert_eq!(parse_decimal(&text, 2), Some(cents));
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,24}", digits in "[0-9+.-]{0,24}") {
        for text in [text, digits] {
            let _ = (parse_timestamp(&text), parse_decimal(&text, 2), crate::shape(&text));
            prop_assert!(parse_timestamp(&text).is_none_or(|time| time.epoch_seconds(0) < 253_402_387_200));
        }
    }

    #[test]
    fn days_are_consecutive(days in 0i64..4000) {
        let start = Date::new(1995, 1, 1).unwrap();
        let date = (1995..2006).flat_map(|y| (1..=12).flat_map(move |m| (1..=31).filter_map(move |d| Date::new(y, m, d)))).nth(days as usize).unwrap();
        prop_assert_eq!(date.days_since_epoch() - start.days_since_epoch(), days);
    }
}
