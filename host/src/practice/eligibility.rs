//! How a practice asks payers about cover: keys of `[eligibility]`, and of a payer that is asked.

use serde::{Deserialize, Serialize};

use crate::claim::Severity;

/// How a payer is asked whether it covers a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Eligibility {
    /// It is not asked.
    #[default]
    #[serde(rename = "none")]
    None,
    /// With an X12 270.
    #[serde(rename = "270")]
    X270,
}

/// `[eligibility]`: when payers are asked, how long an answer counts, and what its absence or its word does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EligibilityPolicy {
    /// Days before a scheduled visit from which on its payer is asked; 0: not before a visit.
    pub days_before: u16,
    /// A visit that is put on claims, and of which no answer counts, is asked about then.
    pub at_assembly: bool,
    /// Which days of service an answer counts for.
    pub valid: Validity,
    /// Days that a question waits for its answer before it becomes work.
    pub wait_days: u16,
    /// No answer counts: `eligibility.unverified`.
    pub unverified: Policy,
    /// The payer says that there is no cover on the day of service: `eligibility.inactive`.
    pub inactive: Policy,
    /// The payer does not know the patient as the visit has it: `eligibility.rejected`, `eligibility.other-person`.
    pub rejected: Policy,
    /// Another payer comes first, and the visit does not have it: `eligibility.other-payer`.
    pub other_payer: Policy,
}

impl Default for EligibilityPolicy {
    fn default() -> Self {
        Self {
            days_before: 3,
            at_assembly: true,
            valid: Validity::Month,
            wait_days: 2,
            unverified: Policy::Warn,
            inactive: Policy::Hold,
            rejected: Policy::Hold,
            other_payer: Policy::Warn,
        }
    }
}

/// Which days of service an answer counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validity {
    /// The day that was asked about.
    Day,
    /// Every day of the calendar month of that day: most plans begin and end with a month.
    Month,
}

/// What a finding does where policy decides, silence included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Nothing is said.
    Off,
    /// It is noted.
    Info,
    /// The claim is sent, and the finding is told.
    Warn,
    /// The claim waits.
    Hold,
}

impl Policy {
    /// The severity of its finding; none: nothing is said.
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Info => Some(Severity::Info),
            Self::Warn => Some(Severity::Warn),
            Self::Hold => Some(Severity::Hold),
        }
    }
}
