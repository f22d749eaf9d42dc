//! What changes while a host runs: versions of plugins, tables of codes, profiles, mappings. Between two turns, so that a turn
//! works with one of each; one that cannot be used changes nothing and is logged.

use std::path::Path;

use super::{Folder, Host, HostError, Practice, Stamps, tell_conflicts};
use crate::claim::{Problem, Setup};
use crate::lifecycle::data_reload::{DataChange, DataNews};
use crate::plugin::{Adapter, Fault, FaultKind, PluginHost};
use crate::practice::{Profile, ProfileError};

impl Host {
    /// Plugins that were reloaded; tables, profiles and mappings that changed on disk. One that cannot be used changes nothing and
    /// is logged; it is tried again when it changes, when a plugin does, and when somebody asks.
    pub(super) fn reload(&mut self) {
        let question = self.questions.open();
        let mut news = DataNews::default();
        let plugins_moved = !self.live.is_as(&self.plugins);
        if plugins_moved {
            self.plugins = self.live.pinned();
            for practice in &mut self.practices {
                practice.reviewed = None; // another version may free what is held
            }
        }
        let codes_moved = self.library.refresh();
        if codes_moved {
            self.codes = self.library.shelf();
        }
        let error = joined(self.codes.problems());
        if codes_moved || (error.is_some() && question.is_some()) {
            let name = self.config.codes.folder.display().to_string();
            news.add(&mut self.reloads, DataChange { kind: "codes", name, error });
        }
        if codes_moved {
            for practice in &mut self.practices {
                practice.reviewed = None; // other tables may free what is held
            }
        }
        let rules = self.tables.refresh();
        let name = self.config.rules.folder.display().to_string();
        // Whoever asks is told what is refused, also where that is no news.
        let error = joined(&self.tables.problems());
        if rules.refused || (error.is_some() && question.is_some()) {
            news.add(&mut self.reloads, DataChange { kind: "rules", name: name.clone(), error });
        }
        if rules.moved {
            self.tables_moved = true;
            news.add(&mut self.reloads, DataChange { kind: "rules", name, error: None });
            for practice in &mut self.practices {
                practice.reviewed = None; // other rules may free what is held
            }
        }
        let again = plugins_moved || question.is_some();
        for practice in &mut self.practices {
            let changes = std::iter::once(practice.reload(&self.plugins, again));
            let of_folders = practice.folders.iter_mut().map(|folder| folder.reload(&self.plugins, again));
            let changes: Vec<_> = changes.chain(of_folders).flatten().collect();
            changes.into_iter().for_each(|change| news.add(&mut self.reloads, change));
        }
        if let Some(question) = question {
            self.questions.answer(question, news);
        }
    }
}

impl Practice {
    /// Takes a profile that has changed, or was refused and is to be tried again, where it is sound.
    fn reload(&mut self, plugins: &PluginHost, again: bool) -> Option<DataChange> {
        let due = self.profile_files.moved() || (again && self.profile_refused);
        if !due {
            return None;
        }
        let (profile, files) = read_profile(&self.profile_path);
        self.profile_files = files;
        let candidate = profile.map_err(|error| error.to_string());
        let candidate = candidate.and_then(|profile| checked_profile(profile, self.store.id(), plugins));
        self.profile_refused = candidate.is_err();
        let error = candidate.map(|profile| self.profile = profile).err();
        Some(DataChange { kind: "profile", name: self.store.id().to_owned(), error })
    }
}

impl Folder {
    /// Takes a mapping that has changed, or was refused and is to be tried again, where its adapter opens with it.
    fn reload(&mut self, plugins: &PluginHost, again: bool) -> Option<DataChange> {
        let path = self.config.mapping.as_ref()?;
        let due = self.mapping_file.moved() || (again && self.mapping_refused);
        if !due {
            return None;
        }
        self.mapping_file = Stamps::default();
        self.mapping_file.add(path);
        let candidate = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let checked = candidate.and_then(|mapping| {
            let setup = Setup { settings: Vec::new(), mapping };
            match plugins.adapter(&self.config.adapter) {
                Some(adapter) => opens(&adapter, &self.config.practice, &setup).map(|()| setup),
                // Its files wait anyway.
                None => Ok(setup),
            }
        });
        self.mapping_refused = checked.is_err();
        let error = checked.map(|setup| self.setup = setup).err();
        Some(DataChange { kind: "mapping", name: self.channel.clone(), error })
    }
}

/// What is wrong, in one line; none where nothing is.
fn joined<T: ToString>(problems: &[T]) -> Option<String> {
    let problems: Vec<String> = problems.iter().map(T::to_string).collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// Reads a profile with the files that it names.
pub(crate) fn load_profile(path: &Path) -> Result<Profile, HostError> {
    read_profile(path).0
}

/// Reads a profile with the files that it names, sound or not, and what they were before.
pub(super) fn read_profile(path: &Path) -> (Result<Profile, HostError>, Stamps) {
    let mut files = Stamps::default();
    files.add(path);
    let refused = |error: ProfileError| HostError::Profile(error.to_string());
    let text = std::fs::read_to_string(path).map_err(HostError::io(path));
    let profile = text.and_then(|text| Profile::load(&text, &path.display().to_string()).map_err(refused));
    let profile = profile.and_then(|mut profile| {
        let folder = path.parent().unwrap_or(Path::new(""));
        profile.files().for_each(|file| files.add(&folder.join(file)));
        profile.read_files(folder).map_err(refused)?;
        Ok(profile)
    });
    (profile, files)
}

/// Whether an adapter and the host's own framing take a mapping; what is wrong with it otherwise.
fn opens(adapter: &Adapter, practice: &str, setup: &Setup) -> Result<(), String> {
    use crate::intake::framing;
    framing::Settings::from_mapping(&adapter.mapping_with(&setup.mapping)).map_err(|error| error.to_string())?;
    adapter.try_open(practice, setup).map_err(|fault| refusal(&fault))
}

/// A profile that may take the place of the one in use; what is wrong with it otherwise.
fn checked_profile(profile: Profile, practice: &str, plugins: &PluginHost) -> Result<Profile, String> {
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
