//! Lineages: whose they are, where they stand, and the rows of a visit or a patient.

use super::ClaimRow;
use crate::store::figures::Marks;
use crate::store::{Known, StoreResult, Tx};

impl Tx<'_> {
    /// Adds a lineage. Its versions follow.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn add_claim(&self, claim: &ClaimRow, patient_mac: &[u8; 32]) -> StoreResult<()> {
        self.insert(
            "claim",
            Known::Fails,
            &[
                ("practice_id", &self.practice_id()),
                ("claim_id", &claim.claim_id),
                ("visit_id", &claim.visit_id),
                ("patient_mac", &patient_mac),
                ("payer_id", &claim.payer_id),
                ("route", &claim.route),
                ("state", &claim.state),
                ("live_version", &claim.live_version),
                ("billed_cents", &claim.billed_cents),
                ("service_from", &claim.service_from),
                ("service_to", &claim.service_to),
                ("charged_day", &claim.marks.charged_day),
                ("assembled_day", &claim.marks.assembled_day),
                ("sent_day", &claim.marks.sent_day),
                ("first_pass", &claim.marks.first_pass.as_str()),
                ("held_once", &claim.marks.held_once),
                ("corrected", &claim.marks.corrected),
                ("error_denied", &claim.marks.error_denied),
                ("closed_day", &claim.marks.closed_day),
            ],
        )?;
        Ok(())
    }

    /// The id of a new lineage. Never one that was given before: history and CLM01 of a dropped lineage stay its own.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn next_claim_id(&self) -> StoreResult<u64> {
        self.mint_id("claim")
    }

    /// Writes what changed of a lineage.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn update_claim(&self, claim: &ClaimRow) -> StoreResult<()> {
        self.execute(
            "UPDATE claim SET payer_id = ?3, route = ?4, state = ?5, live_version = ?6, billed_cents = ?7, service_from = ?8,
             service_to = ?9, charged_day = ?10, sent_day = ?11, first_pass = ?12, held_once = ?13, corrected = ?14,
             error_denied = ?15, closed_day = ?16 WHERE practice_id = ?1 AND claim_id = ?2",
            (
                self.practice_id(),
                claim.claim_id,
                &claim.payer_id,
                &claim.route,
                &claim.state,
                claim.live_version,
                claim.billed_cents,
                claim.service_from,
                claim.service_to,
                claim.marks.charged_day,
                claim.marks.sent_day,
                claim.marks.first_pass.as_str(),
                claim.marks.held_once,
                claim.marks.corrected,
                claim.marks.error_denied,
                claim.marks.closed_day,
            ),
        )?;
        Ok(())
    }

    /// Says whose claim a lineage is now: its visit names another patient id than before.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn set_patient_of_claim(&self, claim_id: u64, patient_mac: &[u8; 32]) -> StoreResult<()> {
        self.execute(
            "UPDATE claim SET patient_mac = ?3 WHERE practice_id = ?1 AND claim_id = ?2",
            (self.practice_id(), claim_id, patient_mac),
        )?;
        Ok(())
    }

    /// Removes a lineage that never left (a draft that the visit no longer has). Its history stays.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn drop_unsent_claim(&self, claim_id: u64) -> StoreResult<()> {
        for table in ["claim", "claim_version", "claim_body", "finding"] {
            let sql = format!("DELETE FROM {table} WHERE practice_id = ?1 AND claim_id = ?2");
            self.execute(&sql, (self.practice_id(), claim_id))?;
        }
        Ok(())
    }

    /// One lineage.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn claim(&self, claim_id: u64) -> StoreResult<Option<ClaimRow>> {
        self.row(&format!("{CLAIM} AND claim_id = ?2"), (self.practice_id(), claim_id), claim_row)
    }

    /// The lineages of a visit.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn claims_of_visit(&self, visit_id: u64) -> StoreResult<Vec<ClaimRow>> {
        self.rows(&format!("{CLAIM} AND visit_id = ?2 ORDER BY claim_id"), (self.practice_id(), visit_id), claim_row)
    }

    /// All lineages.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn claims(&self) -> StoreResult<Vec<ClaimRow>> {
        self.rows(&format!("{CLAIM} ORDER BY claim_id"), [self.practice_id()], claim_row)
    }

    /// A patient's lineages with a service on or after a day, be others of theirs before it: the look-back. Newest first.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn claims_of_patient(&self, patient_mac: &[u8; 32], from_day: i64) -> StoreResult<Vec<ClaimRow>> {
        self.rows(
            &format!("{CLAIM} AND patient_mac = ?2 AND service_to >= ?3 ORDER BY service_from DESC, claim_id DESC"),
            (self.practice_id(), patient_mac, from_day),
            claim_row,
        )
    }

    /// The patient of a lineage, as a look-up value.
    ///
    /// # Errors
    /// [`crate::store::StoreError`].
    pub fn patient_of_claim(&self, claim_id: u64) -> StoreResult<Option<Vec<u8>>> {
        self.row(
            "SELECT patient_mac FROM claim WHERE practice_id = ?1 AND claim_id = ?2",
            (self.practice_id(), claim_id),
            |row| row.get(0),
        )
    }
}

const CLAIM: &str = "SELECT claim_id, visit_id, payer_id, route, state, live_version, billed_cents, service_from, service_to, \
                     charged_day, assembled_day, sent_day, first_pass, held_once, corrected, error_denied, closed_day \
                     FROM claim WHERE practice_id = ?1";

fn claim_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ClaimRow> {
    Ok(ClaimRow {
        claim_id: row.get(0)?,
        visit_id: row.get(1)?,
        payer_id: row.get(2)?,
        route: row.get(3)?,
        state: row.get(4)?,
        live_version: row.get(5)?,
        billed_cents: row.get(6)?,
        service_from: row.get(7)?,
        service_to: row.get(8)?,
        marks: Marks::read(row, 9)?,
    })
}
