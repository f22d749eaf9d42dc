//! The two programs that the demo starts beside itself, and the shipped plugins: found, or built with cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Failure;

/// The folder of the project's sources: above the binary, above the working directory, or where it was built.
pub(crate) fn workspace() -> Option<PathBuf> {
    let from_exe = std::env::current_exe().ok();
    let from_here = std::env::current_dir().ok();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf();
    let starts = [from_here, from_exe, Some(built)];
    let is_ours = |folder: &Path| folder.join("wit/0.1.0-draft").is_dir() && folder.join("Cargo.toml").is_file();
    starts
        .into_iter()
        .flatten()
        .find_map(|start| start.ancestors().find(|folder| is_ours(folder)).map(Path::to_path_buf))
}

/// Paths of `claimhost-practices` and `claimhost-sandbox`: beside this binary, brought up to date where the sources are at hand.
pub(crate) fn programs() -> Result<(PathBuf, PathBuf), Failure> {
    let exe = std::env::current_exe()?;
    let folder = exe.parent().map(Path::to_path_buf).unwrap_or_default();
    if let Some(workspace) = workspace()
        && let Some(target) = folder.parent()
        && folder.join("../CACHEDIR.TAG").exists()
    {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&workspace).args([
            "build",
            "--quiet",
            "-p",
            "claimhost-practices",
            "-p",
            "claimhost-sandbox",
        ]);
        cargo.arg("--target-dir").arg(target);
        if folder.file_name().is_some_and(|name| name == "release") {
            cargo.arg("--release");
        }
        let built = cargo.status();
        if !built.as_ref().is_ok_and(std::process::ExitStatus::success) && !folder.join("claimhost-practices").exists()
        {
            return Err(Failure::internal(
                "cargo cannot build the demo's practices and sandbox; its own words are above",
            ));
        }
    }
    let find = |name: &str| {
        let path = folder.join(name);
        let words = format!(
            "{name} is not beside {}: run the demo from the project's sources with `cargo run --release -- demo`",
            exe.display()
        );
        if path.exists() { Ok(path) } else { Err(Failure::internal(words)) }
    };
    Ok((find("claimhost-practices")?, find("claimhost-sandbox")?))
}
