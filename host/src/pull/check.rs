//! Whether a source can be pulled as it is configured, short of asking it anything: what `check-config` tries.

use std::collections::BTreeMap;

use super::address::Addresses;
use super::auth::Auth;
use super::error::SendError;
use super::outgoing;
use super::secret::{Secret, SecretError};
use super::source::setup_of;
use super::transport::Transport;
use super::turn::{problem_lines, pull_words, turn_of};
use crate::config::PullConfig;
use crate::plugin::{Puller, Request, Step};

/// Opens the puller and takes its first request as far as it goes without sending it: setup, settings, addresses, secrets, certificates;
/// and signs once where tokens are asked for with an assertion.
///
/// # Errors
/// Why not, in words for an operator.
pub fn check(config: &PullConfig, puller: &Puller) -> Result<(), String> {
    let setup = setup_of(config)?;
    let turn = turn_of(config, String::new(), None);
    let mut pulling = puller.begin(&config.practice, &setup, &turn).map_err(|error| pull_words(&error))?;
    Transport::new(config).map_err(|error| error.to_string())?;
    let auth = Auth::open(&config.auth).map_err(|error| error.to_string())?;
    auth.try_sign(jiff::Timestamp::now().as_second()).map_err(|error| error.to_string())?;
    let read = |(name, secret)| Ok((String::clone(name), Secret::read(secret)?));
    let secrets: Result<BTreeMap<String, Secret>, SecretError> = config.secrets.iter().map(read).collect();
    let secrets = secrets.map_err(|error| error.to_string())?;
    match pulling.next(None).map_err(|fault| fault.to_string())? {
        Step::Send(request) => fits(config, puller, &request, &secrets).map_err(|error| error.to_string()),
        Step::Failed(problems) => Err(problem_lines(&problems)),
        Step::Store(_) | Step::Done(_) => Ok(()),
    }
}

/// Whether the host would send a request.
fn fits(
    config: &PullConfig,
    puller: &Puller,
    request: &Request,
    secrets: &BTreeMap<String, Secret>,
) -> Result<(), SendError> {
    let addresses = Addresses::of(config, puller.http_hosts())?;
    let own = addresses.is_own(&addresses.resolve(&request.url)?);
    outgoing::headers(request, own, secrets)?;
    outgoing::body(request, own, secrets).map(drop)
}
