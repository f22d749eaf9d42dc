//! `codes check DATE [CODE...]`: what codes are on a day of service; without codes, which tables know the day.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{GREEN, RED, RESET, day, print, print_json, table};
use super::super::{Failure, Global};
use super::library;
use crate::claim::{Date, day_number, iso};
use crate::codes::shelf::Shelf;
use crate::codes::{System, Verdict, below, look, near};
use crate::ncci::parts;

/// Codes below a category that are told.
const BELOW_MAX: usize = 5;

/// `codes check`
#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Day of service
    #[arg(value_name = "DATE", value_parser = super::super::day)]
    on: Date,
    /// Codes, with or without the dot; none: which tables know the day
    #[arg(value_name = "CODE")]
    codes: Vec<String>,
    /// Their system; without it, every system whose form they have
    #[arg(long)]
    system: Option<System>,
}

#[derive(Serialize)]
struct Answer {
    code: String,
    system: &'static str,
    /// valid, not-billable, not-yet-effective, retired, unknown, not-covered.
    verdict: &'static str,
    /// For people.
    words: String,
    /// First day of one that is not yet in force, last day of one that is retired.
    date: Option<String>,
    /// What replaced it, what is below a category, or what it may have been meant to be.
    instead: Vec<String>,
    /// The table that was asked: version and days.
    table: Option<Asked>,
}

#[derive(Serialize)]
struct Asked {
    version: String,
    cover: String,
}

#[derive(Serialize)]
struct Day {
    kind: String,
    version: String,
    cover: String,
}

impl Check {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let library = library(global)?;
        let shelf = library.shelf();
        if self.codes.is_empty() { Ok(self.tables(global, &shelf)) } else { self.check(global, &shelf) }
    }

    fn tables(&self, global: &Global, shelf: &Shelf) -> ExitCode {
        let on = day_number(self.on);
        let wanted = self.system.map(System::name);
        let tables = shelf
            .all()
            .map(|table| table.label())
            .filter(|label| !parts::is_part(&label.kind) && wanted.is_none_or(|kind| label.kind == kind));
        let days: Vec<Day> = tables
            .filter(|label| label.cover.has(on))
            .map(|label| Day {
                kind: label.kind.clone(),
                version: label.version.clone(),
                cover: label.cover.to_string(),
            })
            .collect();
        if global.json {
            print_json(&days);
        } else {
            let mut out = table(&["table", "version", "days of service"]);
            for day in &days {
                out.add_row([&day.kind, &day.version, &day.cover]);
            }
            print(&out.to_string());
            let lacks: Vec<&str> = System::ALL
                .into_iter()
                .filter(|system| *system != System::Icd9cm && wanted.is_none_or(|kind| kind == system.name()))
                .map(System::name)
                .filter(|name| !days.iter().any(|day| day.kind == *name))
                .collect();
            if !lacks.is_empty() {
                print(&format!("no table knows {}: {}", iso(self.on), lacks.join(", ")));
            }
        }
        if days.is_empty() { ExitCode::from(4) } else { ExitCode::SUCCESS }
    }

    fn check(&self, global: &Global, shelf: &Shelf) -> Result<ExitCode, Failure> {
        let mut answers = Vec::new();
        let mut all_valid = true;
        for typed in &self.codes {
            let code = typed.trim().replace('.', "").to_ascii_uppercase();
            let of: Vec<Answer> =
                self.systems(&code).into_iter().map(|system| self.answer(shelf, system, &code)).collect();
            if of.is_empty() {
                let names: Vec<&str> = System::ALL.into_iter().map(System::name).collect();
                return Err(Failure::missing(format!(
                    "`{typed}` has the form of no code system\nhint: the systems are {}",
                    names.join(", ")
                )));
            }
            all_valid &= of.iter().any(|answer| answer.verdict == "valid");
            answers.extend(of);
        }
        if global.json {
            print_json(&answers);
        } else {
            for answer in &answers {
                let colour = if answer.verdict == "valid" { GREEN } else { RED };
                print(&format!(
                    "{}  {}  {colour}{}{RESET}  {}",
                    answer.code, answer.system, answer.verdict, answer.words
                ));
            }
        }
        Ok(if all_valid { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }

    /// The system asked for, or those whose form the code has; of the two ICDs, the one of that day.
    fn systems(&self, code: &str) -> Vec<System> {
        if let Some(system) = self.system {
            return vec![system];
        }
        let is_old = day_number(self.on) < day_number(crate::codes::ICD10_STARTS);
        let mut systems: Vec<System> = System::ALL.into_iter().filter(|system| system.fits(code)).collect();
        let both = systems.contains(&System::Icd10cm) && systems.contains(&System::Icd9cm);
        systems.retain(|system| !both || *system != if is_old { System::Icd10cm } else { System::Icd9cm });
        systems
    }

    fn answer(&self, shelf: &Shelf, system: System, code: &str) -> Answer {
        let on = day_number(self.on);
        let looked = look(shelf, system, code, on);
        let table = looked.table.map(|label| Asked { version: label.version.clone(), cover: label.cover.to_string() });
        let asked =
            looked.table.map_or(String::new(), |label| format!(" ({} {}, {})", label.kind, label.version, label.cover));
        // Between two tables what lies below a category, or near a code, is that of the table that was asked.
        let nearest = looked.table.map_or(on, |label| label.cover.nearest(on));
        let (verdict, words, date, instead) = match looked.verdict {
            Verdict::Valid if system == System::Icd9cm => ("valid", "by its form".to_owned(), None, Vec::new()),
            Verdict::Valid => ("valid", "may be billed".to_owned(), None, Vec::new()),
            Verdict::NotBillable => {
                let (codes, count) = below(shelf, system, code, nearest, BELOW_MAX);
                (
                    "not-billable",
                    format!("a category: {count} codes below it, such as {}", codes.join(", ")),
                    None,
                    codes,
                )
            }
            Verdict::NotYet { first } => {
                ("not-yet-effective", format!("in force from {}", day(first)), Some(day(first)), Vec::new())
            }
            Verdict::Retired { last, replaced_by } => {
                let by = if replaced_by.is_empty() { String::new() } else { format!(", replaced by {replaced_by}") };
                let instead = Some(replaced_by).filter(|by| !by.is_empty()).into_iter().collect();
                ("retired", format!("in force until {}{by}", day(last)), Some(day(last)), instead)
            }
            Verdict::Unknown => {
                let codes = near(shelf, system, code, nearest, BELOW_MAX);
                let meant = if codes.is_empty() { String::new() } else { format!("; perhaps {}", codes.join(", ")) };
                ("unknown", format!("does not exist{meant}"), None, codes)
            }
            Verdict::NotCovered => {
                let words = format!("no complete table knows {}; import {}", iso(self.on), system.published_as());
                ("not-covered", words, None, Vec::new())
            }
        };
        Answer { code: code.to_owned(), system: system.name(), verdict, words: words + &asked, date, instead, table }
    }
}
