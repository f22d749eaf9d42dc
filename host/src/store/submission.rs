//! The outbox: bytes of an 837 or 270, control numbers and state are one transaction; the transport sends what is pending.

use serde::Serialize;

use super::{Known, StoreError, StoreResult, Tx};
use crate::lifecycle::Fact;

/// What is in an interchange of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmissionKind {
    /// Claims.
    #[serde(rename = "837")]
    Claims,
    /// Questions about cover.
    #[serde(rename = "270")]
    Inquiries,
}

impl SubmissionKind {
    /// The column's text, and the ending of the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claims => "837",
            Self::Inquiries => "270",
        }
    }
}

/// An 837 or 270 we have written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubmissionRow {
    /// ISA13.
    pub submission_id: u64,
    /// What is in it.
    pub kind: SubmissionKind,
    /// `pending` or `sent`.
    pub state: String,
    /// Name under the transport folder.
    pub file_name: String,
    /// Day number.
    pub created_day: i64,
    /// Claims, or questions, in it.
    pub claim_count: u64,
    /// Sum of CLM02.
    pub charge_cents: i64,
}

/// A claim version in an 837.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubmittedClaim {
    /// ISA13.
    pub submission_id: u64,
    /// Lineage.
    pub claim_id: u64,
    /// Version.
    pub version: u32,
    /// ST02.
    pub transaction_control: String,
    /// Byte range in the 837, `start-end`.
    pub range: String,
}

impl Tx<'_> {
    /// Puts an 837 or 270 into the outbox; of a 270 no claims.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_submission(&self, row: &SubmissionRow, bytes: &[u8], claims: &[SubmittedClaim]) -> StoreResult<()> {
        let body = self.seal("submission", row.submission_id, bytes);
        self.execute(
            "INSERT INTO submission (practice_id, submission_id, state, in_outbox, file_name, created_day, claim_count,
             charge_cents, body, kind) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                self.practice_id(),
                row.submission_id,
                &row.state,
                &row.file_name,
                row.created_day,
                row.claim_count,
                row.charge_cents,
                body,
                row.kind.as_str(),
            ),
        )?;
        for claim in claims {
            self.insert(
                "submission_claim",
                Known::Fails,
                &[
                    ("practice_id", &self.practice_id()),
                    ("submission_id", &row.submission_id),
                    ("claim_id", &claim.claim_id),
                    ("version", &claim.version),
                    ("transaction_control", &claim.transaction_control),
                    ("ranges", &claim.range),
                ],
            )?;
        }
        Ok(())
    }

    /// 837s and 270s in a state, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submissions(&self, state: &str) -> StoreResult<Vec<SubmissionRow>> {
        let sql = format!("{SUBMISSION} AND state = ?2 ORDER BY submission_id");
        self.rows(&sql, (self.practice_id(), state), submission_row)
    }

    /// 837s and 270s that were written on this day or before it and whose files are in the outbox as far as is known, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submissions_in_outbox(&self, up_to_day: i64) -> StoreResult<Vec<SubmissionRow>> {
        let sql = format!("{SUBMISSION} AND in_outbox = 1 AND created_day <= ?2 ORDER BY submission_id");
        self.rows(&sql, (self.practice_id(), up_to_day), submission_row)
    }

    /// The file of an 837 or 270 is no longer in the outbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submission_left_outbox(&self, submission_id: u64) -> StoreResult<()> {
        self.execute(
            "UPDATE submission SET in_outbox = 0 WHERE practice_id = ?1 AND submission_id = ?2",
            (self.practice_id(), submission_id),
        )?;
        Ok(())
    }

    /// The bytes of an 837 or 270: a resending is byte-identical.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submission_bytes(&self, submission_id: u64) -> StoreResult<Vec<u8>> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM submission WHERE practice_id = ?1 AND submission_id = ?2",
            (self.practice_id(), submission_id),
            |row| row.get(0),
        )?;
        let sealed = sealed.ok_or(StoreError::Missing { what: "submission", id: submission_id })?;
        Ok(self.practice.keys.unseal("submission", submission_id, &sealed)?.to_vec())
    }

    /// The transport has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submission_sent(&self, submission_id: u64) -> StoreResult<()> {
        self.execute(
            "UPDATE submission SET state = 'sent', in_outbox = 1 WHERE practice_id = ?1 AND submission_id = ?2",
            (self.practice_id(), submission_id),
        )?;
        Ok(())
    }

    /// The versions in an 837; of one ST, or all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claims_in_submission(
        &self,
        submission_id: u64,
        transaction: Option<&str>,
    ) -> StoreResult<Vec<SubmittedClaim>> {
        self.rows(
            "SELECT submission_id, claim_id, version, transaction_control, ranges FROM submission_claim
             WHERE practice_id = ?1 AND submission_id = ?2 AND (?3 IS NULL OR transaction_control = ?3)
             ORDER BY claim_id, version",
            (self.practice_id(), submission_id, transaction),
            submitted_row,
        )
    }

    /// The 837s a version was in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submissions_of(&self, claim_id: u64, version: u32) -> StoreResult<Vec<SubmittedClaim>> {
        self.rows(
            "SELECT submission_id, claim_id, version, transaction_control, ranges FROM submission_claim
             WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3 ORDER BY submission_id",
            (self.practice_id(), claim_id, version),
            submitted_row,
        )
    }

    /// Adds a fact of a version; `false` where it is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_fact(&self, claim_id: u64, version: u32, fact: &Fact, document_id: u64, day: i64) -> StoreResult<bool> {
        let bytes =
            serde_json::to_vec(fact).map_err(|_| super::SealError::NotARecord { table: "fact", row: claim_id })?;
        let mac = self.lookup("fact", &[&bytes]);
        let kind = match fact {
            Fact::Submitted { .. } => "submitted",
            Fact::Interchange { .. } => "ta1",
            Fact::Transaction { .. } => "999",
            Fact::ClaimAck { .. } => "277ca",
            Fact::Payment(_) => "835",
            Fact::Superseded => "superseded",
        };
        let body = self.seal("fact", claim_id, &bytes);
        let added = self.insert(
            "fact",
            Known::Stays,
            &[
                ("practice_id", &self.practice_id()),
                ("claim_id", &claim_id),
                ("version", &version),
                ("fact_mac", &mac),
                ("kind", &kind),
                ("received_day", &day),
                ("document_id", &document_id),
                ("body", &body),
            ],
        )?;
        Ok(added)
    }

    /// One submission.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submission(&self, submission_id: u64) -> StoreResult<Option<SubmissionRow>> {
        let sql = format!("{SUBMISSION} AND submission_id = ?2");
        self.row(&sql, (self.practice_id(), submission_id), submission_row)
    }

    /// Takes a fact back: a parked remittance's payments no longer stand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remove_fact(&self, claim_id: u64, version: u32, fact: &Fact) -> StoreResult<()> {
        let bytes =
            serde_json::to_vec(fact).map_err(|_| super::SealError::NotARecord { table: "fact", row: claim_id })?;
        let mac = self.lookup("fact", &[&bytes]);
        self.execute(
            "DELETE FROM fact WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3 AND fact_mac = ?4",
            (self.practice_id(), claim_id, version, mac),
        )?;
        Ok(())
    }

    /// The facts of a version with the document and day each came from, in no order that matters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn facts(&self, claim_id: u64, version: u32) -> StoreResult<Vec<(Fact, u64, i64)>> {
        let rows: Vec<(Vec<u8>, u64, i64)> = self.rows(
            "SELECT body, document_id, received_day FROM fact WHERE practice_id = ?1 AND claim_id = ?2 AND version = ?3
             ORDER BY received_day, kind, fact_mac",
            (self.practice_id(), claim_id, version),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        rows.into_iter()
            .map(|(body, document_id, day)| Ok((self.unseal_json("fact", claim_id, &body)?, document_id, day)))
            .collect()
    }
}

pub(super) const SUBMISSION: &str = "SELECT submission_id, state, file_name, created_day, claim_count, charge_cents, kind \
                          FROM submission WHERE practice_id = ?1";

pub(super) fn submission_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<SubmissionRow> {
    let kind: String = row.get(6)?;
    Ok(SubmissionRow {
        submission_id: row.get(0)?,
        kind: if kind == "270" { SubmissionKind::Inquiries } else { SubmissionKind::Claims },
        state: row.get(1)?,
        file_name: row.get(2)?,
        created_day: row.get(3)?,
        claim_count: row.get(4)?,
        charge_cents: row.get(5)?,
    })
}

fn submitted_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<SubmittedClaim> {
    Ok(SubmittedClaim {
        submission_id: row.get(0)?,
        claim_id: row.get(1)?,
        version: row.get(2)?,
        transaction_control: row.get(3)?,
        range: row.get(4)?,
    })
}
