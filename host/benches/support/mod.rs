//! What all measurements share: the machine, the clock, the figure lines, and an invented practice with its messages.
//!
//! Not here: anything that production does. Plugins are the shipped ones, claims come out of the shipped adapter and the
//! host's own visit code.
#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

pub mod answers;
pub mod claims;
pub mod practice;
pub mod site;
pub mod tables;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use claimhost::plugin::{PluginHost, PluginHostConfig};

/// Prints what a figure depends on most.
pub fn machine() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!("machine {}, {cores} cores", model.unwrap_or("unknown CPU"));
}

/// One line for machines to read.
pub fn figure(name: &str, value: f64, unit: &str) {
    let digits = if value >= 100.0 { 0 } else { 2 };
    println!("figure {name} {value:.digits$} {unit}");
}

/// Runs a pass for about a second, warmed up before, and returns its median time.
pub fn median(mut pass: impl FnMut()) -> Duration {
    pass();
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < Duration::from_secs(1) {
        let start = Instant::now();
        pass();
        times.push(start.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

/// The same of the time that this thread was on a processor (Linux's schedstat): what other work on the machine does not touch.
pub fn median_on_cpu(mut pass: impl FnMut()) -> Duration {
    let on_cpu = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        Duration::from_nanos(stat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
    };
    pass();
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < Duration::from_secs(1) {
        let start = on_cpu();
        pass();
        times.push(on_cpu().saturating_sub(start));
    }
    times.sort();
    times[times.len() / 2]
}

/// Microseconds of one of `count` items that took `time` together.
pub fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// Items of `count` a second.
pub fn per_second(time: Duration, count: usize) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// Resident memory of this process, MB.
pub fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// The project's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A folder below the target directory: on the disk that builds use, never in memory.
pub fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Where compiled plugins stay from one run to the next.
pub fn plugin_cache() -> PathBuf {
    scratch("bench-plugin-cache")
}

/// The folders of the shipped plugins, built where they are missing or old.
pub fn plugin_folders() -> Vec<PathBuf> {
    let workspace = workspace();
    claimhost::plugin::build::build_missing(&workspace).unwrap();
    vec![workspace.join("plugins/ehr"), workspace.join("plugins/payers")]
}

/// A host of the shipped plugins, every one active.
pub fn plugins(folders: &[PathBuf]) -> PluginHost {
    let host = PluginHost::open(PluginHostConfig::new(folders.to_vec(), plugin_cache())).unwrap();
    for plugin in host.list() {
        assert!(plugin.error.is_none(), "{}: {:?}", plugin.id, plugin.error);
    }
    host
}

/// Median fdatasync after 1 KiB, on the disk of the run.
pub fn fsync(folder: &Path) -> Duration {
    std::fs::create_dir_all(folder).unwrap();
    let mut file = std::fs::File::create(folder.join("fsync")).unwrap();
    let mut times = Vec::new();
    for _ in 0..500 {
        file.write_all(&[7; 1024]).unwrap();
        let start = Instant::now();
        file.sync_data().unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

/// Rows of 1 KB a second that SQLite alone writes on the disk of the run, WAL and full sync, in groups of 1,000: what tells one
/// machine's figures from another's.
pub fn sqlite_rows_per_s(folder: &Path) -> f64 {
    const GROUP: usize = 1_000;
    let mut connection = rusqlite::Connection::open(folder.join("rows.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE one (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT").unwrap();
    let body = [7_u8; 1_024];
    let time = median(|| {
        let transaction = connection.transaction().unwrap();
        let mut insert = transaction.prepare_cached("INSERT INTO one (body) VALUES (?1)").unwrap();
        for _ in 0..GROUP {
            insert.execute([&body]).unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
    });
    per_second(time, GROUP)
}
