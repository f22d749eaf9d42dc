//! From a folder to a plugin that runs: manifest, component, compiled code, the world it must fit, its own fixtures.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::adapter::Adapter;
use super::cache::Cache;
use super::components::{Compiled, Components, Key};
use super::contract::{adapter, poster, puller};
use super::described;
use super::engine::{Engines, Placement, settings_digest};
use super::fault::FaultKind;
use super::fixtures::{self, FixtureError};
use super::imports::{CodeTables, PluginLog};
use super::manifest::{Kind, Limits, Manifest, Permissions};
use super::pool::Pool;
use super::poster::Poster;
use super::puller::Puller;
use super::registry::{FixturePolicy, PluginError, PluginInfo};
use super::reload::Counters;
use super::rules::RuleSet;
use super::runner::Budget;
use super::session::{Pre, RulesPre};
use super::source::{ComponentFile, Source};
use super::trust::TrustPolicy;
use super::versions::Versions;
use super::wasi::{self, State};
use crate::claim::{Problem, Setup};

/// What all plugins of a host share.
pub(super) struct Shared {
    pub(super) engines: Engines,
    pub(super) cache: Cache,
    pub(super) components: Components,
    pub(super) versions: Versions,
    pub(super) keep_versions: bool,
    pub(super) pool: Pool,
    pub(super) log: Arc<dyn PluginLog>,
    pub(super) tables: Arc<dyn CodeTables>,
    pub(super) fixture_tables: Arc<dyn CodeTables>,
    pub(super) last_try: Mutex<()>,
    pub(super) limits_cap: Limits,
    pub(super) fixtures: FixturePolicy,
    pub(super) trust: TrustPolicy,
    pub(super) reloads: Counters,
}

impl Shared {
    /// Compiles a component for the engine that it runs on. The error is for who built it.
    pub(super) fn built(&self, component: &ComponentFile, limits: &Limits) -> Result<(Placement, Component), String> {
        let build = |placement| {
            let built = self.cache.component(self.engines.get(placement), &component.bytes, &component.sha256);
            built.map(|(built, _)| (placement, built))
        };
        let first = Placement::of(component.bytes.len(), limits);
        let built = match (build(first), first) {
            // The pool's own limits refuse some components that are valid.
            (Err(_), Placement::Pooled) => build(Placement::OnDemand),
            (built, _) => built,
        };
        built.map_err(|error| format!("is no component that can run here: {error:#}; rebuild it for wasm32-wasip2"))
    }
}

/// A compiled plugin with what it has cost.
pub(super) struct Plugin {
    pub(super) manifest: Manifest,
    pub(super) folder: PathBuf,
    pub(super) digest: String,
    /// What it runs: connectors run it too.
    pub(super) component: Arc<ComponentFile>,
    pub(super) limits: Limits,
    /// Its own mapping, which sites go before.
    pub(super) mapping: Option<String>,
    /// What it asks for and was granted.
    pub(super) granted: Permissions,
    pub(super) granted_tables: Arc<[String]>,
    pub(super) compiled: Arc<Compiled>,
    pub(super) shared: Arc<Shared>,
    pub(super) budget: Budget,
    faults: AtomicU64,
    quarantined: Mutex<HashSet<String>>,
    retired: AtomicBool,
}

impl Plugin {
    pub(super) fn engine(&self) -> &Engine {
        self.shared.engines.get(self.compiled.placement)
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

    /// Lifts its quarantine for a practice, or for all. Gives those for which it was quarantined.
    pub(super) fn release(&self, practice: Option<&str>) -> Vec<String> {
        let of_it = |name: &String| practice.is_none_or(|practice| practice == name);
        let mut released: Vec<String> = self.quarantined.lock().extract_if(of_it).collect();
        released.sort();
        released
    }

    /// Practices that it does not run for since its `open` faulted.
    pub(super) fn quarantined(&self) -> Vec<String> {
        let mut practices: Vec<String> = self.quarantined.lock().iter().cloned().collect();
        practices.sort();
        practices
    }

    /// Another version has taken its place: calls in flight end, their sessions are not kept.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
        self.shared.pool.retire(|key| *key.plugin == *self.digest);
    }

    pub(super) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::SeqCst)
    }
}

/// An active plugin of a world.
#[derive(Clone)]
pub(super) enum Active {
    Adapter(Arc<Adapter>),
    Rules(Arc<RuleSet>),
    Puller(Arc<Puller>),
    Poster(Arc<Poster>),
}

impl Active {
    pub(super) fn plugin(&self) -> &Arc<Plugin> {
        match self {
            Self::Adapter(adapter) => &adapter.plugin,
            Self::Rules(rules) => &rules.plugin,
            Self::Puller(puller) => &puller.plugin,
            Self::Poster(poster) => &poster.plugin,
        }
    }
}

/// What is known of a plugin before anything of it runs.
pub(super) fn info_of(folder: &Path, manifest: Option<&Manifest>, digest: &str) -> PluginInfo {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut info = PluginInfo {
        id: name.to_owned(),
        folder: folder.to_owned(),
        kind: None,
        family: String::new(),
        version: String::new(),
        contract: String::new(),
        digest: digest.to_owned(),
        evidence: None,
        framing: None,
        formats: Vec::new(),
        payer_ids: Vec::new(),
        asks: Permissions::default(),
        granted: Permissions::default(),
        pooled: false,
        error: None,
        candidate: None,
    };
    if let Some(manifest) = manifest {
        info.id.clone_from(&manifest.id);
        info.kind = Some(manifest.kind);
        info.family.clone_from(&manifest.family);
        info.version.clone_from(&manifest.version);
        info.contract.clone_from(&manifest.contract);
        info.evidence = Some(manifest.evidence);
        info.framing = manifest.framing;
        info.formats.clone_from(&manifest.formats);
        info.payer_ids.clone_from(&manifest.payer_ids);
        info.asks.clone_from(&manifest.permissions);
    }
    info
}

/// From what was read to what runs: compiled, of the right world, asked what it is, its mapping opened, its fixtures run.
pub(super) fn load(shared: &Arc<Shared>, source: &Source, granted: Permissions) -> Result<Active, PluginError> {
    let id = || source.manifest.id.clone();
    let plugin = Arc::new(compile(shared, source, granted)?);
    let describe = |fault| PluginError::Describe { id: id(), fault };
    let active = match &plugin.compiled.pre {
        Pre::Adapter(_) => Active::Adapter(Arc::new(Adapter::new(Arc::clone(&plugin)).map_err(describe)?)),
        Pre::Rules(_) => Active::Rules(Arc::new(RuleSet::new(Arc::clone(&plugin)).map_err(describe)?)),
        Pre::Puller(_) => Active::Puller(Arc::new(Puller::new(Arc::clone(&plugin)).map_err(describe)?)),
        Pre::Poster(_) => Active::Poster(Arc::new(Poster::new(Arc::clone(&plugin)).map_err(describe)?)),
    };
    described::check(&active).map_err(|problem| PluginError::Described { id: id(), problem })?;
    if let Some(name) = &source.manifest.mapping {
        open_own_mapping(&active)
            .map_err(|problem| PluginError::Mapping { path: source.folder.join(name), problem })?;
    }
    prove(shared, &plugin).map_err(|error| PluginError::Fixtures { id: id(), error: Box::new(error) })?;
    Ok(active)
}

/// A mapping that travels with the plugin has to open by itself.
fn open_own_mapping(active: &Active) -> Result<(), String> {
    let none = Setup { settings: Vec::new(), mapping: String::new() };
    let opened = match active {
        Active::Adapter(adapter) => adapter.try_open(fixtures::PRACTICE, &none),
        Active::Rules(rules) => rules.try_open(fixtures::PRACTICE, &none),
        Active::Puller(puller) => puller.try_open(fixtures::PRACTICE, &none),
        Active::Poster(poster) => poster.try_open(fixtures::PRACTICE, &none),
    };
    opened.map_err(|fault| match fault.kind() {
        FaultKind::SetupRefused(problems) => problems.first().map_or_else(String::new, |problem| {
            let Problem { at, found, expected, remedy, .. } = problem;
            format!("{}: found {found}, expected {expected}; {remedy}", at.path)
        }),
        _ => fault.to_string(),
    })
}

/// Runs the fixtures where the policy asks for it.
fn prove(shared: &Shared, plugin: &Plugin) -> Result<(), FixtureError> {
    if shared.fixtures == FixturePolicy::Skip {
        return Ok(());
    }
    // With other rights or lower ceilings the same version may answer otherwise.
    let rights = serde_json::to_vec(&(&plugin.granted, &plugin.limits)).unwrap_or_default();
    let key = Sha256::new()
        .chain_update(&plugin.digest)
        .chain_update(Sha256::digest(rights))
        .chain_update(settings_digest(plugin.engine()))
        .chain_update(fixtures::digest(&plugin.folder)?)
        .chain_update(crate::codes::embedded::digest())
        .finalize()
        .into();
    if shared.fixtures == FixturePolicy::Remember && shared.cache.is_verified(&key) {
        return Ok(());
    }
    fixtures::verify(plugin)?;
    shared.cache.remember_verified(&key);
    Ok(())
}

/// Compiles and type-checks a component against the world of its manifest, or takes what another plugin has of it.
pub(super) fn compile(shared: &Arc<Shared>, source: &Source, granted: Permissions) -> Result<Plugin, PluginError> {
    let Source { folder, manifest, component, mapping, digest, .. } = source;
    let fail = |problem: String| match &manifest.base {
        None => PluginError::Component { path: folder.join(&manifest.component), problem },
        Some(base) => {
            let problem = format!("base: the component of `{base}` {problem}");
            PluginError::Component { path: folder.join("plugin.toml"), problem }
        }
    };
    let limits = manifest.limits.capped(&shared.limits_cap);
    let pooled = Placement::of(component.bytes.len(), &limits) == Placement::Pooled;
    let key = Key { sha256: component.sha256, kind: manifest.kind, pooled };
    let compiled = shared.components.get(key, || {
        let (placement, built) = shared.built(component, &limits).map_err(&fail)?;
        let engine = shared.engines.get(placement);
        check_names(engine, &built, manifest).map_err(&fail)?;
        let pre = link(engine, &built, manifest).map_err(&fail)?;
        Ok::<_, PluginError>(Compiled { pre, placement })
    })?;
    Ok(Plugin {
        manifest: manifest.clone(),
        folder: folder.clone(),
        digest: digest.clone(),
        component: Arc::clone(component),
        limits,
        mapping: mapping.clone(),
        granted_tables: granted.code_tables.clone().into(),
        granted,
        compiled,
        shared: Arc::clone(shared),
        budget: Budget::new(),
        faults: AtomicU64::new(0),
        quarantined: Mutex::new(HashSet::new()),
        retired: AtomicBool::new(false),
    })
}

/// WASI packages that are linked, empty. `wasi:http` is not among them.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
/// Interfaces of the contract that a component may import; the last five only carry types.
const IMPORTS: [&str; 7] = ["log", "codes", "claim", "intake", "review", "evidence", "http"];

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
        Kind::Rules => pre.and_then(RulesPre::new).map(Pre::Rules),
        Kind::Puller => pre.and_then(puller::PullerPre::new).map(Pre::Puller),
        Kind::Poster => pre.and_then(poster::PosterPre::new).map(Pre::Poster),
    };
    pre.map_err(|error| {
        format!("does not fit the contract {}: {error:#}; rebuild it with this host's SDK", manifest.contract)
    })
}
