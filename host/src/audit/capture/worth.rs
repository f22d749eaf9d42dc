//! What a visit without charges is worth: by what this practice charged for visits like it. Never a price list.

use serde::{Deserialize, Serialize};

use crate::store::{StoreResult, Tx};

/// Days of history that count.
const LOOK_BACK_DAYS: i64 = 365;

/// Which visits a price was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Past visits of the same type.
    VisitType,
    /// Past visits of the same provider.
    Provider,
    /// All visits that the practice billed.
    Practice,
    /// There is no history yet.
    None,
}

impl Basis {
    /// As a sentence goes on: "median of 12 ...".
    pub const fn words(self) -> &'static str {
        match self {
            Self::VisitType => "past visits of this type",
            Self::Provider => "past visits of this provider",
            Self::Practice => "past visits of the practice",
            Self::None => "no past visits",
        }
    }
}

/// A price and where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worth {
    /// Median of what was charged, in cents.
    pub cents: i64,
    /// Of which visits.
    pub basis: Basis,
    /// Of how many.
    pub over: u64,
}

/// The price of a visit of this type and provider.
pub(super) fn worth(
    tx: &Tx<'_>,
    type_mac: Option<[u8; 32]>,
    provider_mac: Option<[u8; 32]>,
    today: i64,
) -> StoreResult<Worth> {
    let since = today - LOOK_BACK_DAYS;
    let of = |basis, amounts: Vec<i64>| {
        let over = u64::try_from(amounts.len()).unwrap_or(0);
        median(amounts).map(|cents| Worth { cents, basis, over })
    };
    if let Some(mac) = type_mac
        && let Some(found) = of(Basis::VisitType, tx.charged_of_type(&mac, since)?)
    {
        return Ok(found);
    }
    if let Some(mac) = provider_mac
        && let Some(found) = of(Basis::Provider, tx.charged_of_provider(&mac, since)?)
    {
        return Ok(found);
    }
    let practice = of(Basis::Practice, tx.billed_by_visit(since)?);
    Ok(practice.unwrap_or(Worth { cents: 0, basis: Basis::None, over: 0 }))
}

/// The median; of an even number the mean of the two in the middle, rounded down. None of nothing.
pub fn median(mut amounts: Vec<i64>) -> Option<i64> {
    amounts.sort_unstable();
    let middle = amounts.len() / 2;
    let upper = *amounts.get(middle)?;
    if amounts.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *amounts.get(middle.checked_sub(1)?)?;
    Some(lower + (upper - lower) / 2)
}
