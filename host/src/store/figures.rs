//! What `kpi` counts, in clear columns of its own: marks on each lineage, denials as payers said them, balances by day, and the
//! figures of an earlier period.
//!
//! Everything here is written in the transaction of the fact that it follows from, so that figures over a million claims are one
//! walk over clear columns. What each mark means: `crate::lifecycle`; what is made of them: `crate::audit::kpi`.

use rusqlite::Connection;

use super::history::Posted;
use super::{StoreResult, Tx};

/// What became of the first sending of a lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirstPass {
    /// Not sent yet, or no answer that decides.
    #[default]
    Waiting,
    /// Taken, and the first decision denied nothing.
    Passed,
    /// Refused (TA1, 999, 277CA), or the first decision denied some of it.
    Failed,
}

impl FirstPass {
    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Passed => "passed",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        [Self::Passed, Self::Failed].into_iter().find(|known| known.as_str() == text).unwrap_or_default()
    }
}

/// What figures count of a lineage. Days are day numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// Day the first charge of its visit arrived.
    pub charged_day: Option<i64>,
    /// Day its first version was made.
    pub assembled_day: i64,
    /// Day it first left in an 837.
    pub sent_day: Option<i64>,
    /// What became of that sending.
    pub first_pass: FirstPass,
    /// A version of it was held, if only for a day.
    pub held_once: bool,
    /// A version 7 or 8 has left.
    pub corrected: bool,
    /// It was denied under a reason that says the claim was wrong.
    pub error_denied: bool,
    /// Day it came to its state, where that is posted or denied and a version of it counts.
    pub closed_day: Option<i64>,
}

impl Marks {
    /// Reads the columns from the one at `first`, in the order of the fields.
    pub(super) fn read(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Self> {
        let pass = row.get_ref(first + 3)?;
        Ok(Self {
            charged_day: row.get(first)?,
            assembled_day: row.get(first + 1)?,
            sent_day: row.get(first + 2)?,
            first_pass: FirstPass::parse(pass.as_str().unwrap_or_default()),
            held_once: row.get(first + 4)?,
            corrected: row.get(first + 5)?,
            error_denied: row.get(first + 6)?,
            closed_day: row.get(first + 7)?,
        })
    }
}

/// A lineage as figures see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// First day of service.
    pub service_from: i64,
    /// Its state is `posted`; else, where it is closed, `denied`.
    pub is_posted: bool,
    /// CLM02 of the live version; 0 once voided.
    pub billed_cents: i64,
    /// The marks.
    pub marks: Marks,
}

/// What one CLP denied under one group and reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// Lineage.
    pub claim_id: u64,
    /// The remittance.
    pub remittance_id: u64,
    /// Position of the CLP.
    pub ordinal: u32,
    /// CAS01.
    pub group_code: String,
    /// CARC number.
    pub reason: String,
    /// The payer that denied.
    pub payer_id: String,
    /// BPR16, day number.
    pub paid_day: i64,
    /// Cents, above 0.
    pub amount_cents: i64,
}

/// A figure of an earlier period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineRow {
    /// Id of the figure.
    pub figure: String,
    /// Empty: of all payers.
    pub payer_id: String,
    /// Empty: of all groups.
    pub group_code: String,
    /// Count, cents or days.
    pub numerator: i64,
    /// Count or cents, above 0.
    pub denominator: i64,
    /// Hundredths of a day.
    pub median_hundredths: Option<i64>,
    /// First and last day number of its period.
    pub days: (i64, i64),
}

/// Adds what was posted to the balances of its days.
pub(super) fn write_posted(connection: &Connection, posted: Posted) -> StoreResult<()> {
    for (practice, accounts) in posted {
        for ((account, day), amount_cents) in accounts.into_iter().filter(|(_, cents)| *cents != 0) {
            connection
                .prepare_cached(
                    "INSERT INTO account_day (practice_id, account, day, amount_cents) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (practice_id, account, day) DO UPDATE SET amount_cents = amount_cents + excluded.amount_cents",
                )?
                .execute((&practice, account, day, amount_cents))?;
        }
    }
    Ok(())
}

impl Tx<'_> {
    /// Notes an entry of the ledger for the balances of its day; written before the commit.
    pub(super) fn note_posting(&self, account: &str, day: i64, amount_cents: i64) {
        let mut posted = self.heads.posted.borrow_mut();
        let accounts = posted.entry(self.practice_id().to_owned()).or_default();
        *accounts.entry((account.to_owned(), day)).or_default() += amount_cents;
    }

    /// Hands over the lineages with ids in a range, both ends included, as figures see them.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn each_marked(&self, first: u64, last: u64, mut take: impl FnMut(&Marked)) -> StoreResult<()> {
        let mut statement = self.connection.prepare_cached(
            "SELECT state = 'posted', billed_cents, service_from, charged_day, assembled_day, sent_day, first_pass, held_once,
             corrected, error_denied, closed_day FROM claim WHERE practice_id = ?1 AND claim_id BETWEEN ?2 AND ?3",
        )?;
        let mut rows = statement.query((self.practice_id(), first, last))?;
        while let Some(row) = rows.next()? {
            take(&Marked {
                is_posted: row.get(0)?,
                billed_cents: row.get(1)?,
                service_from: row.get(2)?,
                marks: Marks::read(row, 3)?,
            });
        }
        Ok(())
    }

    /// Keeps what a CLP denied under a group and reason.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn put_denial(&self, denial: &Denial) -> StoreResult<()> {
        self.execute(
            "INSERT OR REPLACE INTO denial (practice_id, claim_id, remittance_id, ordinal, group_code, reason, payer_id, paid_day,
             amount_cents) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                self.practice_id(),
                denial.claim_id,
                denial.remittance_id,
                denial.ordinal,
                &denial.group_code,
                &denial.reason,
                &denial.payer_id,
                denial.paid_day,
                denial.amount_cents,
            ),
        )?;
        Ok(())
    }

    /// What a remittance denied of a lineage counts no longer: it was parked or set aside.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn remove_denials(&self, claim_id: u64, remittance_id: u64) -> StoreResult<()> {
        self.execute(
            "DELETE FROM denial WHERE practice_id = ?1 AND claim_id = ?2 AND remittance_id = ?3",
            (self.practice_id(), claim_id, remittance_id),
        )?;
        Ok(())
    }

    /// What payers denied of a lineage, as they said it.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn denials_of(&self, claim_id: u64) -> StoreResult<Vec<Denial>> {
        self.rows(
            &format!("{DENIAL} AND claim_id = ?2 ORDER BY remittance_id, ordinal, group_code, reason"),
            (self.practice_id(), claim_id),
            denial,
        )
    }

    /// Denials of decisions paid on these days, both ends included, one CLP's together.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn each_denial(&self, from: i64, to: i64, mut take: impl FnMut(&Denial)) -> StoreResult<()> {
        let sql = format!("{DENIAL} AND paid_day BETWEEN ?2 AND ?3 ORDER BY claim_id, remittance_id, ordinal");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query((self.practice_id(), from, to))?;
        while let Some(row) = rows.next()? {
            take(&denial(row)?);
        }
        Ok(())
    }

    /// Posted decisions by payer, of remittances paid on these days.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn decisions_by_payer(&self, from: i64, to: i64) -> StoreResult<Vec<(String, u64)>> {
        self.rows(
            "SELECT payer_id, SUM(decision_count) FROM remittance WHERE practice_id = ?1 AND paid_day BETWEEN ?2 AND ?3
             AND state = 'posted' AND decision_count > 0 GROUP BY payer_id",
            (self.practice_id(), from, to),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// CLPs of remittances paid on these days: those that are not posted, and all.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn clps_not_posted(&self, from: i64, to: i64) -> StoreResult<(u64, u64)> {
        let counts = self.row(
            "SELECT COALESCE(SUM((SELECT COUNT(*) FROM remittance_claim c WHERE c.practice_id = r.practice_id
             AND c.remittance_id = r.remittance_id AND c.state <> 'posted')), 0), COALESCE(SUM(clp_count), 0)
             FROM remittance r WHERE practice_id = ?1 AND paid_day BETWEEN ?2 AND ?3",
            (self.practice_id(), from, to),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(counts.unwrap_or_default())
    }

    /// What accounts come to by the entries of these days, both ends included.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn posted_between(&self, account: &str, from: i64, to: i64) -> StoreResult<i64> {
        let sum = self.row(
            "SELECT COALESCE(SUM(amount_cents), 0) FROM account_day
             WHERE practice_id = ?1 AND account = ?2 AND day BETWEEN ?3 AND ?4",
            (self.practice_id(), account, from, to),
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or(0))
    }

    /// Expected visits that begin on these days, both ends included: with charges, and missing them.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn captured_between(&self, from: i64, to: i64) -> StoreResult<(u64, u64)> {
        let counts = self.row(
            "SELECT COUNT(*) FILTER (WHERE state = 'charged'), COUNT(*) FILTER (WHERE state = 'gap')
             FROM expected_visit WHERE practice_id = ?1 AND start_day BETWEEN ?2 AND ?3",
            (self.practice_id(), from, to),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(counts.unwrap_or_default())
    }

    /// The figures of an earlier period.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn baseline(&self) -> StoreResult<Vec<BaselineRow>> {
        self.rows(
            "SELECT figure, payer_id, group_code, numerator, denominator, median_hundredths, from_day, to_day
             FROM kpi_baseline WHERE practice_id = ?1 ORDER BY figure, payer_id, group_code",
            [self.practice_id()],
            |row| {
                Ok(BaselineRow {
                    figure: row.get(0)?,
                    payer_id: row.get(1)?,
                    group_code: row.get(2)?,
                    numerator: row.get(3)?,
                    denominator: row.get(4)?,
                    median_hundredths: row.get(5)?,
                    days: (row.get(6)?, row.get(7)?),
                })
            },
        )
    }

    /// Takes figures in the place of those before. Returns how many those were.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn replace_baseline(&self, rows: &[BaselineRow]) -> StoreResult<usize> {
        let before = self.execute("DELETE FROM kpi_baseline WHERE practice_id = ?1", [self.practice_id()])?;
        for row in rows {
            self.execute(
                "INSERT INTO kpi_baseline (practice_id, figure, payer_id, group_code, numerator, denominator,
                 median_hundredths, from_day, to_day) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                (
                    self.practice_id(),
                    &row.figure,
                    &row.payer_id,
                    &row.group_code,
                    row.numerator,
                    row.denominator,
                    row.median_hundredths,
                    row.days.0,
                    row.days.1,
                ),
            )?;
        }
        Ok(before)
    }

    /// Accounts and days whose balance is not what the ledger's entries come to.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn balances_that_differ(&self) -> StoreResult<Vec<(String, i64)>> {
        self.rows(
            "SELECT account, day FROM (
             SELECT account, posted_day AS day, amount_cents FROM posting WHERE practice_id = ?1
             UNION ALL SELECT account, day, -amount_cents FROM account_day WHERE practice_id = ?1)
             GROUP BY account, day HAVING SUM(amount_cents) <> 0 ORDER BY account, day",
            [self.practice_id()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}

const DENIAL: &str = "SELECT claim_id, remittance_id, ordinal, group_code, reason, payer_id, paid_day, amount_cents \
                      FROM denial WHERE practice_id = ?1";

fn denial(row: &rusqlite::Row<'_>) -> rusqlite::Result<Denial> {
    Ok(Denial {
        claim_id: row.get(0)?,
        remittance_id: row.get(1)?,
        ordinal: row.get(2)?,
        group_code: row.get(3)?,
        reason: row.get(4)?,
        payer_id: row.get(5)?,
        paid_day: row.get(6)?,
        amount_cents: row.get(7)?,
    })
}
