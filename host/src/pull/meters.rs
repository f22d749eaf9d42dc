//! What a source has counted since the start: read by `/metrics` at any time.

use std::sync::atomic::{AtomicU64, Ordering};

use super::turn::{Ended, Report};

/// Counts of one source.
#[derive(Debug)]
pub struct SourceMeters {
    /// Its practice.
    pub practice: String,
    /// Its name.
    pub source: String,
    turns: [AtomicU64; 5],
    requests: AtomicU64,
    retries: AtomicU64,
    documents: AtomicU64,
    bytes: AtomicU64,
    done_at: AtomicU64,
}

impl SourceMeters {
    pub(super) fn new(practice: &str, source: &str) -> Self {
        Self {
            practice: practice.to_owned(),
            source: source.to_owned(),
            turns: Default::default(),
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            documents: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            done_at: AtomicU64::new(0),
        }
    }

    pub(super) fn add(&self, report: &Report) {
        let ended = Ended::ALL.iter().zip(&self.turns).find(|(ended, _)| **ended == report.ended);
        if let Some((_, turns)) = ended {
            turns.fetch_add(1, Ordering::Relaxed);
        }
        for (meter, count) in [
            (&self.requests, report.requests),
            (&self.retries, report.retries),
            (&self.documents, report.documents),
            (&self.bytes, report.received_bytes),
        ] {
            meter.fetch_add(count, Ordering::Relaxed);
        }
        if report.ended == Ended::Done {
            let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
            self.done_at.store(now, Ordering::Relaxed);
        }
    }

    /// Turns by how they ended.
    pub fn turns(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Ended::ALL.iter().zip(&self.turns).map(|(ended, turns)| (ended.as_str(), turns.load(Ordering::Relaxed)))
    }

    /// Requests, retries, documents, bytes.
    pub fn counts(&self) -> [u64; 4] {
        [&self.requests, &self.retries, &self.documents, &self.bytes].map(|of| of.load(Ordering::Relaxed))
    }

    /// When the last turn that had nothing more ended, in seconds since 1970; 0: none did.
    pub fn done_at(&self) -> u64 {
        self.done_at.load(Ordering::Relaxed)
    }
}
