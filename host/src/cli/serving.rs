//! Asks a `serve` that runs on this store: it leaves its address and a token beside the store (`service::control`).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::Failure;
use crate::config::Config;
use crate::plugin::Listed;
use crate::service::control::{self, Address};

/// A reload compiles; a component of 18 MB takes half a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running `serve`.
pub(super) struct Serving(Address);

impl Serving {
    /// The `serve` of this configuration, where one runs.
    pub(super) fn find(config: &Config) -> Option<Self> {
        let bytes = std::fs::read(control::file(&config.store.path)).ok()?;
        let address: Address = serde_json::from_slice(&bytes).ok()?;
        is_served(config).then_some(Self(address))
    }

    /// The `serve` at an address, with the token that it left.
    pub(super) fn at(listening: std::net::SocketAddr, token: String) -> Self {
        Self(Address { listening, token })
    }

    /// The plugins that it has.
    pub(super) fn plugins(&self) -> Result<Vec<Listed>, Failure> {
        let plugins = self.ask("GET", "/v1/plugins")?.get("plugins").cloned().unwrap_or_default();
        serde_json::from_value(plugins).map_err(|error| Failure::internal(format!("the answer of serve: {error}")))
    }

    /// Sends a request and reads the answer.
    pub(super) fn ask(&self, method: &str, path: &str) -> Result<Value, Failure> {
        let Address { listening, token } = &self.0;
        let failed = |error: std::io::Error| Failure::internal(format!("the running serve at {listening}: {error}"));
        let mut stream = TcpStream::connect_timeout(listening, Duration::from_secs(5)).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {listening}\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).map_err(failed)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(failed)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        match status {
            "200" => Ok(body),
            _ => {
                let found = body.get("found").and_then(Value::as_str).unwrap_or("no answer that can be read");
                Err(Failure::missing(format!("the running serve answers {status}: {found}")))
            }
        }
    }
}

/// Whether a claimhost has the store.
pub(super) fn is_served(config: &Config) -> bool {
    let lock = std::fs::File::open(config.store.path.with_extension("lock"));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}
