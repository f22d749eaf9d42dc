//! Rows of delimited files: fields of one record, and the ways people write money, days, codes and pointers in them.
//!
//! A record arrives as its bytes (the host cuts files); quotes are RFC 4180, text is UTF-8 or else CP1252. Nothing here
//! repairs: leading zeros that a spreadsheet lost stay lost, so that the scrub names them.

pub use claimhost_hl7v2::shape;
use claimhost_hl7v2::{Charset, parse_decimal};

use crate::claim::Date;
use crate::code::{is_cpt, is_hcpcs};

/// The fields of one record, unquoted and trimmed. A byte order mark in front is no part of the first.
pub fn fields(record: &[u8], delimiter: u8) -> Vec<String> {
    let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    let mut fields = Vec::new();
    let (mut field, mut quoted, mut start) = (Vec::new(), false, true);
    let mut bytes = record.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                bytes.next();
                field.push(b'"');
            }
            b'"' if quoted => quoted = false,
            b'"' if start => (quoted, start) = (true, false),
            _ if byte == delimiter && !quoted => {
                fields.push(text(&field));
                field.clear();
                start = true;
            }
            _ => {
                field.push(byte);
                start = start && byte == b' ';
            }
        }
    }
    fields.push(text(&field));
    fields
}

fn text(bytes: &[u8]) -> String {
    Charset::Utf8.decode(bytes).0.trim().to_owned()
}

/// Cuts a small file into records: a line break inside quotes does not end one. (Files of any size: the host.)
pub fn records(file: &[u8], delimiter: u8) -> Vec<&[u8]> {
    let mut records = Vec::new();
    let (mut from, mut quoted, mut start) = (0, false, true);
    for (at, byte) in file.iter().enumerate() {
        match byte {
            b'"' if quoted => quoted = false, // of a doubled quote the second opens again
            b'"' if start || at.checked_sub(1).and_then(|before| file.get(before)) == Some(&b'"') => quoted = true,
            b'\n' if !quoted => {
                records.push(file.get(from..=at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
        start = !quoted && (*byte == delimiter || *byte == b'\n' || (start && *byte == b' '));
    }
    records.push(file.get(from..).unwrap_or_default());
    records.retain(|record| !record.trim_ascii().is_empty());
    records
}

/// Cents of `1,234.50`, `$1,234.50`, `-45`, `(45.00)`. `None` for anything else, a comma that is no thousands separator
/// included.
pub fn cents(text: &str) -> Option<i64> {
    let text = text.trim();
    let (text, negative) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (inner.trim(), true),
        None => (text, false),
    };
    let (text, negative) = match text.strip_prefix('-') {
        Some(_) if negative => return None,
        Some(rest) => (rest.trim(), true),
        None => (text, negative),
    };
    let text = text.strip_prefix('$').unwrap_or(text).trim();
    let text = match text.strip_prefix('-') {
        Some(_) if negative => return None,
        Some(rest) => return cents(&format!("-{rest}")),
        None => text,
    };
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let mut grouped = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.is_empty() || first.len() > 3 {
            return None;
        }
        grouped.push_str(group);
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(&grouped) || !fraction.is_none_or(digits) {
        return None;
    }
    let number = match fraction {
        Some(fraction) => format!("{grouped}.{fraction}"),
        None => grouped,
    };
    parse_decimal(&number, 2).map(|cents| if negative { -cents } else { cents })
}

/// Thousandths of `1`, `1.5`, `-2`, `(1)`.
pub fn thousandths(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => parse_decimal(inner.trim(), 3).filter(|number| *number >= 0).map(|number| -number),
        None => parse_decimal(text, 3),
    }
}

/// How a site writes days: `YYYY`, `MM`, `DD` and separators in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat(String);

/// What `MMM` stands for: the first three letters, in any case.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl DateFormat {
    /// Reads `MM/DD/YYYY`, `YYYYMMDD`, `DD-MMM-YYYY` (30-May-2015) and the like. `None` unless year, month and day are each
    /// there once, the year with four digits: two leave the century of a birth date open.
    pub fn parse(format: &str) -> Option<Self> {
        let once = |token: &str| format.matches(token).count() == 1;
        let rest = format.replace("YYYY", "").replace("MMM", "").replace("MM", "").replace("DD", "");
        let separators = rest.chars().all(|letter| !letter.is_alphanumeric());
        (once("YYYY") && once("MM") && once("DD") && separators).then(|| Self(format.to_owned()))
    }

    /// The day a text means; `None` if it is none in this format. Between separators, `3` is taken for `03`.
    pub fn day(&self, text: &str) -> Option<Date> {
        let (mut year, mut month, mut day) = (0, 0, 0);
        let separated = self.0.len() > "YYYYMMDD".len();
        let (mut format, mut text) = (self.0.as_str(), text.trim());
        while let Some(separator) = format.chars().next() {
            let token = ["YYYY", "MMM", "MM", "DD"].into_iter().find(|token| format.starts_with(token));
            let Some(token) = token else {
                format = format.strip_prefix(separator)?;
                text = text.strip_prefix(separator)?;
                continue;
            };
            format = format.strip_prefix(token)?;
            if token == "MMM" {
                let (name, rest) = text.split_at_checked(token.len())?;
                let known = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
                (month, text) = (u16::try_from(known + 1).ok()?, rest);
                continue;
            }
            let digits = text.bytes().take(token.len()).take_while(u8::is_ascii_digit).count();
            let short = token != "YYYY" && digits == 1 && separated && !format.starts_with(['Y', 'M', 'D']);
            if digits != token.len() && !short {
                return None;
            }
            let (number, rest) = text.split_at_checked(digits)?;
            text = rest;
            let number: u16 = number.parse().ok()?;
            match token {
                "YYYY" => year = number,
                "MM" => month = number,
                _ => day = number,
            }
        }
        let valid = claimhost_hl7v2::Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
        text.is_empty().then_some(Date { year: valid.year, month: valid.month, day: valid.day })
    }
}

/// Code and modifiers of `99213-25-59`, `99213 25` or `99213`. A code of the practice's own is not split.
pub fn procedure(text: &str) -> (String, Vec<String>) {
    let mut parts = text.split(['-', ' ', ',', ':', '/']).filter(|part| !part.is_empty());
    let code = parts.next().unwrap_or_default().to_ascii_uppercase();
    if is_cpt(&code) || is_hcpcs(&code) {
        return (code, parts.map(str::to_ascii_uppercase).collect());
    }
    (text.trim().to_owned(), Vec::new())
}

/// Positions, from 1, of `A,B`, `AB`, `1,2`, `12` or `10,11`. `None` if it is none of these.
pub fn pointers(text: &str) -> Option<Vec<u8>> {
    let parts: Vec<&str> = text.split([',', ' ', ';', ':', '|', '/']).filter(|part| !part.is_empty()).collect();
    let mut pointers = Vec::new();
    for part in &parts {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        if digits && (parts.len() > 1 || part.contains('0')) {
            pointers.push(part.parse().ok().filter(|number| *number > 0)?);
            continue;
        }
        for letter in part.bytes() {
            pointers.push(match letter {
                b'1'..=b'9' if digits => letter - b'0',
                b'A'..=b'L' => letter - b'A' + 1,
                b'a'..=b'l' => letter - b'a' + 1,
                _ => return None,
            });
        }
    }
    Some(pointers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_quotes_marks_and_old_letters() {
        let read = |record: &[u8]| fields(record, b',');
        assert_eq!(read(b"\xef\xbb\xbfa, b ,\"c,d\",\"e \"\"f\"\"\"\r\n"), ["a", "b", "c,d", "e \"f\""]);
        assert_eq!(read(b"Jos\xe9,\"two\r\nlines\",5\" tube,"), ["Jos\u{e9}", "two\r\nlines", "5\" tube", ""]);
        assert_eq!(fields(b"a|b", b'|'), ["a", "b"]);
    }

    #[test]
    fn records_keep_quoted_line_breaks() {
        let file = b"h1,h2\r\n1,\"a\nb\"\n\n2,\"say \"\"x\"\"\nit\"\n3,5\" tube\n4,c";
        let cut: Vec<&[u8]> = records(file, b',');
        assert_eq!(cut, [&b"h1,h2\r\n"[..], b"1,\"a\nb\"\n", b"2,\"say \"\"x\"\"\nit\"\n", b"3,5\" tube\n", b"4,c"]);
    }

    #[test]
    fn money_as_people_write_it() {
        for (text, value) in [
            ("$1,234.50", 123_450),
            ("(45.00)", -4500),
            ("-45", -4500),
            ("-$45.5", -4550),
            ("$-1", -100),
            ("0", 0),
            ("($1,000)", -100_000),
        ] {
            assert_eq!(cents(text), Some(value), "{text}");
        }
        for text in ["", "12,50", "1,2345", "(-4)", "4.005", "--4", "$", "1.2.3", "abc", "1 000"] {
            assert_eq!(cents(text), None, "{text}");
        }
    }

    #[test]
    fn days_by_format() {
        let us = DateFormat::parse("MM/DD/YYYY").unwrap();
        assert_eq!(us.day("03/02/2026"), Some(Date { year: 2026, month: 3, day: 2 }));
        assert_eq!(us.day("3/2/2026"), us.day("03/02/2026"));
        for text in ["2026-03-02", "13/01/2026", "02/30/2026", "03/02/26", "03/02/2026x", ""] {
            assert_eq!(us.day(text), None, "{text}");
        }
        assert!(DateFormat::parse("YYYYMMDD").unwrap().day("20260302").is_some());
        assert!(DateFormat::parse("YYYYMMDD").unwrap().day("2026032").is_none());
        let named = DateFormat::parse("DD-MMM-YYYY").unwrap();
        assert_eq!(named.day("30-May-2015"), Some(Date { year: 2015, month: 5, day: 30 }));
        assert_eq!(named.day("3-DEC-2015"), Some(Date { year: 2015, month: 12, day: 3 }));
        for text in ["30-Mai-2015", "31-Jun-2015", "30-05-2015", "30-May-15", "30-M\u{e4}r-2015", "30-Ma"] {
            assert_eq!(named.day(text), None, "{text}");
        }
        for format in ["", "MM/DD/YY", "MM/DD", "MM/MM/YYYY", "MMMMDDYYYY"] {
            assert_eq!(DateFormat::parse(format), None, "{format}");
        }
    }

    #[test]
    fn procedures_and_pointers() {
        let own = |code: &str, modifiers: &[&str]| {
            (code.to_owned(), modifiers.iter().map(|m| (*m).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(procedure("99213-25-59"), own("99213", &["25", "59"]));
        assert_eq!(procedure("j1100 jz"), own("J1100", &["JZ"]));
        assert_eq!(procedure("OV-3"), own("OV-3", &[]));
        for (text, found) in [
            ("A,B", vec![1, 2]),
            ("12", vec![1, 2]),
            ("1,2", vec![1, 2]),
            ("ac", vec![1, 3]),
            ("10,11", vec![10, 11]),
            ("10", vec![10]),
            ("", vec![]),
        ] {
            assert_eq!(pointers(text), Some(found), "{text}");
        }
        for text in ["M", "A1", "0", "-1"] {
            assert_eq!(pointers(text), None, "{text}");
        }
    }
}
