//! `plugin docs`: the contract, the mappings and `plugin.toml` as pages.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::output::{GREEN, RESET, print, print_json};
use super::{Failure, Global};
use crate::author::docs;

/// What the first page begins with: a folder whose README does is one that this command made.
const OURS: &str = "# Contract ";

/// `plugin docs`
#[derive(Debug, clap::Args)]
pub(crate) struct Docs {
    /// The folder for the pages (Markdown); it has to be new, empty, or made by this command
    #[arg(long, value_name = "DIR", default_value = "claimhost-docs")]
    dir: PathBuf,
}

impl Docs {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let pages = docs::pages().map_err(|error| Failure::internal(error.to_string()))?;
        let is_empty = fs::read_dir(&self.dir).map_or(true, |mut entries| entries.next().is_none());
        let is_ours = || fs::read_to_string(self.dir.join("README.md")).is_ok_and(|text| text.starts_with(OURS));
        if !is_empty && !is_ours() {
            let words = format!("{} holds other files; nothing was changed", self.dir.display());
            return Err(Failure::missing(format!("{words}\nhint: --dir names a new folder")));
        }
        fs::create_dir_all(&self.dir)?;
        for (name, text) in &pages {
            fs::write(self.dir.join(name), text)?;
        }
        if global.json {
            print_json(&json!({ "folder": self.dir, "pages": pages.keys().collect::<Vec<_>>() }));
        } else {
            print(&format!("{GREEN}made{RESET}  {}: {} pages", self.dir.join("README.md").display(), pages.len()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
