//! Where pulled sources stand: the cursor of each, and what its authorization server gave last.
//!
//! A cursor is written in the transaction that stores what came before it. Both may hold what an EHR said: they are sealed.

use serde::{Deserialize, Serialize};

use super::{StoreResult, Tx};

/// What is kept of a source.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullState {
    /// Where the next turn begins, in the puller's words; empty: at the first day.
    pub cursor: String,
    /// The refresh token that replaced the configured one; empty: none did.
    pub refresh_token: String,
    /// SHA-256 of the configured token that it goes back to, hexadecimal: another one in the configuration begins anew.
    pub refresh_of: String,
}

/// A source with its id.
pub struct Pulled {
    /// Id within the practice: the subject of its work.
    pub pull_id: u64,
    /// What is kept of it.
    pub state: PullState,
}

impl Tx<'_> {
    /// What is kept of a source; none where it was never pulled.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn pulled(&self, source: &str) -> StoreResult<Option<Pulled>> {
        let row: Option<(u64, Vec<u8>)> = self.row(
            "SELECT pull_id, body FROM pull_cursor WHERE practice_id = ?1 AND source = ?2",
            (self.practice_id(), source),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        row.map(|(pull_id, sealed)| Ok(Pulled { pull_id, state: self.unseal_json("pull_cursor", pull_id, &sealed)? }))
            .transpose()
    }

    /// Keeps where a source stands. Gives its id.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_pulled(&self, source: &str, state: &PullState, day: i64) -> StoreResult<u64> {
        let known: Option<u64> = self.row(
            "SELECT pull_id FROM pull_cursor WHERE practice_id = ?1 AND source = ?2",
            (self.practice_id(), source),
            |row| row.get(0),
        )?;
        let pull_id = match known {
            Some(pull_id) => pull_id,
            None => self.next_id("pull_cursor", "pull_id")?,
        };
        let body = self.seal_json("pull_cursor", pull_id, state)?;
        self.execute(
            "INSERT INTO pull_cursor (practice_id, pull_id, source, moved_day, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (practice_id, pull_id) DO UPDATE SET moved_day = excluded.moved_day, body = excluded.body",
            (self.practice_id(), pull_id, source, day, body),
        )?;
        Ok(pull_id)
    }
}
