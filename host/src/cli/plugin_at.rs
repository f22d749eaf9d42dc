//! A plugin that is named by its id, or by its folder wherever that lies.

use std::path::{Path, PathBuf};

use super::{Failure, Global, peers};
use crate::config::Config;
use crate::lifecycle::HostError;
use crate::plugin::{FixturePolicy, Manifest, PluginHost, PluginHostConfig, PluginInfo, build};

/// The plugin folder that a text names, absolute; none where it is no folder with `plugin.toml`.
pub(super) fn folder(which: &str) -> Option<PathBuf> {
    let path = Path::new(which);
    path.join("plugin.toml").is_file().then(|| std::fs::canonicalize(path).ok()).flatten()
}

/// A host of the plugin in a folder. What it runs on comes from the configured folders, or without a configuration from the project's
/// sources, built where it is not.
pub(super) fn host(global: &Global, folder: &Path, fixtures: FixturePolicy) -> Result<PluginHost, Failure> {
    let config = if global.config.exists() {
        Config::load(&global.config).map_err(HostError::from)?.plugins.host()
    } else if let Some(workspace) = peers::workspace() {
        build_base(&workspace, folder)?;
        PluginHostConfig::new(vec![workspace.join("plugins")], workspace.join("target/plugin-cache"))
    } else {
        PluginHostConfig::new(Vec::new(), own_cache()?)
    };
    let config = config.of_one(folder).map_err(|error| Failure::missing(error.to_string()))?;
    PluginHost::open(PluginHostConfig { fixtures, ..config }).map_err(|error| Failure::internal(error.to_string()))
}

/// The plugin in a folder, as a host of its own lists it.
pub(super) fn info(host: &PluginHost, folder: &Path) -> Result<PluginInfo, Failure> {
    let infos = host.list();
    let found = infos.into_iter().find(|info| info.folder == folder);
    found.ok_or_else(|| Failure::missing(format!("{} has no plugin.toml", folder.display())))
}

/// Builds the project's plugin whose component this folder runs, where that is missing.
fn build_base(workspace: &Path, folder: &Path) -> Result<(), Failure> {
    let Some(base) = Manifest::read(folder).ok().and_then(|manifest| manifest.base) else { return Ok(()) };
    let failed = |error: build::BuildError| Failure::internal(error.to_string());
    let sources = build::sources(workspace).map_err(failed)?;
    match sources.iter().find(|source| source.id() == base) {
        Some(source) if !source.folder.join("plugin.wasm").is_file() => {
            build::build(Some(workspace), source).map_err(failed)
        }
        _ => Ok(()),
    }
}

/// For compiled code, where nobody has said where.
fn own_cache() -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let cache = cache.ok_or_else(|| Failure::internal("there is no folder for compiled plugins\nhint: set HOME"))?;
    Ok(cache.join("claimhost/plugins"))
}
