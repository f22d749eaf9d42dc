//! `pull`: asks one source for what is new, now, and says what came. The next `run --once` or `serve` takes it from there.

use std::process::ExitCode;

use super::output::{print, print_json};
use super::{Failure, Global};
use crate::config::suggest;
use crate::pull::{Ended, Pulls, Report};

/// `pull`
#[derive(Debug, clap::Args)]
pub(crate) struct Pull {
    /// The practice
    practice: String,
    /// Name of the source: `name` of an [[intake.pull]] of this practice
    source: String,
}

impl Pull {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let host = global.open()?;
        let pulls = Pulls::of(&host, global.as_of);
        let source = pulls
            .sources()
            .iter()
            .find(|source| source.practice() == self.practice && source.name() == self.source)
            .ok_or_else(|| self.no_such(&pulls))?;
        let report = source.pull(host.plugins(), &host.stop_flag());
        if global.json {
            print_json(&report);
        } else {
            tell(&report);
        }
        match (report.ended, report.problem) {
            (Ended::Failed, words) => Err(Failure::internal(words.unwrap_or_default())),
            _ => Ok(ExitCode::SUCCESS),
        }
    }

    fn no_such(&self, pulls: &Pulls) -> Failure {
        let name = |source: &std::sync::Arc<crate::pull::Source>| format!("{} {}", source.practice(), source.name());
        let names: Vec<String> = pulls.sources().iter().map(name).collect();
        let asked = format!("{} {}", self.practice, self.source);
        let near = suggest(&asked, names.iter().map(String::as_str));
        let hint = match names.as_slice() {
            [] => "there is no [[intake.pull]] in the configuration".to_owned(),
            _ => format!("there are {}", names.join(", ")),
        };
        Failure::missing(format!("there is no source `{asked}`{near}\nhint: {hint}"))
    }
}

fn tell(report: &Report) {
    let Report {
        practice, source, ended, requests, retries, received_bytes, documents, unchanged, cursor_moved, ..
    } = report;
    print(&format!("{practice} {source}: {}", words(*ended)));
    print(&format!("  requests  {requests}, of them repeated {retries}; {received_bytes} bytes came"));
    print(&format!("  documents {documents} stored, {unchanged} unchanged since the last listing"));
    print(&format!("  cursor    {}", if *cursor_moved { "moved" } else { "as it was" }));
    if let (Ended::Later, Some(problem)) = (ended, &report.problem) {
        print(&format!("  wait      {problem}"));
    }
    if *documents > 0 {
        print("`claimhost run --once`, or `serve`, takes the documents through the line");
    }
}

fn words(ended: Ended) -> &'static str {
    match ended {
        Ended::Done => "nothing more to ask for",
        Ended::More => "there is more: pull again",
        Ended::Later => "told to wait",
        Ended::Failed => "could not go on; what was stored stays",
        Ended::Stopped => "stopped",
    }
}
