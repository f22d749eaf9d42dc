//! What makes two 835s the same remittance: payer, TRN02, TRN03; and what makes their content the same.
//!
//! Key and content are compared by the caller: one key with one content posts once, whatever envelope brings it; one
//! key with two contents parks both. A payment of zero has no trace number worth the name (payers repeat theirs),
//! so its date and content are part of the key. The caller seals the key as an HMAC; nothing here is stored.

use claimhost_x12::remittance::Remittance;
use claimhost_x12::{Date, Transaction};
use sha2::{Digest, Sha256};

/// The parts that name a remittance.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RemittanceKey {
    /// Payer: N104 of N1 PR, else REF 2U, EO, HI or NF, else its name in upper case with single blanks.
    pub payer: String,
    /// TRN02: check or EFT trace number.
    pub trace: String,
    /// TRN03: originating company id.
    pub originator: String,
    /// Only where BPR02 is zero: BPR16 (else DTM 405), and the content.
    pub of_zero: Option<(Option<Date>, [u8; 32])>,
}

impl RemittanceKey {
    /// Takes the key from a remittance and its [`content_digest`].
    pub fn new(remittance: &Remittance, content: [u8; 32]) -> RemittanceKey {
        let payer = &remittance.payer;
        let ids = ["2U", "EO", "HI", "NF"].into_iter().filter_map(|qualifier| payer.reference(qualifier));
        let id = std::iter::once(payer.id.as_str()).chain(ids).find(|id| !id.is_empty());
        let name = || payer.name.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
        let zero = remittance.payment.amount_cents == 0;
        RemittanceKey {
            payer: id.map_or_else(name, str::to_owned),
            trace: remittance.trace.clone(),
            originator: remittance.originating_company.clone(),
            of_zero: zero.then(|| (remittance.payment.date.or(remittance.produced), content)),
        }
    }

    /// The key as bytes for an HMAC: each part with its length, so that no two keys share bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [&self.payer, &self.trace, &self.originator] {
            sized(part.as_bytes(), |piece| bytes.extend_from_slice(piece));
        }
        if let Some((date, content)) = &self.of_zero {
            let day = date.map(|date| format!("{:04}{:02}{:02}", date.year, date.month, date.day)).unwrap_or_default();
            sized(day.as_bytes(), |piece| bytes.extend_from_slice(piece));
            bytes.extend_from_slice(content);
        }
        bytes
    }
}

/// SHA-256 over what stands between ST and SE: the same remittance in another envelope, with other control numbers,
/// delimiters, line ends, padding or encoding (Latin-1 or UTF-8) has the same digest.
pub fn content_digest(transaction: &Transaction<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for segment in transaction.segments().filter(|segment| !segment.is("ST") && !segment.is("SE")) {
        let mut elements: Vec<Vec<Vec<String>>> = segment
            .elements()
            .map(|element| {
                let components = |repeat: claimhost_x12::Element<'_>| {
                    trim(repeat.components().map(|component| component.text().into_owned()).collect(), String::is_empty)
                };
                trim(element.repeats().map(components).collect(), Vec::is_empty)
            })
            .collect();
        elements = trim(elements, Vec::is_empty);
        sized(segment.id(), |piece| hash.update(piece));
        hash.update(count(elements.len()));
        for repeats in &elements {
            hash.update(count(repeats.len()));
            for components in repeats {
                hash.update(count(components.len()));
                for text in components {
                    sized(text.as_bytes(), |piece| hash.update(piece));
                }
            }
        }
    }
    hash.finalize().into()
}

/// Drops empty ends: `CLP*1*~` and `CLP*1~` say the same.
fn trim<T>(mut list: Vec<T>, empty: fn(&T) -> bool) -> Vec<T> {
    while list.last().is_some_and(empty) {
        list.pop();
    }
    list
}

/// Gives a text with its length before it, so that no two lists of texts give the same bytes.
fn sized(text: &[u8], mut take: impl FnMut(&[u8])) {
    take(&count(text.len()));
    take(text);
}

fn count(n: usize) -> [u8; 8] {
    u64::try_from(n).unwrap_or(u64::MAX).to_be_bytes()
}
