//! The plugin log between a call and the commit of its batch: kept by practice, bounded, handed over once.
//!
//! What a plugin writes may quote a patient. It stays in memory until the step that called commits it, sealed, with what
//! the call decided; it never reaches the host's own log.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::imports::{LogEntry, PluginLog};
use crate::claim::Phi;

/// Bytes kept of one practice between two commits. The manifest's ceilings bound each call; this bounds all of a batch.
const BYTES_MAX: usize = 4 << 20;

/// One thing a plugin said, or that was said about it. Patient data as a whole.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum LoggedEntry {
    /// The `log` import.
    Line {
        /// `debug`, `info`, `warn`, `error`.
        level: String,
        /// Id the plugin chose.
        message: String,
        /// Places in the document.
        places: Vec<String>,
    },
    /// Standard output and error.
    Output {
        /// As UTF-8, what is not as U+FFFD.
        text: String,
    },
    /// A fault, in our words and the guest's.
    Fault {
        /// Ours.
        fault: String,
        /// Trap message and backtrace.
        detail: String,
    },
    /// A flood: what was beyond the ceilings, counted and not kept.
    Cut {
        /// Lines of the `log` import.
        lines: u64,
        /// Bytes of output.
        bytes: u64,
        /// Whole entries, beyond what is kept of one batch.
        entries: u64,
    },
}

/// What one plugin said in one batch.
pub struct Logged {
    /// Its id.
    pub plugin: String,
    /// Digest of component and manifest.
    pub digest: String,
    /// In order.
    pub entries: Phi<Vec<LoggedEntry>>,
}

#[derive(Default)]
struct Waiting {
    by_plugin: BTreeMap<(String, String), Vec<LoggedEntry>>,
    bytes: usize,
    cut: BTreeMap<(String, String), u64>,
}

/// Entries that wait for a commit, by practice.
#[derive(Default)]
pub struct LogBuffer {
    waiting: Mutex<BTreeMap<String, Waiting>>,
}

impl LogBuffer {
    /// Hands over what waits for a practice, each plugin's entries in order.
    pub fn take(&self, practice: &str) -> Vec<Logged> {
        let Some(Waiting { mut by_plugin, cut, .. }) = self.waiting.lock().remove(practice) else { return Vec::new() };
        for (key, entries) in cut {
            by_plugin.entry(key).or_default().push(LoggedEntry::Cut { lines: 0, bytes: 0, entries });
        }
        let logged = |((plugin, digest), entries)| Logged { plugin, digest, entries: Phi::new(entries) };
        by_plugin.into_iter().map(logged).collect()
    }
}

impl PluginLog for LogBuffer {
    fn write(&self, practice: &str, plugin: &str, digest: &str, entry: LogEntry) {
        // A component that is asked what it is has no practice, and has seen nothing.
        if practice.is_empty() {
            return;
        }
        let entry = LoggedEntry::from(entry);
        let mut waiting = self.waiting.lock();
        let waiting = waiting.entry(practice.to_owned()).or_default();
        let key = (plugin.to_owned(), digest.to_owned());
        let bytes = entry.bytes();
        if waiting.bytes.saturating_add(bytes) > BYTES_MAX {
            *waiting.cut.entry(key).or_default() += 1;
            return;
        }
        waiting.bytes += bytes;
        waiting.by_plugin.entry(key).or_default().push(entry);
    }
}

impl LoggedEntry {
    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        let text = match self {
            Self::Line { message, places, .. } => {
                message.len() + places.iter().map(|place| place.len() + size_of::<String>()).sum::<usize>()
            }
            Self::Output { text } => text.len(),
            Self::Fault { fault, detail } => fault.len() + detail.len(),
            Self::Cut { .. } => 0,
        };
        text + size_of::<Self>()
    }
}

impl From<LogEntry> for LoggedEntry {
    fn from(entry: LogEntry) -> Self {
        match entry {
            LogEntry::Line { level, message, places } => {
                Self::Line { level: level.to_owned(), message: message.into_inner(), places: places.into_inner() }
            }
            LogEntry::Output(text) => Self::Output { text: text.into_inner() },
            LogEntry::Fault { fault, detail } => Self::Fault { fault, detail: detail.into_inner() },
            LogEntry::Dropped { lines, bytes } => Self::Cut { lines, bytes, entries: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(bytes: usize) -> LogEntry {
        LogEntry::Output(Phi::new("x".repeat(bytes)))
    }

    #[test]
    fn each_practice_gets_its_own_once() {
        let buffer = LogBuffer::default();
        buffer.write("a", "p", "d", output(1));
        buffer.write("b", "p", "d", output(1));
        buffer.write("", "p", "d", output(1));
        assert_eq!((buffer.take("a").len(), buffer.take("a").len(), buffer.take("b").len()), (1, 0, 1));
        assert!(buffer.waiting.lock().is_empty());
    }

    #[test]
    fn a_flood_is_cut_counted_and_says_so() {
        let buffer = LogBuffer::default();
        (0..100).for_each(|_| buffer.write("a", "p", "d", output(64 << 10)));
        let logged = buffer.take("a").remove(0).entries.into_inner();
        let kept = logged.iter().filter(|entry| matches!(entry, LoggedEntry::Output { .. })).count();
        let cut = logged.iter().find_map(|entry| match entry {
            LoggedEntry::Cut { entries, .. } => Some(*entries),
            _ => None,
        });
        assert!(kept < 64 && kept > 60, "{kept}");
        assert_eq!(cut, Some(100 - kept as u64));
    }
}
