//! What plugins said while they worked for a practice: sealed, because it may quote a patient. Committed with the batch that
//! called them.

use serde::Serialize;

use super::{StoreResult, Tx};
use crate::plugin::{Logged, LoggedEntry};

/// What one plugin said in one batch.
#[derive(Clone, Serialize)]
pub struct PluginLogRow {
    /// Id within the practice, in the order of commits.
    pub log_id: u64,
    /// The plugin's id.
    pub plugin: String,
    /// Digest of its component and manifest.
    pub plugin_digest: String,
    /// Day of the run, as a day number.
    pub day: i64,
    /// In order.
    pub entries: Vec<LoggedEntry>,
}

impl Tx<'_> {
    /// Keeps what plugins said.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn add_plugin_log(&self, day: i64, logged: &[Logged]) -> StoreResult<()> {
        for Logged { plugin, digest, entries } in logged {
            let log_id = self.next_id("plugin_log", "log_id")?;
            let body = self.seal_json("plugin_log", log_id, entries.expose())?;
            self.execute(
                "INSERT INTO plugin_log (practice_id, log_id, plugin, plugin_digest, day, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (self.practice_id(), log_id, plugin, digest, day, body),
            )?;
        }
        Ok(())
    }

    /// The practice's plugin log, oldest first; of one plugin, or all.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn plugin_log(&self, plugin: Option<&str>) -> StoreResult<Vec<PluginLogRow>> {
        let rows = self.rows(
            "SELECT log_id, plugin, plugin_digest, day, body FROM plugin_log
             WHERE practice_id = ?1 AND (?2 IS NULL OR plugin = ?2) ORDER BY log_id",
            (self.practice_id(), plugin),
            |row| {
                let body: Vec<u8> = row.get(4)?;
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, body))
            },
        )?;
        rows.into_iter()
            .map(|(log_id, plugin, plugin_digest, day, body)| {
                let entries = self.unseal_json("plugin_log", log_id, &body)?;
                Ok(PluginLogRow { log_id, plugin, plugin_digest, day, entries })
            })
            .collect()
    }
}
