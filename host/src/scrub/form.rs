//! Forms of codes and fields: pure functions without a regular expression, so that a clean claim costs next to nothing.
//!
//! Form only. Whether a code exists and was in force on a day, the code lists say (`edits/code_lists.rs`).

pub use crate::claim::is_mbi;
pub use crate::codes::form::{is_cpt, is_hcpcs, is_icd9, is_icd10, is_modifier};

use crate::claim::{Address, Date, Procedure, ProcedureSystem, day_number};

/// The shape of a value that must not be shown: letters `A`, digits `9`, the rest as it is; at most 12 characters.
pub fn shape(text: &str) -> String {
    let class = |letter: char| match letter {
        '0'..='9' => '9',
        letter if letter.is_alphabetic() => 'A',
        letter if letter.is_ascii_graphic() || letter == ' ' => letter,
        _ => '?',
    };
    let mut shape: String = text.chars().take(12).map(class).collect();
    if text.chars().count() > 12 {
        shape.push_str("...");
    }
    if shape.is_empty() { "nothing".to_owned() } else { shape }
}

/// Nothing but blanks.
pub fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// This many ASCII digits.
pub fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A code of `HC`: CPT and HCPCS share the qualifier, so a system named wrongly among the two does no harm.
pub fn has_code_form(procedure: &Procedure) -> bool {
    match procedure.system {
        ProcedureSystem::Cpt | ProcedureSystem::Hcpcs => is_cpt(&procedure.code) || is_hcpcs(&procedure.code),
        _ => procedure.code.len() <= 48,
    }
}

/// Modifiers that say: given again, or apart from the other (76, 77, 91, 59 and its four kin).
pub fn says_distinct(modifier: &str) -> bool {
    matches!(modifier, "76" | "77" | "91" | "59" | "XE" | "XS" | "XP" | "XU")
}

/// The same modifiers, in any order.
pub fn same_modifiers(left: &[String], right: &[String]) -> bool {
    left.len() == right.len()
        && left.iter().all(|one| right.contains(one))
        && right.iter().all(|one| left.contains(one))
}

/// A day of the calendar, from 1850 on. Every edit of a day asks, so it is counted without a division but one of leap years.
pub fn is_day(date: Date) -> bool {
    let leap = date.year.is_multiple_of(4) && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
    let last = match date.month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(leap),
        _ => return false,
    };
    date.year >= 1850 && (1..=last).contains(&date.day)
}

/// Five digits, nine, or five and four with a dash.
pub fn is_zip(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        5 | 9 => bytes.iter().all(u8::is_ascii_digit),
        10 => bytes.iter().enumerate().all(|(at, byte)| if at == 5 { *byte == b'-' } else { byte.is_ascii_digit() }),
        _ => false,
    }
}

/// States, the district, territories and military "states" (USPS Publication 28, appendix B).
const STATES: &[&str] = &[
    "AA", "AE", "AK", "AL", "AP", "AR", "AS", "AZ", "CA", "CO", "CT", "DC", "DE", "FL", "FM", "GA", "GU", "HI", "IA",
    "ID", "IL", "IN", "KS", "KY", "LA", "MA", "MD", "ME", "MH", "MI", "MN", "MO", "MP", "MS", "MT", "NC", "ND", "NE",
    "NH", "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "PR", "PW", "RI", "SC", "SD", "TN", "TX", "UM", "UT", "VA",
    "VI", "VT", "WA", "WI", "WV", "WY",
];

/// A two-letter code of the list above, in any case.
pub fn is_state(text: &str) -> bool {
    text.len() == 2 && STATES.iter().any(|state| state.eq_ignore_ascii_case(text))
}

/// Whether the rules of US addresses apply.
pub fn is_us(address: &Address) -> bool {
    matches!(address.country.as_str(), "" | "US" | "USA" | "us" | "usa")
}

/// The letters of two names are the same, whatever case, blanks and marks.
pub fn same_letters(left: &str, right: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase)
    }
    left == right || letters(left).eq(letters(right))
}

/// Cents as `12.30`.
pub fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// Thousandths as `0.5`.
pub fn quantity(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:03}", thousandths.unsigned_abs() / 1000, thousandths.unsigned_abs() % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The number of a CPT code of five digits.
pub fn cpt_number(code: &str) -> Option<u32> {
    if digits(code, 5) { code.parse().ok() } else { None }
}

/// Whether a code of the same length lies between two others, letters and digits compared as they stand: `A0425` to `A0436`.
pub fn code_between(code: &str, first: &str, last: &str) -> bool {
    code.len() == first.len() && first <= code && code <= last
}

/// The filing indicators of original Medicare: Part B and Part A.
pub fn is_medicare(filing_indicator: &str) -> bool {
    matches!(filing_indicator, "MB" | "MA")
}

/// Whether Medicare's own coverage decides: original Medicare, and Medicare Advantage plans (SBR09 16), which cover what it covers.
/// Medicaid (MC) has NCCI tables of its own, and other payers cover much that Medicare does not.
pub fn follows_medicare_coverage(filing_indicator: &str) -> bool {
    is_medicare(filing_indicator) || filing_indicator == "16"
}

/// Years of age on a day. `None` where the day is before birth or either is no day.
pub fn age_years(birth: Date, on: Date) -> Option<u16> {
    if !is_day(birth) || !is_day(on) || day_number(on) < day_number(birth) {
        return None;
    }
    let had_birthday = (on.month, on.day) >= (birth.month, birth.day);
    Some(on.year - birth.year - u16::from(!had_birthday))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::from_day_number;

    #[test]
    fn a_day_is_one_that_the_calendar_goes_through() {
        let dates = (1849..=2104_u16)
            .flat_map(|year| (0..=13).flat_map(move |month| (0..=32).map(move |day| (year, month, day))));
        for (year, month, day) in dates {
            let date = Date { year, month, day };
            let goes_through = month >= 1 && day >= 1 && from_day_number(day_number(date)) == date;
            assert_eq!(is_day(date), year >= 1850 && goes_through, "{year}-{month}-{day}");
        }
    }
}
