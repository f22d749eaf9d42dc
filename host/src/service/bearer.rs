//! Bearer tokens of requests. Digests are compared, and every one: how long it takes says nothing of a token.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// SHA-256 of the token that a request bears; none where it bears none.
pub(super) fn digest(headers: &HeaderMap) -> Option<[u8; 32]> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, token) = given.split_once(' ').unwrap_or_default();
    scheme.eq_ignore_ascii_case("bearer").then(|| Sha256::digest(token.trim().as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_counts() {
        let of = |value: &str| digest(&HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]));
        let expected: [u8; 32] = Sha256::digest(b"secret").into();
        assert_eq!(of("Bearer secret"), Some(expected));
        assert_eq!(of("bearer  secret "), Some(expected));
        assert_eq!((of("Basic secret"), of("secret"), digest(&HeaderMap::new())), (None, None, None));
    }
}
