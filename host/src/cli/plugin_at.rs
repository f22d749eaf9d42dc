//! A plugin that is named by its id, or by its folder wherever that lies.

use std::path::{Path, PathBuf};

use super::output::{RED, RESET};
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
    tell_stale(&[folder.to_owned()]);
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

/// Says which components in these folders are older than their sources: they do what those said before.
pub(super) fn tell_stale(folders: &[PathBuf]) {
    for folder in build::stale(peers::workspace().as_deref(), folders) {
        let folder = folder.display();
        anstream::eprintln!(
            "{RED}stale{RESET}: {folder}/plugin.wasm is older than its sources and runs as it is\nhint: claimhost plugin build {folder}"
        );
    }
}

/// Builds the project's plugin whose component this folder runs, where that is missing or older than its sources.
fn build_base(workspace: &Path, folder: &Path) -> Result<(), Failure> {
    let Some(base) = Manifest::read(folder).ok().and_then(|manifest| manifest.base) else { return Ok(()) };
    let failed = |error: build::BuildError| Failure::internal(error.to_string());
    let sources = build::sources(workspace).map_err(failed)?;
    match sources.iter().find(|source| source.id() == base) {
        Some(source) if build::is_old(Some(workspace), source) => build::build(Some(workspace), source).map_err(failed),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_base_that_is_older_than_its_sources_is_built_and_one_that_is_not_is_left() {
        let workspace = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str, seconds| {
            let path = workspace.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        };
        put("plugins/ehr/one/plugin.toml", "", 100);
        put("plugins/ehr/one/Cargo.toml", "[package]\nname = \"one\"\n", 100);
        put("plugins/ehr/one/src/lib.rs", "", 100);
        put("plugins/ehr/one/plugin.wasm", "", 200);
        let connector = "id = \"mine\"\nversion = \"1.0.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\n\
                         framing = \"hl7v2\"\nformats = [\"hl7v2\"]\nevidence = \"documented\"\nbase = \"one\"\n";
        put("mine/plugin.toml", connector, 300);
        let mine = workspace.path().join("mine");
        assert!(build_base(workspace.path(), &mine).is_ok());
        put("plugins/ehr/one/src/lib.rs", "", 300);
        // There is no workspace to build here: the attempt is what shows that it was found old.
        assert!(build_base(workspace.path(), &mine).is_err());
    }
}
