//! The durable store: embedded SQLite (WAL, full sync), one file, one writing process.
//!
//! A handle is obtained per practice ([`Store::practice`]) and every query goes through a [`Tx`] of that handle, so that a
//! query without a practice does not compile. State changes commit in the transaction of the fact that caused them.
//! Modules follow the lives: `file`, `document`, `visit`, `claim`, `finding`, `acceptance`, `submission`, `inquiry`, `remittance`, and `upload`, `pull`, `rate`, `history`,
//! `work`, `clearing`, `plugin_log`.
//! `checkpoint` copies the write-ahead log beside the writers. `figures` keeps what `kpi` counts. `sizes` tells SQLite how tables fill. `sums` says what the rows of each table come to; `check` goes over them for `crate::verify`.

pub mod acceptance;
pub mod check;
pub mod checklist;
pub mod checkpoint;
pub mod claim;
pub mod clearing;
pub mod copy;
pub mod document;
pub mod expected;
pub mod figures;
pub mod file;
pub mod finding;
pub mod history;
pub mod inquiry;
pub mod known;
pub mod plugin_log;
pub mod post;
pub mod practice_record;
pub mod pull;
pub mod query;
pub mod rate;
pub mod remittance;
pub mod seal;
mod sizes;
pub mod submission;
pub mod sums;
pub mod upload;
pub mod visit;
pub mod work;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::private;
pub use seal::{MasterKey, PracticeKeys, SealError};

/// The host's own tenant: owns clearinghouse files before they are split.
pub const CLEARING: &str = "clearing";

/// How long [`Store::open`] waits for another process to let go of the store.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

const SCHEMAS: [&str; 1] = [include_str!("schema_1.sql")];

/// Which tables there are and how bodies and digests are written, in the header of the file (`PRAGMA application_id`): "ch" and a number. Another number where what
/// was stored before cannot be compared with what is made now, and nothing brings it over.
const FORM: i64 = 0x6368_0004;

/// What can go wrong with the store. Holds no patient data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite.
    #[error("store: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Keys and seals.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The file cannot be opened or locked.
    #[error("store {path}: {source}")]
    Io {
        /// The store's file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// Another process has it.
    #[error("store {path} is in use by another claimhost process: stop it first, or use another [store] path")]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// There is none, and what a restore has left lies beside its place.
    #[error(
        "store {path} is not there, and {beside} is: an empty one would give every number a second time. Run `claimhost restore FILE`; a store that is kept as .old-N may get its name back"
    )]
    Unfinished {
        /// The store's file.
        path: PathBuf,
        /// What lies beside it.
        beside: PathBuf,
    },
    /// A newer claimhost has written it.
    #[error("store {path} has schema {found}, this claimhost knows up to {known}: use the newer claimhost")]
    Newer {
        /// The store's file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// A claimhost before the first release has written it, in another way.
    #[error(
        "store {path} is of an earlier claimhost, whose bodies and digests are others: make a new one ([store] path) and deliver the files again (they lie in archive/)"
    )]
    OtherForm {
        /// The store's file.
        path: PathBuf,
    },
    /// A number is another row's.
    #[error("the {what} {id} is taken: the store was changed from outside, see `claimhost verify`")]
    Taken {
        /// What it is the number of.
        what: &'static str,
        /// Its id, one that claimhost minted.
        id: u64,
    },
    /// Something was to be written where the store is only read.
    #[error("a row of {table} was to be written where the store is only read")]
    ReadOnly {
        /// Its table.
        table: &'static str,
    },
    /// A row that should be there is not.
    #[error("{what} {id} is not in the store")]
    Missing {
        /// Kind of thing.
        what: &'static str,
        /// Its id, one that claimhost minted.
        id: u64,
    },
}

/// Result of a store call.
pub type StoreResult<T> = Result<T, StoreError>;

/// The open store. Cheap to clone.
///
/// Rows are read and written through a practice's handle:
///
/// ```no_run
/// # use claimhost::store::{MasterKey, Store, StoreError, visit::StoredEvent};
/// # fn events(store: Store) -> Result<Vec<StoredEvent>, StoreError> {
/// store.practice("oak")?.read(|tx| tx.events(1))
/// # }
/// ```
///
/// Without one a query does not compile:
///
/// ```compile_fail,E0599
/// # use claimhost::store::{MasterKey, Store, StoreError, visit::StoredEvent};
/// # fn events(store: Store) -> Result<Vec<StoredEvent>, StoreError> {
/// store.read(|tx| tx.events(1))
/// # }
/// ```
///
/// nor can a transaction be made of a connection:
///
/// ```compile_fail,E0451
/// # use claimhost::store::{PracticeStore, Tx};
/// # fn other<'a>(tx: &Tx<'a>) -> Tx<'a> {
/// Tx { ..*tx }
/// # }
/// ```
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Mutex<Connection>,
    /// What the writing connection has moved; none where this store is only read.
    moves: Option<sums::Moves>,
    master: MasterKey,
    practices: Mutex<HashMap<String, Arc<Practice>>>,
    path: PathBuf,
    _lock: std::fs::File,
}

/// One tenant's keys and id, and a connection of its own to read with: readers of one practice wait for no writer.
struct Practice {
    id: String,
    keys: Arc<PracticeKeys>,
    reader: Mutex<Connection>,
}

/// A practice's handle: the only way to its rows.
#[derive(Clone)]
pub struct PracticeStore {
    inner: Arc<Inner>,
    practice: Arc<Practice>,
}

impl Store {
    /// Opens or creates the store and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`]: in use (after some seconds of waiting), newer, unreadable; not there where a restore has left something.
    pub fn open(path: &Path, master: MasterKey) -> StoreResult<Self> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            private::make_folder(folder).map_err(io)?;
        }
        let lock = private::touch(&path.with_extension("lock")).map_err(io)?;
        take(&lock, path)?;
        refuse_unfinished(path)?;
        // SQLite gives its write-ahead log the mode of the file.
        private::touch(path).map_err(io)?;
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", checkpoint::PAGES)?;
        connection.pragma_update(None, "cache_size", -64_000)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(256);
        // Plans do not depend on bound values: else SQLite (with STAT4) prepares a cached statement anew at each binding.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // A row that another one takes the place of is told of as one that goes.
        connection.pragma_update(None, "recursive_triggers", true)?;
        migrate(&mut connection, path)?;
        sizes::tell(&mut connection)?;
        let practices = Mutex::new(HashMap::new());
        let moves = Some(sums::Moves::watch(&connection)?);
        let inner =
            Inner { connection: Mutex::new(connection), moves, master, practices, path: path.to_owned(), _lock: lock };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The handle of one practice; its key is made at first use.
    ///
    /// # Errors
    /// [`SealError::WrongMasterKey`] where the master key does not open it.
    pub fn practice(&self, id: &str) -> StoreResult<PracticeStore> {
        let mut practices = self.inner.practices.lock();
        if let Some(practice) = practices.get(id) {
            return Ok(PracticeStore { inner: Arc::clone(&self.inner), practice: Arc::clone(practice) });
        }
        let connection = self.inner.connection.lock();
        let wrapped: Option<Vec<u8>> = connection
            .query_row("SELECT wrapped_key FROM practice WHERE practice_id = ?1", [id], |row| row.get(0))
            .optional()?;
        let keys = match wrapped {
            Some(wrapped) => PracticeKeys::open(&self.inner.master, id, &wrapped)?,
            None => {
                let (keys, wrapped) = PracticeKeys::create(&self.inner.master, id)?;
                connection.execute("INSERT INTO practice (practice_id, wrapped_key) VALUES (?1, ?2)", (id, wrapped))?;
                keys
            }
        };
        drop(connection);
        let keys = Arc::new(keys);
        if let Some(moves) = &self.inner.moves {
            moves.know(id, &keys);
        }
        let reader = Mutex::new(query::read_connection(&self.inner.path)?);
        let practice = Arc::new(Practice { id: id.to_owned(), keys, reader });
        practices.insert(id.to_owned(), Arc::clone(&practice));
        Ok(PracticeStore { inner: Arc::clone(&self.inner), practice })
    }

    /// The handle of the host's own tenant.
    ///
    /// # Errors
    /// As [`Store::practice`].
    pub fn clearing(&self) -> StoreResult<PracticeStore> {
        self.practice(CLEARING)
    }
}

/// Refuses to begin where a restore did not end.
fn refuse_unfinished(path: &Path) -> StoreResult<()> {
    let left = copy::unfinished_restore(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    left.map_or(Ok(()), |beside| Err(StoreError::Unfinished { path: path.to_owned(), beside }))
}

/// Takes the lock of the store, waiting [`LOCK_PATIENCE`] for it. A process that was killed, or that a supervisor has just
/// stopped, may be gone while a child it had forked and that has not run its program yet still holds the lock.
fn take(lock: &std::fs::File, path: &Path) -> StoreResult<()> {
    let started = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(std::fs::TryLockError::WouldBlock) if started.elapsed() < LOCK_PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(std::fs::TryLockError::WouldBlock) => return Err(StoreError::InUse { path: path.to_owned() }),
            Err(std::fs::TryLockError::Error(source)) => {
                return Err(StoreError::Io { path: path.to_owned(), source });
            }
        }
    }
}

impl PracticeStore {
    /// The practice's id.
    pub fn id(&self) -> &str {
        &self.practice.id
    }

    /// Runs `work` in one transaction: commits when it answers `Ok`, else nothing happened.
    ///
    /// # Errors
    /// Whatever `work` answers, or the commit's own.
    pub fn write<T, E: From<StoreError>>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut connection = self.inner.connection.lock();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let heads = history::Heads::default();
        if let Some(moves) = &self.inner.moves {
            moves.forget();
        }
        let moves = self.inner.moves.as_ref();
        let out = work(&Tx { connection: &transaction, practice: &self.practice, heads: &heads, moves })?;
        if let Some(moves) = &self.inner.moves {
            history::write_heads(&transaction, &heads, moves)?;
        }
        transaction.commit().map_err(StoreError::from)?;
        Ok(out)
    }

    /// Runs `work` on a snapshot. Nothing it does stays.
    ///
    /// # Errors
    /// Whatever `work` answers.
    pub fn read<T, E: From<StoreError>>(&self, work: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut connection = self.practice.reader.lock();
        let transaction = connection.transaction().map_err(StoreError::from)?;
        let heads = history::Heads::default();
        work(&Tx { connection: &transaction, practice: &self.practice, heads: &heads, moves: None })
    }

    /// An HMAC look-up value under this practice's key.
    pub fn lookup(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.practice.keys.lookup(kind, parts)
    }
}

/// A record of the contract as its table keeps it ([`crate::claim::record::kept`]), not sealed yet. Made before a transaction is opened:
/// practices work side by side, and while one writes the others wait.
pub struct Encoded(zeroize::Zeroizing<Vec<u8>>);

impl Encoded {
    /// Writes a record down.
    ///
    /// # Errors
    /// [`SealError::NotARecord`], which no record of ours gives: they hold texts, integers and lists.
    pub fn of<T: serde::Serialize>(table: &'static str, record: &T) -> Result<Self, SealError> {
        let bytes = crate::claim::record::kept(record).map_err(|_| SealError::NotARecord { table, row: 0 })?;
        Ok(Self(zeroize::Zeroizing::new(bytes)))
    }
}

/// What a row is to do whose key is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It breaks the transaction.
    Fails,
    /// The row that is there stays.
    Stays,
}

/// One transaction, seen as one tenant.
pub struct Tx<'a> {
    connection: &'a Connection,
    practice: &'a Practice,
    heads: &'a history::Heads,
    /// None where nothing can be written.
    moves: Option<&'a sums::Moves>,
}

impl<'a> Tx<'a> {
    /// The same transaction as another tenant: what an answer changes in a practice commits with the state of the
    /// document that brought it to `clearing`.
    pub fn tenant<'b>(&'b self, other: &'b PracticeStore) -> Tx<'b> {
        Tx { connection: self.connection, practice: &other.practice, heads: self.heads, moves: self.moves }
    }

    /// The tenant's id.
    pub fn practice_id(&self) -> &'a str {
        &self.practice.id
    }

    fn seal(&self, table: &'static str, row: u64, value: &[u8]) -> Vec<u8> {
        self.practice.keys.seal(table, row, value)
    }

    fn seal_json<T: serde::Serialize>(&self, table: &'static str, row: u64, value: &T) -> StoreResult<Vec<u8>> {
        let bytes =
            zeroize::Zeroizing::new(serde_json::to_vec(value).map_err(|_| SealError::NotARecord { table, row })?);
        Ok(self.seal(table, row, &bytes))
    }

    fn seal_encoded(&self, table: &'static str, row: u64, parts: &[&[u8]]) -> Vec<u8> {
        let bytes = zeroize::Zeroizing::new(parts.concat());
        self.seal(table, row, &bytes)
    }

    fn unseal_json<T: serde::de::DeserializeOwned>(
        &self,
        table: &'static str,
        row: u64,
        sealed: &[u8],
    ) -> StoreResult<T> {
        let bytes = self.practice.keys.unseal(table, row, sealed)?;
        Ok(serde_json::from_slice(&bytes).map_err(|_| SealError::NotARecord { table, row })?)
    }

    /// An HMAC look-up value under this tenant's key.
    pub fn lookup(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.practice.keys.lookup(kind, parts)
    }

    /// The highest id of a table.
    fn highest_id(&self, table: &'static str, column: &'static str) -> StoreResult<u64> {
        let sql = format!("SELECT COALESCE(MAX({column}), 0) FROM {table} WHERE practice_id = ?1");
        let id: i64 = self.connection.prepare_cached(&sql)?.query_row([&self.practice.id], |row| row.get(0))?;
        Ok(id.unsigned_abs())
    }

    /// An id for a row of a table whose rows stay: one more than the highest. One process writes, so nobody takes it in between.
    fn next_id(&self, table: &'static str, column: &'static str) -> StoreResult<u64> {
        self.next_ids(table, column, 1)
    }

    /// So many ids, one after the other: the first of them. The table is asked once in a transaction.
    fn next_ids(&self, table: &'static str, column: &'static str, count: usize) -> StoreResult<u64> {
        let first = self.last_id(table, column)? + 1;
        let mut given = self.heads.given.borrow_mut();
        if let Some(last) = given.get_mut(table).and_then(|of_table| of_table.get_mut(self.practice_id())) {
            *last += u64::try_from(count).unwrap_or(u64::MAX);
        }
        Ok(first)
    }

    /// The last id that was given of such a table, in this transaction or before it; 0 where it has no row.
    fn last_id(&self, table: &'static str, column: &'static str) -> StoreResult<u64> {
        let mut given = self.heads.given.borrow_mut();
        let of_table = given.entry(table).or_default();
        if let Some(last) = of_table.get(self.practice_id()) {
            return Ok(*last);
        }
        let last = self.highest_id(table, column)?;
        of_table.insert(self.practice_id().to_owned(), last);
        Ok(last)
    }

    /// An id of a kind whose rows may be removed: one that was never given before. Written down before the commit.
    fn mint_id(&self, kind: &'static str) -> StoreResult<u64> {
        let mut minted = self.heads.minted.borrow_mut();
        let of_kind = minted.entry(kind).or_default();
        if let Some(last) = of_kind.get_mut(self.practice_id()) {
            *last += 1;
            return Ok(*last);
        }
        let sql = "SELECT last FROM sequence WHERE practice_id = ?1 AND kind = ?2";
        let last: Option<u64> = self.row(sql, (self.practice_id(), kind), |row| row.get(0))?;
        let id = last.unwrap_or(0) + 1;
        of_kind.insert(self.practice_id().to_owned(), id);
        Ok(id)
    }

    /// Adds a row to one of [`sums::TOLD`]: a value for each column of the table, in its order. False where its key is there already and
    /// `known` says that the row there stays.
    fn insert(&self, table: &'static str, known: Known, values: &sums::Values<'_>) -> StoreResult<bool> {
        let moves = self.moves.ok_or(StoreError::ReadOnly { table })?;
        Ok(moves.insert(self.connection, self.practice_id(), (table, known), values)?)
    }

    fn execute(&self, sql: &str, parameters: impl rusqlite::Params) -> StoreResult<usize> {
        Ok(self.connection.prepare_cached(sql)?.execute(parameters)?)
    }

    fn rows<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, read)?;
        Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
    }

    fn row<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Option<T>> {
        Ok(self.connection.prepare_cached(sql)?.query_row(parameters, read).optional()?)
    }

    /// Counts rows of a table by one clear column.
    fn counts(&self, table: &'static str, column: &'static str) -> StoreResult<Vec<(String, u64)>> {
        let sql = format!("SELECT {column}, COUNT(*) FROM {table} WHERE practice_id = ?1 GROUP BY {column}");
        self.rows(&sql, [&self.practice.id], |row| Ok((row.get(0)?, row.get::<_, u64>(1)?)))
    }
}

/// The schema of a store, 0 of an empty file.
fn schema_of(connection: &Connection, path: &Path) -> StoreResult<i64> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = i64::try_from(SCHEMAS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    }
    let form: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if found > 0 && form != FORM {
        return Err(StoreError::OtherForm { path: path.to_owned() });
    }
    Ok(found)
}

fn migrate(connection: &mut Connection, path: &Path) -> StoreResult<()> {
    let found = schema_of(connection, path)?;
    for (index, schema) in SCHEMAS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let transaction: Transaction<'_> = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(schema)?;
        transaction.pragma_update(None, "application_id", FORM)?;
        transaction.pragma_update(None, "user_version", i64::try_from(index + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}
