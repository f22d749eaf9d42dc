//! What a source keeps in the store between turns: its cursor, and a refresh token that replaced the configured one.

use sha2::{Digest, Sha256};

use super::secret::Secret;
use crate::lifecycle::crash_point;
use crate::store::pull::PullState;
use crate::store::{PracticeStore, StoreResult};

/// The day that what comes now is received on, as a day number.
pub(crate) type Today = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;

/// Kind of the work item of a source that could not be pulled.
const SUBJECT: &str = "pull";

/// One source's row.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) store: PracticeStore,
    /// The source's name.
    pub(super) source: String,
    /// Channel text of its files.
    pub(super) channel: String,
    pub(super) today: Today,
}

/// What became of documents.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stored {
    /// Stored.
    pub(super) documents: u64,
    /// The same as in the last listing.
    pub(super) unchanged: u64,
    /// The cursor is another.
    pub(super) moved: bool,
}

impl Kept {
    /// The cursor; empty before the first turn.
    pub(super) fn cursor(&self) -> StoreResult<String> {
        Ok(self.store.read(|tx| tx.pulled(&self.source))?.map(|pulled| pulled.state.cursor).unwrap_or_default())
    }

    /// The moment of a turn that begins at this one, in microseconds since 1970: a source without an order of its own is ordered by it
    /// (`@pulled` of a mapping). A clock that was set back, or stands still, orders nothing before what came already.
    pub(super) fn moment(&self, now_us: i64) -> StoreResult<i64> {
        let last = self.store.read(|tx| tx.last_pulled_moment())?;
        Ok(last.map_or(now_us, |last| now_us.max(last.saturating_add(1))))
    }

    /// Stores documents of a turn and the cursor behind them in one transaction; those that the last listing had too are not stored again.
    /// `ended`: there is nothing more in this listing.
    pub(super) fn store(
        &self,
        documents: &[Vec<u8>],
        moment_us: i64,
        cursor: &str,
        ended: bool,
    ) -> StoreResult<Stored> {
        crash_point("before-pulled");
        let day = (self.today)();
        let stored = self.store.write(|tx| -> StoreResult<Stored> {
            let mut stored = Stored::default();
            let (pull_id, before) = match tx.pulled(&self.source)? {
                Some(pulled) => (pulled.pull_id, pulled.state),
                None => (tx.set_pulled(&self.source, &PullState::default(), day)?, PullState::default()),
            };
            for document in documents {
                if tx.pull_is_unchanged(pull_id, before.listing, document)? {
                    stored.unchanged += 1;
                } else {
                    let file_id = tx.store_file(&self.channel, None, day, &mut document.as_slice())?;
                    tx.file_pulled(file_id, moment_us)?;
                    stored.documents += 1;
                }
            }
            stored.moved = before.cursor != cursor;
            if ended {
                tx.pull_listing_ended(pull_id, before.listing)?;
            }
            if stored.moved || ended {
                let listing = before.listing + u64::from(ended);
                let after = PullState { cursor: cursor.to_owned(), listing, waits_since: None, ..before };
                tx.set_pulled(&self.source, &after, day)?;
            }
            Ok(stored)
        })?;
        crash_point("after-pulled");
        Ok(stored)
    }

    /// Notes a turn that was told to wait before anything came. Gives the days for which it has been so.
    pub(super) fn waits(&self) -> StoreResult<i64> {
        let today = (self.today)();
        self.store.write(|tx| -> StoreResult<i64> {
            let before = tx.pulled(&self.source)?.map(|pulled| pulled.state).unwrap_or_default();
            let since = before.waits_since.unwrap_or(today);
            if before.waits_since.is_none() {
                tx.set_pulled(&self.source, &PullState { waits_since: Some(today), ..before }, today)?;
            }
            Ok(today.saturating_sub(since))
        })
    }

    /// The refresh token that goes back to this configured one: the one that replaced it last, or itself.
    pub(super) fn refresh_token(&self, configured: &Secret) -> StoreResult<Secret> {
        let state = self.store.read(|tx| tx.pulled(&self.source))?.map(|pulled| pulled.state).unwrap_or_default();
        let is_of = state.refresh_of == digest(configured) && !state.refresh_token.is_empty();
        Ok(if is_of { Secret::new(state.refresh_token.clone()) } else { configured.clone() })
    }

    /// Keeps a refresh token that replaced the last.
    pub(super) fn keep_refresh_token(&self, configured: &Secret, token: &Secret) -> StoreResult<()> {
        self.store.write(|tx| -> StoreResult<()> {
            let before = tx.pulled(&self.source)?.map(|pulled| pulled.state).unwrap_or_default();
            let state =
                PullState { refresh_token: token.expose().to_owned(), refresh_of: digest(configured), ..before };
            tx.set_pulled(&self.source, &state, (self.today)())?;
            Ok(())
        })
    }

    /// Opens the work item of a source that could not be pulled, or closes it: `words` is why, for an authorised reader.
    pub(super) fn tell(&self, words: Option<&str>) -> StoreResult<()> {
        let day = (self.today)();
        let known = self.store.read(|tx| tx.pulled(&self.source))?;
        if known.is_none() && words.is_none() {
            return Ok(());
        }
        self.store.write(|tx| -> StoreResult<()> {
            let pull_id = match tx.pulled(&self.source)? {
                Some(pulled) => pulled.pull_id,
                None => tx.set_pulled(&self.source, &PullState::default(), day)?,
            };
            match words {
                Some(words) => {
                    tx.open_work("pull.failed", (SUBJECT, pull_id), day, 0, &format!("{}: {words}", self.source))?;
                }
                None => tx.close_work(None, (SUBJECT, pull_id), day)?,
            }
            Ok(())
        })
    }
}

fn digest(secret: &Secret) -> String {
    hex::encode(Sha256::digest(secret.expose()))
}
