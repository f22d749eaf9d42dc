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
        of_nobody(&mut cargo);
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

/// Takes out of a command's environment what cargo tells a test of its own package: a build script that looks at it (ring's does) would run
/// again whenever another test, or a person, asks for the same build, and everything above it would be compiled anew.
fn of_nobody(cargo: &mut Command) {
    let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| of_package.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
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

/// A folder below `parent` with a plugin of `tests/guests`, built as the host builds guests.
///
/// # Panics
/// Where it does not build.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn guest(name: &str, parent: &Path) -> PathBuf {
    let (source, target) = (workspace().join("tests/guests").join(name), workspace().join("target/guests"));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let package = format!("guest-{name}");
    cargo.current_dir(workspace()).args(["build", "--quiet", "--target", "wasm32-wasip2", "--profile", "plugin"]);
    cargo.args(["-p", &package, "--target-dir"]).arg(&target);
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    assert!(cargo.status().expect("cargo").success(), "{package} builds");
    let component = target.join("wasm32-wasip2/plugin").join(format!("guest_{}.wasm", name.replace('-', "_")));
    let folder = parent.join("offered");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(source.join("plugin.toml"), folder.join("plugin.toml")).expect("its manifest");
    std::fs::copy(component, folder.join("plugin.wasm")).expect("its component");
    folder
}
