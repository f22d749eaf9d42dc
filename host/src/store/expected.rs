//! Expected visits, their events, and the look-ups that bring them together with charges. What becomes of one is decided by
//! `crate::audit::capture`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Known, StoreResult, Tx};
use crate::claim::ExpectedVisit;

/// What became of an expected visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedState {
    /// Lies ahead, or the hours have not passed.
    NotYetDue,
    /// Its charges are here.
    Charged,
    /// Did not take place.
    Cancelled,
    /// The patient did not come.
    NoShow,
    /// Nobody charges for it, with the reason.
    NoCharge,
    /// Took place as far as anybody says, and nothing is charged: work.
    Gap,
    /// Another appointment stands for it: no expected visit of its own.
    Moved,
    /// Told twice; another one stands for it: no expected visit of its own.
    SameVisit,
}

impl ExpectedState {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::NotYetDue,
        Self::Charged,
        Self::Cancelled,
        Self::NoShow,
        Self::NoCharge,
        Self::Gap,
        Self::Moved,
        Self::SameVisit,
    ];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotYetDue => "not-yet-due",
            Self::Charged => "charged",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no-show",
            Self::NoCharge => "no-charge",
            Self::Gap => "gap",
            Self::Moved => "moved",
            Self::SameVisit => "same-visit",
        }
    }

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::NotYetDue)
    }
}

/// The clear columns of an expected visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExpectedRow {
    /// Id within the practice.
    pub expected_id: u64,
    /// What became of it.
    pub state: ExpectedState,
    /// Day number.
    pub start_day: i64,
    /// The visit that answers it.
    pub visit_id: Option<u64>,
    /// Live charges of that visit.
    pub charged_cents: i64,
    /// Of a gap.
    pub expected_cents: i64,
}

/// What settling an expected visit writes. Macs are look-up values of visit type and provider.
pub struct Settled<'a, T> {
    /// The row.
    pub row: ExpectedRow,
    /// First day on which missing charges are a gap, and the hours it was counted with.
    pub due: (i64, u16),
    /// Of the visit type; none where nobody says one.
    pub type_mac: Option<[u8; 32]>,
    /// Of the provider.
    pub provider_mac: Option<[u8; 32]>,
    /// What a screen shows, sealed.
    pub body: &'a T,
}

/// A look-up value that may be missing.
type Mac = Option<[u8; 32]>;

/// One event, as stored.
pub struct StoredExpectation {
    /// The document it came from.
    pub document_id: u64,
    /// Day it arrived.
    pub arrived_day: i64,
    /// The news.
    pub told: ExpectedVisit,
}

const EXPECTED: &str = "SELECT expected_id, state, start_day, visit_id, charged_cents, expected_cents FROM expected_visit \
                        WHERE practice_id = ?1";

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ExpectedRow> {
    let state: String = row.get(1)?;
    Ok(ExpectedRow {
        expected_id: row.get(0)?,
        state: ExpectedState::parse(&state),
        start_day: row.get(2)?,
        visit_id: row.get(3)?,
        charged_cents: row.get(4)?,
        expected_cents: row.get(5)?,
    })
}

impl Tx<'_> {
    /// Adds an event to the expected visit with this source key, which is made where it is not there. False: known already.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expect(
        &self,
        source_mac: &[u8; 32],
        document_id: u64,
        day: i64,
        digest: &[u8; 32],
        told: &ExpectedVisit,
    ) -> StoreResult<bool> {
        let known: Option<u64> = self.row(
            "SELECT expected_id FROM expected_visit WHERE practice_id = ?1 AND source_mac = ?2",
            (self.practice_id(), source_mac),
            |row| row.get(0),
        )?;
        let expected_id = match known {
            Some(id) => id,
            None => {
                let id = self.next_id("expected_visit", "expected_id")?;
                self.execute(
                    "INSERT INTO expected_visit (practice_id, expected_id, source_mac, state, start_day, due_day, due_hours,
                     charged_cents, expected_cents, changed, body)
                     VALUES (?1, ?2, ?3, 'not-yet-due', ?4, ?4, 0, 0, 0, 1, x'')",
                    (self.practice_id(), id, source_mac, day),
                )?;
                id
            }
        };
        let mac = self.lookup("event", &[digest]);
        let body = self.seal_json("expected_event", expected_id, told)?;
        let added = self.execute(
            "INSERT OR IGNORE INTO expected_event (practice_id, expected_id, event_mac, document_id, arrived_day, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (self.practice_id(), expected_id, mac, document_id, day, body),
        )?;
        if added == 0 {
            return Ok(false);
        }
        self.execute(
            "UPDATE expected_visit SET changed = 1 WHERE practice_id = ?1 AND expected_id = ?2",
            (self.practice_id(), expected_id),
        )?;
        Ok(true)
    }

    /// The events of an expected visit, in no order that matters.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expectations(&self, expected_id: u64) -> StoreResult<Vec<StoredExpectation>> {
        let rows: Vec<(u64, i64, Vec<u8>)> = self.rows(
            "SELECT document_id, arrived_day, body FROM expected_event WHERE practice_id = ?1 AND expected_id = ?2",
            (self.practice_id(), expected_id),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        rows.into_iter()
            .map(|(document_id, arrived_day, body)| {
                let told = self.unseal_json("expected_event", expected_id, &body)?;
                Ok(StoredExpectation { document_id, arrived_day, told })
            })
            .collect()
    }

    /// One expected visit.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_visit(&self, expected_id: u64) -> StoreResult<Option<ExpectedRow>> {
        self.row(&format!("{EXPECTED} AND expected_id = ?2"), (self.practice_id(), expected_id), row)
    }

    /// Expected visits with a start in these days, both ends included; none: all.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_visits(&self, days: Option<(i64, i64)>) -> StoreResult<Vec<ExpectedRow>> {
        let (from, to) = days.unwrap_or((i64::MIN, i64::MAX));
        let sql = format!("{EXPECTED} AND start_day BETWEEN ?2 AND ?3 ORDER BY start_day, expected_id");
        self.rows(&sql, (self.practice_id(), from, to), row)
    }

    /// What a screen shows of an expected visit; none before it was settled for the first time.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_body<T: DeserializeOwned>(&self, expected_id: u64) -> StoreResult<Option<T>> {
        let body: Option<Vec<u8>> = self.row(
            "SELECT body FROM expected_visit WHERE practice_id = ?1 AND expected_id = ?2",
            (self.practice_id(), expected_id),
            |row| row.get(0),
        )?;
        let body = body.filter(|body| !body.is_empty());
        body.map(|body| self.unseal_json("expected_visit", expected_id, &body)).transpose()
    }

    /// Expected visits with news, and those whose hours have passed.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_to_settle(&self, today: i64, after: u64, limit: usize) -> StoreResult<Vec<u64>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // Two statements, so that each walks its own partial index.
        self.rows(
            "SELECT expected_id FROM (
             SELECT expected_id FROM expected_visit WHERE practice_id = ?1 AND changed = 1 AND expected_id > ?3
             UNION SELECT expected_id FROM expected_visit
             WHERE practice_id = ?1 AND state = 'not-yet-due' AND due_day <= ?2 AND expected_id > ?3)
             ORDER BY expected_id LIMIT ?4",
            (self.practice_id(), today, after, limit),
            |row| row.get(0),
        )
    }

    /// Writes what became of an expected visit. True where its state, or the visit that answers it, moved.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn settle_expected<T: Serialize>(&self, settled: &Settled<'_, T>) -> StoreResult<bool> {
        let now = settled.row;
        let before = self.expected_visit(now.expected_id)?;
        let body = self.seal_json("expected_visit", now.expected_id, settled.body)?;
        self.execute(
            "UPDATE expected_visit SET state = ?3, start_day = ?4, visit_id = ?5, charged_cents = ?6, expected_cents = ?7,
             type_mac = ?8, provider_mac = ?9, body = ?10, due_day = ?11, due_hours = ?12, changed = 0 WHERE practice_id = ?1 AND expected_id = ?2",
            (
                self.practice_id(),
                now.expected_id,
                now.state.as_str(),
                now.start_day,
                now.visit_id,
                now.charged_cents,
                now.expected_cents,
                settled.type_mac,
                settled.provider_mac,
                body,
                settled.due.0,
                settled.due.1,
            ),
        )?;
        Ok(before.is_none_or(|before| (before.state, before.visit_id) != (now.state, now.visit_id)))
    }

    /// Replaces the keys that an expected visit is found by. True where they are others than before.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn set_expected_keys(&self, expected_id: u64, keys: &[[u8; 32]]) -> StoreResult<bool> {
        let mut known: Vec<Vec<u8>> = self.rows(
            "SELECT key_mac FROM expected_key WHERE practice_id = ?1 AND expected_id = ?2",
            (self.practice_id(), expected_id),
            |row| row.get(0),
        )?;
        let mut wanted: Vec<Vec<u8>> = keys.iter().map(|key| key.to_vec()).collect();
        known.sort();
        wanted.sort();
        wanted.dedup();
        if known == wanted {
            return Ok(false);
        }
        self.execute(
            "DELETE FROM expected_key WHERE practice_id = ?1 AND expected_id = ?2",
            (self.practice_id(), expected_id),
        )?;
        for key in wanted {
            self.execute(
                "INSERT INTO expected_key (practice_id, key_mac, expected_id) VALUES (?1, ?2, ?3)",
                (self.practice_id(), key, expected_id),
            )?;
        }
        Ok(true)
    }

    /// Adds one key to the expected visit with this source key, until settling replaces them all.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn note_expected_key(&self, source_mac: &[u8; 32], key: &[u8; 32]) -> StoreResult<()> {
        self.execute(
            "INSERT OR IGNORE INTO expected_key (practice_id, key_mac, expected_id)
             SELECT practice_id, ?3, expected_id FROM expected_visit WHERE practice_id = ?1 AND source_mac = ?2",
            (self.practice_id(), source_mac, key),
        )?;
        Ok(())
    }

    /// Expected visits with this key, lowest id first. Nobody, where so many have it that it tells nobody apart (a schedule of
    /// one stand-in patient).
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_with(&self, key: &[u8; 32]) -> StoreResult<Vec<u64>> {
        let sql = format!(
            "SELECT expected_id FROM expected_key WHERE practice_id = ?1 AND key_mac = ?2 ORDER BY expected_id
             LIMIT {}",
            SHARED_MAX + 1
        );
        let ids: Vec<u64> = self.rows(&sql, (self.practice_id(), key), |row| row.get(0))?;
        Ok(if ids.len() > SHARED_MAX { Vec::new() } else { ids })
    }

    /// Something that these keys name has changed: expected visits with one of them are settled anew. `but` is left alone.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn touch_expected(&self, keys: &[[u8; 32]], but: u64) -> StoreResult<()> {
        if self.last_id("expected_visit", "expected_id")? == 0 {
            return Ok(()); // no schedule and no arrivals: the practice has none
        }
        for key in keys {
            for expected_id in self.expected_with(key)?.into_iter().filter(|id| *id != but) {
                self.execute(
                    "UPDATE expected_visit SET changed = 1 WHERE practice_id = ?1 AND expected_id = ?2 AND changed = 0",
                    (self.practice_id(), expected_id),
                )?;
            }
        }
        Ok(())
    }

    /// Settles again what a changed profile may decide otherwise.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn look_again_at_expected(&self, hours: u16) -> StoreResult<usize> {
        self.execute(
            "UPDATE expected_visit SET changed = 1 WHERE practice_id = ?1
             AND (state IN ('gap', 'no-charge') OR (state = 'not-yet-due' AND due_hours <> ?2))",
            (self.practice_id(), hours),
        )
    }

    /// Notes that a visit has charges of a patient and day.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn note_charge_day(&self, key: &[u8; 32], visit_id: u64) -> StoreResult<()> {
        self.insert(
            "charge_day",
            Known::Stays,
            &[("practice_id", &self.practice_id()), ("key_mac", &key), ("visit_id", &visit_id)],
        )?;
        Ok(())
    }

    /// Visits that have had charges of a patient and day.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visits_with_charge_day(&self, key: &[u8; 32]) -> StoreResult<Vec<u64>> {
        let sql = format!(
            "SELECT visit_id FROM charge_day WHERE practice_id = ?1 AND key_mac = ?2 ORDER BY visit_id LIMIT {}",
            SHARED_MAX + 1
        );
        let ids: Vec<u64> = self.rows(&sql, (self.practice_id(), key), |row| row.get(0))?;
        Ok(if ids.len() > SHARED_MAX { Vec::new() } else { ids })
    }

    /// Whether a gap stands for this visit: its work item carries the dollars.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visit_has_gap(&self, visit_id: u64) -> StoreResult<bool> {
        let found: Option<i64> = self.row(
            "SELECT 1 FROM expected_visit WHERE practice_id = ?1 AND visit_id = ?2 AND state = 'gap' LIMIT 1",
            (self.practice_id(), visit_id),
            |row| row.get(0),
        )?;
        Ok(found.is_some())
    }

    /// Gaps that have no price yet.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn gaps_without_price(&self) -> StoreResult<Vec<u64>> {
        self.rows(
            "SELECT expected_id FROM expected_visit WHERE practice_id = ?1 AND state = 'gap' AND expected_cents = 0
             ORDER BY expected_id",
            [self.practice_id()],
            |row| row.get(0),
        )
    }

    /// Look-up values of visit type and provider of an expected visit.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_macs(&self, expected_id: u64) -> StoreResult<(Mac, Mac)> {
        let macs = self.row(
            "SELECT type_mac, provider_mac FROM expected_visit WHERE practice_id = ?1 AND expected_id = ?2",
            (self.practice_id(), expected_id),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(macs.unwrap_or_default())
    }

    /// Gives a gap its price.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn price_expected<T: Serialize>(&self, row: &ExpectedRow, shown: &T) -> StoreResult<()> {
        let body = self.seal_json("expected_visit", row.expected_id, shown)?;
        self.execute(
            "UPDATE expected_visit SET expected_cents = ?3, body = ?4 WHERE practice_id = ?1 AND expected_id = ?2",
            (self.practice_id(), row.expected_id, row.expected_cents, body),
        )?;
        Ok(())
    }

    /// What past visits of a visit type were charged, since a day, newest first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn charged_of_type(&self, type_mac: &[u8; 32], since: i64) -> StoreResult<Vec<i64>> {
        self.charged_by("type_mac", type_mac, since)
    }

    /// What past visits of a provider were charged, since a day, newest first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn charged_of_provider(&self, provider_mac: &[u8; 32], since: i64) -> StoreResult<Vec<i64>> {
        self.charged_by("provider_mac", provider_mac, since)
    }

    fn charged_by(&self, column: &'static str, mac: &[u8; 32], since: i64) -> StoreResult<Vec<i64>> {
        let sql = format!(
            "SELECT charged_cents FROM expected_visit WHERE practice_id = ?1 AND {column} = ?2 AND state = 'charged'
             AND start_day >= ?3 AND charged_cents > 0 ORDER BY start_day DESC, expected_id DESC LIMIT {HISTORY}"
        );
        self.rows(&sql, (self.practice_id(), mac, since), |row| row.get(0))
    }

    /// What the practice billed for its latest visits, since a service day, newest first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn billed_by_visit(&self, since: i64) -> StoreResult<Vec<i64>> {
        let sql = format!(
            "SELECT SUM(billed_cents) AS cents FROM claim WHERE practice_id = ?1 AND service_from >= ?2
             GROUP BY visit_id HAVING cents > 0 ORDER BY visit_id DESC LIMIT {HISTORY}"
        );
        self.rows(&sql, (self.practice_id(), since), |row| row.get(0))
    }
}

/// How many may share a key that is to tell them from others.
const SHARED_MAX: usize = 64;
/// Visits that a median is taken over, at most.
const HISTORY: u32 = 500;

#[cfg(test)]
#[path = "expected_tests.rs"]
mod tests;
