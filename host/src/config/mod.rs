//! `claimhost.toml`: one file, every key documented here, an unknown key is an error with a suggestion.
//!
//! Paths are relative to the folder of the file. Practice profiles are files of their own (`crate::practice`).

mod listen;
mod plugins;
mod post;
mod pull;

use std::path::{Path, PathBuf};

pub use listen::{FeedConfig, MllpConfig, Route, TokenConfig, UploadConfig};
pub use plugins::{LimitsCap, PluginsConfig};
pub use post::PostConfig;
pub use pull::{AuthConfig, AuthKind, ClientAuth, Interval, PullConfig, RateConfig, SecretConfig, Signature, is_safe};
use serde::{Deserialize, Serialize};

use crate::practice::{ProfileError, shape};

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where everything is kept.
    #[serde(default)]
    pub store: StoreConfig,
    /// The master key.
    #[serde(default)]
    pub keys: KeysConfig,
    /// Plugins.
    #[serde(default)]
    pub plugins: PluginsConfig,
    /// Tables of codes and pairs.
    #[serde(default)]
    pub codes: CodesConfig,
    /// Rule tables.
    #[serde(default)]
    pub rules: RulesConfig,
    /// Where claims leave and answers come in.
    #[serde(default)]
    pub clearinghouse: ClearinghouseConfig,
    /// `serve`.
    #[serde(default)]
    pub service: ServiceConfig,
    /// The practices.
    #[serde(default)]
    pub practice: Vec<PracticeConfig>,
    /// Where documents arrive: folders and listeners.
    #[serde(default)]
    pub intake: IntakeConfig,
    /// `[[post]]`: EHRs that are told what payers decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post: Vec<PostConfig>,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// The SQLite file. Default `store/claimhost.db`.
    pub path: PathBuf,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { path: "store/claimhost.db".into() }
    }
}

/// `[keys]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysConfig {
    /// File with the master key, 64 hexadecimal digits, mode 0600. Default `key`.
    pub master_key_file: PathBuf,
    /// Environment variable with the master key; wins over the file where it is set. Default `CLAIMHOST_MASTER_KEY`.
    pub master_key_env: String,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self { master_key_file: "key".into(), master_key_env: "CLAIMHOST_MASTER_KEY".into() }
    }
}

/// `[codes]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CodesConfig {
    /// Folder of the imported tables. Default `codes`.
    pub folder: PathBuf,
}

impl Default for CodesConfig {
    fn default() -> Self {
        Self { folder: "codes".into() }
    }
}

/// `[rules]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesConfig {
    /// Folder of the active rule tables. Default `rules`.
    pub folder: PathBuf,
}

impl Default for RulesConfig {
    fn default() -> Self {
        Self { folder: "rules".into() }
    }
}

/// `[clearinghouse]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClearinghouseConfig {
    /// 837s leave here, one file an interchange. Default `transport/out`.
    pub outbox: PathBuf,
    /// Whether what fetches them takes them away: then one that is not in the outbox is no loss. Default false: it copies them.
    pub takes_away: bool,
    /// Answers arrive here. Default `transport/in`.
    pub inbox: PathBuf,
    /// Claims in one 837 at most. Default 5000.
    pub claims_per_file_max: usize,
    /// Megabytes (2^20 bytes) of one answer file at most: it is read as a whole. Default 8.
    pub answer_megabytes_max: u32,
}

impl Default for ClearinghouseConfig {
    fn default() -> Self {
        Self {
            outbox: "transport/out".into(),
            takes_away: false,
            inbox: "transport/in".into(),
            claims_per_file_max: 5_000,
            answer_megabytes_max: 8,
        }
    }
}

/// `[service]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceConfig {
    /// Address of `/healthz`, `/readyz` and `/metrics`; loopback only. Default `127.0.0.1:8787`.
    pub listen: std::net::SocketAddr,
    /// Seconds between two looks at the folders where no change was announced. Default 5.
    pub poll_seconds: u64,
    /// Seconds that a file must be unchanged before `serve` takes it. Default 5.
    pub settle_seconds: u64,
    /// Seconds that work in hand may take after SIGTERM. Default 30.
    pub drain_seconds: u64,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 8787));
        Self { listen, poll_seconds: 5, settle_seconds: 5, drain_seconds: 30 }
    }
}

/// `[[practice]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PracticeConfig {
    /// Its id: the same as in the profile.
    pub id: String,
    /// Its profile.
    pub profile: PathBuf,
}

/// `[intake]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeConfig {
    /// `[[intake.folder]]`
    pub folder: Vec<FolderConfig>,
    /// Folder of what `charge enter` takes, with a subfolder for each practice. Default `charge-entry`.
    pub charge_entry: PathBuf,
    /// `[[intake.mllp]]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mllp: Vec<MllpConfig>,
    /// `[intake.upload]`
    pub upload: Option<UploadConfig>,
    /// `[[intake.pull]]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pull: Vec<PullConfig>,
    /// `[[intake.rate]]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rate: Vec<RateConfig>,
}

impl Default for IntakeConfig {
    fn default() -> Self {
        Self {
            folder: Vec::new(),
            charge_entry: "charge-entry".into(),
            mllp: Vec::new(),
            upload: None,
            pull: Vec::new(),
            rate: Vec::new(),
        }
    }
}

/// One watched folder. Its owner is one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// The practice that owns what arrives here.
    pub practice: String,
    /// The folder. What is stored moves to its subfolder `archive`.
    pub path: PathBuf,
    /// Id of the adapter plugin.
    pub adapter: String,
    /// The site's mapping; none: the plugin's defaults.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// How its files end.
    #[serde(default)]
    pub last_line: LastLine,
}

/// How the files of a source end. Lines that a claim is made of may be cut short where a transfer broke off, and one without
/// a line end may be such a line or a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LastLine {
    /// As the files before it: refused where those had line ends. Where they say nothing, refused where its last value may be the
    /// beginning of a longer amount, else taken, and held until somebody has said that it is whole.
    #[default]
    Compare,
    /// The source writes none behind its last line.
    Open,
    /// The source writes one always: a file without it is cut off.
    Closed,
}

/// A configuration that cannot be used. Every problem at once.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}. {}", remedy(source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// It is no TOML, or has keys that nobody knows or values that do not fit.
    #[error("{0}")]
    Malformed(ProfileError),
    /// Its parts do not fit each other.
    #[error("{path}: {}", problems.join("; "))]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What is wrong, each with its key.
        problems: Vec<String>,
    },
}

/// What to do about a file that cannot be read.
fn remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::InvalidData => "Save it as UTF-8",
        std::io::ErrorKind::PermissionDenied => "Give the user of claimhost the right to read it",
        _ => "Make one with `claimhost init DIR`, or name it with --config",
    }
}

/// A configuration file, looked at.
#[derive(Debug)]
pub struct Look {
    /// All of it but what the errors name; none where it is no TOML.
    pub config: Option<Config>,
    /// Everything that is wrong: nothing where it can be run with.
    pub errors: Vec<ConfigError>,
    /// Keys that were left out, and have their defaults in `config`.
    doubtful: Vec<String>,
}

impl Look {
    /// Whether all of a table is as the file has it: nothing in it was left out, nor a table whose name may be meant for it.
    pub fn stands(&self, table: &str) -> bool {
        let of = |key: &String| key.split(['.', '[']).next().unwrap_or_default().to_owned();
        self.doubtful.iter().map(of).all(|key| suggest(&key, std::iter::once(table)).is_empty())
    }
}

impl Config {
    /// Reads and checks a configuration file. Paths in the result are absolute or relative to the working directory.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let look = Self::look(path)?;
        look.errors.into_iter().next().map_or_else(|| Ok(look.config.unwrap_or_default()), Err)
    }

    /// Reads as much of a configuration file as can be, and says everything that is wrong with it. To look at, not to run with.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`].
    pub fn look(path: &Path) -> Result<Look, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let mut shape = shape::read::<Self>(&text);
        if let Some(config) = &mut shape.value {
            config.resolve(path.parent().unwrap_or(Path::new(".")));
        }
        // Positions are told: they have to be those of the file.
        let counted = shape.value.as_ref().filter(|_| !shape.renumbered);
        let problems = counted.map(Self::problems).unwrap_or_default();
        let doubtful = shape.problems.iter().map(|problem| problem.key.clone()).collect();
        let mut errors = Vec::new();
        if !shape.problems.is_empty() {
            errors.push(ConfigError::Malformed(ProfileError {
                path: path.display().to_string(),
                problems: shape.problems,
            }));
        }
        if !problems.is_empty() {
            errors.push(ConfigError::Inconsistent { path: path.to_owned(), problems });
        }
        Ok(Look { config: shape.value, errors, doubtful })
    }

    fn resolve(&mut self, base: &Path) {
        let paths = [
            &mut self.store.path,
            &mut self.keys.master_key_file,
            &mut self.plugins.cache,
            &mut self.plugins.lock,
            &mut self.codes.folder,
            &mut self.rules.folder,
            &mut self.clearinghouse.outbox,
            &mut self.clearinghouse.inbox,
            &mut self.intake.charge_entry,
        ];
        let practices = self.practice.iter_mut().map(|practice| &mut practice.profile);
        let folders = self.intake.folder.iter_mut();
        let folders = folders.flat_map(|folder| std::iter::once(&mut folder.path).chain(folder.mapping.as_mut()));
        let all = paths.into_iter().chain(self.plugins.folders.iter_mut()).chain(practices).chain(folders);
        for path in all {
            *path = base.join(&*path);
        }
        for path in self.intake.mappings() {
            *path = base.join(&*path);
        }
        for path in self.intake.pull_paths() {
            *path = base.join(&*path);
        }
        for path in self.post.iter_mut().flat_map(PostConfig::paths) {
            *path = base.join(&*path);
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (at, practice) in self.practice.iter().enumerate() {
            if !is_id(&practice.id) || practice.id == crate::store::CLEARING {
                problems.push(format!(
                    "practice[{at}].id: expected letters, digits and `-`, and not `{}`, which is the host's own",
                    crate::store::CLEARING
                ));
            }
            if self.practice.iter().take(at).any(|before| before.id == practice.id) {
                problems.push(format!("practice[{at}].id: `{}` is there twice", practice.id));
            }
        }
        for (at, folder) in self.intake.folder.iter().enumerate() {
            if !self.practice.iter().any(|practice| practice.id == folder.practice) {
                let known = self.practice.iter().map(|practice| practice.id.as_str());
                problems.push(format!(
                    "intake.folder[{at}].practice: `{}` is no [[practice]]{}",
                    folder.practice,
                    suggest(&folder.practice, known)
                ));
            }
            if self.intake.folder.iter().take(at).any(|before| before.path == folder.path) {
                problems
                    .push(format!("intake.folder[{at}].path: another folder has the same path; each has one owner"));
            }
        }
        self.plugins.problems(&mut problems);
        let practices: Vec<&str> = self.practice.iter().map(|practice| practice.id.as_str()).collect();
        self.intake.listen_problems(&practices, self.service.listen, &mut problems);
        self.intake.pull_problems(&practices, &mut problems);
        self.post_problems(&practices, &mut problems);
        if !self.service.listen.ip().is_loopback() {
            problems.push("service.listen: only loopback addresses until TLS and a token are configured".to_owned());
        }
        if self.clearinghouse.claims_per_file_max == 0 {
            problems.push("clearinghouse.claims_per_file_max: expected at least 1".to_owned());
        }
        if self.clearinghouse.answer_megabytes_max == 0 {
            problems.push("clearinghouse.answer_megabytes_max: expected at least 1".to_owned());
        }
        problems
    }
}

/// Whether a text may name a practice: it becomes part of file names.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// ` (did you mean ...?)` for the nearest known word, or nothing.
pub fn suggest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|word| (strsim::jaro_winkler(found, word), word)).filter(|(score, _)| *score > 0.75);
    near.max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, word)| format!(" (did you mean `{word}`?)"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
