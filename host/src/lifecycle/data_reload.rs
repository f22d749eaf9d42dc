//! What became of profiles, mappings and tables that changed on disk: counted, and told to whoever asks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Data that was reloaded since the start, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataReloads {
    counts: [(u64, u64); 4],
}

impl DataReloads {
    /// Kinds of data.
    const KINDS: [&'static str; 4] = ["codes", "rules", "profile", "mapping"];

    fn count(&mut self, kind: &str, sound: bool) {
        let at = Self::KINDS.iter().position(|known| *known == kind);
        if let Some((taken, refused)) = at.and_then(|at| self.counts.get_mut(at)) {
            *(if sound { taken } else { refused }) += 1;
        }
    }

    /// Kind, how often what changed was taken, how often it was refused.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        Self::KINDS.into_iter().zip(self.counts).map(|(kind, (taken, refused))| (kind, taken, refused))
    }
}

/// What became of one piece of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataChange {
    /// A kind of [`DataReloads::all`].
    pub kind: &'static str,
    /// Which: a practice, a channel, a folder.
    pub name: String,
    /// Why it was refused; none: it is used.
    pub error: Option<String>,
}

/// What one look at all data came to.
#[derive(Default)]
pub(super) struct DataNews(Vec<DataChange>);

impl DataNews {
    /// Notes, counts and logs one.
    pub(super) fn add(&mut self, reloads: &mut DataReloads, change: DataChange) {
        reloads.count(change.kind, change.error.is_none());
        let DataChange { kind, name, error } = &change;
        match error {
            None => tracing::info!(kind, name, "data: the new one is used"),
            Some(error) => tracing::error!(kind, name, error, "data: it is refused; the old one stays"),
        }
        self.0.push(change);
    }
}

/// Questions to the host's thread: what is refused is tried once more by its next turn, and what came of all data is the answer.
#[derive(Clone, Default)]
pub struct DataQuestions(Arc<Questions>);

#[derive(Default)]
struct Questions {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Default)]
struct State {
    /// Questions so far.
    asked: u64,
    /// Of those, how many the last look answered, and how.
    answered: u64,
    changes: Vec<DataChange>,
}

impl DataQuestions {
    /// Asks, has the host's thread woken, and waits for the answer; none where that takes longer than `patience`: a turn is long.
    pub fn ask(&self, wake: impl FnOnce(), patience: Duration) -> Option<Vec<DataChange>> {
        let until = Instant::now() + patience;
        let mut state = self.0.state.lock();
        state.asked += 1;
        let own = state.asked;
        wake();
        while state.answered < own {
            if self.0.answered.wait_until(&mut state, until).timed_out() {
                return None;
            }
        }
        Some(state.changes.clone())
    }

    /// The number of the newest question that has no answer.
    pub(super) fn open(&self) -> Option<u64> {
        let state = self.0.state.lock();
        (state.answered < state.asked).then_some(state.asked)
    }

    /// Answers this one and all before it.
    pub(super) fn answer(&self, question: u64, news: DataNews) {
        let mut state = self.0.state.lock();
        state.answered = question;
        state.changes = news.0;
        self.0.answered.notify_all();
    }
}
