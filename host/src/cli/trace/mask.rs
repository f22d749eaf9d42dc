//! A trace fit for sharing: what is known to be harmless stays, dates move all by the same unknown number of days, and every
//! other value becomes a mask, the same one wherever the value stands. A field that is added is masked until it is named here.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::Failure;
use crate::claim::{day_number, from_day_number, iso, parse_iso};

/// Texts that stay: words of claimhost, codes, payers, names that claimhost gave.
const TEXTS: [&str; 33] = [
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
    "reason",
    "code",
    "matched_by",
    "plugin_digest",
    "digest",
    "rule_set",
    "subject_kind",
    "actor",
    "stage",
    "split",
    "place",
    "ranges",
    "range",
    "document",
    "st02",
    "transaction",
    "fix",
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
            Value::Object(fields) if key == "accepted" => fields.values_mut().for_each(|value| self.mask(value, "")),
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
}
