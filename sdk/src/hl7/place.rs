//! Problems of a message: where, what class of value, what was expected, what to do. Never the value itself.

use claimhost_hl7v2::{Location, Presence, Value, ValueError};

use crate::intake::{Place, Problem};

/// `FT1[2]-7.1`: segments that repeat are always numbered, the others never.
pub fn place(at: Location) -> Place {
    let single = matches!(at.segment.as_str(), "MSH" | "EVN" | "PID" | "PV1" | "PV2" | "PD1" | "MRG");
    let mut path = if single { at.segment.to_string() } else { format!("{}[{}]", at.segment, at.ordinal.max(1)) };
    path.push_str(&format!("-{}", at.field));
    if at.repetition > 1 {
        path.push_str(&format!("[{}]", at.repetition));
    }
    for number in [at.component, at.subcomponent].into_iter().take_while(|number| *number > 0) {
        path.push_str(&format!(".{number}"));
    }
    Place { path, offset: Some(at.offset) }
}

/// The class of a value. Of several components, what the first looks like: that is what tells a shifted column.
pub fn found(value: &Value<'_>) -> String {
    match value.presence() {
        Presence::Absent | Presence::Empty => "empty".to_owned(),
        Presence::Null => "the HL7 null (two quotes)".to_owned(),
        Presence::Present => {
            let whole = value.shape();
            if whole.ends_with("components") {
                format!("{whole}, the first {}", value.component(1).shape())
            } else {
                whole
            }
        }
    }
}

/// A problem at a value.
pub fn problem(id: &str, value: &Value<'_>, expected: &str, remedy: &str) -> Problem {
    Problem {
        id: id.to_owned(),
        at: place(value.location()),
        found: found(value),
        expected: expected.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// A problem of the codec's, with the mapping key that led there.
pub fn of_value(error: &ValueError, key: &str) -> Problem {
    let spoken = crate::mapping::spoken(key);
    Problem {
        id: "hl7.value".to_owned(),
        at: place(error.at),
        found: error.found.clone(),
        expected: error.expected.to_owned(),
        remedy: format!("correct the sender, or declare {spoken} in this site's mapping"),
    }
}

/// A problem of a date. One that is written another way says so: no key of a mapping would help.
pub fn of_date(error: &ValueError, value: &Value<'_>, key: &str) -> Problem {
    let problem = of_value(error, key);
    match date_form(&value.text()) {
        Some(form) => Problem { found: date_found(form), remedy: DATE_REMEDY.to_owned(), ..problem },
        None => problem,
    }
}

/// What to do about a date in another form.
pub const DATE_REMEDY: &str =
    "have the sender write dates as YYYYMMDD, the only form of HL7 v2: a mapping has no key for another one";

/// The class of a date in another form.
pub fn date_found(form: &str) -> String {
    format!("a date written as {form}")
}

/// How a date is written that is none of HL7's: `MM/DD/YYYY`. A day up to 12 may be either part; then it is the form of the US.
pub fn date_form(text: &str) -> Option<&'static str> {
    let day = text.trim().split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['/', '-', '.']).collect();
    let [first, second, third] = parts[..] else { return None };
    let number =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
    let fits = |month: &str, day: &str| {
        number(month).is_some_and(|month| (1..=12).contains(&month))
            && number(day).is_some_and(|day| (1..=31).contains(&day))
    };
    number(first).and(number(second)).and(number(third))?;
    match (first.len(), second.len(), third.len()) {
        (4, 1 | 2, 1 | 2) if fits(second, third) => Some("YYYY-MM-DD"),
        (1 | 2, 1 | 2, 4) if fits(first, second) => Some("MM/DD/YYYY"),
        (1 | 2, 1 | 2, 4) if fits(second, first) => Some("DD/MM/YYYY"),
        (1 | 2, 1 | 2, 2) if fits(first, second) => Some("MM/DD/YY"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_another_form_is_known_by_its_parts() {
        for (text, form) in [
            ("03/02/2026", Some("MM/DD/YYYY")),
            ("3-2-2026 10:15", Some("MM/DD/YYYY")),
            ("23/02/2026", Some("DD/MM/YYYY")),
            ("03/02/26", Some("MM/DD/YY")),
            ("2026-03-02", Some("YYYY-MM-DD")),
            ("2026-03-02T08:30", Some("YYYY-MM-DD")),
            ("20260302", None),
            ("614-555-0100", None),
            ("33/33/2026", None),
            ("1.2.3", None),
            ("a/b/2026", None),
            ("", None),
        ] {
            assert_eq!(date_form(text), form, "{text}");
        }
    }
}
