//! `[[intake.mllp]]` and `[intake.upload]`: documents that arrive over the network.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{IntakeConfig, LastLine, suggest};

/// Largest `message_bytes_max`: what `framing` takes as one message.
const MESSAGE_BYTES_CEILING: usize = 16 << 20;
/// Most connections of one listener that make sense for one process.
const CONNECTIONS_CEILING: usize = 4_096;

/// One MLLP listener. Its owner is one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MllpConfig {
    /// The practice that owns what arrives here.
    pub practice: String,
    /// Address and port.
    pub listen: SocketAddr,
    /// Id of the adapter plugin; its files are framed as `hl7v2`.
    pub adapter: String,
    /// The site's mapping; none: the plugin's defaults.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// Addresses that may connect; empty: every one. Not empty where `listen` is no loopback address.
    #[serde(default)]
    pub peers: Vec<IpAddr>,
    /// MSH-11 that are taken. Default `["P"]`: a message for training is not billed.
    #[serde(default = "production")]
    pub processing_ids: Vec<String>,
    /// MSH-9.1 that are taken. Default: all.
    #[serde(default)]
    pub message_types: Vec<String>,
    /// Bytes of one message at most. Default 4194304.
    #[serde(default = "message_bytes_max")]
    pub message_bytes_max: usize,
    /// Connections at once at most. Default 64.
    #[serde(default = "connections_max")]
    pub connections_max: usize,
    /// Seconds without a byte after which a connection is closed. Default 600.
    #[serde(default = "idle_seconds")]
    pub idle_seconds: u64,
}

fn production() -> Vec<String> {
    vec!["P".to_owned()]
}

const fn message_bytes_max() -> usize {
    4 << 20
}

const fn connections_max() -> usize {
    64
}

const fn idle_seconds() -> u64 {
    600
}

/// HTTP upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadConfig {
    /// Address and port; loopback only: a reverse proxy in front of it has the TLS.
    pub listen: SocketAddr,
    /// Bytes of one document at most. Default 67108864.
    #[serde(default = "upload_bytes_max")]
    pub bytes_max: u64,
    /// Uploads at once at most. Default 16.
    #[serde(default = "uploads_max")]
    pub uploads_max: usize,
    /// Seconds without a byte after which an upload is given up. Default 60.
    #[serde(default = "upload_idle_seconds")]
    pub idle_seconds: u64,
    /// Days for which an idempotency key is remembered. Default 7.
    #[serde(default = "key_days")]
    pub key_days: u16,
    /// `[[intake.upload.feed]]`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feed: Vec<FeedConfig>,
    /// `[[intake.upload.token]]`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token: Vec<TokenConfig>,
}

const fn upload_bytes_max() -> u64 {
    64 << 20
}

const fn uploads_max() -> usize {
    16
}

const fn upload_idle_seconds() -> u64 {
    60
}

const fn key_days() -> u16 {
    7
}

/// What can be uploaded for a practice: the last part of the address says which feed it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedConfig {
    /// The practice that owns what arrives here.
    pub practice: String,
    /// Its name in the address.
    pub name: String,
    /// Id of the adapter plugin.
    pub adapter: String,
    /// The site's mapping; none: the plugin's defaults.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// How its files end.
    #[serde(default)]
    pub last_line: LastLine,
}

/// Who may upload for a practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// The practice.
    pub practice: String,
    /// SHA-256 of the bearer token, 64 hexadecimal digits. The token itself is written nowhere.
    pub sha256: String,
}

impl TokenConfig {
    /// The hash; none where it is not 64 hexadecimal digits.
    pub fn digest(&self) -> Option<[u8; 32]> {
        let mut digest = [0; 32];
        hex::decode_to_slice(self.sha256.trim(), &mut digest).ok()?;
        Some(digest)
    }
}

/// A way in, whatever it is, with what its documents go through.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// Its key in the configuration, such as `intake.folder` and its place there.
    pub key: (&'static str, usize),
    /// The name of a source that is pulled: what it keeps is kept under it.
    pub source: Option<&'a str>,
    /// The owner.
    pub practice: &'a str,
    /// Id of the adapter plugin.
    pub adapter: &'a str,
    /// The site's mapping.
    pub mapping: Option<&'a PathBuf>,
    /// How its files end.
    pub last_line: LastLine,
}

impl Route<'_> {
    /// Channel text of its files in the store. A source's cursor is kept under its name, and so are its files: both stay its own
    /// wherever the configuration names it.
    pub fn channel(&self) -> String {
        let (key, at) = self.key;
        match (key, self.source) {
            (_, Some(name)) => format!("pull:{name}"),
            ("intake.mllp", None) => format!("mllp:{at}"),
            ("intake.upload.feed", None) => format!("upload:{at}"),
            (_, None) => format!("folder:{at}"),
        }
    }
}

impl IntakeConfig {
    /// Every way in: folders, MLLP listeners, feeds of the upload, sources that are pulled.
    pub fn routes(&self) -> impl Iterator<Item = Route<'_>> {
        let folders = self.folder.iter().enumerate().map(|(at, folder)| Route {
            key: ("intake.folder", at),
            source: None,
            practice: &folder.practice,
            adapter: &folder.adapter,
            mapping: folder.mapping.as_ref(),
            last_line: folder.last_line,
        });
        let mllp = self.mllp.iter().enumerate().map(|(at, listener)| Route {
            key: ("intake.mllp", at),
            source: None,
            practice: &listener.practice,
            adapter: &listener.adapter,
            mapping: listener.mapping.as_ref(),
            // The end block, or the length that was announced, says where a message ends.
            last_line: LastLine::Open,
        });
        let feeds = self.upload.iter().flat_map(|upload| &upload.feed).enumerate().map(|(at, feed)| Route {
            key: ("intake.upload.feed", at),
            source: None,
            practice: &feed.practice,
            adapter: &feed.adapter,
            mapping: feed.mapping.as_ref(),
            last_line: feed.last_line,
        });
        let pulls = self.pull.iter().enumerate().map(|(at, pull)| Route {
            key: ("intake.pull", at),
            source: Some(&pull.name),
            practice: &pull.practice,
            adapter: &pull.adapter,
            mapping: pull.mapping.as_ref(),
            last_line: LastLine::Open,
        });
        folders.chain(mllp).chain(feeds).chain(pulls)
    }

    /// Paths of listeners and feeds, to be resolved.
    pub(super) fn mappings(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let feeds = self.upload.iter_mut().flat_map(|upload| &mut upload.feed).filter_map(|feed| feed.mapping.as_mut());
        self.mllp.iter_mut().filter_map(|listener| listener.mapping.as_mut()).chain(feeds)
    }

    /// What does not fit, of listeners and upload. `service` is the address of `service.listen`.
    pub(super) fn listen_problems(&self, practices: &[&str], service: SocketAddr, problems: &mut Vec<String>) {
        let mut taken = vec![("service.listen".to_owned(), service)];
        for (at, listener) in self.mllp.iter().enumerate() {
            let key = format!("intake.mllp[{at}]");
            owner(&key, &listener.practice, practices, problems);
            address(format!("{key}.listen"), listener.listen, &mut taken, problems);
            if !listener.listen.ip().is_loopback() && listener.peers.is_empty() {
                problems.push(format!(
                    "{key}.listen: MLLP has neither TLS nor passwords: listen on loopback behind a tunnel, or name in peers \
                     the addresses that may connect"
                ));
            }
            if listener.processing_ids.is_empty() {
                problems.push(format!("{key}.processing_ids: expected at least one, such as \"P\""));
            }
            within(
                &format!("{key}.message_bytes_max"),
                listener.message_bytes_max,
                1_024,
                MESSAGE_BYTES_CEILING,
                problems,
            );
            within(&format!("{key}.connections_max"), listener.connections_max, 1, CONNECTIONS_CEILING, problems);
            within(&format!("{key}.idle_seconds"), as_count(listener.idle_seconds), 1, 86_400, problems);
        }
        let Some(upload) = &self.upload else { return };
        address("intake.upload.listen".to_owned(), upload.listen, &mut taken, problems);
        if !upload.listen.ip().is_loopback() {
            let words = "only loopback addresses: the reverse proxy in front has the TLS that tokens need";
            problems.push(format!("intake.upload.listen: {words}"));
        }
        within("intake.upload.bytes_max", as_count(upload.bytes_max), 1, usize::MAX, problems);
        within("intake.upload.uploads_max", upload.uploads_max, 1, CONNECTIONS_CEILING, problems);
        within("intake.upload.idle_seconds", as_count(upload.idle_seconds), 1, 86_400, problems);
        within("intake.upload.key_days", usize::from(upload.key_days), 1, 366, problems);
        for (at, feed) in upload.feed.iter().enumerate() {
            let key = format!("intake.upload.feed[{at}]");
            owner(&key, &feed.practice, practices, problems);
            if !super::is_id(&feed.name) {
                problems.push(format!("{key}.name: expected letters, digits and `-`: it is part of an address"));
            }
            let same = |before: &&FeedConfig| before.practice == feed.practice && before.name == feed.name;
            if upload.feed.iter().take(at).any(|before| same(&before)) {
                problems.push(format!("{key}.name: `{}` is there twice for this practice", feed.name));
            }
            if !upload.token.iter().any(|token| token.practice == feed.practice) {
                problems
                    .push(format!("{key}.practice: no [[intake.upload.token]] of this practice: nobody could upload"));
            }
        }
        for (at, token) in upload.token.iter().enumerate() {
            let key = format!("intake.upload.token[{at}]");
            owner(&key, &token.practice, practices, problems);
            if token.digest().is_none() {
                problems.push(format!(
                    "{key}.sha256: expected the SHA-256 of the token, 64 hexadecimal digits: printf %s \"$TOKEN\" | sha256sum"
                ));
            }
        }
    }
}

fn as_count(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

pub(super) fn owner(key: &str, practice: &str, practices: &[&str], problems: &mut Vec<String>) {
    if !practices.contains(&practice) {
        let near = suggest(practice, practices.iter().copied());
        problems.push(format!("{key}.practice: `{practice}` is no [[practice]]{near}"));
    }
}

fn within(key: &str, found: usize, least: usize, most: usize, problems: &mut Vec<String>) {
    if found < least || found > most {
        let upper = if most == usize::MAX { String::new() } else { format!(" and at most {most}") };
        problems.push(format!("{key}: found {found}, expected at least {least}{upper}"));
    }
}

/// Port 0 takes a free one, any number of times.
fn address(key: String, found: SocketAddr, taken: &mut Vec<(String, SocketAddr)>, problems: &mut Vec<String>) {
    let clashes = |other: &SocketAddr| {
        let any = other.ip().is_unspecified() || found.ip().is_unspecified();
        other.port() == found.port() && found.port() != 0 && (any || other.ip() == found.ip())
    };
    match taken.iter().find(|(_, other)| clashes(other)) {
        Some((other, _)) => problems.push(format!("{key}: {other} has this address and port")),
        None => taken.push((key, found)),
    }
}
