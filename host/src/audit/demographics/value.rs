//! Birth dates, member ids and addresses that differ, and how: the usual slip is named, so that a biller sees it at once.

use crate::audit::slip::Slip;
use crate::claim::{Address, Date};

pub use crate::claim::is_mbi;

/// How two birth dates differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BirthIs {
    /// One side has none, or a stand-in for none (1900-01-01 and the like).
    Unknown,
    /// Equal.
    Same,
    /// A usual slip, with words for it.
    Slip(&'static str),
    /// Another day.
    Other,
}

/// Compares two birth dates.
pub fn compare_births(a: Option<Date>, b: Option<Date>) -> BirthIs {
    let (Some(a), Some(b)) = (a, b) else { return BirthIs::Unknown };
    let stand_in = |date: Date| date.month == 1 && date.day == 1 && matches!(date.year, 0..=1900 | 9999);
    if stand_in(a) || stand_in(b) {
        return BirthIs::Unknown;
    }
    if a == b {
        return BirthIs::Same;
    }
    if a.year == b.year && (a.month, a.day) == (b.day, b.month) {
        return BirthIs::Slip("day and month are swapped");
    }
    if (a.month, a.day) == (b.month, b.day) && a.year.abs_diff(b.year) == 100 {
        return BirthIs::Slip("the century differs");
    }
    let text = |date: Date| format!("{:04}{:02}{:02}", date.year, date.month, date.day);
    match Slip::between(&text(a), &text(b)) {
        Some(slip @ (Slip::Swapped | Slip::One)) => BirthIs::Slip(slip.of_digits()),
        _ => BirthIs::Other,
    }
}

/// How two member ids differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberIs {
    /// One side has none.
    Unknown,
    /// Equal but for case, blanks and dashes; or the list still has the number that Medicare has replaced.
    Same,
    /// The two digits behind it that tell family members apart are on one side only.
    PersonCode,
    /// A usual slip, with words for it.
    Slip(&'static str),
    /// Another id.
    Other,
}

/// Compares the visit's member id to a known one.
pub fn compare_members(visit: &str, known: &str) -> MemberIs {
    let (visit, known) = (member_key(visit), member_key(known));
    if visit.is_empty() || known.is_empty() {
        return MemberIs::Unknown;
    }
    if visit == known {
        return MemberIs::Same;
    }
    if is_mbi(&known) && is_hicn(&visit) {
        return MemberIs::Slip("an old Medicare number (HICN) where Medicare now wants the MBI");
    }
    if is_hicn(&known) && is_mbi(&visit) {
        return MemberIs::Same;
    }
    if like(&visit) == like(&known) {
        return MemberIs::Slip(if is_mbi(&known) {
            "a letter for a digit that it looks like; a Medicare id has no S, L, O, I, B or Z"
        } else {
            "a letter for a digit that it looks like"
        });
    }
    let (short, long) = if visit.len() <= known.len() { (&visit, &known) } else { (&known, &visit) };
    if let Some(rest) = long.strip_prefix(short.as_str())
        && short.len() >= 6
        && rest.len() == 2
        && rest.bytes().all(|byte| byte.is_ascii_digit())
    {
        return MemberIs::PersonCode;
    }
    if let Some(front) = long.strip_suffix(short.as_str()).filter(|_| short.len() >= 5) {
        if front.bytes().all(|byte| byte == b'0') {
            return MemberIs::Slip("leading zeros are lost");
        }
        if front.len() == 3 && front.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return MemberIs::Slip("the three letters in front are on one side only");
        }
    }
    if short.len() >= 5
        && let Some(slip) = Slip::between(&visit, &known)
    {
        return MemberIs::Slip(slip.of_characters());
    }
    MemberIs::Other
}

/// Letters and digits in upper case: dashes and blanks are for the eye.
pub fn member_key(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Letters written as the digits they look like.
pub(super) fn like(id: &str) -> String {
    let digit = |letter: char| match letter {
        'O' | 'Q' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'S' => '5',
        'B' => '8',
        other => other,
    };
    id.chars().map(digit).collect()
}

/// The form of a Health Insurance Claim Number: nine digits and a beneficiary code (`A`, `B6`, `TA`), or a railroad prefix
/// before six or nine digits.
pub fn is_hicn(id: &str) -> bool {
    let digits =
        |part: &str, counts: &[usize]| counts.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if let Some((number, code)) = id.split_at_checked(9)
        && digits(number, &[9])
    {
        return matches!(code.len(), 1 | 2) && code.starts_with(|letter: char| letter.is_ascii_alphabetic());
    }
    let front = id.bytes().take_while(u8::is_ascii_alphabetic).count();
    let railroad = RAILROAD.contains(&id.get(..front).unwrap_or_default());
    railroad && digits(id.get(front..).unwrap_or_default(), &[6, 9])
}

/// Prefixes of railroad retirement numbers.
const RAILROAD: [&str; 15] =
    ["A", "CA", "H", "JA", "MA", "MH", "PA", "PD", "PH", "WA", "WCA", "WCD", "WCH", "WD", "WH"];

/// Whether two addresses are plainly two places: another ZIP code, or another house number.
pub fn addresses_differ(a: &Address, b: &Address) -> bool {
    let zip = |address: &Address| address.postal_code.bytes().filter(u8::is_ascii_digit).take(5).collect::<Vec<u8>>();
    let (zip_a, zip_b) = (zip(a), zip(b));
    if zip_a.len() == 5 && zip_b.len() == 5 && zip_a != zip_b {
        return true;
    }
    let house = |address: &Address| -> String {
        let line = address.line1.trim().to_ascii_uppercase();
        let start = line.find(|letter: char| letter.is_ascii_digit()).unwrap_or(line.len());
        let digits = line.get(start..).unwrap_or_default();
        let number: String = digits.chars().take_while(char::is_ascii_digit).collect();
        let boxed = line.replace(['.', ' '], "").starts_with("POBOX");
        if boxed { format!("BOX {number}") } else { number }
    };
    let (a, b) = (house(a), house(b));
    !a.is_empty() && !b.is_empty() && a != b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<Date> {
        crate::claim::parse_iso(text).ok()
    }

    #[test]
    fn births_by_table() {
        use BirthIs::{Other, Same, Slip, Unknown};
        for (a, b, expected) in [
            ("1980-03-04", "1980-03-04", Same),
            ("1980-03-04", "", Unknown),
            ("1900-01-01", "1980-03-04", Unknown),
            ("1980-03-04", "1980-04-03", Slip("day and month are swapped")),
            ("1980-03-04", "1908-03-04", Slip("two digits are swapped")),
            ("1980-03-12", "1980-03-21", Slip("two digits are swapped")),
            ("1980-03-04", "1981-03-04", Slip("one digit differs")),
            ("1926-03-04", "2026-03-04", Slip("the century differs")),
            ("1980-03-04", "1992-11-30", Other),
            ("1980-03-14", "1980-04-13", Other),
        ] {
            assert_eq!(compare_births(date(a), date(b)), expected, "{a} {b}");
            assert_eq!(compare_births(date(b), date(a)), expected, "{b} {a}");
        }
    }

    #[test]
    fn member_ids_by_table() {
        use MemberIs::{Other, PersonCode, Same, Slip, Unknown};
        let slip = Slip("");
        for (visit, known, expected) in [
            ("W123456789", "w 123-456-789", Same),
            ("", "W123456789", Unknown),
            ("1EG4-TE5-MK73", "1EG4TE5MK73", Same),
            ("1EG4TES0K73", "1EG4TE50K73", slip), // an S for a 5
            ("IEG4TE5MK73", "1EG4TE5MK73", slip),
            ("1EG4TE5MKO3", "1EG4TE5MK03", slip),
            ("123456789A", "1EG4TE5MK73", slip),
            ("WA123456789", "1EG4TE5MK73", slip),
            ("1EG4TE5MK73", "123456789A", Same), // the list is the old one
            ("W123456798", "W123456789", slip),
            ("W12345678", "W123456789", slip),
            ("123456", "00123456", slip),
            ("123456789", "XYZ123456789", slip),
            ("W12345678901", "W123456789", PersonCode),
            ("NF1", "NF2", Other), // too short to tell a slip from another id
            ("W123456789", "K998877665", Other),
        ] {
            let found = compare_members(visit, known);
            let fits = match expected {
                Slip(_) => matches!(found, Slip(_)),
                other => found == other,
            };
            assert!(fits, "{visit} {known}: {found:?}");
        }
        for id in ["1SG4TE5MK73", "0EG4TE5MK73", "1EG4TE5MK7", "1EG4TE5MKB3"] {
            assert!(!is_mbi(id), "{id}");
        }
    }

    #[test]
    fn addresses_that_are_one_place() {
        let at = |line: &str, zip: &str| Address {
            line1: line.into(),
            line2: String::new(),
            city: "Toledo".into(),
            state: "OH".into(),
            postal_code: zip.into(),
            country: String::new(),
            subdivision: String::new(),
        };
        for (a, b, differ) in [
            (at("12 Elm Street", "43001"), at("12 ELM ST APT 4", "430011234"), false),
            (at("12 Elm Street", "43001"), at("Elm Street 12", "43001"), false),
            (at("12 Elm Street", "43001"), at("14 Elm Street", "43001"), true),
            (at("12 Elm Street", "43001"), at("12 Elm Street", "43002"), true),
            (at("P.O. Box 12", "43001"), at("12 Elm Street", "43001"), true),
            (at("The Mill", "43001"), at("12 Elm Street", "43001"), false),
        ] {
            assert_eq!(addresses_differ(&a, &b), differ, "{} {}", a.line1, b.line1);
        }
    }
}
