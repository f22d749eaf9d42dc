//! `audit`: what is lost where data leaves the EHR. `charges`: visits that nobody charged for. `demographics`: patients who
//! are not who the roster or the payer says. `codes`: the practice's own codes that lead to no billed one.

use std::process::ExitCode;

use comfy_table::Table;

use super::output::{BOLD, RESET, dollars, print, print_json, table};
use super::reader::Reader;
use super::reference::name;
use super::{Failure, Global, Whose};
use crate::audit::capture::{self, Counts, Group};
use crate::audit::family::{self, ClaimLine, Family, RuleCount, Tally};
use crate::audit::{codes, demographics};
use crate::claim::{Date, day_number};
use crate::codes::Library;
use crate::store::PracticeStore;

/// Audits what the EHR hands over.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Audit {
    /// Compares expected visits (schedules, SIU, ADT) to charges: counts, capture rate, gaps with dollars
    Charges(Charges),
    /// Shows where claims differ from the roster and the payers' eligibility answers, with dollars at risk
    Demographics(Demographics),
    /// Lists the practice's own codes that are unmapped, retired or mapped two ways, with dollars and what replaced them
    Codes(Codes),
    /// Counts what looks keyed wrong: check digits, ids, dates, repeated visits, charges off the fee schedule, with dollars
    Typos(Findings),
    /// Counts claims without a modifier that the context calls for, with dollars
    Modifiers(Findings),
}

/// `audit charges`
#[derive(Debug, clap::Args)]
pub(crate) struct Charges {
    #[command(flatten)]
    whose: Whose,
    /// Only visits of this month
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Option<(Date, Date)>,
}

/// `audit demographics`
#[derive(Debug, clap::Args)]
pub(crate) struct Demographics {
    #[command(flatten)]
    whose: Whose,
}

/// `audit codes`
#[derive(Debug, clap::Args)]
pub(crate) struct Codes {
    #[command(flatten)]
    whose: Whose,
}

/// `audit typos`, `audit modifiers`
#[derive(Debug, clap::Args)]
pub(crate) struct Findings {
    #[command(flatten)]
    whose: Whose,
}

/// First and last day of a month.
pub(super) fn month(text: &str) -> Result<(Date, Date), String> {
    let wrong = || format!("found `{text}`, expected YYYY-MM");
    let first = jiff::civil::Date::strptime("%Y-%m-%d", format!("{text}-01")).map_err(|_| wrong())?;
    if text.len() != 7 {
        return Err(wrong());
    }
    Ok((crate::claim::from_jiff(first), crate::claim::from_jiff(first.last_of_month())))
}

impl Audit {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::Charges(command) => {
                let days = command.month.map(|(from, to)| (day_number(from), day_number(to)));
                let read = |practice: &PracticeStore| practice.read(|tx| capture::report(tx, days));
                let reports =
                    reader.chosen(command.whose.practice())?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
                if global.json {
                    print_json(&reports);
                } else {
                    reports.iter().for_each(tell_charges);
                }
            }
            Self::Demographics(command) => {
                let read = |practice: &PracticeStore| practice.read(demographics::report);
                let reports =
                    reader.chosen(command.whose.practice())?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
                if global.json {
                    print_json(&reports);
                } else {
                    reports.iter().for_each(tell_demographics);
                }
            }
            Self::Codes(command) => command.run(global, &reader)?,
            Self::Modifiers(command) => command.run(global, &reader, &family::MODIFIERS)?,
            Self::Typos(command) => command.run(global, &reader, &family::TYPOS)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Codes {
    fn run(&self, global: &Global, reader: &Reader) -> Result<(), Failure> {
        let library = Library::open(&reader.config.codes.folder);
        let shelf = library.shelf();
        let mut reports = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            let Some(profile) = reader.profile(practice.id())? else { continue };
            reports.push(practice.read(|tx| codes::report(tx, &profile, &shelf, global.today()))?);
        }
        if global.json {
            print_json(&reports);
        } else {
            reports.iter().for_each(tell_codes);
        }
        Ok(())
    }
}

impl Findings {
    fn run(&self, global: &Global, reader: &Reader, family: &Family) -> Result<(), Failure> {
        let read = |practice: &PracticeStore| practice.read(|tx| family::tally(tx, family));
        let tallies = reader.chosen(self.whose.practice())?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if global.json {
            print_json(&tallies);
        } else {
            tallies.iter().for_each(|tally| tell_findings(tally, family));
        }
        Ok(())
    }
}

fn tell_findings(tally: &Tally, family: &Family) {
    print(&format!("{BOLD}{}{RESET}  {}", tally.practice, family.name));
    print(&format!("  {} claims, ${} at risk", tally.claims, dollars(tally.cents)));
    tell_rules(&tally.rules, "finding");
    for line in &tally.claim_list {
        tell_claim(&tally.practice, line);
    }
}

fn tell_rules(rules: &[RuleCount], heading: &str) {
    if rules.is_empty() {
        return;
    }
    let mut out = table(&[heading, "findings", "of these hold", "claims", "at risk"]);
    for rule in rules {
        out.add_row([
            &rule.rule,
            &rule.findings.to_string(),
            &rule.holds.to_string(),
            &rule.claims.to_string(),
            &dollars(rule.cents),
        ]);
    }
    print(&format!("\n{out}"));
}

fn tell_claim(practice: &str, line: &ClaimLine) {
    print(&format!("\n{BOLD}claim {}{RESET}  {}, ${}", name(practice, line.claim_id), line.state, dollars(line.cents)));
    for (rule, words) in &line.findings {
        print(&format!("  {rule}: {words}"));
    }
}

fn tell_codes(report: &codes::Report) {
    print(&format!("{BOLD}{}{RESET}  {} crosswalk rows", report.practice, report.crosswalk_rows));
    print(&format!("  {} claims have a code that leads nowhere, ${} at risk", report.claims, dollars(report.cents)));
    if report.codes.is_empty() {
        return;
    }
    let mut out =
        table(&["code", "of", "is", "why", "instead", "rows", "lines", "claims", "charged", "days of service"]);
    for entry in &report.codes {
        let days = entry.days.as_ref().map_or(String::new(), |(first, last)| {
            if first == last { first.clone() } else { format!("{first} to {last}") }
        });
        out.add_row([
            &entry.code,
            entry.set.as_str(),
            entry.kind.as_str(),
            &entry.why,
            &entry.instead.join(", "),
            &entry.rows.join("\n"),
            &entry.lines.to_string(),
            &entry.claims.to_string(),
            &dollars(entry.cents),
            &days,
        ]);
    }
    print(&format!("\n{out}"));
}

fn tell_charges(report: &capture::Report) {
    let counts = &report.counts;
    print(&format!("{BOLD}{}{RESET}  charge capture {}", report.practice, rate(counts)));
    print(&format!(
        "  {} told of: {} expected visits, {} told twice, {} moved to another appointment",
        counts.told, counts.expected, counts.same_visit, counts.moved
    ));
    for (count, what) in [
        (counts.charged, format!("charged, ${}", dollars(counts.charged_cents))),
        (counts.gaps, format!("without charges, worth about ${}", dollars(counts.gap_cents))),
        (counts.cancelled, "cancelled".to_owned()),
        (counts.no_show, "no-shows".to_owned()),
        (counts.no_charge, "of no charge".to_owned()),
        (counts.not_yet_due, "not yet due".to_owned()),
    ] {
        print(&format!("  {count:>7}  {what}"));
    }
    for (heading, groups) in
        [("provider", &report.by_provider), ("visit type", &report.by_visit_type), ("day", &report.by_day)]
    {
        if !groups.is_empty() {
            print(&format!("\n{}", group_table(heading, groups)));
        }
    }
    if !report.gap_list.is_empty() {
        let mut out = table(&["gap", "day", "patient", "provider", "type", "appointment", "visit", "worth", "by"]);
        for gap in &report.gap_list {
            let basis = format!("{} {}", gap.over, gap.basis.words());
            out.add_row([
                &name(&report.practice, gap.expected_id),
                &gap.day,
                &gap.patient,
                &gap.provider,
                &gap.visit_type,
                &gap.appointment_id,
                &gap.visit_number,
                &dollars(gap.cents),
                &basis,
            ]);
        }
        print(&format!("\n{out}"));
    }
}

fn group_table(heading: &str, groups: &[Group]) -> Table {
    let mut out = table(&[heading, "expected", "charged", "gaps", "worth", "capture"]);
    for Group { name, counts } in groups {
        out.add_row([
            if name.is_empty() { "(not said)" } else { name },
            &counts.expected.to_string(),
            &counts.charged.to_string(),
            &counts.gaps.to_string(),
            &dollars(counts.gap_cents),
            &rate(counts),
        ]);
    }
    out
}

fn rate(counts: &Counts) -> String {
    counts.capture_rate_permille.map_or("-".to_owned(), |permille| format!("{}.{}%", permille / 10, permille % 10))
}

fn tell_demographics(report: &demographics::Report) {
    print(&format!("{BOLD}{}{RESET}  {} people known", report.practice, report.known_people));
    print(&format!("  {} claims differ from them, ${} at risk", report.claims, dollars(report.cents)));
    tell_rules(&report.fields, "difference");
    for line in &report.claim_list {
        tell_claim(&report.practice, line);
    }
}
