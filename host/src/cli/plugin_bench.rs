//! `plugin bench`: what a plugin costs, by its own fixtures.

use std::process::ExitCode;
use std::time::Duration;

use super::output::{print, print_json};
use super::{Failure, Global, plugin, plugin_at};
use crate::plugin::{BenchReport, FixturePolicy, Kind};

/// `plugin bench`
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// The plugin, as `plugin list` prints it, or its folder
    #[arg(value_name = "ID|FOLDER")]
    which: String,
    /// Seconds to run
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

impl Bench {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let (host, info) = match plugin_at::folder(&self.which) {
            Some(folder) => {
                let host = plugin_at::host(global, &folder, FixturePolicy::Skip)?;
                let info = plugin_at::info(&host, &folder)?;
                (host, info)
            }
            None => plugin::find(global, &self.which, FixturePolicy::Skip)?,
        };
        let report = host
            .bench(&info.folder, Duration::from_secs(self.seconds))
            .map_err(|error| Failure::missing(error.to_string()))?;
        if global.json {
            print_json(&report);
        } else {
            figures(&report, info.kind).iter().for_each(|line| print(line));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Lines as every bench of the project prints them: `figure NAME VALUE UNIT`.
fn figures(report: &BenchReport, kind: Option<Kind>) -> Vec<String> {
    let item = if kind == Some(Kind::Rules) { "claim" } else { "document" };
    let mib = report.memory_bytes as f64 / f64::from(1 << 20);
    [
        (format!("{item}s_per_s"), report.items_per_s, "1/s"),
        (format!("{item}_us"), report.item_us, "us"),
        (format!("{item}_alone_us"), report.alone_us, "us"),
        ("session_start_us".to_owned(), report.session_start_us, "us"),
        ("session_memory_mib".to_owned(), mib, "MiB"),
    ]
    .into_iter()
    .map(|(name, value, unit)| {
        let digits = if value >= 100.0 { 0 } else { 2 };
        format!("figure {name} {value:.digits$} {unit}")
    })
    .collect()
}
