//! The class of a text, so that an error can say what stood there without saying it.
//!
//! Misaligned feeds are the reason: "FT1-10: found what looks like a procedure code" tells a site which column
//! slipped; the value would tell everybody who reads the log about a patient.

use crate::primitives::{parse_date, parse_timestamp};

/// Returns the class of `text` in words, such as `5 digits, looks like a procedure code` or `7 characters`.
/// Lengths are in characters. "Looks like" is a hint: nothing is looked up.
pub fn shape(text: &str) -> String {
    let text = text.trim();
    let count = text.chars().count();
    let bytes = text.as_bytes();
    let all = |test: fn(&u8) -> bool| bytes.iter().all(test);
    let looks = |what: &str| format!("looks like {what}");
    if text.is_empty() {
        "empty".to_owned()
    } else if all(u8::is_ascii_digit) {
        let hint = match count {
            5 => ", looks like a procedure code",
            8 if is_recent_date(text) => return looks("a date"),
            12 | 14 if parse_timestamp(text).is_some() => return looks("a date"),
            10 if is_npi(bytes) => return looks("an NPI"),
            _ => "",
        };
        format!("{count} digits{hint}")
    } else if is_money(text) {
        looks("money")
    } else if is_procedure_code(bytes) {
        looks("a procedure code")
    } else if is_icd10(text) {
        looks("an ICD-10 code")
    } else if is_separated_date(bytes)
        || (bytes.get(8).is_some_and(|b| b"+-".contains(b) || b.is_ascii_digit()) && parse_timestamp(text).is_some())
    {
        looks("a date")
    } else if text.chars().all(char::is_alphabetic) {
        format!("{count} letters")
    } else if all(|byte| byte.is_ascii_digit() || b".+-".contains(byte)) && bytes.iter().any(u8::is_ascii_digit) {
        "a number".to_owned()
    } else {
        format!("{count} characters")
    }
}

fn is_recent_date(text: &str) -> bool {
    parse_date(text).is_some_and(|date| (1900..2100).contains(&date.year))
}

/// `2026-01-05` or `01/05/2026`: dates, but not of HL7.
fn is_separated_date(bytes: &[u8]) -> bool {
    let (separators, digits): (Vec<u8>, Vec<u8>) = bytes.iter().partition(|byte| b"-/".contains(byte));
    separators.len() == 2 && (6..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}

/// Two decimals, perhaps with sign, parentheses or dollar sign.
fn is_money(text: &str) -> bool {
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let inner = inner.trim_start_matches(['-', '+', '$']);
    inner.split_once('.').is_some_and(|(whole, decimals)| {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        !whole.is_empty() && decimals.len() == 2 && digits(whole) && digits(decimals)
    })
}

/// HCPCS level II (letter and four digits) or CPT category II, III and PLA codes (four digits and a letter).
fn is_procedure_code(bytes: &[u8]) -> bool {
    match bytes {
        [letter, rest @ ..] if b"ABCDEGHJKLMPQRSTUV".contains(letter) => {
            rest.len() == 4 && rest.iter().all(u8::is_ascii_digit)
        }
        [digits @ .., letter] => digits.len() == 4 && b"FTUM".contains(letter) && digits.iter().all(u8::is_ascii_digit),
        [] => false,
    }
}

/// Letter, digit, digit or letter, then up to four more after an optional dot.
fn is_icd10(text: &str) -> bool {
    let (category, rest) = match text.split_once('.') {
        Some((category, rest)) if !rest.is_empty() => (category, rest),
        Some(_) => return false,
        None => text.split_at_checked(3).unwrap_or((text, "")),
    };
    let dotted = text.contains('.');
    let category = match category.as_bytes() {
        [a, b, c] => a.is_ascii_uppercase() && b.is_ascii_digit() && (c.is_ascii_digit() || b"AB".contains(c)),
        _ => false,
    };
    let detail = |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && (dotted || b"XADS".contains(&byte)));
    category && rest.len() <= 4 && rest.bytes().all(detail)
}

/// Ten digits, the first 1 or 2, with the check digit of an NPI (Luhn over 80840 and the number).
fn is_npi(digits: &[u8]) -> bool {
    let mut sum = 24; // what the prefix 80840 adds
    for (index, byte) in digits.iter().rev().enumerate() {
        let digit = u32::from(byte.saturating_sub(b'0'));
        let weighed = if index % 2 == 1 { digit * 2 } else { digit };
        sum += weighed / 10 + weighed % 10;
    }
    matches!(digits.first(), Some(b'1' | b'2')) && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        let table = [
            ("", "empty"),
            ("  ", "empty"),
            ("99213", "5 digits, looks like a procedure code"),
            ("1234", "4 digits"),
            ("20260105", "looks like a date"),
            ("20261305", "8 digits"),
            ("202601051230", "looks like a date"),
            ("20260105123000-0500", "looks like a date"),
            ("2026-01-05", "looks like a date"),
            ("1/5/2026", "looks like a date"),
            ("1234567893", "looks like an NPI"),
            ("1234567890", "10 digits"),
            ("G0438", "looks like a procedure code"),
            ("0001F", "looks like a procedure code"),
            ("E11.65", "looks like an ICD-10 code"),
            ("J06", "looks like an ICD-10 code"),
            ("S72001A", "looks like an ICD-10 code"),
            ("100.00", "looks like money"),
            ("(45.00)", "looks like money"),
            ("$1,200.50", "looks like money"),
            ("-3", "a number"),
            ("1.5", "a number"),
            ("Jos\u{e9}", "4 letters"),
            ("A-1 b_c", "7 characters"),
            ("....", "4 characters"),
        ];
        for (text, expected) in table {
            assert_eq!(shape(text), expected, "{text:?}");
        }
    }
}
