//! `claim history ID`: the append-only history, oldest first.

use std::process::ExitCode;

use super::super::output::{print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::Reference;
use super::super::visit::history_table;
use super::super::{Failure, Global, Whose};
use crate::store::StoreResult;

/// `claim history`
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// The claim, as `claim list` prints it, or its CLM01
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
}

impl History {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.claim(&self.id, self.whose.practice())?;
        let rows = practice.read(|tx| -> StoreResult<_> { tx.history("claim", id) })?;
        if rows.is_empty() {
            return Err(no_such("claim", &self.id, "claim list"));
        }
        if global.json {
            print_json(&rows);
        } else {
            print(&history_table(&rows));
        }
        Ok(ExitCode::SUCCESS)
    }
}
