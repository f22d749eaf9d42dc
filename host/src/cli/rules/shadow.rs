//! `rules shadow CANDIDATE --since DATE`: what a candidate would change for stored claims.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{BOLD, RESET, cut, dollars, line_width, print, print_json, table};
use super::super::reader::Reader;
use super::super::reference::name;
use super::super::{Failure, Global, Whose, day};
use super::{page, read, tables};
use crate::claim::{Date, day_number, iso};
use crate::rules::shadow::{Change, Compared, Outcome, Shadow as Report, Shadowed, Side, Told as Finding, shadow};

/// `rules shadow`
#[derive(Debug, clap::Args)]
pub(crate) struct Shadow {
    /// A rule table; it is compared with the active one of the same id, or with none
    #[arg(value_name = "CANDIDATE")]
    file: PathBuf,
    /// Claims with services on or after this day
    #[arg(long, value_name = "DATE", value_parser = day)]
    since: Date,
    /// Claims that are told one by one at most; all of them with --json and --html
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    limit: usize,
    /// Write a page for people into this file too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
}

/// What was compared, and what came of it.
#[derive(Serialize)]
pub(super) struct Told {
    pub(super) candidate: Named,
    pub(super) active: Option<Named>,
    pub(super) since: String,
    #[serde(flatten)]
    pub(super) report: Report,
}

/// A table.
#[derive(Serialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) digest: String,
}

fn named(table: &crate::rules::RuleTable) -> Named {
    let header = table.header();
    Named { id: header.id.clone(), version: header.version.clone(), digest: table.digest.clone() }
}

impl Shadow {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let candidate = read(&self.file)?;
        let (_, tables) = tables(global)?;
        let active = tables.active();
        let active = active.iter().find(|table| table.header().id == candidate.header().id);
        let reader = Reader::open(global)?;
        let mut report = Report::default();
        for practice in reader.chosen(self.whose.practice())? {
            let profile = reader.profile(practice.id())?;
            let apply_fixes = profile.as_ref().map_or(&[][..], |profile| &profile.apply_fixes);
            let compared = Compared { candidate: &candidate, active: active.map(|table| &**table), apply_fixes };
            shadow(&practice, compared, day_number(self.since), &mut report)?;
        }
        let active = active.map(|table| named(table));
        let told = Told { candidate: named(&candidate), active, since: iso(self.since), report };
        if let Some(path) = &self.html {
            std::fs::write(path, page::page(&told))
                .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
        }
        if global.json {
            print_json(&told);
        } else {
            tell(&told, self.limit);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(told: &Told, limit: usize) {
    let Told { candidate, active, since, report } = told;
    let beside = match active {
        Some(active) if active.digest == candidate.digest => "the same text, which is active".to_owned(),
        Some(active) => format!("version {}, which is active", active.version),
        None => "no active table of this id".to_owned(),
    };
    print(&format!(
        "{BOLD}{} version {}{RESET} beside {beside}; services since {since}",
        candidate.id, candidate.version
    ));
    print(&format!(
        "{} claims, {} that it is for, {} of these as today\n",
        report.looked_at, report.concerned, report.unchanged
    ));
    let mut out = table(&["", "claims", "billed", "held now", "payer paid", "payer refused", "denied"]);
    for (what, side) in sides(report) {
        out.add_row([
            what,
            &side.claims.to_string(),
            &dollars(side.billed_cents),
            &dollars(side.held_now_cents),
            &side.paid.to_string(),
            &side.refused.to_string(),
            &dollars(side.denied_cents),
        ]);
    }
    print(&out.to_string());
    print(&format!("\n{}", estimate(report)));
    for shadowed in report.claims.iter().take(limit) {
        let outcome = outcome_words(shadowed);
        let id = name(&shadowed.practice, shadowed.claim_id);
        print(&format!(
            "\n{id}  {}  {}  ${}, {}; {outcome}",
            shadowed.service,
            change_word(shadowed.change),
            dollars(shadowed.billed_cents),
            shadowed.state
        ));
        for (sign, told) in
            shadowed.added.iter().map(|told| ('+', told)).chain(shadowed.removed.iter().map(|told| ('-', told)))
        {
            print(&cut(&format!("  {sign} {}: {}", place(told), told.words), line_width()));
        }
    }
    if report.claims.len() > limit {
        anstream::eprintln!("hint: {} more; --limit, --json or --html tells them all", report.claims.len() - limit);
    }
}

/// What a finding is, of which rule and where: `hold house.limit line 1`.
pub(super) fn place(told: &Finding) -> String {
    let line = told.line.map(|line| format!(" line {line}")).unwrap_or_default();
    let fixed = if told.fixed { " (its fix is applied)" } else { "" };
    format!("{} {}{line}{fixed}", told.severity, told.rule)
}

/// The three kinds with their names.
pub(super) fn sides(report: &Report) -> [(&'static str, &Side); 3] {
    [
        ("newly held", &report.newly_held),
        ("newly released", &report.newly_released),
        ("other findings", &report.changed),
    ]
}

/// What it would have meant, in dollars.
pub(super) fn estimate(report: &Report) -> String {
    let Report { newly_held, newly_released, .. } = report;
    let agreed =
        |kind: Change| report.claims.iter().filter(move |one| one.change == kind && one.agrees == Some(true)).count();
    format!(
        "Held, it would have stopped ${} that payers denied ({} claims on which they agree), and kept back {} claims that they paid. \
         Released, ${} of {} claims that are held now would no longer wait; payers paid {} that it would have let go.",
        dollars(newly_held.denied_cents),
        agreed(Change::NewlyHeld),
        newly_held.paid,
        dollars(newly_released.held_now_cents),
        newly_released.held_now,
        agreed(Change::NewlyReleased),
    )
}

pub(super) const fn change_word(change: Change) -> &'static str {
    match change {
        Change::NewlyHeld => "newly held",
        Change::NewlyReleased => "newly released",
        Change::Changed => "other findings",
    }
}

pub(super) fn outcome_words(shadowed: &Shadowed) -> String {
    let outcome = match shadowed.outcome {
        Outcome::Unknown => "the payer has not decided".to_owned(),
        Outcome::Paid => "the payer paid".to_owned(),
        Outcome::Refused if shadowed.denied_cents > 0 => {
            format!("the payer denied ${} ({})", dollars(shadowed.denied_cents), shadowed.reasons.join(", "))
        }
        Outcome::Refused => "it was refused".to_owned(),
    };
    match shadowed.agrees {
        Some(true) => format!("{outcome}: it agrees"),
        Some(false) => format!("{outcome}: it does not agree"),
        None => outcome,
    }
}
