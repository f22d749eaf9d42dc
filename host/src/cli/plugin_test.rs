//! `plugin test`: whether plugins do what their fixtures show, and where not, every field that differs.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::output::{GREEN, RED, RESET, print, print_json, progress_bar};
use super::plugin::{no_such, open};
use super::{Failure, Global, plugin_at};
use crate::onboard::Deidentifier;
use crate::plugin::{DataIs, Difference, Differing, FixtureError, FixturePolicy, PluginError, PluginHost, PluginInfo};

/// `plugin test`
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// Plugin ids, or folders with plugin.toml; none: all that are configured
    #[arg(value_name = "ID|FOLDER", required_if_eq("accept", "true"))]
    which: Vec<String>,
    /// Write what the plugins answer now as what their fixtures expect, instead of comparing. Data that was not accepted before is disguised
    /// first, and the answer is to that. Read it before you keep it
    #[arg(long)]
    accept: bool,
    /// With --accept: nobody is in the fixtures' data, it is invented and stays as it is
    #[arg(long, requires = "accept", conflicts_with = "disguise")]
    synthetic: bool,
    /// With --accept: somebody may be in it, also where it was said to be invented
    #[arg(long, requires = "accept")]
    disguise: bool,
    /// Most differences that are printed of a plugin; the rest are counted
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    lines: usize,
}

#[derive(Serialize)]
struct Tested {
    id: String,
    ok: bool,
    cases: usize,
    items: usize,
    error: Option<String>,
    /// Of each fixture that differs, every field.
    differing: Vec<Differing>,
    /// Fixtures whose data was disguised by this.
    disguised: Vec<String>,
}

impl Test {
    pub(super) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let chosen = self.chosen(global)?;
        let bar = progress_bar(chosen.len(), "plugins", global.json);
        let mut tested = Vec::new();
        for (host, info) in &chosen {
            bar.set_message(info.id.clone());
            let disguised = if self.accept { self.accept(host, info)? } else { Vec::new() };
            let report = host.verify_fixtures(&info.folder);
            let (cases, items) = report.as_ref().map_or((0, 0), |report| (report.cases, report.items));
            let error = report.err();
            let differing = match &error {
                Some(PluginError::Fixtures { error, .. }) => match &**error {
                    FixtureError::Mismatch { all, .. } => all.clone(),
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            };
            let error = error.map(|error| error.to_string());
            tested.push(Tested { id: info.id.clone(), ok: error.is_none(), cases, items, error, differing, disguised });
            bar.inc(1);
        }
        bar.finish_and_clear();
        let failed = tested.iter().filter(|tested| !tested.ok).count();
        if global.json {
            print_json(&tested);
        } else {
            tested.iter().for_each(|tested| self.print(tested));
        }
        if failed == 0 {
            Ok(ExitCode::SUCCESS)
        } else {
            Err(Failure::missing(format!("{failed} of {} plugins fail", tested.len())))
        }
    }

    fn accept(&self, host: &PluginHost, info: &PluginInfo) -> Result<Vec<String>, Failure> {
        let says = match (self.synthetic, self.disguise) {
            (true, _) => DataIs::Invented,
            (false, true) => DataIs::Real,
            (false, false) => DataIs::Unsaid,
        };
        let mut disguiser = Deidentifier::new().map_err(|error| Failure::internal(error.to_string()))?;
        let accepted = host.accept_fixtures(&info.folder, says, &mut disguiser);
        accepted.map(|accepted| accepted.disguised).map_err(|error| Failure::missing(error.to_string()))
    }

    fn print(&self, tested: &Tested) {
        let Tested { id, cases, items, error, differing, disguised, .. } = tested;
        for case in disguised {
            print(&format!(
                "{GREEN}disguised{RESET}  {id}: {case}: its data is another now; read it before you keep it"
            ));
        }
        match error {
            None => print(&format!("{GREEN}ok{RESET}      {id}: {cases} fixtures, {items} items")),
            Some(error) if differing.is_empty() => print(&format!("{RED}failed{RESET}  {id}: {error}")),
            Some(_) => self.print_differing(id, differing),
        }
    }

    fn print_differing(&self, id: &str, differing: &[Differing]) {
        print(&format!("{RED}failed{RESET}  {id}: {} fixtures differ from their expected.json", differing.len()));
        let mut left = self.lines;
        let mut untold = 0;
        for Differing { case, differences, more, hidden } in differing {
            let shown = differences.len().min(left);
            left -= shown;
            untold += differences.len() - shown + more;
            if shown == 0 {
                continue;
            }
            print(&format!("  {case}"));
            differences.iter().take(shown).for_each(|one| print(&format!("    {}", words(one))));
            if *hidden {
                print(
                    "    values and keys are left out: nobody has said whose data it is (--accept --synthetic, or --accept)",
                );
            }
        }
        if untold > 0 {
            print(&format!("  and {untold} more differences; --lines COUNT shows more, --json all"));
        }
        print("  correct the plugin or its mapping, or keep what it says now: plugin test --accept");
    }

    /// What is to be tested, each with the host that has it: folders by themselves, ids and everything together in one.
    fn chosen(&self, global: &Global) -> Result<Vec<(PluginHost, PluginInfo)>, Failure> {
        let named: Vec<(&String, Option<PathBuf>)> =
            self.which.iter().map(|which| (which, plugin_at::folder(which))).collect();
        let mut chosen = Vec::new();
        for folder in named.iter().filter_map(|(_, folder)| folder.as_ref()) {
            let host = plugin_at::host(global, folder, FixturePolicy::Skip)?;
            let info = plugin_at::info(&host, folder)?;
            chosen.push((host, info));
        }
        let ids: Vec<&String> = named.iter().filter(|(_, folder)| folder.is_none()).map(|(id, _)| *id).collect();
        if ids.is_empty() && !self.which.is_empty() {
            return Ok(chosen);
        }
        let host = open(global, FixturePolicy::Skip)?;
        let infos = host.list();
        if let Some(unknown) = ids.iter().find(|id| !infos.iter().any(|info| info.id == ***id)) {
            return Err(no_such(unknown, &infos));
        }
        let wanted = infos.into_iter().filter(|info| ids.is_empty() || ids.contains(&&info.id));
        chosen.extend(wanted.map(|info| (host.clone(), info)));
        Ok(chosen)
    }
}

/// One difference as a line.
fn words(Difference { path, expected, found }: &Difference) -> String {
    match (expected, found) {
        (Some(expected), Some(found)) => format!("{path}: expected {expected}, found {found}"),
        (Some(expected), None) => format!("{path}: missing, expected {expected}"),
        (None, found) => format!("{path}: additional, found {}", found.as_deref().unwrap_or("nothing")),
    }
}
