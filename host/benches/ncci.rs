//! What one look-up among all pairs of a quarter costs: the published table where CLAIMHOST_CORPUS has it, else an invented one of the
//! same size. Half of the questions have a pair. Beside it a hash map of packed pairs, which needs three times the memory. Then
//! what opening every table costs, in time and in memory.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

mod support;

use std::collections::HashMap;
use std::hint::black_box;
use std::io::Read;
use std::time::Duration;

use claimhost::claim::{Date, day_number};
use claimhost::codes::container::{Cover, Label, Table, write};
use claimhost::codes::shelf::Shelf;
use claimhost::ncci::import::{Asked, Source, import};
use claimhost::ncci::ptp::PtpTable;
use claimhost::ncci::{Code, Kind};
use support::tables::{self, Pair, Random};
use support::{figure, machine, median, resident_mb, scratch};

const ASKED: usize = 1_000_000;

/// The payload, its pairs, and those of them that are in effect on the day.
fn published(day: i32) -> Option<(Vec<u8>, Vec<Pair>)> {
    let folder = std::path::PathBuf::from(std::env::var_os("CLAIMHOST_CORPUS")?).join("codesets/ncci");
    let name = "ptp_practitioner_2024-07-01.csv.gz";
    let bytes = std::fs::read(folder.join(name)).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).ok()?;
    let imported = import(&[Source { name, bytes: text.as_bytes() }], Asked::default()).unwrap();
    let mut pairs = Vec::new();
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let column1 = Code::parse(cells[0]).unwrap();
        pairs.extend(cells[4].split(' ').map(|code| (column1, Code::parse(code).unwrap())));
    }
    let table = PtpTable::open(&imported.payload).unwrap();
    assert!(pairs.iter().filter(|pair| table.lookup(pair.0, pair.1, day).is_some()).count() > 1_500_000);
    Some((imported.payload, pairs))
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9 / ASKED as f64
}

fn main() {
    machine();
    let day = i32::try_from(day_number(Date { year: 2024, month: 8, day: 1 })).unwrap();
    let (payload, pairs) = published(day).unwrap_or_else(|| tables::invented(7));
    // In its file, mapped, as a host has it.
    let label = Label {
        kind: Kind::PtpPractitioner.name().to_owned(),
        version: "2024Q3".to_owned(),
        cover: Cover { first: i64::from(day), last: i64::from(day) },
        rows: pairs.len() as u64,
        source: "bench".to_owned(),
        source_sha256: [0; 32],
    };
    let mapped = Table::open(&write(&scratch("bench-pairs"), &label, &payload).unwrap()).unwrap();
    let table = PtpTable::open(mapped.payload()).unwrap();
    assert_eq!(table.rows(), pairs.len());
    let mut random = Random(0x2024);
    let asked: Vec<Pair> = (0..ASKED)
        .map(|number| {
            let (column1, column2) = pairs[random.below(pairs.len())];
            if number % 2 == 0 { (column1, column2) } else { (column2, pairs[random.below(pairs.len())].0) }
        })
        .collect();

    let mut found = 0;
    let time = median(|| {
        found = asked.iter().filter(|pair| table.lookup(black_box(pair.0), pair.1, day).is_some()).count();
    });
    assert!(found > ASKED / 5 && found < ASKED, "{found}");
    figure("ptp_pairs", table.rows() as f64, "rows");
    figure("ptp_table_mb", payload.len() as f64 / 1e6, "MB");
    figure("ptp_lookup_ns", nanos(time), "ns");

    let map: HashMap<u64, ()> =
        pairs.iter().map(|pair| (u64::from(pair.0.packed()) << 32 | u64::from(pair.1.packed()), ())).collect();
    let key = |pair: &Pair| u64::from(pair.0.packed()) << 32 | u64::from(pair.1.packed());
    let mut peer = 0;
    let time = median(|| peer = asked.iter().filter(|pair| map.contains_key(&black_box(key(pair)))).count());
    assert!(peer >= found);
    figure("ptp_lookup_std_hash_map_ns", nanos(time), "ns");
    drop((map, pairs, asked, payload));
    open_all();
}

/// Opens the folder of all tables again and again, each byte checked; what it takes once, and what stays in memory.
fn open_all() {
    let folder = tables::folder();
    let before = resident_mb();
    let shelf = Shelf::open(&folder);
    let resident = resident_mb() - before;
    assert!(shelf.problems().is_empty() && shelf.all().count() >= 15, "{:?}", shelf.problems());
    let bytes: u64 = shelf.all().map(|table| table.size()).sum();
    drop(shelf);
    let time = median(|| assert!(black_box(Shelf::open(&folder)).problems().is_empty()));
    figure("tables_mb", bytes as f64 / 1e6, "MB");
    figure("tables_open_ms", time.as_secs_f64() * 1e3, "ms");
    figure("tables_resident_mb", resident, "MB");
}
