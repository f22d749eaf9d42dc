//! Work items: what a person has to do, with a due day. Everything held, denied, rejected or unapplied has one.

use serde::Serialize;

use super::{StoreResult, Tx};

/// One work item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkRow {
    /// Id within the practice.
    pub work_id: u64,
    /// What kind of work (`claim.held`, `claim.denied`, `document.rejected`, ...).
    pub kind: String,
    /// `document`, `visit`, `claim` or `remittance`.
    pub subject_kind: String,
    /// Its id.
    pub subject_id: u64,
    /// Day numbers.
    pub opened_day: i64,
    /// Day number.
    pub due_day: i64,
    /// Dollars at stake, in cents.
    pub amount_cents: i64,
}

/// Days until a work item is due.
const DUE_DAYS: i64 = 14;

impl Tx<'_> {
    /// Opens a work item, or keeps the open one of the same kind and subject and updates its amount.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn open_work(
        &self,
        kind: &str,
        subject: (&str, u64),
        day: i64,
        amount_cents: i64,
        words: &str,
    ) -> StoreResult<u64> {
        let (subject_kind, subject_id) = subject;
        let open: Option<u64> = self.row(
            "SELECT work_id FROM work_item WHERE practice_id = ?1 AND subject_kind = ?2 AND subject_id = ?3 AND kind = ?4
             AND closed_day IS NULL",
            (self.practice_id(), subject_kind, subject_id, kind),
            |row| row.get(0),
        )?;
        let work_id = match open {
            Some(work_id) => work_id,
            None => self.next_id("work_item", "work_id")?,
        };
        let body = self.seal("work_item", work_id, words.as_bytes());
        self.execute(
            "INSERT INTO work_item (practice_id, work_id, kind, subject_kind, subject_id, opened_day, due_day, amount_cents, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (practice_id, work_id) DO UPDATE SET amount_cents = excluded.amount_cents, body = excluded.body",
            (self.practice_id(), work_id, kind, subject_kind, subject_id, day, day + DUE_DAYS, amount_cents, body),
        )?;
        Ok(work_id)
    }

    /// Closes the open work items of a subject; all kinds, or one.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn close_work(&self, kind: Option<&str>, subject: (&str, u64), day: i64) -> StoreResult<()> {
        self.execute(
            "UPDATE work_item SET closed_day = ?4 WHERE practice_id = ?1 AND subject_kind = ?2 AND subject_id = ?3
             AND closed_day IS NULL AND (?5 IS NULL OR kind = ?5)",
            (self.practice_id(), subject.0, subject.1, day, kind),
        )?;
        Ok(())
    }

    /// The kinds of open work of a subject.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn open_work_kinds(&self, subject: (&str, u64)) -> StoreResult<Vec<String>> {
        self.rows(
            "SELECT kind FROM work_item WHERE practice_id = ?1 AND subject_kind = ?2 AND subject_id = ?3
             AND closed_day IS NULL",
            (self.practice_id(), subject.0, subject.1),
            |row| row.get(0),
        )
    }

    /// Open work, the most money first.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn open_work_items(&self) -> StoreResult<Vec<WorkRow>> {
        self.rows(
            "SELECT work_id, kind, subject_kind, subject_id, opened_day, due_day, amount_cents FROM work_item
             WHERE practice_id = ?1 AND closed_day IS NULL ORDER BY amount_cents DESC, work_id",
            [self.practice_id()],
            |row| {
                Ok(WorkRow {
                    work_id: row.get(0)?,
                    kind: row.get(1)?,
                    subject_kind: row.get(2)?,
                    subject_id: row.get(3)?,
                    opened_day: row.get(4)?,
                    due_day: row.get(5)?,
                    amount_cents: row.get(6)?,
                })
            },
        )
    }

    /// The words of a work item. May hold patient data.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn work_words(&self, work_id: u64) -> StoreResult<crate::claim::Phi<String>> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM work_item WHERE practice_id = ?1 AND work_id = ?2",
            (self.practice_id(), work_id),
            |row| row.get(0),
        )?;
        let sealed = sealed.ok_or(super::StoreError::Missing { what: "work item", id: work_id })?;
        let words = self.practice.keys.unseal("work_item", work_id, &sealed)?;
        Ok(crate::claim::Phi::new(String::from_utf8_lossy(&words).into_owned()))
    }
}
