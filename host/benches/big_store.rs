//! A store of a million claims of one practice: what a claim costs there beside what it costs in a store of ten thousand, and how long
//! a trace, the key figures and `verify` take.
//!
//! The store is built by the pipeline itself, from charge messages to posted remittances, in the folder that CLAIMHOST_BIG_STORE names
//! (without it nothing is measured), and goes on behind the last slice of an earlier run; one that was stopped inside a slice is begun
//! anew. CLAIMHOST_BIG_CLAIMS: another size.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use claimhost::claim::{day_number, from_day_number, iso, parse_iso};
use claimhost::lifecycle::Host;
use support::answers::answers;
use support::{figure, micros, per_second, practice, site};

const SLICE: usize = 10_000;
const TRACES: usize = 1_000;
/// On disk, from charge message to posted remittance, with the files of both sides.
const BYTES_PER_CLAIM: f64 = 12_000.0;
/// After the last of a million claims.
const AFTER: &str = "2026-06-30";

fn main() {
    support::machine();
    let Some(root) = std::env::var_os("CLAIMHOST_BIG_STORE").map(PathBuf::from) else {
        println!("skipped: CLAIMHOST_BIG_STORE names no folder for a store of a million claims");
        return;
    };
    let claims = std::env::var("CLAIMHOST_BIG_CLAIMS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    println!(
        "a store of {claims} claims takes some {:.1} GB of {}",
        claims as f64 * BYTES_PER_CLAIM / 1e9,
        root.display()
    );
    let plugins = support::plugin_folders();
    drop(support::plugins(&plugins));
    let slices = build(&root, &plugins, claims);
    let claims = slices.len() * SLICE;
    let size: u64 = ["", "-wal"]
        .iter()
        .filter_map(|suffix| fs::metadata(root.join(format!("store/claimhost.db{suffix}"))).ok())
        .map(|file| file.len())
        .sum();
    figure("big_store_claims", claims as f64, "claims");
    figure("big_store_gb", size as f64 / 1e9, "GB");
    // The second slice is on top of ten thousand claims, the last ones on top of nearly all.
    let mut last: Vec<Duration> = slices.iter().rev().take(3).copied().collect();
    last.sort();
    if let (Some(second), Some(last)) = (slices.get(1), last.get(1)) {
        let millis = |time: &Duration| micros(*time, SLICE) / 1_000.0;
        println!("a claim costs {:.3} ms on top of {SLICE}, {:.3} ms on top of {claims}", millis(second), millis(last));
        // Only of a million claims it is the figure that has a bar.
        let name =
            if claims >= 1_000_000 { "cost_ratio_1m_to_10k".to_owned() } else { format!("cost_ratio_{claims}_to_10k") };
        figure(&name, last.as_secs_f64() / second.as_secs_f64(), "ratio");
    }
    traces(&root, claims);
    let time = timed(&root, &["kpi"]);
    figure("kpi_s", micros(time, 1) / 1e6, "s");
    let time = timed(&root, &["verify"]);
    figure("verify_claims_per_s", per_second(time, claims), "1/s");
}

/// Builds what is not there yet; how long each slice took, those of earlier runs too.
fn build(root: &Path, plugins: &[PathBuf], claims: usize) -> Vec<Duration> {
    let kept = root.join("slices.csv");
    let mut slices: Vec<Duration> = fs::read_to_string(&kept)
        .unwrap_or_default()
        .lines()
        .map(|line| Duration::from_micros(line.parse().unwrap()))
        .collect();
    let inside = root.join("inside-a-slice");
    if inside.exists() {
        slices.clear();
    }
    if slices.is_empty() {
        site::make(root, plugins, 1);
    }
    let mut host = Host::open(site::config(root), parse_iso(practice::AS_OF).unwrap()).unwrap();
    let outbox = host.config().clearinghouse.outbox.clone();
    let inbox = host.config().clearinghouse.inbox.clone();
    let payee = host.profile(&site::id(0)).unwrap().npi.clone();
    let first = day_number(parse_iso(practice::AS_OF).unwrap());
    let mut answered = names(&outbox);
    while slices.len() * SLICE < claims {
        let from = slices.len() * SLICE;
        fs::write(&inside, "").unwrap();
        // A day's work of a practice that is this large: each slice is a day later than the one before.
        let today = first + i64::try_from(slices.len()).unwrap();
        let day = |before: i64| iso(from_day_number(today - before)).replace('-', "");
        host.set_as_of(from_day_number(today));
        site::deliver(root, 1, from..from + SLICE, [&day(28), &day(3)]);
        let start = Instant::now();
        host.settle().unwrap();
        if slices.is_empty() {
            host.approve(&site::id(0), "bench").unwrap().unwrap();
            host.settle().unwrap();
        }
        let mut time = start.elapsed();
        let sent: Vec<String> = names(&outbox).difference(&answered).cloned().collect();
        let mut found = 0;
        for (at, name) in sent.iter().enumerate() {
            let text = fs::read_to_string(outbox.join(name)).unwrap();
            found += text.matches("CLM*").count();
            let number = 1 + from + at;
            for (kind, text) in ["999", "277", "835"].iter().zip(answers(number, practice::PAYER, &payee, &text)) {
                fs::write(inbox.join(format!("{name}.{kind}")), text).unwrap();
            }
        }
        assert_eq!(found, SLICE, "every claim of the slice has left");
        let start = Instant::now();
        host.settle().unwrap();
        time += start.elapsed();
        answered.extend(sent);
        slices.push(time);
        let lines: String = slices.iter().map(|time| format!("{}\n", time.as_micros())).collect();
        fs::write(&kept, lines).unwrap();
        fs::remove_file(&inside).unwrap();
        // Originals are in the store; the disk is for it.
        for folder in [root.join("inbox/birch-0/archive"), inbox.join("archive")] {
            let _ = fs::remove_dir_all(folder);
        }
        eprintln!("{} claims, {:.0}/s", slices.len() * SLICE, per_second(time, SLICE));
    }
    let summary = host.summary().unwrap();
    let count = |state: &str| summary.claims.get(state).copied().unwrap_or(0);
    assert_eq!(count("posted") + count("denied"), (slices.len() * SLICE) as u64, "{:?}", summary.claims);
    slices
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".837"))
        .collect()
}

/// The real program, as somebody at a desk starts it.
fn claimhost(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimhost"));
    command.arg("--config").arg(root.join("claimhost.toml")).args(["--json", "--as-of", AFTER]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn timed(root: &Path, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    claimhost(root, arguments);
    start.elapsed()
}

/// Visits all over the store, in no order; each by a program of its own.
fn traces(root: &Path, claims: usize) {
    let mut times = Vec::with_capacity(TRACES);
    for at in 0..TRACES {
        let visit = (at * 7_919 + 13).wrapping_mul(2_654_435_761) % claims;
        let number = format!("V{visit:07}");
        let start = Instant::now();
        let output = claimhost(root, &["trace", &number]);
        times.push(start.elapsed());
        assert!(String::from_utf8_lossy(&output.stdout).contains(&number));
    }
    times.sort();
    figure("trace_p50_ms", micros(times[TRACES / 2], 1) / 1_000.0, "ms");
    figure("trace_ms", micros(times[TRACES * 99 / 100], 1) / 1_000.0, "ms");
}
