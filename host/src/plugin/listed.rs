//! A plugin as `plugin list` and a running `serve` tell of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::Permissions;
use super::registry::PluginInfo;

/// One plugin of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// `adapter` or `rules`.
    pub kind: Value,
    /// EHR or payer.
    pub family: String,
    /// The plugin's version.
    pub version: String,
    /// Version of the contract.
    pub contract: String,
    /// SHA-256 of component, manifest and mapping, hex.
    pub digest: String,
    /// How far its author could check it.
    pub evidence: Value,
    /// `active` or `refused`.
    pub state: String,
    /// Why it is not active.
    pub error: Option<String>,
    /// Why what is in its folder is not what is active.
    pub candidate: Option<String>,
    /// What its manifest asks for.
    pub asks: Permissions,
    /// What it has of that.
    pub granted: Permissions,
}

impl From<&PluginInfo> for Listed {
    fn from(info: &PluginInfo) -> Self {
        let word = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
        Self {
            id: info.id.clone(),
            kind: word(serde_json::to_value(info.kind)),
            family: info.family.clone(),
            version: info.version.clone(),
            contract: info.contract.clone(),
            digest: info.digest.clone(),
            evidence: word(serde_json::to_value(info.evidence)),
            state: if info.error.is_some() { "refused" } else { "active" }.to_owned(),
            error: info.error.as_ref().map(ToString::to_string),
            candidate: info.candidate.as_ref().map(ToString::to_string),
            asks: info.asks.clone(),
            granted: info.granted.clone(),
        }
    }
}
