//! What the scrub found on a version.

use serde::{Deserialize, Serialize};

use super::acceptance::Acceptance;
use super::claim::version_row_id;
use super::{Known, StoreResult, Tx};
use crate::claim::{Finding, Severity};
use crate::rules::TableRef;

/// A finding as stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredFinding {
    /// The finding.
    pub finding: Finding,
    /// Digest of the rule plugin; empty for the host's own edits.
    pub plugin_digest: String,
    /// The rule table that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableRef>,
    /// An operator's word that its fix is not to be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_refused: Option<Acceptance>,
    /// An operator's word that it is right as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

impl StoredFinding {
    /// One that nobody has accepted.
    pub fn new(finding: Finding, plugin_digest: &str) -> Self {
        Self { finding, plugin_digest: plugin_digest.to_owned(), table: None, fix_refused: None, accepted: None }
    }

    /// Whether it keeps its claim from being sent.
    pub fn holds(&self) -> bool {
        self.accepted.is_none() && crate::scrub::holds(std::slice::from_ref(&self.finding))
    }
}

impl Tx<'_> {
    /// Replaces the findings of a version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_findings(&self, claim_id: u64, version: u32, findings: &[StoredFinding]) -> StoreResult<()> {
        self.execute(
            "DELETE FROM finding WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3",
            (self.practice_id(), claim_id, version),
        )?;
        for (ordinal, stored) in findings.iter().enumerate() {
            let body = self.seal_json("finding", version_row_id(claim_id, version), stored)?;
            self.insert(
                "finding",
                Known::Fails,
                &[
                    ("practice_id", &self.practice_id()),
                    ("claim_id", &claim_id),
                    ("version", &version),
                    ("ordinal", &u64::try_from(ordinal).unwrap_or(u64::MAX)),
                    ("rule", &stored.finding.rule),
                    ("severity", &severity_str(stored.finding.severity)),
                    ("plugin_digest", &stored.plugin_digest),
                    ("body", &body),
                ],
            )?;
        }
        Ok(())
    }

    /// The findings of a version.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn findings(&self, claim_id: u64, version: u32) -> StoreResult<Vec<StoredFinding>> {
        let rows: Vec<Vec<u8>> = self.rows(
            "SELECT body FROM finding WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3 ORDER BY ordinal",
            (self.practice_id(), claim_id, version),
            |row| row.get(0),
        )?;
        rows.iter().map(|body| self.unseal_json("finding", version_row_id(claim_id, version), body)).collect()
    }

    /// Findings of live versions by rule.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finding_counts(&self) -> StoreResult<Vec<(String, u64)>> {
        self.rows(
            "SELECT finding.rule, COUNT(*) FROM finding JOIN claim USING (practice_id, claim_id)
             WHERE practice_id = ?1 AND version = live_version GROUP BY finding.rule",
            [self.practice_id()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

/// The column's text of a severity.
pub const fn severity_str(severity: Severity) -> &'static str {
    match severity {
        Severity::Reject => "reject",
        Severity::Hold => "hold",
        Severity::Warn => "warn",
        Severity::Info => "info",
    }
}
