//! Remittances, the claims in them, and the append-only ledger.

use serde::{Deserialize, Serialize};

use super::{Known, StoreError, StoreResult, Tx};

/// A remittance's clear columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemittanceRow {
    /// Our id.
    pub remittance_id: u64,
    /// Our id of the payer, or the 835's where we know none.
    pub payer_id: String,
    /// BPR02, cents.
    pub amount_cents: i64,
    /// BPR16, day number.
    pub paid_day: i64,
    /// `posted`, `parked` (two contents under one key) or `set-aside` (the other content was chosen).
    pub state: String,
    /// Sum of CLP04 - sum of PLB - BPR02.
    pub difference_cents: i64,
    /// CLPs in it.
    pub clp_count: u64,
    /// Of these, decisions that were posted: neither reversals (22) nor prices (25). 0 where it is parked.
    pub decision_count: u64,
    /// The practice's own part of the file.
    pub document_id: u64,
}

/// What names a remittance outside. Sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct RemittanceNames {
    /// TRN02.
    pub trace_number: String,
    /// TRN03.
    pub originator: String,
    /// N1 PR.
    pub payer_name: String,
}

/// One CLP.
#[derive(Clone, Serialize)]
pub struct RemittanceClaimRow {
    /// The remittance.
    pub remittance_id: u64,
    /// Position of the CLP.
    pub ordinal: u32,
    /// The version it pays; none: unapplied.
    pub claim: Option<(u64, u32)>,
    /// How it was matched: `control-number`, `payer-control-number`, `member-dates-charge`, or why not.
    pub matched_by: String,
    /// `posted` or `unapplied`; of a remittance that is not posted, its state.
    pub state: String,
    /// CLP04.
    pub paid_cents: i64,
    /// CLP03 - all CAS - CLP04.
    pub difference_cents: i64,
}

/// One entry of the ledger. Debits positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingRow {
    /// The remittance; none: the charge itself.
    pub remittance_id: Option<u64>,
    /// The version.
    pub claim: Option<(u64, u32)>,
    /// Service line from 1; 0: the claim as a whole.
    pub line: u16,
    /// Payer.
    pub payer_id: String,
    /// Account, as `crate::remit::Account` names it.
    pub account: String,
    /// Cents, debit positive.
    pub amount_cents: i64,
    /// CAS01.
    pub group_code: String,
    /// CARC, or the PLB reason.
    pub reason: String,
}

impl Tx<'_> {
    /// Remittances under a key: more than one is a conflict.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittances_by_key(&self, mac: &[u8; 32]) -> StoreResult<Vec<(RemittanceRow, Vec<u8>)>> {
        let sql = format!("{REMITTANCE} AND remittance_mac = ?2 ORDER BY remittance_id");
        self.rows(&sql, (self.practice_id(), mac), |row| Ok((remittance_row(row)?, row.get(9)?)))
    }

    /// All remittances.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittances(&self) -> StoreResult<Vec<RemittanceRow>> {
        self.rows(&format!("{REMITTANCE} ORDER BY remittance_id"), [self.practice_id()], remittance_row)
    }

    /// One remittance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittance(&self, remittance_id: u64) -> StoreResult<Option<RemittanceRow>> {
        let sql = format!("{REMITTANCE} AND remittance_id = ?2");
        self.row(&sql, (self.practice_id(), remittance_id), remittance_row)
    }

    /// HMACs of what tells a remittance from others: of its key, and of its content. A store that was put back has the same of the same.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittance_macs(&self, remittance_id: u64) -> StoreResult<(Vec<u8>, Vec<u8>)> {
        let macs = self.row(
            "SELECT remittance_mac, content_mac FROM remittance WHERE practice_id = ?1 AND remittance_id = ?2",
            (self.practice_id(), remittance_id),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        macs.ok_or(StoreError::Missing { what: "remittance", id: remittance_id })
    }

    /// What names a remittance outside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittance_names(&self, remittance_id: u64) -> StoreResult<RemittanceNames> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM remittance WHERE practice_id = ?1 AND remittance_id = ?2",
            (self.practice_id(), remittance_id),
            |row| row.get(0),
        )?;
        let sealed = sealed.ok_or(StoreError::Missing { what: "remittance", id: remittance_id })?;
        self.unseal_json("remittance", remittance_id, &sealed)
    }

    /// Adds a remittance. Returns its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_remittance(
        &self,
        row: &RemittanceRow,
        macs: (&[u8; 32], &[u8; 32]),
        names: &RemittanceNames,
    ) -> StoreResult<u64> {
        let remittance_id = self.next_id("remittance", "remittance_id")?;
        let body = self.seal_json("remittance", remittance_id, names)?;
        self.execute(
            "INSERT INTO remittance (practice_id, remittance_id, remittance_mac, content_mac, payer_id, amount_cents, paid_day,
             state, difference_cents, clp_count, decision_count, document_id, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            (
                self.practice_id(),
                remittance_id,
                macs.0,
                macs.1,
                &row.payer_id,
                row.amount_cents,
                row.paid_day,
                &row.state,
                row.difference_cents,
                row.clp_count,
                row.decision_count,
                row.document_id,
                body,
            ),
        )?;
        Ok(remittance_id)
    }

    /// Parks or posts a remittance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_remittance_state(&self, remittance_id: u64, state: &str) -> StoreResult<()> {
        self.execute(
            "UPDATE remittance SET state = ?3 WHERE practice_id = ?1 AND remittance_id = ?2",
            (self.practice_id(), remittance_id, state),
        )?;
        Ok(())
    }

    /// Notes how many of a remittance's CLPs were posted decisions.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_remittance_decisions(&self, remittance_id: u64, count: u64) -> StoreResult<()> {
        self.execute(
            "UPDATE remittance SET decision_count = ?3 WHERE practice_id = ?1 AND remittance_id = ?2",
            (self.practice_id(), remittance_id, count),
        )?;
        Ok(())
    }

    /// The other contents under a remittance's key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittances_beside(&self, remittance_id: u64) -> StoreResult<Vec<RemittanceRow>> {
        let sql = format!(
            "{REMITTANCE} AND remittance_id <> ?2 AND remittance_mac =
             (SELECT remittance_mac FROM remittance WHERE practice_id = ?1 AND remittance_id = ?2) ORDER BY remittance_id"
        );
        self.rows(&sql, (self.practice_id(), remittance_id), remittance_row)
    }

    /// What of each remittance belongs to no claim: the balance of `unapplied`, cents. Remittances with none are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unapplied_by_remittance(&self) -> StoreResult<std::collections::BTreeMap<u64, i64>> {
        let rows = self.rows(
            "SELECT remittance_id, -SUM(amount_cents) AS unapplied FROM posting
             WHERE practice_id = ?1 AND account = 'unapplied' AND remittance_id IS NOT NULL
             GROUP BY remittance_id HAVING unapplied <> 0",
            [self.practice_id()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Gives the CLPs of a remittance that no longer posts its state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_remittance_claims_state(&self, remittance_id: u64, state: &str) -> StoreResult<()> {
        self.execute(
            "UPDATE remittance_claim SET state = ?3 WHERE practice_id = ?1 AND remittance_id = ?2",
            (self.practice_id(), remittance_id, state),
        )?;
        Ok(())
    }

    /// Adds one CLP with what it says, or writes it anew: a remittance may post again after it was parked. `named` is our id of the
    /// payer and its number of the claim (CLP07): by these a CLP without a claim is found again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_remittance_claim<T: Serialize>(
        &self,
        row: &RemittanceClaimRow,
        named: (&str, &str),
        body: &T,
    ) -> StoreResult<()> {
        let sealed = self.seal_json("remittance_claim", clp_row(row.remittance_id, row.ordinal), body)?;
        self.execute(
            "INSERT OR REPLACE INTO remittance_claim (practice_id, remittance_id, ordinal, claim_id, version, matched_by, state,
             paid_cents, difference_cents, number_mac, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            (
                self.practice_id(),
                row.remittance_id,
                row.ordinal,
                row.claim.map(|claim| claim.0),
                row.claim.map(|claim| claim.1),
                &row.matched_by,
                &row.state,
                row.paid_cents,
                row.difference_cents,
                self.number_mac(row, named),
                sealed,
            ),
        )?;
        Ok(())
    }

    /// By which a CLP without a claim is found; none for the others.
    fn number_mac(&self, row: &RemittanceClaimRow, (payer_id, number): (&str, &str)) -> Option<[u8; 32]> {
        let is_sought = row.claim.is_none() && !number.is_empty();
        is_sought.then(|| self.lookup("remittance-number", &[payer_id.as_bytes(), number.as_bytes()]))
    }

    /// Whether a CLP is found by its payer and number, or not, as it should be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_named_right(&self, row: &RemittanceClaimRow, named: (&str, &str)) -> StoreResult<bool> {
        let kept: Option<Option<Vec<u8>>> = self.row(
            "SELECT number_mac FROM remittance_claim WHERE practice_id = ?1 AND remittance_id = ?2 AND ordinal = ?3",
            (self.practice_id(), row.remittance_id, row.ordinal),
            |row| row.get(0),
        )?;
        Ok(kept.flatten().as_deref() == self.number_mac(row, named).as_ref().map(<[u8; 32]>::as_slice))
    }

    /// CLPs of posted remittances that a payer has paid under its number of a claim, and that have no claim yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unapplied_under(&self, payer_id: &str, number: &str) -> StoreResult<Vec<(u64, u32)>> {
        if number.is_empty() {
            return Ok(Vec::new());
        }
        self.rows(
            "SELECT remittance_id, ordinal FROM remittance_claim
             WHERE practice_id = ?1 AND number_mac = ?2 AND state = 'unapplied' ORDER BY remittance_id, ordinal",
            (self.practice_id(), self.lookup("remittance-number", &[payer_id.as_bytes(), number.as_bytes()])),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The CLPs of a remittance, or of a lineage.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittance_claims(
        &self,
        remittance_id: Option<u64>,
        claim_id: Option<u64>,
    ) -> StoreResult<Vec<RemittanceClaimRow>> {
        let (filter, id) = match (remittance_id, claim_id) {
            (Some(id), _) => ("AND remittance_id = ?2", id),
            (None, Some(id)) => ("AND claim_id = ?2", id),
            (None, None) => ("AND ?2 = 0", 0),
        };
        let sql = format!(
            "SELECT remittance_id, ordinal, claim_id, version, matched_by, state, paid_cents, difference_cents
             FROM remittance_claim WHERE practice_id = ?1 {filter} ORDER BY remittance_id, ordinal"
        );
        self.rows(&sql, (self.practice_id(), id), |row| {
            let claim_id: Option<u64> = row.get(2)?;
            let version: Option<u32> = row.get(3)?;
            Ok(RemittanceClaimRow {
                remittance_id: row.get(0)?,
                ordinal: row.get(1)?,
                claim: claim_id.zip(version),
                matched_by: row.get(4)?,
                state: row.get(5)?,
                paid_cents: row.get(6)?,
                difference_cents: row.get(7)?,
            })
        })
    }

    /// What one CLP said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remittance_claim_body<T: serde::de::DeserializeOwned>(
        &self,
        remittance_id: u64,
        ordinal: u32,
    ) -> StoreResult<T> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM remittance_claim WHERE practice_id = ?1 AND remittance_id = ?2 AND ordinal = ?3",
            (self.practice_id(), remittance_id, ordinal),
            |row| row.get(0),
        )?;
        let sealed = sealed.ok_or(StoreError::Missing { what: "remittance claim", id: remittance_id })?;
        self.unseal_json("remittance_claim", clp_row(remittance_id, ordinal), &sealed)
    }

    /// Appends entries to the ledger.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post(&self, postings: &[PostingRow], day: i64) -> StoreResult<()> {
        let first = self.next_ids("posting", "posting_id", postings.len())?;
        for (posting_id, posting) in (first..).zip(postings) {
            self.insert(
                "posting",
                Known::Fails,
                &[
                    ("practice_id", &self.practice_id()),
                    ("posting_id", &posting_id),
                    ("remittance_id", &posting.remittance_id),
                    ("claim_id", &posting.claim.map(|claim| claim.0)),
                    ("version", &posting.claim.map(|claim| claim.1)),
                    ("line", &posting.line),
                    ("payer_id", &posting.payer_id),
                    ("account", &posting.account),
                    ("amount_cents", &posting.amount_cents),
                    ("group_code", &posting.group_code),
                    ("reason", &posting.reason),
                    ("posted_day", &day),
                ],
            )?;
            self.note_posting(&posting.account, day, posting.amount_cents);
        }
        Ok(())
    }

    /// Entries of a lineage, of a remittance, or all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn postings(&self, claim_id: Option<u64>, remittance_id: Option<u64>) -> StoreResult<Vec<PostingRow>> {
        // One statement a way in, so that each walks its own index.
        let (filter, id) = match (claim_id, remittance_id) {
            (Some(id), _) => ("AND claim_id = ?2", id),
            (None, Some(id)) => ("AND remittance_id = ?2", id),
            (None, None) => ("AND ?2 = 0", 0),
        };
        let sql = format!(
            "SELECT remittance_id, claim_id, version, line, payer_id, account, amount_cents, group_code, reason FROM posting
             WHERE practice_id = ?1 {filter} ORDER BY posting_id"
        );
        self.rows(&sql, (self.practice_id(), id), |row| {
            let claim_id: Option<u64> = row.get(1)?;
            let version: Option<u32> = row.get(2)?;
            Ok(PostingRow {
                remittance_id: row.get(0)?,
                claim: claim_id.zip(version),
                line: row.get(3)?,
                payer_id: row.get(4)?,
                account: row.get(5)?,
                amount_cents: row.get(6)?,
                group_code: row.get(7)?,
                reason: row.get(8)?,
            })
        })
    }
}

pub(super) const REMITTANCE: &str = "SELECT remittance_id, payer_id, amount_cents, paid_day, state, difference_cents, \
                          document_id, clp_count, decision_count, content_mac FROM remittance WHERE practice_id = ?1";

pub(super) fn remittance_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<RemittanceRow> {
    Ok(RemittanceRow {
        remittance_id: row.get(0)?,
        payer_id: row.get(1)?,
        amount_cents: row.get(2)?,
        paid_day: row.get(3)?,
        state: row.get(4)?,
        difference_cents: row.get(5)?,
        document_id: row.get(6)?,
        clp_count: row.get(7)?,
        decision_count: row.get(8)?,
    })
}

/// The row id that a CLP is sealed under.
pub(super) fn clp_row(remittance_id: u64, ordinal: u32) -> u64 {
    remittance_id.wrapping_shl(24) ^ u64::from(ordinal)
}
