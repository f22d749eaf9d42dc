//! The claim that a source says its own replaces, where another system billed it: REF F8 of an 837 that a practice's system
//! exports. What this host has billed itself it knows better (`lineages.rs`).

use super::review::hold;
use crate::claim::Frequency;
use crate::store::finding::StoredFinding;
use crate::visit::Draft;

/// Of a correction that corrects nothing told here, whose document names the payer's number of what it replaces.
pub(super) const UNMATCHED: &str = "a correction names a charge that was never told here, and the payer's number of the claim it \
     replaces: another system billed that. Accept this, and it leaves as the replacement of that claim";

const FIELD: &str = "header.extras.references";

/// Makes the one claim of a visit the replacement of what another system billed. Of several nobody knows which one it is, and a
/// source that speaks of no correction may mean something else: then it is held.
pub(super) fn by<'a>(
    drafts: impl Iterator<Item = &'a mut Draft>,
    number: &str,
    corrects: bool,
) -> Option<StoredFinding> {
    let mut drafts: Vec<&mut Draft> = drafts.collect();
    if !corrects && !drafts.is_empty() {
        let words = "The document names the payer's number of another claim (REF F8), and says that this is no correction of it. Have the \
                     source send it as a replacement (CLM05-3 = 7); or accept this: it leaves as an original, without the number.";
        return Some(hold("visit.replaced-claim-unsaid", FIELD, words));
    }
    match drafts.as_mut_slice() {
        [draft] => {
            draft.claim.frequency = Frequency::Replacement;
            draft.claim.payer_control_number = Some(number.to_owned());
            None
        }
        [] => None,
        several => {
            let words = format!(
                "The document corrects one claim of the payer, and its visit makes {}. Void the old one with the payer, then accept this: they leave as new claims.",
                several.len()
            );
            Some(hold("visit.replaced-claim-split", FIELD, &words))
        }
    }
}
