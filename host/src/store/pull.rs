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
    /// Listings that were read to their end.
    #[serde(default)]
    pub listing: u64,
    /// The day since when every turn was told to wait before anything came, as a day number; none: the last one was not.
    #[serde(default)]
    pub waits_since: Option<i64>,
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

    /// Notes that a listing has this document, and tells whether the listing before it had the same, byte for byte. One that was another in
    /// between is not the same: it was in a listing that had the other.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn pull_is_unchanged(&self, pull_id: u64, listing: u64, document: &[u8]) -> StoreResult<bool> {
        let content_mac = self.lookup("pull-content", &[document]);
        self.execute(
            "INSERT INTO pull_seen (practice_id, pull_id, listing, content_mac) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
            (self.practice_id(), pull_id, listing, content_mac),
        )?;
        let Some(before) = listing.checked_sub(1) else { return Ok(false) };
        let known: Option<i64> = self.row(
            "SELECT 1 FROM pull_seen WHERE practice_id = ?1 AND pull_id = ?2 AND listing = ?3 AND content_mac = ?4",
            (self.practice_id(), pull_id, before, content_mac),
            |row| row.get(0),
        )?;
        Ok(known.is_some())
    }

    /// Forgets what listings before this one had: it was read to its end.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn pull_listing_ended(&self, pull_id: u64, listing: u64) -> StoreResult<()> {
        self.execute(
            "DELETE FROM pull_seen WHERE practice_id = ?1 AND pull_id = ?2 AND listing < ?3",
            (self.practice_id(), pull_id, listing),
        )?;
        Ok(())
    }

    /// Keeps of a file the moment of the turn that pulled it, in microseconds since 1970.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn file_pulled(&self, file_id: u64, moment_us: i64) -> StoreResult<()> {
        self.execute(
            "UPDATE file SET pulled_us = ?3 WHERE practice_id = ?1 AND file_id = ?2",
            (self.practice_id(), file_id, moment_us),
        )?;
        Ok(())
    }

    /// The moment of the turn that pulled a file; none: it was not pulled.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn pulled_moment(&self, file_id: u64) -> StoreResult<Option<i64>> {
        let sql = "SELECT pulled_us FROM file WHERE practice_id = ?1 AND file_id = ?2 AND pulled_us IS NOT NULL";
        self.row(sql, (self.practice_id(), file_id), |row| row.get(0))
    }

    /// The last moment at which a turn of any source of the practice pulled a file.
    ///
    /// # Errors
    /// [`StoreError`](super::StoreError).
    pub fn last_pulled_moment(&self) -> StoreResult<Option<i64>> {
        let sql = "SELECT MAX(pulled_us) FROM file WHERE practice_id = ?1 AND pulled_us IS NOT NULL";
        Ok(self.row(sql, [self.practice_id()], |row| row.get(0))?.flatten())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MasterKey, Store};

    #[test]
    fn only_what_the_last_listing_had_is_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db"), MasterKey::generate().unwrap()).unwrap();
        let (elm, oak) = (store.practice("elm").unwrap(), store.practice("oak").unwrap());
        let seen = |listing: u64, document: &str| {
            elm.write(|tx| tx.pull_is_unchanged(1, listing, document.as_bytes())).unwrap()
        };
        let ended = |listing: u64| elm.write(|tx| tx.pull_listing_ended(1, listing)).unwrap();
        assert!(
            !seen(0, "a") && !seen(0, "a"),
            "twice in one listing is news twice: what is the same, later steps tell"
        );
        ended(0);
        assert!(seen(1, "a") && !seen(1, "b"));
        ended(1);
        // Another in between: the first again is news.
        assert!(seen(2, "b"));
        ended(2);
        assert!(!seen(3, "a") && seen(3, "b"));
        assert!(!oak.write(|tx| tx.pull_is_unchanged(1, 3, b"b")).unwrap(), "each practice has its own");
        assert!(!elm.write(|tx| tx.pull_is_unchanged(2, 3, b"b")).unwrap(), "and each source");
    }

    #[test]
    fn a_source_is_kept_under_its_name_and_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = Store::open(&path, MasterKey::generate().unwrap()).unwrap();
        let elm = store.practice("elm").unwrap();
        let state = PullState {
            cursor: "cursor-of-VANCE".to_owned(),
            refresh_token: "token-1".to_owned(),
            ..PullState::default()
        };
        elm.write(|tx| -> StoreResult<()> {
            assert!(tx.pulled("ehr")?.is_none());
            assert_eq!(tx.set_pulled("ehr", &state, 1)?, 1);
            assert_eq!(tx.set_pulled("other", &PullState::default(), 1)?, 2);
            assert_eq!(tx.set_pulled("ehr", &PullState { listing: 3, ..state.clone() }, 2)?, 1);
            let known = tx.pulled("ehr")?.expect("it was set");
            assert!(known.state.listing == 3 && known.state.cursor == "cursor-of-VANCE");
            Ok(())
        })
        .unwrap();
        let files =
            std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| std::fs::read(entry.path()).unwrap());
        for bytes in files {
            assert!(
                ![&b"VANCE"[..], b"token-1"].iter().any(|word| bytes.windows(word.len()).any(|part| part == *word))
            );
        }
    }
}
