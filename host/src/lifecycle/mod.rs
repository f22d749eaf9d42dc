//! Facts, the state fold, and the pipeline that drives every step.

mod fact;
mod fold;

pub use fact::{Fact, Payment, Stage};
pub use fold::{ClaimState, VersionFold, VersionState, fold, lineage};
