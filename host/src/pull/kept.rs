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

impl Kept {
    /// The cursor; empty before the first turn.
    pub(super) fn cursor(&self) -> StoreResult<String> {
        Ok(self.store.read(|tx| tx.pulled(&self.source))?.map(|pulled| pulled.state.cursor).unwrap_or_default())
    }

    /// Stores documents and the cursor behind them in one transaction. True where the cursor moved.
    pub(super) fn store(&self, documents: &[Vec<u8>], cursor: &str) -> StoreResult<bool> {
        crash_point("before-pulled");
        let day = (self.today)();
        let moved = self.store.write(|tx| -> StoreResult<bool> {
            for document in documents {
                tx.store_file(&self.channel, None, day, &mut document.as_slice())?;
            }
            let before = tx.pulled(&self.source)?.map(|pulled| pulled.state).unwrap_or_default();
            let moved = before.cursor != cursor;
            if moved {
                tx.set_pulled(&self.source, &PullState { cursor: cursor.to_owned(), ..before }, day)?;
            }
            Ok(moved)
        })?;
        crash_point("after-pulled");
        Ok(moved)
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
