//! `eligibility list`: a line a question, and a line for each scheduled visit that nothing can be asked about.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::super::output::{day, print, print_json, table};
use super::super::reader::Reader;
use super::super::reference::name;
use super::super::{Failure, Global, Whose};
use super::patient;
use crate::claim::day_number;
use crate::eligibility::InquiryState;
use crate::lifecycle::{Upcoming, upcoming};
use crate::practice::Payer;
use crate::store::{StoreResult, Tx};

/// `eligibility list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Only questions in this state; `unknown-cover`: scheduled visits that nothing can be asked about
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(states()))]
    state: Option<String>,
}

/// Of a scheduled visit.
const UNKNOWN_COVER: &str = "unknown-cover";

fn states() -> Vec<&'static str> {
    InquiryState::ALL.map(InquiryState::as_str).into_iter().chain([UNKNOWN_COVER]).collect()
}

#[derive(Serialize)]
struct Listed {
    /// None: nothing could be asked.
    id: Option<String>,
    practice: String,
    state: &'static str,
    payer_id: String,
    patient: String,
    /// Day that is asked about.
    day: String,
    reason: String,
    asked: String,
    /// TRN02.
    trace: String,
    /// Times it was asked before.
    nth: u64,
}

impl List {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let mut listed = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            listed.extend(practice.read(questions)?);
            let Some(profile) = reader.profile(practice.id())? else { continue };
            let policy = &profile.eligibility;
            if policy.days_before == 0 || !profile.payer.iter().any(Payer::is_asked) {
                continue;
            }
            let today = day_number(global.today());
            listed.extend(practice.read(|tx| -> StoreResult<Vec<Listed>> {
                let mut unknown = Vec::new();
                for id in tx.expected_ahead(today, today + i64::from(policy.days_before))? {
                    if matches!(upcoming(tx, &profile, id, today)?, Upcoming::Unknown) {
                        unknown.extend(of_schedule(tx, id)?);
                    }
                }
                Ok(unknown)
            })?);
        }
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &listed {
            *counts.entry(row.state).or_default() += 1;
        }
        let all = listed.len();
        let counts: Vec<String> = counts.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
        listed.retain(|row| self.state.as_deref().is_none_or(|state| row.state == state));
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["question", "state", "payer", "patient", "day", "why", "asked", "trace"]);
        for row in &listed {
            let id = row.id.as_deref().unwrap_or(&row.practice);
            out.add_row([id, row.state, &row.payer_id, &row.patient, &row.day, &row.reason, &row.asked, &row.trace]);
        }
        print(&out.to_string());
        let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
        anstream::eprintln!("{all} questions and scheduled visits{counts}");
        Ok(ExitCode::SUCCESS)
    }
}

fn questions(tx: &Tx<'_>) -> StoreResult<Vec<Listed>> {
    let of = |row: crate::store::inquiry::InquiryRow| {
        Ok(Listed {
            id: Some(name(tx.practice_id(), row.inquiry_id)),
            practice: tx.practice_id().to_owned(),
            state: row.state.as_str(),
            patient: patient(&tx.inquiry_question(row.inquiry_id)?),
            payer_id: row.payer_id,
            day: day(row.service_day),
            reason: row.reason,
            asked: day(row.asked_day),
            trace: row.trace,
            nth: row.nth,
        })
    };
    tx.inquiries()?.into_iter().map(of).collect()
}

fn of_schedule(tx: &Tx<'_>, expected_id: u64) -> StoreResult<Option<Listed>> {
    let Some(row) = tx.expected_visit(expected_id)? else { return Ok(None) };
    let shown: Option<crate::audit::capture::Shown> = tx.expected_body(expected_id)?;
    Ok(Some(Listed {
        id: None,
        practice: tx.practice_id().to_owned(),
        state: UNKNOWN_COVER,
        payer_id: String::new(),
        patient: shown.map(|shown| shown.patient).unwrap_or_default(),
        day: day(row.start_day),
        reason: "schedule".to_owned(),
        asked: String::new(),
        trace: String::new(),
        nth: 0,
    }))
}
