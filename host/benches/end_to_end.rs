//! Documents to 837P: charge messages of four practices in their inboxes, until every claim is in an 837P in the outbox.
//!
//! The durable store with full sync, sealing, the shipped adapter and the shipped rules. What the outbox holds is counted
//! from its bytes afterwards: a pipeline that skips work cannot win. Messages can be had by CLAIMHOST_BENCH_CLAIMS.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use claimhost::claim::parse_iso;
use claimhost::lifecycle::Host;
use support::{figure, fsync, micros, per_second, practice, scratch, site};

const PRACTICES: usize = 4;
const RUNS: usize = 3;

fn run(root: &Path, plugins: &[PathBuf], claims: usize) -> Duration {
    let config = site::make(root, plugins, PRACTICES);
    site::deliver(root, PRACTICES, 0..claims, practice::DAYS);
    let outbox = config.clearinghouse.outbox.clone();
    let mut host = Host::open(config, parse_iso(practice::AS_OF).unwrap()).unwrap();
    let mut start = Instant::now();
    host.settle().unwrap();
    let mut time = start.elapsed();
    // Claims are made and wait. That somebody approves is not the line's time; that they leave is.
    for practice in host.practice_stores() {
        host.approve(practice.id(), "bench").unwrap().unwrap();
    }
    start = Instant::now();
    host.settle().unwrap();
    time += start.elapsed();

    let summary = host.summary().unwrap();
    assert_eq!(
        summary.claims.get("submitted").copied(),
        Some(claims as u64),
        "{:?} {:?}",
        summary.claims,
        summary.findings
    );
    let (mut found, mut lines) = (0, 0);
    for file in fs::read_dir(outbox).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for segment in bytes.split(|byte| *byte == b'~') {
            found += usize::from(segment.starts_with(b"CLM*"));
            lines += usize::from(segment.starts_with(b"SV1*"));
        }
    }
    assert_eq!((found, lines), (claims, claims * practice::LINES));
    drop(host);
    fs::remove_dir_all(root).unwrap();
    time
}

/// `VmHWM`: the most memory that was ever resident.
fn peak_memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

fn main() {
    support::machine();
    let claims = std::env::var("CLAIMHOST_BENCH_CLAIMS").ok().and_then(|text| text.parse().ok()).unwrap_or(6_000);
    let plugins = support::plugin_folders();
    let root = scratch("bench-end-to-end");
    drop(support::plugins(&plugins)); // compiled and proved before, as on a host that has run once
    let _ = fs::write("/proc/self/clear_refs", "5"); // forgets the compiler's peak
    let mut times: Vec<Duration> = (0..RUNS).map(|_| run(&root, &plugins, claims)).collect();
    times.sort();
    figure("end_to_end_claims_per_s", per_second(times[RUNS / 2], claims), "1/s");
    figure("peak_memory_mb", peak_memory_kib() as f64 / 1024.0, "MiB");
    figure("fsync_us", micros(fsync(&root), 1), "us");
    figure("sqlite_rows_per_s", support::sqlite_rows_per_s(&root), "1/s");
    let _ = fs::remove_dir_all(&root);
}
