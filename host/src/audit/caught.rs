//! What each hand-off detector has caught, in dollars: what would have been lost without it.
//!
//! A gap is worth what visits like it were charged; a held claim what it bills. A claim that two detectors hold counts with
//! each of them, and once in the total.

use std::ops::AddAssign;

use super::family::{self, Family};
use crate::lifecycle::ClaimState;
use crate::store::expected::ExpectedState;
use crate::store::{StoreResult, Tx};

/// A detector of a hand-off failure, with what its report is called and what people read.
#[derive(Debug)]
pub struct Detector {
    /// The detector of claims; none: that of visits without charges.
    family: Option<Family>,
    /// What it catches, as a person says it.
    pub words: &'static str,
    /// What would have become of it.
    pub otherwise: &'static str,
}

/// All, in the order in which data leaves the EHR.
pub const DETECTORS: [Detector; 5] = [
    Detector { family: None, words: "visits that nobody charged for", otherwise: "never billed" },
    Detector {
        family: Some(family::DEMOGRAPHICS),
        words: "patients who are not who the roster or the payer says",
        otherwise: "refused: the payer does not find its member",
    },
    Detector {
        family: Some(family::CODES),
        words: "own codes that lead to no code in force",
        otherwise: "refused: no payer knows the code",
    },
    Detector {
        family: Some(family::MODIFIERS),
        words: "services without the modifier that the day calls for",
        otherwise: "denied as part of another service",
    },
    Detector {
        family: Some(family::TYPOS),
        words: "ids, dates, visits and amounts keyed wrong",
        otherwise: "refused, denied as a repeat, or paid short",
    },
];

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
    /// Gaps in the capture of charges, then claims by detector: in the order of [`DETECTORS`].
    pub by_detector: [Worth; DETECTORS.len()],
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
    pub fn rows(&self) -> impl Iterator<Item = (&'static Detector, Worth)> {
        DETECTORS.iter().zip(self.by_detector)
    }

    /// Gaps in the capture of charges.
    pub fn gaps(&self) -> Worth {
        self.rows().find(|(detector, _)| detector.family.is_none()).map(|(_, worth)| worth).unwrap_or_default()
    }

    /// Adds to the detectors that are meant, and once to the total.
    fn add(&mut self, worth: Worth, is_meant: impl Fn(&Detector) -> bool) {
        let mut any = false;
        for (detector, sum) in DETECTORS.iter().zip(&mut self.by_detector) {
            if is_meant(detector) {
                *sum += worth;
                any = true;
            }
        }
        if any {
            self.total += worth;
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
        caught.add(Worth { count: 1, cents: row.expected_cents }, |detector| detector.family.is_none());
    }
    for claim in tx.claims()?.iter().filter(|claim| claim.state == ClaimState::Held.as_str()) {
        let findings = tx.findings(claim.claim_id, claim.live_version)?;
        let held: Vec<&str> =
            findings.iter().filter(|stored| stored.holds()).map(|stored| stored.finding.rule.as_str()).collect();
        let worth = Worth { count: 1, cents: claim.billed_cents };
        caught.add(worth, |detector| detector.family.is_some_and(|family| held.iter().any(|rule| family.has(rule))));
    }
    Ok(caught)
}
