//! `checklist PRACTICE`: ten lines, each pass, fail or overdue, with the number behind it and when it is next due. What decides
//! each: `crate::audit::checklist`.

use std::process::ExitCode;

use serde::Serialize;

use super::output::{BOLD, GREEN, RED, RESET, print, print_json};
use super::reader::Reader;
use super::{Failure, Global};
use crate::audit::checklist::{Approved, Facts, Line, Status, Way, lines};
use crate::claim::day_number;
use crate::codes::Library;
use crate::config::Config;
use crate::lifecycle::{HostError, Mappings, mappings};
use crate::plugin::FixturePolicy;
use crate::store::practice_record::RecordKind;
use crate::store::{StoreResult, Tx};

/// `checklist`
#[derive(Debug, clap::Args)]
pub(crate) struct Checklist {
    /// The practice
    #[arg(value_name = "PRACTICE")]
    practice: String,
}

#[derive(Serialize)]
struct Told {
    practice: String,
    today: String,
    pass: usize,
    lines: Vec<Line>,
}

impl Checklist {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        let ids = reader.practice_ids(Some(&self.practice))?;
        let (Some(id), Some(profile)) = (ids.first().copied(), reader.profile(&self.practice)?) else {
            return Err(Failure::missing(format!("there is no practice `{}`", self.practice)));
        };
        let Some(store) = reader.chosen(Some(id))?.into_iter().next() else {
            let words = format!("{id} has nothing yet\nhint: `claimhost run --once` makes it");
            return Err(Failure::missing(words));
        };
        let library = Library::open(&reader.config.codes.folder);
        let (shelf, ways, today) = (library.shelf(), ways(&reader.config, id), day_number(global.today()));
        let mappings = configured_mappings(global, &reader.config, id)?;
        let lines = store.read(|tx| -> StoreResult<Vec<Line>> {
            let approved = approved(tx, mappings)?;
            lines(tx, &Facts { profile: &profile, ways: &ways, shelf: &shelf, approved: &approved, today })
        })?;
        let pass = lines.iter().filter(|line| line.status == Status::Pass).count();
        let told = Told { practice: id.to_owned(), today: super::output::day(today), pass, lines };
        if global.json {
            print_json(&told);
        } else {
            tell(&told);
        }
        Ok(if pass == told.lines.len() { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }
}

/// Ways in of a practice; charges that are keyed come by one of their own.
fn ways(config: &Config, id: &str) -> Vec<Way> {
    let routes = config.intake.routes().filter(|route| route.practice == id);
    let mut ways: Vec<Way> =
        routes.map(|route| Way { channel: route.channel(), adapter: route.adapter.to_owned() }).collect();
    ways.push(Way { channel: crate::lifecycle::ENTRY_CHANNEL.to_owned(), adapter: "charge enter".to_owned() });
    ways
}

/// The mappings as the configuration names them now.
fn configured_mappings(global: &Global, config: &Config, id: &str) -> Result<Mappings, Failure> {
    let mut ways = Vec::new();
    for route in config.intake.routes().filter(|route| route.practice == id) {
        let text = match route.mapping {
            Some(path) => std::fs::read_to_string(path).map_err(HostError::io(path))?,
            None => String::new(),
        };
        ways.push((route.adapter.to_owned(), text));
    }
    // A connector's own mapping is with the plugins.
    Ok(mappings(&super::plugin::open(global, FixturePolicy::Skip)?, ways))
}

fn approved(tx: &Tx<'_>, mappings: Mappings) -> StoreResult<Approved> {
    let last = tx.latest_record(RecordKind::GoLive)?;
    let counts = last.as_ref().is_some_and(|record| mappings.are_approved(&record.digest));
    let waiting = if counts { 0 } else { i64::try_from(tx.ready_cents()?.0).unwrap_or(i64::MAX) };
    Ok(Approved { counts, inactive: mappings.inactive, last: last.map(|record| record.day), waiting })
}

fn tell(told: &Told) {
    print(&format!("{BOLD}{}{RESET}  {} of {} pass on {}", told.practice, told.pass, told.lines.len(), told.today));
    for (at, line) in (1..).zip(&told.lines) {
        let status = match line.status {
            Status::Pass => format!("{GREEN}pass{RESET}   "),
            Status::Fail => format!("{RED}fail{RESET}   "),
            Status::Overdue => format!("{RED}overdue{RESET}"),
        };
        let of = line.of.map(|of| format!(" of {of}")).unwrap_or_default();
        let due = line.next_due.as_deref().map_or("next due: always".to_owned(), |due| format!("next due: {due}"));
        print(&format!("\n{at:>3}  {status}  {BOLD}{}{RESET}", line.what));
        print(&format!("              {}{of} {}; {due}", line.number, line.counts));
        print(&format!("              {}", super::output::visible(&line.found)));
        if !line.to_do.is_empty() {
            print(&format!("              to do: {}", line.to_do));
        }
    }
}
