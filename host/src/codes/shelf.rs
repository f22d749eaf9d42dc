//! All tables of one folder, open: which one answers for a kind and a day of service.
//!
//! A shelf never changes; a newer one takes its place (`Shelf::reopen`), and keeps what is still good: an unchanged file stays
//! mapped, a file that has become damaged keeps its last good table and is named in `problems`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;

use super::container::{ContainerError, EXTENSION, Table};
use super::system::System;

/// Tables by kind, in the order of their names, each kind in the order of versions.
#[derive(Debug, Default)]
pub struct Shelf {
    kinds: Vec<(String, Vec<Arc<Table>>)>,
    /// Those of code systems, in the order of [`System::ALL`]: a scrub asks for them some fifty times a claim.
    systems: [Vec<Arc<Table>>; System::ALL.len()],
    files: BTreeMap<PathBuf, Known>,
    problems: Vec<ContainerError>,
}

/// What tells whether a file is still the one that was opened.
type Stamp = Option<(u64, SystemTime)>;

/// A file as it was last looked at.
#[derive(Debug)]
struct Known {
    stamp: Stamp,
    /// Its table, or the last good one; none, where it never had one.
    table: Option<Arc<Table>>,
    /// Whether the table is the file's own.
    sound: bool,
}

impl Shelf {
    /// Opens every table of a folder; a folder that does not exist is empty.
    pub fn open(folder: &Path) -> Self {
        Self::default().reopen(folder)
    }

    /// A shelf of tables that are already open.
    pub fn of(tables: impl IntoIterator<Item = Table>) -> Self {
        let mut shelf = Self::default();
        for table in tables {
            shelf.add(Arc::new(table));
        }
        shelf.sort();
        shelf
    }

    /// The same folder now.
    #[must_use]
    pub fn reopen(&self, folder: &Path) -> Self {
        let mut shelf = Self::default();
        let paths = match list(folder) {
            Ok(paths) => paths,
            Err(source) => {
                shelf.problems.push(ContainerError::Io { path: folder.to_owned(), source });
                self.files.keys().cloned().collect()
            }
        };
        // Each byte of each table is summed: side by side, that is a matter of milliseconds.
        let opened: Vec<(PathBuf, Known, Option<ContainerError>)> = paths
            .into_par_iter()
            .map(|path| {
                let stamp = stamp(&path);
                let before = self.files.get(&path);
                let unchanged = before.filter(|known| known.sound && known.stamp == stamp && stamp.is_some());
                let (table, error) = match unchanged {
                    Some(known) => (known.table.clone(), None),
                    None => match Table::open(&path) {
                        Ok(table) => (Some(Arc::new(table)), None),
                        Err(error) => (before.and_then(|known| known.table.clone()), Some(error)),
                    },
                };
                (path, Known { stamp, table, sound: error.is_none() }, error)
            })
            .collect();
        for (path, known, error) in opened {
            shelf.problems.extend(error);
            if let Some(table) = &known.table {
                shelf.add(Arc::clone(table));
            }
            shelf.files.insert(path, known);
        }
        shelf.sort();
        shelf
    }

    /// The same with tables that are in no file; a file of the same kind and version is asked instead.
    #[must_use]
    pub fn with(mut self, spare: &[Arc<Table>]) -> Self {
        for table in spare {
            let label = table.label();
            if !self.tables(&label.kind).iter().any(|known| known.label().version == label.version) {
                self.add(Arc::clone(table));
            }
        }
        self.sort();
        self
    }

    fn add(&mut self, table: Arc<Table>) {
        let kind = table.label().kind.clone();
        let at = self.kinds.partition_point(|(known, _)| *known < kind);
        match self.kinds.get_mut(at).filter(|(known, _)| *known == kind) {
            Some((_, tables)) => tables.push(table),
            None => self.kinds.insert(at, (kind, vec![table])),
        }
    }

    fn sort(&mut self) {
        for (_, tables) in &mut self.kinds {
            tables.sort_by(|left, right| order(left).cmp(&order(right)));
        }
        self.systems = System::ALL.map(|system| self.tables(system.name()).to_vec());
    }

    /// The table that answers for a day: of those whose cover has it, the one of the latest version.
    pub fn covering(&self, kind: &str, day: i64) -> Option<&Arc<Table>> {
        self.tables(kind).iter().rev().find(|table| table.label().cover.has(day))
    }

    /// Tables of a kind, the earliest version first.
    pub fn tables(&self, kind: &str) -> &[Arc<Table>] {
        // A dozen: most differ in length already, and no byte of them is looked at.
        self.kinds.iter().find(|(known, _)| known == kind).map_or(&[], |(_, tables)| tables.as_slice())
    }

    /// Tables of a code system, the earliest version first.
    pub fn of_system(&self, system: System) -> &[Arc<Table>] {
        self.systems.get(system as usize).map_or(&[], Vec::as_slice)
    }

    /// All tables, by kind and version.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.kinds.iter().flat_map(|(_, tables)| tables)
    }

    /// Files that cannot be used, each with what to do. What was loaded from them before is still on the shelf.
    pub fn problems(&self) -> &[ContainerError] {
        &self.problems
    }

    /// Whether the folder holds other files, or other bytes, than this shelf was opened from.
    pub fn is_stale(&self, folder: &Path) -> bool {
        let Ok(paths) = list(folder) else { return false };
        paths.len() != self.files.len()
            || paths.iter().any(|path| self.files.get(path).is_none_or(|known| known.stamp != stamp(path)))
    }
}

/// The later version wins: it was published with the earlier one at hand.
fn order(table: &Table) -> (&str, i64) {
    (&table.label().version, table.label().cover.first)
}

fn list(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::container::{Cover, Label, OPEN_END, write};

    fn label(version: &str, first: i64, last: i64) -> Label {
        let (kind, source) = ("hcpcs".to_owned(), "list.csv".to_owned());
        Label { kind, version: version.into(), cover: Cover { first, last }, rows: 1, source, source_sha256: [0; 32] }
    }

    fn version(shelf: &Shelf, day: i64) -> Option<&str> {
        shelf.covering("hcpcs", day).map(|table| table.label().version.as_str())
    }

    #[test]
    fn the_newest_cover_that_has_the_day_answers() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &label("2024", 100, OPEN_END), b"a").unwrap();
        write(folder.path(), &label("2025", 200, 300), b"b").unwrap();
        let shelf = Shelf::open(folder.path());
        let days = [99, 100, 200, 300, 301].map(|day| version(&shelf, day));
        assert_eq!(days, [None, Some("2024"), Some("2025"), Some("2025"), Some("2024")]);
        assert!(shelf.covering("icd10cm", 200).is_none());
    }

    #[test]
    fn a_file_that_becomes_damaged_keeps_its_last_good_table_and_disturbs_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &label("2024", 100, 199), b"a").unwrap();
        write(folder.path(), &label("2025", 200, 300), b"b").unwrap();
        let shelf = Shelf::open(folder.path());
        assert!(!shelf.is_stale(folder.path()));

        std::fs::write(&path, b"CLMTABLE").unwrap();
        assert!(shelf.is_stale(folder.path()));
        let after = shelf.reopen(folder.path());
        assert_eq!((version(&after, 150), version(&after, 250)), (Some("2024"), Some("2025")));
        assert_eq!(after.problems().len(), 1);
        assert!(after.problems()[0].to_string().contains("hcpcs.2024.table"), "{}", after.problems()[0]);
        assert!(!after.is_stale(folder.path()), "one look at a damaged file is enough");
        assert_eq!(after.reopen(folder.path()).problems().len(), 1, "and it stays named");
        let fresh = Shelf::open(folder.path());
        assert!(!fresh.is_stale(folder.path()));
        assert_eq!((version(&fresh, 150), version(&fresh, 250)), (None, Some("2025")));

        std::fs::remove_file(&path).unwrap();
        assert_eq!(version(&after.reopen(folder.path()), 150), None, "a removed table is gone");
    }

    #[test]
    fn no_folder_is_no_table() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(&folder.path().join("codes"));
        assert!(shelf.problems().is_empty() && shelf.all().next().is_none());
    }
}
