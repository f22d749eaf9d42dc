//! `plugin dev`: on every save of a plugin's folder build, test, and reload a running host. One line a round.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher};
use serde::Serialize;
use serde_json::Value;

use super::output::{GREEN, RED, RESET, print, print_json};
use super::serving::Serving;
use super::{Failure, Global, peers, plugin_at};
use crate::config::Config;
use crate::lifecycle::HostError;
use crate::plugin::{FixturePolicy, Listed, Manifest, Offer, build};

/// Editors write a file in several steps: a round begins when nothing was saved for so long.
const QUIET: Duration = Duration::from_millis(150);
/// A tree that never is quiet is looked at all the same.
const QUIET_MAX: Duration = Duration::from_secs(2);

/// `plugin dev`
#[derive(Debug, clap::Args)]
pub(crate) struct Dev {
    /// The plugin's folder
    #[arg(value_name = "FOLDER", default_value = ".", hide_default_value = true)]
    folder: PathBuf,
    /// A running serve that is to take each sound version: its claimhost.toml (the plugin is copied to its plugins where it is not there), or its
    /// address http://HOST:PORT with the token of its serve.json in CLAIMHOST_TOKEN (the folder has to be one of its plugins)
    #[arg(long, value_name = "CONFIG|URL")]
    host: Option<String>,
}

/// Where sound versions go.
enum Target {
    /// The host of a configuration, looked for in each round: it may be started later.
    Config(Box<Config>),
    /// A host by its address.
    Address(Serving),
}

/// What wakes a round.
enum News {
    Saved,
    Ended,
}

/// One round, as it is printed.
#[derive(Debug, Serialize)]
struct Round {
    id: String,
    ok: bool,
    cases: usize,
    items: usize,
    /// Seconds that building and testing took.
    built_s: f64,
    tested_s: f64,
    /// What the running host did with it.
    host: Option<String>,
    error: Option<String>,
}

impl Dev {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let folder = plugin_at::folder(&self.folder.to_string_lossy()).ok_or_else(|| {
            let words = format!("{} has no plugin.toml", self.folder.display());
            Failure::missing(format!(
                "{words}\nhint: `claimhost plugin new adapter my-ehr` makes a folder that has one"
            ))
        })?;
        let target = self.host.as_deref().map(target).transpose()?;
        let (sender, news) = mpsc::channel();
        // Watched before the first round: what is saved during it counts.
        let _watcher = watch(&folder, sender.clone())?;
        end_with_interrupt(sender)?;
        loop {
            let round = round(global, &folder, target.as_ref());
            if global.json {
                print_json(&round);
            } else {
                print(&line(&round));
            }
            if !is_saved(&news) {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

/// Builds, tests and hands over what is in the folder now.
fn round(global: &Global, folder: &Path, target: Option<&Target>) -> Round {
    let id = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut round = Round { id, ok: false, cases: 0, items: 0, built_s: 0.0, tested_s: 0.0, host: None, error: None };
    let digest = match attempt(global, folder, &mut round) {
        Ok(digest) => digest,
        Err(failure) => {
            round.error = Some(failure.message);
            return round;
        }
    };
    round.ok = true;
    round.host = target.map(|target| match hand_over(folder, target, &round.id, digest) {
        Ok(words) => words,
        Err(failure) => {
            round.ok = false;
            format!("refused: {}", failure.message)
        }
    });
    round
}

/// Builds and tests; gives the digest of what was tested.
fn attempt(global: &Global, folder: &Path, round: &mut Round) -> Result<String, Failure> {
    let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
    let manifest = Manifest::read(folder).map_err(|error| missing(&error))?;
    round.id.clone_from(&manifest.id);
    let begin = Instant::now();
    if manifest.base.is_none() {
        let source = build::Source::at(folder).map_err(|error| missing(&error))?;
        build::build(peers::workspace().as_deref(), &source).map_err(|error| missing(&error))?;
    }
    round.built_s = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let host = plugin_at::host(global, folder, FixturePolicy::Skip)?;
    let info = plugin_at::info(&host, folder)?;
    let report = match &info.error {
        Some(error) => return Err(missing(error)),
        None => host.verify_fixtures(folder).map_err(|error| missing(&error))?,
    };
    (round.cases, round.items) = (report.cases, report.items);
    round.tested_s = begin.elapsed().as_secs_f64();
    Ok(info.digest)
}

/// Makes the running host take the version of this digest; says what came of it.
fn hand_over(folder: &Path, target: &Target, id: &str, mut digest: String) -> Result<String, Failure> {
    let found;
    let serving = match target {
        Target::Address(serving) => serving,
        Target::Config(config) => {
            let offer =
                Offer::read(&config.plugins.host(), folder).map_err(|error| Failure::missing(error.to_string()))?;
            offer.install(&config.plugins.folders)?;
            // With the base that this host has.
            offer.digest().clone_into(&mut digest);
            let Some(serving) = Serving::find(config) else { return Ok("no serve runs".to_owned()) };
            found = serving;
            &found
        }
    };
    let answer = serving.ask("POST", "/v1/plugins/reload")?;
    let changes = answer.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |change: &Value, key: &str| change.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    match changes.iter().find(|change| text(change, "id") == id) {
        // It took it before it was asked, or it has none of it.
        None => has_it(&serving.plugins()?, id, &digest),
        Some(change) if text(change, "error").is_empty() => Ok(text(change, "outcome")),
        Some(change) => Err(Failure::missing(text(change, "error"))),
    }
}

/// Whether the host that lists these plugins runs the one of this id and digest.
fn has_it(listed: &[Listed], id: &str, digest: &str) -> Result<String, Failure> {
    let short = |digest: &str| digest.chars().take(12).collect::<String>();
    // Of two folders of one id the second is refused, and the first is what runs.
    let of_id = || listed.iter().filter(|plugin| plugin.id == id);
    let Some(plugin) = of_id().find(|plugin| plugin.error.is_none()).or_else(|| of_id().next()) else {
        let words = format!("the host has no plugin `{id}`");
        return Err(Failure::missing(format!("{words}\nhint: the folder has to lie in one of its plugins.folders")));
    };
    match plugin.candidate.as_ref().or(plugin.error.as_ref()) {
        Some(error) => Err(Failure::missing(error.clone())),
        None if plugin.digest == digest => Ok("has it".to_owned()),
        None => Err(Failure::missing(format!(
            "the host runs `{id}` {}, and this folder holds {}\nhint: the folder has to lie in one of its plugins.folders, their base to be \
             the same, and no `plugin rollback` to have gone back",
            short(&plugin.digest),
            short(digest)
        ))),
    }
}

fn target(text: &str) -> Result<Target, Failure> {
    if let Some(address) = text.strip_prefix("http://") {
        let address = address.trim_end_matches('/');
        let listening = address.parse().map_err(|_| {
            Failure::usage(format!("--host {text}: expected http://IP:PORT, such as http://127.0.0.1:8787"))
        })?;
        let token = std::env::var("CLAIMHOST_TOKEN").map_err(|_| {
            Failure::usage("CLAIMHOST_TOKEN is not set\nhint: `token` of serve.json beside the store of that host")
        })?;
        return Ok(Target::Address(Serving::at(listening, token)));
    }
    let config = Config::load(Path::new(text)).map_err(HostError::from)?;
    Ok(Target::Config(Box::new(config)))
}

/// Tells of every save in the folder that the build does not make itself.
fn watch(folder: &Path, sender: Sender<News>) -> Result<notify::RecommendedWatcher, Failure> {
    let root = folder.to_owned();
    let told = move |event: notify::Result<notify::Event>| {
        // Where events were lost, something may have been saved.
        let saved = event.map_or(true, |event| {
            !event.kind.is_access()
                && event.paths.iter().any(|path| is_source(path.strip_prefix(&root).unwrap_or(path)))
        });
        if saved {
            // Nobody listens any more: the command has ended.
            let _ = sender.send(News::Saved);
        }
    };
    let failed = |error: notify::Error| Failure::internal(format!("{} cannot be watched: {error}", folder.display()));
    let mut watcher = notify::recommended_watcher(told).map_err(failed)?;
    watcher.watch(folder, RecursiveMode::Recursive).map_err(failed)?;
    Ok(watcher)
}

/// Whether a path of the folder is something that an author writes.
fn is_source(path: &Path) -> bool {
    let made = ["target", "node_modules", "Cargo.lock"];
    let aside = |part: &str| part.starts_with('.') || part.starts_with("__") || made.contains(&part);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_temporary = name.ends_with('~') || name.ends_with(".tmp") || name.ends_with(".wasm");
    !is_temporary && !path.components().any(|part| part.as_os_str().to_str().is_some_and(aside))
}

/// Waits for a save and for the quiet after it. False: the command is to end.
fn is_saved(news: &Receiver<News>) -> bool {
    if !matches!(news.recv(), Ok(News::Saved)) {
        return false;
    }
    let first = Instant::now();
    while first.elapsed() < QUIET_MAX {
        match news.recv_timeout(QUIET) {
            Ok(News::Saved) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(News::Ended) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// Ctrl-C ends the command after the round that has begun.
fn end_with_interrupt(sender: Sender<News>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            let _ = sender.send(News::Ended);
        }
    })?;
    Ok(())
}

fn line(round: &Round) -> String {
    let Round { id, ok, cases, items, built_s, tested_s, host, error } = round;
    let time = jiff::ZonedDateTime::now().strftime("%H:%M:%S").to_string();
    let (colour, word) = if *ok { (GREEN, "ok") } else { (RED, "failed") };
    let what = match error {
        Some(error) => error.clone(),
        None => format!("{cases} fixtures, {items} items (built {built_s:.1} s, tested {tested_s:.1} s)"),
    };
    let host = host.as_ref().map(|words| format!("; host: {words}")).unwrap_or_default();
    format!("{time}  {colour}{word:<6}{RESET}  {id}: {what}{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_makes_wakes_nobody() {
        for path in [
            "mapping.toml",
            "src/lib.rs",
            "plugin.py",
            "fixtures/a/input.csv",
            "fixtures/a/expected.json",
            "wit/claim.wit",
        ] {
            assert!(is_source(Path::new(path)), "{path}");
        }
        for path in [
            "plugin.wasm",
            "plugin.4-0.tmp",
            "target/release/x.d",
            "Cargo.lock",
            "__pycache__/plugin.pyc",
            ".git/index",
            "a/.swp",
            "mapping.toml~",
        ] {
            assert!(!is_source(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_burst_of_saves_is_one_round_and_an_end_ends() {
        let (sender, news) = mpsc::channel();
        (0..5).for_each(|_| sender.send(News::Saved).unwrap());
        assert!(is_saved(&news));
        assert!(news.try_recv().is_err(), "all five were taken");
        sender.send(News::Saved).unwrap();
        sender.send(News::Ended).unwrap();
        assert!(!is_saved(&news));
        drop(sender);
        assert!(!is_saved(&news));
    }

    #[test]
    fn a_host_has_what_it_runs_and_nothing_else() {
        let listed = |more: serde_json::Value| {
            let mut one = serde_json::json!({
                "id": "my-ehr", "kind": "adapter", "family": "", "version": "0.1.0", "contract": "0.1.0-draft", "digest": "ab12",
                "evidence": "documented", "state": "active", "error": null, "candidate": null, "asks": {}, "granted": {},
            });
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Vec<Listed>>(serde_json::json!([one])).unwrap()
        };
        let plain = listed(serde_json::json!({}));
        assert_eq!(has_it(&plain, "my-ehr", "ab12").unwrap(), "has it");
        let twice = [listed(serde_json::json!({ "error": "a second folder of this id" })), plain.clone()].concat();
        assert_eq!(has_it(&twice, "my-ehr", "ab12").unwrap(), "has it");
        for (listed, id, digest, says) in [
            (&plain, "my-other", "ab12", "has no plugin `my-other`"),
            (&plain, "my-ehr", "cd34", "runs `my-ehr` ab12, and this folder holds cd34"),
            (&listed(serde_json::json!({ "candidate": "no consent" })), "my-ehr", "ab12", "no consent"),
            (&listed(serde_json::json!({ "error": "no component" })), "my-ehr", "ab12", "no component"),
        ] {
            let failure = has_it(listed, id, digest).unwrap_err();
            assert!(failure.message.contains(says), "{}", failure.message);
        }
    }

    #[test]
    fn an_address_without_a_port_is_refused() {
        assert!(matches!(target("http://localhost"), Err(failure) if failure.message.contains("http://IP:PORT")));
        assert!(target("/no/claimhost.toml").is_err());
    }
}
