//! Values that X12 cannot carry: it has no escape, and its character set is ASCII without
//! control characters. An accent is no obstacle: the writer leaves it off, as cards do.
//!
//! Names the field and what is in it, never the value. Fields that are not sent do not count.

use claimhost_x12::{Delimiters, check_text, fold_accents};
use serde_json::Value;

use super::refusal::refusals;
use crate::claim::Claim;

/// A field whose text cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwritable {
    /// Contract path with positions: `header.patient.name.last`, `lines[0].procedure.code`.
    pub at: String,
    /// What is in it: `a delimiter`, `a control character`, `a letter outside ASCII`.
    pub found: &'static str,
}

/// Every text of the claim that is to be sent and cannot be written, in the order of the contract.
pub fn unwritable(claim: &Claim) -> Vec<Unwritable> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::to_value(claim) {
        walk(&value, String::new(), &mut found);
    }
    let refused = refusals(claim);
    found.retain(|u| !refused.iter().any(|r| covers(&r.at, &u.at)));
    found
}

/// Whether a refusal at `above` is about the field at `at`.
pub(super) fn covers(above: &str, at: &str) -> bool {
    at.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn walk(value: &Value, at: String, found: &mut Vec<Unwritable>) {
    match value {
        Value::String(text) => {
            let what = match check_text(&fold_accents(text), &Delimiters::STANDARD) {
                Ok(()) => return,
                Err(claimhost_x12::Refusal::ControlCharacter) => "a control character",
                Err(claimhost_x12::Refusal::OutsideCharacterSet) => "a letter outside ASCII",
                Err(_) => "a delimiter (* : ^ ~)",
            };
            found.push(Unwritable { at, found: what });
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                walk(item, format!("{at}[{n}]"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('_', "-");
                walk(field, if at.is_empty() { name } else { format!("{at}.{name}") }, found);
            }
        }
        _ => {}
    }
}
