//! What `kpi` counts of a lineage: its marks against versions and facts, its denials against what CLPs said.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Found;
use crate::claim::{Adjustment, AdjustmentGroup};
use crate::lifecycle::{Payment, Recounted, Told, VersionState, is_closed};
use crate::remit::{Share, classify};
use crate::store::claim::ClaimRow;
use crate::store::{StoreResult, Tx};

/// What a CLP said, as far as denials go.
#[derive(Deserialize)]
struct Said {
    adjustments: Vec<Adjustment>,
    lines: Vec<SaidLine>,
    payment: Option<Payment>,
}

#[derive(Deserialize)]
struct SaidLine {
    adjustments: Vec<Adjustment>,
}

/// CAS01 as the guide has it.
const GROUPS: [&str; 5] = ["CO", "CR", "OA", "PI", "PR"];

/// Remittance, CLP, group and reason, with the cents that were denied under them.
type Denied = BTreeMap<(u64, u32, String, String), i64>;

/// Goes over the marks and denials of one lineage.
pub(super) fn claim(tx: &Tx<'_>, claim: &ClaimRow, recounted: &Recounted, found: &mut Found) -> StoreResult<()> {
    let (id, marks) = (claim.claim_id, &claim.marks);
    let Told { sent_day, first_pass, corrected, error_denied } = recounted.told;
    found.expect(marks.sent_day == sent_day, "day", "claim", id, "sent_day is not that of its first sending");
    let pass = marks.first_pass == first_pass;
    found.expect(pass, "state", "claim", id, "first_pass is not what the facts of its first sending say");
    found.expect(marks.corrected == corrected, "state", "claim", id, "corrected is not what its versions say");
    let denied = marks.error_denied == error_denied;
    found.expect(denied, "state", "claim", id, "error_denied is not what its denials say");
    let held = recounted.states.iter().any(|(_, state)| *state == VersionState::Held);
    found.expect(marks.held_once || !held, "state", "claim", id, "held_once is not set, and a version is held");
    let closed = marks.closed_day.is_some() == is_closed(recounted);
    found.expect(closed, "day", "claim", id, "closed_day does not fit its state");
    if let Some(first) = tx.version(id, 1)? {
        let made = marks.assembled_day == first.created_day;
        found.expect(made, "day", "claim", id, "assembled_day is not that of its first version");
    }
    if !tx.visit_is_changed(claim.visit_id)?
        && let Some(visit) = tx.visit(claim.visit_id)?
    {
        let charged = marks.charged_day == visit.first_charge_day;
        found.expect(charged, "day", "claim", id, "charged_day is not that of its visit");
    }
    denials(tx, id, found)
}

fn denials(tx: &Tx<'_>, id: u64, found: &mut Found) -> StoreResult<()> {
    let mut said = Denied::new();
    for row in tx.remittance_claims(None, Some(id))? {
        if row.state != "posted" {
            continue;
        }
        let of: Said = tx.remittance_claim_body(row.remittance_id, row.ordinal)?;
        if !of.payment.as_ref().is_some_and(Payment::is_decision) {
            continue;
        }
        for adjustment in of.adjustments.iter().chain(of.lines.iter().flat_map(|line| &line.adjustments)) {
            let group = group(adjustment.group);
            if classify(&group, &adjustment.reason) == Share::Denied {
                let key = (row.remittance_id, row.ordinal, group.as_str().to_owned(), adjustment.reason.clone());
                *said.entry(key).or_default() += adjustment.amount;
            }
        }
    }
    let mut kept = Denied::new();
    for row in tx.denials_of(id)? {
        if let Some(remittance) = tx.remittance(row.remittance_id)? {
            let of = (row.payer_id == remittance.payer_id, row.paid_day == remittance.paid_day);
            found.expect(of == (true, true), "day", "denial", id, "payer or day is not that of its remittance");
        }
        let key = (row.remittance_id, row.ordinal, row.group_code, row.reason);
        if GROUPS.contains(&key.2.as_str()) {
            kept.insert(key, row.amount_cents);
        } else {
            // A CAS01 that no guide has: kept as it came, and among other adjustments in what was decided.
            *said.entry((key.0, key.1, "OA".to_owned(), key.3)).or_default() -= row.amount_cents;
        }
    }
    said.retain(|_, cents| *cents > 0);
    found.expect(kept == said, "money", "denial", id, "what is kept of its denials is not what payers said");
    Ok(())
}

fn group(group: AdjustmentGroup) -> claimhost_x12::remittance::GroupCode {
    use claimhost_x12::remittance::GroupCode;
    match group {
        AdjustmentGroup::Contractual => GroupCode::Contractual,
        AdjustmentGroup::Correction => GroupCode::Correction,
        AdjustmentGroup::PayerInitiated => GroupCode::PayerInitiated,
        AdjustmentGroup::Patient => GroupCode::PatientResponsibility,
        AdjustmentGroup::Other => GroupCode::Other,
    }
}
