//! Idempotency keys of uploads: which file a key stands for, for as long as the configuration says.

use super::{StoreResult, Tx};

/// A file that was uploaded under a key.
pub struct KnownUpload {
    /// Its id.
    pub file_id: u64,
    content_mac: Vec<u8>,
}

impl Tx<'_> {
    /// The file that a key of a channel stands for.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn upload_of_key(&self, channel: &str, key: &str) -> StoreResult<Option<KnownUpload>> {
        self.row(
            "SELECT file_id, content_mac FROM upload_key WHERE practice_id = ?1 AND key_mac = ?2",
            (self.practice_id(), self.upload_key_mac(channel, key)),
            |row| Ok(KnownUpload { file_id: row.get(0)?, content_mac: row.get(1)? }),
        )
    }

    /// Whether the bytes with this SHA-256 are those that were uploaded.
    pub fn is_upload(&self, known: &KnownUpload, content: &[u8; 32]) -> bool {
        known.content_mac.as_slice() == self.lookup("upload-content", &[content])
    }

    /// A key that was not known stands for this file from now on. `content` is the SHA-256 of its bytes.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn add_upload_key(
        &self,
        channel: &str,
        key: &str,
        content: &[u8; 32],
        file_id: u64,
        day: i64,
    ) -> StoreResult<()> {
        self.execute(
            "INSERT INTO upload_key (practice_id, key_mac, content_mac, file_id, day) VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                self.practice_id(),
                self.upload_key_mac(channel, key),
                self.lookup("upload-content", &[content]),
                file_id,
                day,
            ),
        )?;
        Ok(())
    }

    /// Forgets keys that were used before this day.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn forget_upload_keys(&self, before_day: i64) -> StoreResult<()> {
        self.execute("DELETE FROM upload_key WHERE practice_id = ?1 AND day < ?2", (self.practice_id(), before_day))?;
        Ok(())
    }

    fn upload_key_mac(&self, channel: &str, key: &str) -> [u8; 32] {
        self.lookup("upload-key", &[channel.as_bytes(), key.as_bytes()])
    }
}
