//! The hand-off failures: where data leaves the EHR and money is lost before a payer sees a claim.
//!
//! A detector is a folder or file of its own with four parts: what it compares (pure), what it opens as work with
//! expected dollars, its report, and the store's look-ups it needs. Findings about a claim are scrub edits
//! (`scrub/edits`), which call a detector's pure part.

pub mod capture;
pub mod caught;
pub mod checklist;
pub mod codes;
pub mod demographics;
pub mod family;
pub mod kpi;
pub mod slip;
