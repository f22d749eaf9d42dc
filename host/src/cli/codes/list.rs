//! `codes list`: every table. `codes status`: by system, which days are known and which are not.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{BOLD, RED, RESET, day, print, print_json, table};
use super::super::{Failure, Global};
use super::library;
use crate::claim::{day_number, iso};
use crate::codes::container::{Cover, OPEN_END, Table};
use crate::codes::list::List as Codes;
use crate::codes::shelf::Shelf;
use crate::codes::{Library, System};
use crate::ncci::{Kind, parts};
use crate::pfs;

/// `codes list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

/// `codes status`
#[derive(Debug, clap::Args)]
pub(crate) struct Status {}

/// One table as it is shown.
#[derive(Serialize)]
struct Row {
    kind: String,
    version: String,
    first: String,
    /// Last day; null where it stands until another replaces it.
    last: Option<String>,
    rows: u64,
    /// It has only some codes of its system.
    partial: bool,
    source: String,
    source_sha256: String,
    bytes: u64,
}

impl Row {
    fn of(table: &Table) -> Self {
        let label = table.label();
        Self {
            kind: label.kind.clone(),
            version: label.version.clone(),
            first: day(label.cover.first),
            last: end(label.cover.last),
            rows: label.rows,
            partial: Codes::open(table.payload()).is_some_and(|list| list.is_partial()),
            source: label.source.clone(),
            source_sha256: hex::encode(label.source_sha256),
            bytes: table.size(),
        }
    }
}

fn end(last: i64) -> Option<String> {
    (last < OPEN_END).then(|| day(last))
}

#[derive(Serialize)]
struct Listed {
    tables: Vec<Row>,
    /// Files that cannot be used.
    problems: Vec<String>,
}

impl List {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let library = library(global)?;
        let shelf = library.shelf();
        let listed = Listed { tables: shelf.all().map(|table| Row::of(table)).collect(), problems: library.problems() };
        if global.json {
            print_json(&listed);
        } else {
            let mut out = table(&["table", "version", "from", "to", "rows", "", "source"]);
            for row in &listed.tables {
                let last = row.last.clone().unwrap_or_else(|| "until replaced".to_owned());
                let partial = if row.partial { "not all codes" } else { "" };
                out.add_row([&row.kind, &row.version, &row.first, &last, &row.rows.to_string(), partial, &row.source]);
            }
            print(&out.to_string());
            tell_problems(&listed.problems);
        }
        Ok(if listed.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }
}

fn tell_problems(problems: &[String]) {
    for problem in problems {
        print(&format!("{RED}cannot be used{RESET}: {problem}"));
    }
}

/// What is known of one system.
#[derive(Serialize)]
struct Known {
    system: &'static str,
    /// Versions, the latest last.
    versions: Vec<String>,
    rows: u64,
    /// Spans of days that a complete table knows.
    covers: Vec<Span>,
    /// Days between them that no complete table knows.
    gaps: Vec<Span>,
    /// Whether today is known.
    today: bool,
    /// What to import where nothing is.
    import: Option<&'static str>,
}

#[derive(Serialize)]
struct Span {
    first: String,
    /// Null where there is no end.
    last: Option<String>,
}

impl Span {
    fn of(cover: Cover) -> Self {
        Self { first: day(cover.first), last: end(cover.last) }
    }

    fn words(&self) -> String {
        match &self.last {
            Some(last) => format!("{} to {last}", self.first),
            None => format!("from {}", self.first),
        }
    }
}

#[derive(Serialize)]
struct Told {
    today: String,
    systems: Vec<Known>,
    /// Quarters of pairs of which files are missing: they are not used.
    incomplete: Vec<String>,
    problems: Vec<String>,
}

impl Status {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let library = library(global)?;
        let told = told(&library, global);
        if global.json {
            print_json(&told);
        } else {
            for known in &told.systems {
                print(&format!("{BOLD}{}{RESET}", known.system));
                if let Some(import) = known.import {
                    print(&format!("  nothing loaded, so nothing is checked; import {import}"));
                    continue;
                }
                print(&format!("  versions {}; {} rows", known.versions.join(", "), known.rows));
                known.covers.iter().for_each(|span| print(&format!("  knows {}", span.words())));
                known.gaps.iter().for_each(|span| print(&format!("  does not know {}", span.words())));
                if !known.today {
                    print(&format!("  {RED}does not know today, {}{RESET}", told.today));
                }
            }
            told.incomplete.iter().for_each(|words| print(&format!("{RED}{words}{RESET}")));
            tell_problems(&told.problems);
        }
        Ok(if told.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }
}

fn told(library: &Library, global: &Global) -> Told {
    let (shelf, today) = (library.shelf(), global.today());
    let codes = System::ALL.into_iter().filter(|system| *system != System::Icd9cm);
    let systems = codes.map(|system| (system.name(), system.published_as()));
    let kinds = Kind::ALL.map(|kind| (kind.name(), "CMS's NCCI file of the quarter (cms.gov)"));
    let fees = std::iter::once((pfs::KIND, pfs::PUBLISHED_AS));
    let systems = systems.chain(kinds).chain(fees).map(|(name, import)| known(&shelf, name, import, day_number(today)));
    let incomplete = parts::incomplete(&shelf).iter().map(ToString::to_string).collect();
    Told { today: iso(today), systems: systems.collect(), incomplete, problems: library.problems() }
}

fn known(shelf: &Shelf, system: &'static str, import: &'static str, today: i64) -> Known {
    let tables = shelf.tables(system);
    let complete = |table: &&std::sync::Arc<Table>| !Codes::open(table.payload()).is_some_and(|list| list.is_partial());
    let mut spans: Vec<Cover> = tables.iter().filter(complete).map(|table| table.label().cover).collect();
    spans.sort();
    let mut covers: Vec<Cover> = Vec::new();
    for span in spans {
        match covers.last_mut() {
            Some(last) if span.first <= last.last.saturating_add(1) => last.last = last.last.max(span.last),
            _ => covers.push(span),
        }
    }
    let gaps = covers.windows(2).filter_map(|pair| match pair {
        [left, right] => Some(Span::of(Cover { first: left.last + 1, last: right.first - 1 })),
        _ => None,
    });
    Known {
        system,
        versions: tables.iter().map(|table| table.label().version.clone()).collect(),
        rows: tables.iter().map(|table| table.label().rows).sum(),
        gaps: gaps.collect(),
        today: covers.iter().any(|cover| cover.has(today)),
        covers: covers.into_iter().map(Span::of).collect(),
        import: tables.is_empty().then_some(import),
    }
}
