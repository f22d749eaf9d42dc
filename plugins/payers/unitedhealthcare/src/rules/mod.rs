//! The rules. To add one: a file here, a line in [`ALL`], fixtures of its cases, a row in `tests/fixtures.rs`.

mod consultation;
mod telehealth_place;
mod therapy_modifier;

use claimhost_sdk::review::{ClaimInContext, Finding, Rule};

/// A rule: what it says of itself, and the check.
pub struct Entry {
    /// Id, title, severity, source and dates.
    pub describe: fn() -> Rule,
    /// Adds its findings.
    pub check: fn(&ClaimInContext, &mut Vec<Finding>),
}

/// Every rule, in the order of findings.
pub const ALL: &[Entry] = &[
    Entry { describe: consultation::describe, check: consultation::check },
    Entry { describe: telehealth_place::describe, check: telehealth_place::check },
    Entry { describe: therapy_modifier::describe, check: therapy_modifier::check },
];
