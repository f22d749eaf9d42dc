//! Looks for values of a patient wherever they must not be: as text, UTF-16, base64 and hex in bytes, in any case of letters, and, for days, as
//! whole numbers: in digits and in binary in bytes, and by column in a store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

/// A value that must not be found.
#[derive(Debug, Clone)]
pub struct Canary {
    /// What it is, for the message of a test: `patient last name`.
    pub what: &'static str,
    /// The value, at least five characters of which nothing else consists.
    pub value: String,
}

impl Canary {
    /// A canary.
    pub fn new(what: &'static str, value: &str) -> Self {
        Self { what, value: value.to_owned() }
    }

    /// A day that must not be found as text: as X12, ISO, and the ways people write it.
    pub fn day(what: &'static str, day: Day) -> Vec<Self> {
        let Day { year, month, day } = day;
        let texts = [
            format!("{year}{month:02}{day:02}"),
            format!("{year}-{month:02}-{day:02}"),
            format!("{month:02}/{day:02}/{year}"),
            format!("{month}/{day}/{year}"),
            format!("{day:02}.{month:02}.{year}"),
            format!("{month:02}{day:02}{year}"),
        ];
        let texts: BTreeSet<String> = texts.into();
        texts.iter().map(|text| Self::new(what, text)).collect()
    }

    /// The bytes it may be found as, each with its form.
    fn forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut forms = Vec::new();
        // An 837 has upper-case letters only. Of a text the search itself takes any case.
        let cases: BTreeSet<String> = [self.value.clone(), self.value.to_uppercase(), self.value.to_lowercase()].into();
        for value in cases {
            let wide = |order: fn(u16) -> [u8; 2]| value.encode_utf16().flat_map(order).collect::<Vec<u8>>();
            for (form, bytes) in [
                ("text", value.as_bytes().to_vec()),
                ("UTF-16 LE", wide(u16::to_le_bytes)),
                ("UTF-16 BE", wide(u16::to_be_bytes)),
            ] {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                forms.push(("hex", hex.into_bytes()));
                for shift in 0..3 {
                    for table in [STANDARD, URL] {
                        forms.push(("base64", base64_inside(&bytes, shift, table)));
                    }
                }
                forms.push((form, bytes));
            }
        }
        forms
    }
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The characters of a base64 text that only these bytes decide, where they begin `shift` bytes into a group of three.
fn base64_inside(bytes: &[u8], shift: usize, table: &[u8; 64]) -> Vec<u8> {
    let mut bits = vec![None; shift * 8];
    bits.extend(bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| Some(byte >> bit & 1))));
    let whole = bits.chunks_exact(6).filter_map(|six| six.iter().copied().collect::<Option<Vec<u8>>>());
    let value = |six: Vec<u8>| six.iter().fold(0_usize, |value, bit| value * 2 + usize::from(*bit));
    whole.filter_map(|six| table.get(value(six)).copied()).collect()
}

/// Looks for canaries in bytes, all of them and all forms at once.
#[derive(Debug)]
pub struct Search {
    /// Letters of these are compared without case.
    plain: Needles,
    base64: Needles,
}

#[derive(Debug)]
struct Needles {
    automaton: AhoCorasick,
    /// What each pattern is.
    told: Vec<String>,
}

impl Needles {
    #[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
    fn new(forms: Vec<(String, Vec<u8>)>, any_case: bool) -> Self {
        let (told, patterns): (Vec<String>, Vec<Vec<u8>>) = forms.into_iter().unzip();
        let automaton =
            AhoCorasickBuilder::new().ascii_case_insensitive(any_case).build(patterns).expect("some patterns");
        Self { automaton, told }
    }

    fn find(&self, bytes: &[u8], found: &mut BTreeSet<String>) {
        for one in self.automaton.find_overlapping_iter(bytes) {
            found.extend(self.told.get(one.pattern().as_usize()).cloned());
        }
    }
}

impl Search {
    /// For these.
    pub fn new(canaries: &[Canary]) -> Self {
        let told = |canary: &Canary, form: &str| format!("{} as {form}", canary.what);
        let all = canaries.iter().flat_map(|canary| canary.forms().into_iter().map(move |form| (canary, form)));
        let (base64, plain): (Vec<_>, Vec<_>) = all.partition(|(_, (form, _))| *form == "base64");
        let needles = |forms: Vec<(&Canary, (&'static str, Vec<u8>))>| {
            forms.into_iter().map(|(canary, (form, bytes))| (told(canary, form), bytes)).collect()
        };
        Self { plain: Needles::new(needles(plain), true), base64: Needles::new(needles(base64), false) }
    }

    /// What is in these bytes: each canary with its form, once.
    pub fn find(&self, bytes: &[u8]) -> Vec<String> {
        let mut found = BTreeSet::new();
        self.plain.find(bytes, &mut found);
        self.base64.find(bytes, &mut found);
        found.into_iter().collect()
    }
}

/// Looks for days as the whole numbers that [`Day::numbers`] has of them.
#[derive(Debug)]
pub struct Numbers {
    days: Vec<(&'static str, Day)>,
}

impl Numbers {
    /// For these, each with what it is.
    pub fn new(days: &[(&'static str, Day)]) -> Self {
        Self { days: days.to_vec() }
    }

    /// What is in bytes that people or programs read as text: as digits that stand alone, and in binary of 32 and 64 bits, in either order.
    pub fn in_text(&self, bytes: &[u8]) -> Vec<String> {
        let binary = |number: i64| {
            let narrow = i32::try_from(number).ok();
            let narrow =
                narrow.into_iter().flat_map(|number| [number.to_le_bytes().to_vec(), number.to_be_bytes().to_vec()]);
            narrow.chain([number.to_le_bytes().to_vec(), number.to_be_bytes().to_vec()]).collect()
        };
        let in_digits = |number: i64| {
            let digits = number.to_string();
            // Of four digits many a count consists.
            digits.len() >= 5 && stands_alone(bytes, &digits)
        };
        self.told(|number| in_digits(number) || contains_any(bytes, binary(number)))
    }

    /// What is in bytes of any kind, among them sealed ones, where a short number may stand by chance: in binary of 64 bits, those with five
    /// bytes or more that are not zero.
    pub fn in_any(&self, bytes: &[u8]) -> Vec<String> {
        self.told(|number| {
            number.unsigned_abs() >= 1 << 32
                && contains_any(bytes, vec![number.to_le_bytes().into(), number.to_be_bytes().into()])
        })
    }

    /// What a number is.
    pub fn of(&self, number: i64) -> Vec<String> {
        self.told(|known| known == number)
    }

    fn told(&self, is_there: impl Fn(i64) -> bool) -> Vec<String> {
        let all = self
            .days
            .iter()
            .flat_map(|(what, day)| day.numbers().into_iter().map(move |(form, number)| (what, form, number)));
        all.filter(|(.., number)| is_there(*number)).map(|(what, form, _)| format!("{what} as {form}")).collect()
    }
}

fn contains_any(bytes: &[u8], parts: Vec<Vec<u8>>) -> bool {
    parts.iter().any(|part| bytes.windows(part.len()).any(|window| window == part))
}

/// Whether digits stand in a text, and are not a part of a longer number, of a fraction, of a word, or a port.
fn stands_alone(bytes: &[u8], digits: &str) -> bool {
    bytes.windows(digits.len()).enumerate().filter(|(_, window)| *window == digits.as_bytes()).any(|(at, _)| {
        let (before, after) = (bytes.get(..at).unwrap_or_default(), bytes.get(at + digits.len()..).unwrap_or_default());
        let begun = match before {
            [.., one, b':'] => one.is_ascii_digit(),
            [.., one] => one.is_ascii_alphanumeric() || *one == b'.',
            [] => false,
        };
        // A number may end a sentence.
        let goes_on = match after {
            [b'.', one, ..] => one.is_ascii_digit(),
            [one, ..] => one.is_ascii_alphanumeric(),
            [] => false,
        };
        !begun && !goes_on
    })
}

/// Every file below a folder.
///
/// # Panics
/// Where it cannot be read.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Year.
    pub year: i64,
    /// Month.
    pub month: i64,
    /// Day.
    pub day: i64,
}

impl Day {
    /// The whole numbers that people and programs keep this day as.
    pub fn numbers(self) -> Vec<(&'static str, i64)> {
        let Self { year, month, day } = self;
        let unix = self.since_1970();
        let of_year = unix - Self { year, month: 1, day: 1 }.since_1970() + 1;
        vec![
            ("days since 1970", unix),
            ("seconds since 1970", unix * 86_400),
            ("milliseconds since 1970", unix * 86_400_000),
            ("microseconds since 1970", unix * 86_400_000_000),
            ("days since the year 1", unix + 719_163),
            ("days since the year 0", unix + 719_528),
            ("days since March of the year 0", unix + 719_468),
            ("Julian day", unix + 2_440_588),
            ("modified Julian day", unix + 40_587),
            ("a spreadsheet's day", unix + 25_569),
            ("days since 1900", unix + 25_567),
            ("days since 2000", unix - 10_957),
            ("YYYYMMDD", year * 10_000 + month * 100 + day),
            ("MMDDYYYY", month * 1_000_000 + day * 10_000 + year),
            ("DDMMYYYY", day * 1_000_000 + month * 10_000 + year),
            ("YYMMDD", year % 100 * 10_000 + month * 100 + day),
            ("YYYYDDD", year * 1_000 + of_year),
            ("packed 16-12-8", (year << 16) + (month << 8) + day),
            ("packed 9-4-5", (year << 9) + (month << 5) + day),
        ]
    }

    /// Days since 1970-01-01 (proleptic Gregorian).
    fn since_1970(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let month = (self.month + 9) % 12;
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (month * 153 + 2) / 5 + self.day
            - 1
            - 719_468
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_and_nothing_else() {
        let search = Search::new(&[Canary::new("name", "Quillfeather")]);
        let hidden = [
            b"..QUILLFEATHER..".to_vec(),
            "x\u{0}quillFeather".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "xQuillfeather".encode_utf16().flat_map(u16::to_be_bytes).collect(),
            b"5175696c6c66656174686572".to_vec(),
            b"5175696C6C66656174686572".to_vec(),
            // base64 of the name after 0, 1 and 2 other bytes.
            b"UXVpbGxmZWF0aGVy".to_vec(),
            b"LlF1aWxsZmVhdGhlcg==".to_vec(),
            b"Li5RdWlsbGZlYXRoZXI=".to_vec(),
        ];
        for bytes in hidden {
            assert!(!search.find(&bytes).is_empty(), "{}", String::from_utf8_lossy(&bytes));
        }
        assert_eq!(search.find(b"Quill feather, Quillfeathe, UXVpbGxm"), Vec::<String>::new());
    }

    #[test]
    fn letters_may_have_been_raised_before_they_were_written_otherwise() {
        let search = Search::new(&[Canary::new("name", "Quillfeather")]);
        let raised = "QUILLFEATHER";
        let hex: String = raised.bytes().map(|byte| format!("{byte:02X}")).collect();
        let wide: String = raised.encode_utf16().flat_map(u16::to_le_bytes).map(|byte| format!("{byte:02x}")).collect();
        for hidden in [&hex, &wide, "UVVJTExGRUFUSEVS", "cXVpbGxmZWF0aGVy", "UQBVAEkATABMAEYARQBBAFQASABFAFIA"] {
            assert!(!search.find(hidden.as_bytes()).is_empty(), "{hidden}");
        }
    }

    #[test]
    fn a_day_is_found_as_a_number_wherever_one_can_be_read() {
        let days = Numbers::new(&[("birth", Day { year: 1961, month: 4, day: 17 })]);
        for text in ["at -3181 it", "{\"day\":19610417}", "day 22386.", "1961107"] {
            assert!(!days.in_text(text.as_bytes()).is_empty(), "{text}");
        }
        for text in ["119610417", "0.22386", "22386.5", "a22386", "196104170", "127.0.0.1:22386"] {
            assert_eq!(days.in_text(text.as_bytes()), Vec::<String>::new(), "{text}");
        }
        let inside = |number: &[u8]| [b"ab", number, b"cd"].concat();
        for number in [&(-3_181_i32).to_be_bytes()[..], &19_610_417_i32.to_le_bytes(), &(-3_181_i64).to_le_bytes()] {
            assert!(!days.in_text(&inside(number)).is_empty(), "{number:?}");
        }
        let millis = -3_181 * 86_400_000_i64;
        assert_eq!(days.in_any(&inside(&millis.to_be_bytes())), ["birth as milliseconds since 1970"]);
        assert_eq!(days.in_any(&inside(&19_610_417_i64.to_be_bytes())), Vec::<String>::new(), "too short to tell");
        assert_eq!(days.of(19_610_417), ["birth as YYYYMMDD"]);
    }

    #[test]
    fn days_as_numbers() {
        let number =
            |day: Day, form: &str| day.numbers().into_iter().find(|(known, _)| *known == form).map(|found| found.1);
        let epoch = Day { year: 1970, month: 1, day: 1 };
        assert_eq!((number(epoch, "days since 1970"), number(epoch, "Julian day")), (Some(0), Some(2_440_588)));
        let day = Day { year: 1961, month: 4, day: 17 };
        assert_eq!((number(day, "days since 1970"), number(day, "a spreadsheet's day")), (Some(-3_181), Some(22_388)));
        assert_eq!((number(day, "YYYYDDD"), number(day, "days since the year 1")), (Some(1_961_107), Some(715_982)));
    }
}
