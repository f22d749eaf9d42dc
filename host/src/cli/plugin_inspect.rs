//! `plugin inspect`: what a plugin is, what it asks for, and what it says of itself.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

use super::output::{BOLD, RESET, print, print_json};
use super::visit::words;
use super::{Failure, Global, plugin, plugin_at};
use crate::plugin::{FixturePolicy, Kind, Manifest};

/// `plugin inspect`
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// The plugin, as `plugin list` prints it, or its folder
    #[arg(value_name = "ID|FOLDER")]
    which: String,
}

impl Inspect {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let (host, info) = match plugin_at::folder(&self.which) {
            Some(folder) => {
                let host = plugin_at::host(global, &folder, FixturePolicy::default())?;
                let info = plugin_at::info(&host, &folder)?;
                (host, info)
            }
            None => plugin::find(global, &self.which, FixturePolicy::default())?,
        };
        let mut shown = json!({
            "id": info.id, "kind": info.kind, "world": info.kind.map(world), "family": info.family,
            "version": info.version, "contract": info.contract, "digest": info.digest, "evidence": info.evidence,
            "folder": info.folder, "framing": info.framing, "formats": info.formats, "payer_ids": info.payer_ids,
            "asks": info.asks, "granted": info.granted,
            "error": info.error.as_ref().map(ToString::to_string),
        });
        let says = match info.kind {
            Some(Kind::Adapter) => host.adapter(&info.id).map(|adapter| word(adapter.description())),
            Some(Kind::Rules) => host.rules(&info.id).map(|rules| word(rules.description())),
            Some(Kind::Puller) => host.puller(&info.id).map(|puller| word(puller.description())),
            Some(Kind::Poster) => host.poster(&info.id).map(|poster| word(poster.description())),
            None => None,
        };
        if let Some(shown) = shown.as_object_mut() {
            let limits = Manifest::read(&info.folder).ok().map(|manifest| word(&host.limits(&manifest)));
            shown.insert("limits".to_owned(), limits.unwrap_or_default());
            // A plugin whose component cannot be read says so in `error`.
            shown.insert(
                "component".to_owned(),
                host.anatomy(&info.folder).ok().map(|found| word(&found)).unwrap_or_default(),
            );
            shown.insert("description".to_owned(), says.unwrap_or_default());
        }
        if global.json {
            print_json(&shown);
        } else {
            print(&format!("{BOLD}{}{RESET}", info.id));
            tell(&shown, 1);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The world of the contract that a component of this kind has.
fn world(kind: Kind) -> &'static str {
    match kind {
        Kind::Adapter => "claimhost:plugin/adapter",
        Kind::Puller => "claimhost:plugin/puller",
        Kind::Poster => "claimhost:plugin/poster",
        Kind::Rules => "claimhost:plugin/rules",
    }
}

fn word<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A record as indented lines: what plugins say of themselves differs by kind.
fn tell(value: &Value, depth: usize) {
    let pad = "  ".repeat(depth);
    let Value::Object(record) = value else { return };
    for (key, value) in record {
        match value {
            Value::Null => {}
            Value::Object(date) if date.len() == 3 && date.contains_key("month") => {
                let part = |key: &str| date.get(key).and_then(Value::as_u64).unwrap_or(0);
                print(&format!("{pad}{key:<14} {:04}-{:02}-{:02}", part("year"), part("month"), part("day")));
            }
            Value::Object(_) => {
                print(&format!("{pad}{key}"));
                tell(value, depth + 1);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for item in items {
                    print(&format!("{pad}{key}"));
                    tell(item, depth + 1);
                }
            }
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) => {
                print(&format!("{pad}{key:<14} {}", items.iter().map(words).collect::<Vec<_>>().join(", ")));
            }
            Value::String(text) => print(&format!("{pad}{key:<14} {text}")),
            other => print(&format!("{pad}{key:<14} {other}")),
        }
    }
}
