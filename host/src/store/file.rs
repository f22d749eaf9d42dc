//! Files as they arrived: their bytes in sealed chunks, where the file they were read from is, and how far each is cut.
//!
//! A file is taken once whatever a crash leaves: its row knows the file it was read from ([`Source`]) until that is in
//! `archive/`, and how many pieces of it have their document. The documents themselves: `document.rs`.

use std::io;

use sha2::{Digest, Sha256};

use super::{StoreError, StoreResult, Tx};

/// Bytes of one sealed chunk: a file of any size is stored without being held whole.
pub const CHUNK_BYTES: usize = 1 << 20;

/// Channel of a part that a clearinghouse file was split into.
pub const PART: &str = "part";

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
    /// How far it is cut.
    pub cut: Cut,
}

/// How far a file is cut: so many pieces (frames and framing problems) have their document.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    /// Pieces.
    pub pieces: u64,
    /// SHA-256 over the kinds and byte ranges of those pieces: another mapping may cut otherwise.
    pub digest: [u8; 32],
}

impl Cut {
    /// One piece more. `kind` tells a frame from a problem.
    pub fn add(&mut self, kind: &str, ranges: &str) {
        self.pieces += 1;
        let next = Sha256::new().chain_update(self.digest).chain_update(kind).chain_update([0]).chain_update(ranges);
        self.digest = next.finalize().into();
    }
}

/// What tells the file in an inbox from any other, its content apart.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name, as the file system has it. Patient data.
    pub name: Vec<u8>,
    /// Nanoseconds since 1970 of its last change.
    pub changed_ns: i128,
    /// Its inode: moving a file keeps it, a second delivery has another one.
    pub inode: u64,
}

/// A file whose original is, as far as the store knows, still in the inbox.
pub struct InInbox {
    /// Its id.
    pub file_id: u64,
    /// Bytes.
    pub size_bytes: u64,
    arrival_mac: Vec<u8>,
}

/// A file whose original is in `archive/`.
pub struct InArchive {
    /// Its id.
    pub file_id: u64,
    /// Its name there, as the file system has it. Patient data.
    pub archive_name: Vec<u8>,
    /// Bytes.
    pub size_bytes: u64,
    content_mac: Vec<u8>,
}

impl Tx<'_> {
    /// Keeps a file verbatim, in sealed chunks, before anything reads it. `source` is none for bytes that never were a file
    /// of their own.
    ///
    /// # Errors
    /// [`StoreError`], or the reader's own error as [`StoreError::Io`]: of that file nothing is kept.
    pub fn store_file(
        &self,
        channel: &str,
        source: Option<&Source>,
        day: i64,
        reader: &mut dyn io::Read,
    ) -> StoreResult<u64> {
        let file_id = self.next_id("file", "file_id")?;
        self.heads.day.set(Some(day));
        let mut content = Sha256::new();
        let mut size = 0_u64;
        let mut buffer = vec![0_u8; CHUNK_BYTES];
        let mut chunk = 0_u64;
        loop {
            let filled = match fill(reader, &mut buffer) {
                Ok(filled) => filled,
                Err(source) => {
                    self.forget_file(file_id)?;
                    return Err(StoreError::Io { path: channel.into(), source });
                }
            };
            let bytes = buffer.get(..filled).unwrap_or_default();
            if filled == 0 && chunk > 0 {
                break;
            }
            content.update(bytes);
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
        let content: [u8; 32] = content.finalize().into();
        let name = self.seal("file", file_id, source.map_or(&[], |source| &source.name));
        let arrival = source.map(|source| self.arrival_mac(channel, source, &content));
        let place = if source.is_some() { "inbox" } else { "none" };
        self.execute(
            "INSERT INTO file (practice_id, file_id, channel, name, size_bytes, received_day, state, content_mac,
             arrival_mac, place, pieces_done, pieces_digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'stored', ?7, ?8, ?9, 0, ?10)",
            (
                self.practice_id(),
                file_id,
                channel,
                name,
                size,
                day,
                content_mac(self, &content),
                arrival,
                place,
                Cut::default().digest,
            ),
        )?;
        Ok(file_id)
    }

    /// Takes a file back that this transaction stored: it changed while it was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_file(&self, file_id: u64) -> StoreResult<()> {
        for table in ["file_chunk", "file"] {
            let sql = format!("DELETE FROM {table} WHERE practice_id = ?1 AND file_id = ?2");
            self.execute(&sql, (self.practice_id(), file_id))?;
        }
        Ok(())
    }

    fn arrival_mac(&self, channel: &str, source: &Source, content: &[u8; 32]) -> [u8; 32] {
        let (changed, inode) = (source.changed_ns.to_be_bytes(), source.inode.to_be_bytes());
        self.lookup("file-arrival", &[channel.as_bytes(), &source.name, &changed, &inode, content])
    }

    /// Files of a channel that are stored and whose originals were not seen to leave the inbox: what a crash between the
    /// two left, or an archive that could not be written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn files_in_inbox(&self, channel: &str) -> StoreResult<Vec<InInbox>> {
        self.rows(
            "SELECT file_id, size_bytes, arrival_mac FROM file
             WHERE practice_id = ?1 AND channel = ?2 AND place = 'inbox' ORDER BY file_id",
            (self.practice_id(), channel),
            |row| Ok(InInbox { file_id: row.get(0)?, size_bytes: row.get(1)?, arrival_mac: row.get(2)? }),
        )
    }

    /// Whether this is the file that a row was read from. `content` is the SHA-256 of its bytes.
    pub fn is_source(&self, row: &InInbox, channel: &str, source: &Source, content: &[u8; 32]) -> bool {
        row.arrival_mac.as_slice() == self.arrival_mac(channel, source, content)
    }

    /// The original lies in `archive/`, under this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_archived(&self, file_id: u64, archive_name: &[u8]) -> StoreResult<()> {
        let sealed = self.seal("file.archive_name", file_id, archive_name);
        self.execute(
            "UPDATE file SET place = 'archive', archive_name = ?3 WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), file_id, sealed),
        )?;
        Ok(())
    }

    /// The original is no longer there: it was removed, by us after its time or by somebody else.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_gone(&self, file_id: u64) -> StoreResult<()> {
        self.execute(
            "UPDATE file SET place = 'gone', archive_name = NULL WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), file_id),
        )?;
        Ok(())
    }

    /// Framed files of a channel that were received on this day or before it and whose originals are in `archive/`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn files_in_archive(&self, channel: &str, up_to_day: i64) -> StoreResult<Vec<InArchive>> {
        let sql = format!("{IN_ARCHIVE} AND channel = ?2 AND received_day <= ?3 AND state = 'framed' ORDER BY file_id");
        let rows = self.rows(&sql, (self.practice_id(), channel, up_to_day), sealed_name)?;
        rows.into_iter().map(|(row, sealed)| self.named(row, &sealed)).collect()
    }

    /// A file whose original is in `archive/`, as far as is known; none: it is elsewhere, or gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_in_archive(&self, file_id: u64) -> StoreResult<Option<InArchive>> {
        let row = self.row(&format!("{IN_ARCHIVE} AND file_id = ?2"), (self.practice_id(), file_id), sealed_name)?;
        row.map(|(row, sealed)| self.named(row, &sealed)).transpose()
    }

    fn named(&self, row: InArchive, sealed: &[u8]) -> StoreResult<InArchive> {
        let archive_name = self.practice.keys.unseal("file.archive_name", row.file_id, sealed)?.to_vec();
        Ok(InArchive { archive_name, ..row })
    }

    /// Whether the bytes with this SHA-256 are those of the stored file.
    pub fn has_content(&self, row: &InArchive, content: &[u8; 32]) -> bool {
        row.content_mac.as_slice() == content_mac(self, content)
    }

    /// Files that are stored and not yet framed to their end: what waits for a mapping, or what a crash left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unframed_files(&self) -> StoreResult<Vec<FileRow>> {
        self.rows(&format!("{FILE} AND state = 'stored' ORDER BY file_id"), [self.practice_id()], file_row)
    }

    /// One stored file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file(&self, file_id: u64) -> StoreResult<Option<FileRow>> {
        self.row(&format!("{FILE} AND file_id = ?2"), (self.practice_id(), file_id), file_row)
    }

    /// The name a file had outside, as the file system had it. Patient data.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_source_name(&self, file_id: u64) -> StoreResult<crate::claim::Phi<Vec<u8>>> {
        let sealed: Vec<u8> = self
            .row(
                "SELECT name FROM file WHERE practice_id = ?1 AND file_id = ?2",
                (self.practice_id(), file_id),
                |row| row.get(0),
            )?
            .ok_or(StoreError::Missing { what: "file", id: file_id })?;
        Ok(crate::claim::Phi::new(self.practice.keys.unseal("file", file_id, &sealed)?.to_vec()))
    }

    /// As [`Tx::file_source_name`], as text to show.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_name(&self, file_id: u64) -> StoreResult<crate::claim::Phi<String>> {
        let name = self.file_source_name(file_id)?;
        Ok(crate::claim::Phi::new(String::from_utf8_lossy(name.expose()).into_owned()))
    }

    /// How far a file is cut. Call it in the transaction that gives those pieces their documents.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn file_cut(&self, file_id: u64, cut: &Cut) -> StoreResult<()> {
        self.execute(
            "UPDATE file SET pieces_done = ?3, pieces_digest = ?4 WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), file_id, cut.pieces, cut.digest),
        )?;
        Ok(())
    }

    /// The name of a file in its folder's archive, while it is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn archive_name(&self, file_id: u64) -> StoreResult<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT archive_name FROM file WHERE practice_id = ?1 AND file_id = ?2 AND archive_name IS NOT NULL",
            (self.practice_id(), file_id),
            |row| row.get(0),
        )?;
        sealed.map(|sealed| Ok(self.practice.keys.unseal("file.archive_name", file_id, &sealed)?.to_vec())).transpose()
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

    /// The last bytes of the files of a channel that came before one and hold any, newest first, at most `count`. It looks
    /// at the files of the practice a bounded way back, and not at those that were refused as cut off.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_bytes_before(&self, channel: &str, file_id: u64, count: usize) -> StoreResult<Vec<u8>> {
        let files: Vec<(u64, u64)> = self.rows(
            "SELECT file_id, size_bytes FROM file
             WHERE practice_id = ?1 AND channel = ?2 AND file_id < ?3 AND file_id >= ?3 - 1000 AND size_bytes > 0
             AND NOT EXISTS (SELECT 1 FROM document WHERE document.practice_id = ?1 AND document.file_id = file.file_id
                 AND status = 'rejected' AND reason IN ('hl7.cut-off', 'csv.truncated', 'fixed.truncated'))
             ORDER BY file_id DESC LIMIT ?4",
            (self.practice_id(), channel, file_id, count),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let last = files.into_iter().map(|(file_id, size)| {
            let chunk = self.file_chunk(file_id, (size - 1) / CHUNK_BYTES as u64)?;
            Ok(chunk.and_then(|bytes| bytes.last().copied()))
        });
        Ok(last.collect::<StoreResult<Vec<_>>>()?.into_iter().flatten().collect())
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
}

/// The look-up value of a file's content. `content` is the SHA-256 of its bytes.
pub(super) fn content_mac(tx: &Tx<'_>, content: &[u8; 32]) -> [u8; 32] {
    tx.lookup("file-content", &[content])
}

const FILE: &str = "SELECT file_id, channel, received_day, size_bytes, pieces_done, pieces_digest \
                    FROM file WHERE practice_id = ?1";

const IN_ARCHIVE: &str = "SELECT file_id, size_bytes, content_mac, archive_name FROM file \
                          WHERE practice_id = ?1 AND place = 'archive' AND archive_name IS NOT NULL";

/// A row of [`IN_ARCHIVE`] without its name, and that name as it is sealed.
fn sealed_name(row: &rusqlite::Row<'_>) -> rusqlite::Result<(InArchive, Vec<u8>)> {
    let (file_id, size_bytes, content_mac) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok((InArchive { file_id, archive_name: Vec::new(), size_bytes, content_mac }, row.get(3)?))
}

pub(super) fn file_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        file_id: row.get(0)?,
        channel: row.get(1)?,
        received_day: row.get(2)?,
        size_bytes: row.get(3)?,
        cut: Cut { pieces: row.get(4)?, digest: row.get(5)? },
    })
}

/// The row id that a chunk is sealed under: file and chunk in one number.
pub(super) fn chunk_row(file_id: u64, chunk: u64) -> u64 {
    file_id.wrapping_shl(24) ^ chunk
}

/// The SHA-256 of what a reader gives, chunk by chunk.
///
/// # Errors
/// The reader's.
pub fn content_of(reader: &mut dyn io::Read) -> io::Result<[u8; 32]> {
    let mut buffer = vec![0_u8; CHUNK_BYTES];
    let mut content = Sha256::new();
    loop {
        let filled = fill(reader, &mut buffer)?;
        content.update(buffer.get(..filled).unwrap_or_default());
        if filled < buffer.len() {
            return Ok(content.finalize().into());
        }
    }
}

fn fill(reader: &mut dyn io::Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
