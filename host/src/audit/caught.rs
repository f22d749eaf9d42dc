//! What each hand-off detector has caught, in dollars: what would have been lost without it.
//!
//! A gap is worth what visits like it were charged; a held claim what it bills. A claim that two detectors hold counts with
//! each of them, and once in the total.

use std::collections::BTreeSet;
use std::ops::AddAssign;

use crate::lifecycle::ClaimState;
use crate::scrub::holds;
use crate::store::expected::ExpectedState;
use crate::store::{StoreResult, Tx};

/// A detector of a hand-off failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detector {
    /// Visits that nobody charged for.
    ChargeCapture,
    /// Patients who are not who the roster or the payer says.
    Demographics,
}

impl Detector {
    /// All, in the order in which data leaves the EHR.
    pub const ALL: [Self; 2] = [Self::ChargeCapture, Self::Demographics];

    /// The detector whose finding this is. None: an edit of the clean-claim list, or of a payer.
    pub fn of_rule(rule: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detector| detector.prefixes().iter().any(|prefix| rule.starts_with(prefix)))
    }

    /// How the ids of its findings begin.
    const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::ChargeCapture => &[],
            Self::Demographics => &["demographic."],
        }
    }

    /// What it catches, as a person says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ChargeCapture => "visits that nobody charged for",
            Self::Demographics => "patients who are not who the roster says",
        }
    }

    /// What would have become of it.
    pub const fn otherwise(self) -> &'static str {
        match self {
            Self::ChargeCapture => "never billed",
            Self::Demographics => "refused: the payer does not find its member",
        }
    }
}

/// A count and what it is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worth {
    /// Visits or claims.
    pub count: u64,
    /// In cents.
    pub cents: i64,
}

impl AddAssign for Worth {
    fn add_assign(&mut self, other: Self) {
        self.count += other.count;
        self.cents += other.cents;
    }
}

/// What was caught.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caught {
    /// By detector, in the order of [`Detector::ALL`].
    pub by_detector: [Worth; Detector::ALL.len()],
    /// All of it, each claim once.
    pub total: Worth,
}

impl AddAssign for Caught {
    fn add_assign(&mut self, other: Self) {
        self.by_detector.iter_mut().zip(other.by_detector).for_each(|(sum, part)| *sum += part);
        self.total += other.total;
    }
}

impl Caught {
    /// Each detector with what it has caught.
    pub fn rows(&self) -> impl Iterator<Item = (Detector, Worth)> {
        Detector::ALL.into_iter().zip(self.by_detector)
    }

    /// What one detector has caught.
    pub fn of(&self, detector: Detector) -> Worth {
        self.rows().find(|(known, _)| *known == detector).map(|(_, worth)| worth).unwrap_or_default()
    }

    fn add(&mut self, detector: Detector, worth: Worth) {
        let place = self.by_detector.iter_mut().zip(Detector::ALL).find(|(_, known)| *known == detector);
        if let Some((sum, _)) = place {
            *sum += worth;
        }
    }
}

/// Sums up one practice: its gaps, and its held claims by the findings that hold them.
///
/// # Errors
/// The store's.
pub fn caught(tx: &Tx<'_>) -> StoreResult<Caught> {
    let mut caught = Caught::default();
    for row in tx.expected_visits(None)?.iter().filter(|row| row.state == ExpectedState::Gap) {
        let worth = Worth { count: 1, cents: row.expected_cents };
        caught.add(Detector::ChargeCapture, worth);
        caught.total += worth;
    }
    for claim in tx.claims()?.iter().filter(|claim| claim.state == ClaimState::Held.as_str()) {
        let findings = tx.findings(claim.claim_id, claim.live_version)?;
        let held = findings.iter().map(|stored| &stored.finding).filter(|found| holds(std::slice::from_ref(found)));
        let detectors: BTreeSet<Detector> = held.filter_map(|found| Detector::of_rule(&found.rule)).collect();
        let worth = Worth { count: 1, cents: claim.billed_cents };
        detectors.iter().for_each(|detector| caught.add(*detector, worth));
        if !detectors.is_empty() {
            caught.total += worth;
        }
    }
    Ok(caught)
}
