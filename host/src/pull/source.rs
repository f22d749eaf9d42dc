//! A source of the configuration, ready to be pulled: what it keeps between turns.

use std::sync::Arc;

use parking_lot::Mutex;

use super::client::Client;
use super::gate::Gate;
use super::kept::{Kept, Today};
use super::meters::SourceMeters;
use super::rate::Spent;
use crate::claim::{Date, Setup};
use crate::config::PullConfig;
use crate::store::PracticeStore;

/// One `[[intake.pull]]`.
pub struct Source {
    pub(super) config: PullConfig,
    pub(super) kept: Kept,
    pub(super) rates: Spent,
    /// Of all sources.
    pub(super) gate: Arc<Gate>,
    /// The client of the puller with this digest: grants are that version's.
    pub(super) client: Mutex<Option<(String, Arc<Client>)>>,
    /// Two turns of one source would store everything twice.
    pub(super) turn: Mutex<()>,
    pub(super) fixed_day: Option<Date>,
    pub(super) meters: Arc<SourceMeters>,
}

impl Source {
    pub(super) fn new(
        config: &PullConfig,
        channel: String,
        store: PracticeStore,
        (rates, gate): (Spent, Arc<Gate>),
        (fixed_day, today): (Option<Date>, Today),
    ) -> Self {
        Self {
            kept: Kept { store, source: config.name.clone(), channel, today },
            meters: Arc::new(SourceMeters::new(&config.practice, &config.name)),
            config: config.clone(),
            rates,
            gate,
            client: Mutex::new(None),
            turn: Mutex::new(()),
            fixed_day,
        }
    }

    /// The practice that owns it.
    pub fn practice(&self) -> &str {
        &self.config.practice
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// What it has counted since the start.
    pub fn meters(&self) -> Arc<SourceMeters> {
        Arc::clone(&self.meters)
    }

    /// What its puller's sessions are opened with; the mapping is read anew each turn.
    pub(super) fn setup(&self) -> Result<Setup, String> {
        setup_of(&self.config)
    }
}

/// The setup of a puller as the configuration has it.
///
/// # Errors
/// The mapping cannot be read.
pub fn setup_of(config: &PullConfig) -> Result<Setup, String> {
    let mapping = match &config.pull_mapping {
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?,
        None => String::new(),
    };
    Ok(Setup { settings: config.settings.clone().into_iter().collect(), mapping })
}
