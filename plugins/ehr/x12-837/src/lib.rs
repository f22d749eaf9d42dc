//! Adapter `x12-837`: the 837P that a practice's own system exports, one claim with its parent loops at a time, to
//! visit updates. The inverse of the host's 837P writer: every element of every loop has its contract field.
//!
//! `translate` reads like the guide: each line is a loop, in order. What stands where the guide has nothing, or
//! cannot be read, rejects the document with its place; nothing is passed over.
//! Framing is the host's (`x12-claim`); money, NPI and code checks are the scrub's.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod billing;
mod claim;
mod codes;
mod extras;
mod header;
mod line;
mod line_loops;
mod other;
mod parts;
mod reader;
mod subscriber;

use claimhost_sdk::claim::{ClaimExtras, ClaimHeader, Frequency};
use claimhost_sdk::evidence::Level;
use claimhost_sdk::intake::{Charge, ChargeAction, Document, Outcome, Problem, Setup, VisitStatus, VisitUpdate};
use claimhost_sdk::{Adapter, AdapterDescription};

use reader::Reader;

/// The adapter. It needs no mapping: the guide is the mapping.
#[derive(Debug)]
pub struct X12Claims;

impl Adapter for X12Claims {
    fn describe() -> AdapterDescription {
        let groups = [
            "header.patient",
            "header.coverages",
            "header.diagnoses",
            "header.billing",
            "header.rendering",
            "header.referring",
            "header.primary-care",
            "header.service-facility",
            "header.supervising",
            "header.place-of-service",
            "header.provider-signature",
            "header.assignment",
            "header.patient-paid",
            "header.stated-total",
            "header.extras",
            "line.procedure",
            "line.charge",
            "line.units",
            "line.place-of-service",
            "line.diagnosis-pointers",
            "line.service-dates",
            "line.emergency",
            "line.epsdt",
            "line.family-planning",
            "line.copay-exempt",
            "line.drug",
            "line.providers",
            "line.adjudications",
            "line.extras",
        ];
        AdapterDescription {
            id: "x12-837".to_owned(),
            title: "837P exported by the practice's own system".to_owned(),
            family: "x12".to_owned(),
            formats: vec!["x12-837".to_owned()],
            delivers: groups.map(str::to_owned).to_vec(),
            evidence: Level::StandardOnly,
        }
    }

    fn open(_: Setup) -> Result<X12Claims, Vec<Problem>> {
        Ok(X12Claims)
    }

    fn translate(&self, document: &Document) -> Outcome {
        match Reader::new(&document.content) {
            Ok(mut reader) => {
                let source = header::envelope(&mut reader); // ISA, GS, ST, BHT
                if !reader.problems.is_empty() {
                    return Outcome::Rejected(reader.problems); // another guide, or not whole: the rest would mislead
                }
                let update = visit(&mut reader, source);
                if reader.problems.is_empty() {
                    Outcome::Events(vec![update.into()])
                } else {
                    Outcome::Rejected(reader.problems)
                }
            }
            Err(problem) => Outcome::Rejected(vec![*problem]),
        }
    }
}

/// One claim: the loops of the guide, in order.
fn visit(r: &mut Reader<'_>, source: header::Source) -> VisitUpdate {
    let mut to = ClaimHeader { extras: Some(ClaimExtras::default()), ..ClaimHeader::default() };
    header::submitter_and_receiver(r); // 1000A, 1000B
    billing::loop_2000a(r, &mut to); // with 2010AA, 2010AB, 2010AC
    let mut coverage = subscriber::loop_2000b(r, &mut to); // with 2010BA, 2010BB
    subscriber::loop_2000c(r, &mut to, &mut coverage); // with 2010CA
    let identity = claim::loop_2300(r, &mut to, &mut coverage);
    claim::loops_2310(r, &mut to); // A to F
    to.coverages.push(coverage);
    other::loops_2320(r, &mut to); // with 2330A to 2330G
    let lines = line::loops_2400(r); // with 2410 to 2440
    header::trailer(r);
    settle(&mut to);
    let action = match identity.frequency {
        Frequency::Original => ChargeAction::New,
        Frequency::Replacement => ChargeAction::Replace,
        Frequency::Void => ChargeAction::Cancel,
    };
    let charge = |line: line::Read| Charge {
        id: line.id,
        action,
        reverses: String::new(),
        line: line.line,
        coverages: Vec::new(),
        at: line.at,
    };
    VisitUpdate {
        source_system: source.system,
        visit_number: identity.visit_number,
        order: source.order,
        status: VisitStatus::Closed,
        header: to,
        charges: lines.into_iter().map(charge).collect(),
        complete: action != ChargeAction::New,
        undelivered: Vec::new(),
        doubts: Vec::new(),
    }
}

/// Drops the group of rare fields when nothing is in it.
fn settle(header: &mut ClaimHeader) {
    if header.extras.as_ref().is_some_and(|extras| *extras == ClaimExtras::default()) {
        header.extras = None;
    }
}

claimhost_sdk::adapter!(X12Claims);
