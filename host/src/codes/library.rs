//! The tables of the host while it runs: those of its folder, and the public ones that come with claimhost.
//!
//! Whoever needs tables takes the shelf of the moment and keeps it for its batch; a newly imported table is on the next.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::container::{ContainerError, Table, write};
use super::shelf::Shelf;
use super::{System, Verdict, embedded, look};
use crate::claim::{Date, day_number};
use crate::plugin::{Answer, CodeTables};

/// A folder of tables, open.
#[derive(Debug)]
pub struct Library {
    folder: PathBuf,
    /// Embedded tables that could not be written there.
    spare: Vec<Arc<Table>>,
    current: ArcSwap<Shelf>,
}

impl Library {
    /// Opens a folder. Embedded tables that are not in it yet are unpacked into it, once, so that later starts only map them;
    /// where the folder cannot be written they are unpacked into memory.
    pub fn open(folder: &Path) -> Self {
        let mut shelf = Shelf::open(folder);
        let missing = embedded::missing(&shelf);
        let mut spare = Vec::new();
        if !missing.is_empty() {
            let tables = embedded::tables().unwrap_or_default();
            for (label, payload) in tables.iter().filter(|(label, _)| missing.contains(&label.file_name())) {
                if let Err(error) = write(folder, label, payload) {
                    tracing::warn!(%error, "codes: a public table is kept in memory, its folder cannot be written");
                    spare.extend(Table::in_memory(label, payload).ok().map(Arc::new));
                }
            }
            shelf = Shelf::open(folder).with(&spare);
        }
        Self { folder: folder.to_owned(), spare, current: ArcSwap::from_pointee(shelf) }
    }

    /// The tables of the moment.
    pub fn shelf(&self) -> Arc<Shelf> {
        self.current.load_full()
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Looks whether the folder has changed; true where other tables are on the shelf now.
    pub fn refresh(&self) -> bool {
        let now = self.current.load_full();
        if !now.is_stale(&self.folder) {
            return false;
        }
        self.current.store(Arc::new(now.reopen(&self.folder).with(&self.spare)));
        true
    }

    /// Files that cannot be used, in words.
    pub fn problems(&self) -> Vec<String> {
        self.shelf().problems().iter().map(ContainerError::to_string).collect()
    }
}

/// What a plugin may ask: a table is named as its system (`icd10cm`, `hcpcs`); the shelf of the moment answers.
impl CodeTables for Library {
    fn lookup(&self, _practice: &str, table: &str, codes: &[String], on: Date) -> Vec<Answer> {
        answers(&self.shelf(), table, codes, on)
    }
}

/// The public tables that come with claimhost and no others: what a plugin's fixtures see, so that they answer alike on every
/// host, whatever its operator has imported.
#[derive(Debug, Default)]
pub struct PublicTables(OnceLock<Shelf>);

impl PublicTables {
    fn shelf(&self) -> &Shelf {
        self.0.get_or_init(|| {
            let tables = embedded::tables().unwrap_or_default();
            Shelf::of(tables.iter().filter_map(|(label, payload)| Table::in_memory(label, payload).ok()))
        })
    }
}

impl CodeTables for PublicTables {
    fn open(&self) {
        self.shelf();
    }

    fn lookup(&self, _practice: &str, table: &str, codes: &[String], on: Date) -> Vec<Answer> {
        answers(self.shelf(), table, codes, on)
    }
}

/// One answer for each code, in order. `known`: some table has it; `valid`: it may be billed on that day; `target`: what replaced it.
fn answers(shelf: &Shelf, table: &str, codes: &[String], on: Date) -> Vec<Answer> {
    let unknown = || Answer { known: false, valid: false, target: String::new() };
    let Some(system) = System::by_name(table) else { return codes.iter().map(|_| unknown()).collect() };
    let day = day_number(on);
    let answer = |code: &String| match look(shelf, system, code, day).verdict {
        Verdict::Valid => Answer { known: true, valid: true, target: String::new() },
        Verdict::NotBillable | Verdict::NotYet { .. } => Answer { known: true, ..unknown() },
        Verdict::Retired { replaced_by, .. } => Answer { known: true, valid: false, target: replaced_by },
        Verdict::Unknown | Verdict::NotCovered => unknown(),
    };
    codes.iter().map(answer).collect()
}
