//! Charge capture: every visit that somebody should charge for, against the charges that came.
//!
//! `fold.rs`: a set of appointment and arrival messages to one expected visit. `settle.rs`: what became of it; `answer.rs`: which charges are its own. `worth.rs`:
//! what a gap is worth, by the practice's own history. `report.rs`: counts and dollars. Here: how news gets in.
//!
//! What becomes of an expected visit depends on the set of what is known, never on the order in which it arrived.

mod answer;
mod fold;
mod report;
mod settle;
mod worth;

pub use fold::{Expected, fold};
pub use report::{Counts, GapLine, Group, Report, report};
pub use settle::{Shown, WORK_GAP, WORK_UNCLEAR, settle};
pub use worth::{Basis, Worth, median};

use sha2::{Digest, Sha256};

use crate::claim::{Date, DateTime, ExpectedVisit, Patient, PatientIdKind, Provider, VisitUpdate, day_number, iso};
use crate::store::expected::{ExpectedRow, ExpectedState};
use crate::store::{StoreResult, Tx};

/// Adds one document's news of an expected visit. False where it is known.
///
/// # Errors
/// The store's.
pub fn expect(tx: &Tx<'_>, document_id: u64, day: i64, told: &ExpectedVisit) -> StoreResult<bool> {
    // Order is part of the content: booked, cancelled and booked again are three things.
    // Contract records hold texts and integers only, for which serialisation cannot fail.
    let digest: [u8; 32] = Sha256::digest(serde_json::to_vec(told).unwrap_or_default()).into();
    let source = source_key(tx, told);
    let is_news = tx.expect(&source, document_id, day, &digest, told)?;
    if is_news && !told.visit_number.is_empty() {
        // Before it is settled: a visit that is assembled in this turn asks for its booked day.
        tx.note_expected_key(&source, &visit_key(tx, &told.source_system, &told.visit_number))?;
    }
    Ok(is_news)
}

/// A visit has news: expected visits that it may answer are settled anew.
///
/// # Errors
/// The store's.
pub fn visit_touched(tx: &Tx<'_>, visit_id: u64, update: &VisitUpdate) -> StoreResult<()> {
    let mut keys = vec![visit_key(tx, &update.source_system, &update.visit_number)];
    let mut days: Vec<i64> = update
        .charges
        .iter()
        .flat_map(|charge| [charge.line.service_dates.start, charge.line.service_dates.end])
        .map(day_number)
        .collect();
    days.sort_unstable();
    days.dedup();
    for day in days {
        for key in patient_day_keys(tx, &update.header.patient, day) {
            tx.note_charge_day(&key, visit_id)?;
            keys.push(key);
        }
    }
    tx.touch_expected(&keys, 0)
}

/// The day that the schedule has a visit on; none where nothing names its number, or several days do.
///
/// # Errors
/// The store's.
pub fn booked_day(tx: &Tx<'_>, source_system: &str, visit_number: &str) -> StoreResult<Option<Date>> {
    let mut booked = None;
    for id in tx.expected_with(&visit_key(tx, source_system, visit_number))? {
        let Some(expected) = fold(&tx.expectations(id)?).filter(Expected::is_live) else { continue };
        let Some(day) = expected.told.start.map(|at| at.day) else { continue };
        if booked.is_some_and(|other| other != day) {
            return Ok(None);
        }
        booked = Some(day);
    }
    Ok(booked)
}

/// What makes it one expected visit: the appointment, else the visit number, else who comes when to whom.
fn source_key(tx: &Tx<'_>, told: &ExpectedVisit) -> [u8; 32] {
    let source = told.source_system.as_bytes();
    if !told.appointment_id.is_empty() {
        return tx.lookup("expected", &[b"appointment", source, told.appointment_id.as_bytes()]);
    }
    if !told.visit_number.is_empty() {
        return tx.lookup("expected", &[b"visit", source, told.visit_number.as_bytes()]);
    }
    let patient = &told.patient;
    let id = patient.ids.first().map(|id| id.value.trim().to_owned());
    let who = id.unwrap_or_else(|| {
        let born = patient.birth_date.map(iso).unwrap_or_default();
        format!("{}|{}|{born}", letters(&patient.name.last), letters(&patient.name.first))
    });
    let start = told.start.map(minutes).unwrap_or_default();
    let provider = told.provider.as_ref().map(label).unwrap_or_default();
    tx.lookup("expected", &[b"who-when", source, who.as_bytes(), &start.to_be_bytes(), provider.as_bytes()])
}

/// The visit's own look-up value, the same as `Tx::visit_of` has.
pub(crate) fn visit_key(tx: &Tx<'_>, source_system: &str, visit_number: &str) -> [u8; 32] {
    tx.lookup("visit", &[source_system.as_bytes(), visit_number.as_bytes()])
}

/// A patient on a day: by each id, and by name and birth date. An id without its authority is no proof; what it finds is
/// compared before it counts.
fn patient_day_keys(tx: &Tx<'_>, patient: &Patient, day: i64) -> Vec<[u8; 32]> {
    let day = day.to_be_bytes();
    let mut keys = Vec::new();
    for id in patient.ids.iter().filter(|id| id.kind != PatientIdKind::Account && !id.value.trim().is_empty()) {
        keys.push(tx.lookup("patient-day", &[b"id", id.value.trim().as_bytes(), &day]));
    }
    let (last, first) = (letters(&patient.name.last), letters(&patient.name.first));
    if let Some(born) = patient.birth_date.filter(|_| !last.is_empty() && !first.is_empty()) {
        keys.push(tx.lookup("patient-day", &[b"name", last.as_bytes(), first.as_bytes(), iso(born).as_bytes(), &day]));
    }
    keys
}

/// Letters and digits in upper case.
fn letters(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Gaps of which nothing but the schedule tells: no visit is there that they could be counted with.
///
/// # Errors
/// The store's.
pub fn unseen_gaps(tx: &Tx<'_>) -> StoreResult<Vec<ExpectedRow>> {
    let mut rows = tx.expected_visits(None)?;
    rows.retain(|row| row.state == ExpectedState::Gap && row.visit_id.is_none());
    Ok(rows)
}

/// Minutes since 1970-01-01 0:00 in the facility's clock.
fn minutes(at: DateTime) -> i64 {
    day_number(at.day) * 1_440 + i64::from(at.hour) * 60 + i64::from(at.minute)
}

/// What people call a provider here: name, else NPI, else the sending system's id.
fn label(provider: &Provider) -> String {
    let name = [provider.name.last.trim(), provider.name.first.trim()];
    let name: Vec<&str> = name.into_iter().filter(|part| !part.is_empty()).collect();
    if !name.is_empty() {
        return name.join(", ");
    }
    provider.npi.clone().unwrap_or_else(|| provider.local_id.clone())
}
