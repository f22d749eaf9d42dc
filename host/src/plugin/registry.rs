//! The plugins of a host: found, checked, compiled, proved by their own fixtures, and swapped while calls run.
//!
//! A plugin that fails any step is listed with its error and does not stop the others.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::adapter::Adapter;
use super::cache::Cache;
use super::contract::{adapter, rules};
use super::discover;
use super::engine::{Engines, Placement, SESSIONS_MAX, settings_digest};
use super::fault::Fault;
use super::fixtures::{self, FixtureError};
use super::imports::{CodeTables, DropLog, NoTables, PluginLog};
use super::manifest::{Evidence, Framing, Kind, Limits, Manifest, ManifestError};
use super::pool::Pool;
use super::rules::RuleSet;
use super::runner::Budget;
use super::session::Pre;
use super::wasi::{self, State};

/// Sessions that wait for their next call; the rest of the slots stays free for new ones.
const IDLE_MAX: usize = SESSIONS_MAX as usize * 3 / 4;
/// A component bigger than this is not read.
const COMPONENT_BYTES_MAX: u64 = 64 << 20;

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
}

impl PluginHostConfig {
    /// Usual limits, fixtures remembered, no log, no code tables.
    pub fn new(folders: Vec<PathBuf>, cache: PathBuf) -> Self {
        Self {
            folders,
            cache,
            limits_cap: Limits::CAP,
            fixtures: FixturePolicy::default(),
            log: Arc::new(DropLog::default()),
            tables: Arc::new(NoTables),
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

/// What all plugins of a host share.
pub(super) struct Shared {
    pub(super) engines: Engines,
    pub(super) cache: Cache,
    pub(super) pool: Pool,
    pub(super) log: Arc<dyn PluginLog>,
    pub(super) tables: Arc<dyn CodeTables>,
    pub(super) last_try: Mutex<()>,
    limits_cap: Limits,
    fixtures: FixturePolicy,
}

/// A compiled plugin with what it has cost.
pub(super) struct Plugin {
    pub(super) manifest: Manifest,
    pub(super) folder: PathBuf,
    pub(super) digest: String,
    pub(super) limits: Limits,
    pub(super) granted_tables: Arc<[String]>,
    pub(super) pre: Pre,
    pub(super) shared: Arc<Shared>,
    pub(super) budget: Budget,
    placement: Placement,
    faults: AtomicU64,
    quarantined: Mutex<HashSet<String>>,
}

impl Plugin {
    pub(super) fn engine(&self) -> &Engine {
        self.shared.engines.get(self.placement)
    }

    pub(super) fn count_fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    pub(super) fn is_quarantined(&self, practice: &str) -> bool {
        self.quarantined.lock().contains(practice)
    }

    pub(super) fn quarantine(&self, practice: &str) {
        self.quarantined.lock().insert(practice.to_owned());
    }

    pub(super) fn release(&self, practice: &str) {
        self.quarantined.lock().remove(practice);
    }
}

/// An active plugin of either world.
#[derive(Clone)]
enum Active {
    Adapter(Arc<Adapter>),
    Rules(Arc<RuleSet>),
}

impl Active {
    fn plugin(&self) -> &Arc<Plugin> {
        match self {
            Self::Adapter(adapter) => &adapter.plugin,
            Self::Rules(rules) => &rules.plugin,
        }
    }
}

/// A folder and what came of it.
#[derive(Clone)]
struct Entry {
    info: PluginInfo,
    active: Option<Active>,
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

fn load(shared: &Arc<Shared>, folder: &Path) -> Entry {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut info = PluginInfo {
        id: name.to_owned(),
        folder: folder.to_owned(),
        kind: None,
        family: String::new(),
        version: String::new(),
        contract: String::new(),
        digest: String::new(),
        evidence: None,
        framing: None,
        formats: Vec::new(),
        payer_ids: Vec::new(),
        pooled: false,
        error: None,
    };
    match try_load(shared, folder, &mut info) {
        Ok(active) => Entry { info, active: Some(active) },
        Err(error) => {
            info.error = Some(error);
            Entry { info, active: None }
        }
    }
}

fn try_load(shared: &Arc<Shared>, folder: &Path, info: &mut PluginInfo) -> Result<Active, PluginError> {
    let manifest = Manifest::read(folder)?;
    info.id.clone_from(&manifest.id);
    info.kind = Some(manifest.kind);
    info.family.clone_from(&manifest.family);
    info.version.clone_from(&manifest.version);
    info.contract.clone_from(&manifest.contract);
    info.evidence = Some(manifest.evidence);
    info.framing = manifest.framing;
    info.formats.clone_from(&manifest.formats);
    info.payer_ids.clone_from(&manifest.payer_ids);
    let plugin = Arc::new(compile(shared, folder, &manifest)?);
    info.digest.clone_from(&plugin.digest);
    info.pooled = plugin.placement == Placement::Pooled;
    let describe = |fault| PluginError::Describe { id: manifest.id.clone(), fault };
    let active = match &plugin.pre {
        Pre::Adapter(_) => Active::Adapter(Arc::new(Adapter::new(Arc::clone(&plugin)).map_err(describe)?)),
        Pre::Rules(_) => Active::Rules(Arc::new(RuleSet::new(Arc::clone(&plugin)).map_err(describe)?)),
    };
    prove(shared, &plugin).map_err(|error| PluginError::Fixtures { id: manifest.id.clone(), error })?;
    Ok(active)
}

/// Runs the fixtures where the policy asks for it.
fn prove(shared: &Shared, plugin: &Plugin) -> Result<(), FixtureError> {
    if shared.fixtures == FixturePolicy::Skip {
        return Ok(());
    }
    let key = Sha256::new()
        .chain_update(&plugin.digest)
        .chain_update(settings_digest(plugin.engine()))
        .chain_update(fixtures::digest(&plugin.folder)?)
        .finalize()
        .into();
    if shared.fixtures == FixturePolicy::Remember && shared.cache.is_verified(&key) {
        return Ok(());
    }
    fixtures::verify(plugin)?;
    shared.cache.remember_verified(&key);
    Ok(())
}

/// Reads, compiles and type-checks a component against the world of its manifest.
fn compile(shared: &Arc<Shared>, folder: &Path, manifest: &Manifest) -> Result<Plugin, PluginError> {
    let path = folder.join(&manifest.component);
    let fail = |problem: String| PluginError::Component { path: path.clone(), problem };
    let length = fs::metadata(&path).map_err(|error| fail(format!("{error}; build it with `plugin build`")))?.len();
    if length > COMPONENT_BYTES_MAX {
        return Err(fail(format!("found {length} bytes, expected at most {COMPONENT_BYTES_MAX}; strip the component")));
    }
    let bytes = fs::read(&path).map_err(|error| fail(error.to_string()))?;
    let text = fs::read(folder.join("plugin.toml")).map_err(|error| fail(error.to_string()))?;
    let digest = Sha256::new().chain_update(Sha256::digest(&bytes)).chain_update(Sha256::digest(&text)).finalize();
    let limits = manifest.limits.capped(&shared.limits_cap);
    let build = |placement| {
        let engine = shared.engines.get(placement);
        let (component, _) = shared.cache.component(engine, &bytes)?;
        Ok::<_, wasmtime::Error>((placement, engine, component))
    };
    let invalid = |error: wasmtime::Error| {
        fail(format!("is no component that can run here: {error:#}; rebuild it for wasm32-wasip2"))
    };
    let first = Placement::of(bytes.len(), &limits);
    let (placement, engine, component) = match (build(first), first) {
        (Ok(built), _) => built,
        // The pool's own limits refuse some components that are valid.
        (Err(_), Placement::Pooled) => build(Placement::OnDemand).map_err(invalid)?,
        (Err(error), Placement::OnDemand) => return Err(invalid(error)),
    };
    check_names(engine, &component, manifest).map_err(&fail)?;
    let pre = link(engine, &component, manifest).map_err(fail)?;
    Ok(Plugin {
        manifest: manifest.clone(),
        folder: folder.to_owned(),
        digest: hex::encode(digest),
        limits,
        granted_tables: manifest.permissions.code_tables.clone().into(),
        pre,
        shared: Arc::clone(shared),
        budget: Budget::new(),
        placement,
        faults: AtomicU64::new(0),
        quarantined: Mutex::new(HashSet::new()),
    })
}

/// WASI packages that are linked, empty. `wasi:http` is not among them.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
/// Interfaces of the contract that a component may import; the last four only carry types.
const IMPORTS: [&str; 6] = ["log", "codes", "claim", "intake", "review", "evidence"];

/// Import and export names: everything known, one version, and that of the manifest.
fn check_names(engine: &Engine, component: &Component, manifest: &Manifest) -> Result<(), String> {
    let ty = component.component_type();
    for (name, _) in ty.imports(engine) {
        let (package, version) = name.split_once('@').unwrap_or((name, ""));
        if let Some(interface) = package.strip_prefix("claimhost:plugin/") {
            if !IMPORTS.contains(&interface) {
                return Err(format!(
                    "imports `{name}`, which the contract does not have; rebuild it with this host's SDK"
                ));
            }
            same_version(name, version, manifest)?;
        } else if package.starts_with("wasi:http/") {
            return Err(format!(
                "imports `{name}`: plugins have no HTTP of their own; write a puller, whose requests the host sends"
            ));
        } else if !package
            .strip_prefix("wasi:")
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(name, _)| WASI.contains(&name))
        {
            return Err(format!(
                "imports `{name}`, expected only the contract and WASI 0.2; rebuild it for wasm32-wasip2"
            ));
        }
    }
    let wanted = match manifest.kind {
        Kind::Adapter => "translate",
        Kind::Rules => "check",
        Kind::Puller => "pull",
        Kind::Poster => "post",
    };
    let ours = ty.exports(engine).find_map(|(name, _)| {
        let (package, version) = name.split_once('@').unwrap_or((name, ""));
        (package.strip_prefix("claimhost:plugin/") == Some(wanted)).then(|| (name.to_owned(), version.to_owned()))
    });
    match ours {
        Some((name, version)) => same_version(&name, &version, manifest),
        None => Err(format!("does not export `claimhost:plugin/{wanted}`, which kind = {:?} needs", manifest.kind)),
    }
}

fn same_version(name: &str, version: &str, manifest: &Manifest) -> Result<(), String> {
    if version == manifest.contract {
        return Ok(());
    }
    Err(format!("has `{name}`, plugin.toml says contract = \"{}\"; make both the same", manifest.contract))
}

fn link(engine: &Engine, component: &Component, manifest: &Manifest) -> Result<Pre, String> {
    let mut linker: Linker<State> = Linker::new(engine);
    let pre = wasi::link(&mut linker).and_then(|()| linker.instantiate_pre(component));
    let pre = match manifest.kind {
        Kind::Adapter => pre.and_then(adapter::AdapterPre::new).map(Pre::Adapter),
        Kind::Rules => pre.and_then(rules::RulesPre::new).map(Pre::Rules),
        // The contract has both worlds as a draft; nothing in the host drives them yet.
        Kind::Puller | Kind::Poster => {
            return Err("pullers and posters are a draft of the contract: this host does not run them yet".to_owned());
        }
    };
    pre.map_err(|error| {
        format!("does not fit the contract {}: {error:#}; rebuild it with this host's SDK", manifest.contract)
    })
}
