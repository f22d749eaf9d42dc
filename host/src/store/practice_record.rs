//! Audits, reviews and approvals of a practice as a whole: that one was done, of which days, with what result. `checklist` is
//! decided by these and by what is stored, never by somebody's word that all is well.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreError, StoreResult, Tx};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// Charge capture was audited.
    Charges,
    /// What the EHR handed over was audited.
    Transfer,
    /// What clearinghouse and payers refused was gone through.
    Rejections,
    /// The practice may submit.
    GoLive,
}

impl RecordKind {
    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Charges => "charges",
            Self::Transfer => "transfer",
            Self::Rejections => "rejections",
            Self::GoLive => "go-live",
        }
    }
}

/// The clear columns of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeRecord {
    /// Id within the practice.
    pub record_id: u64,
    /// Day it was done, as a day number.
    pub day: i64,
    /// First and last day it is about.
    pub days: (i64, i64),
    /// What it found that is still to be done.
    pub open_count: i64,
    /// Of what was approved; empty: nothing was.
    pub digest: String,
}

/// One record to keep.
pub struct NewRecord<'a, T> {
    /// What was done.
    pub kind: RecordKind,
    /// As [`PracticeRecord::day`].
    pub day: i64,
    /// As [`PracticeRecord::days`].
    pub days: (i64, i64),
    /// As [`PracticeRecord::open_count`].
    pub open_count: i64,
    /// As [`PracticeRecord::digest`].
    pub digest: &'a str,
    /// Who, and the whole result. Sealed.
    pub body: &'a T,
}

impl Tx<'_> {
    /// Keeps a record, and says so in the history. Returns its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_practice_record<T: Serialize>(&self, record: &NewRecord<'_, T>) -> StoreResult<u64> {
        let record_id = self.next_id("practice_record", "record_id")?;
        let body = self.seal_json("practice_record", record_id, record.body)?;
        self.execute(
            "INSERT INTO practice_record (practice_id, record_id, kind, day, from_day, to_day, open_count, digest, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                self.practice_id(),
                record_id,
                record.kind.as_str(),
                record.day,
                record.days.0,
                record.days.1,
                record.open_count,
                record.digest,
                body,
            ),
        )?;
        let event = format!("{} recorded", record.kind.as_str());
        self.record("practice", record_id, record.day, "operator", &event, "")?;
        Ok(record_id)
    }

    /// Records of a kind, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn practice_records(&self, kind: RecordKind) -> StoreResult<Vec<PracticeRecord>> {
        self.rows(
            &format!("{RECORD} AND kind = ?2 ORDER BY day DESC, record_id DESC"),
            (self.practice_id(), kind.as_str()),
            record,
        )
    }

    /// The latest record of a kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest_record(&self, kind: RecordKind) -> StoreResult<Option<PracticeRecord>> {
        self.row(
            &format!("{RECORD} AND kind = ?2 ORDER BY day DESC, record_id DESC LIMIT 1"),
            (self.practice_id(), kind.as_str()),
            record,
        )
    }

    /// Who did it, and the whole result.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn practice_record_body<T: DeserializeOwned>(&self, record_id: u64) -> StoreResult<T> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM practice_record WHERE practice_id = ?1 AND record_id = ?2",
            (self.practice_id(), record_id),
            |row| row.get(0),
        )?;
        let sealed = sealed.ok_or(StoreError::Missing { what: "practice record", id: record_id })?;
        self.unseal_json("practice_record", record_id, &sealed)
    }
}

const RECORD: &str =
    "SELECT record_id, day, from_day, to_day, open_count, digest FROM practice_record WHERE practice_id = ?1";

fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<PracticeRecord> {
    Ok(PracticeRecord {
        record_id: row.get(0)?,
        day: row.get(1)?,
        days: (row.get(2)?, row.get(3)?),
        open_count: row.get(4)?,
        digest: row.get(5)?,
    })
}
