//! What a request to the site's own server carries: keys, user and password, or a bearer token that is fetched, kept in memory and
//! renewed before it ends, and once where the server says 401.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use url::Url;
use zeroize::Zeroizing;

use super::assertion;
use super::error::SendError;
use super::kept::Kept;
use super::secret::Secret;
use super::transport::Incoming;
use crate::config::{AuthConfig, AuthKind, ClientAuth, Signature};

/// What a token holds for where the server does not say.
const LIFETIME: Duration = Duration::from_secs(300);
/// A token is renewed so long before its end, or at nine tenths of its time.
const EARLY: Duration = Duration::from_secs(60);
/// Bytes of a token answer.
pub(super) const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// Errors of RFC 6749, 5.2: no other text of an authorization server is told.
const ERRORS: [&str; 8] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "access_denied",
    "temporarily_unavailable",
];

/// Headers that a request is given.
pub(super) type Headers = Vec<(String, Zeroizing<String>)>;

/// All of a source's authentication.
pub(super) struct Auth {
    fixed: Vec<(String, Secret)>,
    /// Passwords within `fixed`, which an answer may repeat by themselves.
    passwords: Vec<Secret>,
    bearer: Option<Bearer>,
}

struct Bearer {
    grant: Grant,
    client_id: String,
    token_url: Url,
    scope: String,
    client_auth: ClientAuth,
    token: Mutex<Option<Token>>,
    /// The refresh token that replaced the configured one, as far as this client knows.
    rotated: Mutex<Option<Secret>>,
}

enum Grant {
    Client(Secret),
    /// The configured token, and the client's secret where it has one.
    Refresh(Secret, Option<Secret>),
    Assertion(Secret, String, Signature),
}

struct Token {
    secret: Secret,
    until: Instant,
}

/// A request for a token.
pub(super) struct Asked {
    pub(super) url: Url,
    pub(super) headers: Headers,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Auth {
    /// Reads the secrets.
    ///
    /// # Errors
    /// [`SendError::Secret`], or a key that is missing.
    pub(super) fn open(configs: &[AuthConfig]) -> Result<Self, SendError> {
        let (mut fixed, mut passwords, mut bearer) = (Vec::new(), Vec::new(), None);
        for config in configs {
            let secret = config.secret.as_ref().map(Secret::read).transpose()?;
            match config.kind {
                AuthKind::ApiKey => {
                    let header = config.header.as_deref().unwrap_or("x-api-key").to_ascii_lowercase();
                    fixed.push((header, needed(secret, "secret")?));
                }
                AuthKind::Basic => {
                    let user = config.user.clone().unwrap_or_default();
                    let password = needed(secret, "secret")?;
                    let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
                    passwords.push(password);
                    let value = Secret::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
                    fixed.push(("authorization".to_owned(), value));
                }
                kind => bearer = Some(Bearer::open(config, kind, secret)?),
            }
        }
        Ok(Self { fixed, passwords, bearer })
    }

    /// Signs once what is signed anew for each token, so that a key of another kind is known before one is needed.
    ///
    /// # Errors
    /// [`SendError::Assertion`].
    pub(super) fn try_sign(&self, now: i64) -> Result<(), SendError> {
        self.bearer.as_ref().map_or(Ok(()), |bearer| match &bearer.grant {
            Grant::Assertion(key, key_id, signature) => bearer.sign(key, key_id, *signature, now).map(drop),
            Grant::Client(_) | Grant::Refresh(..) => Ok(()),
        })
    }

    /// The headers of a request now; none where a token has to be fetched first.
    pub(super) fn headers(&self) -> Option<Headers> {
        let mut headers: Headers =
            self.fixed.iter().map(|(name, value)| (name.clone(), Zeroizing::new(value.expose().to_owned()))).collect();
        if let Some(bearer) = &self.bearer {
            let token = bearer.token.lock();
            let token = token.as_ref().filter(|token| Instant::now() < token.until)?;
            headers.push(("authorization".to_owned(), Zeroizing::new(format!("Bearer {}", token.secret.expose()))));
        }
        Some(headers)
    }

    /// Whether a 401 may be mended by another token.
    pub(super) fn is_renewable(&self) -> bool {
        self.bearer.is_some()
    }

    /// Forgets the token.
    pub(super) fn forget(&self) {
        if let Some(bearer) = &self.bearer {
            *bearer.token.lock() = None;
        }
    }

    /// Everything that no answer may repeat.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        let token = self.bearer.as_ref().and_then(|bearer| bearer.token.lock().as_ref().map(|one| one.secret.clone()));
        let rotated = self.bearer.as_ref().and_then(|bearer| bearer.rotated.lock().clone());
        let held = self.bearer.iter().flat_map(|bearer| match &bearer.grant {
            Grant::Client(secret) => vec![secret.clone()],
            Grant::Refresh(token, secret) => std::iter::once(token.clone()).chain(secret.clone()).collect(),
            Grant::Assertion(..) => Vec::new(),
        });
        let fixed = self.fixed.iter().map(|(_, secret)| secret).chain(&self.passwords).cloned();
        // A header's value is of two parts: a server may repeat the second alone.
        let pairs = self.fixed.iter().filter_map(|(_, value)| value.expose().strip_prefix("Basic "));
        let pairs = pairs.map(|pair| Secret::new(pair.to_owned()));
        fixed.chain(pairs).chain(token).chain(rotated).chain(held).collect()
    }

    /// The request for a token; none where this authentication has none. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// A key that does not sign, or the store.
    pub(super) fn ask(&self, kept: &Kept, now: i64) -> Result<Option<Asked>, SendError> {
        self.bearer.as_ref().map(|bearer| bearer.ask(kept, now)).transpose()
    }

    /// Takes what the authorization server answered.
    ///
    /// # Errors
    /// [`SendError::Token`] where there is none in it; the store's.
    pub(super) fn take(&self, answer: &Incoming, kept: &Kept) -> Result<(), SendError> {
        self.bearer.as_ref().map_or(Ok(()), |bearer| bearer.take(answer, kept))
    }
}

fn needed<T>(value: Option<T>, key: &str) -> Result<T, SendError> {
    value.ok_or_else(|| SendError::Config(format!("intake.pull.auth.{key} is missing")))
}

impl Bearer {
    fn open(config: &AuthConfig, kind: AuthKind, secret: Option<Secret>) -> Result<Self, SendError> {
        let grant = match kind {
            AuthKind::Oauth2Refresh => {
                let token = config.refresh_token.as_ref().map(Secret::read).transpose()?;
                Grant::Refresh(needed(token, "refresh_token")?, secret)
            }
            AuthKind::SmartBackend => Grant::Assertion(
                needed(secret, "secret")?,
                needed(config.key_id.clone(), "key_id")?,
                needed(config.algorithm, "algorithm")?,
            ),
            _ => Grant::Client(needed(secret, "secret")?),
        };
        let token_url = config.token_url.as_deref().and_then(|url| Url::parse(url).ok());
        Ok(Self {
            grant,
            client_id: needed(config.client_id.clone(), "client_id")?,
            token_url: needed(token_url, "token_url")?,
            scope: config.scope.clone().unwrap_or_default(),
            client_auth: config.client_auth.unwrap_or_default(),
            token: Mutex::new(None),
            rotated: Mutex::new(None),
        })
    }

    fn sign(&self, key: &Secret, key_id: &str, signature: Signature, now: i64) -> Result<Secret, SendError> {
        assertion::sign((&self.client_id, key_id), self.token_url.as_str(), (key, signature), now)
            .map_err(SendError::Assertion)
    }

    fn ask(&self, kept: &Kept, now: i64) -> Result<Asked, SendError> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let mut headers: Headers = vec![
            ("accept".to_owned(), Zeroizing::new("application/json".to_owned())),
            ("content-type".to_owned(), Zeroizing::new("application/x-www-form-urlencoded".to_owned())),
        ];
        let client_secret = match &self.grant {
            Grant::Client(secret) => {
                form.append_pair("grant_type", "client_credentials");
                Some(secret.clone())
            }
            Grant::Refresh(configured, secret) => {
                let token = kept.refresh_token(configured).map_err(|error| SendError::Keep(error.to_string()))?;
                *self.rotated.lock() = Some(token.clone());
                form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose());
                secret.clone()
            }
            Grant::Assertion(key, key_id, signature) => {
                let signed = self.sign(key, key_id, *signature, now)?;
                form.append_pair("grant_type", "client_credentials")
                    .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                    .append_pair("client_assertion", signed.expose());
                None
            }
        };
        if !self.scope.is_empty() {
            form.append_pair("scope", &self.scope);
        }
        match (&client_secret, self.client_auth) {
            (Some(secret), ClientAuth::Basic) => {
                // RFC 6749, 2.3.1: both are form-encoded first.
                let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = Zeroizing::new(format!("{}:{}", encode(&self.client_id), encode(secret.expose())));
                let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
                headers.push(("authorization".to_owned(), value));
            }
            (Some(secret), ClientAuth::Body) => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret.expose());
            }
            // A public client says who it is; an assertion says so itself.
            (None, _) if matches!(self.grant, Grant::Refresh(..)) => {
                form.append_pair("client_id", &self.client_id);
            }
            (None, _) => {}
        }
        Ok(Asked { url: self.token_url.clone(), headers, body: Zeroizing::new(form.finish().into_bytes()) })
    }

    fn take(&self, answer: &Incoming, kept: &Kept) -> Result<(), SendError> {
        let json: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
        let text = |name: &str| json.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty());
        if answer.status != 200 {
            let code = text("error").filter(|code| ERRORS.contains(code));
            let words = code.map_or_else(|| "without a reason".to_owned(), |code| format!("`{code}`"));
            return Err(SendError::Token(format!("status {}, {words}; correct [[intake.pull.auth]]", answer.status)));
        }
        let fits = |token: &&str| token.bytes().all(|byte| byte.is_ascii_graphic());
        let token = text("access_token").filter(fits);
        let token =
            token.ok_or_else(|| SendError::Token("its answer has no access_token; correct token_url".to_owned()))?;
        let seconds = json
            .as_ref()
            .and_then(|json| json.get("expires_in"))
            .and_then(|value| value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok())));
        // An hour is an hour; a year that a server may say is no reason to overflow.
        let lifetime = seconds.map_or(LIFETIME, |seconds| Duration::from_secs(seconds.min(7 * 86_400)));
        let early = EARLY.min(lifetime / 10);
        if let (Grant::Refresh(configured, _), Some(next)) = (&self.grant, text("refresh_token")) {
            let next = Secret::new(next.to_owned());
            // Kept before the token is used: the server has forgotten the old one.
            kept.keep_refresh_token(configured, &next).map_err(|error| SendError::Keep(error.to_string()))?;
            *self.rotated.lock() = Some(next);
        }
        let until = Instant::now() + (lifetime - early);
        *self.token.lock() = Some(Token { secret: Secret::new(token.to_owned()), until });
        Ok(())
    }
}
