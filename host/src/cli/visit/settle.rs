//! `visit settle ID --reason TEXT`: a biller's word that the problems of a visit (work `visit.problem`) are settled by hand.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::{Failure, Global, Whose};
use super::find;
use crate::lifecycle::Word;

/// `visit settle`
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("word").required(true))]
pub(crate) struct Settle {
    /// The visit, as `visit list` prints it, or its number in the EHR
    #[arg(value_name = "VISIT")]
    visit: Reference,
    /// What was done: kept with the visit
    #[arg(long, value_name = "TEXT", group = "word", value_parser = super::super::words)]
    reason: Option<String>,
    /// Take the word back: the work is open again
    #[arg(long, group = "word")]
    take_back: bool,
    /// Who says it
    #[arg(long, value_name = "NAME", default_value = "operator", value_parser = super::super::words)]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Settled {
    id: String,
    /// Work items whose word this is.
    items: usize,
}

impl Settle {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = find(reader, &self.visit, self.whose.practice())?;
        let named = name(practice.id(), id);
        let word = Word { by: &self.by, reason: self.reason.as_deref() };
        let settled = global.open()?.settle_visit(practice.id(), id, word)?;
        let items = settled.ok_or_else(|| no_such("visit", &self.visit, "visit list"))?;
        if items == 0 {
            let what = if self.take_back { "nothing of it was settled" } else { "no problem of it is open" };
            return Err(Failure::missing(format!(
                "visit {named}: {what}; nothing was changed\nhint: `claimhost work list --kind visit` shows what is open"
            )));
        }
        if global.json {
            print_json(&Settled { id: named, items });
        } else {
            let verb = if self.take_back { "open again" } else { "settled" };
            print(&format!("Visit {named}: {items} {verb}"));
            anstream::eprintln!("hint: `claimhost run --once`, or a running `serve`, looks at the visit again");
        }
        Ok(ExitCode::SUCCESS)
    }
}
