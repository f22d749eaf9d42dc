//! One GET without credentials, for `connector probe`: the same TLS, limits and rules for redirects as a puller's requests, and nothing kept.

use std::path::Path;

use url::Url;

use super::address::Addresses;
use super::error::SendError;
use super::transport::{Outgoing, Transport};
use crate::config::PullConfig;
use crate::plugin::Method;

/// Redirects that are followed, all on the same server.
const REDIRECTS_MAX: u32 = 5;

/// What came.
pub(crate) struct Probed {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Asks for a path below a base URL. `ca_file`: certificates (PEM) that are trusted beside those of the web.
///
/// # Errors
/// [`SendError`]: `NotAllowed` where the address is not `https` (`http` only towards this machine), `Config` where `ca_file` cannot be used, the
/// wire, a redirect to another server.
pub(crate) fn probe(base_url: &str, path: &str, ca_file: Option<&Path>) -> Result<Probed, SendError> {
    let config = |error: toml::de::Error| SendError::Config(error.to_string());
    let mut pull: PullConfig = toml::from_str(
        "practice = \"\"\nname = \"\"\npuller = \"\"\nadapter = \"\"\nbase_url = \"\"\ntimeout_seconds = 30\n",
    )
    .map_err(config)?;
    pull.base_url = base_url.to_owned();
    pull.ca_file = ca_file.map(Path::to_path_buf);
    let addresses = Addresses::of(&pull, &[]).map_err(|_| SendError::NotAllowed(base_url.to_owned()))?;
    let transport = Transport::new(&pull)?;
    let bytes_max = u64::from(pull.answer_megabytes_max) << 20;
    let headers =
        [("accept".to_owned(), zeroize::Zeroizing::new("application/fhir+json, application/json".to_owned()))];
    let mut url: Url = addresses.resolve(path)?;
    for _ in 0..=REDIRECTS_MAX {
        let out = Outgoing { method: Method::Get, url: url.as_str(), headers: &headers, body: &[] };
        let answer = transport.exchange(&out, bytes_max)?;
        if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(Probed { status: answer.status, body: answer.body });
        }
        url = addresses.redirect(&url, answer.header("location").unwrap_or_default())?;
    }
    Err(SendError::Redirects(REDIRECTS_MAX))
}
