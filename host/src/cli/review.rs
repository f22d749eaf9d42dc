//! `review`: audits that a person has to look at. Each shows what is there, and records who looked, when, and what it was;
//! `checklist` counts the records. Wants `serve` stopped, because it writes.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::output::{BOLD, RESET, day, dollars, print, print_json, table};
use super::{Failure, Global, Whose};
use crate::audit::checklist::review::{self, Reviewed};
use crate::claim::{Date, day_number, iso};
use crate::config::Config;
use crate::lifecycle::{HostError, load_profile, master_key};
use crate::onboard::Report;
use crate::store::practice_record::RecordKind;
use crate::store::{PracticeStore, Store, StoreResult};
use crate::verify::{Outside, ends};

/// Audits that a person looks at.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Review {
    /// Charge capture of a month, or of one day: charged, missing, worth. `audit charges` has each gap
    Charges(Charges),
    /// What the EHR handed over: documents by way in and end, and what is in none of the ends
    Transfer(Transfer),
    /// Claims that clearinghouse or payer refused and that wait
    Rejections(Looked),
}

/// `review transfer`, `review rejections`
#[derive(Debug, clap::Args)]
pub(crate) struct Looked {
    #[command(flatten)]
    whose: Whose,
    /// Who looked: kept with the result
    #[arg(long, value_name = "NAME", value_parser = super::words)]
    by: String,
}

/// `review transfer`
#[derive(Debug, clap::Args)]
pub(crate) struct Transfer {
    #[command(flatten)]
    looked: Looked,
    /// What `onboard --against REPORT SAMPLE --json` printed: each element that an upstream change broke is to be done
    #[arg(long, value_name = "FILE")]
    compared: Option<PathBuf>,
}

/// `review charges`
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("days").required(true))]
pub(crate) struct Charges {
    #[command(flatten)]
    looked: Looked,
    /// The month that was audited
    #[arg(long, value_name = "YYYY-MM", value_parser = super::audit::month, group = "days")]
    month: Option<(Date, Date)>,
    /// The one day that was audited
    #[arg(long, value_name = "DATE", value_parser = super::day, group = "days")]
    day: Option<Date>,
}

/// What was recorded.
#[derive(Serialize)]
struct Recorded<T> {
    practice: String,
    record_id: u64,
    kind: &'static str,
    on: String,
    from: String,
    to: String,
    #[serde(flatten)]
    reviewed: Reviewed<T>,
}

impl Review {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let looked = match self {
            Self::Charges(command) => &command.looked,
            Self::Transfer(command) => &command.looked,
            Self::Rejections(looked) => looked,
        };
        let today = day_number(global.today());
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let id = super::one_practice(&config, looked.whose.practice())?;
        let days = match self {
            Self::Charges(command) => command.days(today)?,
            Self::Transfer(_) | Self::Rejections(_) => (today, today),
        };
        let store = Store::open(&config.store.path, master_key(&config)?)?;
        let practice = store.practice(id)?;
        match self {
            Self::Charges(_) => {
                let result = practice.read(|tx| review::charges(tx, days))?;
                let open = i64::try_from(result.gaps).unwrap_or(i64::MAX);
                if !global.json {
                    print(&format!("{BOLD}{id}{RESET}  charge capture {} to {}", day(days.0), day(days.1)));
                    print(&format!("  {} charged, {} not yet due", result.charged, result.not_yet_due));
                    print(&format!("  {} without charges, worth about ${}", result.gaps, dollars(result.gap_cents)));
                }
                looked.keep(global, &practice, RecordKind::Charges, days, open, result)?;
            }
            Self::Transfer(command) => {
                let broken = command.broken(id)?;
                let path = config.practice.iter().find(|known| known.id == id).map(|known| known.profile.clone());
                let profile = load_profile(&path.unwrap_or_default())?;
                let outside = Outside::of(&config);
                let unaccounted = ends::unaccounted(&store, &practice, Some(&profile), &outside, today)?.count;
                let (days, result) = practice.read(|tx| -> StoreResult<_> {
                    let days = review::transfer_days(tx, today)?;
                    Ok((days, review::transfer(tx, days, unaccounted, broken)?))
                })?;
                if !global.json {
                    print(&format!("{BOLD}{id}{RESET}  transfer since {}", day(days.0)));
                    let mut out = table(&["  way in", "documents"]);
                    for (channel, ends) in &result.documents {
                        let ends: Vec<String> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
                        out.add_row([format!("  {channel}"), ends.join(", ")]);
                    }
                    print(&out.to_string());
                    print(&format!(
                        "  {unaccounted} things in none of the ends; `claimhost trace --unaccounted` lists them"
                    ));
                    if let Some(broken) = &result.broken {
                        let named = if broken.is_empty() { "none".to_owned() } else { broken.join(", ") };
                        print(&format!("  elements that an upstream change broke: {named}"));
                    }
                }
                let broken = result.broken.as_ref().map_or(0, Vec::len);
                let open =
                    i64::try_from(unaccounted).unwrap_or(i64::MAX).saturating_add(i64::try_from(broken).unwrap_or(0));
                looked.keep(global, &practice, RecordKind::Transfer, days, open, result)?;
            }
            Self::Rejections(_) => {
                let result = practice.read(review::rejections)?;
                if !global.json {
                    print(&format!("{BOLD}{id}{RESET}  {} claims refused and not sent again", result.len()));
                    for row in &result {
                        let named = super::reference::name(id, row.claim_id);
                        print(&format!("  {named}  {}  ${}", row.payer_id, dollars(row.cents)));
                    }
                }
                let open = i64::try_from(result.len()).unwrap_or(i64::MAX);
                looked.keep(global, &practice, RecordKind::Rejections, days, open, result)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Transfer {
    /// Elements that a comparison found broken; none where nothing was compared.
    fn broken(&self, practice: &str) -> Result<Option<Vec<String>>, Failure> {
        let Some(path) = &self.compared else { return Ok(None) };
        let wrong = |words: String| {
            let hint = "name a file with what `claimhost onboard --against REPORT SAMPLE --json` printed";
            Failure::missing(format!("{}: {words}; {hint}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let report: Report = serde_json::from_str(&text).map_err(|error| wrong(format!("is no report: {error}")))?;
        if report.practice != practice {
            return Err(wrong(format!("is of the practice {}, expected {practice}", report.practice)));
        }
        let against = report.against.ok_or_else(|| wrong("compares nothing".to_owned()))?;
        Ok(Some(against.broken.into_iter().map(|broken| broken.element).collect()))
    }
}

impl Charges {
    /// The days that are audited. Days that are not over are refused: their charges can still come.
    fn days(&self, today: i64) -> Result<(i64, i64), Failure> {
        let (from, to) = match (self.month, self.day) {
            (Some((from, to)), _) => (from, to),
            (None, Some(day)) => (day, day),
            (None, None) => return Err(Failure::usage("say which days: --month YYYY-MM, or --day DATE")),
        };
        if day_number(to) >= today {
            let words = format!("{} is not over: its charges can still come", iso(to));
            return Err(Failure::usage(format!("{words}\nhint: audit days that are over")));
        }
        Ok((day_number(from), day_number(to)))
    }
}

impl Looked {
    fn keep<T: Serialize>(
        &self,
        global: &Global,
        practice: &PracticeStore,
        kind: RecordKind,
        days: (i64, i64),
        open: i64,
        result: T,
    ) -> Result<(), Failure> {
        let today = day_number(global.today());
        let reviewed = Reviewed { by: self.by.clone(), result };
        let record_id =
            practice.write(|tx| -> StoreResult<u64> { review::record(tx, kind, (today, days), open, &reviewed) })?;
        if global.json {
            let (practice, kind) = (practice.id().to_owned(), kind.as_str());
            let (on, from, to) = (day(today), day(days.0), day(days.1));
            print_json(&Recorded { practice, record_id, kind, on, from, to, reviewed });
        } else {
            anstream::eprintln!("recorded as looked at by {} on {}", super::output::visible(&self.by), day(today));
        }
        Ok(())
    }
}
