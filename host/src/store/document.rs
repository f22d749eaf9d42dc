//! Files as they arrived, and the documents framed out of them.

use serde::{Deserialize, Serialize};

use super::{StoreError, StoreResult, Tx};

/// Bytes of one sealed chunk: a file of any size is stored without being held whole.
pub const CHUNK_BYTES: usize = 1 << 20;

/// Channel of a part that a clearinghouse file was split into.
pub const PART: &str = "part";

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

/// A stored file.
#[derive(Clone)]
pub struct FileRow {
    /// Id within the practice.
    pub file_id: u64,
    /// Where it came from.
    pub channel: String,
    /// Day it was received, as a day number.
    pub received_day: i64,
    /// Bytes.
    pub size_bytes: u64,
}

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
    /// Id of the reason; empty for translated.
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
    /// Keeps a file verbatim, in sealed chunks, before anything reads it.
    ///
    /// # Errors
    /// [`StoreError`], or the reader's own error as [`StoreError::Io`].
    pub fn store_file(&self, channel: &str, name: &str, day: i64, reader: &mut dyn std::io::Read) -> StoreResult<u64> {
        let file_id = self.next_id("file", "file_id")?;
        let mut size = 0_u64;
        let mut buffer = vec![0_u8; CHUNK_BYTES];
        let mut chunk = 0_u64;
        loop {
            let filled = fill(reader, &mut buffer).map_err(|source| StoreError::Io { path: channel.into(), source })?;
            let bytes = buffer.get(..filled).unwrap_or_default();
            if filled == 0 && chunk > 0 {
                break;
            }
            let body = self.seal("file_chunk", chunk_row(file_id, chunk), bytes);
            self.execute(
                "INSERT INTO file_chunk (practice_id, file_id, chunk, body) VALUES (?1, ?2, ?3, ?4)",
                (self.practice_id(), file_id, chunk, body),
            )?;
            size += u64::try_from(filled).unwrap_or(0);
            chunk += 1;
            if filled < buffer.len() {
                break;
            }
        }
        let name = self.seal("file", file_id, name.as_bytes());
        self.execute(
            "INSERT INTO file (practice_id, file_id, channel, name, size_bytes, received_day, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'stored')",
            (self.practice_id(), file_id, channel, name, size, day),
        )?;
        Ok(file_id)
    }

    /// Files that are stored and not yet framed: what a crash between the two left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unframed_files(&self) -> StoreResult<Vec<FileRow>> {
        self.rows(
            "SELECT file_id, channel, received_day, size_bytes FROM file WHERE practice_id = ?1 AND state = 'stored'
             ORDER BY file_id",
            [self.practice_id()],
            file_row,
        )
    }

    /// One stored file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file(&self, file_id: u64) -> StoreResult<Option<FileRow>> {
        self.row(
            "SELECT file_id, channel, received_day, size_bytes FROM file WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), file_id),
            file_row,
        )
    }

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

    /// The name a file had outside. Patient data.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_name(&self, file_id: u64) -> StoreResult<crate::claim::Phi<String>> {
        let sealed: Vec<u8> = self
            .row(
                "SELECT name FROM file WHERE practice_id = ?1 AND file_id = ?2",
                (self.practice_id(), file_id),
                |row| row.get(0),
            )?
            .ok_or(StoreError::Missing { what: "file", id: file_id })?;
        let name = self.practice.keys.unseal("file", file_id, &sealed)?;
        Ok(crate::claim::Phi::new(String::from_utf8_lossy(&name).into_owned()))
    }

    /// Marks a file framed: each of its documents has a row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_framed(&self, file_id: u64) -> StoreResult<()> {
        self.execute(
            "UPDATE file SET state = 'framed' WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), file_id),
        )?;
        Ok(())
    }

    /// One chunk of a file; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_chunk(&self, file_id: u64, chunk: u64) -> StoreResult<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM file_chunk WHERE practice_id = ?1 AND file_id = ?2 AND chunk = ?3",
            (self.practice_id(), file_id, chunk),
            |row| row.get(0),
        )?;
        let row = chunk_row(file_id, chunk);
        sealed.map(|sealed| Ok(self.practice.keys.unseal("file_chunk", row, &sealed)?.to_vec())).transpose()
    }

    /// The bytes of a document: its ranges of the file, joined.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document_bytes(&self, document: &DocumentRow) -> StoreResult<Vec<u8>> {
        let mut out = Vec::new();
        for (start, end) in parse_ranges(&document.ranges) {
            let chunk_bytes = u64::try_from(CHUNK_BYTES).unwrap_or(1);
            let mut at = start;
            while at < end {
                let index = at / chunk_bytes;
                let Some(chunk) = self.file_chunk(document.file_id, index)? else { break };
                let from = usize::try_from(at - index * chunk_bytes).unwrap_or(usize::MAX);
                let to = usize::try_from((end - index * chunk_bytes).min(chunk_bytes)).unwrap_or(usize::MAX);
                let Some(part) = chunk.get(from..to.min(chunk.len())).filter(|part| !part.is_empty()) else { break };
                out.extend_from_slice(part);
                at += u64::try_from(part.len()).unwrap_or(1);
            }
        }
        Ok(out)
    }

    /// The id that the next document of this tenant gets: facts name the document that brought them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_document_id(&self) -> StoreResult<u64> {
        self.next_id("document", "document_id")
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
        self.execute(
            "INSERT INTO document (practice_id, document_id, file_id, ordinal, ranges, status, reason, received_day,
             plugin_digest, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                self.practice_id(),
                document_id,
                document.file_id,
                document.ordinal,
                format_ranges(document.ranges),
                document.status.as_str(),
                document.reason,
                document.received_day,
                document.plugin_digest,
                body,
            ),
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

    /// Highest ordinal that a file's documents have so far: where framing goes on after a crash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn framed_up_to(&self, file_id: u64) -> StoreResult<Option<u32>> {
        let highest: Option<Option<u32>> = self.row(
            "SELECT MAX(ordinal) FROM document WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), file_id),
            |row| row.get(0),
        )?;
        Ok(highest.flatten())
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

fn file_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow { file_id: row.get(0)?, channel: row.get(1)?, received_day: row.get(2)?, size_bytes: row.get(3)? })
}

/// The row id that a chunk is sealed under: file and chunk in one number.
fn chunk_row(file_id: u64, chunk: u64) -> u64 {
    file_id.wrapping_shl(24) ^ chunk
}

fn fill(reader: &mut dyn std::io::Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
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
