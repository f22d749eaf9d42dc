//! The two things a plugin may ask of the host: a line in its log, and codes of a granted table. Neither waits.

use std::sync::atomic::{AtomicU64, Ordering};

use super::contract::adapter::claimhost::plugin::{claim, codes, evidence, intake, log};
use super::contract::puller::claimhost::plugin::http;
use super::wasi::State;
use crate::claim::{Date, Phi};

pub use codes::Answer;

/// One thing a plugin said, or that was said about it. All of it may hold patient data: it goes to the sealed log.
pub enum LogEntry {
    /// The `log` import. `message` should be an id, but a plugin can put anything there.
    Line {
        /// `debug`, `info`, `warn`, `error`.
        level: &'static str,
        /// Id the plugin chose.
        message: Phi<String>,
        /// Places in the document.
        places: Phi<Vec<String>>,
    },
    /// What it wrote to standard output or error, a panic message for example.
    Output(Phi<String>),
    /// A fault: our words, then the guest's.
    Fault {
        /// Free of guest text.
        fault: String,
        /// Trap message and backtrace.
        detail: Phi<String>,
    },
    /// Lines and bytes beyond the ceilings of one call, which were counted and dropped.
    Dropped {
        /// Lines of the `log` import.
        lines: u64,
        /// Bytes of output.
        bytes: u64,
    },
}

/// Where plugin logs go: the practice's sealed log. Called on the worker thread after a call; must not block for long.
pub trait PluginLog: Send + Sync + 'static {
    /// Takes one entry.
    fn write(&self, practice: &str, plugin: &str, digest: &str, entry: LogEntry);
}

/// Counts and drops.
#[derive(Debug, Default)]
pub struct DropLog {
    count: AtomicU64,
}

impl DropLog {
    /// Entries dropped so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl PluginLog for DropLog {
    fn write(&self, _practice: &str, _plugin: &str, _digest: &str, _entry: LogEntry) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Code tables of the host, in memory. Asked only for tables that the plugin's manifest was granted.
pub trait CodeTables: Send + Sync + 'static {
    /// Opens what is not open yet, before a guest's time runs: its deadline is for its own work.
    fn open(&self) {}

    /// One answer for each code, in order.
    fn lookup(&self, practice: &str, table: &str, codes: &[String], on: Date) -> Vec<Answer>;
}

/// Knows nothing.
#[derive(Debug, Default)]
pub struct NoTables;

impl CodeTables for NoTables {
    fn lookup(&self, _practice: &str, _table: &str, codes: &[String], _on: Date) -> Vec<Answer> {
        codes.iter().map(|_| unknown()).collect()
    }
}

fn unknown() -> Answer {
    Answer { known: false, valid: false, target: String::new() }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String, places: Vec<String>) {
        let level = match level {
            log::Level::Debug => "debug",
            log::Level::Info => "info",
            log::Level::Warn => "warn",
            log::Level::Error => "error",
        };
        self.log_line(level, message, places);
    }
}

impl codes::Host for State {
    fn lookup(&mut self, table: String, codes: Vec<String>, on: Date) -> Vec<Answer> {
        let mut answers = match self.granted(&table) {
            true => self.tables().lookup(self.practice(), &table, &codes, on),
            false => Vec::new(),
        };
        // A table that answers short or long is a fault of ours; the plugin is told what it is told of any unknown code.
        if answers.len() != codes.len() {
            answers = codes.iter().map(|_| unknown()).collect();
        }
        answers
    }
}

impl claim::Host for State {}
impl evidence::Host for State {}
impl http::Host for State {}
impl intake::Host for State {}
