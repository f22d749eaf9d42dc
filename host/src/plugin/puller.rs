//! One EHR's puller: which request comes next, and what of the answers is kept. It never sees a socket, a credential or a clock.
//!
//! A session is one turn of one source: it keeps where it is between calls, so it is neither pooled nor replayed. A fault ends
//! the turn; what was stored stays, and the next turn goes on from there. Requests are sent by `crate::pull`.

use std::sync::Arc;
use std::time::Instant;

use super::contract::puller::exports::claimhost::plugin::pull::Description;
use super::fault::{Fault, FaultKind};
use super::load::Plugin;
use super::loaded::Loaded;
use super::session::{Exports, Session};
use crate::claim::{Date, DateTime, Problem, Setup};

pub use super::contract::puller::claimhost::plugin::http::{Header, Method, Request, Response};
pub use super::contract::puller::exports::claimhost::plugin::pull::{Step, Turn};

/// Why a turn cannot begin.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PullError {
    /// The plugin refuses settings or mapping.
    #[error("the plugin refuses settings or mapping: {} problems; correct them and pull again", .0.len())]
    Problems(Vec<Problem>),
    /// It faulted, or may not run now.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// An active puller.
pub type Puller = Loaded<Description>;

/// One turn of a puller.
pub struct Pulling {
    plugin: Arc<Plugin>,
    session: Session,
}

impl Puller {
    /// Asks the component what it is, once.
    pub(super) fn new(plugin: Arc<Plugin>) -> Result<Self, Fault> {
        Self::describe(plugin, |exports, store| match exports {
            Exports::Puller(world) => world.claimhost_plugin_pull().call_describe(store),
            Exports::Adapter(_) | Exports::Rules(..) | Exports::Poster(_) => Err(wasmtime::Error::msg("not a puller")),
        })
    }

    /// Whether the plugin takes a setup: opens a session and drops it.
    ///
    /// # Errors
    /// [`Fault`]; problems of the setup are [`FaultKind::SetupRefused`].
    pub fn try_open(&self, practice: &str, setup: &Setup) -> Result<(), Fault> {
        match open(&self.plugin, practice, setup, &first_turn()) {
            Ok(_) => Ok(()),
            Err(PullError::Problems(problems)) => Err(Fault::new(FaultKind::SetupRefused(problems))),
            Err(PullError::Fault(fault)) => Err(fault),
        }
    }

    /// Hosts it was granted beside the site's own.
    pub fn http_hosts(&self) -> &[String] {
        &self.plugin.granted.http_hosts
    }

    /// Begins a turn for a practice. Blocks as long as the guest's `open` runs: four deadlines at most.
    ///
    /// # Errors
    /// [`PullError`]. A fault in `open` quarantines the plugin for the practice.
    pub fn begin(&self, practice: &str, setup: &Setup, turn: &Turn) -> Result<Pulling, PullError> {
        if self.plugin.is_quarantined(practice) {
            return Err(Fault::new(FaultKind::Quarantined).into());
        }
        if self.plugin.budget.is_spent() {
            return Err(Fault::new(FaultKind::BudgetSpent).into());
        }
        let opened = open(&self.plugin, practice, setup, turn);
        if let Err(PullError::Fault(_)) = &opened {
            self.plugin.count_fault();
            self.plugin.quarantine(practice);
        }
        opened.map(|session| Pulling { plugin: Arc::clone(&self.plugin), session })
    }
}

/// A turn that opens a session and asks for nothing.
pub(super) fn first_turn() -> Turn {
    let day = Date { year: 2026, month: 3, day: 2 };
    Turn { cursor: String::new(), now: DateTime { day, hour: 8, minute: 0 }, since: None }
}

/// Opens the session of a turn.
pub(super) fn open(plugin: &Plugin, practice: &str, setup: &Setup, turn: &Turn) -> Result<Session, PullError> {
    let slot = plugin.shared.pool.slot();
    let opened = Session::open_with(plugin, practice, setup, slot, |exports, store, setup| match exports {
        Exports::Puller(world) => world.claimhost_plugin_pull().session().call_open(store, setup, turn),
        Exports::Adapter(_) | Exports::Rules(..) | Exports::Poster(_) => Err(wasmtime::Error::msg("not a puller")),
    })?;
    opened.map_err(PullError::Problems)
}

/// `session.next`.
pub(super) fn next(plugin: &Plugin, session: &mut Session, response: Option<&Response>) -> Result<Step, Fault> {
    session.call(plugin, plugin.limits.deadline(), |exports, store, handle| match exports {
        Exports::Puller(world) => world.claimhost_plugin_pull().session().call_next(store, handle, response),
        Exports::Adapter(_) | Exports::Rules(..) | Exports::Poster(_) => Err(wasmtime::Error::msg("not a puller")),
    })
}

impl Pulling {
    /// The next step. After an error the turn is over: drop it.
    ///
    /// # Errors
    /// [`Fault`]: a trap, a deadline, a ceiling.
    pub fn next(&mut self, response: Option<&Response>) -> Result<Step, Fault> {
        let began = Instant::now();
        let result = next(&self.plugin, &mut self.session, response);
        if result.is_err() {
            self.plugin.count_fault();
            self.plugin.budget.charge(began.elapsed());
        }
        result
    }
}
