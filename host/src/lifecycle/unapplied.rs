//! Money of a CLP whose claim nobody knew, put on its claim: once the payer's number of the claim is known, or by an
//! operator's word. The order of answers then leaves no trace: a 277CA that names the claim after the 835 has paid it by the
//! payer's number alone comes to the same as one before.

use super::conflict::read_again;
use super::host::Host;
use super::payment::Books;
use super::{HostError, VersionState};
use crate::claim::iso;
use crate::store::Tx;
use crate::store::acceptance::Acceptance;
use crate::store::claim::VersionRow;
use crate::store::remittance::RemittanceRow;

/// What came of an operator's word that a CLP pays a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is posted to this version of the claim.
    Posted(u32),
    /// There is no such remittance, or no such CLP in it.
    Unknown,
    /// The CLP has a claim, or its remittance posts nothing.
    NotUnapplied,
    /// No version of the claim that has left charges what the CLP says was charged (CLP03, cents).
    OtherCharge(i64),
    /// The sums of the CLP do not hold, by so many cents.
    Unbalanced(i64),
}

impl Host {
    /// Puts an unapplied CLP (by its place in the remittance, from 0) on a claim.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn apply_payment(
        &self,
        practice: &str,
        (remittance_id, ordinal): (u64, u32),
        claim_id: u64,
        (by, reason): (&str, &str),
    ) -> Result<Applied, HostError> {
        let Some(store) = self.practice_store(practice) else { return Ok(Applied::Unknown) };
        self.clearing.write(|tx| {
            let own = tx.tenant(&store);
            let Some(row) = own.remittance(remittance_id)? else { return Ok(Applied::Unknown) };
            let rows = own.remittance_claims(Some(remittance_id), None)?;
            let Some(clp) = rows.iter().find(|clp| clp.ordinal == ordinal) else { return Ok(Applied::Unknown) };
            if clp.state != "unapplied" || clp.claim.is_some() {
                return Ok(Applied::NotUnapplied);
            }
            let remittance = read_again(tx, &own, &row)?;
            let Some(claim) = usize::try_from(ordinal).ok().and_then(|at| remittance.claims.get(at)) else {
                return Ok(Applied::Unknown);
            };
            let charge = claim.charge_cents.abs();
            let Some(version) = version_of(&own, &row, claim_id, charge)? else {
                return Ok(Applied::OtherCharge(charge));
            };
            let number = version.version;
            let word = Acceptance { by: by.to_owned(), reason: reason.to_owned(), on: iso(self.as_of()) };
            let books = Books::of(self, &own, &row);
            match books.apply(ordinal, claim, (version, BY_HAND), Some(word))? {
                0 => {
                    let event = format!("CLP {} put on claim {claim_id}", ordinal + 1);
                    own.record("remittance", remittance_id, self.today(), "operator", &event, "")?;
                    Ok(Applied::Posted(number))
                }
                difference => Ok(Applied::Unbalanced(difference)),
            }
        })
    }
}

/// How the claim of such a CLP was found.
const BY_HAND: &str = "by-hand";

/// The version of a claim that a CLP can be about: it has left, with this charge; of the remittance's payer before others, the
/// newest.
fn version_of(
    own: &Tx<'_>,
    row: &RemittanceRow,
    claim_id: u64,
    charge_cents: i64,
) -> Result<Option<VersionRow>, HostError> {
    let mut versions = own.versions(claim_id)?;
    versions.retain(|version| has_left(version) && version.charge_cents == charge_cents);
    versions.sort_by_key(|version| (version.payer_id == row.payer_id, version.version));
    Ok(versions.pop())
}

/// One that has never left is nobody's to pay: what is paid for it belongs to another claim.
pub(super) fn has_left(version: &VersionRow) -> bool {
    version.submitted_day.is_some() || !matches!(version.state, VersionState::Held | VersionState::Ready)
}

/// A payer's number has become a claim's: what was paid under it, and belonged to nobody, is posted. True where something was.
pub(super) fn settle(host: &Host, tx: &Tx<'_>, own: &Tx<'_>, payer_id: &str, number: &str) -> Result<bool, HostError> {
    let mut posted = false;
    for (remittance_id, ordinal) in own.unapplied_under(payer_id, number)? {
        let Some(row) = own.remittance(remittance_id)? else { continue };
        let remittance = read_again(tx, own, &row)?;
        let Some(claim) = usize::try_from(ordinal).ok().and_then(|at| remittance.claims.get(at)) else { continue };
        let books = Books::of(host, own, &row);
        let (Some(version), matched_by) = books.find(claim)? else { continue };
        if books.apply(ordinal, claim, (version, matched_by), None)? == 0 {
            let event = format!("CLP {} posted: its claim is known by now", ordinal + 1);
            own.record("remittance", remittance_id, host.today(), "host", &event, "")?;
            posted = true;
        }
    }
    Ok(posted)
}
