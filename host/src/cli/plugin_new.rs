//! `plugin new`: a plugin that works, to begin with.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::output::{GREEN, RESET, print, print_json};
use super::{Failure, Global};
use crate::author::new::{self, Base, Kind, Language};

/// `plugin new`
#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What it is for
    #[arg(value_enum)]
    kind: Kind,
    /// Its id, and the name of its folder: small letters, digits and `-`
    #[arg(value_name = "NAME")]
    name: String,
    /// What it is written in; toml is data over a component that comes with claimhost, and nothing is built
    #[arg(long, value_enum, default_value = "toml")]
    lang: Language,
    /// The folder that the new one is made in; default: this one
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    dir: PathBuf,
    /// Adapters in toml: the component that reads the documents; default: csv-superbill
    #[arg(long, value_enum)]
    base: Option<Base>,
}

impl New {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let has_base = (self.kind, self.lang) == (Kind::Adapter, Language::Toml);
        if let (Some(base), false) = (self.base, has_base) {
            return Err(Failure::usage(format!(
                "--base {}: only an adapter in toml runs the component of another\nhint: leave --base out, or say `adapter` and --lang toml",
                base.id()
            )));
        }
        let base = self.base.unwrap_or(Base::CsvSuperbill);
        let new = new::New { kind: self.kind, name: self.name.clone(), language: self.lang, base };
        let folder = new.write(&self.dir).map_err(|error| match error {
            new::NewError::Name { .. } | new::NewError::Language => Failure::usage(error.to_string()),
            new::NewError::Taken { .. } => Failure::missing(error.to_string()),
            new::NewError::File { .. } => Failure::internal(error.to_string()),
        })?;
        if global.json {
            print_json(&json!({ "id": self.name, "folder": folder }));
            return Ok(ExitCode::SUCCESS);
        }
        let shown = folder.strip_prefix(".").unwrap_or(&folder).display();
        print(&format!("{GREEN}made{RESET}  {shown}"));
        print("\nNext");
        if self.lang != Language::Toml {
            print(&format!("  claimhost plugin build {shown}"));
        }
        print(&format!("  claimhost plugin test {shown}"));
        print(&format!("  claimhost plugin dev {shown}     # tests on every save"));
        print(&format!("  {shown}/README.md says the rest"));
        Ok(ExitCode::SUCCESS)
    }
}
