//! `verify`: recomputes everything that is stored from what it was made of, and prints where it differs.

use std::process::ExitCode;

use super::output::{RED, RESET, print, print_json};
use super::reader::Reader;
use super::{Failure, Global, Whose};
use crate::store::CLEARING;
use crate::verify::{Difference, Outside, Plan, Report, Verified, verify};

/// `verify`
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    whose: Whose,
    /// Print every difference (1,000 of each part of the work), not the first alone
    #[arg(long)]
    all: bool,
    /// The end of the history as an earlier `verify` printed it and you kept it: `NUMBER:MAC`, of one practice
    #[arg(long, value_name = "HEAD", requires = "practice", value_parser = head)]
    head: Option<Head>,
    /// Threads; default: as many as the machine has processors
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// A head that was kept.
#[derive(Debug, Clone)]
struct Head(u64, Vec<u8>);

fn head(text: &str) -> Result<Head, String> {
    let read = text.trim().split_once(':').and_then(|(seq, mac)| Some(Head(seq.parse().ok()?, hex::decode(mac).ok()?)));
    read.ok_or_else(|| "expected NUMBER:MAC, as `claimhost verify` prints it".to_owned())
}

impl Verify {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        let report = self.report(&reader)?;
        if global.json {
            print_json(&report);
        } else {
            tell(&report);
        }
        Ok(if report.count == 0 { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }

    fn report(&self, reader: &Reader) -> Result<Report, Failure> {
        let tenants = reader.tenants(self.whose.practice())?;
        let clearing = reader.tenants(Some(CLEARING))?;
        let configured: Vec<String> = reader.config.practice.iter().map(|practice| practice.id.clone()).collect();
        let processors = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let plan = Plan {
            store: &reader.store,
            tenants: &tenants,
            configured: &configured,
            clearing: clearing.first(),
            outside: Some(&Outside::of(&reader.config)),
            head: self.head.clone().map(|Head(seq, mac)| (seq, mac)),
            threads: self.threads.unwrap_or_else(processors).clamp(1, 64),
        };
        Ok(verify(&plan, self.all)?)
    }
}

fn tell(report: &Report) {
    for one in &report.practices {
        let head = if one.head.is_empty() { String::new() } else { format!(", head {}", one.head) };
        print(&format!("{}{head}", counts(one)));
    }
    report.differences.iter().for_each(|difference| print(&line(difference)));
    match report.count {
        0 => anstream::eprintln!("Everything is what it was made of"),
        count => anstream::eprintln!("{RED}{count} differences{RESET}; `claimhost verify --all` prints each of them"),
    }
}

/// What was gone over of a tenant, as a line.
pub(super) fn counts(one: &Verified) -> String {
    let Verified { practice, visits, claims, rows, .. } = one;
    let left =
        if one.configured { "" } else { ", not in the configuration (`trace --unaccounted` says what is left of it)" };
    format!("{practice}: {visits} visits, {claims} claims, {rows} rows{left}")
}

/// One difference as a line: `elm claim 17 [money]: ...`.
pub(super) fn line(difference: &Difference) -> String {
    let Difference { practice, check, table, row, what } = difference;
    let place: Vec<&str> =
        [practice, table, row].into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    format!("{} [{check}]: {what}", place.join(" "))
}
