//! Killed with `kill -9` at random moments, and between the store's commit and the rename in the outbox: after a restart
//! the demo ends with the same ledger, and the payers have taken the same services, as if nothing had happened.
//!
//! `CLAIMHOST_KILLS` says how many kills (6 without it), `CLAIMHOST_KILL_SEED` replays a printed seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use claimhost_tests::custody::{assert_demo_accounted, services_taken};
use claimhost_tests::dice::Dice;
use claimhost_tests::programs::claimhost;
use serde_json::Value;

/// Kills in one folder at most, before its demo may end.
const KILLS_A_FOLDER: usize = 4;
/// One test at a time, so that the undisturbed run says how long a run takes.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
/// A demo that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn killed_at_random_moments_it_ends_as_if_undisturbed() {
    let _alone = ALONE.lock();
    let kills: usize = std::env::var("CLAIMHOST_KILLS").map_or(6, |text| text.parse().expect("a number of kills"));
    let mut dice = Dice::new(Dice::seed("CLAIMHOST_KILL_SEED"));
    let seed = dice.below(1_000_000);
    let whole = tempfile::tempdir().unwrap();
    warm(seed);
    let started = Instant::now();
    let expected = outcome(whole.path(), &finish(whole.path(), seed));
    let run = started.elapsed();
    println!("demo seed {seed}, undisturbed in {run:?}");
    let mut landed = 0;
    while landed < kills {
        let folder = tempfile::tempdir().unwrap();
        let mut moments = Vec::new();
        let summary = loop {
            if landed == kills || moments.len() == KILLS_A_FOLDER {
                break finish(folder.path(), seed);
            }
            // The first kill anywhere in the run, later ones anywhere in what may be left of it.
            let span = u64::try_from(run.as_millis()).unwrap() * 9 / 10 / (1 + moments.len() as u64);
            let delay = Duration::from_millis(dice.below(span));
            let mut child = Running::start(folder.path(), seed, None);
            std::thread::sleep(delay);
            if child.ended() {
                break child.summary();
            }
            child.kill();
            landed += 1;
            moments.push(delay);
        };
        println!("killed after {moments:?}");
        compare(&outcome(folder.path(), &summary), &expected, &format!("seed {seed}, killed after {moments:?}"));
    }
}

#[test]
fn killed_between_commit_and_rename_it_sends_each_837_once() {
    let _alone = ALONE.lock();
    let mut dice = Dice::new(Dice::seed("CLAIMHOST_KILL_SEED"));
    let seed = dice.below(1_000_000);
    let whole = tempfile::tempdir().unwrap();
    warm(seed);
    let started = Instant::now();
    let expected = outcome(whole.path(), &finish(whole.path(), seed));
    let run = u64::try_from(started.elapsed().as_millis()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let mut child = Running::start(folder.path(), seed, Some("before-rename"));
        let status = child.wait();
        assert_eq!(status.signal(), Some(6), "it ends itself where the environment says: {status}");
        assert_eq!(files(&folder.path().join("transport/out")), 0, "nothing has left before the rename");
    }
    // And at a later 837: killed somewhere in the run, then ended before the next rename.
    let mut child = Running::start(folder.path(), seed, None);
    std::thread::sleep(Duration::from_millis(dice.below(run * 2 / 3)));
    child.kill();
    let status = Running::start(folder.path(), seed, Some("before-rename")).wait();
    println!("then {status}");
    let summary = finish(folder.path(), seed);
    compare(&outcome(folder.path(), &summary), &expected, &format!("seed {seed}, ended before the rename"));
    let sent = |dir: &Path| files(&dir.join("transport/out"));
    assert_eq!(sent(folder.path()), sent(whole.path()), "no 837 twice, none missing");
}

/// What has to be the same: ledger, claims, money, findings, and what the payers took.
#[derive(Debug, PartialEq)]
struct Outcome {
    summary: BTreeMap<&'static str, Value>,
    accepted: BTreeMap<String, u32>,
}

fn outcome(folder: &Path, summary: &Value) -> Outcome {
    let keys = ["ledger_digest", "claims", "cents", "visits", "findings"];
    let summary = keys.into_iter().map(|key| (key, summary[key].clone())).collect();
    let accepted = services_taken(folder);
    assert!(accepted.len() > 100, "the payers took something: {}", accepted.len());
    assert_demo_accounted(folder);
    Outcome { summary, accepted }
}

fn compare(found: &Outcome, expected: &Outcome, when: &str) {
    let mut wrong = Vec::new();
    for (key, value) in &expected.summary {
        if found.summary[key] != *value {
            wrong.push(format!("{key}: {} instead of {value}", found.summary[key]));
        }
    }
    for service in
        found.accepted.keys().chain(expected.accepted.keys().filter(|key| !found.accepted.contains_key(*key)))
    {
        let count = |outcome: &Outcome| outcome.accepted.get(service).copied().unwrap_or(0);
        if count(found) != count(expected) {
            wrong.push(format!("taken {} times instead of {}: {service}", count(found), count(expected)));
        }
    }
    assert!(wrong.is_empty(), "{when}:\n{}", wrong.join("\n"));
}

/// A demo in a process group of its own, so that a kill takes practices and sandbox too.
struct Running {
    child: Child,
    said: std::path::PathBuf,
    complained: std::path::PathBuf,
}

impl Running {
    fn start(folder: &Path, seed: u64, crash_at: Option<&str>) -> Self {
        let (said, complained) = (folder.with_extension("out"), folder.with_extension("err"));
        let mut command = Command::new(claimhost());
        command.args(["demo", "--json", "--seed", &seed.to_string(), "--data-dir"]).arg(folder);
        command.stdout(std::fs::File::create(&said).unwrap()).stderr(std::fs::File::create(&complained).unwrap());
        command.stdin(Stdio::null()).process_group(0);
        match crash_at {
            Some(at) => command.env("CLAIMHOST_CRASH_AT", at),
            None => command.env_remove("CLAIMHOST_CRASH_AT"),
        };
        Self { child: command.spawn().expect("claimhost starts"), said, complained }
    }

    fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    fn kill(&mut self) {
        let group = format!("-{}", self.child.id());
        let killed = Command::new("kill").args(["-9", "--", &group]).status().expect("kill starts");
        assert!(killed.success() || self.ended(), "kill -9 {group}");
        self.wait();
    }

    fn wait(&mut self) -> std::process::ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if started.elapsed() > PATIENCE {
                self.kill();
                panic!("the demo did not end in {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn summary(&mut self) -> Value {
        let status = self.wait();
        let complained = std::fs::read_to_string(&self.complained).unwrap();
        assert!(status.success(), "{status}: {complained}");
        serde_json::from_str(std::fs::read_to_string(&self.said).unwrap().trim()).expect("one object")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended() {
            self.kill();
        }
        let _ = (std::fs::remove_file(&self.said), std::fs::remove_file(&self.complained));
    }
}

/// A demo that builds and compiles the plugins where that has to be: the next one says how long a run takes.
fn warm(seed: u64) {
    finish(tempfile::tempdir().unwrap().path(), seed);
}

fn finish(folder: &Path, seed: u64) -> Value {
    Running::start(folder, seed, None).summary()
}

/// Files under a folder, unfinished ones apart.
fn files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => files(&path),
        _ => usize::from(!entry.file_name().to_string_lossy().starts_with('.')),
    };
    entries.map(|entry| count(entry.unwrap())).sum()
}
