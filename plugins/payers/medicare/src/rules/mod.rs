//! The rules. To add one: a file here, a line in [`ALL`], fixtures of its cases, a row in `tests/fixtures.rs`.

mod annual_wellness_interval;
mod chiropractic_at;
mod drug_jw_jz;
mod g2211_modifier_25;
mod g2211_needs_office_visit;
mod therapy_modifier;

use crate::table::Table;
use claimhost_sdk::review::{ClaimInContext, Finding, Rule};

/// Days of earlier lines that the rules want to see.
pub const LOOK_BACK_DAYS: u16 = 400;

/// A rule: what it says of itself, and the check.
pub struct Entry {
    /// Id, title, severity, source and dates.
    pub describe: fn() -> Rule,
    /// Adds its findings.
    pub check: fn(&ClaimInContext, &Table, &mut Vec<Finding>),
}

/// Every rule, in the order of findings.
pub const ALL: &[Entry] = &[
    Entry { describe: g2211_needs_office_visit::describe, check: g2211_needs_office_visit::check },
    Entry { describe: g2211_modifier_25::describe, check: g2211_modifier_25::check },
    Entry { describe: annual_wellness_interval::describe, check: annual_wellness_interval::check },
    Entry { describe: drug_jw_jz::describe, check: drug_jw_jz::check },
    Entry { describe: chiropractic_at::describe, check: chiropractic_at::check },
    Entry { describe: therapy_modifier::describe, check: therapy_modifier::check },
];
