//! New versions of plugins while calls run: what is in the folders becomes candidates, and a sound candidate takes the place
//! of the active version in one step. A candidate that fails anything changes nothing and says why.
//!
//! `look.rs` is one look at one folder, `rollback.rs` the way back. Calls in flight end on the version they began with; a turn of the pipeline works on [`PluginHost::pinned`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::discover;
use super::load::Active;
use super::lock::LockError;
use super::look::{Look, broke, goes_on, look, refused};
use super::manifest::Manifest;
use super::registry::{PluginError, PluginHost, PluginInfo};
use super::source::{ComponentFile, Pass, Source};

/// A folder and what came of it.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) info: PluginInfo,
    pub(super) active: Option<Active>,
    /// What the last look saw: the same again is not tried again.
    pub(super) looked: [u8; 32],
}

/// What a reload did with one plugin.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The digest that is active now; empty: none.
    pub digest: String,
    /// What happened.
    pub what: Changed,
}

/// What happened to a plugin.
#[derive(Debug, Clone)]
pub enum Changed {
    /// Another version is active now, or a first one.
    Activated,
    /// What is in its folder was refused; what was active stays.
    Refused(PluginError),
    /// Its folder is gone.
    Removed,
}

impl Changed {
    /// Its name in answers and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Activated => "activated",
            Self::Refused(_) => "refused",
            Self::Removed => "removed",
        }
    }
}

/// Reloads since the host was opened, by what came of them.
#[derive(Debug, Default)]
pub struct Counters {
    /// Versions that became active.
    pub activated: AtomicU64,
    /// Candidates that were refused.
    pub refused: AtomicU64,
    /// Plugins whose folder went.
    pub removed: AtomicU64,
    /// Times that an earlier version was put back.
    pub rolled_back: AtomicU64,
}

impl PluginHost {
    pub(super) fn found(&self) -> Vec<PathBuf> {
        discover::folders(&self.folders)
    }

    /// Reloads since the start.
    pub fn reloads(&self) -> &Counters {
        &self.shared.reloads
    }

    /// Everything that is found at the start. Nothing of it is news.
    pub(super) fn first_look(&self) {
        self.swap(&self.found(), false);
    }

    /// Looks at every plugin folder and makes what changed there active where it passes everything. `again` tries what was
    /// refused before once more.
    ///
    /// # Errors
    /// [`LockError`]: `plugins.lock` cannot be used, and nothing was changed.
    pub fn reload(&self, again: bool) -> Result<Vec<Change>, LockError> {
        self.shared.trust.read_lock()?;
        let changes = self.swap(&self.found(), again);
        for change in &changes {
            self.tell(change);
        }
        Ok(changes)
    }

    fn tell(&self, Change { id, digest, what, .. }: &Change) {
        let counters = &self.shared.reloads;
        let digest = digest.get(..12).unwrap_or_default();
        let counter = match what {
            Changed::Activated => {
                tracing::info!(plugin = id, digest, "plugin: this version is active now");
                &counters.activated
            }
            Changed::Refused(error) => {
                let stays = if digest.is_empty() { "nothing of it is active" } else { "what was active stays" };
                tracing::error!(plugin = id, %error, active = digest, "plugin: the candidate is refused; {stays}");
                &counters.refused
            }
            Changed::Removed => {
                tracing::warn!(plugin = id, "plugin: its folder is gone, and the plugin with it");
                &counters.removed
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Makes what is in the folder the active version, if it passes everything; calls in flight finish on the old one.
    /// A failing candidate changes nothing.
    ///
    /// # Errors
    /// Why the candidate is refused.
    pub fn activate(&self, folder: &Path) -> Result<PluginInfo, PluginError> {
        let changes = self.swap(&self.found(), true);
        let own = changes.into_iter().find(|change| change.folder == folder);
        if let Some(Change { what: Changed::Refused(error), .. }) = own {
            return Err(error);
        }
        let entries = self.entries.load();
        let info = entries.get(folder).map(|entry| entry.info.clone());
        let gone = || PluginError::Gone { path: folder.to_owned() };
        let info = info.ok_or_else(gone)?;
        match info.error.clone().or_else(|| info.candidate.clone()) {
            Some(error) => Err(error),
            None => Ok(info),
        }
    }

    /// One look at these folders, one swap for all that changed.
    pub(super) fn swap(&self, folders: &[PathBuf], again: bool) -> Vec<Change> {
        let _turn = self.writer.lock();
        let before = self.entries.load_full();
        let lock = self.shared.trust.read_lock();
        let mut round = Round::default();
        for (folder, entry) in before.iter().filter(|(folder, _)| !folders.contains(folder)) {
            gone(folder, entry, goes_on(self.shared.trust.mode, lock.as_ref(), entry), &mut round);
        }
        // What may go on, whatever a look at its folder comes to, and whoever has its candidate's id.
        let stays: BTreeMap<PathBuf, Entry> = before
            .iter()
            .filter(|(_, old)| goes_on(self.shared.trust.mode, lock.as_ref(), old))
            .map(|(folder, old)| (folder.clone(), old.clone()))
            .collect();
        let has_base = |folder: &&PathBuf| Manifest::read(folder).is_ok_and(|manifest| manifest.base.is_some());
        let (connectors, own): (Vec<&PathBuf>, Vec<&PathBuf>) = folders.iter().partition(has_base);
        // Connectors last: they run what was accepted of their bases, in this look or before it, and nothing else.
        for folders in [own, connectors] {
            let pass = Pass::of_accepted(bases(round.now.values()));
            let look = |folder: &&PathBuf| {
                let old = stays.get(*folder);
                let work = || look(&self.shared, &pass, lock.as_ref(), folder, old, again);
                whole(work).unwrap_or_else(|| broke(folder, old))
            };
            let looks = in_threads(&folders, look);
            round.settle(&stays, looks);
        }
        let Round { now, changes, sources } = round;
        let told = |entry: &Entry| (entry.looked, entry.info.candidate.is_some(), entry.info.error.is_some());
        if changes.is_empty()
            && before.iter().all(|(folder, old)| now.get(folder).is_some_and(|new| told(new) == told(old)))
        {
            return changes;
        }
        let replaced: Vec<Active> = before
            .iter()
            .filter_map(|(folder, old)| {
                let old = old.active.as_ref()?;
                let new = now.get(folder).and_then(|entry| entry.active.as_ref());
                let stays = new.is_some_and(|new| Arc::ptr_eq(new.plugin(), old.plugin()));
                (!stays).then(|| old.clone())
            })
            .collect();
        self.entries.store(Arc::new(now));
        replaced.iter().for_each(|old| old.plugin().retire());
        if self.shared.keep_versions {
            sources.iter().for_each(|(folder, source)| self.shared.versions.keep(folder, source));
            self.end_rollbacks();
        }
        changes
    }
}

/// One swap in the making.
#[derive(Default)]
struct Round {
    now: BTreeMap<PathBuf, Entry>,
    changes: Vec<Change>,
    /// What became active, with its folder.
    sources: Vec<(PathBuf, Box<Source>)>,
}

impl Round {
    /// Takes what looks came to.
    fn settle(&mut self, before: &BTreeMap<PathBuf, Entry>, looks: Vec<Look>) {
        let mut sound = Vec::new();
        for look in looks {
            match look {
                Look::Same(entry) => {
                    self.now.insert(entry.info.folder.clone(), *entry);
                }
                Look::Refused(entry, error) => {
                    self.changes.push(change(&entry, Changed::Refused(error)));
                    self.now.insert(entry.info.folder.clone(), *entry);
                }
                Look::Sound(entry, source) => sound.push((entry, source)),
            }
        }
        // Who has an id keeps it; of two new ones that with the id in its folder, then the first by folder, gets it.
        let held = |entry: &Entry| {
            before.get(&entry.info.folder).is_some_and(|old| old.active.is_some() && old.info.id == entry.info.id)
        };
        sound.sort_by_key(|(entry, _)| (!held(entry), entry.info.candidate.is_some()));
        for (entry, source) in sound {
            let folder = entry.info.folder.clone();
            let taken = self.now.values().any(|other| other.active.is_some() && other.info.id == entry.info.id);
            if taken {
                let error = PluginError::Duplicate { path: folder.clone(), id: entry.info.id.clone() };
                let entry = refused(before.get(&folder), entry.info, entry.looked, error.clone());
                self.changes.push(change(&entry, Changed::Refused(error)));
                self.now.insert(folder, entry);
                continue;
            }
            self.sources.push((folder.clone(), source));
            self.changes.push(change(&entry, Changed::Activated));
            self.now.insert(folder, *entry);
        }
    }
}

/// Components that connectors may run: those of the plugins that are active; none for a plugin that is not.
pub(super) fn bases<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeMap<String, Option<Arc<ComponentFile>>> {
    let mut bases = BTreeMap::new();
    for entry in entries {
        let active = entry.active.as_ref().map(Active::plugin).filter(|plugin| plugin.manifest.base.is_none());
        let component = active.map(|plugin| Arc::clone(&plugin.component));
        let id = active.map_or(&entry.info.id, |plugin| &plugin.manifest.id);
        let known: &mut Option<_> = bases.entry(id.clone()).or_default();
        *known = known.take().or(component);
    }
    bases
}

/// What came of some work; none where it panicked.
fn whole<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
}

/// Does something with each item, on as many threads as the machine has cores; results in the order of the items.
///
/// On threads of its own, and not in the compiler's pool: a thread of the pool that waits for parts of its own compilation takes
/// up other work meanwhile, here a look that waits for the lock which the same thread holds.
fn in_threads<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let one_thread = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
        }
    };
    if items.len() <= 1 || cores == 1 {
        return one_thread().into_iter().map(|(_, result)| result).collect();
    }
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores.min(items.len())).map(|_| scope.spawn(one_thread)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn change(entry: &Entry, what: Changed) -> Change {
    let digest = if entry.active.is_some() { entry.info.digest.clone() } else { String::new() };
    Change { id: entry.info.id.clone(), folder: entry.info.folder.clone(), digest, what }
}

/// A folder that is not among those found: it went, or it is there without its manifest, as while an editor saves.
fn gone(folder: &Path, entry: &Entry, goes_on: bool, round: &mut Round) {
    if !folder.is_dir() {
        let mut left = entry.clone();
        left.active = None;
        round.changes.push(change(&left, Changed::Removed));
        return;
    }
    let mut entry = entry.clone();
    let error = PluginError::Gone { path: folder.to_owned() };
    let stopped = entry.active.is_some() && !goes_on;
    if stopped {
        entry.active = None;
    }
    if stopped || entry.looked != [0; 32] {
        entry.looked = [0; 32];
        match entry.active {
            Some(_) => entry.info.candidate = Some(error.clone()),
            None => (entry.info.error, entry.info.candidate) = (Some(error.clone()), None),
        }
        round.changes.push(change(&entry, Changed::Refused(error)));
    }
    round.now.insert(folder.to_owned(), entry);
}
