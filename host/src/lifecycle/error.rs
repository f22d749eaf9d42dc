//! What stops the host. A bad document never does: it gets an end of its own.

use std::path::PathBuf;

use crate::config::ConfigError;
use crate::store::StoreError;

/// Why the host cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A folder or file of the host's own.
    #[error("{path}: {source}")]
    Io {
        /// The path, one that the configuration names.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The master key.
    #[error("{0}")]
    Key(String),
    /// A practice profile.
    #[error("{0}")]
    Profile(String),
    /// A rule table that was never active and cannot be used.
    #[error("{0}")]
    Rules(String),
    /// The plugins.
    #[error("{0}")]
    Plugin(String),
    /// An interchange could not be written though each of its claims can: a defect of claimhost or of the profile.
    #[error(
        "practice `{practice}`: the 837 envelope cannot be written: {what}; look at submitter and receiver in its profile"
    )]
    Unwritable {
        /// Practice id.
        practice: String,
        /// Place and class, never the value.
        what: String,
    },
    /// Told to stop between two steps.
    #[error("stopped")]
    Stopped,
}

impl HostError {
    /// An I/O error at a path.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
