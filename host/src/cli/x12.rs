//! `x12 roundtrip FILE`: an 837P through the x12-837 adapter to canonical claims and back through the 837P writer, with a
//! list of what did not come back.
//!
//! Excepted by nature: envelope, 1000A and 1000B, control numbers, HL and LX numbers, dates of creation, CLM01.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use claimhost_x12::ClaimFrames;
use serde_json::{Value, json};

use super::output::{RED, RESET, print_json};
use super::{Failure, Global};
use crate::claim::{
    Claim, Contact, ContactKind, ContactNumber, Document, Outcome, Problem, Setup, VisitUpdate, visits,
};
use crate::clearinghouse::professional::{self, Created, Envelope, Lost, Partner, Purpose, Receiver, Submitter};
use crate::plugin::Translated;

/// The adapter that reads 837s.
const ADAPTER: &str = "x12-837";

/// Tools for X12 files.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum X12 {
    /// Reads an 837P into claims and writes it again; exit code 4 where an element is lost
    Roundtrip(Roundtrip),
}

/// `x12 roundtrip`
#[derive(Debug, clap::Args)]
pub(crate) struct Roundtrip {
    /// The 837P file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the new 837 here instead of to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl X12 {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let Self::Roundtrip(roundtrip) = self;
        roundtrip.run(global)
    }
}

impl Roundtrip {
    fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let name = self.file.display();
        let original = std::fs::read(&self.file).map_err(|error| Failure::missing(format!("{name}: {error}")))?;
        let updates = self.updates(global, &original)?;
        let claims: Vec<Claim> = updates.iter().map(professional::claim_of).collect();
        let borrowed: Vec<&Claim> = claims.iter().collect();
        let written = professional::write(&envelope(global), &borrowed)
            .map_err(|error| Failure::missing(format!("{name}: {error}")))?;
        let lost = professional::round_trip(&original, &updates)
            .map_err(|error| Failure::missing(format!("{name}: {error}")))?;
        match &self.output {
            Some(path) => crate::private::create(path)?.write_all(&written.bytes)?,
            None if !global.json => std::io::stdout().lock().write_all(&written.bytes)?,
            None => {}
        }
        if global.json {
            let text = self.output.is_none().then(|| String::from_utf8_lossy(&written.bytes).into_owned());
            let lost: Vec<Value> = lost.iter().map(record).collect();
            print_json(&json!({ "claims": claims.len(), "lost": lost, "output": self.output, "x12": text }));
        }
        for item in &lost {
            anstream::eprintln!("{RED}lost{RESET}: {}", sentence(item));
        }
        if lost.is_empty() {
            anstream::eprintln!("{} claims came back with no element lost", claims.len());
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::missing(format!("{name}: {} elements of {} claims did not come back", lost.len(), claims.len())))
    }

    /// One update for each claim of the file. A claim that cannot be read ends the command, with every place.
    fn updates(&self, global: &Global, original: &[u8]) -> Result<Vec<VisitUpdate>, Failure> {
        let name = self.file.display();
        let host = super::plugin::open(global, crate::plugin::FixturePolicy::default())?;
        let adapter = host.adapter(ADAPTER).ok_or_else(|| {
            let why = host.list().into_iter().find(|info| info.id == ADAPTER).and_then(|info| info.error);
            let why = why.map_or_else(|| "it is in no plugin folder".to_owned(), |error| error.to_string());
            Failure::config(format!("adapter {ADAPTER} is not active: {why}\nhint: `claimhost plugin build {ADAPTER}`"))
        })?;
        let format = adapter.manifest().formats.first().cloned().unwrap_or_default();
        let (mut documents, mut problems) = (Vec::new(), Vec::new());
        for frame in ClaimFrames::new(original) {
            match frame {
                Ok(frame) => documents.push(Document {
                    format: format.clone(),
                    content: frame.bytes(original),
                    related: Vec::new(),
                    received: global.today(),
                    ordinal: frame.ordinal,
                }),
                Err(problem) if problem.is_error() => problems.push(problem.to_string()),
                Err(_) => {}
            }
        }
        if documents.is_empty() && problems.is_empty() {
            problems.push("found no claim (CLM), expected an 837P".to_owned());
        }
        let setup = Setup { settings: Vec::new(), mapping: String::new() };
        let answers =
            adapter.translate("roundtrip", &setup, &documents).map_err(|error| Failure::internal(error.to_string()))?;
        let mut updates = Vec::new();
        for (document, answer) in documents.iter().zip(answers) {
            let claim = format!("claim {}", document.ordinal);
            match answer {
                Translated::Outcome(Outcome::Events(events)) => updates.extend(visits(events)),
                Translated::Outcome(Outcome::Ignored(ignored)) => {
                    problems.push(format!("{claim}: ignored: {}", ignored.reason))
                }
                Translated::Outcome(Outcome::Rejected(found)) => {
                    problems.extend(found.iter().map(|problem| refusal(&claim, problem)))
                }
                Translated::Parked(fault) => problems.push(format!("{claim}: the adapter failed: {fault}")),
            }
        }
        if problems.is_empty() {
            Ok(updates)
        } else {
            Err(Failure::missing(format!("{name}: {}", problems.join("\n"))))
        }
    }
}

fn refusal(claim: &str, problem: &Problem) -> String {
    let Problem { at, found, expected, remedy, .. } = problem;
    format!("{claim}, {}: found {found}, expected {expected}; {remedy}", at.path)
}

/// An envelope of nobody: it is not part of the comparison.
fn envelope(global: &Global) -> Envelope {
    let partner = |id: &str| Partner { qualifier: "ZZ".into(), id: id.into(), application_id: id.into() };
    let number = ContactNumber { kind: ContactKind::Telephone, value: "5555550100".into() };
    Envelope {
        sender: partner("CLAIMHOST"),
        receiver: partner("ROUNDTRIP"),
        submitter: Submitter {
            is_person: false,
            name: "CLAIMHOST".into(),
            first: String::new(),
            id: "CLAIMHOST".into(),
            contacts: vec![Contact { name: "ROUNDTRIP".into(), numbers: vec![number] }],
        },
        receiver_name: Receiver { name: "ROUNDTRIP".into(), id: "ROUNDTRIP".into() },
        test: true,
        interchange_control: 1,
        group_control: 1,
        first_transaction: 1,
        reference: "000000001".into(),
        purpose: Purpose::Chargeable,
        created: Created { day: global.today(), hour: 12, minute: 0 },
    }
}

/// Where a lost element stood: its place, never its value.
fn sentence(item: &Lost) -> String {
    let what = if item.element == 0 {
        format!("segment {}", item.segment)
    } else {
        format!("{}{:02}", item.segment, item.element)
    };
    let refused = item.refused.map(|row| format!(" (the guide leaves no place for it: {row})")).unwrap_or_default();
    format!("claim {}, loop {}, {what} at byte {}{refused}", item.claim + 1, item.loop_id, item.offset)
}

fn record(item: &Lost) -> Value {
    json!({ "claim": item.claim + 1, "loop": item.loop_id, "segment": item.segment, "element": item.element,
            "offset": item.offset, "refused": item.refused })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_names_its_place() {
        let mut item =
            Lost { claim: 0, loop_id: "2300".into(), segment: "HI".into(), offset: 812, element: 3, refused: None };
        assert_eq!(sentence(&item), "claim 1, loop 2300, HI03 at byte 812");
        item.element = 0;
        assert_eq!(sentence(&item), "claim 1, loop 2300, segment HI at byte 812");
    }
}
