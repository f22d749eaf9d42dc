//! Tells SQLite how its tables fill, before there is anything in them.
//!
//! `practice_id` leads every key. Without statistics SQLite takes one column of a key for ten rows, so that for `practice_id = ? AND
//! claim_id = ?` it would go over all rows of the practice by the key rather than use the index on both. What `ANALYZE` would
//! measure of a full store is therefore made from the schema: a practice has a million rows, an id after it some ten, a
//! state after it a fifth, a whole unique key one; an index on a condition (`WHERE state = 'wanted'`) has few rows.
//! The format: <https://sqlite.org/fileformat2.html#the_sqlite_stat1_table>.

use std::collections::BTreeSet;

use rusqlite::{Connection, TransactionBehavior};

/// Practices of a store.
const PRACTICES: u64 = 4;
/// Rows that a practice has in a table, and in an index on a condition.
const ROWS: u64 = 1_000_000;
const ROWS_ON_CONDITION: u64 = 100;
/// Rows that an id, a look-up value or a day has in a practice.
const ROWS_OF_VALUE: u64 = 10;
/// Columns with a handful of values.
const FEW_VALUES: [&str; 10] =
    ["account", "channel", "group_code", "kind", "origin", "payer_id", "place", "state", "status", "subject_kind"];

/// One row of `sqlite_stat1`: table, index (of a key: the table again) and its sizes.
type Size = (String, String, String);

/// Writes the sizes where they are not there as they should be, and has this connection plan by them.
pub(super) fn tell(connection: &mut Connection) -> rusqlite::Result<()> {
    let wanted = sizes(connection)?;
    // Makes the table where there is none.
    connection.execute_batch("ANALYZE sqlite_schema")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known: BTreeSet<Size> = transaction
        .prepare("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    if known == wanted {
        return Ok(());
    }
    transaction.execute("DELETE FROM sqlite_stat1", [])?;
    let mut insert = transaction.prepare("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)")?;
    for size in &wanted {
        insert.execute((&size.0, &size.1, &size.2))?;
    }
    drop(insert);
    transaction.commit()?;
    connection.execute_batch("ANALYZE sqlite_schema")
}

fn sizes(connection: &Connection) -> rusqlite::Result<BTreeSet<Size>> {
    let mut sizes = BTreeSet::new();
    for table in table_names(connection)? {
        let indices: Vec<(String, bool, bool, bool)> = connection
            .prepare("SELECT name, \"unique\", origin = 'pk', partial FROM pragma_index_list(?1)")?
            .query_map([&table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (index, unique, is_key, on_condition) in indices {
            let columns = if is_key {
                names(connection, "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk", [&table])?
            } else {
                names(connection, "SELECT name FROM pragma_index_info(?1) ORDER BY seqno", [&index])?
            };
            let name = if is_key { table.clone() } else { index };
            sizes.insert((table.clone(), name, size(&columns, unique, on_condition)));
        }
    }
    Ok(sizes)
}

/// The rows of an index, then those that share its first column, its first two, and so on.
fn size(columns: &[String], unique: bool, on_condition: bool) -> String {
    let in_practice = match (columns, on_condition) {
        ([_], _) => 1,
        (_, true) => ROWS_ON_CONDITION,
        (_, false) => ROWS,
    };
    let mut sizes = vec![in_practice * PRACTICES, in_practice];
    let mut left = in_practice;
    for (at, column) in columns.iter().enumerate().skip(1) {
        left = if unique && at + 1 == columns.len() {
            1
        } else if FEW_VALUES.contains(&column.as_str()) {
            (left / 5).max(1)
        } else {
            (left / 2).clamp(1, ROWS_OF_VALUE)
        };
        sizes.push(left);
    }
    sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

/// Our tables, in the order of their names.
pub(super) fn table_names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let own = "type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    names(connection, &format!("SELECT name FROM main.sqlite_schema WHERE {own} ORDER BY name"), [])
}

fn names(connection: &Connection, sql: &str, of: impl rusqlite::Params) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map(of, |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(connection: &Connection, sql: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let lines: Vec<String> = statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        lines.join("; ")
    }

    #[test]
    fn look_ups_use_their_index_and_whole_practices_their_key() {
        let mut connection = Connection::open_in_memory().unwrap();
        super::super::SCHEMAS.iter().for_each(|schema| connection.execute_batch(schema).unwrap());
        let posting = "SELECT amount_cents FROM posting WHERE practice_id = 'a' AND claim_id = 1 ORDER BY posting_id";
        assert!(plan(&connection, posting).contains("PRIMARY KEY (practice_id=?)"), "what the sizes are for");
        tell(&mut connection).unwrap();
        for (sql, uses) in [
            (posting, "posting_by_claim (practice_id=? AND claim_id=?)"),
            (
                "SELECT work_id FROM work_item WHERE practice_id = 'a' AND subject_kind = 'claim' AND subject_id = 1 \
                 AND kind = 'claim.held' AND closed_day IS NULL",
                "work_open (practice_id=? AND subject_kind=? AND subject_id=?)",
            ),
            (
                "SELECT submission_id FROM submission_claim WHERE practice_id = 'a' AND claim_id = 1 AND version = 1",
                "submission_by_claim (practice_id=? AND claim_id=? AND version=?)",
            ),
            ("SELECT claim_id FROM claim WHERE practice_id = 'a' AND visit_id = 1", "claim_by_visit"),
            ("SELECT visit_id FROM claim WHERE practice_id = 'a' AND state = 'held'", "claim_by_state"),
            ("SELECT SUM(amount_cents) FROM posting WHERE practice_id = 'a'", "PRIMARY KEY (practice_id=?)"),
        ] {
            let plan = plan(&connection, sql);
            assert!(plan.contains(uses), "{sql}: {plan}");
        }
        let told = sizes(&connection).unwrap();
        tell(&mut connection).unwrap();
        assert_eq!(sizes(&connection).unwrap(), told, "again it is the same");
    }
}
