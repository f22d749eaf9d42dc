//! The practice profile: what no EHR message carries and every claim needs (billing provider, roster, payers with aliases
//! and route, bill-hold, ids, crosswalks). TOML, one file per practice, read anew when it changes.
//!
//! `profile.rs` is the file's shape, `shape.rs` and `check.rs` say what is wrong with one, `complete.rs` fills a claim header from it.
//! `eligibility.rs`: how payers are asked about cover. `crosswalk.rs` is the practice's own codes by day, `fees.rs` what it charges, `ehr.rs` what is
//! known of its EHR; `sheet.rs` reads the tables beside a profile.

mod check;
mod complete;
mod crosswalk;
mod ehr;
mod eligibility;
mod fees;
mod profile;
pub(crate) mod shape;
pub(crate) mod sheet;

pub use check::{ProfileError, ProfileProblem};
pub(crate) use check::{STATES, TO_DO, found};
#[cfg(test)]
pub(crate) use complete::no_extras;
pub use complete::{CompletionProblem, complete, complete_coverages, is_laboratory_test};
pub(crate) use crosswalk::sheet_day;
pub use crosswalk::{CodeSet, Conflict, Crosswalk, CrosswalkCode, Mapped, Mapping};
pub use ehr::{Capability, Ehr};
pub use eligibility::{Eligibility, EligibilityPolicy, Policy, Validity};
pub use fees::{Fee, Fees};
pub use profile::{
    BillingTaxId, Consequence, Contact, Facility, Location, Payer, PostalAddress, Profile, Receiver, Requirement,
    RosterProvider, Route, Submitter, TaxIdKind, Usage,
};
