//! `trace VISIT|CLAIM|TRACE-NUMBER`: one visit from the bytes that arrived to the money that was posted, on one screen.
//! `trace --unaccounted`: what is in none of the ends.
//!
//! `find.rs` says what is meant, `gather.rs` reads the store; here is what it finds, and how a person sees it; `mask.rs` makes it
//! fit for sharing. Patient data and file names appear, on
//! the reader's own screen.

mod find;
mod gather;
mod mask;
mod unaccounted;

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::claim::FoundLine;
use super::claim::show::money;
use super::output::{BOLD, RESET, dollars, print, print_json, visible};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::visit::{EventLine, event_table, history_table};
use super::{Failure, Global, Whose};
use crate::lifecycle::summary::Cents;
use crate::lifecycle::{Fact, Stage};
use crate::store::claim::{Looked, VersionRow};
use crate::store::history::HistoryRow;
use crate::store::remittance::PostingRow;
use crate::store::visit::VisitRow;
use crate::store::{PracticeStore, StoreResult};

/// `trace`
#[derive(Debug, clap::Args)]
pub(crate) struct Trace {
    /// The visit (its number in the EHR, or as `visit list` prints it), CLM01 of a claim, TRN02 of a 270, or the number of a
    /// check or transfer (TRN02 of an 835)
    #[arg(value_name = "VISIT|CLAIM|TRACE-NUMBER", required_unless_present = "unaccounted")]
    what: Option<Reference>,
    /// What it is, where a number could be several: `claim` takes PRACTICE/ID as `claim list` prints it
    #[arg(long, value_enum, value_name = "KIND")]
    by: Option<By>,
    /// For sharing: names, ids, numbers and words masked, dates moved, each value the same way everywhere; amounts, payers,
    /// states and codes stay
    #[arg(long)]
    mask: bool,
    /// List what is in none of the ends: stored and not read, open past its time, money that does not add up
    #[arg(long, conflicts_with_all = ["what", "by", "mask"])]
    unaccounted: bool,
    #[command(flatten)]
    whose: Whose,
}

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// A visit
    Visit,
    /// A claim
    Claim,
    /// A check or transfer
    Trace,
}

/// Everything about one visit.
#[derive(Serialize, Deserialize)]
struct Story {
    id: String,
    practice: String,
    number: String,
    source_system: String,
    #[serde(flatten)]
    visit: VisitRow,
    documents: Vec<DocumentStep>,
    events: Vec<EventLine>,
    /// What the payers of its claims were asked about cover.
    cover: Vec<CoverStep>,
    claims: Vec<ClaimStep>,
    history: Vec<HistoryRow>,
}

#[derive(Serialize, Deserialize)]
struct DocumentStep {
    id: String,
    file_id: u64,
    file_name: String,
    ordinal: u32,
    ranges: String,
    status: String,
    received: String,
    plugin_digest: String,
}

/// One question about cover (270), and what was said.
#[derive(Serialize, Deserialize)]
struct CoverStep {
    id: String,
    state: String,
    payer_id: String,
    reason: String,
    /// The day that is asked about.
    about: String,
    asked: String,
    /// TRN02.
    trace: String,
    sendings: Vec<AskedStep>,
    facts: Vec<CoverFact>,
}

/// One sending in a 270.
#[derive(Serialize, Deserialize)]
struct AskedStep {
    file_name: String,
    isa13: String,
    st02: String,
    range: String,
}

/// What an answer said of a question.
#[derive(Serialize, Deserialize)]
struct CoverFact {
    received: String,
    /// The answer's document; empty: our own word.
    document: String,
    kind: String,
    words: String,
}

#[derive(Serialize, Deserialize)]
struct ClaimStep {
    id: String,
    state: String,
    payer_id: String,
    cents: Cents,
    versions: Vec<VersionStep>,
    payments: Vec<PaymentStep>,
    postings: Vec<PostingRow>,
    /// What the EHR is told of them.
    told: Vec<ToldStep>,
    history: Vec<HistoryRow>,
}

#[derive(Serialize, Deserialize)]
struct ToldStep {
    id: String,
    target: String,
    kind: String,
    remittance_id: u64,
    /// Position of the CLP, from 1.
    clp: u32,
    state: String,
    paid_cents: i64,
    /// Empty: it has not left.
    file_name: String,
    plugin_digest: String,
}

#[derive(Serialize, Deserialize)]
struct VersionStep {
    #[serde(flatten)]
    row: VersionRow,
    created: String,
    split: String,
    lines: Vec<LineStep>,
    findings: Vec<FoundLine>,
    looked: Vec<Looked>,
    sendings: Vec<SendingStep>,
    facts: Vec<FactStep>,
}

/// A line of a version: loop 2400.
#[derive(Serialize, Deserialize)]
struct LineStep {
    /// LX01.
    line: u64,
    code: String,
    charge_cents: i64,
    /// REF 6R.
    line_control_number: String,
}

/// One sending in an 837.
#[derive(Serialize, Deserialize)]
struct SendingStep {
    file_name: String,
    isa13: String,
    st02: String,
    range: String,
    /// Position of CLM (loop 2300) among the segments of the file, from 1.
    clm_segment: u64,
    state: String,
}

/// What an answer said.
#[derive(Serialize, Deserialize)]
struct FactStep {
    received: String,
    /// The answer's document; empty: our own word.
    document: String,
    fact: Fact,
}

/// One CLP of an 835.
#[derive(Serialize, Deserialize)]
struct PaymentStep {
    remittance_id: u64,
    document: String,
    /// ISA13 of the 835, and the bytes of the transaction in its file.
    source: Source,
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
    /// CAS of the claim.
    adjustments: Vec<Adjusted>,
    /// SVC loops.
    lines: Vec<ServiceStep>,
}

/// Where an 835 came from, in the file of the clearinghouse.
#[derive(Default, Serialize, Deserialize)]
struct Source {
    #[serde(default)]
    interchange: String,
    #[serde(default)]
    file: u64,
    #[serde(default)]
    start: u64,
    #[serde(default)]
    end: u64,
}

/// One SVC.
#[derive(Serialize, Deserialize)]
struct ServiceStep {
    /// Line of our claim; 0: none.
    line: u64,
    paid_cents: i64,
    adjustments: Vec<Adjusted>,
}

/// One CAS.
#[derive(Serialize, Deserialize)]
struct Adjusted {
    group_code: String,
    reason: String,
    amount_cents: i64,
}

/// A check or transfer with the claims that it pays.
#[derive(Serialize, Deserialize)]
struct Check {
    id: String,
    practice: String,
    trace_number: String,
    payer_name: String,
    payer_id: String,
    state: String,
    paid_on: String,
    amount_cents: i64,
    difference_cents: i64,
    document: String,
    source: Source,
    visits: Vec<Story>,
}

impl Trace {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        let Some(what) = &self.what else { return unaccounted::run(global, &reader, self.whose.practice()) };
        match find::find(&reader, what, self.by, self.whose.practice())? {
            find::Found::Visit(practice, visit_id) => {
                let story = practice.read(|tx| gather::story(tx, visit_id))?;
                let story = story.ok_or_else(|| no_such("visit", what, "visit list"))?;
                self.show(global, story, tell)?;
            }
            find::Found::Checks(checks) => {
                // One array and one mask for all: payers and practices may share a number.
                let check = |(practice, id): &(PracticeStore, u64)| practice.read(|tx| gather::check(tx, *id));
                let checks: Vec<Check> = checks.iter().map(check).collect::<StoreResult<_>>()?;
                self.show(global, checks, |checks| checks.iter().for_each(tell_check))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn show<T: Serialize + serde::de::DeserializeOwned>(
        &self,
        global: &Global,
        story: T,
        tell: fn(&T),
    ) -> Result<(), Failure> {
        let story = if self.mask { mask::masked(&story)? } else { story };
        if global.json {
            print_json(&story);
        } else {
            tell(&story);
        }
        Ok(())
    }
}

fn tell_check(check: &Check) {
    let Check { id, trace_number, payer_name, payer_id, state, paid_on, document, .. } = check;
    let amount = dollars(check.amount_cents);
    print(&format!(
        "{BOLD}Remittance {id}{RESET}  {trace_number} of {payer_name} ({payer_id}), {paid_on}: ${amount}, {state}"
    ));
    print(&format!("  document {document}{}", source_words(&check.source)));
    if check.difference_cents != 0 {
        print(&format!("  it does not balance by ${}", dollars(check.difference_cents)));
    }
    for visit in &check.visits {
        print("");
        tell(visit);
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
        let DocumentStep { id, file_id, file_name, ordinal, ranges, status, received, plugin_digest } = step;
        print(&format!(
            "  {received}  {id}  {status}  file {file_id} `{}`, document {} of it, bytes {ranges}, plugin {}",
            visible(file_name),
            ordinal + 1,
            short(plugin_digest)
        ));
    }
    print(&format!("\n{BOLD}2 Events{RESET}"));
    print(&event_table(&story.practice, &story.events));
    story.cover.iter().for_each(tell_cover);
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
            if !payment.adjustments.is_empty() {
                print(&format!("           CLP {clp}: {}", adjusted(&payment.adjustments)));
            }
            for ServiceStep { line, paid_cents, adjustments } in &payment.lines {
                print(&format!("           SVC of line {line}: ${} {}", dollars(*paid_cents), adjusted(adjustments)));
            }
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
    story.claims.iter().flat_map(|claim| &claim.told).for_each(tell_told);
    print(&format!("\n{BOLD}4 History{RESET}"));
    print(&history_table(&story.history));
    for claim in &story.claims {
        print(&format!("\n{BOLD}5 History of claim {}{RESET}", claim.id));
        print(&history_table(&claim.history));
    }
}

fn tell_told(step: &ToldStep) {
    let ToldStep { id, target, kind, clp, state, file_name, .. } = step;
    let file = if file_name.is_empty() { String::new() } else { format!(", file {file_name}") };
    let paid = dollars(step.paid_cents);
    print(&format!("  EHR      {paid:>10}  {kind} {id} of CLP {clp} to {target}: {state}{file}"));
}

fn tell_cover(step: &CoverStep) {
    let CoverStep { id, state, payer_id, reason, about, asked, trace, sendings, facts } = step;
    print(&format!(
        "\n{BOLD}2 Cover {id}{RESET}  payer {payer_id}, of {about}: {state} ({reason}, {asked}), TRN02 {trace}"
    ));
    for AskedStep { file_name, isa13, st02, range } in sendings {
        print(&format!("    270     {file_name}, ISA13 {isa13}, ST02 {st02}, bytes {range}"));
    }
    for CoverFact { received, document, words, .. } in facts {
        let document = if document.is_empty() { String::new() } else { format!(", document {document}") };
        print(&format!("    {received}  {words}{document}"));
    }
}

/// `CO-45 20.00, PR-1 5.00`.
fn adjusted(adjustments: &[Adjusted]) -> String {
    let one = |Adjusted { group_code, reason, amount_cents }: &Adjusted| {
        format!("{group_code}-{reason} {}", dollars(*amount_cents))
    };
    adjustments.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn tell_version(version: &VersionStep) {
    let VersionRow { version: number, control_number, payer_id, .. } = &version.row;
    let (kind, state, charged) =
        (version.row.kind.as_str(), version.row.state.as_str(), dollars(version.row.charge_cents));
    print(&format!("  version {number}  {kind} {state}, ${charged} to {payer_id}, CLM01 {control_number}"));
    for LineStep { line, code, charge_cents, line_control_number } in &version.lines {
        print(&format!("    2400    line {line}  {code}  ${}, REF 6R {line_control_number}", dollars(*charge_cents)));
    }
    for FoundLine { rule, severity, place, words, fix, .. } in &version.findings {
        let fix = fix.as_ref().map(|fix| format!(" (fix: {fix})")).unwrap_or_default();
        print(&format!("    {severity:<7} {rule} at {place}: {words}{fix}"));
    }
    for Looked { rule_set, digest, table, .. } in version.looked.iter().filter(|looked| !looked.rule_set.is_empty()) {
        let table = table
            .as_ref()
            .map(|table| format!(", table {} version {}, {}", table.id, table.version, short(&table.digest)));
        print(&format!("    rules   {rule_set}, plugin {}{}", short(digest), table.unwrap_or_default()));
    }
    for SendingStep { file_name, isa13, st02, range, clm_segment, state } in &version.sendings {
        print(&format!(
            "    837     {file_name} ({state}), ISA13 {isa13}, ST02 {st02}, loop 2300 at segment {clm_segment}, bytes {range}"
        ));
    }
    for FactStep { received, document, fact } in &version.facts {
        let document = if document.is_empty() { String::new() } else { format!(", document {document}") };
        print(&format!("    {received}  {}{document}", fact_words(fact)));
    }
}

/// The beginning of a digest, as history shows it.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
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
fn source_words(source: &Source) -> String {
    let Source { interchange, start, end, .. } = source;
    if interchange.is_empty() { String::new() } else { format!(", ISA13 {interchange}, bytes {start}-{end}") }
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
        let source = Source { interchange: "000000016".into(), file: 1, start: 1196, end: 3483 };
        assert_eq!(source_words(&source), ", ISA13 000000016, bytes 1196-3483");
        assert_eq!(source_words(&Source::default()), "");
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
