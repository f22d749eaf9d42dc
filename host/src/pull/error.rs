//! Why a request brought no answer. No text holds a path, a query, a header or a body: they hold patients' ids, or secrets.

use std::time::Duration;

use super::secret::SecretError;

/// What ended one exchange on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The name of the host leads nowhere.
    #[error("the host's name cannot be resolved")]
    Name,
    /// Nobody answers there.
    #[error("no connection: {0}")]
    Connect(String),
    /// The certificate, or the protocol of TLS. `intake.pull.ca_file` names more certificates.
    #[error("TLS: {0}; where a proxy of your own stands between, name its certificate in ca_file")]
    Tls(String),
    /// `timeout_seconds` were over.
    #[error("no whole answer within timeout_seconds")]
    Timeout,
    /// The answer ended before its end.
    #[error("the answer was cut off")]
    Cut,
    /// What came is no HTTP.
    #[error("what came is no HTTP answer")]
    Protocol,
    /// The answer is larger than is taken.
    #[error("the answer is larger than {0} bytes; raise answer_megabytes_max, or ask for smaller pages")]
    TooLarge(u64),
    /// The proxy.
    #[error("the proxy cannot be used; correct `proxy`")]
    Proxy,
}

impl WireError {
    /// Whether the same request may succeed in a moment.
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Name | Self::Connect(_) | Self::Timeout | Self::Cut | Self::Protocol => true,
            Self::Tls(_) | Self::TooLarge(_) | Self::Proxy => false,
        }
    }
}

/// Why a request brought no answer that could be handed on.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// A host that is neither the site's own nor granted.
    #[error(
        "the puller asked for {0}, which is neither the site's own host nor granted: correct base_url, or grant the host with `claimhost plugin add`"
    )]
    NotAllowed(String),
    /// The same, of a redirect.
    #[error(
        "the server redirects to {0}, which is neither the site's own host nor granted: correct base_url, or grant the host with `claimhost plugin add`"
    )]
    RedirectNotAllowed(String),
    /// More redirects than are followed.
    #[error("the server redirects more than {0} times; correct base_url")]
    Redirects(u32),
    /// A request that the host does not send.
    #[error("the puller's request cannot be sent: {0}; report it to the plugin's author")]
    Request(&'static str),
    /// A placeholder of a secret that the site does not have.
    #[error("the puller needs the secret `{0}`: add it to [intake.pull.secrets]")]
    NoSecret(String),
    /// A secret that cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A configured value that cannot be used.
    #[error("{0}")]
    Config(String),
    /// 401, with fresh credentials too.
    #[error("the server does not take the credentials (401): correct them in [[intake.pull.auth]]")]
    Unauthorized,
    /// No token.
    #[error("the authorization server gave no token: {0}")]
    Token(String),
    /// No assertion to ask for a token with.
    #[error("[[intake.pull.auth]]: {0}")]
    Assertion(String),
    /// The wire.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// All tries are spent.
    #[error("gave up after {tries} tries; the last: {last}")]
    Exhausted {
        /// How often it was sent.
        tries: u32,
        /// What came of the last.
        last: String,
    },
    /// The server, or a rate, wants a longer wait than a turn waits.
    #[error("{why}: nothing is asked for {} seconds", wait.as_secs())]
    Later {
        /// How long.
        wait: Duration,
        /// Who wants it.
        why: &'static str,
    },
    /// `requests_max` of a turn.
    #[error("requests_max of a turn is reached before one page was complete: raise it, or ask for smaller pages")]
    RequestsMax,
    /// The store could not keep a refresh token that replaced the last.
    #[error("a new refresh token could not be kept: {0}")]
    Keep(String),
    /// What is left of a rate cannot be read or kept.
    #[error("what is left of a rate could not be kept: {0}")]
    Rate(String),
    /// The host is told to stop.
    #[error("stopped")]
    Stopped,
}
