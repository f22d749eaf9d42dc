//! The append-only history: who or what moved a claim or visit, when, with which plugin digest.
//!
//! One chain per practice. Each row's mac covers the row and the mac before it; the head is kept apart, so that a row that
//! is changed, swapped, removed or cut off at the end is found by [`Tx::verify_history`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::seal::{PracticeKeys, SealError};
use super::sums::{self, Moves};
use super::{StoreResult, Tx};

/// What a transaction has moved and writes once, before its commit, whatever the number of entries.
#[derive(Default)]
pub(super) struct Heads {
    /// The ends of chains, by practice.
    ends: RefCell<HashMap<String, Head>>,
    /// What was posted, by practice, account and day.
    pub(super) posted: RefCell<Posted>,
    /// The last id that was minted, by kind and practice.
    pub(super) minted: RefCell<LastIds>,
    /// The last id that was given of a table, by table and practice: nothing of it is written.
    pub(super) given: RefCell<LastIds>,
    /// The day on which files came that it stores.
    pub(super) day: Cell<Option<i64>>,
}

/// Tables whose rows come and go without an entry: at every poll, or for some days; of them nothing is lost that does not come again by
/// itself.
const QUIET: [&str; 5] = ["plugin_log", "pull_cursor", "pull_seen", "sequence", "upload_key"];
/// Tables of which a row that changes is told too: a document has another end, a file has left. Of others a change is what was derived, or
/// a mark that something was looked at again.
const CHANGES: [&str; 4] = ["document", "post", "post_batch", "submission"];
/// Subject of an entry that a commit writes by itself.
const COMMIT: &str = "commit";

/// Ids by kind or table, then by practice.
pub(super) type LastIds = HashMap<&'static str, HashMap<String, u64>>;

/// Cents by practice, then by account and day.
pub(super) type Posted = HashMap<String, HashMap<(String, i64), i64>>;

/// The end of one chain: sequence number and mac of its last entry; 0 and nothing before the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    seq: u64,
    mac: Vec<u8>,
}

/// Writes what was posted on each day, the ids that were minted, and the heads that moved: the end of the chain, and what the rows of
/// each table come to. A commit by which something came, went or left, and that has no entry, gets one: a store that was put back by a
/// single commit (files that were acknowledged and that nobody has read yet) then has another chain than the head that was kept. Call
/// before the commit.
pub(super) fn write_heads(connection: &Connection, heads: &Heads, moves: &Moves) -> StoreResult<()> {
    super::figures::write_posted(connection, heads.posted.take())?;
    for (kind, practices) in heads.minted.take() {
        for (practice, last) in practices {
            let sql = "INSERT INTO sequence (practice_id, kind, last) VALUES (?1, ?2, ?3)
                       ON CONFLICT (practice_id, kind) DO UPDATE SET last = excluded.last";
            connection.prepare_cached(sql)?.execute((practice, kind, last))?;
        }
    }
    let mut moved = moves.take();
    let (day, mut heads) = (heads.day.get(), heads.ends.borrow_mut());
    for (practice, sums) in &moved {
        if heads.contains_key(practice) {
            continue;
        }
        let mut head = head_of(connection, practice)?.unwrap_or_default();
        let is_loud = |table: &str, rows: i64| {
            if rows == 0 { CHANGES.contains(&table) } else { !QUIET.contains(&table) }
        };
        let loud = sums.iter().filter(|(table, sum)| is_loud(table, sum.rows));
        let moves_of: Vec<String> = loud.map(|(table, sum)| format!("{table} {:+}", sum.rows)).collect();
        if let (Some(keys), false) = (moves.keys(practice), moves_of.is_empty()) {
            let day = day.map_or_else(|| last_day(connection, practice, &head), Ok)?;
            let entry = HistoryRow::of_host(&head, (COMMIT, 0), day, &moves_of.join(", "));
            head = append(connection, practice, &keys, &head, &entry)?;
        }
        heads.insert(practice.clone(), head);
    }
    for (practice, Head { seq, mac }) in heads.iter() {
        let Some(keys) = moves.keys(practice) else { continue };
        let before: Option<Vec<u8>> = connection
            .prepare_cached("SELECT tables FROM history_head WHERE practice_id = ?1")?
            .query_row([practice], |row| row.get(0))
            .optional()?;
        let broken = || SealError::Broken { table: HEAD, row: 0 };
        let mut sums = match &before {
            Some(sealed) => sums::from_bytes(&keys.unseal(HEAD, 0, sealed)?).ok_or_else(broken)?,
            None => sums::TableSums::new(),
        };
        sums::join(&mut sums, moved.remove(practice).unwrap_or_default());
        let tables = keys.seal(HEAD, 0, &sums::to_bytes(&sums));
        let head_mac = head_mac(&keys, *seq, mac, &tables);
        connection
            .prepare_cached(
                "INSERT INTO history_head (practice_id, seq, mac, tables, head_mac) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (practice_id) DO UPDATE SET seq = excluded.seq, mac = excluded.mac, tables = excluded.tables,
                 head_mac = excluded.head_mac",
            )?
            .execute((practice, seq, mac, tables, head_mac))?;
    }
    Ok(())
}

/// Context of what is sealed in the head.
const HEAD: &str = "history_head";

fn head_of(connection: &Connection, practice: &str) -> StoreResult<Option<Head>> {
    let mut statement = connection.prepare_cached("SELECT seq, mac FROM history_head WHERE practice_id = ?1")?;
    Ok(statement.query_row([practice], |row| Ok(Head { seq: row.get(0)?, mac: row.get(1)? })).optional()?)
}

/// The day of the last entry; of an empty chain that of the wall clock.
fn last_day(connection: &Connection, practice: &str, head: &Head) -> StoreResult<i64> {
    let mut statement = connection.prepare_cached("SELECT day FROM history WHERE practice_id = ?1 AND seq = ?2")?;
    let day = statement.query_row((practice, head.seq), |row| row.get(0)).optional()?;
    Ok(day.unwrap_or_else(|| now_ms().div_euclid(DAY_MS)))
}

/// Writes an entry behind the end of a chain, and gives the new end.
fn append(
    connection: &Connection,
    practice: &str,
    keys: &PracticeKeys,
    head: &Head,
    entry: &HistoryRow,
) -> StoreResult<Head> {
    let mac = link(keys, &head.mac, entry);
    let HistoryRow { seq, subject_kind, subject_id, day, at_ms, actor, event, plugin_digest } = entry;
    connection
        .prepare_cached(
            "INSERT INTO history (practice_id, seq, subject_kind, subject_id, day, at_ms, actor, event, plugin_digest, mac)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute((practice, seq, subject_kind, subject_id, day, at_ms, actor, event, plugin_digest, mac))?;
    Ok(Head { seq: *seq, mac: mac.to_vec() })
}

/// The mac of an entry: over the one before it and all that it says.
fn link(keys: &PracticeKeys, before: &[u8], entry: &HistoryRow) -> [u8; 32] {
    keys.chain(
        "history",
        &[
            before,
            &entry.seq.to_be_bytes(),
            entry.subject_kind.as_bytes(),
            &entry.subject_id.to_be_bytes(),
            &entry.day.to_be_bytes(),
            &entry.at_ms.to_be_bytes(),
            entry.actor.as_bytes(),
            entry.event.as_bytes(),
            entry.plugin_digest.as_bytes(),
        ],
    )
}

fn head_mac(keys: &PracticeKeys, seq: u64, mac: &[u8], tables: &[u8]) -> [u8; 32] {
    keys.chain(HEAD, &[&seq.to_be_bytes(), mac, tables])
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// Position in the practice's chain.
    pub seq: u64,
    /// `document`, `visit`, `claim`, `remittance`, ...; `commit`: what came, went or left with no entry of its own.
    pub subject_kind: String,
    /// Its id.
    pub subject_id: u64,
    /// Day (the clock that rules see), as a day number.
    pub day: i64,
    /// Wall clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Who or what: `host`, `plugin:<id>`, `operator`.
    pub actor: String,
    /// What happened, in ids and states only.
    pub event: String,
    /// Digest of the plugin that decided; of several, with spaces between.
    pub plugin_digest: String,
}

impl HistoryRow {
    /// The host's own entry behind the end of a chain, now.
    fn of_host(head: &Head, (kind, id): (&str, u64), day: i64, event: &str) -> Self {
        Self {
            seq: head.seq + 1,
            subject_kind: kind.to_owned(),
            subject_id: id,
            day,
            at_ms: now_ms(),
            actor: "host".to_owned(),
            event: event.to_owned(),
            plugin_digest: String::new(),
        }
    }
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("history of practice `{practice}` breaks at entry {seq}: {what}")]
pub struct BrokenChain {
    /// Practice id.
    pub practice: String,
    /// Entry.
    pub seq: u64,
    /// What is wrong.
    pub what: &'static str,
}

impl Tx<'_> {
    /// Appends one entry.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn record(&self, kind: &str, id: u64, day: i64, actor: &str, event: &str, digest: &str) -> StoreResult<()> {
        let practice = self.practice_id();
        let moved = self.heads.ends.borrow().get(practice).cloned();
        let head = match moved {
            Some(head) => head,
            None => head_of(self.connection, practice)?.unwrap_or_default(),
        };
        let entry = HistoryRow {
            actor: actor.to_owned(),
            plugin_digest: digest.to_owned(),
            ..HistoryRow::of_host(&head, (kind, id), day, event)
        };
        let head = append(self.connection, practice, &self.practice.keys, &head, &entry)?;
        self.heads.ends.borrow_mut().insert(practice.to_owned(), head);
        Ok(())
    }

    /// The history of one document, visit, claim or remittance, oldest first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn history(&self, kind: &str, id: u64) -> StoreResult<Vec<HistoryRow>> {
        self.rows(
            "SELECT seq, subject_kind, subject_id, day, at_ms, actor, event, plugin_digest, mac FROM history
             WHERE practice_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 ORDER BY seq",
            (self.practice_id(), kind, id),
            |row| history_row(row).map(|(entry, _)| entry),
        )
    }

    /// The last entry of each subject of a kind, in the order of the chain.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn latest_of(&self, kind: &str) -> StoreResult<Vec<HistoryRow>> {
        self.rows(
            "SELECT seq, subject_kind, subject_id, day, at_ms, actor, event, plugin_digest, mac FROM history
             WHERE practice_id = ?1 AND seq IN (SELECT MAX(seq) FROM history WHERE practice_id = ?1 AND subject_kind = ?2
             GROUP BY subject_id) ORDER BY seq",
            (self.practice_id(), kind),
            |row| history_row(row).map(|(entry, _)| entry),
        )
    }

    /// Walks the whole chain against its head.
    ///
    /// # Errors
    /// [`super::StoreError`]; a broken chain is the inner result.
    pub fn verify_history(&self) -> StoreResult<Result<u64, BrokenChain>> {
        let practice = self.practice_id();
        let broken = |seq, what| Ok(Err(BrokenChain { practice: practice.to_owned(), seq, what }));
        let head = self.row(
            "SELECT seq, mac, tables, head_mac FROM history_head WHERE practice_id = ?1",
            [practice],
            |row| {
                let seq: u64 = row.get(0)?;
                Ok((seq, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?, row.get::<_, Vec<u8>>(3)?))
            },
        )?;
        let (head_seq, last) = match head {
            Some((seq, mac, tables, kept)) => {
                if head_mac(&self.practice.keys, seq, &mac, &tables).as_slice() != kept.as_slice() {
                    return broken(seq, "the head was changed");
                }
                (seq, mac)
            }
            None => (0, Vec::new()),
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, subject_kind, subject_id, day, at_ms, actor, event, plugin_digest, mac FROM history
             WHERE practice_id = ?1 ORDER BY seq",
        )?;
        let mut rows = statement.query([practice])?;
        let mut before = Vec::new();
        let mut expected = 0;
        while let Some(row) = rows.next()? {
            let (entry, mac) = history_row(row)?;
            expected += 1;
            if entry.seq != expected {
                return broken(expected, "an entry is missing");
            }
            if link(&self.practice.keys, &before, &entry).as_slice() != mac.as_slice() {
                return broken(expected, "the entry or the one before it was changed");
            }
            before = mac;
        }
        if expected != head_seq || before != last {
            return broken(expected, "the end was cut off, or the head was changed");
        }
        Ok(Ok(head_seq))
    }
}

fn history_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(HistoryRow, Vec<u8>)> {
    let entry = HistoryRow {
        seq: row.get(0)?,
        subject_kind: row.get(1)?,
        subject_id: row.get(2)?,
        day: row.get(3)?,
        at_ms: row.get(4)?,
        actor: row.get(5)?,
        event: row.get(6)?,
        plugin_digest: row.get(7)?,
    };
    Ok((entry, row.get(8)?))
}

const DAY_MS: i64 = 86_400_000;

/// Wall clock for people; no rule, window or state reads it.
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use crate::store::document::{DocumentStatus, NewDocument};
    use crate::store::{MasterKey, Store, StoreError, Tx};

    /// A practice with five entries, changed from outside by `sql`, and what the chain says then.
    fn after(sql: &str) -> Option<u64> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let key = MasterKey::generate().unwrap();
        let practice = Store::open(&path, key).unwrap().practice("p").unwrap();
        practice
            .write(|tx| -> Result<(), StoreError> {
                (1..=5).try_for_each(|id| tx.record("claim", id, 20_000, "host", "held", ""))
            })
            .unwrap();
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        practice.read(|tx| tx.verify_history()).unwrap().err().map(|broken| broken.seq)
    }

    #[test]
    fn a_changed_swapped_removed_or_cut_off_entry_is_found() {
        assert_eq!(after(""), None);
        assert_eq!(after("UPDATE history SET event = 'posted' WHERE seq = 3"), Some(3));
        assert_eq!(after("DELETE FROM history WHERE seq = 2"), Some(2));
        assert_eq!(
            after("UPDATE history SET seq = 9 WHERE seq = 1; UPDATE history SET seq = 1 WHERE seq = 2"),
            Some(1)
        );
        assert_eq!(after("DELETE FROM history WHERE seq = 5"), Some(4));
        let forged = "DELETE FROM history WHERE seq = 5;
            UPDATE history_head SET seq = 4, mac = (SELECT mac FROM history WHERE seq = 4)";
        assert_eq!(after(forged), Some(4), "an older row's mac is no head");
    }
    #[test]
    fn a_commit_by_which_something_comes_or_leaves_moves_the_chain_once_and_polls_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db"), MasterKey::generate().unwrap()).unwrap();
        let practice = store.practice("p").unwrap();
        let end = || practice.read(|tx| tx.history_end()).unwrap().0;
        let last = || {
            let entry = practice.read(|tx| tx.history("commit", 0)).unwrap().pop().unwrap();
            (entry.event, entry.day)
        };
        let stored = |tx: &Tx<'_>, day: i64| tx.store_file("mllp:0", None, day, &mut &b"x"[..]);
        practice.write(|tx| (0..3).try_for_each(|_| stored(tx, 20_000).map(drop))).unwrap();
        assert_eq!((end(), last()), (1, ("file +3, file_chunk +3".to_owned(), 20_000)), "one entry for the group");
        let document = NewDocument {
            file_id: 1,
            ordinal: 0,
            ranges: &[(0, 1)],
            status: DocumentStatus::Ignored,
            reason: "no-documents",
            received_day: 20_000,
            plugin_digest: "",
            detail: &serde_json::Value::Null,
        };
        practice.write(|tx| tx.add_document(&document)).unwrap();
        assert_eq!((end(), last()), (2, ("document +1".to_owned(), 20_000)));
        let reject = |tx: &Tx<'_>| tx.set_document(1, DocumentStatus::Rejected, "x", "", &serde_json::Value::Null);
        practice.write(reject).unwrap();
        assert_eq!((end(), last()), (3, ("document +0".to_owned(), 20_000)));
        // An entry of its own is enough.
        practice
            .write(|tx| stored(tx, 20_001).and_then(|_| tx.record("file", 4, 20_001, "host", "stored", "")))
            .unwrap();
        assert_eq!(end(), 4);
        // A mark, nothing, what comes to nothing, and what comes again by itself.
        practice.write(|tx| tx.file_framed(1)).unwrap();
        practice.write(reject).unwrap();
        practice.write(|tx| stored(tx, 20_001).and_then(|file_id| tx.forget_file(file_id))).unwrap();
        practice.write(|tx| tx.add_upload_key("upload:0", "k", &[1; 32], 1, 20_000)).unwrap();
        assert_eq!(end(), 4);
        assert_eq!(practice.read(|tx| tx.verify_history()).unwrap(), Ok(4));
    }
}
