//! Builds guests: plugin crates to components, with cargo, in a target directory of their own.
//!
//! At run time and not in a build script: a nested cargo on the same target directory waits for itself.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The one target guests are built for.
pub const TARGET: &str = "wasm32-wasip2";

/// Plugins that ship with the host: folder in the workspace and package.
pub const SHIPPED: [(&str, &str); 6] = [
    ("plugins/ehr/hl7v2-dft", "plugin-hl7v2-dft"),
    ("plugins/ehr/csv-superbill", "plugin-csv-superbill"),
    ("plugins/ehr/x12-837", "plugin-x12-837"),
    ("plugins/ehr/fhir-r4", "plugin-fhir-r4"),
    ("plugins/payers/medicare", "plugin-medicare"),
    ("plugins/payers/unitedhealthcare", "plugin-unitedhealthcare"),
];

/// What every component is made of; a change in any of it makes them old.
const SOURCES: [&str; 5] = ["plugins", "sdk", "wit", "Cargo.toml", "Cargo.lock"];

/// Why a guest was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// cargo or rustup cannot be run.
    #[error("`{program}` cannot be run: {source}; install Rust from rustup.rs")]
    Program {
        /// What was run.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// cargo ended with an error; what it said is above.
    #[error("cargo could not build {packages}; what it says is above")]
    Cargo {
        /// Packages asked for.
        packages: String,
    },
    /// The component cannot be copied into its folder.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Builds one package of the workspace; returns its component in `target/guests`.
///
/// # Errors
/// [`BuildError`] where cargo fails.
pub fn build_guest(workspace: &Path, package: &str) -> Result<PathBuf, BuildError> {
    cargo_build(workspace, &[package])?;
    Ok(artefact(workspace, package))
}

/// Builds every shipped plugin whose `plugin.wasm` is missing or older than its sources, in one cargo call, and puts
/// it into its folder. Returns the folders that changed.
///
/// # Errors
/// [`BuildError`] where cargo or the copy fails.
pub fn build_missing(workspace: &Path) -> Result<Vec<PathBuf>, BuildError> {
    build_missing_of(workspace, &SHIPPED)
}

fn build_missing_of(workspace: &Path, shipped: &[(&str, &str)]) -> Result<Vec<PathBuf>, BuildError> {
    let newest = SOURCES.iter().filter_map(|name| newest(&workspace.join(name))).max();
    let is_old = |folder: &Path| {
        let built = fs::metadata(folder.join("plugin.wasm")).and_then(|file| file.modified()).ok();
        built.is_none() || built < newest
    };
    let old: Vec<(PathBuf, &str)> = shipped
        .iter()
        .map(|(folder, package)| (workspace.join(folder), *package))
        .filter(|(folder, _)| folder.is_dir() && is_old(folder))
        .collect();
    if old.is_empty() {
        return Ok(Vec::new());
    }
    let packages: Vec<&str> = old.iter().map(|(_, package)| *package).collect();
    cargo_build(workspace, &packages)?;
    for (folder, package) in &old {
        install(&artefact(workspace, package), folder)?;
    }
    Ok(old.into_iter().map(|(folder, _)| folder).collect())
}

/// Copies a component to `plugin.wasm` of a plugin folder; a host that watches it sees the old file or the new one.
///
/// # Errors
/// [`BuildError::File`].
pub fn install(component: &Path, folder: &Path) -> Result<(), BuildError> {
    let path = folder.join("plugin.wasm");
    fs::read(component)
        .and_then(|bytes| super::cache::write_atomically(&path, &bytes))
        .map_err(|source| BuildError::File { path, source })
}

fn artefact(workspace: &Path, package: &str) -> PathBuf {
    let file = format!("{}.wasm", package.replace('-', "_"));
    workspace.join("target/guests").join(TARGET).join("plugin").join(file)
}

fn cargo_build(workspace: &Path, packages: &[&str]) -> Result<(), BuildError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = || {
        let mut command = Command::new(&cargo);
        command.current_dir(workspace).args(["build", "--target", TARGET, "--profile", "plugin", "--target-dir"]);
        command.arg(workspace.join("target/guests"));
        packages.iter().for_each(|package| {
            command.args(["-p", package]);
        });
        // Flags meant for the host's own build (coverage, a linker) must not reach the guests.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_TARGET_DIR");
        run(command, &cargo)
    };
    let ready = has_target(workspace);
    if !ready {
        let rustup: OsString = "rustup".into();
        let mut command = Command::new(&rustup);
        command.current_dir(workspace).args(["target", "add", TARGET]);
        run(command, &rustup)?;
    }
    if build()? { Ok(()) } else { Err(BuildError::Cargo { packages: packages.join(", ") }) }
}

/// Whether the standard library for guests is installed. Unknown counts as yes: cargo will say.
fn has_target(workspace: &Path) -> bool {
    let asked =
        Command::new("rustc").current_dir(workspace).args(["--print", "target-libdir", "--target", TARGET]).output();
    asked.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        !output.status.success() || Path::new(folder.trim()).is_dir()
    })
}

/// Runs to the end; what it prints goes where ours goes.
fn run(mut command: Command, program: &OsString) -> Result<bool, BuildError> {
    let fail = |source| BuildError::Program { program: program.to_string_lossy().into_owned(), source };
    Ok(command.status().map_err(fail)?.success())
}

/// Newest change below a path, outputs and fixtures aside.
fn newest(path: &Path) -> Option<SystemTime> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.is_file() {
        let skip = path.extension().is_some_and(|extension| extension == "wasm" || extension == "md");
        return if skip { None } else { metadata.modified().ok() };
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if matches!(name, "target" | "fixtures" | "tests" | "benches") || name.starts_with('.') {
        return None;
    }
    fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_newer_than_its_sources_is_not_built_again() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = workspace.path().join("plugins/ehr/one");
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/lib.rs"), "").unwrap();
        fs::write(folder.join("plugin.wasm"), "").unwrap();
        let shipped = [("plugins/ehr/one", "plugin-one")];
        let set = |path: &str, seconds| {
            let file = fs::File::options().write(true).open(folder.join(path)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
        };
        set("src/lib.rs", 100);
        set("plugin.wasm", 200);
        assert!(build_missing_of(workspace.path(), &shipped).unwrap().is_empty());
        set("src/lib.rs", 300);
        // There is no workspace to build here: the attempt is what shows that it was found old.
        assert!(build_missing_of(workspace.path(), &shipped).is_err());
    }
}
