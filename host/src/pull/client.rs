//! Sends what a puller asks for: allow-list, credentials, rates, waiting, repeating, redirects; hands back what came, without secrets.
//! What a request may have: `outgoing.rs`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use url::Url;

use super::address::Addresses;
use super::auth::{ANSWER_BYTES_MAX, Auth, Headers};
use super::error::SendError;
use super::kept::Kept;
use super::outgoing;
use super::rate::Spent;
use super::retry::{dice, pause, retry_after};
use super::secret::{Secret, strike_out};
use super::transport::{Incoming, Outgoing, Transport};
use crate::config::PullConfig;
use crate::plugin::{Header, Method, Request, Response};

/// Redirects of one request.
const REDIRECTS_MAX: u32 = 5;
/// A wait looks so often whether the host is told to stop.
const SLICE: Duration = Duration::from_millis(50);
/// Headers of an answer that are kept from a puller.
const KEPT_BACK: [&str; 5] =
    ["set-cookie", "set-cookie2", "www-authenticate", "proxy-authenticate", "authentication-info"];

/// What a source has asked for.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) received_bytes: AtomicU64,
}

/// The client of one source, kept from turn to turn: connections, tokens, rates.
pub(super) struct Client {
    transport: Transport,
    addresses: Addresses,
    auth: Auth,
    secrets: BTreeMap<String, Secret>,
    rates: Spent,
    kept: Kept,
    tries: u32,
    wait_max: Duration,
    bytes_max: u64,
}

/// One turn of a client.
pub(super) struct Sending<'a> {
    pub(super) client: &'a Client,
    pub(super) counts: &'a Counts,
    pub(super) stop: &'a AtomicBool,
    /// Requests that are left to this turn.
    pub(super) left: AtomicU64,
}

impl Client {
    /// Reads secrets and certificates. `granted` are the hosts of the puller's manifest that were granted.
    pub(super) fn open(config: &PullConfig, granted: &[String], rates: Spent, kept: Kept) -> Result<Self, SendError> {
        let secret = |(name, config)| Ok::<_, SendError>((String::clone(name), Secret::read(config)?));
        Ok(Self {
            transport: Transport::new(config)?,
            addresses: Addresses::of(config, granted)?,
            auth: Auth::open(&config.auth)?,
            secrets: config.secrets.iter().map(secret).collect::<Result<_, _>>()?,
            rates,
            kept,
            tries: config.tries,
            wait_max: Duration::from_secs(config.wait_seconds_max),
            bytes_max: u64::from(config.answer_megabytes_max) << 20,
        })
    }
}

impl Sending<'_> {
    /// Sends a request of a puller until there is an answer to hand on.
    ///
    /// # Errors
    /// [`SendError`]: the turn is over.
    pub(super) fn send(&self, request: &Request) -> Result<Response, SendError> {
        let client = self.client;
        let mut url = client.addresses.resolve(&request.url)?;
        let (mut redirects, mut renewed) = (0, false);
        loop {
            let own = client.addresses.is_own(&url);
            let mut headers = outgoing::headers(request, own, &client.secrets)?;
            let body = outgoing::body(request, own, &client.secrets)?;
            if own {
                // Before the request takes its place in a rate: a token that waited behind its own request would never be had.
                headers.extend(self.credentials()?);
            }
            let answer = self.repeat(&|| self.exchange(request.method, &url, &headers, &body))?;
            match answer.status {
                401 if own && client.auth.is_renewable() && !renewed => {
                    client.auth.forget();
                    renewed = true;
                }
                401 => return Err(SendError::Unauthorized),
                301 | 302 | 303 | 307 | 308 => {
                    redirects += 1;
                    if redirects > REDIRECTS_MAX {
                        return Err(SendError::Redirects(REDIRECTS_MAX));
                    }
                    if request.method == Method::Post && answer.status < 307 {
                        return Err(SendError::Request("the server redirects a POST to something else"));
                    }
                    let location = answer.header("location").unwrap_or_default();
                    url = client.addresses.redirect(&url, location)?;
                }
                _ => return Ok(self.handed(answer)),
            }
        }
    }

    /// The answer to a request that goes where it may not: it is not sent, and counts like one that is.
    ///
    /// # Errors
    /// [`SendError::RequestsMax`].
    pub(super) fn forbidden(&self) -> Result<Response, SendError> {
        self.spend()?;
        Ok(Response { status: 403, headers: Vec::new(), body: Vec::new() })
    }

    /// Takes one of the turn's requests.
    fn spend(&self) -> Result<(), SendError> {
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(drop).map_err(|_| SendError::RequestsMax)
    }

    /// One try.
    fn exchange(&self, method: Method, url: &Url, headers: &Headers, body: &[u8]) -> Result<Incoming, SendError> {
        let out = Outgoing { method, url: url.as_str(), headers, body };
        let answer = self.client.transport.exchange(&out, self.client.bytes_max)?;
        self.counts.received_bytes.fetch_add(as_u64(answer.body.len()), Ordering::Relaxed);
        Ok(answer)
    }

    /// Headers with credentials; a token is fetched first where there is none that holds.
    fn credentials(&self) -> Result<Headers, SendError> {
        let auth = &self.client.auth;
        if let Some(headers) = auth.headers() {
            return Ok(headers);
        }
        let ask = || {
            let now = jiff::Timestamp::now().as_second();
            let asked = auth.ask(&self.client.kept, now)?.ok_or(SendError::Unauthorized)?;
            let out =
                Outgoing { method: Method::Post, url: asked.url.as_str(), headers: &asked.headers, body: &asked.body };
            Ok(self.client.transport.exchange(&out, ANSWER_BYTES_MAX)?)
        };
        let answer = self.repeat(&ask)?;
        auth.take(&answer, &self.client.kept)?;
        auth.headers().ok_or_else(|| SendError::Token("its token ended at once".to_owned()))
    }

    /// Sends until the answer is one: waits for rates, for what the server asks, and a while where it fails. A server that says that a rate
    /// is spent (429) and not for how long gets a window of the source's rates: its own ends with such a one.
    fn repeat(&self, once: &dyn Fn() -> Result<Incoming, SendError>) -> Result<Incoming, SendError> {
        let (mut nth, mut spent) = (1, 0);
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(SendError::Stopped);
            }
            self.wait_for_rates()?;
            self.spend()?;
            self.counts.requests.fetch_add(1, Ordering::Relaxed);
            let (wait, asked, last) = match once() {
                Ok(answer) if matches!(answer.status, 408 | 429 | 500 | 502 | 503 | 504) => {
                    let asked =
                        answer.header("retry-after").and_then(|value| retry_after(value, jiff::Timestamp::now()));
                    spent = if answer.status == 429 { spent + 1 } else { 0 };
                    let asked = asked.or_else(|| (spent > 0).then(|| self.client.rates.window(spent)));
                    (asked.unwrap_or_else(|| pause(nth, dice())), asked.is_some(), format!("status {}", answer.status))
                }
                Ok(answer) => return Ok(answer),
                Err(SendError::Wire(error)) if error.is_temporary() => (pause(nth, dice()), false, error.to_string()),
                Err(error) => return Err(error),
            };
            if asked && wait > self.client.wait_max {
                return Err(SendError::Later { wait, why: "the server asks for a pause" });
            }
            if nth >= self.client.tries && spent > 0 {
                return Err(SendError::Later { wait, why: "the server asks for a pause" });
            }
            if nth >= self.client.tries {
                return Err(SendError::Exhausted { tries: nth, last });
            }
            self.sleep(wait)?;
            nth += 1;
            self.counts.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wait_for_rates(&self) -> Result<(), SendError> {
        loop {
            let taken = self.client.rates.take(jiff::Timestamp::now().as_microsecond());
            match taken.map_err(|error| SendError::Rate(error.to_string()))? {
                Ok(()) => return Ok(()),
                Err(wait) if wait > self.client.wait_max => {
                    return Err(SendError::Later { wait, why: "a rate is spent" });
                }
                Err(wait) => self.sleep(wait)?,
            }
        }
    }

    fn sleep(&self, time: Duration) -> Result<(), SendError> {
        let until = Instant::now() + time;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(SendError::Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(SLICE));
        }
    }

    /// What a puller sees of an answer.
    fn handed(&self, answer: Incoming) -> Response {
        let Incoming { status, headers, mut body } = answer;
        let secrets: Vec<Secret> =
            self.client.auth.secrets().into_iter().chain(self.client.secrets.values().cloned()).collect();
        strike_out(&mut body, secrets.iter());
        let shown = headers.into_iter().filter(|(name, _)| !KEPT_BACK.contains(&name.as_str())).map(|(name, value)| {
            let mut value = value.into_bytes();
            strike_out(&mut value, secrets.iter());
            Header { name, value: String::from_utf8_lossy(&value).into_owned() }
        });
        Response { status, headers: shown.collect(), body }
    }
}

#[cfg(test)]
mod tests;

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
