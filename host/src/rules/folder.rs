//! The folder of active tables. A file `*.toml` in it is active; one that cannot be used changes nothing, and what was active before
//! stays, also over a restart: every text that was ever active is kept in `history/`, with who activated it and when.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Active, RuleTable, TableError};

/// Where texts and the list of activations are kept.
const HISTORY: &str = "history";
/// The list of activations, one JSON object a line.
const LIST: &str = "activations.jsonl";

/// Who activated a text that somebody wrote into the folder without the command.
pub const FILE_CHANGED: &str = "file changed";

/// One activation, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// When, ISO 8601 with the zone.
    pub at: String,
    /// Who; [`FILE_CHANGED`] where somebody wrote the file without the command.
    pub by: String,
    /// File in the folder.
    pub file: String,
    /// The table.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text, hex.
    pub digest: String,
    /// What it took the place of; empty: nothing.
    pub replaced: String,
}

/// What a file of the folder was when it was last looked at.
type Stamp = Option<(SystemTime, u64)>;

/// The active tables of a host.
#[derive(Debug)]
pub struct Tables {
    folder: PathBuf,
    active: ArcSwap<Vec<Arc<RuleTable>>>,
    seen: Mutex<BTreeMap<PathBuf, Seen>>,
    /// Texts that become active are kept.
    keeps: bool,
}

#[derive(Debug, Clone)]
struct Seen {
    stamp: Stamp,
    /// What is active of this file.
    table: Option<Arc<RuleTable>>,
    /// Why its present text is not.
    error: Option<TableError>,
}

/// Why an activation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The candidate.
    #[error(transparent)]
    Table(#[from] TableError),
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
        let tables = Self { folder: folder.to_owned(), active: ArcSwap::default(), seen: Mutex::default(), keeps };
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

    /// Files of the folder whose present text is not active, and why.
    pub fn problems(&self) -> Vec<TableError> {
        self.seen.lock().values().filter_map(|seen| seen.error.clone()).collect()
    }

    /// Files that cannot be used and of which nothing was ever active: nobody knows whom their rules are for.
    pub fn never_active(&self) -> Vec<TableError> {
        let seen = self.seen.lock();
        seen.values().filter(|seen| seen.table.is_none()).filter_map(|seen| seen.error.clone()).collect()
    }

    /// Looks whether files have changed. True where other tables are active now. Cheap where nothing has.
    pub fn refresh(&self) -> bool {
        let mut seen = self.seen.lock();
        let now = files(&self.folder);
        let same = |path: &PathBuf, stamp: &Stamp| seen.get(path).is_some_and(|known| known.stamp == *stamp);
        if now.len() == seen.len() && now.iter().all(|(path, stamp)| same(path, stamp)) {
            return false;
        }
        let mut fresh: BTreeMap<PathBuf, Seen> = BTreeMap::new();
        for (path, stamp) in now {
            let known = seen.get(&path).cloned();
            let entry = match known {
                Some(known) if known.stamp == stamp => known,
                known => self.look(&path, stamp, known.and_then(|known| known.table), &fresh),
            };
            fresh.insert(path, entry);
        }
        *seen = fresh;
        let active: Vec<Arc<RuleTable>> = seen.values().filter_map(|seen| seen.table.clone()).collect();
        let before = self.active.load();
        let digests = |tables: &[Arc<RuleTable>]| tables.iter().map(|table| table.digest.clone()).collect::<Vec<_>>();
        let moved = digests(&before) != digests(&active);
        self.active.store(Arc::new(active));
        moved
    }

    /// Reads one file that is new or has changed.
    fn look(
        &self,
        path: &Path,
        stamp: Stamp,
        before: Option<Arc<RuleTable>>,
        others: &BTreeMap<PathBuf, Seen>,
    ) -> Seen {
        let name = path.display().to_string();
        let unreadable = |error: &io::Error| {
            let problem = claimhost_rules::Problem {
                line: 1,
                column: 1,
                of: String::new(),
                found: error.to_string(),
                expected: "a table that can be read".to_owned(),
                remedy: "give the user of claimhost the right to read it".to_owned(),
            };
            TableError { name: name.clone(), problems: vec![problem] }
        };
        let loaded =
            fs::read(path).map_err(|error| unreadable(&error)).and_then(|bytes| RuleTable::load(&name, &bytes));
        let loaded = loaded.and_then(|table| self.only_one(&name, table, others));
        match loaded {
            Ok(table) => {
                let table = Arc::new(table);
                let kept = self.keeps.then(|| self.keep(path, &table, FILE_CHANGED, before.as_deref()));
                if let Some(Err(error)) = kept {
                    tracing::error!(%error, table = table.header().id, "rules: the text of a table cannot be kept");
                }
                Seen { stamp, table: Some(table), error: None }
            }
            Err(error) => {
                let table = before.or_else(|| self.last_active(path));
                if self.keeps {
                    tracing::error!(%error, "rules: a table cannot be used; what was active stays");
                }
                Seen { stamp, table, error: Some(error) }
            }
        }
    }

    fn only_one(
        &self,
        name: &str,
        table: RuleTable,
        others: &BTreeMap<PathBuf, Seen>,
    ) -> Result<RuleTable, TableError> {
        let same = |seen: &Seen| seen.table.as_ref().is_some_and(|other| other.header().id == table.header().id);
        let Some((other, _)) = others.iter().find(|(_, seen)| same(seen)) else { return Ok(table) };
        let problem = claimhost_rules::Problem {
            line: 1,
            column: 1,
            of: "table, id".to_owned(),
            found: format!("\"{}\"", table.header().id),
            expected: format!("an id of its own: {} has it", other.display()),
            remedy: "rename one, or take one away".to_owned(),
        };
        Err(TableError { name: name.to_owned(), problems: vec![problem] })
    }

    /// Makes a candidate active: its cases pass, its text and who activated it are kept, and it takes the place of the table with its
    /// id. A running `serve` takes it up by itself.
    ///
    /// # Errors
    /// [`ActivationError`]; nothing has changed then.
    pub fn activate(&self, name: &str, bytes: &[u8], by: &str) -> Result<Activated, ActivationError> {
        let table = RuleTable::load(name, bytes)?;
        let id = table.header().id.clone();
        let seen = self.seen.lock().clone();
        let of_id = |known: &Seen| known.table.as_ref().is_some_and(|known| known.header().id == id);
        let found = seen.iter().find(|(_, known)| of_id(known));
        let path = found.map_or_else(|| self.folder.join(format!("{id}.toml")), |(path, _)| path.clone());
        let before = found.and_then(|(_, known)| known.table.clone());
        let unchanged = before.as_ref().is_some_and(|before| before.digest == table.digest);
        fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        // The list first: a table that is active and in no list would be nobody's.
        let activation =
            self.keep(&path, &table, by, before.as_deref().filter(|_| !unchanged)).map_err(at(&self.folder))?;
        write_whole(&path, bytes).map_err(at(&path))?;
        self.refresh();
        Ok(Activated { activation, unchanged })
    }

    /// Keeps a text and its activation, once.
    fn keep(&self, path: &Path, table: &RuleTable, by: &str, before: Option<&RuleTable>) -> io::Result<Activation> {
        let header = table.header();
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let last = self.activations()?.into_iter().rev().find(|known| known.id == header.id);
        if let Some(last) = last
            && last.digest == table.digest
            && last.file == file
        {
            return Ok(last);
        }
        let folder = self.folder.join(HISTORY);
        fs::create_dir_all(&folder)?;
        let text = folder.join(text_name(&table.digest));
        if !text.is_file() {
            write_whole(&text, table.text.as_bytes())?;
        }
        let activation = Activation {
            at: jiff::ZonedDateTime::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            by: by.to_owned(),
            file,
            id: header.id.clone(),
            version: header.version.clone(),
            digest: table.digest.clone(),
            replaced: before.map(|before| before.digest.clone()).unwrap_or_default(),
        };
        let line = serde_json::to_string(&activation)? + "\n";
        let mut list = fs::OpenOptions::new().create(true).append(true).open(folder.join(LIST))?;
        list.write_all(line.as_bytes())?;
        list.sync_all()?;
        Ok(activation)
    }

    /// Every activation that is kept, oldest first. A line that a crash cut off is passed over.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn activations(&self) -> io::Result<Vec<Activation>> {
        match fs::read_to_string(self.folder.join(HISTORY).join(LIST)) {
            Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// A text that was active once, by its digest. What is kept is compared with it.
    pub fn text(&self, digest: &str) -> Option<String> {
        if let Some(table) = self.active().iter().find(|table| table.digest == digest) {
            return Some(table.text.clone());
        }
        let hexadecimal = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let text =
            hexadecimal.then(|| fs::read_to_string(self.folder.join(HISTORY).join(text_name(digest))).ok())??;
        (super::digest(&text) == digest).then_some(text)
    }

    /// What was last active of a file, after a restart.
    fn last_active(&self, path: &Path) -> Option<Arc<RuleTable>> {
        let file = path.file_name()?.to_string_lossy().into_owned();
        let last = self.activations().ok()?.into_iter().rev().find(|known| known.file == file)?;
        let hexadecimal = last.digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = hexadecimal.then(|| fs::read(self.folder.join(HISTORY).join(text_name(&last.digest))).ok())??;
        let table = RuleTable::load(&file, &bytes).ok()?;
        (table.digest == last.digest).then(|| Arc::new(table))
    }
}

fn text_name(digest: &str) -> String {
    format!("{digest}.toml")
}

/// The files `*.toml` of a folder, each with its time and size.
fn files(folder: &Path) -> Vec<(PathBuf, Stamp)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".toml") && !name.starts_with('.') && path.is_file()
    });
    let stamp = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let mut files: Vec<(PathBuf, Stamp)> = paths.map(|path| (path.clone(), stamp(&path))).collect();
    files.sort();
    files
}

/// Writes beside, then renames: a reader sees the old or the new file, never a part.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let mut file = fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
