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
