//! `[plugins]`: where plugins are, which of them may run, and what they may cost.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::plugin::{IDLE_MIB, Limits, PluginHostConfig, STACK_KIB, Trust, TrustPolicy, TrustedKey, is_public_key};

/// Most KiB of stack: a host thread has 2 MiB, and needs some for itself.
const STACK_KIB_CEILING: u32 = 1_024;

/// `[plugins]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginsConfig {
    /// Folders searched for plugin folders. Default `["plugins"]`.
    pub folders: Vec<PathBuf>,
    /// Compiled plugins, and versions kept for a rollback. Default `cache`.
    pub cache: PathBuf,
    /// Which plugins may run: `any`, `locked` or `signed`. Default `locked`.
    pub trust: Trust,
    /// The lock file. Default `plugins.lock`.
    pub lock: PathBuf,
    /// MiB of memory of sessions that wait for their next call. Default 512.
    pub idle_mib: u32,
    /// KiB of stack of a call. Default 512.
    pub stack_kib: u32,
    /// `[plugins.limits]`
    pub limits: LimitsCap,
    /// `[[plugins.key]]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<TrustedKey>,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self {
            folders: vec!["plugins".into()],
            cache: "cache".into(),
            trust: Trust::default(),
            lock: "plugins.lock".into(),
            idle_mib: IDLE_MIB,
            stack_kib: STACK_KIB,
            limits: LimitsCap::default(),
            key: Vec::new(),
        }
    }
}

/// `[plugins.limits]`: what no manifest can exceed. Keys as in a manifest's `[limits]`; what is left out has the host's cap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsCap {
    /// Milliseconds of one call. Default 5000.
    pub deadline_ms: Option<u32>,
    /// MiB of linear memory of one session. Default 512.
    pub memory_mib: Option<u32>,
    /// Elements of one table. Default 200000.
    pub table_elements: Option<u32>,
    /// MiB that one call may answer. Default 64.
    pub output_mib: Option<u32>,
    /// Lines of the `log` import in one call. Default 10000.
    pub log_lines: Option<u32>,
    /// Events or problems of one document, findings of one claim. Default 20000.
    pub results: Option<u32>,
}

impl LimitsCap {
    fn limits(&self) -> Limits {
        let cap = Limits::CAP;
        Limits {
            deadline_ms: self.deadline_ms.unwrap_or(cap.deadline_ms),
            memory_mib: self.memory_mib.unwrap_or(cap.memory_mib),
            table_elements: self.table_elements.unwrap_or(cap.table_elements),
            output_mib: self.output_mib.unwrap_or(cap.output_mib),
            log_lines: self.log_lines.unwrap_or(cap.log_lines),
            results: self.results.unwrap_or(cap.results),
        }
    }
}

impl PluginsConfig {
    /// What a plugin host is opened with: for one that works, `keep_versions` is to be set.
    pub fn host(&self) -> PluginHostConfig {
        PluginHostConfig {
            limits_cap: self.limits.limits(),
            trust: TrustPolicy { mode: self.trust, lock: Some(self.lock.clone()), keys: self.key.clone() },
            stack_kib: self.stack_kib,
            idle_mib: self.idle_mib,
            ..PluginHostConfig::new(self.folders.clone(), self.cache.clone())
        }
    }

    /// What does not fit, each with its key.
    pub(super) fn problems(&self, problems: &mut Vec<String>) {
        for (at, key) in self.key.iter().enumerate().filter(|(_, key)| !is_public_key(&key.minisign)) {
            let name = &key.name;
            problems.push(format!(
                "plugins.key[{at}].minisign: of `{name}`: expected the second line of minisign's .pub file"
            ));
        }
        if self.trust == Trust::Signed && self.key.is_empty() {
            problems.push("plugins.trust: `signed` needs a [[plugins.key]]; nothing would run".to_owned());
        }
        if !(64..=STACK_KIB_CEILING).contains(&self.stack_kib) {
            problems.push(format!("plugins.stack_kib: found {}, expected 64 to {STACK_KIB_CEILING}", self.stack_kib));
        }
        let limits = self.limits.limits();
        let zeros = [
            ("deadline_ms", limits.deadline_ms),
            ("memory_mib", limits.memory_mib),
            ("table_elements", limits.table_elements),
            ("output_mib", limits.output_mib),
            ("results", limits.results),
        ];
        for (key, _) in zeros.into_iter().filter(|(_, value)| *value == 0) {
            problems.push(format!("plugins.limits.{key}: found 0, expected at least 1; leave it out for the default"));
        }
    }
}
