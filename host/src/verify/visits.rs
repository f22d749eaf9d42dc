//! Visits: their number, days and state against their events and claims; each live charge on one live claim.

use std::collections::BTreeSet;

use super::{Found, claims};
use crate::claim::{VisitStatus, VisitUpdate};
use crate::lifecycle::fold_visit;
use crate::store::visit::{StoredEvent, VisitRow, VisitState};
use crate::store::{StoreResult, Tx};
use crate::visit::{ChargeKey, Event};

/// Goes over visits with ids in a range. Returns how many visits and lineages that were.
pub(super) fn check(
    tx: &Tx<'_>,
    clearing: Option<&Tx<'_>>,
    from: u64,
    to: u64,
    found: &mut Found,
) -> StoreResult<(u64, u64)> {
    let (mut visits, mut lineages) = (0, 0);
    let mut systems = None;
    let listed = tx.source_systems().map(|known| systems = Some(known));
    found.settle("source_system", 0, listed)?;
    for row in tx.visits_between(from, to)? {
        visits += 1;
        let mut claims = 0;
        let result = visit(tx, clearing, &row, systems.as_deref(), &mut claims, found);
        found.settle("visit", row.visit_id, result)?;
        lineages += claims;
    }
    Ok((visits, lineages))
}

fn visit(
    tx: &Tx<'_>,
    clearing: Option<&Tx<'_>>,
    row: &VisitRow,
    systems: Option<&[String]>,
    lineages: &mut u64,
    found: &mut Found,
) -> StoreResult<()> {
    let id = row.visit_id;
    // Claims first: what events cannot tell must not hide what they can.
    let mut live: BTreeSet<ChargeKey> = BTreeSet::new();
    let (mut left, mut doubled, mut claims) = (false, false, 0_u64);
    for claim in tx.claims_of_visit(id)? {
        claims += 1;
        let mut of = claims::Lineage::default();
        let result = claims::check(tx, clearing, &claim, &mut of, found);
        found.settle("claim", claim.claim_id, result)?;
        left |= of.left;
        for key in of.charges {
            doubled |= !live.insert(key);
        }
    }
    *lineages = claims;
    found.expect(!doubled, "charge", "visit", id, "one of its charges is on two live claims");
    let events = tx.events(id)?;
    found.expect(!events.is_empty(), "missing", "visit", id, "it has no event");
    of_events(tx, row, &events, found)?;
    let named = |event: &StoredEvent| systems.is_none_or(|known| known.contains(&event.update.source_system));
    let what = "its source system is not listed: its number does not find it";
    found.expect(events.iter().all(named), "look-up", "source_system", id, what);
    let state = match row.state {
        VisitState::Open => live.is_empty(),
        VisitState::MissingCharges => claims == 0 || live.is_empty(),
        VisitState::Assembled => claims > 0 && !left,
        VisitState::Billed => left,
        VisitState::Amended => claims > 0,
        VisitState::Cancelled | VisitState::NotBillable => live.is_empty() || left,
    };
    found.expect(state, "state", "visit", id, "its claims say another state");
    if !tx.visit_is_changed(id)? {
        folded(tx, row, events, &live, found)?;
    }
    Ok(())
}

/// What every event says by itself.
fn of_events(tx: &Tx<'_>, row: &VisitRow, events: &[StoredEvent], found: &mut Found) -> StoreResult<()> {
    let id = row.visit_id;
    let named =
        |update: &VisitUpdate| tx.lookup("visit", &[update.source_system.as_bytes(), update.visit_number.as_bytes()]);
    let mut macs: Vec<Vec<u8>> = Vec::with_capacity(events.len());
    let mut known = None;
    for event in events {
        let mac = named(&event.update);
        if known != Some(mac) {
            found.expect(
                tx.visit_with_mac(&mac)? == Some(id),
                "look-up",
                "visit",
                id,
                "an event is of another visit number",
            );
            known = Some(mac);
        }
        macs.push(tx.lookup("event", &[&event.digest]).to_vec());
        let document = tx.document(event.document_id)?;
        found.expect(document.is_some(), "missing", "visit", id, "the document of an event is not there");
    }
    macs.sort();
    found.expect(
        macs == tx.event_macs(id)?,
        "look-up",
        "visit_event",
        id,
        "the look-up value of an event is another one",
    );
    let charged = events.iter().filter(|event| !event.update.charges.is_empty()).map(|event| event.arrived_day).min();
    found.expect(row.first_charge_day == charged, "day", "visit", id, "first_charge_day is not that of its events");
    let seen = events.iter().any(|event| event.arrived_day == row.first_seen_day);
    found.expect(seen, "day", "visit", id, "first_seen_day is not that of an event");
    let closed = events.iter().any(|event| event.update.status == VisitStatus::Closed);
    found.expect(row.closed == closed, "state", "visit", id, "closed is not what its events say");
    Ok(())
}

/// What all events together say, where the last assembly has seen every one of them.
fn folded(
    tx: &Tx<'_>,
    row: &VisitRow,
    events: Vec<StoredEvent>,
    live: &BTreeSet<ChargeKey>,
    found: &mut Found,
) -> StoreResult<()> {
    let id = row.visit_id;
    let events: Vec<Event> = events.into_iter().map(Event::from).collect();
    let folded = fold_visit(tx, id, &events)?;
    let status = match folded.status {
        VisitStatus::Cancelled => row.state == VisitState::Cancelled,
        VisitStatus::NotBillable => row.state == VisitState::NotBillable,
        VisitStatus::Closed | VisitStatus::Unchanged => {
            row.state != VisitState::Cancelled && (row.state != VisitState::NotBillable || folded.taken_back)
        }
    };
    found.expect(status, "state", "visit", id, "its events fold to another state");
    let on_claims = matches!(row.state, VisitState::Assembled | VisitState::Billed | VisitState::Amended);
    if on_claims && tx.open_work_kinds(("visit", id))?.is_empty() {
        let wanted: BTreeSet<ChargeKey> = folded.charges.into_iter().map(|charge| charge.key).collect();
        found.expect(wanted.is_subset(live), "charge", "visit", id, "a live charge is on no live claim");
        found.expect(
            live.is_subset(&wanted),
            "charge",
            "visit",
            id,
            "a charge that no longer lives is on a live claim",
        );
    }
    Ok(())
}
