//! People that the practice's roster or a payer's eligibility answer knows, found by look-up values of ids, names and birth
//! dates. Whether one of them is a claim's patient is for `crate::audit::demographics` to say.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{StoreResult, Tx};

/// People looked at for one claim, at most: beyond it a birth date or name tells nothing.
const CANDIDATES_MAX: usize = 500;

impl Tx<'_> {
    /// Keeps one person, in the place of an earlier one with this source. False where the same, or a newer word, is known.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn put_person<T: Serialize>(
        &self,
        origin: &str,
        source_mac: &[u8; 32],
        day: i64,
        keys: &[[u8; 32]],
        person: &T,
    ) -> StoreResult<bool> {
        let known: Option<(u64, i64, Vec<u8>)> = self.row(
            "SELECT person_id, told_day, content_mac FROM known_person
             WHERE practice_id = ?1 AND origin = ?2 AND source_mac = ?3",
            (self.practice_id(), origin, source_mac),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let content = self.lookup("person-content", &[&serde_json::to_vec(person).unwrap_or_default()]);
        let person_id = match known {
            Some((_, told, before)) if told > day || before == content => return Ok(false),
            Some((id, ..)) => id,
            None => self.next_id("known_person", "person_id")?,
        };
        let body = self.seal_json("known_person", person_id, person)?;
        self.execute(
            "INSERT INTO known_person (practice_id, person_id, origin, source_mac, content_mac, told_day, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (practice_id, person_id) DO UPDATE
             SET content_mac = excluded.content_mac, told_day = excluded.told_day, body = excluded.body",
            (self.practice_id(), person_id, origin, source_mac, content, day, body),
        )?;
        self.execute(
            "DELETE FROM known_key WHERE practice_id = ?1 AND person_id = ?2",
            (self.practice_id(), person_id),
        )?;
        for key in keys {
            self.execute(
                "INSERT OR IGNORE INTO known_key (practice_id, key_mac, person_id) VALUES (?1, ?2, ?3)",
                (self.practice_id(), key, person_id),
            )?;
        }
        Ok(true)
    }

    /// Forgets everybody of one origin. Returns how many.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn forget_people(&self, origin: &str) -> StoreResult<u64> {
        self.execute(
            "DELETE FROM known_key WHERE practice_id = ?1 AND person_id IN
             (SELECT person_id FROM known_person WHERE practice_id = ?1 AND origin = ?2)",
            (self.practice_id(), origin),
        )?;
        let forgotten = self
            .execute("DELETE FROM known_person WHERE practice_id = ?1 AND origin = ?2", (self.practice_id(), origin))?;
        Ok(u64::try_from(forgotten).unwrap_or(0))
    }

    /// People with one of these keys, each once, in the order in which they were loaded.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn known_people<T: DeserializeOwned>(&self, keys: &[[u8; 32]]) -> StoreResult<Vec<T>> {
        let mut ids: Vec<u64> = Vec::new();
        for key in keys {
            let found: Vec<u64> = self.rows(
                "SELECT person_id FROM known_key WHERE practice_id = ?1 AND key_mac = ?2 ORDER BY person_id LIMIT ?3",
                (self.practice_id(), key, i64::try_from(CANDIDATES_MAX).unwrap_or(i64::MAX)),
                |row| row.get(0),
            )?;
            ids.extend(found);
        }
        ids.sort_unstable();
        ids.dedup();
        let mut people = Vec::new();
        for id in ids {
            let body: Option<Vec<u8>> = self.row(
                "SELECT body FROM known_person WHERE practice_id = ?1 AND person_id = ?2",
                (self.practice_id(), id),
                |row| row.get(0),
            )?;
            if let Some(body) = body {
                people.push(self.unseal_json("known_person", id, &body)?);
            }
        }
        Ok(people)
    }

    /// How many people are known.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn known_people_count(&self) -> StoreResult<u64> {
        let count =
            self.row("SELECT COUNT(*) FROM known_person WHERE practice_id = ?1", [self.practice_id()], |row| {
                row.get(0)
            })?;
        Ok(count.unwrap_or(0))
    }

    /// Claims whose live version has a finding with a rule that begins so.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn claims_with_findings(&self, rule_prefix: &str) -> StoreResult<Vec<u64>> {
        self.rows(
            "SELECT DISTINCT claim.claim_id FROM finding JOIN claim USING (practice_id, claim_id)
             WHERE practice_id = ?1 AND version = live_version AND substr(finding.rule, 1, length(?2)) = ?2
             ORDER BY claim.claim_id",
            (self.practice_id(), rule_prefix),
            |row| row.get(0),
        )
    }
}
