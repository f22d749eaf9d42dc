//! `demo`: invented practices on one side, an offline clearinghouse and payer on the other, and the real host between.
//!
//! The practices' days are played in order. Each day's feeds are put into the inboxes, then host and sandbox take turns
//! until neither has anything left. `demo.json` in the folder remembers the day, so that a killed demo goes on where it was;
//! a demo that ended delivers everything again as the next run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

use super::output::{print, print_json, progress_bar};
use super::{Failure, Global, peers, summary};
use crate::claim::parse_iso;
use crate::config::Config;
use crate::lifecycle::{Host, HostError};
use crate::private;

/// Turns that host and sandbox may take on one day before the demo says that they never come to rest.
const TURNS_MAX: usize = 50;

/// What `claimhost-sandbox --fault` knows: an unknown one must end the command before anything is delivered.
const FAULTS: [&str; 8] =
    ["late", "duplicate", "out-of-order", "truncated", "reversed", "ta1-reject", "999-reject", "277ca-reject"];

/// Runs the whole line on invented practices
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Folder for everything the demo writes
    #[arg(long, value_name = "DIR", default_value = "claimhost-demo")]
    data_dir: PathBuf,
    /// Which practices, patients and visits are invented
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Faults of the sandbox
    #[arg(long, value_name = "NAME", value_parser = FAULTS)]
    fault: Vec<String>,
}

/// What `demo.json` remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    seed: u64,
    run: u32,
    /// The day that is played: its feeds are in the inboxes, or about to be.
    delivered: u32,
    /// Whether they all are. Noted before and after: no day's files may be there while an earlier day is played again.
    #[serde(default)]
    handed_over: bool,
    done: bool,
}

#[derive(Debug, Deserialize)]
struct Day {
    day: u32,
    as_of: String,
}

impl Demo {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let started = std::time::Instant::now();
        let (practices, sandbox) = peers::programs()?;
        let workspace = peers::workspace()
            .ok_or_else(|| Failure::internal("the demo needs the project's sources for its plugins"))?;
        crate::plugin::build::build_missing(&workspace).map_err(|error| Failure::internal(error.to_string()))?;
        private::make_folder(&self.data_dir).map_err(HostError::io(&self.data_dir))?;
        let folder = fs::canonicalize(&self.data_dir)?;
        let mut progress = self.progress(&folder)?;
        let start = global.as_of.map(crate::claim::iso);
        self.practices(&practices, &folder, &progress, start.as_deref())?;
        configure(&folder, &workspace)?;
        let config = Config::load(&folder.join("claimhost.toml")).map_err(HostError::from)?;
        super::codes::import_below(&config.codes.folder)?;
        let feeds = folder.join(format!("feeds/run-{}", progress.run));
        let days: Vec<Day> = serde_json::from_slice(&fs::read(feeds.join("days.json"))?)
            .map_err(|error| Failure::internal(format!("days.json: {error}")))?;
        let first = days.first().and_then(|day| parse_iso(&day.as_of).ok()).unwrap_or_else(|| global.today());
        let mut host = Host::open(config, first)?;
        if let Some((id, error)) =
            host.plugins().list().into_iter().find_map(|plugin| plugin.error.map(|error| (plugin.id, error)))
        {
            return Err(Failure::internal(format!("plugin {id}: {error}")));
        }
        for practice in host.practice_stores() {
            let roster = folder.join("practices").join(practice.id()).join("roster.csv");
            super::roster::load(&practice, &roster, None, first)?;
        }
        let bar = progress_bar(days.len(), "days", global.json);
        for day in &days {
            if day.day < progress.delivered {
                continue;
            }
            bar.set_message(format!("day {}", day.day));
            host.set_as_of(parse_iso(&day.as_of).map_err(|error| Failure::internal(format!("days.json: {error}")))?);
            if day.day > progress.delivered {
                (progress.delivered, progress.handed_over) = (day.day, false);
                progress.save(&folder)?;
            }
            if !progress.handed_over {
                let (sent, inboxes) = (feeds.join(format!("day-{}", day.day)), folder.join("inbox"));
                for practice in host.practice_stores() {
                    let id = practice.id();
                    hand_over(&sent.join(id), &inboxes.join(id))?;
                    hand_over(&sent.join(id).join("schedule"), &inboxes.join(format!("{id}-schedule")))?;
                }
                progress.handed_over = true;
                progress.save(&folder)?;
            }
            let sandbox = Sandbox { program: &sandbox, folder: &folder, demo: self, as_of: &day.as_of };
            let redeliver = progress.run > 1 && days.last().is_some_and(|last| last.day == day.day);
            sandbox.play(&mut host, redeliver)?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        progress.done = true;
        progress.save(&folder)?;
        let summary = host.summary()?;
        if global.json {
            print_json(&summary);
        } else {
            summary::tell("Four practices, nine days, ", &summary);
            let seconds = started.elapsed().as_secs_f64();
            print(&format!("Everything is in {} ({seconds:.1} s). Look around:", folder.display()));
            print(&format!("  claimhost --config {}/claimhost.toml claim list", folder.display()));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn progress(&self, folder: &Path) -> Result<Progress, Failure> {
        let path = folder.join("demo.json");
        let fresh = Progress { seed: self.seed, run: 1, delivered: 0, handed_over: false, done: false };
        let Ok(bytes) = fs::read(&path) else { return Ok(fresh) };
        let known: Progress = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::internal(format!("{}: {error}; remove the folder to begin anew", path.display()))
        })?;
        if known.seed != self.seed {
            let words = format!(
                "{} was made with --seed {}; name another --data-dir for seed {}",
                folder.display(),
                known.seed,
                self.seed
            );
            return Err(Failure::missing(words));
        }
        Ok(if known.done {
            Progress { run: known.run + 1, delivered: 0, handed_over: false, done: false, ..known }
        } else {
            known
        })
    }

    fn practices(
        &self,
        program: &Path,
        folder: &Path,
        progress: &Progress,
        start: Option<&str>,
    ) -> Result<(), Failure> {
        if folder.join(format!("feeds/run-{}/days.json", progress.run)).exists() && progress.delivered > 0 {
            return Ok(());
        }
        let mut command = Command::new(program);
        command.arg("--dir").arg(folder).args(["--seed", &self.seed.to_string(), "--run", &progress.run.to_string()]);
        if let Some(start) = start {
            command.args(["--start", start]);
        }
        run(command, "claimhost-practices").map(|_| ())
    }
}

impl Progress {
    fn save(&self, folder: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec(self).map_err(|error| Failure::internal(error.to_string()))?;
        Ok(private::write_whole(folder, "demo.json", &text)?)
    }
}

/// The sandbox process on one day.
struct Sandbox<'a> {
    program: &'a Path,
    folder: &'a Path,
    demo: &'a Demo,
    as_of: &'a str,
}

impl Sandbox<'_> {
    /// Host and sandbox take turns until neither has anything left.
    fn play(&self, host: &mut Host, mut redeliver: bool) -> Result<(), Failure> {
        for _ in 0..TURNS_MAX {
            host.settle()?;
            go_live(host)?;
            let said = self.turn(redeliver)?;
            redeliver = false;
            let count = |key: &str| said.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0);
            if count("pending") == 0 && count("files") == 0 && count("delivered") == 0 {
                return Ok(());
            }
        }
        Err(Failure::internal(format!("host and sandbox did not come to rest in {TURNS_MAX} turns on {}", self.as_of)))
    }

    fn turn(&self, redeliver: bool) -> Result<serde_json::Value, Failure> {
        let mut command = Command::new(self.program);
        command.arg("--transport").arg(self.folder.join("transport"));
        command.arg("--payers").arg(self.folder.join("payers.toml"));
        command.arg("--state").arg(self.folder.join("sandbox"));
        command.args(["--as-of", self.as_of, "--seed", &self.demo.seed.to_string(), "--once"]);
        for fault in &self.demo.fault {
            command.args(["--fault", fault]);
        }
        if redeliver {
            command.arg("--redeliver");
        }
        let said = run(command, "claimhost-sandbox")?;
        let line = said.lines().last().unwrap_or_default();
        serde_json::from_str(line).map_err(|error| Failure::internal(format!("claimhost-sandbox: {error}")))
    }
}

fn run(mut command: Command, name: &str) -> Result<String, Failure> {
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failure::internal(format!("{name} ended with {}; its own words are above", output.status)))
    }
}

/// What an operator does once claims wait for it: `claimhost go-live PRACTICE --approve`. The practices of the demo know their
/// mappings, and the first claims are there to look at.
fn go_live(host: &mut Host) -> Result<(), Failure> {
    let mut approved = false;
    for practice in host.practice_stores() {
        let counts = |last: Option<(i64, String, bool)>| last.is_some_and(|(.., counts)| counts);
        if !counts(host.approved(practice.id())?) {
            approved |= host.approve(practice.id(), "demo")?.is_ok();
        }
    }
    if approved {
        host.settle()?;
    }
    Ok(())
}

/// Puts a day's feeds into an inbox, each whole or not at all.
fn hand_over(from: &Path, inbox: &Path) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    private::make_folder(inbox)?;
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            continue; // the schedule has an inbox of its own
        }
        private::write_whole(inbox, &entry.file_name().to_string_lossy(), &fs::read(entry.path())?)?;
    }
    Ok(())
}

/// Writes `claimhost.toml` and the key, once. The practices have written their profiles and mappings.
fn configure(folder: &Path, workspace: &Path) -> Result<(), Failure> {
    if folder.join("claimhost.toml").exists() {
        return Ok(());
    }
    let adapters = [
        ("cedar-family", "hl7v2-dft"),
        ("harbor-ortho", "hl7v2-dft"),
        ("maple-derm", "csv-superbill"),
        ("summit-peds", "x12-837"),
    ];
    let quoted = |path: PathBuf| toml::Value::String(path.display().to_string()).to_string();
    let (ehr, payers) = (quoted(workspace.join("plugins/ehr")), quoted(workspace.join("plugins/payers")));
    let cache = quoted(workspace.join("target/plugin-cache"));
    // The demo runs what was just built of the sources: a digest that is pinned would be old with the next build.
    let mut text = format!("[plugins]\ntrust = \"any\"\nfolders = [{ehr}, {payers}]\ncache = {cache}\n");
    for (id, adapter) in adapters {
        text += &format!("\n[[practice]]\nid = \"{id}\"\nprofile = \"practices/{id}/profile.toml\"\n");
        text += &format!("\n[[intake.folder]]\npractice = \"{id}\"\npath = \"inbox/{id}\"\nadapter = \"{adapter}\"\n");
        text += &format!("mapping = \"practices/{id}/mapping.toml\"\n");
        let schedule = format!("practices/{id}/schedule.toml");
        if folder.join(&schedule).exists() {
            // Appointments come as an export; the other systems send them as messages among the charges.
            text += &format!("\n[[intake.folder]]\npractice = \"{id}\"\npath = \"inbox/{id}-schedule\"\n");
            text += &format!("adapter = \"csv-superbill\"\nmapping = \"{schedule}\"\n");
        }
    }
    if !folder.join("key").exists() {
        let key = crate::store::MasterKey::generate().map_err(|error| Failure::internal(error.to_string()))?;
        write_key(&folder.join("key"), &key)?;
    }
    for sub in ["transport/out", "transport/in"] {
        private::close_folder(&folder.join(sub))?;
    }
    Ok(private::write_whole(folder, "claimhost.toml", text.as_bytes())?)
}

/// Writes a new key file that only its owner may read.
pub(crate) fn write_key(path: &Path, key: &crate::store::MasterKey) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = private::create_new(path)?;
    file.write_all(key.to_hex().as_bytes())?;
    file.sync_all()
}
