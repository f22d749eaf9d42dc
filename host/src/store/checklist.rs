//! What the integration checklist asks of what is stored: look-ups over clear columns. What they mean: `crate::audit::checklist`.

use std::collections::BTreeMap;

use super::file::PART;
use super::{StoreResult, Tx};

/// What became of the expected visits of one visit type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceType {
    /// An expected visit of it.
    pub example: u64,
    /// A visit whose charges answered one.
    pub visit_id: Option<u64>,
    /// With charges.
    pub charged: i64,
    /// Without, though their hours have passed.
    pub gaps: i64,
    /// Of which the profile says that nobody charges.
    pub no_charge: i64,
}

/// Documents of one way in, by how they ended.
pub type Ends = BTreeMap<String, BTreeMap<String, u64>>;

impl Tx<'_> {
    /// Visit types of expected visits that begin on these days and took place as far as anybody says.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn service_types(&self, from: i64, to: i64) -> StoreResult<Vec<ServiceType>> {
        self.rows(
            "SELECT MAX(expected_id), MAX(visit_id) FILTER (WHERE state = 'charged'), COUNT(*) FILTER (WHERE state = 'charged'),
             COUNT(*) FILTER (WHERE state = 'gap'), COUNT(*) FILTER (WHERE state = 'no-charge') FROM expected_visit
             WHERE practice_id = ?1 AND start_day BETWEEN ?2 AND ?3 AND state IN ('charged', 'gap', 'no-charge')
             GROUP BY type_mac ORDER BY COUNT(*) DESC, MAX(expected_id)",
            (self.practice_id(), from, to),
            |row| {
                Ok(ServiceType {
                    example: row.get(0)?,
                    visit_id: row.get(1)?,
                    charged: row.get(2)?,
                    gaps: row.get(3)?,
                    no_charge: row.get(4)?,
                })
            },
        )
    }

    /// The way in that told of a visit last.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn channel_of_visit(&self, visit_id: u64) -> StoreResult<Option<String>> {
        self.row(
            "SELECT file.channel FROM visit_event e JOIN document USING (practice_id, document_id)
             JOIN file USING (practice_id, file_id) WHERE e.practice_id = ?1 AND e.visit_id = ?2
             ORDER BY document.document_id DESC LIMIT 1",
            (self.practice_id(), visit_id),
            |row| row.get(0),
        )
    }

    /// People of one origin, and the latest day that one of them was told of.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn known_people_of(&self, origin: &str) -> StoreResult<(u64, Option<i64>)> {
        let found = self.row(
            "SELECT COUNT(*), MAX(told_day) FROM known_person WHERE practice_id = ?1 AND origin = ?2",
            (self.practice_id(), origin),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Questions about cover (270) asked since a day; how many of them have no answer, and how many of those were asked by the day
    /// `late`; and the day of the latest answer (271) to any.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn cover_questions_since(&self, day: i64, late: i64) -> StoreResult<(u64, u64, u64, Option<i64>)> {
        let asked = self.row(
            "SELECT COUNT(*), COALESCE(SUM(waits), 0), COALESCE(SUM(waits AND asked_day <= ?3), 0) FROM
             (SELECT asked_day, state IN ('wanted', 'asked', 'not-sent') AS waits FROM inquiry
              WHERE practice_id = ?1 AND asked_day >= ?2)",
            (self.practice_id(), day, late),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let latest = self.row(
            "SELECT MAX(received_day) FROM inquiry_fact WHERE practice_id = ?1 AND kind = '271'",
            [self.practice_id()],
            |row| row.get(0),
        )?;
        let (asked, waiting, late) = asked.unwrap_or_default();
        Ok((asked, waiting, late, latest.flatten()))
    }

    /// The day of the first 837; none where nothing has left.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn first_submission_day(&self) -> StoreResult<Option<i64>> {
        self.row(
            "SELECT created_day FROM submission WHERE practice_id = ?1 AND kind = '837' ORDER BY submission_id LIMIT 1",
            [self.practice_id()],
            |row| row.get(0),
        )
    }

    /// How many visits took place on each of these days, as far as anybody says. Days without any are left out.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn expected_by_day(&self, from: i64, to: i64) -> StoreResult<Vec<(i64, i64)>> {
        self.rows(
            "SELECT start_day, COUNT(*) FROM expected_visit WHERE practice_id = ?1 AND start_day BETWEEN ?2 AND ?3
             AND state IN ('charged', 'gap', 'no-charge', 'not-yet-due') GROUP BY start_day",
            (self.practice_id(), from, to),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// How documents that were received on these days, both included, ended, by the way they came in.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn ends_by_channel(&self, days: (i64, i64)) -> StoreResult<Ends> {
        let rows: Vec<(String, String, u64)> = self.rows(
            "SELECT file.channel, status, COUNT(*) FROM document JOIN file USING (practice_id, file_id)
             WHERE practice_id = ?1 AND channel <> ?2 AND document.received_day BETWEEN ?3 AND ?4
             GROUP BY file.channel, status",
            (self.practice_id(), PART, days.0, days.1),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let mut ends = Ends::new();
        for (channel, status, count) in rows {
            ends.entry(channel).or_default().insert(status, count);
        }
        Ok(ends)
    }

    /// The open work item of a kind and subject, and what it is worth, cents; none where there is none.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn open_work_of(&self, kind: &str, subject: (&str, u64)) -> StoreResult<Option<(u64, i64)>> {
        self.row(
            "SELECT work_id, amount_cents FROM work_item WHERE practice_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 AND kind = ?4
             AND closed_day IS NULL",
            (self.practice_id(), subject.0, subject.1, kind),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// What the versions that may leave charge together.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn ready_cents(&self) -> StoreResult<(u64, i64)> {
        let sums = self.row(
            "SELECT COUNT(*), COALESCE(SUM(charge_cents), 0) FROM claim_version WHERE practice_id = ?1 AND state = 'ready'",
            [self.practice_id()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(sums.unwrap_or_default())
    }
}
