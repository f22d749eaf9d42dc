//! One EHR's adapter: documents in, one outcome each, in order.

use std::sync::Arc;

use super::contract::adapter::exports::claimhost::plugin::translate::Description;
use super::fault::Fault;
use super::load::Plugin;
use super::loaded::Loaded;
use super::runner;
use super::session::{Exports, bounded};
use crate::claim::{Document, Outcome, Problem, Setup};

/// What became of one document.
#[derive(Debug, Clone, PartialEq)]
pub enum Translated {
    /// The plugin's answer.
    Outcome(Outcome),
    /// The plugin faulted over it, twice: it runs again when the plugin changes, or later where
    /// [`Fault::is_temporary`].
    Parked(Fault),
}

/// Why no document was tried.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// The plugin refuses the settings or the mapping.
    #[error("the plugin refuses the site's mapping: {} problems; the first: {}", .0.len(), first(.0))]
    Problems(Vec<Problem>),
}

fn first(problems: &[Problem]) -> String {
    problems.first().map_or_else(String::new, |problem| {
        let Problem { id, at, found, expected, remedy } = problem;
        format!("{id} at {}: found {found}, expected {expected}; {remedy}", at.path)
    })
}

/// An active adapter.
pub type Adapter = Loaded<Description>;

impl Adapter {
    /// Asks the component what it is, once.
    pub(super) fn new(plugin: Arc<Plugin>) -> Result<Self, Fault> {
        Self::describe(plugin, |exports, store| match exports {
            Exports::Adapter(world) => world.claimhost_plugin_translate().call_describe(store),
            Exports::Rules(..) | Exports::Puller(_) | Exports::Poster(_) => Err(wasmtime::Error::msg("not an adapter")),
        })
    }

    /// Whether the plugin takes a setup: opens a session and drops it.
    ///
    /// # Errors
    /// [`Fault`]; problems of the setup are [`super::FaultKind::SetupRefused`].
    pub fn try_open(&self, practice: &str, setup: &Setup) -> Result<(), Fault> {
        self.open_once(practice, setup, &call)
    }

    /// Translates documents of one practice: exactly one answer each, in order.
    ///
    /// Blocks for as long as the guest runs: a deadline per batch of 100, and more while a fault is bisected.
    ///
    /// # Errors
    /// [`OpenError`] where the plugin refuses the setup: nothing was translated.
    pub fn translate(
        &self,
        practice: &str,
        setup: &Setup,
        documents: &[Document],
    ) -> Result<Vec<Translated>, OpenError> {
        let results = runner::run(&self.plugin, practice, setup, documents, &call).map_err(OpenError::Problems)?;
        Ok(results.into_iter().map(|result| result.map_or_else(Translated::Parked, Translated::Outcome)).collect())
    }
}

/// `session.translate` of a batch.
pub(super) fn call(
    exports: &Exports,
    store: &mut wasmtime::Store<super::wasi::State>,
    handle: wasmtime::component::ResourceAny,
    documents: &[Document],
) -> wasmtime::Result<Vec<Outcome>> {
    match exports {
        Exports::Adapter(world) => {
            let outcomes =
                world.claimhost_plugin_translate().session().call_translate(&mut *store, handle, documents)?;
            bounded(store, outcomes, |outcome| match outcome {
                Outcome::Events(events) => events.len(),
                Outcome::Rejected(problems) => problems.len(),
                Outcome::Ignored(_) => 0,
            })
        }
        Exports::Rules(..) | Exports::Puller(_) | Exports::Poster(_) => Err(wasmtime::Error::msg("not an adapter")),
    }
}
