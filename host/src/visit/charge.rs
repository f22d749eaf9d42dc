//! The key of a charge within its visit, and what of a charge is its content.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::event::digest_of;
use super::header::Told;
use crate::claim::{Coverage, DateRange, Diagnosis, ServiceLine};

/// Names one charge of a visit, stable over every fold in which the charge lives. Practice, sending system and visit
/// number complete it.
///
/// `id:` and the source charge id; for another service under the same id, `other:`, its number and fingerprint, and the
/// id; for a charge without an id, `at:` and the digest and position of the event that told it. Holds an id of the source:
/// no `Display`, and `Debug` shows its kind only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChargeKey(String);

impl ChargeKey {
    /// The key of a source charge id.
    pub fn of_id(id: &str) -> Self {
        Self(format!("id:{id}"))
    }

    /// The key of another service under an id that is taken: which one under that id, and its fingerprint.
    pub(super) fn of_other_service(id: &str, number: usize, service: &Service) -> Self {
        Self(format!("other:{number}:{}:{id}", short(&digest_of(service))))
    }

    /// The key of a charge without an id: the event's content, the position in it, and how many with the same two
    /// came before.
    pub(super) fn of_content(event: &[u8; 32], place: usize, repeat: usize) -> Self {
        Self(format!("at:{}:{place}:{repeat}", short(event)))
    }

    /// The source's own id of the charge, where it gave one that is trusted.
    pub fn source_id(&self) -> Option<&str> {
        self.0.strip_prefix("id:")
    }

    /// The text of the key, for the store and for minting. Never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ChargeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ChargeKey({}..)", self.0.split(':').next().unwrap_or_default())
    }
}

fn short(digest: &[u8; 32]) -> String {
    hex::encode(digest.get(..8).unwrap_or_default())
}

/// What makes two charges under one id the same service: code and dates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Service {
    code: String,
    dates: DateRange,
}

impl Service {
    pub(super) fn of(line: &ServiceLine) -> Self {
        Self { code: line.procedure.code.clone(), dates: line.service_dates }
    }
}

/// A diagnosis pointer of a line, followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) enum Pointer {
    /// The diagnosis it names.
    To(Diagnosis),
    /// It names none: the number is kept so that the scrub can say so.
    Lost(u8),
}

/// Follows the pointers of a line into the list they were written for.
pub(super) fn follow(pointers: &[u8], diagnoses: &[Diagnosis]) -> Vec<Pointer> {
    let one = |pointer: &u8| {
        let index = usize::from(*pointer).checked_sub(1);
        index.and_then(|index| diagnoses.get(index)).cloned().map_or(Pointer::Lost(*pointer), Pointer::To)
    };
    pointers.iter().map(one).collect()
}

/// Points anew into another list. A lost pointer stays lost: it becomes a number outside the list.
pub(super) fn point(pointers: &[Pointer], diagnoses: &[Diagnosis]) -> Vec<u8> {
    let beyond = u8::try_from(diagnoses.len() + 1).unwrap_or(0);
    let one = |pointer: &Pointer| match pointer {
        Pointer::Lost(0) => 0,
        Pointer::Lost(number) => (*number).max(beyond),
        Pointer::To(diagnosis) => {
            let index = diagnoses.iter().position(|known| known == diagnosis);
            index.and_then(|index| u8::try_from(index + 1).ok()).unwrap_or(0)
        }
    };
    pointers.iter().map(one).collect()
}

/// Digest of what a charge says: the line with its pointers followed, coverages of its own, and the providers and
/// place that its event's header names.
pub(super) fn content(line: &ServiceLine, pointers: &[Pointer], coverages: &[Coverage], told: &Told) -> [u8; 32] {
    let mut bare = line.clone();
    bare.diagnosis_pointers = Vec::new();
    digest_of(&(&bare, pointers, coverages, told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::samples::diagnosis;

    #[test]
    fn pointers_survive_a_longer_and_a_shorter_list_and_a_lost_one_stays_lost() {
        let [a, b, c] = ["J069", "M545", "Z0000"].map(diagnosis);
        let followed = follow(&[2, 1, 9, 0], &[a.clone(), b.clone()]);
        assert_eq!(point(&followed, &[c.clone(), a.clone(), b.clone()]), [3, 2, 9, 0]);
        let lost = point(&follow(&[3], &[a.clone(), b.clone()]), &[c, a, b]);
        assert_eq!(lost, [4]);
    }

    #[test]
    fn debug_shows_no_id() {
        assert!(!format!("{:?}", ChargeKey::of_id("77123")).contains("77123"));
    }
}
