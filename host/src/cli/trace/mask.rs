//! A trace fit for sharing: what is known to be harmless stays, dates move all by the same unknown number of days, and every
//! other value becomes a mask, the same one wherever the value stands. A field that is added is masked until it is named here.
//!
//! What a feed, a payer or a plugin may fill with anything (codes, reasons, places, fixes) stays as far as it has the form of what it ought to be.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::Failure;
use crate::claim::{day_number, from_day_number, iso, parse_iso};
use crate::codes::form::{is_cpt, is_hcpcs};

/// Texts that stay: words of claimhost, codes, payers, names that claimhost gave.
const TEXTS: [&str; 29] = [
    "id",
    "practice",
    "state",
    "status",
    "kind",
    "payer_id",
    "payer_name",
    "rule",
    "severity",
    "account",
    "group_code",
    "matched_by",
    "plugin_digest",
    "digest",
    "rule_set",
    "subject_kind",
    "actor",
    "stage",
    "split",
    "ranges",
    "range",
    "document",
    "st02",
    "transaction",
    "tag",
    "route",
    "what",
    "event",
    "target",
];
/// Numbers that stay, beside those that end in `_cents` or `_id`.
const NUMBERS: [&str; 22] = [
    "ordinal",
    "line",
    "version",
    "live_version",
    "clp",
    "seq",
    "units",
    "offset",
    "charge",
    "paid",
    "contractual",
    "patient",
    "denied",
    "billed",
    "held",
    "open",
    "remittance",
    "document",
    "claim",
    "clm_segment",
    "start",
    "end",
];
/// Days as numbers since 1970, beside those that end in `_day`.
const DAYS: [&str; 1] = ["day"];
const DAY_MS: i64 = 86_400_000;
/// Why a question about cover was asked, beside reasons of payers (CARC).
const ASKED: [&str; 3] = ["schedule", "assembly", "operator"];
/// What a fix is told with, beside codes and numbers.
const FIX: [&str; 13] =
    ["add", "remove", "set", "modifier", "units", "place", "service", "code", "line", "the", "of", "to", "from"];
/// Names of segments without a digit, and what places in files are told with beside them.
const PLACES: [&str; 31] = [
    "MSH", "EVN", "PID", "NTE", "ACC", "SCH", "RGS", "AIS", "AIG", "AIL", "AIP", "MRG", "TXA", "OBR", "OBX", "ORC",
    "CLM", "CLP", "SVC", "CAS", "claim", "line", "row", "column", "record", "message", "segment", "entry", "resource",
    "Bundle", "file",
];
/// Digits of a number of a row, segment or field, at most.
const PLACE_DIGITS: usize = 5;
/// Days that dates move by, at least and at most.
const MOVED: (i64, i64) = (400, 4_000);

/// The same, masked.
pub(super) fn masked<T: Serialize + DeserializeOwned>(story: &T) -> Result<T, Failure> {
    let mut days = [0; 8];
    let failed = |words: &str| Failure::internal(format!("cannot be masked: {words}"));
    getrandom::fill(&mut days).map_err(|_| failed("no random bytes from the operating system"))?;
    let days = MOVED.0 + i64::try_from(u64::from_le_bytes(days) % MOVED.1.abs_diff(MOVED.0)).unwrap_or(0);
    let mut value = serde_json::to_value(story).map_err(|_| failed("it is no record"))?;
    Masks { days, texts: HashMap::new(), numbers: HashMap::new() }.mask(&mut value, "");
    serde_json::from_value(value).map_err(|error| failed(&error.to_string()))
}

struct Masks {
    days: i64,
    texts: HashMap<String, usize>,
    numbers: HashMap<i64, i64>,
}

impl Masks {
    fn mask(&mut self, value: &mut Value, key: &str) {
        match value {
            // An operator's own words.
            Value::Object(fields) if matches!(key, "accepted" | "fix_refused") => {
                fields.values_mut().for_each(|value| self.mask(value, ""))
            }
            Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| self.mask(value, key)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask(value, key)),
            Value::String(text) => *text = self.text(text, key),
            Value::Number(number) => {
                if let Some(known) = number.as_i64() {
                    *value = self.number(known, key).into();
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn text(&mut self, text: &str, key: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        if let Ok(date) = parse_iso(text) {
            return iso(from_day_number(day_number(date) - self.days));
        }
        match key {
            // A charge's own number follows.
            "what" => text.split(" of ").next().unwrap_or_default().to_owned(),
            "event" => self.event(text),
            "code" if is_code(text) => text.to_owned(),
            "reason" if is_reason(text) => text.to_owned(),
            "fix" => self.each_run(text, |run| FIX.contains(&run) || is_short(run) || is_procedure(run)),
            "place" => self.each_run(text, is_place),
            _ if TEXTS.contains(&key) => text.to_owned(),
            _ => self.token(text),
        }
    }

    /// History speaks in states and ids of ours; the numbers of interchanges are known outside.
    fn event(&mut self, text: &str) -> String {
        let long = |word: &&str| word.bytes().filter(u8::is_ascii_digit).count() >= 6;
        let words = text.split(' ').map(|word| if long(&word) { self.token(word) } else { word.to_owned() });
        words.collect::<Vec<_>>().join(" ")
    }

    /// Masks runs of letters and digits but for those that are known; what stands between them says where something is.
    fn each_run(&mut self, text: &str, known: impl Fn(&str) -> bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            out += &if run.is_empty() || known(run) { run.to_owned() } else { self.token(run) };
            let between = after.find(char::is_alphanumeric).unwrap_or(after.len());
            let (between, next) = after.split_at(between);
            out += between;
            rest = next;
        }
        out
    }

    fn token(&mut self, text: &str) -> String {
        let next = self.texts.len() + 1;
        format!("***{}", self.texts.entry(text.to_owned()).or_insert(next))
    }

    fn number(&mut self, number: i64, key: &str) -> i64 {
        if key.ends_with("_day") || DAYS.contains(&key) {
            return number - self.days;
        }
        if key == "at_ms" {
            return number - self.days * DAY_MS;
        }
        if NUMBERS.contains(&key) || key.ends_with("_cents") || key.ends_with("_id") {
            return number;
        }
        let next = i64::try_from(self.numbers.len()).unwrap_or(0) + 1;
        *self.numbers.entry(number).or_insert(next)
    }
}

/// `99213-25`, `A2:20`, `025`, `R`: codes of services with modifiers, and of answers.
fn is_code(text: &str) -> bool {
    text.split(['-', ':']).all(|part| is_procedure(part) || is_short(part))
}

/// CPT or HCPCS.
fn is_procedure(text: &str) -> bool {
    is_cpt(text) || is_hcpcs(text)
}

/// A modifier, an indicator, or a small number.
fn is_short(text: &str) -> bool {
    text.len() <= 2 || (text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A CARC (`45`, `B7`, `P12`), or why a question was asked.
fn is_reason(text: &str) -> bool {
    let is_carc = text.len() <= 4 && text.bytes().any(|byte| byte.is_ascii_digit());
    is_carc || ASKED.contains(&text)
}

/// A part of a place: a number, a segment or element (`FT1`, `CLM05`), a field of the contract.
fn is_place(run: &str) -> bool {
    let digits = run.bytes().rev().take_while(u8::is_ascii_digit).count();
    let letters = run.len() - digits;
    let is_element = (1..=3).contains(&letters) && (1..=3).contains(&digits);
    let is_element = is_element && run.bytes().take(letters).all(|byte| byte.is_ascii_uppercase());
    (letters == 0 && digits <= PLACE_DIGITS) || is_element || PLACES.contains(&run) || fields().contains(run)
}

/// The words that names of the contract's fields are made of.
fn fields() -> &'static HashSet<&'static str> {
    static WORDS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let code = include_str!("../../../../wit/0.1.0-draft/claim.wit").lines();
        let code = code.map(|line| line.split("//").next().unwrap_or_default());
        code.flat_map(|line| line.split(|letter: char| !letter.is_ascii_alphabetic()))
            .filter(|word| !word.is_empty())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_nobody_has_called_harmless_is_masked_the_same_way_everywhere() {
        let story = json!({
            "number": "V77", "file_name": "DOE.hl7", "words": "V77", "payer_id": "90001", "code": "99213", "paid_cents": 7_000,
            "paid_on": "2026-05-02", "received": "2026-05-01", "first_seen_day": 20_574, "submission": 17, "new_field": "DOE",
            "event": "version 1 submitted (837 000000017)", "what": "credit of C1", "closed": true,
            "fix_refused": {"by": "DOE", "reason": "he is DOE", "on": "2026-05-01"},
        });
        let masked: Value = masked(&story).unwrap();
        let text = masked.to_string();
        for gone in ["V77", "DOE", "2026-05", "20574", "000000017", "C1"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        assert_eq!(
            (&masked["payer_id"], &masked["code"], &masked["paid_cents"]),
            (&"90001".into(), &"99213".into(), &7_000.into())
        );
        assert_eq!(masked["number"], masked["words"]);
        let day = |key: &str| day_number(parse_iso(masked[key].as_str().unwrap()).unwrap());
        assert_eq!(day("paid_on") - day("received"), 1);
        assert_eq!(masked["what"], "credit");
    }

    #[test] // a feed whose columns have moved puts names where codes ought to be, and a plugin may say anything
    fn what_others_fill_stays_as_far_as_it_has_its_form() {
        let of = |key: &str, text: &str| {
            let masked: Value = masked(&json!({ key: text })).unwrap();
            masked[key].as_str().unwrap().to_owned()
        };
        for (key, kept) in [
            ("code", "99213-25-GP"),
            ("code", "J1100"),
            ("code", "A2:20"),
            ("code", "025"),
            ("reason", "45"),
            ("reason", "B7"),
            ("reason", "schedule"),
            ("fix", "add modifier JZ to line 1"),
            ("fix", "set the units of line 3 to 1.5"),
            ("fix", "set the place of service of line 2 to 11"),
            ("fix", "set the code of line 12 to J1100"),
            ("place", "FT1[2]-7"),
            ("place", "CLM05 (segment 9)"),
            ("place", "line 2, procedure.modifiers"),
            ("place", "patient.birth-date"),
            ("place", "row 14, column 3"),
        ] {
            assert_eq!(of(key, kept), kept, "{key}");
        }
        for (key, text, left) in [
            ("code", "Doe", "***1"),
            ("code", "99213-DOE", "***1"),
            ("code", "M7730915", "***1"),
            ("reason", "DOE", "***1"),
            ("reason", "paid by his son", "***1"),
            ("fix", "set the code of line 2 to DOE", "set the code of line 2 to ***1"),
            ("fix", "add modifier M7730915 to line 1", "add modifier ***1 to line 1"),
            ("place", "patient DOE, JANE", "patient ***1, ***2"),
            ("place", "PID[1]-3 MRN7730915", "PID[1]-3 ***1"),
            ("place", "7730915", "***1"),
            ("place", "lee.kim", "***1.***2"),
        ] {
            assert_eq!(of(key, text), left, "{key}");
        }
    }
}
