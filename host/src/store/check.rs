//! Going over what is stored, for `crate::verify`: snapshots that several threads read as one, every row of a table with its
//! sealed values opened, and lists of what may be missing. Nothing here writes.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use super::claim::{ClaimKey, version_row_id};
use super::document::DocumentStatus;
use super::file::{FileRow, chunk_row, content_mac, file_row};
use super::remittance::{REMITTANCE, RemittanceRow, clp_row, remittance_row};
use super::seal::SealError;
use super::submission::{SUBMISSION, SubmissionRow, submission_row};
use super::sums::{self, Table, TableSum};
use super::visit::{VISIT, VisitRow, visit_row};
use super::{PracticeStore, Store, StoreResult, Tx, history, query};

/// One moment of the store, on a connection of its own.
pub struct Snapshot {
    connection: Connection,
    heads: history::Heads,
}

/// How often readers look for a moment that all of them see.
const ATTEMPTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(3);

impl Store {
    /// So many readers of one moment, for as many threads. Beside a host that commits all the time it may be one alone.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn snapshots(&self, count: usize) -> StoreResult<Vec<Snapshot>> {
        for _ in 0..ATTEMPTS {
            let mut snapshots = Vec::with_capacity(count.max(1));
            let mut moment: Option<Vec<(String, Vec<u8>)>> = None;
            for _ in 0..count.max(1) {
                let connection = query::read_connection(&self.inner.path)?;
                connection.execute_batch("BEGIN")?;
                let seen = heads(&connection)?;
                if *moment.get_or_insert_with(|| seen.clone()) == seen {
                    snapshots.push(Snapshot { connection, heads: history::Heads::default() });
                }
            }
            if snapshots.len() == count.max(1) {
                return Ok(snapshots);
            }
            std::thread::sleep(PAUSE);
        }
        self.snapshots(1)
    }
}

fn heads(connection: &Connection) -> StoreResult<Vec<(String, Vec<u8>)>> {
    let mut statement = connection.prepare("SELECT practice_id, head_mac FROM history_head ORDER BY practice_id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
}

impl Snapshot {
    /// This moment, seen as one tenant.
    pub fn tx<'a>(&'a self, practice: &'a PracticeStore) -> Tx<'a> {
        Tx { connection: &self.connection, practice: &practice.practice, heads: &self.heads, moves: None }
    }

    /// What SQLite finds wrong with the file itself, each in its words; they name tables and indexes.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn file_problems(&self) -> StoreResult<Vec<String>> {
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(rows.into_iter().filter(|row| row != "ok").collect())
    }

    /// Rows that no tenant with a key has, by tenant and table: their key is gone, or somebody wrote them from outside. Nothing of
    /// theirs can be read, and no query of a practice meets them.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn rows_without_key(&self) -> StoreResult<Vec<(String, String)>> {
        let mut found = Vec::new();
        for table in super::sizes::table_names(&self.connection)? {
            // From one id to the next by the key, whatever lies between them.
            let mut statement = self.connection.prepare(&format!(
                "WITH RECURSIVE tenant (id) AS (
                   SELECT MIN(practice_id) FROM \"{table}\" UNION ALL
                   SELECT (SELECT MIN(practice_id) FROM \"{table}\" WHERE practice_id > id) FROM tenant WHERE id IS NOT NULL)
                 SELECT id FROM tenant WHERE id IS NOT NULL AND id NOT IN (SELECT practice_id FROM practice)"
            ))?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
            found.extend(ids.into_iter().map(|id| (id, table.clone())));
        }
        found.sort();
        Ok(found)
    }
}

/// The context that a sealed column is sealed in: its name, and the number of its row. None for a column that nobody has told
/// of here (a test of `crate::verify` goes over the schema).
fn context(table: &str, column: &str, id: impl Fn(&str) -> Option<u64>) -> Option<(&'static str, u64)> {
    Some(match (table, column) {
        ("file", "name") => ("file", id("file_id")?),
        ("file", "archive_name") => ("file.archive_name", id("file_id")?),
        ("file_chunk", "body") => ("file_chunk", chunk_row(id("file_id")?, id("chunk")?)),
        ("pull_cursor", "body") => ("pull_cursor", id("pull_id")?),
        ("document", "body") => ("document", id("document_id")?),
        ("acceptance", "body") => ("acceptance", id("visit_id")?),
        ("source_system", "name") => ("source_system", id("system_id")?),
        ("visit_event", "body") => ("visit_event", id("visit_id")?),
        ("expected_visit", "body") => ("expected_visit", id("expected_id")?),
        ("expected_event", "body") => ("expected_event", id("expected_id")?),
        ("known_person", "body") => ("known_person", id("person_id")?),
        ("claim_body", "body") => ("claim_body", version_row_id(id("claim_id")?, u32::try_from(id("version")?).ok()?)),
        ("finding", "body") => ("finding", version_row_id(id("claim_id")?, u32::try_from(id("version")?).ok()?)),
        ("submission", "body") => ("submission", id("submission_id")?),
        ("fact", "body") => ("fact", id("claim_id")?),
        ("inquiry", "body") => ("inquiry", id("inquiry_id")?),
        ("inquiry_fact", "body") => ("inquiry_fact", id("inquiry_id")?),
        ("remittance", "body") => ("remittance", id("remittance_id")?),
        ("remittance_claim", "body") => {
            ("remittance_claim", clp_row(id("remittance_id")?, u32::try_from(id("ordinal")?).ok()?))
        }
        ("post", "body") => ("post", id("post_id")?),
        ("post_batch", "body") => ("post_batch", id("batch_id")?),
        ("work_item", "body") => ("work_item", id("work_id")?),
        ("practice_record", "body") => ("practice_record", id("record_id")?),
        ("plugin_log", "body") => ("plugin_log", id("log_id")?),
        _ => return None,
    })
}

/// The bytes of a file, put together again from its chunks.
struct Whole {
    file_id: u64,
    chunks: u64,
    size_bytes: u64,
    content: Sha256,
}

impl Tx<'_> {
    /// The tables of the schema that are summed.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn summed_tables(&self) -> StoreResult<Vec<Table>> {
        sums::tables(self.connection)
    }

    /// Reads every row of a table: sums them, opens every sealed value, and computes anew the look-up value of a fact and the
    /// content of a file. `tell` is told of each row that differs: ids that claimhost minted, and what.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn recount_table(&self, table: &Table, mut tell: impl FnMut(String, &'static str)) -> StoreResult<TableSum> {
        let columns: Vec<String> = table.columns.iter().map(|(column, _)| format!("\"{column}\"")).collect();
        let order = if table.name == "file_chunk" { " ORDER BY file_id, chunk" } else { "" };
        let sql = format!("SELECT {} FROM \"{}\" WHERE practice_id = ?1{order}", columns.join(", "), table.name);
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([self.practice_id()])?;
        let (mut total, mut buffer, mut whole) = (TableSum::default(), Vec::new(), None);
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(table.columns.len());
            for at in 0..table.columns.len() {
                values.push(row.get_ref(at)?);
            }
            total.insert(sums::row_sum(&self.practice.keys, table, values.iter().copied(), &mut buffer));
            self.open_row(table, &values, &mut whole, &mut tell)?;
        }
        if let Some(whole) = whole {
            self.check_whole(whole, &mut tell)?;
        }
        Ok(total)
    }

    fn open_row(
        &self,
        table: &Table,
        values: &[ValueRef<'_>],
        whole: &mut Option<Whole>,
        tell: &mut impl FnMut(String, &'static str),
    ) -> StoreResult<()> {
        let value = |name: &str| {
            let at = table.columns.iter().position(|(column, _)| column == name)?;
            values.get(at).copied()
        };
        let id = |name: &str| match value(name) {
            Some(ValueRef::Integer(number)) => u64::try_from(number).ok(),
            _ => None,
        };
        for ((column, _), sealed) in table.columns.iter().zip(values).filter(|((_, sealed), _)| *sealed) {
            let ValueRef::Blob(sealed) = sealed else { continue };
            // Of an expected visit that nobody has settled yet.
            if sealed.is_empty() && table.name == "expected_visit" {
                continue;
            }
            let Some((name, row)) = context(&table.name, column, id) else {
                tell(label(table, values), "a sealed value that no check knows how to open");
                continue;
            };
            let opened = match self.practice.keys.unseal(name, row, sealed) {
                Ok(opened) => opened,
                Err(SealError::Broken { .. }) => {
                    tell(label(table, values), "a sealed value does not open");
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            match table.name.as_str() {
                "fact" | "inquiry_fact" => {
                    let mac = self.lookup(name, &[&opened]);
                    if !matches!(value("fact_mac"), Some(ValueRef::Blob(kept)) if kept == mac) {
                        tell(label(table, values), "its look-up value is another one");
                    }
                }
                "file_chunk" => {
                    let (file_id, chunk) = (id("file_id").unwrap_or(0), id("chunk").unwrap_or(0));
                    if whole.as_ref().is_none_or(|whole| whole.file_id != file_id) {
                        let begun = Whole { file_id, chunks: 0, size_bytes: 0, content: Sha256::new() };
                        if let Some(ended) = whole.replace(begun) {
                            self.check_whole(ended, tell)?;
                        }
                    }
                    if let Some(whole) = whole {
                        if whole.chunks != chunk {
                            tell(label(table, values), "a chunk before it is missing");
                        }
                        whole.chunks = chunk + 1;
                        whole.size_bytes += u64::try_from(opened.len()).unwrap_or(0);
                        whole.content.update(&opened);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_whole(&self, whole: Whole, tell: &mut impl FnMut(String, &'static str)) -> StoreResult<()> {
        let kept: Option<(u64, Vec<u8>)> = self.row(
            "SELECT size_bytes, content_mac FROM file WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), whole.file_id),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let content: [u8; 32] = whole.content.finalize().into();
        let row = format!("file_id {}", whole.file_id);
        match kept {
            None => tell(row, "chunks of a file that is not there"),
            Some((size, _)) if size != whole.size_bytes => tell(row, "its chunks do not come to its bytes"),
            Some((_, mac)) if mac != content_mac(self, &content) => tell(row, "its content is another one"),
            Some(_) => {}
        }
        Ok(())
    }

    /// The highest id of a table.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn highest(&self, table: &'static str, column: &'static str) -> StoreResult<u64> {
        self.highest_id(table, column)
    }

    /// Visits with ids in a range, both ends included.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visits_between(&self, from: u64, to: u64) -> StoreResult<Vec<VisitRow>> {
        let sql = format!("{VISIT} AND visit_id BETWEEN ?2 AND ?3 ORDER BY visit_id");
        self.rows(&sql, (self.practice_id(), from, to), visit_row)
    }

    /// Whether a visit has news that no assembly has seen.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visit_is_changed(&self, visit_id: u64) -> StoreResult<bool> {
        let sql = "SELECT changed FROM visit WHERE practice_id = ?1 AND visit_id = ?2";
        Ok(self.row(sql, (self.practice_id(), visit_id), |row| row.get(0))?.unwrap_or(false))
    }

    /// Files with ids in a range, both ends included, each with its state.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn files_between(&self, from: u64, to: u64) -> StoreResult<Vec<(FileRow, String)>> {
        let sql = "SELECT file_id, channel, received_day, size_bytes, pieces_done, pieces_digest, state FROM file
                   WHERE practice_id = ?1 AND file_id BETWEEN ?2 AND ?3 ORDER BY file_id";
        self.rows(sql, (self.practice_id(), from, to), |row| Ok((file_row(row)?, row.get(6)?)))
    }

    /// Remittances with ids in a range, both ends included.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn remittances_between(&self, from: u64, to: u64) -> StoreResult<Vec<RemittanceRow>> {
        let sql = format!("{REMITTANCE} AND remittance_id BETWEEN ?2 AND ?3 ORDER BY remittance_id");
        self.rows(&sql, (self.practice_id(), from, to), remittance_row)
    }

    /// 837s with ids in a range, both ends included.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn submissions_between(&self, from: u64, to: u64) -> StoreResult<Vec<SubmissionRow>> {
        let sql = format!("{SUBMISSION} AND submission_id BETWEEN ?2 AND ?3 ORDER BY submission_id");
        self.rows(&sql, (self.practice_id(), from, to), submission_row)
    }

    /// Whether a version has this other name.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn is_named(&self, kind: ClaimKey, parts: &[&[u8]], claim_id: u64, version: u32) -> StoreResult<bool> {
        let found: Option<i64> = self.row(
            "SELECT 1 FROM claim_key WHERE practice_id = ?1 AND kind = ?2 AND key_mac = ?3 AND claim_id = ?4 AND version = ?5",
            (self.practice_id(), kind.as_str(), self.lookup(kind.as_str(), parts), claim_id, version),
            |row| row.get(0),
        )?;
        Ok(found.is_some())
    }

    /// Look-up values of a visit's events, sorted.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn event_macs(&self, visit_id: u64) -> StoreResult<Vec<Vec<u8>>> {
        self.rows(
            "SELECT event_mac FROM visit_event WHERE practice_id = ?1 AND visit_id = ?2 ORDER BY event_mac",
            (self.practice_id(), visit_id),
            |row| row.get(0),
        )
    }

    /// Lineages whose visit is not there.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn claims_without_visit(&self) -> StoreResult<Vec<u64>> {
        self.ids(
            "SELECT claim_id FROM claim c WHERE practice_id = ?1 AND NOT EXISTS
             (SELECT 1 FROM visit v WHERE v.practice_id = c.practice_id AND v.visit_id = c.visit_id)",
        )
    }

    /// Lineages that something belongs to (versions, facts, postings, findings) and that are not there. Dropped ones have none.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn claims_missing(&self) -> StoreResult<Vec<u64>> {
        let of = |table: &str| {
            format!(
                "SELECT DISTINCT claim_id FROM {table} t WHERE practice_id = ?1 AND claim_id IS NOT NULL AND NOT EXISTS
                 (SELECT 1 FROM claim c WHERE c.practice_id = t.practice_id AND c.claim_id = t.claim_id)"
            )
        };
        let tables =
            ["claim_version", "claim_body", "fact", "finding", "submission_claim", "posting", "remittance_claim"];
        self.ids(&tables.map(of).join(" UNION "))
    }

    /// Documents that became something: visit events, expected visits, remittances. In no order, each once or more.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn each_source_document(&self, mut take: impl FnMut(u64)) -> StoreResult<()> {
        for table in ["visit_event", "expected_event", "remittance"] {
            let mut statement =
                self.connection.prepare(&format!("SELECT document_id FROM {table} WHERE practice_id = ?1"))?;
            let mut rows = statement.query([self.practice_id()])?;
            while let Some(row) = rows.next()? {
                take(row.get(0)?);
            }
        }
        Ok(())
    }

    /// The ids of documents with a status.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn each_document(&self, status: DocumentStatus, mut take: impl FnMut(u64)) -> StoreResult<()> {
        let sql = "SELECT document_id FROM document WHERE practice_id = ?1 AND status = ?2";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query((self.practice_id(), status.as_str()))?;
        while let Some(row) = rows.next()? {
            take(row.get(0)?);
        }
        Ok(())
    }

    /// Expected visits that wait to be settled on a day.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_unsettled(&self, today: i64) -> StoreResult<Vec<u64>> {
        self.expected_to_settle(today, 0, usize::MAX)
    }

    /// Gaps in the capture of charges that nobody is asked to close.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn gaps_without_work(&self) -> StoreResult<Vec<u64>> {
        self.ids(
            "SELECT expected_id FROM expected_visit e WHERE practice_id = ?1 AND state = 'gap' AND NOT EXISTS
             (SELECT 1 FROM work_item w WHERE w.practice_id = e.practice_id AND w.subject_kind = 'expected-visit'
              AND w.subject_id = e.expected_id AND w.closed_day IS NULL)",
        )
    }

    /// What all entries of the ledger come to, and those that belong to neither a remittance nor a claim.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn ledger_sums(&self) -> StoreResult<(i64, u64)> {
        let sums = self.row(
            "SELECT COALESCE(SUM(amount_cents), 0), COUNT(*) FILTER (WHERE remittance_id IS NULL AND claim_id IS NULL)
             FROM posting WHERE practice_id = ?1",
            [self.practice_id()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(sums.unwrap_or_default())
    }

    /// Number of the last history entry and its mac, as the head keeps them; 0 and nothing where there is none.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn history_end(&self) -> StoreResult<(u64, Vec<u8>)> {
        let sql = "SELECT seq, mac FROM history_head WHERE practice_id = ?1";
        Ok(self.row(sql, [self.practice_id()], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default())
    }

    /// The mac of a history entry.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn history_mac(&self, seq: u64) -> StoreResult<Option<Vec<u8>>> {
        let sql = "SELECT mac FROM history WHERE practice_id = ?1 AND seq = ?2";
        self.row(sql, (self.practice_id(), seq), |row| row.get(0))
    }

    fn ids(&self, sql: &str) -> StoreResult<Vec<u64>> {
        self.rows(sql, [self.practice_id()], |row| row.get(0))
    }
}

/// The ids that name a row: columns of its key that claimhost minted.
fn label(table: &Table, values: &[ValueRef<'_>]) -> String {
    let named = table.columns.iter().zip(values).skip(1).filter_map(|((column, _), value)| match value {
        ValueRef::Integer(number) if column.ends_with("_id") || KEYS.contains(&column.as_str()) => {
            Some(format!("{column} {number}"))
        }
        _ => None,
    });
    named.take(3).collect::<Vec<_>>().join(", ")
}

/// Numbers beside ids that name a row.
const KEYS: [&str; 4] = ["version", "ordinal", "chunk", "seq"];

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
