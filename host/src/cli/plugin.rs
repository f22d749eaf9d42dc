//! `plugin list|build|test` (the others are in files of their own, plugin_*.rs): what the host can load, and whether it does what it shows.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::{GREEN, RED, RESET, print, print_json, progress_bar, table};
use super::serving::Serving;
use super::{Failure, Global, peers, plugin_at};
use crate::config::{Config, suggest};
use crate::lifecycle::HostError;
use crate::plugin::{FixturePolicy, Listed, Offer, PluginHost, PluginHostConfig, PluginInfo, Trust, build};

/// Looks at plugins.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Plugin {
    /// Lists the plugins in the configured folders, or without a configuration those of the project's sources
    List,
    /// Writes a plugin that works into a new folder, with fixtures and a README
    New(super::plugin_new::New),
    /// Shows what a plugin is and what it says of itself: imports, size, permissions; formats and fields, or rules with their sources and dates
    Inspect(super::plugin_inspect::Inspect),
    /// Builds plugins from their sources and puts them where they belong
    Build(Build),
    /// Runs the fixtures that travel with plugins
    Test(super::plugin_test::Test),
    /// Builds and tests a plugin on every save, and reloads a running host, until Ctrl-C
    Dev(super::plugin_dev::Dev),
    /// Runs a plugin's fixtures in a loop and prints what it costs
    Bench(super::plugin_bench::Bench),
    /// Writes the contract, the mappings and the keys of plugin.toml as pages
    Docs(super::plugin_docs::Docs),
    /// Consents to a version of a plugin: shows what it asks for, and pins it in plugins.lock
    Add(super::plugin_trust::Add),
    /// Prints the digest of a plugin folder: what plugins.lock pins and minisign signs
    Digest(super::plugin_trust::Digest),
    /// Makes the running serve look at plugins, mappings and profiles now, and says what came of it
    Reload(super::plugin_live::Reload),
    /// Puts the version of a plugin back that was active before
    Rollback(super::plugin_live::Rollback),
    /// Lifts the quarantine of a plugin whose session could not be opened, in the running serve
    Release(super::plugin_live::Release),
    /// Shows what plugins said while they worked for a practice: log lines, output, faults
    Log(super::plugin_log::Log),
}

/// `plugin build`
#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// Folders with plugin.toml and Cargo.toml, plugin.py or plugin.js, or ids of the project's plugins; none: every crate of the
    /// project that is older than its sources
    #[arg(value_name = "FOLDER|ID")]
    which: Vec<String>,
}

impl Plugin {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        match self {
            Self::List => list(global),
            Self::New(new) => new.run(global),
            Self::Inspect(inspect) => inspect.run(global),
            Self::Build(build) => build.run(global),
            Self::Test(test) => test.run(global),
            Self::Dev(dev) => dev.run(global),
            Self::Bench(bench) => bench.run(global),
            Self::Docs(docs) => docs.run(global),
            Self::Add(add) => add.run(global),
            Self::Digest(digest) => digest.run(global),
            Self::Reload(reload) => reload.run(global),
            Self::Rollback(rollback) => rollback.run(global),
            Self::Release(release) => release.run(global),
            Self::Log(log) => log.run(global),
        }
    }
}

/// The configured plugins; where there is no configuration, every plugin of the project's sources, built where it is old.
pub(super) fn open(global: &Global, fixtures: FixturePolicy) -> Result<PluginHost, Failure> {
    let config = if global.config.exists() {
        Config::load(&global.config).map_err(HostError::from)?.plugins.host()
    } else {
        let Some(workspace) = peers::workspace() else {
            let words = format!("{}: no configuration", global.config.display());
            return Err(Failure::config(format!(
                "{words}, and the project's sources are not at hand\nhint: `claimhost init DIR` makes one"
            )));
        };
        build::build_missing(&workspace).map_err(building)?;
        PluginHostConfig::new(build::folders(&workspace), workspace.join("target/plugin-cache"))
    };
    plugin_at::tell_stale(&config.folders);
    PluginHost::open(PluginHostConfig { fixtures, ..config }).map_err(|error| Failure::internal(error.to_string()))
}

fn list(global: &Global) -> Result<ExitCode, Failure> {
    // What a running serve has is what counts; its folders may hold more.
    let serving = Config::load(&global.config).ok().and_then(|config| Serving::find(&config));
    let listed: Vec<Listed> = match serving {
        Some(serving) => serving.plugins()?,
        None => open(global, FixturePolicy::default())?.list().iter().map(Listed::from).collect(),
    };
    if global.json {
        print_json(&json!({ "plugins": listed }));
    } else {
        let mut out = table(&["plugin", "kind", "family", "version", "contract", "evidence", "digest", "state"]);
        for Listed { id, kind, family, version, contract, evidence, digest, state, candidate, .. } in &listed {
            let digest: String = digest.chars().take(12).collect();
            let state = if candidate.is_some() { format!("{state}, candidate refused") } else { state.clone() };
            out.add_row([id, &text(kind), family, version, contract, &text(evidence), &digest, &state]);
        }
        print(&out.to_string());
    }
    for error in listed.iter().flat_map(|plugin| plugin.error.iter().chain(&plugin.candidate)) {
        anstream::eprintln!("{RED}refused{RESET}: {error}");
    }
    Ok(ExitCode::SUCCESS)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The plugin of an id, and the host that has it.
pub(super) fn find(global: &Global, id: &str, fixtures: FixturePolicy) -> Result<(PluginHost, PluginInfo), Failure> {
    let host = open(global, fixtures)?;
    let infos = host.list();
    match infos.iter().find(|info| info.id == id) {
        Some(info) => Ok((host, info.clone())),
        None => Err(no_such(id, &infos)),
    }
}

pub(super) fn no_such(id: &str, infos: &[PluginInfo]) -> Failure {
    let near = suggest(id, infos.iter().map(|info| info.id.as_str()));
    Failure::missing(format!("there is no plugin `{id}`{near}\nhint: `claimhost plugin list` shows what there is"))
}

impl Build {
    fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let workspace = peers::workspace();
        let built: Vec<PathBuf> = if self.which.is_empty() {
            let workspace = workspace.ok_or_else(|| {
                let words = "the project's sources are not at hand";
                Failure::internal(format!("{words}\nhint: name the folder of a plugin crate: `plugin build FOLDER`"))
            })?;
            build::build_missing(&workspace).map_err(building)?
        } else {
            let chosen = self.which.iter().map(|which| source(workspace.as_deref(), which));
            let chosen = chosen.collect::<Result<Vec<_>, _>>()?;
            let bar = progress_bar(chosen.len(), "plugins", global.json);
            let mut built = Vec::new();
            for source in chosen {
                bar.set_message(source.package.clone());
                build::build(workspace.as_deref(), &source).map_err(building)?;
                built.push(source.folder);
                bar.inc(1);
            }
            bar.finish_and_clear();
            built
        };
        let mut put = Vec::new();
        for folder in &built {
            put.extend(hand_out(global, folder)?);
        }
        if global.json {
            print_json(&json!({ "built": built, "installed": put }));
        } else {
            built.iter().for_each(|folder| print(&format!("{GREEN}built{RESET}      {}", folder.display())));
            put.iter().for_each(|folder| print(&format!("{GREEN}installed{RESET}  {}", folder.display())));
            if !put.is_empty() && Config::load(&global.config).is_ok_and(|config| config.plugins.trust != Trust::Any) {
                let folders: Vec<String> = put.iter().map(|folder| folder.display().to_string()).collect();
                anstream::eprintln!("hint: consent to what was installed: claimhost plugin add {}", folders.join(" "));
            }
            if built.is_empty() {
                print("every plugin is newer than its sources");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn building(error: build::BuildError) -> Failure {
    Failure::internal(error.to_string())
}

/// The sources of a plugin: a folder, or the id of one of the project.
fn source(workspace: Option<&Path>, which: &str) -> Result<build::Source, Failure> {
    let path = Path::new(which);
    if path.is_dir() {
        return build::Source::at(&std::fs::canonicalize(path)?).map_err(|error| Failure::missing(error.to_string()));
    }
    let all = |workspace| Ok([build::sources(workspace)?, build::scripts(workspace)?].concat());
    let known = workspace.map_or_else(|| Ok(Vec::new()), all).map_err(building)?;
    if let Some(source) = known.iter().find(|source| source.id() == which) {
        return Ok(source.clone());
    }
    let ids: Vec<&str> = known.iter().map(build::Source::id).collect();
    let near = suggest(which, ids.iter().copied());
    Err(Failure::missing(format!(
        "`{which}` is neither a folder nor a plugin of the project{near}\nhint: they are {}; or name a folder with plugin.toml \
         and Cargo.toml, plugin.py or plugin.js",
        ids.join(", ")
    )))
}

/// Puts a built plugin in the place of the configured folder that has its id (`init` made copies). No configuration: none.
fn hand_out(global: &Global, folder: &Path) -> Result<Option<PathBuf>, Failure> {
    let Ok(config) = Config::load(&global.config) else { return Ok(None) };
    let offer = Offer::read(&config.plugins.host(), folder).map_err(|error| Failure::missing(error.to_string()))?;
    Ok(offer.update(&config.plugins.folders)?)
}
