//! Sealing and look-up keys of one practice.
//!
//! A practice has one random data key, wrapped by the master key. From it three keys are derived (HKDF-SHA256), so that
//! rotating the master key re-wraps and nothing else: `seal` (XChaCha20-Poly1305), `lookup` (HMAC-SHA256 of names, ids,
//! visit and charge numbers), `chain` (history) and `rows` (the sums of tables). The additional data of a sealed value is its table and row: a value
//! moved to another row does not open.

use std::sync::atomic::{AtomicU64, Ordering};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// A key that does not open what it should.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The master key is not the one the store was made with.
    #[error(
        "the master key does not open the key of practice `{practice}`: restore the key file this store was made with"
    )]
    WrongMasterKey {
        /// Practice id.
        practice: String,
    },
    /// A sealed value was changed, or moved from another row.
    #[error("{table} {row}: the sealed value does not open: the store was changed from outside; restore a backup")]
    Broken {
        /// Table.
        table: &'static str,
        /// Row id, one that claimhost minted.
        row: u64,
    },
    /// A sealed value opened but is no record of this version.
    #[error("{table} {row}: not a record of this version")]
    NotARecord {
        /// Table.
        table: &'static str,
        /// Row id, one that claimhost minted.
        row: u64,
    },
    /// The operating system gave no random bytes.
    #[error("no random bytes from the operating system")]
    NoRandom,
}

/// The master key: 32 bytes, in a file as 64 hexadecimal digits.
///
/// While it is rotated there are two: `next` opens what is wrapped anew already. What is new is wrapped by the first.
#[derive(Clone)]
pub struct MasterKey {
    key: Zeroizing<[u8; KEY_BYTES]>,
    next: Option<Zeroizing<[u8; KEY_BYTES]>>,
}

impl MasterKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`SealError::NoRandom`].
    pub fn generate() -> Result<Self, SealError> {
        random().map(|bytes| Self { key: Zeroizing::new(bytes), next: None })
    }

    /// Reads 64 hexadecimal digits. `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(hex::decode(text.trim()).ok()?);
        let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().ok()?;
        Some(Self { key: Zeroizing::new(bytes), next: None })
    }

    /// 64 hexadecimal digits, for the key file.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.key.as_slice()))
    }

    /// The same, with the key that a rotation which was interrupted may have wrapped with.
    #[must_use]
    pub fn or(self, next: Self) -> Self {
        Self { key: self.key, next: Some(next.key) }
    }
}

/// The keys of one practice. Not `Debug`: keys are never printed.
pub struct PracticeKeys {
    cipher: XChaCha20Poly1305,
    lookup: Hmac<Sha256>,
    chain: Hmac<Sha256>,
    rows: Hmac<Sha256>,
    nonce_prefix: [u8; 16],
    nonce_counter: AtomicU64,
}

impl PracticeKeys {
    /// Makes a data key for a practice. Returns the keys and the wrapped data key to keep.
    ///
    /// # Errors
    /// [`SealError::NoRandom`].
    pub fn create(master: &MasterKey, practice: &str) -> Result<(Self, Vec<u8>), SealError> {
        let data_key = Zeroizing::new(random::<KEY_BYTES>()?);
        Ok((Self::derive(&data_key)?, wrap(master, practice, &data_key)?))
    }

    /// Wraps a data key that `from` opens with `to`.
    ///
    /// # Errors
    /// [`SealError::WrongMasterKey`].
    pub fn rewrap(from: &MasterKey, to: &MasterKey, practice: &str, wrapped: &[u8]) -> Result<Vec<u8>, SealError> {
        wrap(to, practice, &unwrap(from, practice, wrapped)?)
    }

    /// Opens a wrapped data key.
    ///
    /// # Errors
    /// [`SealError::WrongMasterKey`].
    pub fn open(master: &MasterKey, practice: &str, wrapped: &[u8]) -> Result<Self, SealError> {
        Self::derive(&unwrap(master, practice, wrapped)?)
    }

    fn derive(data_key: &Zeroizing<[u8; KEY_BYTES]>) -> Result<Self, SealError> {
        let branch = |name: &str| -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
            let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
            let expand = Hkdf::<Sha256>::new(None, data_key.as_slice());
            expand.expand(name.as_bytes(), key.as_mut_slice()).map_err(|_| SealError::NoRandom)?;
            Ok(key)
        };
        let mac = |key: &[u8; KEY_BYTES]| Hmac::<Sha256>::new_from_slice(key).map_err(|_| SealError::NoRandom);
        Ok(Self {
            cipher: XChaCha20Poly1305::new(&(*branch("claimhost seal 1")?).into()),
            lookup: mac(&*branch("claimhost lookup 1")?)?,
            chain: mac(&*branch("claimhost chain 1")?)?,
            rows: mac(&*branch("claimhost rows 1")?)?,
            nonce_prefix: random()?,
            nonce_counter: AtomicU64::new(0),
        })
    }

    /// Seals a value for one row. The nonce is a random prefix of this process and a counter: never used twice.
    pub fn seal(&self, table: &'static str, row: u64, value: &[u8]) -> Vec<u8> {
        let mut nonce = [0_u8; NONCE_BYTES];
        let (prefix, counter) = nonce.split_at_mut(16);
        prefix.copy_from_slice(&self.nonce_prefix);
        counter.copy_from_slice(&self.nonce_counter.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        let aad = additional(table, row);
        // Sealing in memory fails only above 256 GiB; an empty value then does not open, which is found.
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: value, aad: &aad }).unwrap_or_default();
        let mut out = Vec::with_capacity(NONCE_BYTES + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend(sealed);
        out
    }

    /// Opens a sealed value of one row.
    ///
    /// # Errors
    /// [`SealError::Broken`] where the value was changed or belongs to another row.
    pub fn unseal(&self, table: &'static str, row: u64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let broken = SealError::Broken { table, row };
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE_BYTES>() else { return Err(broken) };
        let aad = additional(table, row);
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad });
        opened.map(Zeroizing::new).map_err(|_| broken)
    }

    /// The look-up column of a value: an HMAC over its kind and parts, each with its length, so that parts cannot run together.
    pub fn lookup(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        tag(self.lookup.clone(), kind, parts)
    }

    /// The mac of one row of a table, for the sum of the table.
    pub fn row(&self, table: &str, row: &[u8]) -> [u8; 32] {
        tag(self.rows.clone(), table, &[row])
    }

    /// The next link of the history chain.
    pub fn chain(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        tag(self.chain.clone(), kind, parts)
    }
}

fn wrap(master: &MasterKey, practice: &str, data_key: &Zeroizing<[u8; KEY_BYTES]>) -> Result<Vec<u8>, SealError> {
    let nonce = random::<NONCE_BYTES>()?;
    let cipher = XChaCha20Poly1305::new(&(*master.key).into());
    let payload = Payload { msg: data_key.as_slice(), aad: practice.as_bytes() };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::NoRandom)?;
    let mut wrapped = nonce.to_vec();
    wrapped.extend(sealed);
    Ok(wrapped)
}

fn unwrap(master: &MasterKey, practice: &str, wrapped: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
    let wrong = || SealError::WrongMasterKey { practice: practice.to_owned() };
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or_else(wrong)?;
    let opened = std::iter::once(&master.key).chain(&master.next).find_map(|key| {
        let cipher = XChaCha20Poly1305::new(&(**key).into());
        let payload = Payload { msg: sealed, aad: practice.as_bytes() };
        cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    });
    let data_key = opened.ok_or_else(wrong)?;
    let data_key: [u8; KEY_BYTES] = data_key.as_slice().try_into().map_err(|_| wrong())?;
    Ok(Zeroizing::new(data_key))
}

fn tag(mut mac: Hmac<Sha256>, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
    mac.update(&u64::try_from(kind.len()).unwrap_or(0).to_be_bytes());
    mac.update(kind.as_bytes());
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(0).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn additional(table: &'static str, row: u64) -> Vec<u8> {
    let mut aad = Vec::with_capacity(table.len() + 9);
    aad.extend_from_slice(table.as_bytes());
    aad.push(0);
    aad.extend_from_slice(&row.to_be_bytes());
    aad
}

fn random<const N: usize>() -> Result<[u8; N], SealError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandom)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> PracticeKeys {
        PracticeKeys::create(&MasterKey::generate().unwrap(), "p").unwrap().0
    }

    #[test]
    fn a_sealed_value_opens_in_its_own_row_only() {
        let keys = keys();
        let sealed = keys.seal("claim", 7, b"Doe^Jane");
        assert!(!sealed.windows(3).any(|part| part == b"Doe"));
        assert_eq!(keys.unseal("claim", 7, &sealed).unwrap().as_slice(), b"Doe^Jane");
        assert!(keys.unseal("claim", 8, &sealed).is_err());
        assert!(keys.unseal("visit", 7, &sealed).is_err());
        for byte in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[byte] ^= 1;
            assert!(keys.unseal("claim", 7, &changed).is_err(), "byte {byte}");
        }
        assert!(keys.unseal("claim", 7, b"").is_err());
    }

    #[test]
    fn the_wrapped_key_opens_with_its_master_key_and_practice_only() {
        let master = MasterKey::generate().unwrap();
        let (keys, wrapped) = PracticeKeys::create(&master, "cedar").unwrap();
        let again = PracticeKeys::open(&MasterKey::from_hex(&master.to_hex()).unwrap(), "cedar", &wrapped).unwrap();
        assert_eq!(keys.lookup("visit", &[b"V1"]), again.lookup("visit", &[b"V1"]));
        assert!(PracticeKeys::open(&master, "harbor", &wrapped).is_err());
        let other = MasterKey::generate().unwrap();
        assert!(PracticeKeys::open(&other, "cedar", &wrapped).is_err());
        assert!(PracticeKeys::open(&other.clone().or(master.clone()), "cedar", &wrapped).is_ok());
        let anew = PracticeKeys::rewrap(&master, &other, "cedar", &wrapped).unwrap();
        assert!(PracticeKeys::open(&master, "cedar", &anew).is_err());
        let again = PracticeKeys::open(&other, "cedar", &anew).unwrap();
        assert_eq!(keys.lookup("visit", &[b"V1"]), again.lookup("visit", &[b"V1"]));
    }

    #[test]
    fn parts_of_a_look_up_do_not_run_together() {
        let keys = keys();
        assert_ne!(keys.lookup("visit", &[b"AB", b"C"]), keys.lookup("visit", &[b"A", b"BC"]));
        assert_ne!(keys.lookup("visit", &[b"A"]), keys.lookup("charge", &[b"A"]));
    }
}
