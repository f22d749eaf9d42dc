//! `audit`: what is lost where data leaves the EHR. `charges`: visits that nobody charged for. `demographics`: patients who
//! are not who the roster or the payer says.

use std::process::ExitCode;

use comfy_table::Table;

use super::output::{BOLD, RESET, dollars, print, print_json, table};
use super::reader::Reader;
use super::reference::name;
use super::{Failure, Global, Whose};
use crate::audit::capture::{self, Counts, Group};
use crate::audit::demographics;
use crate::claim::{Date, day_number};
use crate::store::PracticeStore;

/// Audits what the EHR hands over.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Audit {
    /// Compares expected visits (schedules, SIU, ADT) to charges: counts, capture rate, gaps with dollars
    Charges(Charges),
    /// Shows where claims differ from the roster and the payers' eligibility answers, with dollars at risk
    Demographics(Demographics),
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

/// First and last day of a month.
fn month(text: &str) -> Result<(Date, Date), String> {
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
        }
        Ok(ExitCode::SUCCESS)
    }
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
    if report.fields.is_empty() {
        return;
    }
    let mut out = table(&["difference", "findings", "of these hold", "claims", "at risk"]);
    for field in &report.fields {
        out.add_row([
            &field.rule,
            &field.findings.to_string(),
            &field.holds.to_string(),
            &field.claims.to_string(),
            &dollars(field.cents),
        ]);
    }
    print(&format!("\n{out}"));
    for line in &report.claim_list {
        print(&format!(
            "\n{BOLD}claim {}{RESET}  {}, ${}",
            name(&report.practice, line.claim_id),
            line.state,
            dollars(line.cents)
        ));
        for (rule, words) in &line.differences {
            print(&format!("  {rule}: {words}"));
        }
    }
}
