//! Tells EHRs what payers decided: payments, adjustments, denials and what the patient owes, back to where the visit came from.
//!
//! remit -> here -> the EHR. `record.rs` makes a post of a CLP in the transaction that posts it, and another one that takes it back where
//! the remittance is parked or set aside. `round.rs` hands what is queued to a poster (`crate::plugin::Poster`) and commits its file with the
//! posts in it; `folder.rs` puts a file into its folder once, wherever a crash falls. `operator.rs` is what people say of a post.
//!
//! Not here: what a decision moves in the ledger (`remit`), the shape of an EHR's file (`plugins/ehr/csv-poster`, `nextgen-post`).

mod folder;
mod operator;
mod record;
mod round;

pub use operator::{Dropped, Said, again, confirm, drop_queue, refuse};
pub use record::Told;
pub(crate) use record::{Decision, queue, take_back};
pub use round::Round;

use crate::claim::Setup;
use crate::config::PostConfig;

/// The subject of its work items.
pub(crate) const SUBJECT: &str = "post";
/// A target that cannot be written to at all; its subject is the oldest post that waits for it.
pub(crate) const WORK_FAILED: &str = "post.failed";
/// A post that the poster or the EHR does not take.
pub(crate) const WORK_REFUSED: &str = "post.refused";
/// A post that the poster fails on.
pub(crate) const WORK_PARKED: &str = "post.parked";

/// What a target's poster is opened with: the site's mapping as it is on the disk now, and its settings.
///
/// # Errors
/// In words: the mapping cannot be read.
pub fn setup_of(post: &PostConfig) -> Result<Setup, String> {
    let mapping = match &post.mapping {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}; give the mapping of this target there", path.display()))?,
    };
    let settings = post.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Setup { settings, mapping })
}

/// The name of a file, which is also the id of its batch, without the ending.
pub(crate) fn batch_name(practice: &str, target: &str, batch_id: u64) -> String {
    format!("{practice}-{target}-{batch_id:09}")
}
