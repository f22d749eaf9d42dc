//! One EHR's poster: what payers decided, as a file that the EHR takes. It never sees a folder, a queue or a clock.
//!
//! A session is one file: it is opened, asked once, and dropped, so that a batch that is asked again, or in parts, is answered from
//! nothing but itself. What becomes of the answer: `crate::post`.

use std::sync::Arc;
use std::time::Instant;

use super::contract::poster::exports::claimhost::plugin::post::Description;
use super::fault::{Fault, FaultKind};
use super::load::Plugin;
use super::loaded::Loaded;
use super::runner::OVERDRAFT;
use super::session::{Exports, Session};
use crate::claim::{Problem, Setup};

pub use super::contract::poster::exports::claimhost::plugin::post::{
    Adjustment, Answer, Batch, Kind, Line, Outcome, Posting, Share,
};

/// The last try of a single posting has this many deadlines.
pub(super) const LAST_TRY_DEADLINES: u32 = 10;
/// Finding one posting that never ends takes at most so many deadlines: the whole, its halves (5000 is halved 13 times), and the last try.
/// The budget may be overdrawn by that much, or every turn would begin the same search again and never end it.
const SEARCH_DEADLINES: u32 = 1 + 13 + LAST_TRY_DEADLINES;
/// Characters of an extension.
const EXTENSION_MAX: usize = 8;

/// An active poster.
pub type Poster = Loaded<Description>;

/// Why a batch has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PostError {
    /// The plugin refuses settings or mapping: nothing of this target can be posted.
    #[error("the plugin refuses settings or mapping: {} problems; correct them, it is tried again by itself", .0.len())]
    Setup(Vec<Problem>),
    /// `open` faulted, or the plugin may not run now: nothing of this target can be posted.
    #[error(transparent)]
    Open(Fault),
    /// It faulted on this batch: a part of it may be well.
    #[error(transparent)]
    Batch(Fault),
}

/// Which try of a file a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostTry {
    /// The first: not asked where the plugin's fault budget is spent.
    Whole,
    /// A part of one that failed: what is found by halves may overdraw the budget.
    Part,
    /// The last of a single posting, with ten times the deadline. Always asked, so that one that never ends is parked and does not come again.
    Last,
}

/// Whether this can be the ending of a file's name.
pub fn is_extension(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=EXTENSION_MAX).contains(&text.len()) && text.bytes().all(plain)
}

impl Poster {
    /// Asks the component what it is, once.
    pub(super) fn new(plugin: Arc<Plugin>) -> Result<Self, Fault> {
        Self::describe(plugin, |exports, store| match exports {
            Exports::Poster(world) => world.claimhost_plugin_post().call_describe(store),
            Exports::Adapter(_) | Exports::Rules(..) | Exports::Puller(_) => Err(wasmtime::Error::msg("not a poster")),
        })
    }

    /// Whether the plugin takes a setup: opens a session and drops it.
    ///
    /// # Errors
    /// [`Fault`]; problems of the setup are [`FaultKind::SetupRefused`].
    pub fn try_open(&self, practice: &str, setup: &Setup) -> Result<(), Fault> {
        match open(&self.plugin, practice, setup) {
            Ok(_) => Ok(()),
            Err(PostError::Setup(problems)) => Err(Fault::new(FaultKind::SetupRefused(problems))),
            Err(PostError::Open(fault) | PostError::Batch(fault)) => Err(fault),
        }
    }

    /// Asks for the file of a batch. Blocks as long as the guest runs.
    ///
    /// # Errors
    /// [`PostError`]. A fault in `open` quarantines the plugin for the practice; one on a batch of several that overdraws the fault budget
    /// is told as [`FaultKind::BudgetSpent`]: do not ask for its halves now.
    pub fn post(&self, practice: &str, setup: &Setup, batch: &Batch, nth: PostTry) -> Result<Answer, PostError> {
        if self.plugin.is_quarantined(practice) {
            return Err(PostError::Open(Fault::new(FaultKind::Quarantined)));
        }
        if nth == PostTry::Whole && self.plugin.budget.is_spent() {
            return Err(PostError::Open(Fault::new(FaultKind::BudgetSpent)));
        }
        let began = Instant::now();
        let deadlines = if nth == PostTry::Last { LAST_TRY_DEADLINES } else { 1 };
        let answer = open(&self.plugin, practice, setup)
            .and_then(|mut session| ask(&self.plugin, &mut session, batch, deadlines).map_err(PostError::Batch));
        match &answer {
            Err(PostError::Open(_)) => {
                self.plugin.count_fault();
                self.plugin.quarantine(practice);
            }
            Err(PostError::Batch(_)) => {
                self.plugin.count_fault();
                self.plugin.budget.charge(began.elapsed());
                let most = OVERDRAFT.max(self.plugin.limits.deadline() * SEARCH_DEADLINES);
                if batch.postings.len() > 1 && self.plugin.budget.is_overdrawn_by(most) {
                    return Err(PostError::Open(Fault::new(FaultKind::BudgetSpent)));
                }
            }
            Err(PostError::Setup(_)) | Ok(_) => {}
        }
        answer
    }
}

/// Opens the session of a batch.
pub(super) fn open(plugin: &Plugin, practice: &str, setup: &Setup) -> Result<Session, PostError> {
    let slot = plugin.shared.pool.slot();
    let opened = Session::open(plugin, practice, setup, slot).map_err(PostError::Open)?;
    opened.map_err(PostError::Setup)
}

/// `session.post`: an answer that fits its batch.
pub(super) fn ask(plugin: &Plugin, session: &mut Session, batch: &Batch, deadlines: u32) -> Result<Answer, Fault> {
    let deadline = plugin.limits.deadline() * deadlines;
    let answer = session.call(plugin, deadline, |exports, store, handle| match exports {
        Exports::Poster(world) => world.claimhost_plugin_post().session().call_post(store, handle, batch),
        Exports::Adapter(_) | Exports::Rules(..) | Exports::Puller(_) => Err(wasmtime::Error::msg("not a poster")),
    })?;
    let (found, expected) = (answer.outcomes.len(), batch.postings.len());
    if found != expected {
        return Err(Fault::new(FaultKind::Count { found, expected }));
    }
    let taken = answer.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Taken));
    if taken == answer.file.is_empty() {
        return Err(Fault::new(FaultKind::File));
    }
    Ok(answer)
}

#[test]
fn an_extension_is_a_word_that_ends_a_name() {
    for good in ["csv", "hl7", "x12", "7", "abcdefgh"] {
        assert!(is_extension(good), "{good}");
    }
    for bad in ["", "CSV", ".csv", "a/b", "..", "abcdefghi", "tär"] {
        assert!(!is_extension(bad), "{bad}");
    }
}
