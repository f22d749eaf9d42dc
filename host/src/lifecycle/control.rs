//! CLM01 and line control numbers: minted by us, unique, free of patient data, the same when a crash makes us mint again.

use crate::store::post::PostRow;
use crate::store::{StoreResult, Tx};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// CLM01 of a version: 16 characters (the guide allows 20) from an HMAC of lineage and version under the practice's key.
pub(crate) fn control_number(tx: &Tx<'_>, claim_id: u64, version: u32) -> String {
    text(&tx.lookup("clm01", &[&claim_id.to_be_bytes(), &version.to_be_bytes()]), 16)
}

/// 2400 REF 6R of a charge: 16 characters from an HMAC of its key.
pub(super) fn line_control_number(tx_lookup: impl Fn(&[&[u8]]) -> [u8; 32], parts: &[&[u8]]) -> String {
    text(&tx_lookup(parts), 16)
}

fn text(bytes: &[u8; 32], length: usize) -> String {
    let character = |byte: &u8| char::from(ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'0'));
    bytes.iter().take(length).map(character).collect()
}

/// Whether a number has the form of [`trace_number`].
pub(super) fn is_trace_number(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// Id of what an EHR is told: 16 characters from an HMAC under the practice's key of what it tells, to whom, and how often that was told
/// and taken back before. Not of its row's number: a store that was put back to an older state gives that to something else.
///
/// # Errors
/// The store's: its remittance is not there.
pub(crate) fn post_number(tx: &Tx<'_>, row: &PostRow) -> StoreResult<String> {
    let before = tx.posts_of_clp(&row.target, row.remittance_id, row.ordinal)?;
    let nth = before.iter().filter(|other| other.post_id < row.post_id).count();
    let nth = u64::try_from(nth).unwrap_or(u64::MAX);
    let (key, content) = tx.remittance_macs(row.remittance_id)?;
    let (ordinal, nth) = (row.ordinal.to_be_bytes(), nth.to_be_bytes());
    let parts: [&[u8]; 6] = [row.target.as_bytes(), &key, &content, &ordinal, row.kind.as_bytes(), &nth];
    Ok(text(&tx.lookup("post", &parts), 16))
}

/// TRN02 of a question: 16 characters from an HMAC of its id under the practice's key.
pub(crate) fn trace_number(tx: &Tx<'_>, inquiry_id: u64) -> String {
    text(&tx.lookup("trn02", &[&inquiry_id.to_be_bytes()]), 16)
}
