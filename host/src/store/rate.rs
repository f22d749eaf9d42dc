//! What is left of rates: the host's own tenant keeps it, so that the next process does not begin with a full one.

use super::{StoreResult, Tx};

/// Tokens of a rate, and when they were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLeft {
    /// Millionths of a token.
    pub tokens_millionths: i64,
    /// Microseconds since 1970.
    pub counted_us: i64,
}

impl Tx<'_> {
    /// What is left of a rate; none where it was never spent.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn rate_left(&self, rate: &str) -> StoreResult<Option<RateLeft>> {
        self.row(
            "SELECT tokens_millionths, counted_us FROM rate_left WHERE practice_id = ?1 AND rate = ?2",
            (self.practice_id(), rate),
            |row| Ok(RateLeft { tokens_millionths: row.get(0)?, counted_us: row.get(1)? }),
        )
    }

    /// Keeps what is left of a rate.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn set_rate_left(&self, rate: &str, left: RateLeft) -> StoreResult<()> {
        self.execute(
            "INSERT INTO rate_left (practice_id, rate, tokens_millionths, counted_us) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (practice_id, rate) DO UPDATE
             SET tokens_millionths = excluded.tokens_millionths, counted_us = excluded.counted_us",
            (self.practice_id(), rate, left.tokens_millionths, left.counted_us),
        )?;
        Ok(())
    }
}
