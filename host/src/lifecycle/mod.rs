//! Facts, the state fold, and the pipeline that drives every step.

mod error;
mod fact;
mod fold;
mod refold;
pub mod summary;

pub use error::HostError;
pub use fact::{Fact, Payment, Stage};
pub use fold::{ClaimState, VersionFold, VersionState, fold, lineage};
