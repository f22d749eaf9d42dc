//! Takes a patient out of a text and leaves its form: letters become letters, digits digits, days move all by the same number of days, an
//! NPI becomes another one with a right check digit. One text becomes the same one wherever it stands, so that keys still lead where they
//! led; nothing leads back, since the key of the disguise is thrown away.

use std::collections::{BTreeSet, HashMap};

use claimhost_sdk::delimited::DateFormat;
use sha2::{Digest, Sha256};

use super::OnboardError;
use super::form::{DATE_FORMATS, day};
use crate::claim::{Date, day_number, from_day_number, npi_is_valid};

/// Weeks that days move by, at least and at most: weekdays stay weekdays.
const WEEKS: (u64, u64) = (4, 40);
/// Tries for a text that no other has become: of one letter there are 26.
const TRIES: u32 = 500;

/// One disguise, for all samples of a way in.
pub(super) struct Disguise {
    key: [u8; 32],
    days: i64,
    /// How the texts at hand write days, where that is known; tried before the usual ways.
    written: Option<String>,
    known: HashMap<String, String>,
    given: BTreeSet<String>,
    /// Words of texts that are disguised somewhere.
    private: BTreeSet<String>,
}

impl Disguise {
    /// A new one.
    ///
    /// # Errors
    /// No random bytes.
    pub(super) fn new() -> Result<Self, OnboardError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)
            .map_err(|_| OnboardError::Internal("no random bytes from the operating system".to_owned()))?;
        let seed = key.iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let days = i64::try_from((WEEKS.0 + seed % (WEEKS.1 - WEEKS.0)) * 7).unwrap_or(28);
        Ok(Self { key, days, written: None, known: HashMap::new(), given: BTreeSet::new(), private: BTreeSet::new() })
    }

    /// Says how days are written from here on.
    pub(super) fn write_days_as(&mut self, format: Option<String>) {
        self.written = format;
    }

    /// Notes the words of a text that is disguised, before anything is written.
    pub(super) fn note(&mut self, text: &str) {
        self.private.extend(names(text).map(str::to_lowercase));
    }

    /// A text that stays, unless one of its words is disguised elsewhere: where values are shifted a name may stand in any place.
    pub(super) fn kept(&mut self, text: &str) -> String {
        let is_private = names(text).any(|word| self.private.contains(&word.to_lowercase()));
        if is_private { self.words(text) } else { text.to_owned() }
    }

    /// A text of whatever kind.
    pub(super) fn value(&mut self, text: &str) -> String {
        let trimmed = text.trim();
        if npi_is_valid(trimmed) {
            return self.npi(trimmed);
        }
        self.moved(trimmed).unwrap_or_else(|| self.words(text))
    }

    /// A day, with a clock behind it or not, moved; none where the text is something else, or goes on with anything but a clock.
    pub(super) fn moved(&self, text: &str) -> Option<String> {
        for written in self.written.as_deref().into_iter().chain(DATE_FORMATS) {
            let Some(dates) = DateFormat::parse(written) else { continue };
            for length in 8..=11 {
                let Some((head, rest)) = text.split_at_checked(length) else { continue };
                let ends = rest.is_empty() || is_clock(rest) || (written == "YYYYMMDD" && is_digits_of_clock(rest));
                // A blank is the clock's, or begins words.
                let ends = ends && head.trim() == head;
                let Some(found) = day(&dates, head).filter(|found| ends && (1880..=2100).contains(&found.year)) else {
                    continue;
                };
                return Some(self.write(written, found) + rest);
            }
        }
        None
    }

    fn write(&self, format: &str, found: Date) -> String {
        const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
        let Date { year, month, day } = from_day_number(day_number(found) - self.days);
        let name = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or_default();
        format
            .replace("YYYY", &format!("{year:04}"))
            .replace("MMM", name)
            .replace("MM", &format!("{month:02}"))
            .replace("DD", &format!("{day:02}"))
    }

    /// Each word of a text, with what stands between them.
    pub(super) fn words(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut word = String::new();
        for one in text.chars().chain(['\0']) {
            if one.is_alphanumeric() {
                word.push(one);
                continue;
            }
            if !word.is_empty() {
                out += &self.word(&std::mem::take(&mut word));
            }
            if one != '\0' {
                out.push(one);
            }
        }
        out
    }

    fn word(&mut self, word: &str) -> String {
        let plain = word.to_lowercase();
        if let Some(known) = self.known.get(&plain) {
            return in_case_of(known, word);
        }
        let mut last = String::new();
        for attempt in 0..TRIES {
            last = self.scrambled(&plain, attempt);
            if last != plain && !self.given.contains(&last) {
                break;
            }
        }
        self.given.insert(last.clone());
        self.known.insert(plain, last.clone());
        in_case_of(&last, word)
    }

    /// Letters for letters, digits for digits; the first digit of a number is not 0.
    fn scrambled(&self, plain: &str, attempt: u32) -> String {
        let mut bytes = Vec::new();
        let mut block = 0_u32;
        while bytes.len() < plain.chars().count() {
            let mut digest = Sha256::new();
            digest.update(self.key);
            digest.update(attempt.to_be_bytes());
            digest.update(block.to_be_bytes());
            digest.update(plain.as_bytes());
            bytes.extend_from_slice(&digest.finalize());
            block += 1;
        }
        let one = |(at, (one, byte)): (usize, (char, u8))| match one {
            '0'..='9' if at == 0 => char::from(b'1' + byte % 9),
            '0'..='9' => char::from(b'0' + byte % 10),
            _ => char::from(b'a' + byte % 26),
        };
        plain.chars().zip(bytes).enumerate().map(one).collect()
    }

    fn npi(&mut self, npi: &str) -> String {
        let base = self.word(npi.get(1..9).unwrap_or_default());
        (0..10).map(|digit| format!("1{base}{digit}")).find(|made| npi_is_valid(made)).unwrap_or_default()
    }
}

/// Words of letters alone that may be names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|one: char| !one.is_alphanumeric())
        .filter(|word| word.len() > 2 && word.chars().all(char::is_alphabetic))
}

/// Whether a text is a clock and nothing else: `T` or a blank, `hh:mm`, seconds with a fraction or not, AM or PM, a zone.
fn is_clock(text: &str) -> bool {
    let Some(text) = text.strip_prefix(['T', ' ']) else { return false };
    let Some((hour, rest)) = text.split_once(':') else { return false };
    let Some((minute, mut rest)) = rest.split_at_checked(2) else { return false };
    if !(is_below(hour, 24) || (hour.len() == 1 && is_below(&format!("0{hour}"), 24))) || !is_below(minute, 60) {
        return false;
    }
    if let Some(after) = rest.strip_prefix(':') {
        let Some((second, after)) = after.split_at_checked(2) else { return false };
        let Some(after) = is_below(second, 61).then(|| without_fraction(after)).flatten() else { return false };
        rest = after;
    }
    let half =
        rest.trim_start().get(..2).filter(|half| half.eq_ignore_ascii_case("AM") || half.eq_ignore_ascii_case("PM"));
    if half.is_some() {
        return rest.trim_start().len() == 2;
    }
    is_zone(rest)
}

/// The same as HL7 writes it behind `YYYYMMDD`: `hhmm`, `hhmmss`, a fraction, a zone.
fn is_digits_of_clock(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let Some((clock, rest)) = text.split_at_checked(digits) else { return false };
    let at = |from: usize| clock.get(from..from + 2).unwrap_or_default();
    match digits {
        0 => is_zone(text),
        4 => is_below(at(0), 24) && is_below(at(2), 60) && is_zone(rest),
        6 => {
            is_below(at(0), 24)
                && is_below(at(2), 60)
                && is_below(at(4), 61)
                && without_fraction(rest).is_some_and(is_zone)
        }
        _ => false,
    }
}

/// Whether a text is two digits and less than `end`.
fn is_below(text: &str, end: u8) -> bool {
    text.len() == 2
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u8>().is_ok_and(|value| value < end)
}

/// What stands behind `.` and at most nine digits; none where they are more, which no clock writes.
fn without_fraction(text: &str) -> Option<&str> {
    let Some(fraction) = text.strip_prefix('.') else { return Some(text) };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    (1..=9).contains(&digits).then(|| fraction.get(digits..)).flatten()
}

/// Nothing, `Z`, or an offset `+hh:mm` or `+hhmm`.
fn is_zone(text: &str) -> bool {
    let Some(offset) = text.strip_prefix(['+', '-']) else { return text.is_empty() || text == "Z" };
    let (hour, minute) = match offset.split_once(':') {
        Some(parts) => parts,
        None => offset.split_at_checked(2).unwrap_or_default(),
    };
    is_below(hour, 24) && is_below(minute, 60)
}

fn in_case_of(made: &str, word: &str) -> String {
    let each = made.chars().zip(word.chars());
    each.map(|(made, one)| if one.is_uppercase() { made.to_ascii_uppercase() } else { made }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_stay_and_texts_do_not() {
        let mut disguise = Disguise::new().unwrap();
        let name = disguise.value("O'Dell-Vance");
        assert_eq!(
            name.chars().map(|one| one.is_uppercase()).collect::<Vec<_>>(),
            "O'Dell-Vance".chars().map(|one| one.is_uppercase()).collect::<Vec<_>>()
        );
        assert!(!name.contains("Vance") && name.contains('\'') && name.contains('-'), "{name}");
        assert_eq!(disguise.value("VANCE").to_lowercase(), disguise.value("vance"));
        let npi = disguise.value("1234567893");
        assert!(npi_is_valid(&npi) && npi != "1234567893", "{npi}");
        for (text, dates) in
            [("03/02/2026", "MM/DD/YYYY"), ("20260302", "YYYYMMDD"), ("2026-03-02T10:15:00Z", "YYYY-MM-DD")]
        {
            let moved = disguise.value(text);
            let head = moved.get(..moved.len().min(10)).unwrap();
            let found = day(&DateFormat::parse(dates).unwrap(), head).map(day_number).unwrap();
            let was = day_number(Date { year: 2026, month: 3, day: 2 });
            assert_eq!((was - found, (was - found) % 7), (disguise.days, 0), "{text}: {moved}");
        }
        for (text, rest) in [
            ("2026-03-02T10:15:00.125-05:00", "T10:15:00.125-05:00"),
            ("03/02/2026 9:05 PM", " 9:05 PM"),
            ("202603021015-0500", "1015-0500"),
            ("20260302101559.1", "101559.1"),
        ] {
            let moved = disguise.value(text);
            assert!(moved.ends_with(rest) && moved != text && moved.contains("202"), "{text}: {moved}");
        }
        // Of one digit there are nine others at most, and none stays.
        let ids: BTreeSet<String> = (0..8).map(|id| disguise.value(&format!("{id}"))).collect();
        assert_eq!(ids.len(), 8, "two ids have become one: {ids:?}");
    }

    #[test]
    fn what_begins_with_a_day_and_goes_on_is_disguised_whole() {
        let mut disguise = Disguise::new().unwrap();
        for text in [
            "03/02/2026 ZQVANCE called, MRN 5550101",
            "2026-03-02TZQVANCE 5550101",
            "2026-03-02T10:15:00 ZQVANCE 5550101",
            "2026-03-02 10:15ZQVANCE5550101",
            "2026-03-02T10:15:00.5550101555",
            "3/2/2026  ZQVANCE 5550101",
            "202603025550101",
            "20260302 5550101",
            "2026030299995550101",
            "02-MAR-2026 5550101",
        ] {
            let made = disguise.value(text);
            let same =
                made.chars().zip(text.chars()).all(|(made, was)| made.is_alphanumeric() == was.is_alphanumeric());
            assert!(same && !made.contains("5550101") && !made.contains("ZQVANCE"), "{text}: {made}");
        }
    }
}
