//! What a claim costs does not grow with the store: the steps of SQLite's virtual machine are counted, from charge messages to
//! posted remittances, on top of a small store and of one ten times as large. Counts do not depend on the machine; a look-up that goes over
//! a whole practice multiplies them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(unsafe_code, reason = "SQLite counts by a C function that every connection gets as it is opened")]

use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicU64, Ordering};

use claimhost::claim::parse_iso;
use claimhost::config::Config;
use claimhost::lifecycle::Host;
use claimhost_tests::site::{Charge, Site};
use claimhost_tests::x12::{ack, check, claims_of, dollars};
use rusqlite::ffi;

const DAY: &str = "2026-05-20";
/// Claims of a slice, and how many slices there are.
const SLICE: u32 = 60;
const SLICES: u32 = 12;
/// The last slice against the second: deeper trees and longer lists of one day, no more.
const GROWTH_MAX: f64 = 1.2;
/// Instructions between two counts.
const BEAT: c_int = 100;

static BEATS: AtomicU64 = AtomicU64::new(0);

extern "C" fn beat(_: *mut c_void) -> c_int {
    BEATS.fetch_add(1, Ordering::Relaxed);
    0
}

unsafe extern "C" fn count(db: *mut ffi::sqlite3, _: *mut *mut c_char, _: *const ffi::sqlite3_api_routines) -> c_int {
    // SAFETY: SQLite calls this with the connection it has just opened.
    unsafe { ffi::sqlite3_progress_handler(db, BEAT, Some(beat), std::ptr::null_mut()) };
    ffi::SQLITE_OK
}

#[test]
fn a_claim_costs_the_same_in_a_store_ten_times_as_large() {
    // SAFETY: the function lives as long as the process.
    assert_eq!(unsafe { ffi::sqlite3_auto_extension(Some(count)) }, ffi::SQLITE_OK);
    let site = Site::new();
    site.hl7("first.hl7", Charge::of_nobody_else(9_999).message().as_bytes());
    site.run(DAY);
    let config = Config::load(&site.dir().join("claimhost.toml")).unwrap();
    let mut host = Host::open(config, parse_iso(DAY).unwrap()).unwrap();
    let mut known = site.outbox().len();
    let mut steps = Vec::new();
    for slice in 0..SLICES {
        BEATS.store(0, Ordering::Relaxed);
        for number in slice * SLICE..(slice + 1) * SLICE {
            site.hl7(&format!("{number}.hl7"), Charge::of_nobody_else(number).message().as_bytes());
        }
        host.settle().unwrap();
        let sent = site.outbox().split_off(known);
        known += sent.len();
        let mut claims = Vec::new();
        for (at, (_, text)) in sent.iter().enumerate() {
            let text = String::from_utf8_lossy(text);
            let group: u32 = text.split("GS*HC*").nth(1).unwrap().split('*').nth(4).unwrap().parse().unwrap();
            site.answer(&format!("{slice}-{at}.999"), ack(1_000 + group, group, "A", "A").as_bytes());
            claims.extend(claims_of(&text));
        }
        assert_eq!(claims.len(), usize::try_from(SLICE).unwrap(), "every claim of the slice has left");
        let payments: Vec<String> = claims
            .iter()
            .map(|claim| {
                let (id, charge, paid) = (&claim.clm01, dollars(claim.charge), dollars(claim.charge - 2_000));
                let day = &claim.lines[0].day;
                format!(
                    "CLP*{id}*1*{charge}*{paid}**12*ICN{id}~NM1*QC*1*VANCE*ORLA****MI*{}~SVC*HC:99213*{charge}*{paid}**1~\
                     DTM*472*{day}~CAS*CO*45*20",
                    claim.member
                )
            })
            .collect();
        let total: i64 = claims.iter().map(|claim| claim.charge - 2_000).sum();
        let text = check(5_000 + slice, &format!("I*{}*C", dollars(total)), "EXAMPLE", "1234567893", &payments, "");
        site.answer(&format!("{slice}.835"), text.as_bytes());
        host.settle().unwrap();
        steps.push(BEATS.load(Ordering::Relaxed) * u64::try_from(BEAT).unwrap() / u64::from(SLICE));
    }
    let summary = serde_json::to_value(host.summary().unwrap()).unwrap();
    assert_eq!(summary["claims"]["posted"], SLICES * SLICE, "{summary}");
    drop(host);
    site.assert_accounted(DAY);
    println!("steps a claim, slice by slice: {steps:?}");
    let growth = *steps.last().unwrap() as f64 / steps[1] as f64;
    assert!(
        growth <= GROWTH_MAX,
        "a claim costs {growth:.2} times as much on top of {} claims: {steps:?}",
        SLICE * (SLICES - 1)
    );
}
