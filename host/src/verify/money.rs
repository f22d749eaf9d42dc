//! Remittances: the equations of each, what it posted, and the work that it must have.

use std::collections::BTreeMap;

use super::Found;
use super::claims::Said;
use crate::store::remittance::RemittanceRow;
use crate::store::{StoreResult, Tx};

/// Goes over remittances with ids in a range.
pub(crate) fn check(tx: &Tx<'_>, from: u64, to: u64, found: &mut Found) -> StoreResult<()> {
    for row in tx.remittances_between(from, to)? {
        let result = remittance(tx, &row, found);
        found.settle("remittance", row.remittance_id, result)?;
    }
    Ok(())
}

fn remittance(tx: &Tx<'_>, row: &RemittanceRow, found: &mut Found) -> StoreResult<()> {
    let id = row.remittance_id;
    let posts = row.state == "posted";
    found.expect(
        posts || matches!(row.state.as_str(), "parked" | "set-aside"),
        "state",
        "remittance",
        id,
        "is in no state",
    );
    tx.remittance_names(id)?;
    found.expect(tx.document(row.document_id)?.is_some(), "missing", "remittance", id, "its document is not there");
    let claims = tx.remittance_claims(Some(id), None)?;
    let count = u64::try_from(claims.len()).unwrap_or(0);
    found.expect(row.clp_count == count, "count", "remittance", id, "clp_count is not the number of its CLPs");
    let (mut paid, mut unapplied, mut waiting, mut decisions) = (0, 0, false, 0);
    for (at, claim) in (0_u32..).zip(&claims) {
        found.expect(claim.ordinal == at, "missing", "remittance_claim", id, "a CLP before it is not there");
        let said: Said = tx.remittance_claim_body(id, claim.ordinal)?;
        let state =
            if posts { matches!(claim.state.as_str(), "posted" | "unapplied") } else { claim.state == row.state };
        found.expect(state, "state", "remittance_claim", id, "a CLP is in another state than its remittance");
        if let Some(payment) = &said.payment {
            decisions += u64::from(claim.state == "posted" && payment.is_decision());
            found.expect(
                payment.paid == claim.paid_cents,
                "money",
                "remittance_claim",
                id,
                "paid_cents is not what the CLP said",
            );
            let applied = !posts || payment.posted == (claim.state == "posted");
            found.expect(
                applied,
                "state",
                "remittance_claim",
                id,
                "a CLP is posted and its decision is not, or the other way round",
            );
            let balanced = payment.posted == (claim.difference_cents == 0) || payment.status == "25";
            found.expect(balanced, "money", "remittance_claim", id, "difference_cents does not fit its state");
        }
        found.expect(
            said.payment.is_some() == claim.claim.is_some(),
            "answer",
            "remittance_claim",
            id,
            "a CLP has lost its claim",
        );
        let named = tx.is_named_right(claim, (&row.payer_id, &said.payer_control_number))?;
        found.expect(named, "look-up", "remittance_claim", id, "a CLP is not found by the payer's number of its claim");
        if let Some((claim_id, version)) = claim.claim {
            let there = tx.version(claim_id, version)?.is_some();
            found.expect(there, "missing", "remittance_claim", id, "the version that a CLP pays is not there");
        }
        paid += claim.paid_cents;
        if claim.state == "unapplied" {
            unapplied += claim.paid_cents;
            waiting = true;
        }
    }
    let decided = !posts || row.decision_count == decisions;
    found.expect(decided, "count", "remittance", id, "decision_count is not the number of its decisions");
    let mut accounts: BTreeMap<String, i64> = BTreeMap::new();
    for posting in tx.postings(None, Some(id))? {
        *accounts.entry(posting.account).or_default() += posting.amount_cents;
    }
    let of = |account: &str| accounts.get(account).copied().unwrap_or(0);
    let sum: i64 = accounts.values().sum();
    let expected = |cents: i64| if posts { cents } else { 0 };
    let equations = [
        ("all its accounts", sum, 0),
        ("cash (BPR02)", of("cash"), expected(row.amount_cents)),
        ("unapplied", of("unapplied"), expected(row.difference_cents - unapplied)),
        (
            "provider adjustments (PLB)",
            of("takeback") + of("interest"),
            expected(paid - row.difference_cents - row.amount_cents),
        ),
    ];
    for (name, is, should) in equations {
        if is != should {
            found.tell("money", "remittance", id.to_string(), format!("{name} come to {is} cents, expected {should}"));
        }
    }
    let open = tx.open_work_kinds(("remittance", id))?;
    let mut needs = |kind: &str, needed: bool| {
        let what = format!("has no open work {kind}");
        found.expect(!needed || open.iter().any(|known| known == kind), "work", "remittance", id, &what);
    };
    needs("remittance.unapplied", posts && waiting);
    needs("remittance.unbalanced", posts && row.difference_cents != 0);
    if row.state == "parked" {
        // One item for a conflict, on any of the contents under the key.
        let mut has = open.iter().any(|kind| kind == "remittance.conflict");
        for other in tx.remittances_beside(id)? {
            has |= tx
                .open_work_kinds(("remittance", other.remittance_id))?
                .iter()
                .any(|kind| kind == "remittance.conflict");
        }
        found.expect(has, "work", "remittance", id, "has no open work remittance.conflict");
    }
    Ok(())
}
