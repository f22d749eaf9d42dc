//! `claim list`.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::super::output::{day, dollars, print, print_json, table};
use super::super::reader::Reader;
use super::super::reference::name;
use super::super::{Failure, Global, Whose};
use super::{FoundLine, found};
use crate::lifecycle::ClaimState;
use crate::store::StoreResult;
use crate::store::claim::ClaimRow;

/// `claim list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Only claims in this state
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(ClaimState::ALL.map(ClaimState::as_str)))]
    state: Option<String>,
    /// With what was found on each claim: a work list in one go
    #[arg(long)]
    findings: bool,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    practice: String,
    #[serde(flatten)]
    row: ClaimRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<FoundLine>>,
}

impl List {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let mut listed = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            let mut rows = practice.read(|tx| tx.claims())?;
            rows.retain(|row| self.state.as_deref().is_none_or(|state| row.state == state));
            let mut all = practice.read(|tx| -> StoreResult<Vec<Listed>> {
                let one = |row: ClaimRow| {
                    let stored = self.findings.then(|| tx.findings(row.claim_id, row.live_version)).transpose()?;
                    let findings = stored.map(|stored| stored.iter().map(found).collect());
                    let id = name(practice.id(), row.claim_id);
                    Ok(Listed { id, practice: practice.id().to_owned(), row, findings })
                };
                rows.into_iter().map(one).collect()
            })?;
            listed.append(&mut all);
        }
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["claim", "state", "payer", "service", "billed", "visit"]);
        for Listed { id, practice, row, findings } in &listed {
            let (service, billed) = (day(row.service_from), dollars(row.billed_cents));
            out.add_row([id, &row.state, &row.payer_id, &service, &billed, &name(practice, row.visit_id)]);
            for FoundLine { severity, rule, place, .. } in findings.iter().flatten() {
                out.add_row(["", severity, rule, place, "", ""]);
            }
        }
        print(&out.to_string());
        let sum: i64 = listed.iter().map(|listed| listed.row.billed_cents).sum();
        anstream::eprintln!("{} claims, ${} billed", listed.len(), dollars(sum));
        Ok(ExitCode::SUCCESS)
    }
}
