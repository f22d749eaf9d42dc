//! `kpi`: figures of a period, each with its formula, numerator and denominator; beside an earlier period, where one was
//! imported. What each figure is: `crate::audit::kpi`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::output::{BOLD, RESET, dollars, print, print_json, table, visible};
use super::reader::Reader;
use super::{Failure, Global, Whose};
use crate::audit::kpi::{self, Counts, Earlier, FIGURES, Figure, Part, TERMS};
use crate::claim::{Date, day_number, iso};
use crate::config::Config;
use crate::lifecycle::{HostError, master_key};
use crate::store::figures::BaselineRow;
use crate::store::{Store, StoreResult};

/// `kpi`
#[derive(Debug, clap::Args)]
pub(crate) struct Kpi {
    #[command(flatten)]
    whose: Whose,
    /// First day of the period; without it, the period begins with the store
    #[arg(long, value_name = "DATE", value_parser = super::day)]
    from: Option<Date>,
    /// Last day of the period; without it, today
    #[arg(long, value_name = "DATE", value_parser = super::day)]
    to: Option<Date>,
    /// Take the figures of an earlier period from a csv, in the place of those before, so that change shows beside each figure
    /// now and later; wants `serve` stopped. Columns: figure, payer, group, numerator, denominator, median, from, to
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    from: Option<String>,
    to: String,
    practices: Vec<Practice>,
    /// All practices together; none where there is one.
    all: Option<Vec<Figure>>,
}

#[derive(Serialize)]
struct Practice {
    practice: String,
    figures: Vec<Figure>,
}

/// Every definition, under the long help.
pub(crate) fn definitions() -> String {
    let mut text = "Figures (numerator / denominator; what a period is cut by):\n".to_owned();
    for figure in FIGURES {
        text += &format!("  {}: {}; by {}\n", figure.id, figure.formula, figure.cut);
    }
    text += "\nWords:\n";
    for (word, meaning) in TERMS {
        text += &format!("  {word}: {meaning}\n");
    }
    text + "\n" + super::EXIT_CODES
}

impl Kpi {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let to = self.to.unwrap_or_else(|| global.today());
        if let Some(from) = self.from.filter(|from| day_number(*from) > day_number(to)) {
            let ends = if self.to.is_some() { "" } else { " (today)" };
            let words = format!("--from {} is after the period's last day {}{ends}", iso(from), iso(to));
            return Err(Failure::usage(format!("{words}\nhint: --from DATE --to DATE, the earlier day first")));
        }
        if let Some(path) = &self.baseline {
            self.import(global, path)?;
        }
        let reader = Reader::open(global)?;
        let days = (self.from.map_or(i64::MIN, day_number), day_number(to));
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (mut practices, mut all) = (Vec::new(), Counts::default());
        for id in reader.practice_ids(self.whose.practice())? {
            let (counts, baseline) = match reader.chosen(Some(id))?.first() {
                Some(practice) => {
                    (Counts::of(&reader.store, practice, days, threads)?, practice.read(|tx| tx.baseline())?)
                }
                None => (Counts::default(), Vec::new()),
            };
            practices.push(Practice { practice: id.to_owned(), figures: kpi::figures(&counts, &baseline) });
            all += &counts;
        }
        let all = (practices.len() > 1).then(|| kpi::figures(&all, &[]));
        let report = Report { from: self.from.map(iso), to: iso(to), practices, all };
        if global.json {
            print_json(&report);
            return Ok(ExitCode::SUCCESS);
        }
        let period = match &report.from {
            Some(from) => format!("{from} to {}", report.to),
            None => format!("up to {}", report.to),
        };
        for Practice { practice, figures } in &report.practices {
            tell(practice, &period, figures);
        }
        if let Some(figures) = &report.all {
            tell("all practices", &period, figures);
        }
        anstream::eprintln!("`claimhost kpi --help` says what each word means");
        Ok(ExitCode::SUCCESS)
    }

    /// Takes the figures of an earlier period into the store.
    fn import(&self, global: &Global, path: &Path) -> Result<(), Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let id = super::one_practice(&config, self.whose.practice())?;
        let shown = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| Failure::missing(format!("{shown}: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Failure::missing(format!("{shown}: found a byte that is no UTF-8 at {at}, expected a csv in UTF-8"))
        })?;
        let rows = kpi::read_baseline(&shown, &text).map_err(|error| Failure::missing(error.to_string()))?;
        let store = Store::open(&config.store.path, master_key(&config)?)?;
        let before = keep(&store, id, &rows, day_number(global.today()))?;
        anstream::eprintln!("{} figures of an earlier period for {id} ({before} before)", rows.len());
        Ok(())
    }
}

fn keep(store: &Store, id: &str, rows: &[BaselineRow], day: i64) -> StoreResult<usize> {
    store.practice(id)?.write(|tx| {
        let before = tx.replace_baseline(rows)?;
        tx.record("practice", 0, day, "operator", &format!("baseline of {} figures imported", rows.len()), "")?;
        Ok(before)
    })
}

fn tell(practice: &str, period: &str, figures: &[Figure]) {
    print(&format!("{BOLD}{practice}{RESET}  {period}"));
    for figure in figures {
        let of = match figure.numerator_unit {
            "cents open" => {
                format!("${} open, ${} charged in 90 days", dollars(figure.numerator), dollars(figure.denominator))
            }
            "days" => format!("{} days, {} {}", figure.numerator, figure.denominator, figure.denominator_unit),
            _ => format!("{} of {} {}", figure.numerator, figure.denominator, figure.denominator_unit),
        };
        let median = figure.median.map(|median| format!(", median {}", decimal(median))).unwrap_or_default();
        let waiting = figure.waiting.filter(|count| *count > 0);
        let waiting = waiting.map(|count| format!(", {count} not decided yet")).unwrap_or_default();
        print(&format!(
            "\n  {BOLD}{:<20}{RESET} {:>10}   {of}{median}{waiting}{}",
            figure.name,
            value(figure.value, figure.unit),
            change(figure.earlier.as_ref(), figure.unit)
        ));
        print(&format!("    {}", figure.formula));
        print(&format!("    cut by {}", figure.cut));
        if !figure.by.is_empty() {
            print(&format!("\n{}", parts(&figure.by, figure.unit)));
        }
    }
    print("");
}

fn parts(by: &[Part], unit: &str) -> comfy_table::Table {
    let mut out = table(&["    payer", "group", "rate", "denied", "of", "cents", "reasons", "before"]);
    for part in by {
        let reasons: Vec<String> =
            part.reasons.iter().map(|reason| format!("{} ({})", visible(&reason.reason), reason.decisions)).collect();
        out.add_row([
            format!("    {}", visible(&part.payer)),
            if part.group.is_empty() { "any".to_owned() } else { visible(&part.group) },
            value(part.value, unit),
            part.numerator.to_string(),
            part.denominator.to_string(),
            dollars(part.cents),
            reasons.join(", "),
            change(part.earlier.as_ref(), unit).trim_start_matches([';', ' ']).to_owned(),
        ]);
    }
    out
}

/// A value for people: 83.21 %, 12.50 days, none.
fn value(value: Option<i64>, unit: &str) -> String {
    match value {
        None => "none".to_owned(),
        Some(value) if unit == kpi::Unit::Rate.as_str() => format!("{} %", decimal(value)),
        Some(value) => format!("{} days", decimal(value)),
    }
}

/// `; before 80.00 % (2025-01-01 to 2025-12-31), +3.21`, or nothing.
fn change(earlier: Option<&Earlier>, unit: &str) -> String {
    let Some(earlier) = earlier else { return String::new() };
    let moved = match earlier.change {
        None => String::new(),
        Some(change) => format!(", {}{}", if change < 0 { "" } else { "+" }, decimal(change)),
    };
    let median = earlier.median.map(|median| format!(", median {}", decimal(median))).unwrap_or_default();
    format!("; before {}{median} ({} to {}){moved}", value(earlier.value, unit), earlier.from, earlier.to)
}

/// Hundredths as people read them: 1250 is 12.50, -5 is -0.05.
fn decimal(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_read_as_decimals() {
        for (number, text) in [(0, "0.00"), (1_250, "12.50"), (-5, "-0.05"), (-1_205, "-12.05")] {
            assert_eq!(decimal(number), text);
        }
        assert_eq!(value(None, "per-ten-thousand"), "none");
    }

    #[test] // the page and the help say the same
    fn the_page_has_every_definition_and_word() {
        let page = include_str!("../../../docs/kpi.md");
        for figure in FIGURES {
            for part in [figure.id, figure.formula, figure.cut] {
                assert!(page.contains(part), "docs/kpi.md lacks: {part}");
            }
        }
        for (word, meaning) in TERMS {
            assert!(page.contains(word) && page.contains(meaning), "docs/kpi.md lacks {word}: {meaning}");
        }
    }
}
