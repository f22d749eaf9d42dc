//! Reading for people and metrics: a store opened to read beside a running `serve`, and the sums that a screen or a
//! `/metrics` page shows. Nothing here writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::{Inner, MasterKey, PracticeStore, Store, StoreError, StoreResult, Tx, schema_of};

/// How long a reader waits for a writer's checkpoint.
const BUSY: Duration = Duration::from_secs(5);

/// Address space for the main file of the store; less where the file is smaller.
const MAPPED_BYTES: i64 = 1 << 30;

/// A connection that only reads. It sees what was committed when its transaction began.
pub(super) fn read_connection(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // Another connection's commit empties a reader's cache: what is in the main file is then mapped, not copied.
    connection.pragma_update(None, "mmap_size", MAPPED_BYTES)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

impl Store {
    /// Opens an existing store to read. Takes no lock, so that it works beside the process that writes.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Io`] where there is no store yet.
    pub fn open_reader(path: &Path, master: MasterKey) -> StoreResult<Self> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        let lock = std::fs::File::open(path.with_extension("lock")).map_err(io)?;
        let connection = read_connection(path)?;
        schema_of(&connection, path)?;
        let inner = Inner {
            connection: Mutex::new(connection),
            moves: None,
            master,
            practices: Mutex::default(),
            path: path.to_owned(),
            _lock: lock,
        };
        Ok(Self { inner: std::sync::Arc::new(inner) })
    }

    /// The ids of every tenant that the store has a key of, the host's own among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tenant_ids(&self) -> StoreResult<Vec<String>> {
        let connection = self.inner.connection.lock();
        let mut statement = connection.prepare("SELECT practice_id FROM practice ORDER BY practice_id")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()?)
    }

    /// The handle of a practice that the store knows already; never makes one.
    ///
    /// # Errors
    /// [`StoreError`]: the key does not open it.
    pub fn known_practice(&self, id: &str) -> StoreResult<Option<PracticeStore>> {
        let count: i64 = {
            let connection = self.inner.connection.lock();
            connection.query_row("SELECT COUNT(*) FROM practice WHERE practice_id = ?1", [id], |row| row.get(0))?
        };
        if count == 0 { Ok(None) } else { self.practice(id).map(Some) }
    }
}

/// An amount that a payer denied, by claim, payer and reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeniedRow {
    /// Lineage.
    pub claim_id: u64,
    /// The payer that denied it.
    pub payer_id: String,
    /// CAS01.
    pub group_code: String,
    /// CARC number.
    pub reason: String,
    /// Cents.
    pub amount_cents: i64,
    /// Day number that its work is due; none once the work is closed.
    pub due_day: Option<i64>,
}

impl Tx<'_> {
    /// Lineages by state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_counts(&self) -> StoreResult<Vec<(String, u64)>> {
        self.counts("claim", "state")
    }

    /// The sums of `lifecycle::summary::cents` over all lineages, by the database: `billed`, `held`, and each account of the
    /// ledger. The patient's share counts once no claim to a later payer waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cents_by_account(&self) -> StoreResult<BTreeMap<String, i64>> {
        const COUNTED: &str = "p.account IN ('cash', 'contractual', 'denied') OR (p.account = 'patient-receivable' AND NOT EXISTS \
             (SELECT 1 FROM claim_version v WHERE v.practice_id = p.practice_id AND v.claim_id = p.claim_id \
             AND v.kind IN ('secondary', 'tertiary') AND v.state IN ('ready', 'submitted', 'accepted')))";
        let practice = self.practice_id();
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let sql = format!(
            "SELECT p.account, SUM(p.amount_cents) FROM posting p
             WHERE p.practice_id = ?1 AND p.claim_id IS NOT NULL AND ({COUNTED}) GROUP BY p.account"
        );
        let mut cents: BTreeMap<String, i64> = self.rows(&sql, [practice], pair)?.into_iter().collect();
        let billed: Option<i64> =
            self.row("SELECT COALESCE(SUM(billed_cents), 0) FROM claim WHERE practice_id = ?1", [practice], |row| {
                row.get(0)
            })?;
        let sql = format!(
            "SELECT COALESCE(SUM(c.billed_cents - COALESCE((SELECT SUM(p.amount_cents) FROM posting p
             WHERE p.practice_id = c.practice_id AND p.claim_id = c.claim_id AND ({COUNTED})), 0)), 0)
             FROM claim c WHERE c.practice_id = ?1 AND c.state = 'held'"
        );
        let held: Option<i64> = self.row(&sql, [practice], |row| row.get(0))?;
        cents.insert("billed".to_owned(), billed.unwrap_or(0));
        cents.insert("held".to_owned(), held.unwrap_or(0));
        Ok(cents)
    }

    /// What payers denied and nothing has taken back since, the most money first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn denied(&self) -> StoreResult<Vec<DeniedRow>> {
        self.rows(
            "SELECT p.claim_id, p.payer_id, p.group_code, p.reason, SUM(p.amount_cents) AS amount,
             (SELECT MIN(w.due_day) FROM work_item w WHERE w.practice_id = p.practice_id AND w.subject_kind = 'claim'
              AND w.subject_id = p.claim_id AND w.kind = 'claim.denied' AND w.closed_day IS NULL)
             FROM posting p WHERE p.practice_id = ?1 AND p.account = 'denied' AND p.claim_id IS NOT NULL
             GROUP BY p.claim_id, p.payer_id, p.group_code, p.reason HAVING amount <> 0 ORDER BY amount DESC, p.claim_id",
            [self.practice_id()],
            |row| {
                Ok(DeniedRow {
                    claim_id: row.get(0)?,
                    payer_id: row.get(1)?,
                    group_code: row.get(2)?,
                    reason: row.get(3)?,
                    amount_cents: row.get(4)?,
                    due_day: row.get(5)?,
                })
            },
        )
    }

    /// Groups and reasons that a lineage stands denied under.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn denied_of(&self, claim_id: u64) -> StoreResult<Vec<(String, String)>> {
        self.rows(
            "SELECT group_code, reason FROM posting WHERE practice_id = ?1 AND claim_id = ?2 AND account = 'denied'
             GROUP BY group_code, reason HAVING SUM(amount_cents) <> 0 ORDER BY SUM(amount_cents) DESC",
            (self.practice_id(), claim_id),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The visits with this number in the EHR: by look-up under the source systems of some visits, the oldest and the newest;
    /// `anywhere`: by reading all, for a number that is under none of those.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn visits_numbered(&self, number: &str, anywhere: bool) -> StoreResult<Vec<u64>> {
        const SAMPLE: u64 = 100;
        let highest = self.highest("visit", "visit_id")?;
        let mut found = Vec::new();
        if anywhere {
            for from in (0..=highest).step_by(1_000) {
                for visit in self.visits_between(from, from + 999)? {
                    if self.events(visit.visit_id)?.iter().any(|event| event.update.visit_number == number) {
                        found.push(visit.visit_id);
                    }
                }
            }
            return Ok(found);
        }
        let mut systems: Vec<String> = Vec::new();
        let newest = self.visits_between(highest.saturating_sub(SAMPLE).max(SAMPLE), highest)?;
        for visit in self.visits_between(0, SAMPLE - 1)?.into_iter().chain(newest) {
            for event in self.events(visit.visit_id)? {
                if !systems.contains(&event.update.source_system) {
                    systems.push(event.update.source_system);
                }
            }
        }
        for system in systems {
            found.extend(self.find_visit(&[system], number)?);
        }
        found.dedup();
        Ok(found)
    }

    /// Remittances with this number of their check or transfer (TRN02).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittances_traced(&self, trace_number: &str) -> StoreResult<Vec<u64>> {
        let mut found = Vec::new();
        for row in self.remittances()? {
            if self.remittance_names(row.remittance_id)?.trace_number == trace_number {
                found.push(row.remittance_id);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::remittance::PostingRow;

    const DAY: i64 = 20_000;

    fn key() -> MasterKey {
        MasterKey::from_hex(&"ab".repeat(32)).unwrap()
    }

    fn posting(account: &str, amount_cents: i64, reason: &str) -> PostingRow {
        PostingRow {
            remittance_id: Some(1),
            claim: Some((1, 1)),
            line: 1,
            payer_id: "90001".into(),
            account: account.into(),
            amount_cents,
            group_code: "CO".into(),
            reason: reason.into(),
        }
    }

    #[test]
    fn a_reader_sees_what_the_writer_committed_and_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claimhost.db");
        assert!(matches!(Store::open_reader(&path, key()), Err(StoreError::Io { .. })));
        let writer = Store::open(&path, key()).unwrap();
        let practice = writer.practice("elm").unwrap();
        let reader = Store::open_reader(&path, key()).unwrap();
        let seen = reader.known_practice("elm").unwrap().unwrap();
        assert!(reader.known_practice("oak").unwrap().is_none());
        let visit = |number: &str| crate::claim::VisitUpdate {
            visit_number: number.to_owned(),
            ..crate::visit::samples::update(1)
        };
        practice.write(|tx| tx.visit_of(&visit("V1"), DAY, "")).unwrap();
        assert_eq!(seen.read(|tx| tx.visits()).unwrap().len(), 1);
        assert!(seen.write(|tx| tx.visit_of(&visit("V2"), DAY, "")).is_err());
    }

    #[test]
    fn denied_amounts_net_out_what_was_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("claimhost.db"), key()).unwrap();
        let practice = store.practice("elm").unwrap();
        let rows: Vec<DeniedRow> = practice
            .write(|tx| {
                let postings =
                    [posting("denied", 900, "50"), posting("denied", 700, "16"), posting("denied", -700, "16")];
                tx.post(&postings, DAY)?;
                tx.open_work("claim.denied", ("claim", 1), DAY, 900, "")?;
                tx.denied()
            })
            .unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].reason.as_str(), rows[0].amount_cents, rows[0].due_day), ("50", 900, Some(DAY + 14)));
        let cents = practice.read(|tx| tx.cents_by_account()).unwrap();
        assert_eq!((cents["denied"], cents["billed"], cents["held"]), (900, 0, 0));
    }
}
