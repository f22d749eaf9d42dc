//! `rules list|test|activate|shadow`: rule tables, from a file that somebody edits to what is active.

mod page;
mod shadow;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use claimhost_rules::cases::{Finds, Outcome, run, untried};
use claimhost_rules::{Header, Rule, iso};
use serde::Serialize;

use super::output::{BOLD, GREEN, RED, RESET, print, print_json, table, visible};
use super::reader::Reader;
use super::{Failure, Global};
use crate::config::{Config, suggest};
use crate::lifecycle::{HostError, lost_tables};
use crate::rules::{Activated, Activation, ActivationError, RuleTable, Tables};
use crate::store::CLEARING;
use crate::store::finding::severity_str;

/// Rule tables.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Rules {
    /// Lists the active tables, or the rules of one
    List(List),
    /// Runs the cases in files of rule tables, and shows what each rule saw where one fails
    Test(Test),
    /// Makes a table active: its cases have to pass. A running `serve` takes it up by itself
    Activate(Activate),
    /// Shows what a candidate would change for stored claims, with dollars and what the payers made of them
    Shadow(shadow::Shadow),
}

impl Rules {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        match self {
            Self::List(command) => command.run(global),
            Self::Test(command) => command.run(global),
            Self::Activate(command) => command.run(global),
            Self::Shadow(command) => command.run(global),
        }
    }
}

/// `rules list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// The rules of this table
    #[arg(value_name = "TABLE")]
    id: Option<String>,
}

/// `rules test`
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Files of rule tables
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// `rules activate`
#[derive(Debug, clap::Args)]
pub(crate) struct Activate {
    /// The candidate; an earlier text is activated again from the folder `history`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who activates it: kept with when and which text
    #[arg(long, value_name = "NAME", value_parser = super::words)]
    by: String,
}

pub(super) fn tables(global: &Global) -> Result<(Config, Tables), Failure> {
    let config = Config::load(&global.config).map_err(HostError::from)?;
    let tables = Tables::look_at(&config.rules.folder);
    Ok((config, tables))
}

/// Reads a candidate: its problems are the command's answer.
pub(super) fn read(path: &Path) -> Result<RuleTable, Failure> {
    let bytes = bytes(path)?;
    RuleTable::read(&path.display().to_string(), &bytes).map_err(|error| Failure::missing(error.to_string()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let length = std::fs::metadata(path).map(|metadata| metadata.len());
    let length = length.map_err(|error| Failure::missing(format!("{}: {error}", path.display())))?;
    if length > claimhost_rules::BYTES_MAX as u64 {
        let (path, most) = (path.display(), claimhost_rules::BYTES_MAX);
        return Err(Failure::missing(format!(
            "{path}: found {length} bytes, expected at most {most}; make several tables of it"
        )));
    }
    std::fs::read(path).map_err(|error| Failure::missing(format!("{}: {error}", path.display())))
}

#[derive(Serialize)]
struct Listed {
    id: String,
    title: String,
    version: String,
    digest: String,
    file: String,
    rules: usize,
    cases: usize,
    /// Whom it is for.
    scope: String,
    /// Who activated it, and when.
    activated: Option<Activation>,
}

/// Whom a table is for, in words.
pub(super) fn scope(header: &Header) -> String {
    let parts = [
        ("payers", &header.payers),
        ("filing", &header.filing_indicators),
        ("plans", &header.plans),
        ("states", &header.states),
        ("practices", &header.practices),
    ];
    let mut words: Vec<String> = parts
        .iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(name, list)| format!("{name} {}", list.join(" ")))
        .collect();
    words.extend(header.effective.map(|day| format!("from {}", iso(day))));
    words.extend(header.ended.map(|day| format!("to {}", iso(day))));
    if words.is_empty() { "every claim".to_owned() } else { words.join(", ") }
}

impl List {
    fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let (_, tables) = tables(global)?;
        let active = tables.active();
        if let Some(id) = &self.id {
            let ids = || active.iter().map(|table| table.header().id.as_str());
            let found = active.iter().find(|table| table.header().id == *id).ok_or_else(|| {
                let near = suggest(id, ids());
                Failure::missing(format!(
                    "no table `{id}` is active{near}\nhint: `claimhost rules list` shows those that are"
                ))
            })?;
            list_rules(found, global.json);
            return Ok(ExitCode::SUCCESS);
        }
        let activations = tables.activations()?;
        let problems = tables.problems();
        let listed: Vec<Listed> = active
            .iter()
            .map(|table| {
                let header = table.header();
                let known = activations.iter().rev().find(|known| !known.removed && known.digest == table.digest);
                Listed {
                    id: header.id.clone(),
                    title: header.title.clone(),
                    version: header.version.clone(),
                    digest: table.digest.clone(),
                    file: known.map(|known| known.file.clone()).unwrap_or_default(),
                    rules: table.rules.len(),
                    cases: table.table.rules.iter().map(|rule| rule.cases.len()).sum(),
                    scope: scope(header),
                    activated: known.cloned(),
                }
            })
            .collect();
        if global.json {
            let refused: Vec<String> = problems.iter().map(ToString::to_string).collect();
            print_json(&serde_json::json!({ "tables": listed, "refused": refused }));
        } else if listed.is_empty() && problems.is_empty() {
            print(&format!("no rule table is active: {} has none", tables.folder().display()));
        } else {
            let mut out = table(&["table", "version", "rules", "cases", "for", "activated", "by", "digest"]);
            for one in &listed {
                let digest: String = one.digest.chars().take(12).collect();
                let (at, by) = one.activated.as_ref().map_or(("", ""), |known| (known.at.as_str(), known.by.as_str()));
                let at = at.split('T').next().unwrap_or_default();
                let (rules, cases) = (one.rules.to_string(), one.cases.to_string());
                out.add_row([&one.id, &one.version, &rules, &cases, &one.scope, at, &visible(by), &digest]);
            }
            print(&out.to_string());
        }
        for error in &problems {
            anstream::eprintln!("{RED}refused{RESET}: {error}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list_rules(found: &RuleTable, json: bool) {
    let rules = &found.table.rules;
    let force = |rule: &Rule| {
        let from = rule.effective.map(|day| format!("from {}", iso(day)));
        let to = rule.ended.map(|day| format!("to {}", iso(day)));
        from.into_iter().chain(to).collect::<Vec<_>>().join(" ")
    };
    if json {
        print_json(
            &serde_json::json!({ "table": found.header().id, "version": found.header().version, "rules": found.rules }),
        );
        return;
    }
    let mut out = table(&["rule", "severity", "in force", "looks back", "title"]);
    for (rule, declared) in rules.iter().zip(&found.rules) {
        let days = if rule.look_back_days > 0 { format!("{} days", rule.look_back_days) } else { String::new() };
        out.add_row([&rule.id, severity_str(declared.severity), &force(rule), &days, &rule.title]);
    }
    print(&out.to_string());
    for rule in rules {
        print(&format!("{}  {}", rule.id, rule.source));
    }
}

#[derive(Serialize)]
struct Tested {
    file: String,
    ok: bool,
    rules: usize,
    cases: usize,
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    rule: String,
    case: String,
    line: usize,
    expected: String,
    found: Vec<String>,
    saw: Vec<(String, String)>,
}

fn expected(finds: Finds) -> String {
    match finds {
        Finds::Something => "one finding or more".to_owned(),
        Finds::Exactly(0) => "no finding".to_owned(),
        Finds::Exactly(1) => "one finding".to_owned(),
        Finds::Exactly(count) => format!("{count} findings"),
    }
}

fn failed(outcome: &Outcome) -> Failed {
    let place = |line: Option<u16>| line.map(|line| format!("line {line}: ")).unwrap_or_default();
    Failed {
        rule: outcome.rule.clone(),
        case: outcome.case.clone(),
        line: outcome.line,
        expected: expected(outcome.expected),
        found: outcome.findings.iter().map(|found| format!("{}{}", place(found.at.line), found.words)).collect(),
        saw: outcome.saw.clone(),
    }
}

impl Test {
    fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let mut tested = Vec::new();
        for path in &self.files {
            let loaded = read(path)?;
            let outcomes = run(&loaded.table);
            let mut failures: Vec<Failed> = outcomes.iter().filter(|outcome| !outcome.passes()).map(failed).collect();
            failures.extend(untried(&loaded.table).into_iter().map(|(rule, line, what)| Failed {
                rule: rule.to_owned(),
                case: String::new(),
                line,
                expected: "a case that finds something and one that does not".to_owned(),
                found: vec![what.to_owned()],
                saw: Vec::new(),
            }));
            let (ok, rules, cases) = (failures.is_empty(), loaded.rules.len(), outcomes.len());
            tested.push(Tested { file: path.display().to_string(), ok, rules, cases, failed: failures });
        }
        if global.json {
            print_json(&tested);
        } else {
            tested.iter().for_each(tell_tested);
        }
        let failures = tested.iter().filter(|tested| !tested.ok).count();
        if failures == 0 {
            Ok(ExitCode::SUCCESS)
        } else {
            Err(Failure::missing(format!("{failures} of {} tables fail", tested.len())))
        }
    }
}

fn tell_tested(tested: &Tested) {
    let Tested { file, ok, rules, cases, failed } = tested;
    if *ok {
        print(&format!("{GREEN}ok{RESET}      {file}: {rules} rules, {cases} cases"));
        return;
    }
    print(&format!("{RED}failed{RESET}  {file}: {} of {cases} cases of {rules} rules", failed.len()));
    for Failed { rule, case, line, expected, found, saw } in failed {
        print(&format!("\n  {BOLD}{rule}{RESET}, case \"{case}\", line {line}"));
        print(&format!("    - expected {expected}"));
        if found.is_empty() {
            print("    + found nothing");
        }
        found.iter().for_each(|words| print(&format!("    + {words}")));
        saw.iter().for_each(|(label, value)| print(&format!("      {label} = {value}")));
    }
}

impl Activate {
    fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let (config, _) = tables(global)?;
        if config.store.path.exists() {
            // In the place of a folder that went, one table would be all that is active.
            let reader = Reader::open(global)?;
            let lost = match reader.store.known_practice(CLEARING)? {
                Some(clearing) => lost_tables(&clearing, &Tables::look_at(&config.rules.folder))?,
                None => None,
            };
            if let Some(error) = lost {
                return Err(Failure::missing(format!("{error}\nnothing was changed")));
            }
        }
        let tables = Tables::open(&config.rules.folder);
        let name = self.file.display().to_string();
        let activated = tables.activate(&name, &bytes(&self.file)?, &self.by).map_err(|error| match error {
            ActivationError::Table(error) => {
                let words = format!(
                    "{error}\nnothing was changed\nhint: `claimhost rules test {name}` shows what each rule saw"
                );
                Failure::missing(words)
            }
            ActivationError::Taken { .. } => Failure::missing(format!("{error}\nnothing was changed")),
            ActivationError::Io { .. } => Failure::internal(error.to_string()),
        })?;
        let Activated { activation, unchanged } = &activated;
        if global.json {
            print_json(&serde_json::json!({ "activation": activation, "unchanged": unchanged }));
            return Ok(ExitCode::SUCCESS);
        }
        let short = |digest: &str| digest.chars().take(12).collect::<String>();
        let Activation { id, version, digest, replaced, file, by, .. } = activation;
        print(&match (unchanged, replaced.as_str()) {
            (true, _) => format!("{id} version {version} is active already ({})", short(digest)),
            (false, "") => {
                format!("{id} version {version} is active ({}), by {}, as {file}", short(digest), visible(by))
            }
            (false, before) => {
                format!(
                    "{id} version {version} is active ({}), by {}, in place of {}",
                    short(digest),
                    visible(by),
                    short(before)
                )
            }
        });
        if !*unchanged {
            anstream::eprintln!(
                "hint: a running `serve` takes it up by itself, else `claimhost run --once`; held claims are looked at again"
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
