//! `eligibility list|show|ask`: what payers were asked about cover, what they said, and asking.

mod ask;
mod list;
mod show;

pub(super) use show::words;

use std::process::ExitCode;

use super::reader::Reader;
use super::{Failure, Global};
use crate::eligibility::Question;

/// Looks at questions about cover, or asks.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Eligibility {
    /// Lists questions to payers and what they came to, and scheduled visits whose cover nobody knows
    List(list::List),
    /// Shows one question: who was asked about, every answer, the 270s it was in
    Show(show::Show),
    /// Asks the payer of a visit, or asks a question again
    Ask(ask::Ask),
}

impl Eligibility {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::List(list) => list.run(global, &reader),
            Self::Show(show) => show.run(global, &reader),
            Self::Ask(ask) => ask.run(global, &reader),
        }
    }
}

/// `Vance, Orla`: the patient, and not the subscriber.
fn patient(question: &Question) -> String {
    let name = &question.person().name;
    let parts = [name.last.trim(), name.first.trim()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
