//! `codes generate DIR`: the archive of public lists, from the published files that `sources.toml` names.

use std::path::PathBuf;
use std::process::ExitCode;

use super::super::output::{print, print_json};
use super::super::{Failure, Global};
use crate::codes::embedded;

/// `codes generate`
#[derive(Debug, clap::Args)]
pub(crate) struct Generate {
    /// Folder with the published files, under the paths that host/src/codes/embedded/sources.toml has
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Where the archive goes
    #[arg(long, value_name = "FILE", default_value = "host/src/codes/embedded/tables.zip")]
    out: PathBuf,
}

impl Generate {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let archive = embedded::generate(&self.folder).map_err(|error| Failure::missing(error.to_string()))?;
        std::fs::write(&self.out, &archive)?;
        if global.json {
            print_json(&serde_json::json!({ "file": self.out, "bytes": archive.len() }));
        } else {
            print(&format!("{}: {} bytes; build claimhost anew", self.out.display(), archive.len()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
