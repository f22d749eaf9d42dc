//! The plugins of a host: found, checked, compiled, proved by their own fixtures, and swapped while calls run (`reload.rs`).
//!
//! A plugin that fails any step is listed with its error and does not stop the others.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::adapter::Adapter;
use super::cache::Cache;
use super::components::Components;
use super::engine::{Engines, SESSIONS_MAX};
use super::fault::Fault;
use super::fixtures::{self, FixtureError};
use super::imports::{CodeTables, DropLog, NoTables, PluginLog};
use super::load::{Active, Plugin, Shared, compile};
use super::manifest::{Evidence, Framing, Kind, Limits, Manifest, ManifestError, Permissions};
use super::pool::Pool;
use super::poster::Poster;
use super::puller::Puller;
use super::reload::{Counters, Entry};
use super::rules::RuleSet;
use super::source::Pass;
use super::trust::{Trust, TrustError, TrustPolicy};
use super::versions::Versions;
use crate::codes::PublicTables;

/// Sessions that wait for their next call; the rest of the slots stays free for new ones.
const IDLE_MAX: usize = SESSIONS_MAX as usize * 3 / 4;
/// Stack of a guest, where the configuration says nothing else: wasmtime's own default.
pub(crate) const STACK_KIB: u32 = 512;
/// Memory of idle sessions, where the configuration says nothing else.
pub(crate) const IDLE_MIB: u32 = 512;

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
    /// Which plugins may run.
    pub trust: TrustPolicy,
    /// Keep versions that became active for a rollback.
    pub keep_versions: bool,
    /// KiB of stack that a guest's call may use.
    pub stack_kib: u32,
    /// MiB of memory that sessions may hold while they wait for their next call.
    pub idle_mib: u32,
    /// Where plugin logs go.
    pub log: Arc<dyn PluginLog>,
    /// Code tables that plugins may be granted.
    pub tables: Arc<dyn CodeTables>,
    /// Code tables that their fixtures see: the same on every host.
    pub fixture_tables: Arc<dyn CodeTables>,
}

impl PluginHostConfig {
    /// Every plugin that is found, usual limits, fixtures remembered, no log; code tables for fixtures alone.
    pub fn new(folders: Vec<PathBuf>, cache: PathBuf) -> Self {
        Self {
            folders,
            cache,
            limits_cap: Limits::CAP,
            fixtures: FixturePolicy::default(),
            trust: TrustPolicy { mode: Trust::Any, ..TrustPolicy::default() },
            keep_versions: false,
            stack_kib: STACK_KIB,
            idle_mib: IDLE_MIB,
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
    /// The mapping that travels with it.
    #[error("{}: {problem}", path.display())]
    Mapping {
        /// The file.
        path: PathBuf,
        /// Found, expected, what to do.
        problem: String,
    },
    /// Another file that travels with it.
    #[error("{}: {problem}", path.display())]
    Part {
        /// The file.
        path: PathBuf,
        /// Found, expected, what to do.
        problem: String,
    },
    /// What it says of itself cannot be used.
    #[error("`{id}` describes itself wrongly: {problem}")]
    Described {
        /// Id of its manifest.
        id: String,
        /// Found, expected, what to do.
        problem: String,
    },
    /// It may not run here.
    #[error("`{id}` {error}")]
    Trust {
        /// Id of its manifest.
        id: String,
        /// Why not.
        error: TrustError,
    },
    /// Its folder has no manifest any more.
    #[error("{}: plugin.toml is gone; put it back, or remove the folder", path.display())]
    Gone {
        /// The folder.
        path: PathBuf,
    },
    /// Looking at it broke.
    #[error("{}: cannot be looked at: a defect of claimhost; report it with its log", path.display())]
    Broke {
        /// The folder.
        path: PathBuf,
    },
    /// There is nothing to go back to.
    #[error("`{id}`: {problem}")]
    Rollback {
        /// The id that was asked for.
        id: String,
        /// What is missing.
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
        error: Box<FixtureError>,
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
    /// What its manifest asks for.
    pub asks: Permissions,
    /// What it has: asked for and granted.
    pub granted: Permissions,
    /// Runs from reserved slots; false: on the on-demand engine, slower to start.
    pub pooled: bool,
    /// Why it is not active.
    pub error: Option<PluginError>,
    /// Why what is in its folder now did not take the place of the active version.
    pub candidate: Option<PluginError>,
}

/// All plugins of a host. Clones share everything; `Send` and `Sync`.
#[derive(Clone)]
pub struct PluginHost {
    pub(super) shared: Arc<Shared>,
    pub(super) folders: Arc<[PathBuf]>,
    pub(super) entries: Arc<ArcSwap<BTreeMap<PathBuf, Entry>>>,
    pub(super) writer: Arc<Mutex<()>>,
}

impl PluginHost {
    /// Finds, checks, compiles and proves every plugin in the folders, in parallel.
    ///
    /// # Errors
    /// [`HostError`] where nothing can run here. A plugin's own error is in [`PluginHost::list`].
    pub fn open(config: PluginHostConfig) -> Result<Self, HostError> {
        let versions = Versions::new(&config.cache);
        let cache = Cache::open(&config.cache).map_err(|source| HostError::Cache { path: config.cache, source })?;
        let engines = Engines::new(config.stack_kib).map_err(|error| HostError::Engine(error.to_string()))?;
        let shared = Arc::new(Shared {
            engines,
            cache,
            components: Components::default(),
            versions,
            keep_versions: config.keep_versions,
            pool: Pool::new(SESSIONS_MAX as usize, IDLE_MAX, (config.idle_mib as usize) << 20),
            log: config.log,
            tables: config.tables,
            fixture_tables: config.fixture_tables,
            last_try: Mutex::new(()),
            limits_cap: config.limits_cap,
            fixtures: config.fixtures,
            trust: config.trust,
            reloads: Counters::default(),
        });
        let entries = Arc::new(ArcSwap::from_pointee(BTreeMap::new()));
        let host = Self { shared, folders: config.folders.into(), entries, writer: Arc::new(Mutex::new(())) };
        host.first_look();
        Ok(host)
    }

    /// The plugins as they are now, which no reload changes: what begins with one version ends with it.
    #[must_use]
    pub fn pinned(&self) -> Self {
        Self { entries: Arc::new(ArcSwap::new(self.entries.load_full())), ..self.clone() }
    }

    /// Whether the same versions are active in both.
    pub fn is_as(&self, other: &Self) -> bool {
        let (own, others) = (self.entries.load(), other.entries.load());
        let active = |entries: &BTreeMap<PathBuf, Entry>| -> Vec<*const Plugin> {
            entries
                .values()
                .filter_map(|entry| entry.active.as_ref())
                .map(|active| Arc::as_ptr(active.plugin()))
                .collect()
        };
        Arc::ptr_eq(&own, &others) || active(&own) == active(&others)
    }

    /// The limits that a plugin runs under here: what its manifest says, and never more than the host allows.
    #[must_use]
    pub fn limits(&self, manifest: &Manifest) -> Limits {
        manifest.limits.capped(&self.shared.limits_cap)
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

    /// The active puller with this id.
    pub fn puller(&self, id: &str) -> Option<Arc<Puller>> {
        self.entries.load().values().find_map(|entry| match &entry.active {
            Some(Active::Puller(puller)) if puller.id() == id => Some(Arc::clone(puller)),
            _ => None,
        })
    }

    /// The active poster with this id.
    pub fn poster(&self, id: &str) -> Option<Arc<Poster>> {
        self.entries.load().values().find_map(|entry| match &entry.active {
            Some(Active::Poster(poster)) if poster.id() == id => Some(Arc::clone(poster)),
            _ => None,
        })
    }

    /// Lifts the quarantine of a plugin for a practice, or for all: gives those for which it had been. None where no active plugin has
    /// this id.
    #[must_use]
    pub fn release(&self, id: &str, practice: Option<&str>) -> Option<Vec<String>> {
        let entries = self.entries.load();
        let mut active = entries.values().filter_map(|entry| entry.active.as_ref()).map(Active::plugin);
        let released = active.find(|plugin| plugin.manifest.id == id)?.release(practice);
        for practice in &released {
            tracing::warn!(plugin = id, practice, "plugin: released from quarantine by an operator");
        }
        Some(released)
    }

    /// Idle sessions now, of all practices.
    pub fn idle_sessions(&self) -> usize {
        self.shared.pool.idle()
    }

    /// Compiled components that plugins have now: connectors that run one component share it.
    pub fn compiled_components(&self) -> usize {
        self.shared.components.count()
    }

    /// What decides which plugins may run.
    pub fn trust(&self) -> &TrustPolicy {
        &self.shared.trust
    }

    /// Runs the fixtures of a loaded plugin folder now, whatever was remembered.
    ///
    /// # Errors
    /// The first that failed, or why the plugin is not active.
    pub fn verify_fixtures(&self, folder: &Path) -> Result<fixtures::FixtureReport, PluginError> {
        let plugin = self.compiled(folder)?;
        fixtures::verify(&plugin)
            .map_err(|error| PluginError::Fixtures { id: plugin.manifest.id.clone(), error: Box::new(error) })
    }

    /// Writes `expected.json` of every fixture from what the plugin answers now. Data that may be somebody's is disguised first, and the
    /// plugin answers to that.
    ///
    /// # Errors
    /// The first that cannot run or cannot be disguised, or why the plugin is not active; then nothing is written.
    pub fn accept_fixtures(
        &self,
        folder: &Path,
        says: fixtures::DataIs,
        disguiser: &mut dyn fixtures::Disguiser,
    ) -> Result<fixtures::Accepted, PluginError> {
        let plugin = self.compiled(folder)?;
        fixtures::accept(&plugin, says, disguiser)
            .map_err(|error| PluginError::Fixtures { id: plugin.manifest.id.clone(), error: Box::new(error) })
    }

    pub(super) fn compiled(&self, folder: &Path) -> Result<Arc<Plugin>, PluginError> {
        let loaded = self.entries.load().get(folder).and_then(|entry| entry.active.clone());
        match loaded {
            Some(active) => Ok(Arc::clone(active.plugin())),
            None => {
                let folders = self.found();
                let source = Pass::new(&folders).source(folder)?;
                let asked = source.manifest.permissions.clone();
                compile(&self.shared, &source, asked).map(Arc::new)
            }
        }
    }
}
