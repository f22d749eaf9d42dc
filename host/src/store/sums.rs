//! What the rows of a practice come to, table by table: how many there are, and a keyed sum over all of them.
//!
//! Each row has an HMAC over its table and every column of it; the sum of these (modulo 2^256) says what the set of rows is,
//! whatever the order in which they came, and moves by one addition where a row comes or goes. Sums and counts are kept, sealed,
//! in the head beside the end of the history chain, and move in the transaction of the rows. A row that is changed, added,
//! removed or swapped from outside leaves a table whose sum is another one; nobody without the key can tell a sum or mend it.
//!
//! Triggers of the writing connection, made at its opening from the schema as it is, tell of every row: a new table is
//! summed without a line of code. For a statement with a trigger SQLite keeps a journal of every page it touches, and a program that
//! hands over the columns, which together take as long as the row itself: new rows of the tables that a claim fills ([`TOLD`]) are told
//! of by who adds them (`Tx::insert`). `history` has its chain, and the head is what all this is kept in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql};
use serde::{Deserialize, Serialize};

use super::seal::PracticeKeys;
use super::{Known, StoreResult, Tx};

/// Tables without a sum: keys are wrapped, history is chained, and the head is where sums are kept.
pub const UNSUMMED: [&str; 3] = ["practice", "history", "history_head"];

/// Tables whose new rows are told of by `Tx::insert`, not by a trigger.
pub(super) const TOLD: [&str; 13] = [
    "charge_day",
    "claim",
    "claim_body",
    "claim_key",
    "claim_version",
    "document",
    "fact",
    "finding",
    "owner",
    "posting",
    "submission_claim",
    "visit",
    "visit_event",
];

/// Values of a row by column.
pub(super) type Values<'a> = [(&'static str, &'a dyn ToSql)];

/// How rows of one of [`TOLD`] are added.
struct Told {
    at: usize,
    columns: Vec<String>,
    fails: String,
    stays: String,
}

impl Told {
    fn of(at: usize, table: &Table) -> Self {
        let columns: Vec<String> = table.columns.iter().map(|(column, _)| column.clone()).collect();
        let places = vec!["?"; columns.len()].join(", ");
        let into = format!("INTO {} ({}) VALUES ({places})", table.name, columns.join(", "));
        Self { at, columns, fails: format!("INSERT {into}"), stays: format!("INSERT OR IGNORE {into}") }
    }
}

/// Columns that hold a sealed value: 24 bytes of nonce, the value, 16 bytes that authenticate it.
pub(super) const SEALED_COLUMNS: [&str; 3] = ["body", "name", "archive_name"];
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// A number of 256 bits that wraps around.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum([u64; 4]);

impl Sum {
    fn add(&mut self, other: Self) {
        let mut carry = false;
        for (own, add) in self.0.iter_mut().zip(other.0) {
            let (with, first) = own.overflowing_add(add);
            let (with, second) = with.overflowing_add(u64::from(carry));
            (*own, carry) = (with, first || second);
        }
    }

    fn negated(self) -> Self {
        let mut flipped = Self(self.0.map(|part| !part));
        flipped.add(Self([1, 0, 0, 0]));
        flipped
    }

    fn of(mac: [u8; 32]) -> Self {
        let mut parts = [0; 4];
        for (part, bytes) in parts.iter_mut().zip(mac.as_chunks::<8>().0) {
            *part = u64::from_le_bytes(*bytes);
        }
        Self(parts)
    }

    fn to_hex(self) -> String {
        self.0.iter().map(|part| format!("{part:016x}")).collect()
    }

    fn from_hex(text: &str) -> Option<Self> {
        let mut parts = [0; 4];
        for (at, part) in parts.iter_mut().enumerate() {
            *part = u64::from_str_radix(text.get(at * 16..at * 16 + 16)?, 16).ok()?;
        }
        Some(Self(parts))
    }
}

/// What the rows of one table come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableSum {
    /// Rows.
    pub rows: i64,
    /// The sum of their macs.
    pub sum: Sum,
}

impl TableSum {
    pub(super) fn insert(&mut self, sum: Sum) {
        self.rows += 1;
        self.sum.add(sum);
    }

    fn remove(&mut self, sum: Sum) {
        self.rows -= 1;
        self.sum.add(sum.negated());
    }

    fn join(&mut self, other: Self) {
        self.rows += other.rows;
        self.sum.add(other.sum);
    }
}

/// Sums by table, as the head has them. A table without rows and never written to may be missing.
pub type TableSums = BTreeMap<String, TableSum>;

/// Sums as they are sealed.
#[derive(Serialize, Deserialize)]
struct Kept(BTreeMap<String, (i64, String)>);

pub(super) fn to_bytes(sums: &TableSums) -> Vec<u8> {
    let kept = sums.iter().map(|(table, sum)| (table.clone(), (sum.rows, sum.sum.to_hex()))).collect();
    serde_json::to_vec(&Kept(kept)).unwrap_or_default()
}

pub(super) fn from_bytes(bytes: &[u8]) -> Option<TableSums> {
    let Kept(kept) = serde_json::from_slice(bytes).ok()?;
    let read =
        |(table, (rows, hex)): (String, (i64, String))| Some((table, TableSum { rows, sum: Sum::from_hex(&hex)? }));
    kept.into_iter().map(read).collect()
}

/// A table of the schema that is summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns in their order; true: sealed.
    pub columns: Vec<(String, bool)>,
}

/// The tables that are summed, as the schema has them.
///
/// # Errors
/// The store's.
pub fn tables(connection: &Connection) -> StoreResult<Vec<Table>> {
    let mut tables = Vec::new();
    for name in super::sizes::table_names(connection)?.into_iter().filter(|name| !UNSUMMED.contains(&name.as_str())) {
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
        let columns = columns.query_map([&name], |row| row.get::<_, String>(0))?;
        let sealed = |column: String| (SEALED_COLUMNS.contains(&column.as_str()), column);
        let columns = columns.map(|column| column.map(sealed)).collect::<rusqlite::Result<Vec<_>>>()?;
        let columns = columns.into_iter().map(|(sealed, column)| (column, sealed)).collect();
        tables.push(Table { name, columns });
    }
    Ok(tables)
}

/// The mac of one row, as a number. Of a sealed value nonce and tag count, which nothing else opens with.
pub(super) fn row_sum<'v>(
    keys: &PracticeKeys,
    table: &Table,
    values: impl Iterator<Item = ValueRef<'v>>,
    buffer: &mut Vec<u8>,
) -> Sum {
    buffer.clear();
    for (value, (_, sealed)) in values.zip(&table.columns) {
        let (kind, bytes): (u8, &[u8]) = match &value {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => {
                buffer.push(1);
                buffer.extend_from_slice(&number.to_be_bytes());
                continue;
            }
            ValueRef::Real(number) => {
                buffer.push(2);
                buffer.extend_from_slice(&number.to_bits().to_be_bytes());
                continue;
            }
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(blob) => (4, blob),
        };
        buffer.push(kind);
        buffer.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        let ends =
            (*sealed).then(|| Some((bytes.get(..NONCE_BYTES)?, bytes.get(bytes.len().checked_sub(TAG_BYTES)?..)?)));
        match ends.flatten() {
            Some((nonce, tag)) => {
                buffer.extend_from_slice(nonce);
                buffer.extend_from_slice(tag);
            }
            None => buffer.extend_from_slice(bytes),
        }
    }
    Sum::of(keys.row(&table.name, buffer))
}

/// What a writing connection has moved since its last commit.
#[derive(Clone, Default)]
pub(super) struct Moves {
    inner: Arc<Mutex<Inner>>,
    told: Arc<HashMap<String, Told>>,
}

#[derive(Default)]
struct Inner {
    tables: Vec<Table>,
    keys: HashMap<String, Arc<PracticeKeys>>,
    moved: HashMap<String, Vec<TableSum>>,
    buffer: Vec<u8>,
}

impl Moves {
    /// Makes the triggers of a writing connection.
    pub(super) fn watch(connection: &Connection) -> StoreResult<Self> {
        let tables = tables(connection)?;
        let told = tables.iter().enumerate().filter(|(_, table)| TOLD.contains(&table.name.as_str()));
        let told = told.map(|(at, table)| (table.name.clone(), Told::of(at, table))).collect();
        let moves = Self { inner: Arc::default(), told: Arc::new(told) };
        for (name, sign) in [("claimhost_row_in", 1), ("claimhost_row_out", -1)] {
            let told = moves.clone();
            connection.create_scalar_function(name, -1, FunctionFlags::SQLITE_UTF8, move |row| told.tell(row, sign))?;
        }
        for (at, table) in tables.iter().enumerate() {
            connection.execute_batch(&triggers(at, table))?;
        }
        moves.inner.lock().tables = tables;
        Ok(moves)
    }

    /// A practice whose rows this connection may write.
    pub(super) fn know(&self, practice: &str, keys: &Arc<PracticeKeys>) {
        self.inner.lock().keys.insert(practice.to_owned(), Arc::clone(keys));
    }

    fn tell(&self, row: &Context<'_>, sign: i64) -> rusqlite::Result<i64> {
        let mut inner = self.inner.lock();
        let Inner { tables, keys, moved, buffer } = &mut *inner;
        let at = usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX);
        let practice = row.get_raw(1).as_str().unwrap_or_default();
        let (Some(table), Some(keys)) = (tables.get(at), keys.get(practice)) else {
            return Err(rusqlite::Error::UserFunctionError("a row of a practice that was not opened".into()));
        };
        let sum = row_sum(keys, table, (1..row.len()).map(|value| row.get_raw(value)), buffer);
        of_table(moved, practice, tables.len(), at, |sums| if sign > 0 { sums.insert(sum) } else { sums.remove(sum) });
        Ok(0)
    }

    /// Adds a row to one of [`TOLD`] and tells of it. False where its key is there already and `known` says that the row there stays.
    pub(super) fn insert(
        &self,
        connection: &Connection,
        practice: &str,
        (table, known): (&str, Known),
        values: &Values<'_>,
    ) -> rusqlite::Result<bool> {
        let refused = |why: &str| Err(rusqlite::Error::UserFunctionError(why.into()));
        let Some(told) = self.told.get(table) else { return refused("a table whose rows are told of by triggers") };
        if !told.columns.iter().map(String::as_str).eq(values.iter().map(|(column, _)| *column)) {
            return refused("a row with other columns than its table, or in another order");
        }
        let sql = if known == Known::Stays { &told.stays } else { &told.fails };
        let parameters = rusqlite::params_from_iter(values.iter().map(|(_, value)| value));
        if connection.prepare_cached(sql)?.execute(parameters)? == 0 {
            return Ok(false);
        }
        let bound = values.iter().map(|(_, value)| value.to_sql()).collect::<rusqlite::Result<Vec<_>>>()?;
        let mut stored = Vec::with_capacity(bound.len());
        for value in &bound {
            stored.push(match value {
                ToSqlOutput::Borrowed(value) => *value,
                ToSqlOutput::Owned(value) => ValueRef::from(value),
                _ => return refused("a value that is none of SQLite's"),
            });
        }
        let mut inner = self.inner.lock();
        let Inner { tables, keys, moved, buffer } = &mut *inner;
        let (Some(table), Some(keys)) = (tables.get(told.at), keys.get(practice)) else {
            return refused("a row of a practice that was not opened");
        };
        let sum = row_sum(keys, table, stored.into_iter(), buffer);
        of_table(moved, practice, tables.len(), told.at, |sums| sums.insert(sum));
        Ok(true)
    }

    /// Forgets what was moved: the transaction begins, or came to nothing.
    pub(super) fn forget(&self) {
        self.inner.lock().moved.clear();
    }

    /// What was moved, by practice and table. Call before the commit.
    pub(super) fn take(&self) -> HashMap<String, TableSums> {
        let mut inner = self.inner.lock();
        let moved = std::mem::take(&mut inner.moved);
        let named = |sums: Vec<TableSum>| {
            let sums = inner.tables.iter().zip(sums).filter(|(_, sum)| *sum != TableSum::default());
            sums.map(|(table, sum)| (table.name.clone(), sum)).collect::<TableSums>()
        };
        moved.into_iter().map(|(practice, sums)| (practice, named(sums))).filter(|(_, sums)| !sums.is_empty()).collect()
    }

    pub(super) fn keys(&self, practice: &str) -> Option<Arc<PracticeKeys>> {
        self.inner.lock().keys.get(practice).map(Arc::clone)
    }
}

/// What a practice has moved of a table.
fn of_table(
    moved: &mut HashMap<String, Vec<TableSum>>,
    practice: &str,
    tables: usize,
    at: usize,
    change: impl FnOnce(&mut TableSum),
) {
    if !moved.contains_key(practice) {
        moved.insert(practice.to_owned(), vec![TableSum::default(); tables]);
    }
    if let Some(sums) = moved.get_mut(practice).and_then(|sums| sums.get_mut(at)) {
        change(sums);
    }
}

/// Adds what was moved to what was kept.
pub(super) fn join(kept: &mut TableSums, moved: TableSums) {
    for (table, sum) in moved {
        kept.entry(table).or_default().join(sum);
    }
}

/// Tells of every row that comes, goes, or is another one than before.
fn triggers(at: usize, table: &Table) -> String {
    let list =
        |of: &str| table.columns.iter().map(|(column, _)| format!("{of}.\"{column}\"")).collect::<Vec<_>>().join(", ");
    let (name, new, old) = (&table.name, list("NEW"), list("OLD"));
    let comes = if TOLD.contains(&name.as_str()) {
        String::new()
    } else {
        format!(
            "CREATE TEMP TRIGGER \"sum_in_{name}\" AFTER INSERT ON main.\"{name}\" BEGIN SELECT claimhost_row_in({at}, {new}); END;"
        )
    };
    // `practice_id` leads every table.
    format!(
        "{comes}
         CREATE TEMP TRIGGER \"sum_out_{name}\" AFTER DELETE ON main.\"{name}\" BEGIN SELECT claimhost_row_out({at}, {old}); END;
         CREATE TEMP TRIGGER \"sum_up_{name}\" AFTER UPDATE ON main.\"{name}\" WHEN ({old}) IS NOT ({new})
         BEGIN SELECT claimhost_row_out({at}, {old}), claimhost_row_in({at}, {new}); END;"
    )
}

impl Tx<'_> {
    /// The sums that the head keeps; none where the practice has no head yet, or one that does not open.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn kept_sums(&self) -> StoreResult<Option<TableSums>> {
        let sql = "SELECT tables FROM history_head WHERE practice_id = ?1";
        let sealed: Option<Vec<u8>> =
            self.connection.prepare_cached(sql)?.query_row([self.practice_id()], |row| row.get(0)).optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self.practice.keys.unseal("history_head", 0, &sealed).ok();
        Ok(opened.and_then(|bytes| from_bytes(&bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_added_can_be_taken_away_in_any_order(macs in proptest::collection::vec(any::<[u8; 32]>(), 0..20), first in any::<[u8; 32]>()) {
            let mut sum = TableSum::default();
            sum.insert(Sum::of(first));
            let before = sum;
            for mac in &macs {
                sum.insert(Sum::of(*mac));
            }
            prop_assert!(macs.is_empty() || sum != before);
            for mac in macs.iter().rev() {
                sum.remove(Sum::of(*mac));
            }
            prop_assert_eq!(sum, before);
            prop_assert_eq!(Sum::from_hex(&sum.sum.to_hex()), Some(sum.sum));
        }
    }
}
