//! What the pipeline leaves after every turn for the HTTP side to read. No patient data: counts, cents and practice ids.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::lifecycle::DataReloads;

/// Counts of one practice, each by a closed set of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Documents by status.
    pub(super) documents: BTreeMap<String, u64>,
    /// Visits by state.
    pub(super) visits: BTreeMap<String, u64>,
    /// Claims by state.
    pub(super) claims: BTreeMap<String, u64>,
    /// Cents by kind.
    pub(super) cents: BTreeMap<&'static str, i64>,
}

/// Everything that `/readyz` and `/metrics` say.
#[derive(Debug, Clone, Default)]
pub(super) struct Status {
    /// Turns ended, well or not.
    pub(super) turns: u64,
    /// Their time, and that of the last.
    pub(super) turn_time: Duration,
    pub(super) last_turn: Duration,
    /// Turns that failed.
    pub(super) errors: u64,
    /// Faults of plugins since the start, by plugin id.
    pub(super) plugin_faults: BTreeMap<String, u64>,
    /// Profiles, mappings and tables that changed since the start.
    pub(super) data_reloads: DataReloads,
    /// Counts by practice id.
    pub(super) practices: BTreeMap<String, Counts>,
    /// Why the service is not ready; empty: it is. Before the first turn it is not.
    pub(super) not_ready: Vec<String>,
    /// The pipeline thread ended in a panic.
    pub(super) broke: bool,
}

/// The newest [`Status`]; readers never wait.
pub(super) struct Board {
    status: ArcSwap<Status>,
    draining: AtomicBool,
}

impl Default for Board {
    fn default() -> Self {
        let first = Status { not_ready: vec!["the first turn has not ended".to_owned()], ..Status::default() };
        Self { status: ArcSwap::from_pointee(first), draining: AtomicBool::new(false) }
    }
}

impl Board {
    /// The newest status.
    pub(super) fn read(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// Puts a new one up.
    pub(super) fn post(&self, status: Status) {
        self.status.store(Arc::new(status));
    }

    /// No more work is begun.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Why new work should go elsewhere; none: ready.
    pub(super) fn not_ready(&self) -> Vec<String> {
        let mut reasons = self.read().not_ready.clone();
        if self.draining.load(Ordering::Relaxed) {
            reasons.push("draining".to_owned());
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_ready_before_the_first_turn_nor_while_draining() {
        let board = Board::default();
        assert_eq!(board.not_ready().len(), 1);
        board.post(Status::default());
        assert!(board.not_ready().is_empty());
        board.drain();
        assert_eq!(board.not_ready(), ["draining"]);
    }
}
