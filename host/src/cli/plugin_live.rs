//! `plugin reload|rollback|release`: what changes plugins while `serve` runs.

use std::process::ExitCode;

use serde_json::Value;

use super::output::{GREEN, RED, RESET, print, print_json};
use super::serving::Serving;
use super::{Failure, Global};
use crate::config::Config;
use crate::lifecycle::HostError;
use crate::plugin::{Listed, PluginHost};

/// `plugin reload`
#[derive(Debug, clap::Args)]
pub(crate) struct Reload {}

/// `plugin rollback`
#[derive(Debug, clap::Args)]
pub(crate) struct Rollback {
    /// The plugin, as `plugin list` prints it
    #[arg(value_name = "ID")]
    id: String,
}

/// `plugin release`
#[derive(Debug, clap::Args)]
pub(crate) struct Release {
    /// The plugin, as `plugin list` prints it
    #[arg(value_name = "ID")]
    id: String,
    /// Of this practice alone; without it of every practice
    #[arg(long, value_name = "PRACTICE")]
    practice: Option<String>,
}

/// The running `serve`; where none runs, what to know instead.
fn serving(config: &Config, hint: &str) -> Result<Serving, Failure> {
    Serving::find(config).ok_or_else(|| Failure::missing(format!("no serve runs here\nhint: {hint}")))
}

impl Reload {
    #[allow(clippy::unused_self, reason = "every command is called alike")]
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let serving = serving(&config, "plugins are read at its start; `claimhost plugin list` reads them now")?;
        let answer = serving.ask("POST", "/v1/plugins/reload")?;
        let changes = answer.get("changes").and_then(Value::as_array).cloned().unwrap_or_default();
        let refused = changes.iter().filter(|change| change.get("outcome") == Some(&Value::from("refused"))).count();
        if global.json {
            print_json(&answer);
        } else {
            for change in &changes {
                let text = |key: &str| change.get(key).and_then(Value::as_str).unwrap_or_default();
                let (colour, digest) = (if text("error").is_empty() { GREEN } else { RED }, text("digest"));
                let detail =
                    if text("error").is_empty() { digest.get(..12).unwrap_or_default() } else { text("error") };
                let kind = if text("kind") == "plugin" { "" } else { text("kind") };
                let id = [kind, text("id")].join(" ");
                print(&format!("{colour}{}{RESET}  {}  {detail}", text("outcome"), id.trim_start()));
            }
            let waits = answer.get("data_waits") == Some(&Value::Bool(true));
            if waits {
                print(
                    "serve is in a long turn: mappings, profiles and tables are looked at by its next one, and its log says what came of them",
                );
            } else if changes.is_empty() {
                print("nothing has changed");
            }
        }
        match refused {
            0 => Ok(ExitCode::SUCCESS),
            refused => Err(Failure::missing(format!("{refused} refused; what was active stays"))),
        }
    }
}

impl Rollback {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let listed: Listed = match Serving::find(&config) {
            Some(serving) => {
                let answer = serving.ask("POST", &format!("/v1/plugins/{}/rollback", self.id))?;
                let plugin = answer.get("plugin").cloned().unwrap_or_default();
                serde_json::from_value(plugin)
                    .map_err(|error| Failure::internal(format!("the answer of serve: {error}")))?
            }
            None => {
                let host =
                    PluginHost::open(config.plugins.host()).map_err(|error| Failure::internal(error.to_string()))?;
                let info = host.rollback(&self.id).map_err(|error| Failure::missing(error.to_string()))?;
                Listed::from(&info)
            }
        };
        if global.json {
            print_json(&listed);
        } else {
            let digest = listed.digest.get(..12).unwrap_or_default();
            print(&format!("{GREEN}active{RESET}  {} {} {digest}", listed.id, listed.version));
            print("        until its folder holds a new version; once more takes this back");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Release {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        if let Some(practice) = &self.practice
            && !config.practice.iter().any(|known| known.id == *practice)
        {
            return Err(Failure::missing(format!("no practice `{practice}` in claimhost.toml")));
        }
        let serving =
            serving(&config, "a quarantine ends with the process that it began in: the next one tries again")?;
        let of_practice = self.practice.iter().map(|practice| format!("?practice={practice}")).collect::<String>();
        let answer = serving.ask("POST", &format!("/v1/plugins/{}/release{of_practice}", self.id))?;
        let released: Vec<&str> =
            answer.get("released").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        if released.is_empty() {
            let whom = self.practice.as_ref().map_or_else(String::new, |practice| format!(" for `{practice}`"));
            return Err(Failure::missing(format!("`{}` is not quarantined{whom}", self.id)));
        }
        if global.json {
            print_json(&answer);
        } else {
            for practice in released {
                print(&format!("{GREEN}released{RESET}  {}  {practice}", self.id));
            }
            print("          what waits for it runs again in the next turn");
        }
        Ok(ExitCode::SUCCESS)
    }
}
