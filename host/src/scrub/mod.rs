//! The clean-claim list: what a claim must have, and in which form, before anybody sends it.
//!
//! One pass of [`EDITS`] over one claim; every edit looks at presence, form or consistency and says in a biller's
//! words what is wrong and what to do. Payer rules are plugins (`plugins/payers`), not here. No edit but
//! those of `demographics.rs` and `eligibility.rs` writes a patient's name, id or day of birth into its words: where a value is wrong, its shape is
//! told (`A9.9`).
//!
//! `edit.rs`: what an edit is. `form.rs`: forms of codes and fields. `edits/`: the edits, one file a subject, and the table.
//! `undelivered.rs`: what an interface has no place for is not simply missing.

mod billed;
mod earlier;
mod edit;
mod edits;
pub(crate) mod form;
mod postal;
mod side;
#[cfg(test)]
mod tests;
pub mod undelivered;

pub use earlier::{EarlierClaim, EarlierPerson, EarlierService};
pub use edit::{Edit, Explain, Report};
pub use edits::EDITS;

use crate::audit::demographics::Known;
use crate::claim::{Claim, Date, Finding, Severity};
use crate::codes::shelf::Shelf;
use crate::eligibility::Cover;
use crate::practice::Profile;

/// What an edit may know beside the claim.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The one clock: what is after it lies in the future.
    pub as_of: Date,
    /// The practice that bills.
    pub profile: &'a Profile,
    /// Claims of the same patient at this practice, of OTHER lineages: a claim is no duplicate of what it replaces.
    pub earlier: &'a [EarlierClaim],
    /// The other claims of the visit, where it was split: what is billed on one day stands on several. Those that have left have their
    /// id; of the others `live` says that nothing is known to hold them.
    pub siblings: &'a [EarlierClaim],
    /// The tables of codes and pairs that are loaded.
    pub codes: &'a Shelf,
    /// People of the practice's roster and of eligibility answers who may be the patient (`audit::demographics`).
    pub known: &'a [Known],
    /// Claims of other patient records with the patient's birth date, on the first day of service, with the same total: they
    /// may be the same person, registered twice.
    pub alike: &'a [EarlierClaim],
    /// Days of the visit.
    pub visit: VisitDays,
    /// What the payer, asked about the patient's cover, has said or not; none: it is not asked.
    pub cover: Option<&'a Cover>,
    /// Elements that the visit's interfaces have no place for (`undelivered.rs`).
    pub undelivered: &'a [String],
}

/// What is known of a visit's days beside its charges. None: nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct VisitDays {
    /// The day on which the practice's systems first told of it.
    pub heard: Option<Date>,
    /// The day that a schedule, SIU or ADT has it on.
    pub booked: Option<Date>,
}

/// Days of the patient's earlier claims that the edits ask for: a bit more than a year for repeats, global periods and other
/// people under one id; the three years of an established patient where a code says new.
pub fn look_back_days(claim: &Claim) -> i64 {
    let says_new = claim.lines.iter().any(|line| edits::is_new_patient(&line.procedure.code));
    if says_new { 3 * 366 } else { 400 }
}

/// Runs every edit, in the order of the table. A clean claim allocates nothing.
pub fn scrub(claim: &Claim, context: &Context) -> Vec<Finding> {
    let mut findings = Vec::new();
    for edit in EDITS {
        (edit.check)(claim, context, &mut Report::new(edit, &mut findings));
    }
    findings
}

/// Whether these findings keep a claim from being sent.
pub fn holds(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| matches!(finding.severity, Severity::Reject | Severity::Hold))
}

/// The edit with this id, with its text for `rules explain`.
pub fn explain(id: &str) -> Option<&'static Edit> {
    EDITS.iter().find(|edit| edit.id == id)
}
