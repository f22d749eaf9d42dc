//! Which rule tables are active, in the host's own history: who activated them, which were taken away, and when. The folder of tables
//! can go with all that lies in it; this history cannot, so it says what went.

use super::HostError;
use super::host::Host;
use crate::rules::{Activation, FILE_CHANGED, TableError, Tables};
use crate::store::{PracticeStore, StoreResult, Tx};

/// Subject of history entries about rule tables.
const TABLE: &str = "rule-table";

/// The number of a table in the history: of its id, which is a text.
fn table_number(id: &str) -> u64 {
    let digest = crate::rules::digest(id);
    digest.get(..15).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or_default()
}

/// What an entry's words begin with; then comes the id.
const WORDS: &str = "rule table";

/// Ids of the tables that were active when the history of the host was last written.
fn active_before(tx: &Tx<'_>) -> StoreResult<Vec<String>> {
    // An entry without a digest tells that its table is no longer active.
    let active = tx.latest_of(TABLE)?.into_iter().filter(|last| !last.plugin_digest.is_empty());
    let id = |words: &str| words.strip_prefix(WORDS)?.trim_start().split(' ').next().map(str::to_owned);
    Ok(active.filter_map(|last| id(&last.event)).collect())
}

/// What is wrong with a folder of tables that went, with all that were active, while no host ran: none of their claims may leave
/// unseen.
///
/// # Errors
/// The store's.
pub(crate) fn lost_tables(clearing: &PracticeStore, tables: &Tables) -> StoreResult<Option<TableError>> {
    Ok(tables.lost(&clearing.read(active_before)?))
}

impl Host {
    /// Writes down which rule tables are active, who activated them, which no longer are, and when, where that has moved: in the
    /// host's own history.
    pub(super) fn note_tables(&self) -> Result<(), HostError> {
        let activations = self.tables().activations().map_err(HostError::io(self.tables().folder()))?;
        let tables = self.tables().active();
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
                let event = format!("{WORDS} {} version {} active", header.id, header.version);
                tx.record(TABLE, table_number(&header.id), today, by, &event, &table.digest)?;
            }
            let is_active = |id: &str| tables.iter().any(|table| table.header().id == id);
            for id in active_before(tx)?.iter().filter(|id| !is_active(id)) {
                tx.record(TABLE, table_number(id), today, "host", &format!("{WORDS} {id} no longer active"), "")?;
            }
            Ok(())
        })?)
    }
}
