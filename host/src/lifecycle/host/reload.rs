//! What changes while a host runs: versions of plugins, tables of codes, profiles, mappings. Between two turns, so that a turn
//! works with one of each; one that cannot be used changes nothing and is logged.

use std::path::Path;

use super::{Folder, Host, load_profile, modified, profile_changed, tell_conflicts};
use crate::claim::{Problem, Setup};
use crate::plugin::{Adapter, Fault, FaultKind, PluginHost};
use crate::practice::Profile;

impl Host {
    /// Plugins that were reloaded; tables, profiles and mappings that changed on disk. One that cannot be used changes nothing and
    /// is logged.
    pub(super) fn reload(&mut self) {
        if !self.live.is_as(&self.plugins) {
            self.plugins = self.live.pinned();
            for practice in &mut self.practices {
                practice.reviewed = None; // another version may free what is held
            }
        }
        if self.library.refresh() {
            self.codes = self.library.shelf();
            let mut sound = true;
            for problem in self.codes.problems() {
                sound = false;
                tracing::error!(%problem, "codes: a table cannot be used; what was loaded before stays");
            }
            self.reloads.count("codes", sound);
            for practice in &mut self.practices {
                practice.reviewed = None; // other tables may free what is held
            }
        }
        let rules = self.tables.refresh();
        if rules.refused {
            self.reloads.count("rules", false);
        }
        if rules.moved {
            self.tables_moved = true;
            self.reloads.count("rules", true);
            for practice in &mut self.practices {
                practice.reviewed = None; // other rules may free what is held
            }
        }
        for practice in &mut self.practices {
            let changed = profile_changed(&practice.profile_path, &practice.profile);
            if changed != practice.profile_changed {
                practice.profile_changed = changed;
                let candidate = candidate_profile(&practice.profile_path, practice.store.id(), &self.plugins);
                let sound = candidate.is_ok();
                match candidate {
                    Ok(profile) => {
                        practice.profile_changed = profile_changed(&practice.profile_path, &profile);
                        practice.profile = profile;
                    }
                    Err(error) => tracing::error!(practice = practice.store.id(), error, "profile: the old one stays"),
                }
                self.reloads.count("profile", sound);
            }
            for folder in &mut practice.folders {
                if let Some(sound) = folder.reload(&self.plugins) {
                    self.reloads.count("mapping", sound);
                }
            }
        }
    }
}

impl Folder {
    /// Takes a mapping that has changed, where its adapter opens with it. Whether it was taken; none where nothing changed.
    fn reload(&mut self, plugins: &PluginHost) -> Option<bool> {
        let path = self.config.mapping.as_ref()?;
        let changed = modified(path);
        if changed == self.mapping_changed {
            return None;
        }
        self.mapping_changed = changed;
        let candidate = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let checked = candidate.and_then(|mapping| {
            let setup = Setup { settings: Vec::new(), mapping };
            match plugins.adapter(&self.config.adapter) {
                Some(adapter) => opens(&adapter, &self.config.practice, &setup).map(|()| setup),
                // Its files wait anyway.
                None => Ok(setup),
            }
        });
        match checked {
            Ok(setup) => {
                tracing::info!(folder = self.channel, "mapping: the new one is used");
                self.setup = setup;
                Some(true)
            }
            Err(problem) => {
                tracing::error!(folder = self.channel, problem, "mapping: the old one stays");
                Some(false)
            }
        }
    }
}

/// Whether an adapter and the host's own framing take a mapping; what is wrong with it otherwise.
fn opens(adapter: &Adapter, practice: &str, setup: &Setup) -> Result<(), String> {
    use crate::intake::framing;
    framing::Settings::from_mapping(&adapter.mapping_with(&setup.mapping)).map_err(|error| error.to_string())?;
    adapter.try_open(practice, setup).map_err(|fault| refusal(&fault))
}

/// A profile that may take the place of the one in use; what is wrong with it otherwise.
fn candidate_profile(path: &Path, practice: &str, plugins: &PluginHost) -> Result<Profile, String> {
    let profile = load_profile(path).map_err(|error| error.to_string())?;
    if profile.id != practice {
        return Err(format!("id: found `{}`, expected `{practice}`: a practice keeps its id", profile.id));
    }
    if !profile.crosswalk.conflicts().is_empty() {
        tell_conflicts(&profile, "the old profile stays");
        return Err("crosswalk: a code leads two ways on one day".to_owned());
    }
    rules_open(plugins, &profile)?;
    Ok(profile)
}

/// Whether the rule sets that a profile names, as far as they are loaded, take its settings.
fn rules_open(plugins: &PluginHost, profile: &Profile) -> Result<(), String> {
    for set in profile.rule_sets() {
        if let Some(rules) = plugins.rules(set) {
            let opened = rules.try_open(&profile.id, &profile.rule_setup(set));
            opened.map_err(|fault| format!("rule_settings.{set}: {}", refusal(&fault)))?;
        }
    }
    Ok(())
}

fn refusal(fault: &Fault) -> String {
    let FaultKind::SetupRefused(problems) = fault.kind() else { return fault.to_string() };
    problems.first().map_or_else(String::new, |problem| {
        let Problem { at, found, expected, remedy, .. } = problem;
        format!("{}: found {found}, expected {expected}; {remedy}", at.path)
    })
}

/// Data that was reloaded since the start, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataReloads {
    counts: [(u64, u64); 4],
}

impl DataReloads {
    /// Kinds of data.
    const KINDS: [&'static str; 4] = ["codes", "rules", "profile", "mapping"];

    fn count(&mut self, kind: &str, sound: bool) {
        let at = Self::KINDS.iter().position(|known| *known == kind);
        if let Some((taken, refused)) = at.and_then(|at| self.counts.get_mut(at)) {
            *(if sound { taken } else { refused }) += 1;
        }
    }

    /// Kind, how often what changed was taken, how often it was refused.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64, u64)> {
        Self::KINDS.into_iter().zip(self.counts).map(|(kind, (taken, refused))| (kind, taken, refused))
    }
}
