//! `eligibility show`: one question with every answer to it.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{BOLD, RESET, day, print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::visit::history_table;
use super::super::{Failure, Global, Whose};
use super::patient;
use crate::claim::iso;
use crate::eligibility::{Answer, InquiryFact, Question, follow_up, reason};
use crate::store::history::HistoryRow;
use crate::store::inquiry::InquiryRow;
use crate::store::{CLEARING, StoreResult, Tx};

/// `eligibility show`
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The question, as `eligibility list` prints it, or its trace number (TRN02)
    #[arg(value_name = "PRACTICE/ID|TRACE-NUMBER")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
}

/// One question with its answers.
#[derive(Serialize)]
struct Shown {
    id: String,
    #[serde(flatten)]
    row: InquiryRow,
    day: String,
    question: Question,
    /// File, ISA13, ST02 and bytes of each 270 that it was in.
    sendings: Vec<Sending>,
    facts: Vec<Said>,
    work: Vec<String>,
}

/// One sending in a 270.
#[derive(Serialize)]
struct Sending {
    file_name: String,
    isa13: String,
    st02: String,
    range: String,
}

/// One fact.
#[derive(Serialize)]
struct Said {
    received: String,
    /// Empty: our own word.
    document: String,
    fact: InquiryFact,
}

#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    shown: Shown,
    history: Vec<HistoryRow>,
}

impl Show {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (store, id) = find(reader, &self.id, self.whose.practice())?;
        let found = store.read(|tx| -> StoreResult<_> {
            let Some(shown) = shown(tx, id)? else { return Ok(None) };
            Ok(Some(Whole { shown, history: tx.history("inquiry", id)? }))
        })?;
        let Some(whole) = found else { return Err(no_such("question", &self.id, "eligibility list")) };
        if global.json {
            print_json(&whole);
            return Ok(ExitCode::SUCCESS);
        }
        tell(&whole.shown);
        print(&format!("\n{BOLD}History{RESET}"));
        print(&history_table(&whole.history));
        Ok(ExitCode::SUCCESS)
    }
}

/// The question that is meant: ours, or by its trace number.
pub(super) fn find(
    reader: &Reader,
    id: &Reference,
    practice: Option<&str>,
) -> Result<(crate::store::PracticeStore, u64), Failure> {
    for store in reader.chosen(id.practice().or(practice))? {
        if let Some(row) = store.read(|tx| tx.inquiry_traced(id.id()))? {
            return Ok((store, row.inquiry_id));
        }
    }
    reader.one(id, practice, "question", "eligibility list")
}

/// Reads one question.
fn shown(tx: &Tx<'_>, inquiry_id: u64) -> StoreResult<Option<Shown>> {
    let Some(row) = tx.inquiry(inquiry_id)? else { return Ok(None) };
    let mut sendings = Vec::new();
    for sent in tx.submissions_of_inquiry(inquiry_id)? {
        let submission = tx.submission(sent.submission_id)?;
        sendings.push(Sending {
            file_name: submission.map(|submission| submission.file_name).unwrap_or_default(),
            isa13: format!("{:09}", sent.submission_id),
            st02: sent.transaction_control,
            range: sent.range,
        });
    }
    let facts = tx.inquiry_facts(inquiry_id)?.into_iter().map(|(fact, document, received)| Said {
        received: day(received),
        document: if document == 0 { String::new() } else { name(CLEARING, document) },
        fact,
    });
    Ok(Some(Shown {
        id: name(tx.practice_id(), inquiry_id),
        day: day(row.service_day),
        question: tx.inquiry_question(inquiry_id)?,
        sendings,
        facts: facts.collect(),
        work: tx.open_work_kinds(("inquiry", inquiry_id))?,
        row,
    }))
}

/// A question for a person.
fn tell(shown: &Shown) {
    let Shown { id, row, day, question, .. } = shown;
    let Question { payer_name, payer_id, member_id, .. } = question;
    let state = row.state.as_str();
    print(&format!("{BOLD}Question {id}{RESET}  {payer_name} ({payer_id}) about {day}: {state}"));
    print(&format!("  patient  {}, member id {member_id}, TRN02 {}", patient(question), row.trace));
    for Sending { file_name, isa13, st02, range } in &shown.sendings {
        print(&format!("  270      {file_name}, ISA13 {isa13}, ST02 {st02}, bytes {range}"));
    }
    for Said { received, document, fact } in &shown.facts {
        let document = if document.is_empty() { String::new() } else { format!(", document {document}") };
        print(&format!("  {received}  {}{document}", words(fact)));
    }
    if !shown.work.is_empty() {
        print(&format!("  work     {}", shown.work.join(", ")));
    }
}

/// What a fact says.
pub(in crate::cli) fn words(fact: &InquiryFact) -> String {
    let taken = |accepted: bool| if accepted { "accepted" } else { "refused" };
    match fact {
        InquiryFact::Sent { submission, transaction } => format!("sent in ISA13 {submission:09}, ST02 {transaction}"),
        InquiryFact::Interchange { submission, accepted, code } => {
            format!("TA1 of ISA13 {submission:09}: {} ({code})", taken(*accepted))
        }
        InquiryFact::Transaction { submission, accepted, code } => {
            format!("999 of ISA13 {submission:09}: {} ({code})", taken(*accepted))
        }
        InquiryFact::Unwritable { at } => format!("the 270 cannot carry {at}"),
        InquiryFact::Answered(answer) => answered(answer),
    }
}

fn answered(answer: &Answer) -> String {
    let mut parts: Vec<String> = Vec::new();
    for one in &answer.refusals {
        let what = format!("refused (AAA {}): {}; {}", one.reason, reason(&one.reason), follow_up(&one.follow_up));
        parts.push(what);
    }
    if !answer.status.is_empty() {
        parts.push(format!("EB01 {}", answer.status));
    }
    if let Some(known) = &answer.known {
        let born = known.birth_date.map(|day| format!(", born {}", iso(day))).unwrap_or_default();
        let id = &known.member_id;
        parts.push(format!("{} {}{born}, member id {id}", known.name.first.trim(), known.name.last.trim()));
        let days = [("from", known.cover_from), ("to", known.cover_to)];
        parts.extend(days.into_iter().filter_map(|(word, day)| Some(format!("{word} {}", iso(day?)))));
    }
    if answer.is_other_person {
        parts.push("another person than was asked about".to_owned());
    }
    for other in &answer.other_payers {
        parts.push(format!("another payer {} ({})", other.name, other.entity));
    }
    format!("271: {}", if parts.is_empty() { "says nothing".to_owned() } else { parts.join(", ") })
}
