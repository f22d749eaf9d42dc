//! `go-live PRACTICE`: what somebody has to look at before claims of a practice leave; with `--approve`, they leave.

use std::process::ExitCode;

use serde::Serialize;

use super::output::{BOLD, GREEN, RED, RESET, day, dollars, print, print_json, table};
use super::{Failure, Global};
use crate::lifecycle::{GoLive as Seen, Refused};

/// `go-live`
#[derive(Debug, clap::Args)]
pub(crate) struct GoLive {
    /// The practice
    #[arg(value_name = "PRACTICE")]
    practice: String,
    /// Let its claims leave: of the mappings as they are, until one changes
    #[arg(long, requires = "by")]
    approve: bool,
    /// Who has looked: kept with what there was to look at
    #[arg(long, value_name = "NAME", requires = "approve", value_parser = super::words)]
    by: Option<String>,
}

#[derive(Serialize)]
struct Told {
    practice: String,
    /// Claims may leave.
    approved: bool,
    /// Day of the last approval, whether it still counts or not.
    approved_on: Option<String>,
    approved_by: Option<String>,
    #[serde(flatten)]
    seen: Seen,
}

impl GoLive {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = crate::config::Config::load(&global.config).map_err(crate::lifecycle::HostError::from)?;
        let id = super::one_practice(&config, Some(&self.practice))?.to_owned();
        let host = global.open()?;
        let seen = match &self.by {
            Some(by) => host.approve(&id, by)?.map_err(|refused| refusal(&id, &refused))?,
            None => host.go_live(&id)?.ok_or_else(|| refusal(&id, &Refused::Unknown))?,
        };
        let last = host.approved(&id)?;
        let told = Told {
            practice: id,
            approved: last.as_ref().is_some_and(|(.., counts)| *counts),
            approved_on: last.as_ref().map(|(on, ..)| day(*on)),
            approved_by: last.map(|(_, by, _)| by),
            seen,
        };
        if global.json {
            print_json(&told);
        } else {
            tell(&told);
        }
        Ok(if told.approved { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }
}

fn refusal(id: &str, refused: &Refused) -> Failure {
    Failure::missing(format!("{id}: {refused}; nothing was recorded"))
}

fn tell(told: &Told) {
    let Seen { mapping_digest, inactive, coverage, dry_run, crosswalk } = &told.seen;
    let by = told.approved_by.as_deref().map(super::output::visible).unwrap_or_default();
    let state = match (&told.approved_on, told.approved) {
        (Some(on), true) => format!("{GREEN}submits{RESET}, approved by {by} on {on}"),
        (_, false) if !inactive.is_empty() => {
            let inactive = super::output::visible(&inactive.join(", "));
            format!("{RED}waits{RESET}: what reads its documents is not active: {inactive}")
        }
        (Some(on), false) => format!("{RED}waits{RESET}: a mapping has changed since {by} approved on {on}"),
        (None, _) => format!("{RED}waits{RESET}: nobody has approved yet"),
    };
    print(&format!("{BOLD}{}{RESET}  {state}", told.practice));
    print(&format!("  mappings {mapping_digest}"));
    let mut out = table(&["  way in", "documents"]);
    for (channel, ends) in &coverage.documents {
        let ends: Vec<String> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
        out.add_row([format!("  {channel}"), ends.join(", ")]);
    }
    print(&format!("\n{BOLD}Coverage{RESET}\n{out}"));
    print(&format!("  of the newest {} visits, elements that an interface has no place for:", coverage.visits));
    for (element, count) in &coverage.undelivered {
        print(&format!("    {count:>5}  {element}"));
    }
    print(&format!("\n{BOLD}Dry run{RESET}"));
    print(&format!(
        "  {} ready, ${}; {} of them written as 837P, {} cannot be; {} held, {} sent before",
        dry_run.ready,
        dollars(dry_run.ready_cents),
        dry_run.written,
        dry_run.unwritable,
        dry_run.held,
        dry_run.sent
    ));
    for (rule, count) in &dry_run.rules {
        print(&format!("    {count:>5}  {rule}"));
    }
    print(&format!("\n{BOLD}Crosswalk{RESET}\n  {} rows, {}", crosswalk.rows, crosswalk.digest));
    for words in &crosswalk.conflicts {
        print(&format!("  {RED}two ways{RESET}  {words}"));
    }
    if !told.approved && !inactive.is_empty() {
        anstream::eprintln!("hint: `claimhost plugin list` says why a plugin is not active");
    } else if !told.approved {
        anstream::eprintln!("hint: `claimhost go-live {} --approve --by NAME`, once it is right", told.practice);
    }
}
