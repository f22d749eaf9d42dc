//! CLM01 and line control numbers: minted by us, unique, free of patient data, the same when a crash makes us mint again.

use crate::store::Tx;

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

/// Id of what an EHR is told: 16 characters from an HMAC of its number under the practice's key.
pub(crate) fn post_number(tx: &Tx<'_>, post_id: u64) -> String {
    text(&tx.lookup("post", &[&post_id.to_be_bytes()]), 16)
}

/// TRN02 of a question: 16 characters from an HMAC of its id under the practice's key.
pub(crate) fn trace_number(tx: &Tx<'_>, inquiry_id: u64) -> String {
    text(&tx.lookup("trn02", &[&inquiry_id.to_be_bytes()]), 16)
}
