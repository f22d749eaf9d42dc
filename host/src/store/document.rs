//! The documents framed out of files. The files themselves: `file.rs`.

use serde::{Deserialize, Serialize};

use super::file::{CHUNK_BYTES, PART};
use super::{Known, StoreResult, Tx};

/// End of a document's life so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentStatus {
    /// Stored and framed, not yet translated.
    Pending,
    /// Became visit events, or facts of claims.
    Translated,
    /// Says nothing new, with a reason.
    Ignored,
    /// Cannot be read, with located problems.
    Rejected,
    /// A plugin failed on it; runs again when the plugin changes.
    Parked,
}

impl DocumentStatus {
    /// All, in the order people read them.
    pub const ALL: [Self; 5] = [Self::Translated, Self::Ignored, Self::Rejected, Self::Parked, Self::Pending];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Translated => "translated",
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
            Self::Parked => "parked",
        }
    }

    /// Reads the column's text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Reason of a translated document that ends its file without a line end (or is joined with a row that does), and was taken while nobody
/// had said how files of its source end. It is no translated document's reason otherwise.
pub const OPEN_END: &str = "line.open-end";

/// Reason of one that was marked so, and that a whole document has told again: it says nothing any more.
pub const TOLD_AGAIN: &str = "line.told-again";

/// What is known of one document when it is written.
pub struct NewDocument<'a> {
    /// The file it is in.
    pub file_id: u64,
    /// Position in the file, from 0.
    pub ordinal: u32,
    /// Byte ranges in the file.
    pub ranges: &'a [(u64, u64)],
    /// Its end.
    pub status: DocumentStatus,
    /// Id of the reason; for translated empty, [`OPEN_END`] or [`TOLD_AGAIN`].
    pub reason: &'a str,
    /// Day it was received, as a day number.
    pub received_day: i64,
    /// Digest of the plugin that decided; empty for the host itself.
    pub plugin_digest: &'a str,
    /// What the reader is told (problems, reason), sealed.
    pub detail: &'a serde_json::Value,
}

/// A document.
#[derive(Clone, Serialize)]
pub struct DocumentRow {
    /// Id within the practice.
    pub document_id: u64,
    /// The file it is in.
    pub file_id: u64,
    /// Position in the file, from 0.
    pub ordinal: u32,
    /// Byte ranges in the file, `start-end`.
    pub ranges: String,
    /// Its end.
    pub status: DocumentStatus,
    /// Id of the reason.
    pub reason: String,
    /// Day number.
    pub received_day: i64,
    /// Plugin digest.
    pub plugin_digest: String,
}

impl Tx<'_> {
    /// Documents that are a practice's part of a clearinghouse file: the file is counted, in the clearing tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn part_documents(&self) -> StoreResult<std::collections::BTreeSet<u64>> {
        let rows = self.rows(
            "SELECT document_id FROM document JOIN file USING (practice_id, file_id) WHERE practice_id = ?1 AND channel = ?2",
            (self.practice_id(), PART),
            |row| row.get(0),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Gives the bytes of a document, its ranges of the file joined, a chunk at a time: what was refused may be large.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError), or what `take` answers.
    pub fn document_bytes<E: From<super::StoreError>>(
        &self,
        document: &DocumentRow,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for (start, end) in parse_ranges(&document.ranges) {
            let chunk_bytes = u64::try_from(CHUNK_BYTES).unwrap_or(1);
            let mut at = start;
            while at < end {
                let index = at / chunk_bytes;
                let Some(chunk) = self.file_chunk(document.file_id, index)? else { break };
                let from = usize::try_from(at - index * chunk_bytes).unwrap_or(usize::MAX);
                let to = usize::try_from((end - index * chunk_bytes).min(chunk_bytes)).unwrap_or(usize::MAX);
                let Some(part) = chunk.get(from..to.min(chunk.len())).filter(|part| !part.is_empty()) else { break };
                take(part)?;
                at += u64::try_from(part.len()).unwrap_or(1);
            }
        }
        Ok(())
    }

    /// The id that the next document of this tenant gets: facts name the document that brought them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_document_id(&self) -> StoreResult<u64> {
        Ok(self.highest_id("document", "document_id")? + 1)
    }

    /// Marked documents ([`OPEN_END`]) of a channel, each with its file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_ended_in(&self, channel: &str) -> StoreResult<Vec<(u64, u64)>> {
        self.rows(
            "SELECT document_id, file_id FROM document JOIN file USING (practice_id, file_id)
             WHERE practice_id = ?1 AND reason = 'line.open-end' AND channel = ?2 ORDER BY document_id",
            (self.practice_id(), channel),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Marked documents that have told of a visit, each with whether it is certain that another has told it again ([`TOLD_AGAIN`]).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_ended_of(&self, visit_id: u64) -> StoreResult<Vec<(u64, bool)>> {
        self.rows(
            "SELECT document_id, reason = 'line.told-again' FROM document WHERE practice_id = ?1
             AND reason IN ('line.open-end', 'line.told-again') AND document_id IN
             (SELECT document_id FROM visit_event WHERE practice_id = ?1 AND visit_id = ?2)",
            (self.practice_id(), visit_id),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// Nothing is open about a marked document any more: it is whole, or over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answer_open_ended(&self, document_id: u64, is_over: bool) -> StoreResult<()> {
        self.execute(
            "UPDATE document SET reason = ?3 WHERE practice_id = ?1 AND document_id = ?2 AND reason = 'line.open-end'",
            (self.practice_id(), document_id, if is_over { TOLD_AGAIN } else { "" }),
        )?;
        Ok(())
    }

    /// A marked document is whole. Whether it was marked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document_is_whole(&self, document_id: u64) -> StoreResult<bool> {
        let changed = self.execute(
            "UPDATE document SET reason = '' WHERE practice_id = ?1 AND document_id = ?2 AND reason = 'line.open-end'",
            (self.practice_id(), document_id),
        )?;
        Ok(changed > 0)
    }

    /// Writes one document.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_document(&self, document: &NewDocument<'_>) -> StoreResult<u64> {
        let document_id = self.next_id("document", "document_id")?;
        let body = match document.detail {
            serde_json::Value::Null => None,
            detail => Some(self.seal_json("document", document_id, detail)?),
        };
        self.insert(
            "document",
            Known::Fails,
            &[
                ("practice_id", &self.practice_id()),
                ("document_id", &document_id),
                ("file_id", &document.file_id),
                ("ordinal", &document.ordinal),
                ("ranges", &format_ranges(document.ranges)),
                ("status", &document.status.as_str()),
                ("reason", &document.reason),
                ("received_day", &document.received_day),
                ("plugin_digest", &document.plugin_digest),
                ("body", &body),
            ],
        )?;
        Ok(document_id)
    }

    /// Gives a document another end (a parked one that ran again, a pending one that was done).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_document(
        &self,
        document_id: u64,
        status: DocumentStatus,
        reason: &str,
        plugin_digest: &str,
        detail: &serde_json::Value,
    ) -> StoreResult<()> {
        let body = match detail {
            serde_json::Value::Null => None,
            detail => Some(self.seal_json("document", document_id, detail)?),
        };
        self.execute(
            "UPDATE document SET status = ?3, reason = ?4, plugin_digest = ?5, body = ?6
             WHERE practice_id = ?1 AND document_id = ?2",
            (self.practice_id(), document_id, status.as_str(), reason, plugin_digest, body),
        )?;
        Ok(())
    }

    /// One document.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document(&self, document_id: u64) -> StoreResult<Option<DocumentRow>> {
        let sql = format!("{DOCUMENT} AND document_id = ?2");
        self.row(&sql, (self.practice_id(), document_id), document_row)
    }

    /// Documents with a status, or all, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn documents(&self, status: Option<DocumentStatus>) -> StoreResult<Vec<DocumentRow>> {
        match status {
            Some(status) => {
                let sql = format!("{DOCUMENT} AND status = ?2 ORDER BY document_id");
                self.rows(&sql, (self.practice_id(), status.as_str()), document_row)
            }
            None => self.rows(&format!("{DOCUMENT} ORDER BY document_id"), [self.practice_id()], document_row),
        }
    }

    /// What the reader of a document is told; null where there is nothing to tell.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document_detail(&self, document_id: u64) -> StoreResult<serde_json::Value> {
        let sealed: Option<Option<Vec<u8>>> = self.row(
            "SELECT body FROM document WHERE practice_id = ?1 AND document_id = ?2",
            (self.practice_id(), document_id),
            |row| row.get(0),
        )?;
        sealed
            .flatten()
            .map_or(Ok(serde_json::Value::Null), |sealed| self.unseal_json("document", document_id, &sealed))
    }

    /// Documents that arrived from outside, by status. The parts that a clearinghouse file was split into are not counted:
    /// the file is, in the clearing tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn received_document_counts(&self) -> StoreResult<Vec<(String, u64)>> {
        // A file that waits to be framed (its adapter or mapping cannot be used) is one pending document.
        self.rows(
            "SELECT status, COUNT(*) FROM document JOIN file USING (practice_id, file_id)
             WHERE practice_id = ?1 AND channel <> ?2 GROUP BY status
             UNION ALL SELECT 'pending', COUNT(*) FROM file WHERE practice_id = ?1 AND state = 'stored'",
            (self.practice_id(), PART),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The documents of a file, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn documents_of_file(&self, file_id: u64) -> StoreResult<Vec<DocumentRow>> {
        let sql = format!("{DOCUMENT} AND file_id = ?2 ORDER BY ordinal, document_id");
        self.rows(&sql, (self.practice_id(), file_id), document_row)
    }

    /// A document that runs again may be cut otherwise than before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn move_document(&self, document_id: u64, ordinal: u32, ranges: &[(u64, u64)]) -> StoreResult<()> {
        self.execute(
            "UPDATE document SET ordinal = ?3, ranges = ?4 WHERE practice_id = ?1 AND document_id = ?2",
            (self.practice_id(), document_id, ordinal, format_ranges(ranges)),
        )?;
        Ok(())
    }
}

const DOCUMENT: &str = "SELECT document_id, file_id, ordinal, ranges, status, reason, received_day, plugin_digest \
                        FROM document WHERE practice_id = ?1";

fn document_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<DocumentRow> {
    let status: String = row.get(4)?;
    Ok(DocumentRow {
        document_id: row.get(0)?,
        file_id: row.get(1)?,
        ordinal: row.get(2)?,
        ranges: row.get(3)?,
        status: DocumentStatus::parse(&status).unwrap_or(DocumentStatus::Pending),
        reason: row.get(5)?,
        received_day: row.get(6)?,
        plugin_digest: row.get(7)?,
    })
}

/// Byte ranges as [`DocumentRow::ranges`] has them.
pub fn format_ranges(ranges: &[(u64, u64)]) -> String {
    let parts: Vec<String> = ranges.iter().map(|(start, end)| format!("{start}-{end}")).collect();
    parts.join(",")
}

/// Reads [`DocumentRow::ranges`].
pub fn parse_ranges(text: &str) -> Vec<(u64, u64)> {
    let range = |part: &str| part.split_once('-').and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    text.split(',').filter_map(range).collect()
}
