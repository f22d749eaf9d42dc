//! Which visits are due, and in which order they are assembled: a patient's visits by their days, whatever the order they came in.

use std::collections::{HashMap, HashSet};

use super::HostError;
use super::assemble::{Plan, carry_out};
use super::host::{Host, Practice};
use crate::store::visit::VisitRow;
use crate::store::{StoreError, StoreResult, Tx};

/// Visits that are looked at together.
const BATCH: usize = 250;

/// Moves every visit that is due. Returns how many.
pub(super) fn take(host: &Host, practice: &Practice) -> Result<u64, HostError> {
    let mut done = HashSet::new();
    let mut looked = Vec::new();
    let mut conflicts = HashSet::new();
    let mut moved = 0;
    loop {
        host.check_stop()?;
        let hold_days = i64::from(practice.profile.bill_hold_days);
        let today = host.today();
        let rows = practice.store.read(|tx| tx.visits_to_assemble(today, hold_days, BATCH + done.len()))?;
        let rows: Vec<VisitRow> = rows.into_iter().filter(|row| !done.contains(&row.visit_id)).take(BATCH).collect();
        if rows.is_empty() {
            look_again(host, practice, &looked, &conflicts)?;
            return Ok(moved);
        }
        let of = |tx: &Tx<'_>| rows.into_iter().map(|row| Plan::of(host, practice, tx, row)).collect();
        let mut all: Vec<Plan> = practice.store.read::<_, StoreError>(of)?;
        // A patient's visits are looked at one after the other, in the order of their days: the next one must see the claim
        // before it.
        all.sort_by_key(|plan| plan.days_of_service().map(|(first, _)| first));
        let mut plans = Vec::with_capacity(all.len());
        let mut patients = HashSet::new();
        for plan in all {
            if plan.waits {
                done.insert(plan.row.visit_id);
                let words =
                    "a correction waits for the payer's number of the claim it corrects (277CA REF 1K or CLP07)";
                let subject = ("visit", plan.row.visit_id);
                practice.store.write(|tx| tx.open_work("visit.correction-waits", subject, today, 0, words))?;
            } else if patients.insert(plan.patient) {
                done.insert(plan.row.visit_id);
                looked.extend(plan.days_of_service().map(|days| (plan.row.visit_id, plan.patient, days)));
                moved += 1;
                plans.push(plan);
            }
        }
        conflicts.extend(carry_out(host, practice, plans)?);
    }
}

/// A visit that was looked at: its number, its patient, its first and its last day of service.
type Seen = (u64, [u8; 32], (i64, i64));

/// Looks a second time at visits that were looked at before one of the same patient with services on their days or earlier: a
/// surgery that came in a later batch than the visit in its global period, an add-on code and its primary in two visits of a day.
/// Files have no order of days, and what is known of a patient must not depend on it. Nothing has left yet; which of two equal
/// claims is held does not change, for a held one holds no other. Of two people under one patient id (`conflicts`) it holds both.
fn look_again(host: &Host, practice: &Practice, seen: &[Seen], conflicts: &HashSet<[u8; 32]>) -> Result<(), HostError> {
    let mut earliest: HashMap<[u8; 32], i64> = HashMap::new();
    let mut left: Vec<(u64, [u8; 32])> = Vec::new();
    for (visit, patient, (first, last)) in seen.iter().rev() {
        match earliest.get_mut(patient) {
            Some(later) => {
                if *later <= *last || conflicts.contains(patient) {
                    left.push((*visit, *patient));
                }
                *later = (*later).min(*first);
            }
            None => {
                earliest.insert(*patient, *first);
            }
        }
    }
    left.reverse();
    while !left.is_empty() {
        host.check_stop()?;
        let mut patients = HashSet::new();
        let (now, later): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(_, patient)| patients.len() < BATCH && patients.insert(*patient));
        left = later;
        let plans = practice.store.read(|tx| -> StoreResult<Vec<Plan>> {
            let rows = now.iter().map(|(visit, _)| tx.visit(*visit)).collect::<StoreResult<Vec<_>>>()?;
            rows.into_iter().flatten().map(|row| Plan::of(host, practice, tx, row)).collect()
        })?;
        let plans = plans.into_iter().filter(|plan| !plan.waits && plan.has_steps()).collect();
        carry_out(host, practice, plans)?;
    }
    Ok(())
}
