//! `trace VISIT`: one visit from the bytes that arrived to the money that was posted, on one screen. `trace --unaccounted`: what
//! is in none of the ends.
//!
//! `gather.rs` reads the store; here is what it finds, and how a person sees it. Patient data and file names appear, on
//! the reader's own screen.

mod gather;
mod unaccounted;

use std::process::ExitCode;

use serde::Serialize;

use super::claim::FoundLine;
use super::claim::show::money;
use super::output::{BOLD, RESET, dollars, print, print_json, visible};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::visit::{EventLine, event_table, find, history_table};
use super::{Failure, Global, Whose};
use crate::lifecycle::summary::Cents;
use crate::lifecycle::{Fact, Stage};
use crate::store::claim::VersionRow;
use crate::store::history::HistoryRow;
use crate::store::remittance::PostingRow;
use crate::store::visit::VisitRow;

/// `trace`
#[derive(Debug, clap::Args)]
pub(crate) struct Trace {
    /// The visit's number in the EHR, or the visit as `visit list` prints it
    #[arg(value_name = "VISIT", required_unless_present = "unaccounted")]
    visit: Option<Reference>,
    /// List what is in none of the ends: stored and not read, open past its time, money that does not add up
    #[arg(long, conflicts_with = "visit")]
    unaccounted: bool,
    #[command(flatten)]
    whose: Whose,
}

/// Everything about one visit.
#[derive(Serialize)]
struct Story {
    id: String,
    practice: String,
    number: String,
    source_system: String,
    #[serde(flatten)]
    visit: VisitRow,
    documents: Vec<DocumentStep>,
    events: Vec<EventLine>,
    claims: Vec<ClaimStep>,
    history: Vec<HistoryRow>,
}

#[derive(Serialize)]
struct DocumentStep {
    id: String,
    file_id: u64,
    file_name: String,
    ordinal: u32,
    ranges: String,
    status: &'static str,
    received: String,
    plugin_digest: String,
}

#[derive(Serialize)]
struct ClaimStep {
    id: String,
    state: String,
    payer_id: String,
    cents: Cents,
    versions: Vec<VersionStep>,
    payments: Vec<PaymentStep>,
    postings: Vec<PostingRow>,
    history: Vec<HistoryRow>,
}

#[derive(Serialize)]
struct VersionStep {
    #[serde(flatten)]
    row: VersionRow,
    created: String,
    split: String,
    findings: Vec<FoundLine>,
    sendings: Vec<SendingStep>,
    facts: Vec<FactStep>,
}

/// One sending in an 837.
#[derive(Serialize)]
struct SendingStep {
    file_name: String,
    isa13: String,
    st02: String,
    range: String,
    state: String,
}

/// What an answer said.
#[derive(Serialize)]
struct FactStep {
    received: String,
    words: String,
    fact: Fact,
}

/// One CLP of an 835.
#[derive(Serialize)]
struct PaymentStep {
    remittance_id: u64,
    document: String,
    /// ISA13 of the 835, and the bytes of the transaction in its file.
    source: serde_json::Value,
    trace_number: String,
    payer_name: String,
    /// Position of the CLP, from 1.
    clp: u32,
    version: Option<u32>,
    matched_by: String,
    state: String,
    paid_cents: i64,
    difference_cents: i64,
    paid_on: String,
}

impl Trace {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        let Some(visit) = &self.visit else { return unaccounted::run(global, &reader, self.whose.practice()) };
        let (practice, visit_id) = find(&reader, visit, self.whose.practice())?;
        let story = practice.read(|tx| gather::story(tx, visit_id))?;
        let story = story.ok_or_else(|| no_such("visit", visit, "visit list"))?;
        if global.json {
            print_json(&story);
        } else {
            tell(&story);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(story: &Story) {
    print(&format!(
        "{BOLD}Visit {}{RESET}  {} of {}: {}",
        story.id,
        story.number,
        story.source_system,
        story.visit.state.as_str()
    ));
    print(&format!("\n{BOLD}1 Documents{RESET}"));
    for step in &story.documents {
        let DocumentStep { id, file_id, file_name, ordinal, ranges, status, received, .. } = step;
        print(&format!(
            "  {received}  {id}  {status}  file {file_id} `{}`, document {} of it, bytes {ranges}",
            visible(file_name),
            ordinal + 1
        ));
    }
    print(&format!("\n{BOLD}2 Events{RESET}"));
    print(&event_table(&story.practice, &story.events));
    for claim in &story.claims {
        print(&format!("\n{BOLD}3 Claim {}{RESET}  {} to payer {}", claim.id, claim.state, claim.payer_id));
        print(&money(&claim.cents));
        claim.versions.iter().for_each(tell_version);
        for payment in &claim.payments {
            let PaymentStep { trace_number, payer_name, clp, matched_by, paid_on, document, .. } = payment;
            let state = state_words(&story.practice, payment);
            let paid = dollars(payment.paid_cents);
            print(&format!(
                "  835      {paid_on}  {payer_name} {trace_number}, CLP {clp}: ${paid} {state}, found by {matched_by}"
            ));
            print(&format!("           document {document}{}", source_words(&payment.source)));
        }
        for posting in &claim.postings {
            let reason = if posting.reason.is_empty() {
                String::new()
            } else {
                format!(" {}-{}", posting.group_code, posting.reason)
            };
            let version = posting.claim.map_or(0, |(_, version)| version);
            let PostingRow { line, account, payer_id, .. } = posting;
            let amount = dollars(posting.amount_cents);
            print(&format!(
                "  posting  {amount:>10}  {account}{reason}, version {version} line {line}, payer {payer_id}"
            ));
        }
    }
    print(&format!("\n{BOLD}4 History{RESET}"));
    print(&history_table(&story.history));
}

fn tell_version(version: &VersionStep) {
    let VersionRow { version: number, control_number, payer_id, .. } = &version.row;
    let (kind, state, charged) =
        (version.row.kind.as_str(), version.row.state.as_str(), dollars(version.row.charge_cents));
    print(&format!("  version {number}  {kind} {state}, ${charged} to {payer_id}, CLM01 {control_number}"));
    for FoundLine { rule, severity, place, words, .. } in &version.findings {
        print(&format!("    {severity:<7} {rule} at {place}: {words}"));
    }
    for SendingStep { file_name, isa13, st02, range, state } in &version.sendings {
        print(&format!("    837     {file_name} ({state}), ISA13 {isa13}, ST02 {st02}, bytes {range}"));
    }
    for fact in &version.facts {
        print(&format!("    {}  {}", fact.received, fact.words));
    }
}

/// What became of the money of a CLP.
fn state_words(practice: &str, payment: &PaymentStep) -> String {
    let id = name(practice, payment.remittance_id);
    match payment.state.as_str() {
        "parked" => format!("parked: two contents under one key, choose with `claimhost remittance choose {id}`"),
        "set-aside" => format!("set aside: another remittance than {id} was chosen under its key"),
        state => state.to_owned(),
    }
}

/// Where an 835 came from: its interchange, and its bytes in the file.
fn source_words(source: &serde_json::Value) -> String {
    let number = |key: &str| source.get(key).and_then(serde_json::Value::as_u64);
    match (source.get("interchange").and_then(serde_json::Value::as_str), number("start"), number("end")) {
        (Some(interchange), Some(start), Some(end)) => format!(", ISA13 {interchange}, bytes {start}-{end}"),
        _ => String::new(),
    }
}

/// What a fact says, with the numbers of the answer.
fn fact_words(fact: &Fact) -> String {
    let taken = |accepted: bool| if accepted { "accepted" } else { "refused" };
    match fact {
        Fact::Submitted { submission, transaction } => format!("sent in ISA13 {submission:09}, ST02 {transaction}"),
        Fact::Interchange { submission, accepted, code } => {
            format!("TA1 of ISA13 {submission:09}: {} ({code})", taken(*accepted))
        }
        Fact::Transaction { submission, accepted, code } => {
            format!("999 of ISA13 {submission:09}: {} ({code})", taken(*accepted))
        }
        Fact::ClaimAck { stage, accepted, code, payer_control_number } => {
            let who = if *stage == Stage::Payer { "payer" } else { "clearinghouse" };
            let number = if payer_control_number.is_empty() {
                String::new()
            } else {
                format!(", payer's number {payer_control_number}")
            };
            format!("277CA of the {who}: {} ({code}){number}", taken(*accepted))
        }
        Fact::Payment(payment) => format!(
            "835 {}, CLP {}: status {}, charge {}, paid {}, contract {}, patient {}, denied {}",
            payment.remittance,
            payment.ordinal + 1,
            payment.status,
            dollars(payment.charge),
            dollars(payment.paid),
            dollars(payment.contractual),
            dollars(payment.patient),
            dollars(payment.denied)
        ),
        Fact::Superseded => "superseded: the visit no longer says it, and no payer has it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_835_names_its_interchange_and_bytes() {
        let source = serde_json::json!({ "interchange": "000000016", "start": 1196, "end": 3483 });
        assert_eq!(source_words(&source), ", ISA13 000000016, bytes 1196-3483");
        assert_eq!(source_words(&serde_json::Value::Null), "");
    }

    #[test]
    fn facts_read_with_the_numbers_of_their_answers() {
        let refused = Fact::Interchange { submission: 7, accepted: false, code: "025".into() };
        assert_eq!(fact_words(&refused), "TA1 of ISA13 000000007: refused (025)");
        let ack = Fact::ClaimAck {
            stage: Stage::Payer,
            accepted: true,
            code: "A2:20".into(),
            payer_control_number: "ICN1".into(),
        };
        assert_eq!(fact_words(&ack), "277CA of the payer: accepted (A2:20), payer's number ICN1");
    }
}
