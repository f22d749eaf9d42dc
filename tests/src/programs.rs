//! The real binaries, brought up to date once for the tests that start them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Path of `claimhost`, with the peers beside it.
///
/// # Panics
/// Where cargo cannot build them: no test can go on then.
#[allow(clippy::expect_used, clippy::panic, reason = "a test helper: its failure is the test's")]
pub fn claimhost() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let exe = std::env::current_exe().expect("the test's own path");
        let folder = exe.ancestors().nth(2).expect("target/PROFILE/deps/TEST").to_path_buf();
        let target = folder.parent().expect("target").to_path_buf();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(workspace()).args(["build", "--quiet", "--target-dir"]).arg(target);
        cargo.args([
            "-p",
            "claimhost",
            "-p",
            "claimhost-practices",
            "-p",
            "claimhost-sandbox",
            "-p",
            "claimhost-labelled",
        ]);
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.status().expect("cargo starts");
        assert!(status.success(), "cargo builds the programs");
        folder.join("claimhost")
    })
}

/// The folder of the sources.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Runs `claimhost` to its end.
///
/// # Panics
/// Where it does not start.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn run(arguments: &[&str]) -> Output {
    Command::new(claimhost()).args(arguments).output().expect("claimhost starts")
}

/// Runs `claimhost ... --json` and reads its answer.
///
/// # Panics
/// Where it fails or answers no JSON: the message shows what it said.
#[allow(clippy::panic, reason = "a test helper: its failure is the test's")]
pub fn json(arguments: &[&str]) -> serde_json::Value {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}: {complained}", output.status);
    serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}\n{complained}"))
}
