//! The signed assertion of a SMART Backend Services client (SMART App Launch 2.2, RFC 7523): RS384 or ES384, five minutes at most.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::secret::Secret;
use crate::config::Signature;

/// Seconds for which an assertion holds; SMART allows 300.
const SECONDS: i64 = 240;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    jti: String,
}

/// Makes an assertion that nobody has seen before. `now` is in seconds since 1970.
///
/// # Errors
/// In our words: the key is none, or of another kind.
pub(super) fn sign(
    (client_id, key_id): (&str, &str),
    audience: &str,
    (key, signature): (&Secret, Signature),
    now: i64,
) -> Result<Secret, String> {
    let pem = key.expose().as_bytes();
    let (algorithm, key) = match signature {
        Signature::RS384 => (Algorithm::RS384, EncodingKey::from_rsa_pem(pem)),
        Signature::ES384 => (Algorithm::ES384, EncodingKey::from_ec_pem(pem)),
    };
    let expected = match signature {
        Signature::RS384 => "an RSA private key (PEM)",
        Signature::ES384 => "a P-384 private key (PEM, PKCS #8)",
    };
    let key = key.map_err(|_| format!("its private key cannot be read; expected {expected}"))?;
    let mut nonce = [0_u8; 16];
    getrandom::fill(&mut nonce).map_err(|_| "this machine gives no random numbers".to_owned())?;
    let claims = Claims { iss: client_id, sub: client_id, aud: audience, exp: now + SECONDS, jti: hex::encode(nonce) };
    let header = Header { kid: Some(key_id.to_owned()), ..Header::new(algorithm) };
    let signed = jsonwebtoken::encode(&header, &claims, &key)
        .map_err(|_| format!("its private key does not sign; expected {expected}"))?;
    Ok(Secret::new(signed))
}
