//! The folder of active tables. A file `*.toml` in it is active; one that cannot be used changes nothing, and what was active before
//! stays, also over a restart: every text that was ever active is kept (`history.rs`), with who activated it and when. A folder that
//! cannot be listed, or that went as a whole, is no empty folder: its tables stay too.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::history::{Activation, FILE_CHANGED, History, last_of};
use super::{Active, RuleTable, TableError};

/// What a file of the folder was when it was last looked at; none where its metadata cannot be had.
type Stamp = Option<(SystemTime, u64)>;

/// The active tables of a host.
#[derive(Debug)]
pub struct Tables {
    folder: PathBuf,
    history: History,
    active: ArcSwap<Vec<Arc<RuleTable>>>,
    seen: Mutex<Look>,
    /// Texts that become active are kept.
    keeps: bool,
}

/// The folder as it was last looked at.
#[derive(Debug, Default)]
struct Look {
    files: BTreeMap<PathBuf, Seen>,
    /// It could be listed at least once.
    listed: bool,
    /// There was a history in it.
    has_history: bool,
    /// Why it cannot be listed now.
    error: Option<TableError>,
}

#[derive(Debug, Clone)]
struct Seen {
    stamp: Stamp,
    /// Its present text.
    loaded: Result<Arc<RuleTable>, Unusable>,
    /// What is active of this file.
    table: Option<Arc<RuleTable>>,
    /// Why its present text is not.
    error: Option<TableError>,
}

#[derive(Debug, Clone)]
struct Unusable {
    error: TableError,
    /// The file could not be read, which its time and size do not tell: it is looked at again.
    unread: bool,
}

/// What a look at the folder came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Other tables are active now.
    pub moved: bool,
    /// Something cannot be used that was not told before.
    pub refused: bool,
}

/// Why an activation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The candidate, or the folder that it would lie in.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file that it would be written into is another's.
    #[error(
        "{path}: found {holds}, expected no file or table \"{id}\"; give one of them another id, or rename the file"
    )]
    Taken {
        /// The file.
        path: PathBuf,
        /// What is in it.
        holds: String,
        /// The candidate's id.
        id: String,
    },
    /// The folder.
    #[error("{path}: {source}")]
    Io {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ActivationError {
    let path = path.to_owned();
    move |source| ActivationError::Io { path, source }
}

/// What an activation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// As it is kept.
    pub activation: Activation,
    /// The same text was active already.
    pub unchanged: bool,
}

impl Tables {
    /// Reads a folder; one that is not there has no tables. A file that cannot be used has its error in [`Tables::problems`], and
    /// what was last active of it stays.
    pub fn open(folder: &Path) -> Self {
        Self::open_as(folder, true)
    }

    /// The same for a command that only looks: nothing is written.
    pub fn look_at(folder: &Path) -> Self {
        Self::open_as(folder, false)
    }

    fn open_as(folder: &Path, keeps: bool) -> Self {
        let (active, seen) = (ArcSwap::default(), Mutex::default());
        let tables = Self { folder: folder.to_owned(), history: History::of(folder), active, seen, keeps };
        tables.refresh();
        tables
    }

    /// Where they lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The active tables of the moment, by file name.
    pub fn active(&self) -> Active {
        self.active.load_full()
    }

    /// The folder, where it cannot be listed, and files of it whose present text is not active: each with why.
    pub fn problems(&self) -> Vec<TableError> {
        let seen = self.seen.lock();
        seen.error.iter().cloned().chain(seen.files.values().filter_map(|seen| seen.error.clone())).collect()
    }

    /// Files that cannot be used and of which nothing was ever active, and a folder that could never be listed: nobody knows whom
    /// their rules are for.
    pub fn never_active(&self) -> Vec<TableError> {
        let seen = self.seen.lock();
        let folder = seen.error.iter().filter(|_| !seen.listed).cloned();
        let files = seen.files.values().filter(|seen| seen.table.is_none()).filter_map(|seen| seen.error.clone());
        folder.chain(files).collect()
    }

    /// What is wrong where the folder has neither tables nor a history, though the history of a store knows these as active: it went
    /// while nobody looked.
    pub(crate) fn lost(&self, known: &[String]) -> Option<TableError> {
        let has_files = !self.seen.lock().files.is_empty();
        (!known.is_empty() && !has_files && !self.history.is_there()).then(|| gone(&self.folder, known))
    }

    /// The folder's files. A folder that went with its history, or in whose place another is (as where something is no longer
    /// mounted there), was not emptied: nobody took its tables away.
    fn list(&self, before: &Look) -> Result<Vec<(PathBuf, Stamp)>, TableError> {
        let now =
            files(&self.folder).map_err(|error| unreadable(&self.folder, &error, "a folder that can be listed"))?;
        let went = now.is_none() || (before.has_history && !self.history.is_there());
        let now = now.unwrap_or_default();
        if went && now.is_empty() && !before.files.is_empty() {
            let known: Vec<String> =
                active_of(&before.files).iter().map(|(_, table)| table.header().id.clone()).collect();
            return Err(gone(&self.folder, &known));
        }
        Ok(now)
    }

    /// Looks whether files have changed. Cheap where nothing has.
    pub fn refresh(&self) -> Refreshed {
        let mut seen = self.seen.lock();
        let now = match self.list(&seen) {
            Ok(now) => now,
            Err(error) => {
                let refused = seen.error.as_ref() != Some(&error);
                if refused && self.keeps {
                    tracing::error!(%error, "rules: the folder of tables cannot be listed; what was active stays");
                }
                seen.error = Some(error);
                return Refreshed { moved: false, refused };
            }
        };
        let first = !std::mem::replace(&mut seen.listed, true);
        seen.error = None;
        let same = |path: &PathBuf, stamp: &Stamp| {
            let as_before =
                |known: &Seen| known.stamp == *stamp && !matches!(known.loaded, Err(Unusable { unread: true, .. }));
            seen.files.get(path).is_some_and(as_before)
        };
        if !first && now.len() == seen.files.len() && now.iter().all(|(path, stamp)| same(path, stamp)) {
            return Refreshed::default();
        }
        let known = self.history.list().unwrap_or_else(|error| {
            tracing::error!(%error, "rules: the list of activations cannot be read");
            Vec::new()
        });
        let mut fresh: BTreeMap<PathBuf, Seen> = BTreeMap::new();
        for (path, stamp) in now {
            let before = seen.files.get(&path);
            let loaded = match before {
                Some(before) if same(&path, &stamp) => before.loaded.clone(),
                _ => load(&path),
            };
            let table = match before {
                Some(before) => before.table.clone(),
                None => self.history.last_active(&known, &file_name(&path)),
            };
            fresh.insert(path, Seen { stamp, loaded, table, error: None });
        }
        let owners = owners(&seen.files, &known);
        settle(&mut fresh, &owners);
        let refused = self.tell(&seen.files, &fresh);
        let before = active_of(&seen.files);
        let active = active_of(&fresh);
        if self.keeps {
            self.keep_moved(first, &before, &active, &known);
        }
        seen.files = fresh;
        seen.has_history = self.history.is_there();
        let digests = |tables: &[(String, Arc<RuleTable>)]| {
            tables.iter().map(|(_, table)| table.digest.clone()).collect::<Vec<_>>()
        };
        let moved = digests(&before) != digests(&active);
        self.active.store(Arc::new(active.into_iter().map(|(_, table)| table).collect()));
        Refreshed { moved, refused }
    }

    /// Logs what cannot be used and was not told before; whether there is any.
    fn tell(&self, before: &BTreeMap<PathBuf, Seen>, now: &BTreeMap<PathBuf, Seen>) -> bool {
        let told = |path: &PathBuf, error: &TableError| {
            before.get(path).is_some_and(|before| before.error.as_ref() == Some(error))
        };
        let mut any = false;
        for (path, seen) in now {
            if let Some(error) = seen.error.as_ref().filter(|error| !told(path, error)) {
                any = true;
                if self.keeps {
                    tracing::error!(%error, "rules: a table cannot be used; what was active stays");
                }
            }
        }
        any
    }

    /// Keeps what became active or went without the command. At the first look: also what moved while nobody looked.
    fn keep_moved(
        &self,
        first: bool,
        before: &[(String, Arc<RuleTable>)],
        active: &[(String, Arc<RuleTable>)],
        known: &[Activation],
    ) {
        let named = |tables: &[(String, Arc<RuleTable>)], file: &str, digest: &str| {
            tables.iter().any(|(known, table)| known == file && table.digest == digest)
        };
        for (file, table) in active.iter().filter(|(file, table)| first || !named(before, file, &table.digest)) {
            let id = &table.header().id;
            let replaced = last_of(known, id).filter(|last| !last.removed).map(|last| last.digest.clone());
            if let Err(error) = self.history.keep(file, table, FILE_CHANGED, replaced.unwrap_or_default()) {
                tracing::error!(%error, table = id, "rules: the text of a table cannot be kept");
            }
        }
        let is_active = |id: &str| active.iter().any(|(_, table)| table.header().id == id);
        let mut gone: Vec<&str> = match first {
            true => known.iter().map(|known| known.id.as_str()).collect(),
            false => before.iter().map(|(_, table)| table.header().id.as_str()).collect(),
        };
        gone.sort_unstable();
        gone.dedup();
        for id in gone.into_iter().filter(|id| !is_active(id)) {
            if let Err(error) = self.history.remove(id) {
                tracing::error!(%error, table = id, "rules: the removal of a table cannot be kept");
            }
        }
    }

    /// Makes a candidate active: its cases pass, its text and who activated it are kept, and it takes the place of the table with its
    /// id. A running `serve` takes it up by itself.
    ///
    /// # Errors
    /// [`ActivationError`]; nothing has changed then.
    pub fn activate(&self, name: &str, bytes: &[u8], by: &str) -> Result<Activated, ActivationError> {
        let table = RuleTable::load(name, bytes)?;
        let id = table.header().id.clone();
        self.refresh();
        let (path, before) = {
            let seen = self.seen.lock();
            // Of a folder that nobody can list, nobody knows which file has the id.
            if let Some(error) = &seen.error {
                return Err(error.clone().into());
            }
            self.place_of(&seen.files, &id)?
        };
        let unchanged = before.as_ref().is_some_and(|before| before.digest == table.digest);
        fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        // The list first: a table that is active and in no list would be nobody's.
        let replaced = before.filter(|_| !unchanged).map(|before| before.digest.clone()).unwrap_or_default();
        let kept = self.history.keep(&file_name(&path), &table, by, replaced);
        let activation = kept.map_err(at(&self.folder))?;
        write_whole(&path, bytes).map_err(at(&path))?;
        self.refresh();
        Ok(Activated { activation, unchanged })
    }

    /// The file that a table of an id is written into, and what is active of it now.
    fn place_of(
        &self,
        files: &BTreeMap<PathBuf, Seen>,
        id: &str,
    ) -> Result<(PathBuf, Option<Arc<RuleTable>>), ActivationError> {
        let has = |table: &RuleTable| table.header().id == id;
        let taken = |path: &Path, holds: String| {
            Err(ActivationError::Taken { path: path.to_owned(), holds, id: id.to_owned() })
        };
        let table_of = |table: &RuleTable| format!("table \"{}\"", table.header().id);
        let active = files.iter().find(|(_, seen)| seen.table.as_deref().is_some_and(has));
        if let Some((path, seen)) = active {
            return match &seen.loaded {
                Ok(other) if !has(other) => taken(path, format!("the text of {}", table_of(other))),
                _ => Ok((path.clone(), seen.table.clone())),
            };
        }
        let path = self.folder.join(format!("{id}.toml"));
        let seen = files.get(&path);
        match seen.map(|seen| (&seen.table, &seen.loaded)) {
            Some((Some(other), _)) | Some((None, Ok(other))) => taken(&path, table_of(other)),
            Some((None, Err(_))) => taken(&path, "a file that is no table".to_owned()),
            None if fs::symlink_metadata(&path).is_ok() => taken(&path, "something that is no table".to_owned()),
            None => Ok((path, None)),
        }
    }

    /// Every activation and removal that is kept, oldest first. A line that a crash cut off is passed over.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn activations(&self) -> io::Result<Vec<Activation>> {
        self.history.list()
    }

    /// A text that was active once, by its digest. What is kept is compared with it.
    pub fn text(&self, digest: &str) -> Option<String> {
        let active = self.active();
        let active = active.iter().find(|table| table.digest == digest);
        active.map(|table| table.text.clone()).or_else(|| self.history.text(digest))
    }
}

/// The active tables, each with its file's name.
fn active_of(files: &BTreeMap<PathBuf, Seen>) -> Vec<(String, Arc<RuleTable>)> {
    let active = files.iter().filter_map(|(path, seen)| Some((file_name(path), seen.table.clone()?)));
    active.collect()
}

/// Which file has an id: the one that is active, else, at a start, the one that was last.
fn owners(files: &BTreeMap<PathBuf, Seen>, known: &[Activation]) -> BTreeMap<String, String> {
    let kept = known.iter().map(|known| (known.id.clone(), (!known.removed).then(|| known.file.clone())));
    let mut owners: BTreeMap<String, Option<String>> = kept.collect();
    for (file, table) in active_of(files) {
        owners.insert(table.header().id.clone(), Some(file));
    }
    owners.into_iter().filter_map(|(id, file)| Some((id, file?))).collect()
}

/// Says of each file what is active of it: its present text; where that cannot be used, or its id is another file's, what was
/// active before, as far as its id is free. On entry `table` is what was active before.
fn settle(files: &mut BTreeMap<PathBuf, Seen>, owners: &BTreeMap<String, String>) {
    let mut by_id: BTreeMap<String, PathBuf> = BTreeMap::new();
    let wanted = |seen: &Seen| seen.loaded.as_ref().ok().or(seen.table.as_ref()).cloned();
    let owns = |path: &Path, id: &str| owners.get(id).is_some_and(|file| *file == file_name(path));
    for owning in [true, false] {
        for (path, seen) in files.iter() {
            if let Some(table) = wanted(seen) {
                let id = &table.header().id;
                if owns(path, id) == owning {
                    by_id.entry(id.clone()).or_insert_with(|| path.clone());
                }
            }
        }
    }
    for (path, seen) in files.iter_mut() {
        let name = path.display().to_string();
        let of_other = |by_id: &BTreeMap<String, PathBuf>, table: &RuleTable| {
            by_id.get(&table.header().id).filter(|other| *other != path).cloned()
        };
        let problem = match &seen.loaded {
            Err(unusable) => Some(unusable.error.clone()),
            Ok(table) => match of_other(&by_id, table) {
                Some(other) => Some(twice(&name, &table.header().id, &other)),
                None => {
                    seen.table = Some(Arc::clone(table));
                    continue;
                }
            },
        };
        seen.error = problem;
        // What was active before, where no other file has its id by now.
        if let Some(table) = seen.table.take()
            && of_other(&by_id, &table).is_none()
        {
            by_id.entry(table.header().id.clone()).or_insert_with(|| path.clone());
            seen.table = Some(table);
        }
    }
}

fn twice(name: &str, id: &str, other: &Path) -> TableError {
    let problem = claimhost_rules::Problem {
        line: 1,
        column: 1,
        of: "table, id".to_owned(),
        found: format!("\"{id}\""),
        expected: format!("an id of its own: {} has it", other.display()),
        remedy: "rename one, or take one away".to_owned(),
    };
    TableError { name: name.to_owned(), problems: vec![problem] }
}

fn unreadable(path: &Path, error: &io::Error, expected: &str) -> TableError {
    let problem = claimhost_rules::Problem {
        line: 1,
        column: 1,
        of: String::new(),
        found: error.to_string(),
        expected: expected.to_owned(),
        remedy: "give the user of claimhost the right to read it".to_owned(),
    };
    TableError { name: path.display().to_string(), problems: vec![problem] }
}

/// A folder that went with its tables.
fn gone(folder: &Path, known: &[String]) -> TableError {
    let problem = claimhost_rules::Problem {
        line: 1,
        column: 1,
        of: String::new(),
        found: "no such folder, or an empty one without `history`".to_owned(),
        expected: format!("the folder of the tables that are active: {}", known.join(", ")),
        remedy:
            "put it back, or mount it; if none of them is to be active any more, make an empty folder `history` in it"
                .to_owned(),
    };
    TableError { name: folder.display().to_string(), problems: vec![problem] }
}

fn load(path: &Path) -> Result<Arc<RuleTable>, Unusable> {
    let bytes = fs::read(path).map_err(|error| {
        let error = unreadable(path, &error, "a table that can be read");
        Unusable { error, unread: true }
    })?;
    let loaded = RuleTable::load(&path.display().to_string(), &bytes);
    loaded.map(Arc::new).map_err(|error| Unusable { error, unread: false })
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The files `*.toml` of a folder, each with its time and size; a link that leads nowhere is one. None: there is no such folder.
fn files(folder: &Path) -> io::Result<Option<Vec<(PathBuf, Stamp)>>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(folder).is_err() => {
            return Ok(None);
        }
        entries => entries?,
    };
    let mut files: Vec<(PathBuf, Stamp)> = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.ends_with(".toml") || name.starts_with('.') {
            continue;
        }
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() => {}
            Ok(metadata) => {
                let time = metadata.modified()?;
                files.push((path, Some((time, metadata.len()))));
            }
            // It went while the folder was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(&path).is_err() => {}
            Err(_) => files.push((path, None)),
        }
    }
    files.sort();
    Ok(Some(files))
}

/// Writes beside, then renames: a reader sees the old or the new file, never a part.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_file_name(format!(".{}.{}.tmp", file_name(path), std::process::id()));
    let mut file = fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
