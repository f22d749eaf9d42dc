//! What a name on the command line means: a visit, a claim of one, or a check.

use super::super::Failure;
use super::super::reader::{Reader, no_such};
use super::super::reference::Reference;
use super::super::visit;
use super::By;
use crate::claim::Phi;
use crate::store::{PracticeStore, StoreResult};

/// What is meant.
pub(super) enum Found {
    /// A visit.
    Visit(PracticeStore, u64),
    /// Checks or transfers with that number, of several payers or practices.
    Checks(Vec<(PracticeStore, u64)>),
}

/// Finds it: an own id or a number of the EHR first, then CLM01 or TRN02 of a 270, then TRN02 of an 835.
pub(super) fn find(
    reader: &Reader,
    what: &Reference,
    by: Option<By>,
    practice: Option<&str>,
) -> Result<Found, Failure> {
    let stores = reader.chosen(what.practice().or(practice))?;
    let text = Phi::new(what.id().to_owned());
    let visit = || visit::find(reader, what, practice).map(|(store, id)| Found::Visit(store, id));
    match by {
        Some(By::Visit) => visit(),
        Some(By::Claim) => {
            let (store, claim_id) = reader.claim(what, practice)?;
            let visit_id =
                store.read(|tx| -> StoreResult<_> { Ok(tx.claim(claim_id)?.map(|claim| claim.visit_id)) })?;
            visit_id.map(|id| Found::Visit(store, id)).ok_or_else(|| no_such("claim", what, "claim list"))
        }
        Some(By::Trace) => {
            by_trace(&stores, text.expose())?.ok_or_else(|| no_such("check or transfer", what, "remittance list"))
        }
        None => {
            let own = what.practice().is_some() && what.number().is_some();
            for store in stores.iter().filter(|_| !own) {
                if !store.read(|tx| tx.visits_numbered(text.expose()))?.is_empty() {
                    return visit();
                }
            }
            if let Some(found) = by_control_number(&stores, text.expose())? {
                return Ok(found);
            }
            // A bare number may be a visit of ours.
            let known = if what.number().is_some() { visit().ok() } else { None };
            match known.map_or_else(|| by_trace(&stores, text.expose()), |found| Ok(Some(found)))? {
                Some(found) => Ok(found),
                None => visit(),
            }
        }
    }
}

fn by_control_number(stores: &[PracticeStore], number: &str) -> StoreResult<Option<Found>> {
    for store in stores {
        let visit_id = store.read(|tx| -> StoreResult<_> {
            if let Some(inquiry) = tx.inquiry_traced(number)? {
                return tx.visit_of_inquiry(inquiry.inquiry_id);
            }
            let Some(version) = tx.version_by_control_number(number)? else { return Ok(None) };
            Ok(tx.claim(version.claim_id)?.map(|claim| claim.visit_id))
        })?;
        if let Some(visit_id) = visit_id {
            return Ok(Some(Found::Visit(store.clone(), visit_id)));
        }
    }
    Ok(None)
}

fn by_trace(stores: &[PracticeStore], number: &str) -> StoreResult<Option<Found>> {
    let mut checks = Vec::new();
    for store in stores {
        let ids = store.read(|tx| tx.remittances_traced(number))?;
        checks.extend(ids.into_iter().map(|id| (store.clone(), id)));
    }
    Ok((!checks.is_empty()).then_some(Found::Checks(checks)))
}
