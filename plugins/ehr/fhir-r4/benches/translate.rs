//! Megabytes of a bundle a second on one core, natively: cutting it into visits, translating them, and both.
//!
//! Plain loop, best of five runs: on a shared machine the best run is the one least disturbed.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, missing_docs)]

pub mod bundle;

use std::time::Instant;

use claimhost_fhir::{EntryScanner, Grouper, Head, Scanned};
use claimhost_sdk::Adapter;
use claimhost_sdk::claim::Date;
use claimhost_sdk::intake::{Document, Event, Outcome, Setup};
use plugin_fhir_r4::FhirR4;

const VISITS: usize = 2_000;

pub fn cut(file: &[u8]) -> Vec<Document> {
    let (mut scanner, mut grouper) = (EntryScanner::default(), Grouper::default());
    for chunk in file.chunks(64 * 1024) {
        scanner.push(chunk);
        while let Some(piece) = scanner.next_piece() {
            if let Scanned::Entry(entry) = piece {
                let text = std::str::from_utf8(&entry.bytes).unwrap();
                grouper.note(&entry.range, entry.number, &Head::read(text).unwrap());
            }
        }
    }
    scanner.finish();
    let mut groups = grouper.groups();
    let read = |range: std::ops::Range<u64>| Ok::<_, ()>(file[range.start as usize..range.end as usize].to_vec());
    let mut documents = Vec::new();
    while let Some(group) = groups.next_group(read).unwrap() {
        let (format, received) = ("fhir-r4".to_owned(), Date { year: 2026, month: 3, day: 2 });
        documents.push(Document { format, content: group.bytes, related: Vec::new(), received, ordinal: 0 });
    }
    documents
}

pub fn charges(session: &FhirR4, documents: &[Document]) -> usize {
    let of = |outcome| match outcome {
        Outcome::Events(events) => events.iter().map(told).sum(),
        _ => 0,
    };
    documents.iter().map(|document| of(session.translate(document))).sum()
}

fn told(event: &Event) -> usize {
    match event {
        Event::Visit(update) => update.charges.len(),
        Event::Expected(_) => 0,
    }
}

fn main() {
    let file = bundle::bundle(VISITS);
    let session = FhirR4::open(Setup { settings: Vec::new(), mapping: String::new() }).unwrap();
    let (mut cutting, mut translating) = (f64::MAX, f64::MAX);
    let mut whole = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let documents = cut(file.as_bytes());
        let cut = start.elapsed().as_secs_f64();
        assert_eq!(charges(&session, &documents), VISITS * bundle::CHARGES);
        let both = start.elapsed().as_secs_f64();
        cutting = cutting.min(cut);
        translating = translating.min(both - cut);
        whole = whole.min(both);
    }
    let megabytes = file.len() as f64 / 1e6;
    println!("figure fhir_cut_mb_per_s {:.0} MB/s", megabytes / cutting);
    println!("figure fhir_translate_mb_per_s {:.0} MB/s", megabytes / translating);
    println!("figure fhir_mb_per_s {:.0} MB/s", megabytes / whole);
}
