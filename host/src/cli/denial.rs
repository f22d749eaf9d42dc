//! `denial list`: what payers denied, with the numbers of the reason, the dollars, and the day the work is due.
//!
//! Group and CARC are printed as numbers: X12's descriptions of them are not ours to ship.

use std::process::ExitCode;

use serde::Serialize;

use super::output::{day, dollars, print, print_json, table};
use super::reader::Reader;
use super::reference::name;
use super::{Failure, Global, Whose};
use crate::store::query::DeniedRow;

/// Looks at denials.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Denial {
    /// Lists denied amounts, the most money first
    List(Whose),
}

#[derive(Serialize)]
struct Listed {
    id: String,
    practice: String,
    #[serde(flatten)]
    row: DeniedRow,
    due: Option<String>,
}

impl Denial {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let Self::List(whose) = self;
        let reader = Reader::open(global)?;
        let mut listed = Vec::new();
        for practice in reader.chosen(whose.practice())? {
            for row in practice.read(|tx| tx.denied())? {
                let (id, due) = (name(practice.id(), row.claim_id), row.due_day.map(day));
                listed.push(Listed { id, practice: practice.id().to_owned(), row, due });
            }
        }
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.row.amount_cents));
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["claim", "payer", "reason", "denied", "due"]);
        for Listed { id, row, due, .. } in &listed {
            let reason = format!("{}-{}", row.group_code, row.reason);
            out.add_row([id, &row.payer_id, &reason, &dollars(row.amount_cents), due.as_deref().unwrap_or("done")]);
        }
        print(&out.to_string());
        let sum: i64 = listed.iter().map(|listed| listed.row.amount_cents).sum();
        anstream::eprintln!("{} denials, ${}", listed.len(), dollars(sum));
        Ok(ExitCode::SUCCESS)
    }
}
