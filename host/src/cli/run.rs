//! `run --once`: asks every source that is pulled once, then turns of the whole line until nothing moves, then where everything is.

use std::process::ExitCode;
use std::time::Duration;

use super::output::print_json;
use super::{Failure, Global, summary};
use crate::pull::{Ended, Pulls};

/// `run`
#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// End when nothing moves any more; to keep running there is `serve`
    #[arg(long, required = true)]
    once: bool,
}

impl Run {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let spinner =
            if global.json { indicatif::ProgressBar::hidden() } else { indicatif::ProgressBar::new_spinner() };
        spinner.enable_steady_tick(Duration::from_millis(120));
        spinner.set_message("opening store and plugins");
        let mut host = global.open()?;
        spinner.set_message("what EHRs have");
        let pulls = Pulls::of(&host, global.as_of);
        let came = pulls.pull_all(host.plugins(), &host.stop_flag());
        spinner.set_message("documents, visits, claims, answers");
        let settled = host.settle();
        spinner.finish_and_clear();
        settled?;
        for report in came.iter().filter(|report| report.ended == Ended::Failed) {
            // Why is partly a plugin's words, which are not for whatever keeps this output.
            let words = "could not be pulled; `claimhost work list --kind pull.failed` says why";
            anstream::eprintln!("{} {} {words}", report.practice, report.source);
        }
        let now = host.summary()?;
        if global.json {
            print_json(&now);
        } else {
            summary::tell("", &now);
        }
        Ok(ExitCode::SUCCESS)
    }
}
