//! Which rule tables are active, in the host's own history: who activated them, which were taken away, and when.

use std::collections::BTreeSet;

use super::HostError;
use super::host::Host;
use crate::rules::{Activation, FILE_CHANGED};
use crate::store::StoreResult;

/// Subject of history entries about rule tables.
const TABLE: &str = "rule-table";

/// The number of a table in the history: of its id, which is a text.
fn table_number(id: &str) -> u64 {
    let digest = crate::rules::digest(id);
    digest.get(..15).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default()
}

impl Host {
    /// Writes down which rule tables are active, who activated them, which no longer are, and when, where that has moved: in the
    /// host's own history.
    pub(super) fn note_tables(&self) -> Result<(), HostError> {
        let activations = self.tables().activations().map_err(HostError::io(self.tables().folder()))?;
        let tables = self.tables().active();
        if tables.is_empty() && activations.is_empty() {
            return Ok(());
        }
        let today = self.today();
        Ok(self.clearing.write(|tx| -> StoreResult<()> {
            for table in tables.iter() {
                let header = table.header();
                let last = tx.history(TABLE, table_number(&header.id))?.pop();
                if last.is_some_and(|last| last.plugin_digest == table.digest) {
                    continue;
                }
                let activated =
                    |known: &&Activation| !known.removed && known.id == header.id && known.digest == table.digest;
                let known = activations.iter().rev().find(activated);
                // The name stays in the folder's own list: the history is in the clear.
                let by = if known.is_some_and(|known| known.by != FILE_CHANGED) { "operator" } else { "host" };
                let event = format!("rule table {} version {} active", header.id, header.version);
                tx.record(TABLE, table_number(&header.id), today, by, &event, &table.digest)?;
            }
            let is_active = |id: &str| tables.iter().any(|table| table.header().id == id);
            let gone: BTreeSet<&str> = activations.iter().map(|known| known.id.as_str()).collect();
            for id in gone.into_iter().filter(|id| !is_active(id)) {
                // A table without an entry was never active for this store; one without a digest is told already.
                let last = tx.history(TABLE, table_number(id))?.pop();
                if last.is_some_and(|last| !last.plugin_digest.is_empty()) {
                    let event = format!("rule table {id} no longer active");
                    tx.record(TABLE, table_number(id), today, "host", &event, "")?;
                }
            }
            Ok(())
        })?)
    }
}
