//! One visit event: what the store keeps of one document's news of one visit, and its digest.
//!
//! The digest is over the CONTENT: order, message ids and places in the document are the envelope, so that the same
//! charge in a new message has the same digest. Fields that are empty do not count either: a contract that gains a
//! field does not change the digest of what was stored before.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::claim::record::canonical;
use crate::claim::{
    Charge, ChargeAction, ClaimHeader, Coverage, Problem, ServiceLine, SourceOrder, VisitStatus, VisitUpdate,
};

/// One visit update, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The document it came from, opaque and unique at this practice. One document gives one update of a visit.
    pub document: String,
    /// The source's own order. Arrival is kept elsewhere and never decides.
    pub order: SourceOrder,
    /// [`event_digest`] of the update.
    pub digest: [u8; 32],
    /// What the document says of the visit as a whole.
    pub status: VisitStatus,
    /// Everything of the visit that is not a charge.
    pub header: ClaimHeader,
    /// Charges, in the order of the document.
    pub charges: Vec<Charge>,
    /// These are all charges of the visit: earlier ones that are not named here are cancelled.
    pub complete: bool,
    /// What a person has to decide before this is billed.
    pub doubts: Vec<Problem>,
}

impl Event {
    /// The event of an update. `complete` is the update's own field of that name.
    pub fn new(document: String, update: VisitUpdate, complete: bool) -> Self {
        let digest = event_digest(&update);
        let VisitUpdate { order, status, header, charges, doubts, .. } = update;
        Self { document, order, digest, status, header, charges, complete, doubts }
    }

    /// Whether a charge of it has no id to trust. Such an event is a repeat only of its own document.
    pub(super) fn has_charge_without_id(&self) -> bool {
        self.charges.iter().any(|charge| charge.id.is_empty() && charge.reverses.is_empty())
    }
}

/// The source's order: sequence, then event time; an event without either comes before those with.
pub(crate) fn source_order(left: &SourceOrder, right: &SourceOrder) -> Ordering {
    left.sequence.cmp(&right.sequence).then_with(|| left.event_time.cmp(&right.event_time))
}

/// An update without its envelope: order, places, what the interface cannot deliver.
#[derive(Serialize)]
struct Content<'a> {
    source_system: &'a str,
    visit_number: &'a str,
    status: &'a VisitStatus,
    header: &'a ClaimHeader,
    charges: Vec<ChargeContent<'a>>,
    complete: bool,
    doubts: Vec<Doubt<'a>>,
}

#[derive(Serialize)]
struct ChargeContent<'a> {
    id: &'a str,
    action: &'a ChargeAction,
    reverses: &'a str,
    line: &'a ServiceLine,
    coverages: &'a [Coverage],
}

#[derive(Serialize)]
struct Doubt<'a> {
    id: &'a str,
    found: &'a str,
    expected: &'a str,
    remedy: &'a str,
}

impl<'a> From<&'a Charge> for ChargeContent<'a> {
    fn from(Charge { id, action, reverses, line, coverages, at: _ }: &'a Charge) -> Self {
        Self { id, action, reverses, line, coverages }
    }
}

impl<'a> From<&'a Problem> for Doubt<'a> {
    fn from(Problem { id, at: _, found, expected, remedy }: &'a Problem) -> Self {
        Self { id, found, expected, remedy }
    }
}

/// SHA-256 of an update's content without its envelope (order, places, what the interface cannot deliver).
pub fn event_digest(update: &VisitUpdate) -> [u8; 32] {
    // Without `..`: a field that comes is content or envelope, and somebody has to say which.
    let VisitUpdate {
        source_system,
        visit_number,
        order: _,
        status,
        header,
        charges,
        complete,
        undelivered: _,
        doubts,
    } = update;
    let (charges, doubts) =
        (charges.iter().map(ChargeContent::from).collect(), doubts.iter().map(Doubt::from).collect());
    digest_of(&Content { source_system, visit_number, status, header, charges, complete: *complete, doubts })
}

/// SHA-256 of a record's canonical JSON.
pub(super) fn digest_of<T: Serialize>(record: &T) -> [u8; 32] {
    // Contract records hold texts, integers and lists only, for which serialisation cannot fail.
    Sha256::digest(canonical(record).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Place;
    use crate::visit::samples::{charge, update};

    #[test]
    fn the_envelope_is_no_content() {
        let mut first = update(1);
        first.charges.push(charge("C1", "99213", 10_000));
        let mut again = first.clone();
        again.order = SourceOrder { sequence: Some(9), event_time: "20260303120000000000".into() };
        again.charges[0].at = Place { path: "FT1[7]".into(), offset: Some(44) };
        assert_eq!(event_digest(&first), event_digest(&again));
        again.charges[0].line.charge += 1;
        assert_ne!(event_digest(&first), event_digest(&again));
    }

    #[test]
    fn structure_cannot_be_imitated_by_text() {
        assert_ne!(digest_of(&["a,b"]), digest_of(&["a", "b"]));
        assert_ne!(digest_of(&["a\",\"b"]), digest_of(&["a", "b"]));
    }
}
