//! What went wrong inside a plugin. Never the document's fault, never the claim's.
//!
//! Two renderings: `Display` and `Debug` hold only our own words (a trap message or a panic may quote a patient);
//! [`Fault::detail`] holds what the guest said, for the practice's sealed plugin log.

use std::fmt;
use std::sync::Arc;

use crate::claim::{Phi, Problem};

/// The closed list of faults. Texts are the host's, so that any of them may reach a log.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultKind {
    /// The guest trapped. The text is the trap's name from wasmtime's closed list.
    #[error("the plugin stopped: {0}; report it to the plugin's author")]
    Trap(String),
    /// The call took longer than its deadline.
    #[error("the plugin did not answer within {ms} ms; raise limits.deadline_ms or report it to the plugin's author")]
    Deadline {
        /// The deadline that passed, in milliseconds.
        ms: u64,
    },
    /// The guest wanted more linear memory than its ceiling.
    #[error("the plugin wanted more than its {mib} MiB of memory; raise limits.memory_mib or send smaller documents")]
    Memory {
        /// The ceiling, in MiB.
        mib: u32,
    },
    /// The guest wanted more table elements than its ceiling.
    #[error("the plugin wanted more than its {elements} table elements; raise limits.table_elements")]
    Table {
        /// The ceiling, in elements.
        elements: u32,
    },
    /// The answer was bigger than its ceiling.
    #[error("the plugin answered more than {mib} MiB; raise limits.output_mib or send smaller batches")]
    Oversize {
        /// The ceiling, in MiB.
        mib: u32,
    },
    /// One answer had more in it than its ceiling.
    #[error(
        "the plugin answered one document or claim with {found} results, at most {expected} are taken; raise limits.results or report it to the plugin's author"
    )]
    Results {
        /// Events, problems or findings of that answer.
        found: usize,
        /// The ceiling.
        expected: u32,
    },
    /// The guest held more streams and pollables than its ceiling.
    #[error("the plugin held more than {most} things of the host at once; report it to the plugin's author")]
    Resources {
        /// The ceiling.
        most: usize,
    },
    /// Another number of answers than of questions.
    #[error("the plugin gave {found} answers, expected {expected}, one each; report it to the plugin's author")]
    Count {
        /// Documents or claims given.
        expected: usize,
        /// Answers received.
        found: usize,
    },
    /// A poster's file does not fit its outcomes.
    #[error(
        "the plugin wrote a file with nothing in it that was taken, or took postings and wrote none; report it to the plugin's author"
    )]
    File,
    /// The component could not be instantiated.
    #[error("the plugin could not be started; run its fixtures with `plugin test`")]
    Start,
    /// Its `open` faulted before for this practice: quarantined until the plugin changes or an operator releases it.
    #[error(
        "the plugin is quarantined for this practice since its open failed; change the plugin, or `claimhost plugin release` it"
    )]
    Quarantined,
    /// Its fault budget is spent: this was not run. Try again in a minute.
    #[error("the plugin's fault budget is spent, this was not run; it will be tried again later")]
    BudgetSpent,
    /// The plugin refused the setup. For rules only, which fail closed; adapters answer with the problems themselves.
    #[error("the plugin refuses its settings or table: {} problems; correct them and reload", .0.len())]
    SetupRefused(Vec<Problem>),
    /// Something the host itself could not do.
    #[error("the plugin host failed: {0}")]
    Host(String),
}

/// A fault with what the guest said about it, sealed off.
#[derive(Clone)]
pub struct Fault {
    kind: FaultKind,
    detail: Arc<Phi<String>>,
    /// It happened in `open`: nothing was handed over.
    in_open: bool,
}

impl Fault {
    /// A fault with nothing more to say.
    pub fn new(kind: FaultKind) -> Self {
        Self::with_detail(kind, String::new())
    }

    /// A fault and the guest's own words: may hold patient data.
    pub fn with_detail(kind: FaultKind, detail: String) -> Self {
        Self { kind, detail: Arc::new(Phi::new(detail)), in_open: false }
    }

    /// The same, of an `open`: with it begins a quarantine.
    pub(super) fn in_open(self) -> Self {
        Self { in_open: true, ..self }
    }

    /// Which one.
    pub fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// Trap message, backtrace and last output of the guest. For the sealed plugin log only.
    pub fn detail(&self) -> &Phi<String> {
        &self.detail
    }

    /// Whether the same call may succeed later with nothing changed.
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind, FaultKind::BudgetSpent)
    }

    /// Whether the quarantine of its plugin is why: an operator may lift it.
    pub fn is_quarantine(&self) -> bool {
        self.in_open || matches!(self.kind, FaultKind::Quarantined)
    }

    /// Whether nothing was handed to the plugin: of what it would have said nothing is known.
    pub fn was_not_run(&self) -> bool {
        self.is_temporary() || self.is_quarantine()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(out)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Fault").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl std::error::Error for Fault {}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}
