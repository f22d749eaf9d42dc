//! `serve`: the line on watched folders, until SIGTERM or SIGINT. How it works: `crate::service`.

use std::process::ExitCode;

use super::output::print_json;
use super::{Failure, Global};
use crate::service::{Ended, Listening, Service};

/// `serve`
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Address of /healthz, /readyz and /metrics instead of the configured one; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    listen: Option<std::net::SocketAddr>,
}

fn loopback(text: &str) -> Result<std::net::SocketAddr, String> {
    let address: std::net::SocketAddr =
        text.parse().map_err(|_| "expected an address like 127.0.0.1:8787".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only loopback addresses until TLS and a token are configured".to_owned())
    }
}

impl Serve {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let mut host = global.open_with(|config| {
            if let Some(listen) = self.listen {
                config.service.listen = listen;
            }
        })?;
        // Others write while this watches: a file that changed just now is not yet whole.
        host.wait_for_writers(std::time::Duration::from_secs(host.config().service.settle_seconds));
        let service = Service { host, fixed_day: global.as_of.is_some() };
        let json = global.json;
        let ended = service.run(|addresses| {
            let Listening { listening, mllp, upload } = &addresses;
            tracing::info!(address = %listening, ?mllp, ?upload, "serving");
            if json {
                print_json(&addresses);
            }
        });
        match ended.map_err(|error| Failure::internal(error.to_string()))? {
            Ended::Drained => Ok(ExitCode::SUCCESS),
            Ended::Late => Err(Failure::internal(
                "the work in hand did not end within drain_seconds; the next start does it again",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn only_loopback_is_listened_on() {
        assert!(loopback("127.0.0.1:0").is_ok() && loopback("[::1]:80").is_ok());
        assert!(loopback("0.0.0.0:80").is_err() && loopback("localhost:80").is_err());
    }
}
