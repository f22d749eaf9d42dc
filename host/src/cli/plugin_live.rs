//! `plugin reload|rollback`: what changes plugins while `serve` runs.

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

impl Reload {
    #[allow(clippy::unused_self, reason = "every command is called alike")]
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let serving = Serving::find(&config).ok_or_else(|| {
            Failure::missing(
                "no serve runs here\nhint: plugins are read at its start; `claimhost plugin list` reads them now",
            )
        })?;
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
