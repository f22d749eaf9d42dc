//! `eligibility ask VISIT`: a question about the cover of a visit, now.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{day, print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::{Failure, Global, Whose, visit};
use super::show;
use crate::lifecycle::AskedFor;
use crate::store::inquiry::InquiryRow;

/// `eligibility ask`
#[derive(Debug, clap::Args)]
pub(crate) struct Ask {
    /// The visit, as `visit list` prints it, or its number in the EHR
    #[arg(value_name = "VISIT", required_unless_present = "again")]
    visit: Option<Reference>,
    /// Ask this question again, as `eligibility list` prints it
    #[arg(long, value_name = "PRACTICE/ID", conflicts_with = "visit")]
    again: Option<Reference>,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Asked {
    id: String,
    /// False: it was asked before, and the answer is awaited.
    is_new: bool,
    #[serde(flatten)]
    row: InquiryRow,
}

impl Ask {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let practice = self.whose.practice();
        let (id, asked) = match (&self.visit, &self.again) {
            (_, Some(again)) => {
                let (store, id) = show::find(reader, again, practice)?;
                let asked = global.open()?.ask_inquiry_again(store.id(), id)?;
                (store.id().to_owned(), asked.ok_or_else(|| no_such("question", again, "eligibility list"))?)
            }
            (Some(asked_for), None) => {
                let (store, id) = visit::find(reader, asked_for, practice)?;
                let asked = global.open()?.ask_about_visit(store.id(), id)?;
                (store.id().to_owned(), asked.ok_or_else(|| no_such("visit", asked_for, "visit list"))?)
            }
            (None, None) => return Err(Failure::usage("expected a visit, or --again with a question")),
        };
        let (row, is_new) = match asked {
            AskedFor::Wanted(row) => (row, true),
            AskedFor::Waiting(row) => (row, false),
            AskedFor::NotAsked(payer) => {
                return Err(Failure::missing(format!(
                    "payer `{payer}` is not asked\nhint: write `eligibility = \"270\"` at its [[payer]] of the profile"
                )));
            }
            AskedFor::Unknown => {
                let words = "nobody can be asked: the visit names no payer of the profile, no member id, or no name of the \
                             subscriber\nhint: correct the registration in the EHR";
                return Err(Failure::missing(words));
            }
        };
        let asked = Asked { id: name(&id, row.inquiry_id), is_new, row };
        if global.json {
            print_json(&asked);
            return Ok(ExitCode::SUCCESS);
        }
        let Asked { id, row, .. } = &asked;
        let about = day(row.service_day);
        if is_new {
            print(&format!("Question {id} to payer {} about {about} is asked", row.payer_id));
            anstream::eprintln!("hint: `claimhost run --once`, or a running `serve`, sends it");
        } else {
            let since = day(row.asked_day);
            print(&format!(
                "Question {id} to payer {} about {about} is asked since {since}, no answer yet",
                row.payer_id
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
