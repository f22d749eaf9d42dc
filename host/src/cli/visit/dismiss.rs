//! `visit dismiss ID --reason TEXT`: a biller's word that a visit, as it was told, is not to be billed.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::{Failure, Global, Whose};
use super::find;
use crate::lifecycle::{Dismissed, Word};

/// `visit dismiss`
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("word").required(true))]
pub(crate) struct Dismiss {
    /// The visit, as `visit list` prints it, or its number in the EHR
    #[arg(value_name = "VISIT")]
    visit: Reference,
    /// Why it is not to be billed: kept with the visit, and shown by `visit show`
    #[arg(long, value_name = "TEXT", group = "word", value_parser = super::super::words)]
    reason: Option<String>,
    /// Take the word back: the visit is billed as it was told
    #[arg(long, group = "word")]
    take_back: bool,
    /// Claims of it that have left are voided with the payer
    #[arg(long, conflicts_with = "take_back")]
    void: bool,
    /// Who says it
    #[arg(long, value_name = "NAME", default_value = "operator", value_parser = super::super::words)]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Told {
    id: String,
    dismissed: bool,
}

impl Dismiss {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = find(reader, &self.visit, self.whose.practice())?;
        let named = name(practice.id(), id);
        let word = Word { by: &self.by, reason: self.reason.as_deref() };
        let answer = global
            .open()?
            .dismiss_visit(practice.id(), id, word, self.void)?
            .ok_or_else(|| no_such("visit", &self.visit, "visit list"))?;
        match answer {
            Dismissed::Done => {}
            Dismissed::HasLeft(claims) => {
                return Err(Failure::missing(format!(
                    "visit {named}: {claims} of its claims have left; nothing was changed\n\
                     hint: cancel it in the EHR, which tells us; or add --void: what we have sent is voided with the payer, and what \
                     the EHR's own billing has sent is to be voided there"
                )));
            }
            Dismissed::NoSuchWord => {
                return Err(Failure::missing(format!(
                    "visit {named} was not dismissed; nothing was changed\n\
                     hint: `claimhost visit show {named}` shows where it is"
                )));
            }
        }
        if global.json {
            print_json(&Told { id: named, dismissed: !self.take_back });
        } else {
            let verb = if self.take_back { "dismissal taken back" } else { "dismissed" };
            print(&format!("Visit {named}: {verb}"));
            anstream::eprintln!("hint: `claimhost run --once`, or a running `serve`, looks at the visit again");
        }
        Ok(ExitCode::SUCCESS)
    }
}
