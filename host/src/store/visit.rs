//! Visits and their events. State of a visit is what `crate::visit` folds from the set of its events.

use serde::{Deserialize, Serialize};

use super::{Encoded, Known, StoreResult, Tx};
use crate::claim::VisitUpdate;

/// A visit's state as the last assembly left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VisitState {
    /// Waits for its close or the end of its bill-hold.
    Open,
    /// Its charges are on claims, none sent yet.
    Assembled,
    /// At least one claim has been sent.
    Billed,
    /// Changed after it was billed.
    Amended,
    /// Did not take place.
    Cancelled,
    /// Takes place and is not billed.
    NotBillable,
    /// Closed or past its hold, without a live charge.
    MissingCharges,
}

impl VisitState {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Assembled,
        Self::Billed,
        Self::Amended,
        Self::Cancelled,
        Self::NotBillable,
        Self::MissingCharges,
    ];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assembled => "assembled",
            Self::Billed => "billed",
            Self::Amended => "amended",
            Self::Cancelled => "cancelled",
            Self::NotBillable => "not-billable",
            Self::MissingCharges => "missing-charges",
        }
    }

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Open)
    }
}

/// A visit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct VisitRow {
    /// Id within the practice.
    pub visit_id: u64,
    /// State.
    pub state: VisitState,
    /// Day its first charge arrived, as a day number.
    pub first_charge_day: Option<i64>,
    /// Day it was first heard of.
    pub first_seen_day: i64,
    /// The EHR has closed it.
    pub closed: bool,
}

/// One event as stored.
#[derive(Clone)]
pub struct StoredEvent {
    /// The document it came from.
    pub document_id: u64,
    /// Day it arrived.
    pub arrived_day: i64,
    /// What makes it one event: `crate::visit::event_digest` of its content, or of content and order where the same charge
    /// was taken back in between.
    pub digest: [u8; 32],
    /// The news itself.
    pub update: VisitUpdate,
}

/// One event to store.
pub struct NewEvent<'a> {
    /// As [`StoredEvent::document_id`].
    pub document_id: u64,
    /// As [`StoredEvent::arrived_day`].
    pub arrived_day: i64,
    /// As [`StoredEvent::digest`].
    pub digest: [u8; 32],
    /// The news itself.
    pub update: &'a VisitUpdate,
    /// The same, written down.
    pub body: &'a Encoded,
    /// It is the one that its visit was opened with ([`Tx::visit_of`]).
    pub opens: bool,
}

impl NewEvent<'_> {
    /// The day on which the visit's first charge arrives with it.
    fn charge_day(update: &VisitUpdate, day: i64) -> Option<i64> {
        (!update.charges.is_empty()).then_some(day)
    }

    fn closes(update: &VisitUpdate) -> bool {
        update.status == crate::claim::VisitStatus::Closed
    }
}

impl From<StoredEvent> for crate::visit::Event {
    /// Not `Event::new`: the digest is stored, and hashing the whole update again would cost more than the fold.
    fn from(stored: StoredEvent) -> Self {
        let VisitUpdate { order, status, header, charges, complete, doubts, .. } = stored.update;
        Self {
            document: stored.document_id.to_string(),
            order,
            digest: stored.digest,
            status,
            header,
            charges,
            complete,
            doubts,
        }
    }
}

impl Tx<'_> {
    /// Finds the visit that news are of, or opens it with them. `digest` is of the plugin that told. True where it is new: [`Tx::add_event`]
    /// follows with these news.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visit_of(&self, update: &VisitUpdate, day: i64, digest: &str) -> StoreResult<(u64, bool)> {
        let mac = self.lookup("visit", &[update.source_system.as_bytes(), update.visit_number.as_bytes()]);
        if let Some(visit_id) = self.visit_by_mac(&mac)? {
            return Ok((visit_id, false));
        }
        self.know_source_system(&update.source_system)?;
        let visit_id = self.next_id("visit", "visit_id")?;
        self.insert(
            "visit",
            Known::Fails,
            &[
                ("practice_id", &self.practice_id()),
                ("visit_id", &visit_id),
                ("visit_mac", &mac),
                ("state", &"open"),
                ("first_charge_day", &NewEvent::charge_day(update, day)),
                ("first_seen_day", &day),
                ("closed", &NewEvent::closes(update)),
                ("changed", &1_i64),
            ],
        )?;
        self.record("visit", visit_id, day, "host", "open", digest)?;
        Ok((visit_id, true))
    }

    /// Keeps the name of a source system, where it is a new one.
    fn know_source_system(&self, name: &str) -> StoreResult<()> {
        let mac = self.lookup("source-system", &[name.as_bytes()]);
        let sql = "SELECT 1 FROM source_system WHERE practice_id = ?1 AND system_mac = ?2";
        if self.row(sql, (self.practice_id(), mac), |_| Ok(()))?.is_some() {
            return Ok(());
        }
        let system_id = self.next_id("source_system", "system_id")?;
        let name = self.seal("source_system", system_id, name.as_bytes());
        self.execute(
            "INSERT INTO source_system (practice_id, system_id, system_mac, name) VALUES (?1, ?2, ?3, ?4)",
            (self.practice_id(), system_id, mac, name),
        )?;
        Ok(())
    }

    /// Every source system that a visit is of.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn source_systems(&self) -> StoreResult<Vec<String>> {
        let sql = "SELECT system_id, name FROM source_system WHERE practice_id = ?1 ORDER BY system_id";
        let rows: Vec<(u64, Vec<u8>)> = self.rows(sql, [self.practice_id()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let name = |(id, sealed): (u64, Vec<u8>)| {
            let bytes = self.practice.keys.unseal("source_system", id, &sealed)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        rows.into_iter().map(name).collect()
    }

    /// The visits with this number in the EHR, under whichever source system.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visits_numbered(&self, number: &str) -> StoreResult<Vec<u64>> {
        let found = self.source_systems()?.into_iter().map(|system| self.find_visit(&[system], number));
        Ok(found.collect::<StoreResult<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// The visit with this look-up value of source system and number.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visit_with_mac(&self, mac: &[u8; 32]) -> StoreResult<Option<u64>> {
        self.visit_by_mac(mac)
    }

    fn visit_by_mac(&self, mac: &[u8; 32]) -> StoreResult<Option<u64>> {
        self.row(
            "SELECT visit_id FROM visit WHERE practice_id = ?1 AND visit_mac = ?2",
            (self.practice_id(), mac),
            |row| row.get(0),
        )
    }

    /// Finds visits by number, in any source system the practice has. For the command line.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn find_visit(&self, source_systems: &[String], visit_number: &str) -> StoreResult<Option<u64>> {
        for system in source_systems {
            let mac = self.lookup("visit", &[system.as_bytes(), visit_number.as_bytes()]);
            if let Some(visit_id) = self.visit_by_mac(&mac)? {
                return Ok(Some(visit_id));
            }
        }
        Ok(None)
    }

    /// Adds an event; `false` where the visit has it already (the same charge in a new message).
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn add_event(&self, visit_id: u64, event: &NewEvent<'_>) -> StoreResult<bool> {
        let mac = self.lookup("event", &[&event.digest]);
        let body = self.seal_encoded("visit_event", visit_id, &[&event.digest, &event.body.0]);
        let added = self.insert(
            "visit_event",
            Known::Stays,
            &[
                ("practice_id", &self.practice_id()),
                ("visit_id", &visit_id),
                ("event_mac", &mac),
                ("document_id", &event.document_id),
                ("arrived_day", &event.arrived_day),
                ("body", &body),
            ],
        )?;
        if !added {
            return Ok(false);
        }
        if event.opens {
            return Ok(true); // its row says it already, and it has no claim
        }
        let charge_day = NewEvent::charge_day(event.update, event.arrived_day);
        let closed = NewEvent::closes(event.update);
        self.execute(
            "UPDATE visit SET changed = 1, closed = MAX(closed, ?3),
             first_charge_day = COALESCE(MIN(first_charge_day, ?4), first_charge_day, ?4)
             WHERE practice_id = ?1 AND visit_id = ?2",
            (self.practice_id(), visit_id, closed, charge_day),
        )?;
        if charge_day.is_some() {
            // A clock that was set back: an earlier arrival is the visit's first, and its claims'.
            self.execute(
                "UPDATE claim SET charged_day = ?3 WHERE practice_id = ?1 AND visit_id = ?2 AND charged_day > ?3",
                (self.practice_id(), visit_id, charge_day),
            )?;
        }
        Ok(true)
    }

    /// The document that told an event.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn document_of_event(&self, visit_id: u64, digest: &[u8; 32]) -> StoreResult<Option<u64>> {
        let mac = self.lookup("event", &[digest]);
        self.row(
            "SELECT document_id FROM visit_event WHERE practice_id = ?1 AND visit_id = ?2 AND event_mac = ?3",
            (self.practice_id(), visit_id, mac),
            |row| row.get(0),
        )
    }

    /// All events of a visit, in no order that matters.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn events(&self, visit_id: u64) -> StoreResult<Vec<StoredEvent>> {
        let rows: Vec<(u64, i64, Vec<u8>)> = self.rows(
            "SELECT document_id, arrived_day, body FROM visit_event WHERE practice_id = ?1 AND visit_id = ?2",
            (self.practice_id(), visit_id),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        rows.into_iter()
            .map(|(document_id, arrived_day, body)| {
                let broken = super::SealError::NotARecord { table: "visit_event", row: visit_id };
                let bytes = self.practice.keys.unseal("visit_event", visit_id, &body)?;
                let event = bytes.split_first_chunk().and_then(|(digest, update)| {
                    let update = serde_json::from_slice(update).ok()?;
                    Some(StoredEvent { document_id, arrived_day, digest: *digest, update })
                });
                Ok(event.ok_or(broken)?)
            })
            .collect()
    }

    /// Visits that these documents told of.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visits_of_documents(&self, documents: &[u64]) -> StoreResult<Vec<u64>> {
        let wanted = serde_json::json!(documents).to_string();
        self.rows(
            "SELECT DISTINCT visit_id FROM visit_event
             WHERE practice_id = ?1 AND document_id IN (SELECT value FROM json_each(?2)) ORDER BY visit_id",
            (self.practice_id(), wanted),
            |row| row.get(0),
        )
    }

    /// Visits that may have to move: changed since the last assembly, or open and older than the hold.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visits_to_assemble(&self, as_of_day: i64, hold_days: i64, limit: usize) -> StoreResult<Vec<VisitRow>> {
        // Two statements, so that each walks its own partial index: what is settled is never looked at.
        let sql = format!(
            "{VISIT} AND changed = 1 AND (state <> 'open' OR closed = 1)
             UNION {VISIT} AND state = 'open' AND COALESCE(first_charge_day, first_seen_day) + ?3 <= ?2
             ORDER BY visit_id LIMIT ?4"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.rows(&sql, (self.practice_id(), as_of_day, hold_days, limit), visit_row)
    }

    /// Looks again at every visit with a held claim: what held it (profile, rules, the day) may have changed.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn look_again_at_held(&self) -> StoreResult<usize> {
        self.execute(
            "UPDATE visit SET changed = 1 WHERE practice_id = ?1 AND visit_id IN
             (SELECT visit_id FROM claim WHERE practice_id = ?1 AND state = 'held')",
            [self.practice_id()],
        )
    }

    /// Looks again at visits whose correction nobody could send: the payer may take it now.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn look_again_at_amendments(&self) -> StoreResult<usize> {
        self.execute(
            "UPDATE visit SET changed = 1 WHERE practice_id = ?1 AND visit_id IN
             (SELECT subject_id FROM work_item WHERE practice_id = ?1 AND subject_kind = 'visit' AND kind = 'visit.amendment'
              AND closed_day IS NULL)",
            [self.practice_id()],
        )
    }

    /// Looks again at visits of a patient with claims in a state, one visit excepted.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn look_again_at_patient(&self, patient: &[u8], state: &str, except: u64) -> StoreResult<usize> {
        self.execute(
            "UPDATE visit SET changed = 1 WHERE practice_id = ?1 AND visit_id <> ?4 AND visit_id IN
             (SELECT visit_id FROM claim WHERE practice_id = ?1 AND patient_mac = ?2 AND state = ?3)",
            (self.practice_id(), patient, state, except),
        )
    }

    /// Looks again at one visit.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn look_again_at(&self, visit_id: u64) -> StoreResult<()> {
        self.execute(
            "UPDATE visit SET changed = 1 WHERE practice_id = ?1 AND visit_id = ?2",
            (self.practice_id(), visit_id),
        )?;
        Ok(())
    }

    /// One visit.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visit(&self, visit_id: u64) -> StoreResult<Option<VisitRow>> {
        self.row(&format!("{VISIT} AND visit_id = ?2"), (self.practice_id(), visit_id), visit_row)
    }

    /// All visits.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visits(&self) -> StoreResult<Vec<VisitRow>> {
        self.rows(&format!("{VISIT} ORDER BY visit_id"), [self.practice_id()], visit_row)
    }

    /// Gives a visit its state after an assembly, and records the move where it moved.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn set_visit(&self, visit: &VisitRow, state: VisitState, day: i64) -> StoreResult<()> {
        self.execute(
            "UPDATE visit SET state = ?3, changed = 0 WHERE practice_id = ?1 AND visit_id = ?2",
            (self.practice_id(), visit.visit_id, state.as_str()),
        )?;
        if state != visit.state {
            self.record("visit", visit.visit_id, day, "host", state.as_str(), "")?;
        }
        Ok(())
    }

    /// `billed` is itself a fact: the first claim of the visit has left.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visit_billed(&self, visit_id: u64, day: i64) -> StoreResult<()> {
        let moved = self.execute(
            "UPDATE visit SET state = 'billed' WHERE practice_id = ?1 AND visit_id = ?2 AND state = 'assembled'",
            (self.practice_id(), visit_id),
        )?;
        if moved == 1 { self.record("visit", visit_id, day, "host", "billed", "") } else { Ok(()) }
    }

    /// Visits by state.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn visit_counts(&self) -> StoreResult<Vec<(String, u64)>> {
        self.counts("visit", "state")
    }
}

pub(super) const VISIT: &str =
    "SELECT visit_id, state, first_charge_day, first_seen_day, closed FROM visit WHERE practice_id = ?1";

pub(super) fn visit_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<VisitRow> {
    let state: String = row.get(1)?;
    Ok(VisitRow {
        visit_id: row.get(0)?,
        state: VisitState::parse(&state),
        first_charge_day: row.get(2)?,
        first_seen_day: row.get(3)?,
        closed: row.get(4)?,
    })
}

#[cfg(test)]
mod tests {
    use crate::claim::VisitUpdate;
    use crate::store::{MasterKey, Store, StoreError};
    use crate::visit::samples::update;

    #[test]
    fn a_number_is_found_under_every_source_system_however_few_visits_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db"), MasterKey::generate().unwrap()).unwrap();
        let practice = store.practice("p").unwrap();
        let of = |system: &str, number: String| VisitUpdate {
            source_system: system.into(),
            visit_number: number,
            ..update(1)
        };
        practice
            .write(|tx| -> Result<(), StoreError> {
                for at in 0..300 {
                    // One in the middle is of a system of its own, and has the number of the first.
                    let (system, number) = if at == 150 { ("LAB", 0) } else { ("EHR", at) };
                    tx.visit_of(&of(system, format!("V{number}")), 20_000, "")?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(practice.read(|tx| tx.source_systems()).unwrap(), ["EHR", "LAB"]);
        assert_eq!(practice.read(|tx| tx.visits_numbered("V0")).unwrap(), [1, 151]);
        assert_eq!(practice.read(|tx| tx.visits_numbered("V7")).unwrap(), [8]);
        assert!(practice.read(|tx| tx.visits_numbered("V150")).unwrap().is_empty());
    }
}
