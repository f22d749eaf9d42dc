//! The plugins of a host: found, checked, compiled, proved by their own fixtures, and swapped while calls run.
//!
//! A plugin that fails any step is listed with its error and does not stop the others.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rayon::prelude::*;

use super::adapter::Adapter;
use super::cache::Cache;
use super::discover;
use super::engine::{Engines, SESSIONS_MAX};
use super::fault::Fault;
use super::fixtures::{self, FixtureError};
use super::imports::{CodeTables, DropLog, NoTables, PluginLog};
use super::load::{Active, Entry, Plugin, Shared, compile, load};
use super::manifest::{Evidence, Framing, Kind, Limits, Manifest, ManifestError};
use super::pool::Pool;
use super::rules::RuleSet;
use crate::codes::PublicTables;

/// Sessions that wait for their next call; the rest of the slots stays free for new ones.
const IDLE_MAX: usize = SESSIONS_MAX as usize * 3 / 4;
/// When a plugin's own fixtures run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FixturePolicy {
    /// Once for each digest of plugin and fixtures, then remembered in the cache folder.
    #[default]
    Remember,
    /// At each activation.
    Always,
    /// Never: for the commands that write fixtures.
    Skip,
}

/// What a host is opened with.
pub struct PluginHostConfig {
    /// Plugin folders, or folders of plugin folders.
    pub folders: Vec<PathBuf>,
    /// For compiled code: the host's own, mode 0700.
    pub cache: PathBuf,
    /// What no plugin may exceed.
    pub limits_cap: Limits,
    /// When fixtures run.
    pub fixtures: FixturePolicy,
    /// Where plugin logs go.
    pub log: Arc<dyn PluginLog>,
    /// Code tables that plugins may be granted.
    pub tables: Arc<dyn CodeTables>,
    /// Code tables that their fixtures see: the same on every host.
    pub fixture_tables: Arc<dyn CodeTables>,
}

impl PluginHostConfig {
    /// Usual limits, fixtures remembered, no log; code tables for fixtures alone.
    pub fn new(folders: Vec<PathBuf>, cache: PathBuf) -> Self {
        Self {
            folders,
            cache,
            limits_cap: Limits::CAP,
            fixtures: FixturePolicy::default(),
            log: Arc::new(DropLog::default()),
            tables: Arc::new(NoTables),
            fixture_tables: Arc::new(PublicTables::default()),
        }
    }
}

/// Why a host cannot open. A bad plugin is no reason.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The cache folder cannot be made.
    #[error("{}: the plugin cache cannot be opened: {source}; give the service user a writable folder", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// wasmtime cannot start on this machine.
    #[error("the WebAssembly engine cannot start: {0}; check `ulimit -v` and the address space")]
    Engine(String),
}

/// Why a plugin is not active.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PluginError {
    /// `plugin.toml`.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The component file.
    #[error("{}: {problem}", path.display())]
    Component {
        /// The file.
        path: PathBuf,
        /// Found, expected, what to do.
        problem: String,
    },
    /// Another folder has the same id.
    #[error("{}: id `{id}` is taken by another plugin folder; rename one", path.display())]
    Duplicate {
        /// The folder.
        path: PathBuf,
        /// The id.
        id: String,
    },
    /// It does not answer `describe`.
    #[error("`{id}` cannot be asked what it is: {fault}")]
    Describe {
        /// Id of its manifest.
        id: String,
        /// What happened.
        fault: Fault,
    },
    /// Its own fixtures fail.
    #[error("`{id}` fails its own fixtures: {error}")]
    Fixtures {
        /// Id of its manifest.
        id: String,
        /// The first that failed.
        error: FixtureError,
    },
}

/// One line of `plugin list`.
#[derive(Debug, Clone)]
pub struct PluginInfo {
    /// Id; the folder's name where the manifest cannot be read.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its world.
    pub kind: Option<Kind>,
    /// EHR or payer.
    pub family: String,
    /// The plugin's version.
    pub version: String,
    /// Version of the contract.
    pub contract: String,
    /// SHA-256 of component and manifest, hex.
    pub digest: String,
    /// How far its author could check it.
    pub evidence: Option<Evidence>,
    /// How its files are cut.
    pub framing: Option<Framing>,
    /// Formats of its documents.
    pub formats: Vec<String>,
    /// Payers its rules are for.
    pub payer_ids: Vec<String>,
    /// Runs from reserved slots; false: on the on-demand engine, slower to start.
    pub pooled: bool,
    /// Why it is not active.
    pub error: Option<PluginError>,
}

/// All plugins of a host. Clones share everything; `Send` and `Sync`.
#[derive(Clone)]
pub struct PluginHost {
    shared: Arc<Shared>,
    entries: Arc<ArcSwap<BTreeMap<PathBuf, Entry>>>,
    writer: Arc<Mutex<()>>,
}

impl PluginHost {
    /// Finds, checks, compiles and proves every plugin in the folders, in parallel.
    ///
    /// # Errors
    /// [`HostError`] where nothing can run here. A plugin's own error is in [`PluginHost::list`].
    pub fn open(config: PluginHostConfig) -> Result<Self, HostError> {
        let cache = Cache::open(&config.cache).map_err(|source| HostError::Cache { path: config.cache, source })?;
        let engines = Engines::new().map_err(|error| HostError::Engine(error.to_string()))?;
        let shared = Arc::new(Shared {
            engines,
            cache,
            pool: Pool::new(SESSIONS_MAX as usize, IDLE_MAX),
            log: config.log,
            tables: config.tables,
            fixture_tables: config.fixture_tables,
            last_try: Mutex::new(()),
            limits_cap: config.limits_cap,
            fixtures: config.fixtures,
        });
        let folders = discover::folders(&config.folders);
        let loaded: Vec<Entry> = folders.par_iter().map(|folder| load(&shared, folder)).collect();
        let mut entries: BTreeMap<PathBuf, Entry> = BTreeMap::new();
        for entry in loaded {
            let entry = refuse_duplicate(&entries, entry);
            entries.insert(entry.info.folder.clone(), entry);
        }
        let entries = Arc::new(ArcSwap::from_pointee(entries));
        Ok(Self { shared, entries, writer: Arc::new(Mutex::new(())) })
    }

    /// Every plugin folder, active or with its error, by folder.
    pub fn list(&self) -> Vec<PluginInfo> {
        self.entries.load().values().map(|entry| entry.info.clone()).collect()
    }

    /// The active adapter with this id.
    pub fn adapter(&self, id: &str) -> Option<Arc<Adapter>> {
        self.entries.load().values().find_map(|entry| match &entry.active {
            Some(Active::Adapter(adapter)) if adapter.id() == id => Some(Arc::clone(adapter)),
            _ => None,
        })
    }

    /// The active rule set with this id.
    pub fn rules(&self, id: &str) -> Option<Arc<RuleSet>> {
        self.entries.load().values().find_map(|entry| match &entry.active {
            Some(Active::Rules(rules)) if rules.id() == id => Some(Arc::clone(rules)),
            _ => None,
        })
    }

    /// Idle sessions now, of all practices.
    pub fn idle_sessions(&self) -> usize {
        self.shared.pool.idle()
    }

    /// Makes what is in the folder the active version, if it passes everything; calls in flight finish on the old one.
    /// A failing candidate changes nothing.
    ///
    /// # Errors
    /// Why the candidate is refused.
    pub fn activate(&self, folder: &Path) -> Result<PluginInfo, PluginError> {
        let _turn = self.writer.lock();
        let candidate = load(&self.shared, folder);
        let mut entries = (**self.entries.load()).clone();
        let old = entries.remove(folder);
        let candidate = refuse_duplicate(&entries, candidate);
        if let Some(error) = candidate.info.error {
            return Err(error);
        }
        let info = candidate.info.clone();
        if let Some(old) = old.as_ref().and_then(|old| old.active.as_ref())
            && old.plugin().digest == info.digest
        {
            return Ok(info); // nothing changed: sessions, budget and quarantine stay
        }
        entries.insert(folder.to_owned(), candidate);
        self.entries.store(Arc::new(entries));
        if let Some(old) = old.and_then(|old| old.active) {
            let gone = old.plugin().digest.clone();
            self.shared.pool.retire(|key| *key.plugin == *gone);
        }
        Ok(info)
    }

    /// Runs the fixtures of a loaded plugin folder now, whatever was remembered.
    ///
    /// # Errors
    /// The first that failed, or why the plugin is not active.
    pub fn verify_fixtures(&self, folder: &Path) -> Result<fixtures::FixtureReport, PluginError> {
        let plugin = self.compiled(folder)?;
        fixtures::verify(&plugin).map_err(|error| PluginError::Fixtures { id: plugin.manifest.id.clone(), error })
    }

    /// Writes `expected.json` of every fixture from what the plugin answers now. Returns how many.
    ///
    /// # Errors
    /// The first that cannot run, or why the plugin is not active.
    pub fn accept_fixtures(&self, folder: &Path) -> Result<usize, PluginError> {
        let plugin = self.compiled(folder)?;
        fixtures::accept(&plugin).map_err(|error| PluginError::Fixtures { id: plugin.manifest.id.clone(), error })
    }

    fn compiled(&self, folder: &Path) -> Result<Arc<Plugin>, PluginError> {
        let loaded = self.entries.load().get(folder).and_then(|entry| entry.active.clone());
        match loaded {
            Some(active) => Ok(Arc::clone(active.plugin())),
            None => compile(&self.shared, folder, &Manifest::read(folder)?).map(Arc::new),
        }
    }
}

/// The second of two folders with one id is refused, and its plugin with it.
fn refuse_duplicate(entries: &BTreeMap<PathBuf, Entry>, mut entry: Entry) -> Entry {
    let taken = entries.values().any(|other| other.active.is_some() && other.info.id == entry.info.id);
    if taken && entry.active.is_some() {
        entry.active = None;
        let (path, id) = (entry.info.folder.clone(), entry.info.id.clone());
        entry.info.error = Some(PluginError::Duplicate { path, id });
    }
    entry
}
