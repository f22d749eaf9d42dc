//! How long the demo takes with plugins and peers built: the real binary, started as a user starts it.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::process::{Command, Stdio};
use std::time::Instant;

use support::{figure, micros, scratch, workspace};

fn main() {
    support::machine();
    support::plugin_folders();
    let binary = env!("CARGO_BIN_EXE_claimhost");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut peers = Command::new(cargo);
    peers.current_dir(workspace()).args([
        "build",
        "--quiet",
        "--release",
        "-p",
        "claimhost-practices",
        "-p",
        "claimhost-sandbox",
    ]);
    if let Some(target) = std::path::Path::new(binary).ancestors().nth(2) {
        peers.arg("--target-dir").arg(target);
    }
    assert!(peers.status().unwrap().success());

    let folder = scratch("bench-demo");
    let _ = std::fs::remove_dir_all(&folder);
    let start = Instant::now();
    let demo = Command::new(binary)
        .current_dir(workspace())
        .args(["demo", "--json", "--seed", "1", "--data-dir"])
        .arg(&folder)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let time = start.elapsed();
    assert!(demo.status.success(), "the demo ended with {}", demo.status);
    let summary: serde_json::Value = serde_json::from_slice(&demo.stdout).unwrap();
    let claims = |state: &str| summary["claims"][state].as_u64().unwrap_or(0);
    assert!(claims("total") > 0);
    assert_eq!(claims("held") + claims("denied") + claims("posted"), claims("total"), "every claim has an end");
    figure("demo_s", micros(time, 1) / 1e6, "s");
    std::fs::remove_dir_all(folder).unwrap();
}
