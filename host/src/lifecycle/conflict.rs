//! Two remittances under one key with different contents: both are parked, what was posted is taken back, until an operator
//! chooses one. The other is set aside; a wrong choice is corrected by another one.

use std::collections::BTreeMap;

use claimhost_x12::Transmission;
use claimhost_x12::remittance::{self, Remittance};

use super::handover;
use super::host::Host;
use super::payment::{Books, Decision};
use super::refold::refold;
use super::{Fact, HostError, VersionState, answers};
use crate::store::claim::VersionRow;
use crate::store::remittance::{PostingRow, RemittanceRow};
use crate::store::{StoreError, StoreResult, Tx};

/// What came of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// It is posted now; these are set aside.
    Posted(Vec<u64>),
    /// It was chosen before; these are set aside.
    Already(Vec<u64>),
    /// No other content came under its key: there is nothing to choose.
    NoConflict,
    /// There is no such remittance.
    Unknown,
}

impl Host {
    /// Posts one of several contents under a key and sets the others aside.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn choose_remittance(&self, practice: &str, remittance_id: u64) -> Result<Choice, HostError> {
        let Some(store) = self.practice_store(practice) else { return Ok(Choice::Unknown) };
        self.clearing.write(|tx| {
            let own = tx.tenant(&store);
            let Some(chosen) = own.remittance(remittance_id)? else { return Ok(Choice::Unknown) };
            let others = own.remittances_beside(remittance_id)?;
            let ids: Vec<u64> = others.iter().map(|other| other.remittance_id).collect();
            if others.is_empty() {
                return Ok(Choice::NoConflict);
            }
            if chosen.state == "posted" {
                return Ok(Choice::Already(ids));
            }
            let today = self.today();
            for other in &others {
                set_aside(&own, other, remittance_id, today)?;
            }
            self.post_again(tx, &own, &chosen)?;
            for id in ids.iter().chain([&remittance_id]) {
                own.close_work(Some("remittance.conflict"), ("remittance", *id), today)?;
            }
            Ok(Choice::Posted(ids))
        })
    }

    /// Reads a remittance anew from the file it came in, and posts it.
    fn post_again(&self, tx: &Tx<'_>, own: &Tx<'_>, chosen: &RemittanceRow) -> Result<(), HostError> {
        let remittance = read_again(tx, own, chosen)?;
        own.set_remittance_state(chosen.remittance_id, "posted")?;
        own.record("remittance", chosen.remittance_id, self.today(), "operator", "chosen, posted", "")?;
        Books::of(self, own, chosen).post(&remittance)
    }
}

/// A remittance as its bytes say it, in the clearing tenant's file.
pub(super) fn read_again(tx: &Tx<'_>, own: &Tx<'_>, row: &RemittanceRow) -> Result<Remittance, HostError> {
    let missing = || StoreError::Missing { what: "the original of remittance", id: row.remittance_id };
    let source = own.document_detail(row.document_id)?;
    let number = |key: &str| source.get(key).and_then(serde_json::Value::as_u64);
    let file = number("file").map(|file_id| tx.file(file_id)).transpose()?.flatten().ok_or_else(missing)?;
    let bytes = answers::bytes_of(tx, &file)?;
    let read = remittance::read_transmission(&Transmission::read(&bytes));
    let parsed = read.transactions.into_iter().find(|parsed| Some(parsed.origin.range.start) == number("start"));
    Ok(parsed.ok_or_else(missing)?.value)
}

/// A second content has come: what stands posted is taken back. What an operator has set aside stays so.
pub(super) fn park(
    own: &Tx<'_>,
    known: &[(RemittanceRow, Vec<u8>)],
    remittance_id: u64,
    amount_cents: i64,
    day: i64,
) -> Result<(), HostError> {
    for (other, _) in known.iter().filter(|(other, _)| other.state == "posted") {
        take_back(own, other, "parked", day)?;
        let event = "parked (conflict), postings taken back";
        own.record("remittance", other.remittance_id, day, "host", event, "")?;
    }
    // One item for all of them, of the first, with the most that one of them says: whichever came first, the same.
    let subject = known.iter().map(|(other, _)| other.remittance_id).min().unwrap_or(remittance_id);
    let most = known.iter().map(|(other, _)| other.amount_cents).chain([amount_cents]).max().unwrap_or(amount_cents);
    let words = "different remittances under one trace number: choose the right one";
    own.open_work("remittance.conflict", ("remittance", subject), day, most, words)?;
    Ok(own.record("remittance", remittance_id, day, "host", "parked (conflict)", "")?)
}

fn set_aside(own: &Tx<'_>, other: &RemittanceRow, chosen: u64, day: i64) -> Result<(), HostError> {
    let taken_back = if other.state == "posted" { ", postings taken back" } else { "" };
    match other.state.as_str() {
        "set-aside" => return Ok(()),
        "posted" => take_back(own, other, "set-aside", day)?,
        _ => move_to(own, other.remittance_id, "set-aside")?,
    }
    let event = format!("set aside: remittance {chosen} was chosen{taken_back}");
    Ok(own.record("remittance", other.remittance_id, day, "operator", &event, "")?)
}

fn move_to(own: &Tx<'_>, remittance_id: u64, state: &str) -> StoreResult<()> {
    own.set_remittance_state(remittance_id, state)?;
    own.set_remittance_claims_state(remittance_id, state)
}

/// Takes back what a remittance had posted: one more entry each, never an edit; its payments no longer stand, and what they
/// left to do is no work any more.
fn take_back(own: &Tx<'_>, remittance: &RemittanceRow, state: &str, day: i64) -> Result<(), HostError> {
    let id = remittance.remittance_id;
    own.post(&opposite(own.postings(None, Some(id))?), day)?;
    crate::post::take_back(own, id, day)?;
    move_to(own, id, state)?;
    own.close_work(None, ("remittance", id), day)?;
    for row in own.remittance_claims(Some(id), None)? {
        let decision: Decision = own.remittance_claim_body(row.remittance_id, row.ordinal)?;
        if let (Some((claim_id, version)), Some(payment)) = (row.claim, decision.payment) {
            own.remove_fact(claim_id, version, &Fact::Payment(payment))?;
            own.remove_denials(claim_id, id)?;
            for later in own.versions(claim_id)?.iter().filter(|other| rests_on(other, version)) {
                own.set_version_state(later, VersionState::Superseded, None)?;
                let event = format!("version {} superseded: the payment it rests on was taken back", later.version);
                own.record("claim", claim_id, day, "host", &event, "")?;
            }
            handover::settle(own, claim_id, day)?;
            refold(own, claim_id, day, "remittance taken back")?;
        }
    }
    Ok(())
}

/// A claim to a later payer that has not left carries the decision of the version before it.
fn rests_on(other: &VersionRow, version: u32) -> bool {
    let unsent = matches!(other.state, VersionState::Held | VersionState::Ready) && other.submitted_day.is_none();
    !other.kind.is_primary() && other.version > version && unsent
}

/// The entries that bring every account a remittance has moved back to where it was.
fn opposite(postings: Vec<PostingRow>) -> Vec<PostingRow> {
    let mut net: BTreeMap<_, PostingRow> = BTreeMap::new();
    for posting in postings {
        let PostingRow { claim, line, payer_id, account, group_code, reason, .. } = &posting;
        let key = (*claim, *line, payer_id.clone(), account.clone(), group_code.clone(), reason.clone());
        let amount = posting.amount_cents;
        net.entry(key).or_insert(PostingRow { amount_cents: 0, ..posting }).amount_cents -= amount;
    }
    net.into_values().filter(|posting| posting.amount_cents != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::claim::VersionKind;

    fn posting(account: &str, amount_cents: i64) -> PostingRow {
        PostingRow {
            remittance_id: Some(1),
            claim: Some((1, 1)),
            line: 1,
            payer_id: "90001".into(),
            account: account.into(),
            amount_cents,
            group_code: String::new(),
            reason: String::new(),
        }
    }

    #[test]
    fn only_unsent_claims_to_later_payers_rest_on_a_payment() {
        let other = |version, kind, state, submitted_day| VersionRow {
            claim_id: 1,
            version,
            control_number: String::new(),
            kind,
            payer_id: String::new(),
            state,
            charge_cents: 0,
            created_day: 0,
            submitted_day,
        };
        use VersionKind::{Replacement, Secondary};
        let table = [
            (other(2, Secondary, VersionState::Held, None), true),
            (other(2, Secondary, VersionState::Ready, None), true),
            (other(2, Secondary, VersionState::Submitted, Some(1)), false),
            (other(2, Replacement, VersionState::Held, None), false),
        ];
        for (row, rests) in table {
            assert_eq!(rests_on(&row, 1), rests, "{row:?}");
            assert!(!rests_on(&row, 3), "it was before: {row:?}");
        }
    }

    #[test]
    fn what_is_taken_back_is_what_stands() {
        let posted = vec![posting("cash", 70), posting("payer-receivable", -100), posting("contractual", 30)];
        let back = opposite(posted.clone());
        assert_eq!(back.iter().map(|row| row.amount_cents).sum::<i64>(), 0);
        let cash = |rows: &[PostingRow]| {
            rows.iter().filter(|row| row.account == "cash").map(|row| row.amount_cents).collect::<Vec<_>>()
        };
        assert_eq!(cash(&back), [-70]);
        let twice = [posted.clone(), back, posted].concat();
        assert_eq!(cash(&opposite(twice.clone())), [-70], "posted, taken back, posted again: one payment stands");
        assert!(opposite([twice.clone(), opposite(twice)].concat()).is_empty());
    }
}
