//! `claim undo-fix ID RULE --reason TEXT`: what a rule's fix has changed is put back, and stays so for the visit.

use std::process::ExitCode;

use super::super::output::{print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::{Failure, Global, Whose};
use crate::lifecycle::{FixAnswer, Word};

/// `claim undo-fix`
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("word").required(true))]
pub(crate) struct UndoFix {
    /// The claim, as `claim list` prints it, or its CLM01
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    /// The rule whose fix was wrong, as `claim why` prints it
    #[arg(value_name = "RULE")]
    rule: String,
    /// Why: kept with the claim, and shown by `claim why`
    #[arg(long, value_name = "TEXT", group = "word", value_parser = super::super::words)]
    reason: Option<String>,
    /// Let the fix be applied again
    #[arg(long, group = "word")]
    take_back: bool,
    /// Who says it
    #[arg(long, value_name = "NAME", default_value = "operator")]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

impl UndoFix {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.claim(&self.id, self.whose.practice())?;
        let named = name(practice.id(), id);
        let word = Word { by: &self.by, reason: self.reason.as_deref() };
        let answer = global
            .open()?
            .undo_fix(practice.id(), id, &self.rule, word)?
            .ok_or_else(|| no_such("claim", &self.id, "claim list"))?;
        let rule = &self.rule;
        match answer {
            FixAnswer::Done if global.json => {
                print_json(&serde_json::json!({ "id": named, "rule": rule, "undone": !self.take_back }));
            }
            FixAnswer::Done => {
                let what = if self.take_back { "may be fixed again" } else { "is put back" };
                print(&format!("Claim {named}: what {rule} changed {what}"));
                anstream::eprintln!("hint: `claimhost run --once`, or a running `serve`, makes the claim again");
            }
            FixAnswer::NoSuchFix => {
                let what = if self.take_back { "was taken back" } else { "was applied" };
                return Err(Failure::missing(format!(
                    "claim {named}: no fix of `{rule}` {what}; nothing was changed\n\
                     hint: `claimhost claim why {named}` shows what was fixed"
                )));
            }
            FixAnswer::HasLeft => {
                return Err(Failure::missing(format!(
                    "claim {named} has left as it is; nothing was changed\n\
                     hint: correct the charge where it was keyed: the correction becomes a replacement claim"
                )));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
