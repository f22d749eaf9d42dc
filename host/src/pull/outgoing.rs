//! What leaves of a puller's request: its headers and its body, with secrets filled in where they go to the site's own server.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::auth::Headers;
use super::error::SendError;
use super::secret::{Escape, Secret, fill};
use crate::plugin::{Header, Request};

/// Headers of one request.
pub(super) const HEADERS_MAX: usize = 50;
/// Bytes of its body.
pub(super) const BODY_BYTES_MAX: usize = 4 << 20;
/// Headers that are the host's own.
const OWN_HEADERS: [&str; 14] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// The headers. `own`: they go to the site's own server.
///
/// # Errors
/// [`SendError`]: a header that no puller may send, or a secret that there is none of.
pub(super) fn headers(request: &Request, own: bool, secrets: &BTreeMap<String, Secret>) -> Result<Headers, SendError> {
    if request.headers.len() > HEADERS_MAX {
        return Err(SendError::Request("it has more than 50 headers"));
    }
    let mut headers = Vec::with_capacity(request.headers.len());
    for Header { name, value } in &request.headers {
        let name = name.to_ascii_lowercase();
        if OWN_HEADERS.contains(&name.as_str()) {
            return Err(SendError::Request("it has a header that is the host's own"));
        }
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_name || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(SendError::Request("it has a header that is none"));
        }
        headers.push((name, filled(value, request, own, secrets, Some(Escape::Plain))?));
    }
    Ok(headers)
}

/// The body. `own`: it goes to the site's own server.
///
/// # Errors
/// [`SendError`]: one that is too large, or a secret that there is none of, or no place for.
pub(super) fn body(
    request: &Request,
    own: bool,
    secrets: &BTreeMap<String, Secret>,
) -> Result<Zeroizing<Vec<u8>>, SendError> {
    if request.body.len() > BODY_BYTES_MAX {
        return Err(SendError::Request("its body is larger than 4 MiB"));
    }
    if request.secrets.is_empty() {
        return Ok(Zeroizing::new(request.body.clone()));
    }
    let text = std::str::from_utf8(&request.body)
        .map_err(|_| SendError::Request("its body has placeholders and is no text"))?;
    let media = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"));
    let escape = media.and_then(|header| Escape::of(&header.value));
    Ok(Zeroizing::new(filled(text, request, own, secrets, escape)?.as_bytes().to_vec()))
}

fn filled(
    text: &str,
    request: &Request,
    own: bool,
    secrets: &BTreeMap<String, Secret>,
    escape: Option<Escape>,
) -> Result<Zeroizing<String>, SendError> {
    let asks = request.secrets.iter().any(|name| text.contains(&format!("{{{{secret.{name}}}}}")));
    if !asks {
        return Ok(Zeroizing::new(text.to_owned()));
    }
    if !own {
        return Err(SendError::Request("it has placeholders of secrets and goes to another host than the site's own"));
    }
    let escape =
        escape.ok_or(SendError::Request("its body has placeholders and no content-type of XML, JSON or a form"))?;
    fill(text, &request.secrets, secrets, escape).map_err(SendError::NoSecret)
}
