//! `claim list|show|history|why|accept|undo-fix`: where each claim is, what it says, what moved it, why it waits, that it need not, and that a
//! fix was wrong.

mod accept;
mod history;
mod list;
pub(super) mod show;
mod undo_fix;
mod why;

use std::process::ExitCode;

use super::reader::Reader;
use super::{Failure, Global};

pub(super) use why::{FoundLine, found};

/// Looks at claims.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Claim {
    /// Lists claims
    List(list::List),
    /// Shows one claim: header, lines, findings, versions, money
    Show(show::Show),
    /// Shows what moved a claim, when, with which plugin
    History(history::History),
    /// Says which rules found something, in words, and what to do
    Why(why::Why),
    /// Accepts what a rule holds, with a reason: this visit is right as it is
    Accept(accept::Accept),
    /// Takes back what a rule's fix has changed, with a reason, before the claim leaves
    UndoFix(undo_fix::UndoFix),
}

impl Claim {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::List(list) => list.run(global, &reader),
            Self::Show(show) => show.run(global, &reader),
            Self::History(history) => history.run(global, &reader),
            Self::Why(why) => why.run(global, &reader),
            Self::Accept(accept) => accept.run(global, &reader),
            Self::UndoFix(undo) => undo.run(global, &reader),
        }
    }
}
