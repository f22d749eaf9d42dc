//! One exchange on the wire: TLS, timeouts, and how much is read. Nothing is repeated, followed or kept here.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::error::{SendError, WireError};
use crate::config::PullConfig;
use crate::plugin::Method;

/// Time to connect, a part of that for the whole request.
const CONNECT: Duration = Duration::from_secs(15);
/// Bytes of an answer's head.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// A file of certificates larger than this is none.
const CA_BYTES_MAX: u64 = 4 << 20;

/// The client of one source.
pub(super) struct Transport {
    agent: ureq::Agent,
}

/// What leaves.
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(String, zeroize::Zeroizing<String>)],
    pub(super) body: &'a [u8],
}

/// What came.
pub(super) struct Incoming {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Incoming {
    /// The first header of a name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Transport {
    /// The client that a source's configuration describes.
    pub(super) fn new(config: &PullConfig) -> Result<Self, SendError> {
        let timeout = Duration::from_secs(config.timeout_seconds);
        let proxy = match &config.proxy {
            Some(proxy) => Some(ureq::Proxy::new(proxy).map_err(|_| SendError::Wire(WireError::Proxy))?),
            None => None,
        };
        let tls = TlsConfig::builder().root_certs(roots(config.ca_file.as_deref())?).build();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .tls_config(tls)
            .user_agent(concat!("claimhost/", env!("CARGO_PKG_VERSION")))
            .accept("")
            .accept_encoding("")
            .max_response_header_size(HEAD_BYTES_MAX)
            .timeout_connect(Some(CONNECT.min(timeout)))
            .timeout_global(Some(timeout))
            .build()
            .new_agent();
        Ok(Self { agent })
    }

    /// Sends one request and reads its answer, at most so many bytes of it.
    pub(super) fn exchange(&self, out: &Outgoing<'_>, bytes_max: u64) -> Result<Incoming, WireError> {
        let answer = match out.method {
            Method::Get => {
                let request = self.agent.get(out.url);
                let request =
                    out.headers.iter().fold(request, |all, (name, value)| all.header(name.as_str(), value.as_str()));
                request.call()
            }
            Method::Post => {
                let request = self.agent.post(out.url);
                let request =
                    out.headers.iter().fold(request, |all, (name, value)| all.header(name.as_str(), value.as_str()));
                request.send(out.body)
            }
        };
        let (parts, mut body) = answer.map_err(|error| wire(&error))?.into_parts();
        let told = body.content_length();
        if told.is_some_and(|told| told > bytes_max) {
            return Err(WireError::TooLarge(bytes_max));
        }
        let mut bytes = Vec::new();
        body.as_reader().take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| reading(&error))?;
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if count > bytes_max {
            return Err(WireError::TooLarge(bytes_max));
        }
        if told.is_some_and(|told| told != count) {
            return Err(WireError::Cut);
        }
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(Incoming { status: parts.status.as_u16(), headers: parts.headers.iter().map(header).collect(), body: bytes })
    }
}

/// The roots of the web, and those of a file beside them.
fn roots(file: Option<&Path>) -> Result<RootCerts, SendError> {
    let Some(path) = file else { return Ok(RootCerts::WebPki) };
    let fail = |words: String| SendError::Config(format!("ca_file {}: {words}", path.display()));
    let mut pem = Vec::new();
    let opened = std::fs::File::open(path).map_err(|error| fail(error.to_string()))?;
    opened.take(CA_BYTES_MAX).read_to_end(&mut pem).map_err(|error| fail(error.to_string()))?;
    let of_web = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    let mut all: Vec<Certificate<'static>> = of_web.iter().map(|der| Certificate::from_der(der.as_ref())).collect();
    let before = all.len();
    for item in ureq::tls::parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => all.push(certificate),
            Ok(_) => return Err(fail("expected certificates (PEM) and nothing else".to_owned())),
            Err(_) => return Err(fail("is no PEM".to_owned())),
        }
    }
    if all.len() == before {
        return Err(fail("expected certificates (PEM), found none".to_owned()));
    }
    Ok(RootCerts::Specific(Arc::new(all)))
}

/// What an error of the client is; its own words may repeat an address.
fn wire(error: &ureq::Error) -> WireError {
    match error {
        ureq::Error::Timeout(_) => WireError::Timeout,
        ureq::Error::HostNotFound => WireError::Name,
        ureq::Error::ConnectionFailed => WireError::Connect("refused".to_owned()),
        ureq::Error::Io(error) => reading(error),
        ureq::Error::Tls(words) => WireError::Tls((*words).to_owned()),
        ureq::Error::Rustls(error) => WireError::Tls(error.to_string()),
        ureq::Error::InvalidProxyUrl | ureq::Error::ConnectProxyFailed(_) => WireError::Proxy,
        _ => WireError::Protocol,
    }
}

fn reading(error: &io::Error) -> WireError {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        return wire(inner);
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => WireError::Timeout,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => WireError::Cut,
        io::ErrorKind::InvalidData => WireError::Tls(error.to_string()),
        kind => WireError::Connect(kind.to_string()),
    }
}
