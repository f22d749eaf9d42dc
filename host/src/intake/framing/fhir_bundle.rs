//! FHIR JSON, one visit of one patient a document, with everything its references mean: a Bundle, a single resource, or
//! one resource a line (bulk export), in any order.
//!
//! Two passes, by the codec: the first notes where entries are and whom they are about, the second reads back those that
//! belong together. A document is the texts of its entries one after another; `entries` of `related` has the position of
//! each in its bundle, so that a problem names `Bundle.entry[12]`. Shared entries (a practitioner, a payer) are in every
//! document that means them. What is in no visit comes last, and the adapter says why it is not billed.

use std::collections::VecDeque;
use std::io;

use claimhost_fhir::{
    ENTRY_BYTES_MAX, EntryScanner, Grouper, Groups, Head, ScanFault, ScanProblem, Scanned, VISIT_BYTES_MAX,
};

use super::{Cutter, Frame, FramingProblem, Gap, GapKind, Item, Source};
use crate::claim::Related;

pub(super) struct FhirBundle {
    format: String,
    scanner: EntryScanner,
    grouper: Grouper,
    groups: Option<Groups>,
    ordinal: u32,
}

impl FhirBundle {
    pub(super) fn new(format: &str) -> Self {
        let (scanner, grouper) = (EntryScanner::default(), Grouper::default());
        Self { format: format.to_owned(), scanner, grouper, groups: None, ordinal: 0 }
    }

    fn drain(&mut self, out: &mut VecDeque<Item>) {
        while let Some(piece) = self.scanner.next_piece() {
            let gap = |range: std::ops::Range<u64>, kind| Item::Gap(Gap { range: (range.start, range.end), kind });
            match piece {
                Scanned::Envelope(range) => out.push_back(gap(range, GapKind::Envelope)),
                Scanned::Filler(range) => out.push_back(gap(range, GapKind::Filler)),
                Scanned::Problem(problem) => out.push_back(Item::Problem(scan_problem(&problem))),
                Scanned::Entry(entry) => {
                    let range = (entry.range.start, entry.range.end);
                    let path = entry.number.map_or("resource".to_owned(), |number| format!("Bundle.entry[{number}]"));
                    let text = match std::str::from_utf8(&entry.bytes) {
                        Ok(text) => text,
                        Err(error) => {
                            let at = range.0 + error.valid_up_to() as u64;
                            let found = "a byte that is no UTF-8";
                            out.push_back(Item::Problem(malformed(range, at, &path, found, "UTF-8")));
                            continue;
                        }
                    };
                    match Head::read(text) {
                        Ok(head) => self.grouper.note(&entry.range, entry.number, &head),
                        Err(error) => {
                            let at = range.0 + error.at as u64;
                            out.push_back(Item::Problem(malformed(range, at, &path, error.found, error.expected)));
                        }
                    }
                }
            }
        }
    }
}

fn malformed(range: (u64, u64), at: u64, path: &str, found: &str, expected: &str) -> FramingProblem {
    let expected = format!("{expected} at byte {at}, in {path}");
    let remedy = "ask the source to correct this resource and send it again; the others of the file go on";
    FramingProblem::new("fhir.malformed", range, found, &expected, remedy)
}

fn scan_problem(problem: &ScanProblem) -> FramingProblem {
    let range = (problem.range.start, problem.range.end);
    let ScanProblem { at, path, fault, .. } = problem;
    match fault {
        ScanFault::Malformed => malformed(range, *at, path, "text that is no JSON", "JSON"),
        ScanFault::Truncated => FramingProblem::new(
            "fhir.truncated",
            range,
            "the end of the file",
            &format!("the rest of {path}"),
            "the transfer may be cut off: ask for the file again",
        ),
        ScanFault::TooLarge => FramingProblem::new(
            "fhir.too-large",
            range,
            "a larger resource",
            &format!("at most {ENTRY_BYTES_MAX} bytes in {path}"),
            "have the source leave attachments out of the export",
        ),
        ScanFault::TooDeep => malformed(range, *at, path, "deeper nesting", "at most 100 levels"),
    }
}

impl Cutter for FhirBundle {
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>) {
        self.scanner.push(chunk);
        self.drain(out);
    }

    fn finish(&mut self, out: &mut VecDeque<Item>) {
        self.scanner.finish();
        self.drain(out);
        self.groups = Some(std::mem::take(&mut self.grouper).groups());
    }

    fn again(&mut self, source: &mut dyn Source, out: &mut VecDeque<Item>) -> io::Result<()> {
        let Some(groups) = &mut self.groups else { return Ok(()) };
        let group = groups.next_group(|range| {
            let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
            source.seek(io::SeekFrom::Start(range.start))?;
            source.read_exact(&mut bytes)?;
            Ok::<_, io::Error>(bytes)
        })?;
        let Some(group) = group else { return Ok(()) };
        let ranges = group.ranges.iter().map(|range| (range.start, range.end)).collect();
        if group.too_large {
            let range = group.ranges.first().map_or((0, 0), |range| (range.start, range.end));
            out.push_back(Item::Problem(FramingProblem::new(
                "fhir.visit-too-large",
                range,
                format!("a visit of {} resources and more bytes", group.ranges.len()),
                &format!("at most {VISIT_BYTES_MAX} bytes in one visit"),
                "have the source export the visits of fewer days at a time",
            )));
            return Ok(());
        }
        let numbers = group.numbers.iter().map(|number| number.map_or("-".to_owned(), |number| number.to_string()));
        let entries = numbers.collect::<Vec<_>>().join(" ").into_bytes();
        out.push_back(Item::Frame(Frame {
            ordinal: self.ordinal,
            ranges,
            format: self.format.clone(),
            content: group.bytes,
            related: vec![Related { name: "entries".to_owned(), content: entries }],
            open_end: None,
        }));
        self.ordinal = self.ordinal.saturating_add(1);
        Ok(())
    }
}
