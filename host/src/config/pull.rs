//! `[[intake.pull]]` and `[[intake.rate]]`: documents that are fetched from an EHR, and how often it may be asked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use super::{IntakeConfig, suggest};

/// Megabytes of one answer at most, whatever is configured: it is handed to a plugin as a whole.
const ANSWER_MEGABYTES_CEILING: u32 = 64;

/// One source that is pulled. Its owner is one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullConfig {
    /// The practice that owns what comes.
    pub practice: String,
    /// Its name: on the command line, in metrics, in work items. Its cursor and its files are kept under it.
    pub name: String,
    /// Id of the puller plugin.
    pub puller: String,
    /// The site's own words for the puller's mapping; none: the plugin's.
    #[serde(default)]
    pub pull_mapping: Option<PathBuf>,
    /// Id of the adapter plugin.
    pub adapter: String,
    /// The site's mapping for the adapter; none: the plugin's defaults.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// Where the practice's API is: `https`; `http` only towards this machine.
    pub base_url: String,
    /// How long from the end of a turn to the next. Default 15m.
    #[serde(default = "every")]
    pub every: Interval,
    /// The first day whose documents are wanted, as 2026-01-31; none: as the puller has it.
    #[serde(default)]
    pub since: Option<String>,
    /// Names of `[[intake.rate]]` that every request counts on. Default: none.
    #[serde(default)]
    pub rate: Vec<String>,
    /// Certificates (PEM) that are trusted beside those of the web.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// An HTTP proxy, as http://HOST:PORT. Environment variables name none.
    #[serde(default)]
    pub proxy: Option<String>,
    /// Seconds for one request, from connecting to its last byte. Default 60.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Megabytes (2^20 bytes) of one answer at most. Default 8.
    #[serde(default = "answer_megabytes_max")]
    pub answer_megabytes_max: u32,
    /// Times that a request is sent at most before the turn ends. Default 5.
    #[serde(default = "tries")]
    pub tries: u32,
    /// Seconds that a turn waits at once at most, because the server asks for it or a rate is spent; longer waits end the turn,
    /// and the next one begins when they are over. Default 60.
    #[serde(default = "wait_seconds_max")]
    pub wait_seconds_max: u64,
    /// Requests of one turn at most; the next goes on from there. Default 5000.
    #[serde(default = "requests_max")]
    pub requests_max: u32,
    /// Settings of the puller.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Secrets that the puller's requests have placeholders for.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretConfig>,
    /// `[[intake.pull.auth]]`: what every request to the site's own host carries.
    #[serde(default)]
    pub auth: Vec<AuthConfig>,
}

fn every() -> Interval {
    Interval(Duration::from_secs(15 * 60))
}

const fn timeout_seconds() -> u64 {
    60
}

const fn answer_megabytes_max() -> u32 {
    8
}

const fn tries() -> u32 {
    5
}

const fn wait_seconds_max() -> u64 {
    60
}

const fn requests_max() -> u32 {
    5_000
}

/// A rate that one source, or several of several practices, may spend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateConfig {
    /// Its name.
    pub name: String,
    /// Requests in any window of `per`.
    pub calls: u32,
    /// The window.
    pub per: Interval,
    /// How many of them at once, after a pause. Default 1: evenly spread.
    #[serde(default = "one")]
    pub burst: u32,
}

const fn one() -> u32 {
    1
}

/// Where a secret is. Exactly one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretConfig {
    /// A file of mode 0600 that holds it, and nothing else.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// An environment variable.
    #[serde(default)]
    pub env: Option<String>,
}

/// How a request says who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthKind {
    /// A key in a header of its own.
    ApiKey,
    /// User and password (RFC 7617).
    Basic,
    /// OAuth 2 client credentials (RFC 6749, 4.4).
    #[serde(rename = "oauth2-client")]
    Oauth2Client,
    /// OAuth 2 refresh token (RFC 6749, 6).
    #[serde(rename = "oauth2-refresh")]
    Oauth2Refresh,
    /// SMART Backend Services: client credentials with a signed assertion (RFC 7523).
    SmartBackend,
}

/// How an OAuth 2 client shows its secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the body.
    #[default]
    Body,
    /// In an `Authorization: Basic` header.
    Basic,
}

/// Signature of a client assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signature {
    /// RSA, PKCS #1 v1.5, SHA-384.
    RS384,
    /// ECDSA, P-384, SHA-384.
    ES384,
}

/// `[[intake.pull.auth]]`. Which keys belong to which kind: `docs/pulling.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Which.
    pub kind: AuthKind,
    /// The header of an API key. Default `x-api-key`.
    #[serde(default)]
    pub header: Option<String>,
    /// The API key, the password, the client secret, or the private key (PEM).
    #[serde(default)]
    pub secret: Option<SecretConfig>,
    /// User of `basic`.
    #[serde(default)]
    pub user: Option<String>,
    /// Client id.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Where tokens are given out.
    #[serde(default)]
    pub token_url: Option<String>,
    /// Scopes, with spaces between them.
    #[serde(default)]
    pub scope: Option<String>,
    /// How the client shows its secret.
    #[serde(default)]
    pub client_auth: Option<ClientAuth>,
    /// The first refresh token. Those that replace it are kept sealed in the store.
    #[serde(default)]
    pub refresh_token: Option<SecretConfig>,
    /// `kid` of the key that signs.
    #[serde(default)]
    pub key_id: Option<String>,
    /// How it signs.
    #[serde(default)]
    pub algorithm: Option<Signature>,
}

/// A time as `90s`, `15m`, `1h`, `1d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(pub Duration);

impl Interval {
    fn parse(text: &str) -> Option<Self> {
        let (number, seconds) = match text.trim().split_at_checked(text.trim().len().checked_sub(1)?)? {
            (number, "s") => (number, 1),
            (number, "m") => (number, 60),
            (number, "h") => (number, 3_600),
            (number, "d") => (number, 86_400),
            _ => return None,
        };
        let count: u32 = number.trim().parse().ok().filter(|count| (1..=100_000).contains(count))?;
        Some(Self(Duration::from_secs(u64::from(count) * seconds)))
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let words = "expected a number and s, m, h or d, such as 15m";
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("found `{text}`, {words}")))
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}s", self.0.as_secs()))
    }
}

/// Whether a request may go to an address of this kind: encrypted, or not leaving this machine.
pub fn is_safe(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let plain = url.username().is_empty() && url.password().is_none();
    plain && url.host().is_some() && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}

impl AuthConfig {
    /// Which keys it has.
    fn given(&self) -> [(&'static str, bool); 9] {
        [
            ("header", self.header.is_some()),
            ("secret", self.secret.is_some()),
            ("user", self.user.is_some()),
            ("client_id", self.client_id.is_some()),
            ("token_url", self.token_url.is_some()),
            ("scope", self.scope.is_some()),
            ("client_auth", self.client_auth.is_some()),
            ("refresh_token", self.refresh_token.is_some()),
            ("key_id", self.key_id.is_some()),
        ]
    }

    /// Keys that its kind needs, and those that it may have.
    fn keys(&self) -> (&'static [&'static str], &'static [&'static str]) {
        match self.kind {
            AuthKind::ApiKey => (&["secret"], &["header"]),
            AuthKind::Basic => (&["user", "secret"], &[]),
            AuthKind::Oauth2Client => (&["client_id", "secret", "token_url"], &["scope", "client_auth"]),
            AuthKind::Oauth2Refresh => {
                (&["client_id", "token_url", "refresh_token"], &["secret", "scope", "client_auth"])
            }
            AuthKind::SmartBackend => (&["client_id", "secret", "token_url", "key_id"], &["scope"]),
        }
    }

    fn problems(&self, key: &str, problems: &mut Vec<String>) {
        let (needed, allowed) = self.keys();
        for (name, given) in self.given() {
            if needed.contains(&name) && !given {
                problems.push(format!("{key}.{name}: is missing: this kind needs {}", needed.join(", ")));
            }
            if given && !needed.contains(&name) && !allowed.contains(&name) {
                problems.push(format!("{key}.{name}: belongs to another kind; take it out"));
            }
        }
        match (self.kind, self.algorithm) {
            (AuthKind::SmartBackend, None) => {
                problems.push(format!("{key}.algorithm: is missing: RS384 or ES384, as the key is"));
            }
            (AuthKind::SmartBackend, Some(_)) | (_, None) => {}
            (_, Some(_)) => problems.push(format!("{key}.algorithm: belongs to another kind; take it out")),
        }
        if let Some(url) = &self.token_url {
            address(&format!("{key}.token_url"), url, problems);
        }
        let secrets = [("secret", &self.secret), ("refresh_token", &self.refresh_token)];
        for (name, secret) in secrets.into_iter().filter_map(|(name, secret)| Some((name, secret.as_ref()?))) {
            secret.problems(&format!("{key}.{name}"), problems);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if self.header.as_ref().is_some_and(|header| header.is_empty() || !header.bytes().all(plain)) {
            problems.push(format!("{key}.header: expected the name of a header, such as x-api-key"));
        }
    }
}

impl SecretConfig {
    fn problems(&self, key: &str, problems: &mut Vec<String>) {
        if self.file.is_some() == self.env.is_some() {
            problems.push(format!("{key}: expected one of file and env"));
        }
    }
}

impl PullConfig {
    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let auth = self.auth.iter_mut().flat_map(|auth| [auth.secret.as_mut(), auth.refresh_token.as_mut()]).flatten();
        let secrets = self.secrets.values_mut().chain(auth).filter_map(|secret| secret.file.as_mut());
        let named = [self.pull_mapping.as_mut(), self.mapping.as_mut(), self.ca_file.as_mut()];
        named.into_iter().flatten().chain(secrets)
    }
}

fn address(key: &str, text: &str, problems: &mut Vec<String>) {
    let fits = Url::parse(text).is_ok_and(|url| is_safe(&url) && url.query().is_none() && url.fragment().is_none());
    if !fits {
        problems.push(format!(
            "{key}: expected an https address without user, query and fragment (http only towards this machine)"
        ));
    }
}

impl IntakeConfig {
    /// How long an answer may be on its way that brings a new refresh token; zero where no source has one.
    pub(crate) fn refresh_patience(&self) -> Duration {
        let refreshes = |pull: &&PullConfig| pull.auth.iter().any(|auth| auth.kind == AuthKind::Oauth2Refresh);
        let seconds = self.pull.iter().filter(refreshes).map(|pull| pull.timeout_seconds).max();
        Duration::from_secs(seconds.unwrap_or(0))
    }

    /// Paths of pulled sources, to be resolved.
    pub(super) fn pull_paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.pull.iter_mut().flat_map(PullConfig::paths)
    }

    /// What does not fit, of pulled sources and rates.
    pub(super) fn pull_problems(&self, practices: &[&str], problems: &mut Vec<String>) {
        for (at, rate) in self.rate.iter().enumerate() {
            let key = format!("intake.rate[{at}]");
            if self.rate.iter().take(at).any(|before| before.name == rate.name) {
                problems.push(format!("{key}.name: `{}` is there twice", rate.name));
            }
            if rate.calls == 0 {
                problems.push(format!("{key}.calls: expected at least 1"));
            }
            if rate.burst == 0 || rate.burst > rate.calls {
                problems.push(format!("{key}.burst: found {}, expected 1 to calls ({})", rate.burst, rate.calls));
            }
        }
        for (at, pull) in self.pull.iter().enumerate() {
            let key = format!("intake.pull[{at}]");
            super::listen::owner(&key, &pull.practice, practices, problems);
            if !super::is_id(&pull.name) {
                problems.push(format!("{key}.name: expected letters, digits and `-`"));
            }
            let same = |before: &&PullConfig| before.practice == pull.practice && before.name == pull.name;
            if self.pull.iter().take(at).any(|before| same(&before)) {
                problems.push(format!("{key}.name: `{}` is there twice for this practice", pull.name));
            }
            address(&format!("{key}.base_url"), &pull.base_url, problems);
            if pull.since.as_ref().is_some_and(|since| crate::claim::parse_iso(since).is_err()) {
                problems.push(format!("{key}.since: expected a day as 2026-01-31"));
            }
            for rate in &pull.rate {
                if !self.rate.iter().any(|known| known.name == *rate) {
                    let near = suggest(rate, self.rate.iter().map(|known| known.name.as_str()));
                    problems.push(format!("{key}.rate: `{rate}` is no [[intake.rate]]{near}"));
                }
            }
            let megabytes = pull.answer_megabytes_max;
            if megabytes == 0 || megabytes > ANSWER_MEGABYTES_CEILING {
                let words = format!("found {megabytes}, expected 1 to {ANSWER_MEGABYTES_CEILING}");
                problems.push(format!("{key}.answer_megabytes_max: {words}"));
            }
            for (name, zero) in [
                ("timeout_seconds", pull.timeout_seconds == 0),
                ("tries", pull.tries == 0),
                ("requests_max", pull.requests_max == 0),
            ] {
                if zero {
                    problems.push(format!("{key}.{name}: expected at least 1"));
                }
            }
            if pull.proxy.as_ref().is_some_and(|proxy| !proxy.starts_with("http://") || proxy.contains('@')) {
                problems.push(format!("{key}.proxy: expected http://HOST:PORT without a user"));
            }
            for (name, secret) in &pull.secrets {
                if !super::is_id(name) {
                    problems.push(format!("{key}.secrets: expected names of letters, digits and `-`"));
                }
                secret.problems(&format!("{key}.secrets.{name}"), problems);
            }
            for (nth, auth) in pull.auth.iter().enumerate() {
                auth.problems(&format!("{key}.auth[{nth}]"), problems);
            }
            let own = |auth: &&AuthConfig| auth.kind != AuthKind::ApiKey;
            if pull.auth.iter().filter(own).count() > 1 {
                problems.push(format!("{key}.auth: one at most beside API keys: each writes the header Authorization"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
