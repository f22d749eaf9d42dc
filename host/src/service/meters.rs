//! What listeners count, by practice: read by `/metrics` at any time, while the pipeline works.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::intake::mllp::FaultKind;
use crate::pull::SourceMeters;

/// What became of a message on an MLLP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageEnd {
    /// Committed.
    Stored,
    /// Refused for what is in it, and kept.
    Refused,
    /// Not for this listener; it stays with its sender.
    Left,
    /// The store could not be written; it stays with its sender.
    NotStored,
}

impl MessageEnd {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Stored, "stored"), (Self::Refused, "refused"), (Self::Left, "left"), (Self::NotStored, "not-stored")];
}

/// Outcomes of uploads: `stored`, or the id of an error of `upload.rs` behind `upload.`.
pub(super) const UPLOAD_ENDS: [&str; 11] = [
    "stored",
    "busy",
    "cut-off",
    "empty",
    "idempotency-key",
    "length-required",
    "media-type",
    "not-found",
    "not-stored",
    "other-bytes",
    "too-large",
];

/// Counts of one practice.
#[derive(Debug, Default)]
pub(super) struct Meters {
    messages: [AtomicU64; 4],
    faults: [AtomicU64; 6],
    uploads: [AtomicU64; 11],
    /// Open MLLP connections.
    pub(super) open: AtomicU64,
    /// Connections that were closed at once: too many, or of a peer that may not connect.
    pub(super) turned_away: AtomicU64,
    /// Bytes of documents that were stored, by MLLP and by upload.
    pub(super) bytes: AtomicU64,
}

impl Meters {
    /// One message more.
    pub(super) fn message(&self, end: MessageEnd) {
        let at = MessageEnd::ALL.iter().position(|(known, _)| *known == end);
        add(at.and_then(|at| self.messages.get(at)));
    }

    /// One framing fault more.
    pub(super) fn fault(&self, kind: FaultKind) {
        let at = FaultKind::ALL.iter().position(|known| *known == kind);
        add(at.and_then(|at| self.faults.get(at)));
    }

    /// One upload more.
    pub(super) fn upload(&self, end: &str) {
        let at = UPLOAD_ENDS.iter().position(|known| *known == end);
        add(at.and_then(|at| self.uploads.get(at)));
    }

    /// Messages by end.
    pub(super) fn messages(&self) -> impl Iterator<Item = (&'static str, u64)> {
        MessageEnd::ALL.iter().zip(&self.messages).map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)))
    }

    /// Framing faults by kind.
    pub(super) fn faults(&self) -> impl Iterator<Item = (&'static str, u64)> {
        FaultKind::ALL.iter().zip(&self.faults).map(|(kind, count)| (kind.as_str(), count.load(Ordering::Relaxed)))
    }

    /// Uploads by end.
    pub(super) fn uploads(&self) -> impl Iterator<Item = (&'static str, u64)> {
        UPLOAD_ENDS.iter().zip(&self.uploads).map(|(name, count)| (*name, count.load(Ordering::Relaxed)))
    }
}

fn add(count: Option<&AtomicU64>) {
    if let Some(count) = count {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts of every practice that something listens for, and of uploads by nobody known.
#[derive(Debug, Default)]
pub(super) struct AllMeters {
    /// By practice id.
    pub(super) practices: BTreeMap<String, Arc<Meters>>,
    /// Uploads without a token that is known.
    pub(super) unauthorized: AtomicU64,
    /// Sources that are pulled.
    pub(super) pulls: OnceLock<Vec<Arc<SourceMeters>>>,
}

impl AllMeters {
    /// With zeros for these practices.
    pub(super) fn new<'a>(practices: impl Iterator<Item = &'a str>) -> Self {
        let practices = practices.map(|id| (id.to_owned(), Arc::default())).collect();
        Self { practices, unauthorized: AtomicU64::new(0), pulls: OnceLock::new() }
    }

    /// Those of one practice.
    pub(super) fn of(&self, practice: &str) -> Arc<Meters> {
        self.practices.get(practice).map(Arc::clone).unwrap_or_default()
    }
}
