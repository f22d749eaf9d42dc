//! What a table of the schema must have beside it: contexts of its sealed columns, and a row on the page of clear ones.

use super::*;
use crate::store::MasterKey;

#[test]
fn every_sealed_column_of_the_schema_has_a_context() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("claimhost.db"), MasterKey::generate().unwrap()).unwrap();
    let practice = store.practice("elm").unwrap();
    let tables = practice.read(|tx| tx.summed_tables()).unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    for table in tables {
        assert_eq!(table.columns[0].0, "practice_id", "{}: it leads every table", table.name);
        for (column, _) in table.columns.iter().filter(|(_, sealed)| *sealed) {
            assert!(context(&table.name, column, |_| Some(1)).is_some(), "{}.{column}", table.name);
        }
    }
}

#[test] // the page says exactly what is clear, and what is not
fn the_page_names_every_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claimhost.db");
    drop(Store::open(&path, MasterKey::generate().unwrap()).unwrap());
    let connection = Connection::open(&path).unwrap();
    let page = include_str!("README.md").lines().filter(|line| line.starts_with("| "));
    let rows: Vec<Vec<&str>> = page.map(|line| line.split('|').map(str::trim).collect()).collect();
    let words = |cell: &str| -> Vec<String> {
        cell.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').map(str::to_owned).collect()
    };
    let names = crate::store::sizes::table_names(&connection).unwrap();
    for table in &names {
        let row = rows.iter().find(|row| words(row[1]).contains(table)).unwrap_or_else(|| panic!("{table} has no row"));
        let mut columns = connection.prepare("SELECT name, type FROM pragma_table_info(?1)").unwrap();
        let columns = columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        for (column, kind) in columns.map(|column| column.unwrap()).collect::<Vec<(String, String)>>() {
            let counted = column.ends_with("_id") || KEYS.contains(&column.as_str()) || column == "line";
            let (clear, closed) = (words(row[2]).contains(&column), words(row[3]).contains(&column));
            let is_closed = kind == "BLOB" && column != "pieces_digest";
            assert!(
                closed == is_closed,
                "{table}.{column}: {kind}, sealed or a look-up value as the page says: {closed}"
            );
            assert!(clear != closed || counted, "{table}.{column} is not on the page");
        }
    }
    for row in rows.iter().filter(|row| row[1] != "table") {
        let unknown = row[1].split(", ").find(|name| !names.iter().any(|known| known == name));
        assert_eq!(unknown, None, "the page has a table that is none");
    }
}
