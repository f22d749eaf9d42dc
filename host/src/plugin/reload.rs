//! New versions of plugins while calls run: what is in the folders becomes candidates, and a sound candidate takes the place
//! of the active version in one step. A candidate that fails anything changes nothing and says why.
//!
//! Calls in flight end on the version they began with; a turn of the pipeline works on [`PluginHost::pinned`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::discover;
use super::engine::Placement;
use super::fixtures;
use super::load::{Active, Shared, info_of, load};
use super::lock::{Lock, LockError, Locked};
use super::manifest::{Manifest, Permissions};
use super::registry::{PluginError, PluginHost, PluginInfo};
use super::source::{ComponentFile, Pass, Source};
use super::trust::{Decision, Trust, TrustError, both};

/// A folder and what came of it.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) info: PluginInfo,
    pub(super) active: Option<Active>,
    /// What the last look saw: the same again is not tried again.
    looked: [u8; 32],
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

/// What one look at a folder came to.
enum Look {
    /// As before.
    Same(Box<Entry>),
    /// To be active.
    Sound(Box<Entry>, Box<Source>),
    /// Not to be active.
    Refused(Box<Entry>, PluginError),
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

    /// Puts the version of a plugin back that was active before the active one. It stays until the folder holds something new.
    ///
    /// # Errors
    /// [`PluginError::Rollback`] where none was kept; why the earlier version does not run any more.
    pub fn rollback(&self, id: &str) -> Result<PluginInfo, PluginError> {
        let fail = |problem: String| PluginError::Rollback { id: id.to_owned(), problem };
        let trust = &self.shared.trust;
        let entries = self.entries.load_full();
        let named = || entries.values().filter(|entry| entry.info.id == id);
        let recorded =
            || entries.values().find(|entry| self.shared.versions.id_of(&entry.info.folder).as_deref() == Some(id));
        // Where nothing of it is active, as after a start with a damaged folder, the newest that was takes its place again.
        let entry = named().find(|entry| entry.active.is_some()).or_else(|| named().next()).or_else(recorded);
        let entry = entry.ok_or_else(|| fail("no plugin folder here has this id, or had it".to_owned()))?;
        let path = trust.lock.as_ref().ok_or_else(|| fail("without a plugins.lock nothing is pinned".to_owned()))?;
        let active = entry.active.as_ref().map(|active| active.plugin().digest.clone());
        let digest = match &active {
            Some(active) => self.shared.versions.before(id, active),
            None => self.shared.versions.order(id).pop(),
        };
        let digest = digest.ok_or_else(|| fail("no earlier version of it was active here".to_owned()))?;
        let kept = Source::kept(&self.shared.versions.place(id, &digest))?;
        let in_folder = Pass::of_accepted(bases(entries.values())).source(&entry.info.folder);
        let in_folder = in_folder.map(|source| source.digest);
        let locking = |error| PluginError::Trust { id: id.to_owned(), error: TrustError::Lock(error) };
        let known = Lock::read(path).map_err(locking)?.of(id).cloned();
        if trust.mode != Trust::Any && known.is_none() {
            let folder = entry.info.folder.clone();
            return Err(PluginError::Trust { id: id.to_owned(), error: TrustError::Unknown { folder } });
        }
        // What it had while it was active; a grant that was taken from it since stays taken.
        let grants = known.as_ref().map_or_else(|| kept.manifest.permissions.clone(), |known| known.grants.clone());
        // Tried before it is pinned: what is pinned and does not run is of no use to anybody.
        load(&self.shared, &kept, both(&kept.manifest.permissions, &grants))?;
        let pinned = Locked {
            id: id.to_owned(),
            version: kept.manifest.version.clone(),
            // Where the folder cannot be read, what is active is what has to go.
            rolled_back_from: in_folder.ok().or(active).filter(|found| *found != digest),
            digest: digest.clone(),
            grants,
        };
        let put = |lock: &mut Lock| {
            let as_known = lock.of(id) == known.as_ref();
            if as_known {
                lock.put(pinned.clone());
            }
            as_known
        };
        if !Lock::change(path, put).map_err(locking)? {
            return Err(fail("plugins.lock says something else of it since a moment ago; try again".to_owned()));
        }
        let folder = entry.info.folder.clone();
        let changes = self.swap(&self.found(), true);
        let now = self.entries.load().get(&folder).map(|entry| entry.info.clone());
        match now {
            Some(info) if info.error.is_none() && info.digest == digest => {
                self.shared.reloads.rolled_back.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(plugin = id, digest = info.digest.get(..12), "plugin: rolled back to this version");
                Ok(info)
            }
            _ => {
                Lock::change(path, |lock| {
                    if lock.of(id) == Some(&pinned) {
                        lock.plugin.retain(|locked| locked.id != id);
                        known.into_iter().for_each(|known| lock.put(known));
                    }
                })
                .map_err(locking)?;
                let refused = changes.into_iter().find(|change| change.folder == folder);
                match refused.map(|change| change.what) {
                    Some(Changed::Refused(error)) => Err(error),
                    _ => Err(fail("the earlier version does not run".to_owned())),
                }
            }
        }
    }

    /// One look at these folders, one swap for all that changed.
    fn swap(&self, folders: &[PathBuf], again: bool) -> Vec<Change> {
        let _turn = self.writer.lock();
        let before = self.entries.load_full();
        let lock = self.shared.trust.read_lock();
        let mut round = Round::default();
        for (folder, entry) in before.iter().filter(|(folder, _)| !folders.contains(folder)) {
            gone(folder, entry, goes_on(self.shared.trust.mode, lock.as_ref(), entry), &mut round);
        }
        let has_base = |folder: &&PathBuf| Manifest::read(folder).is_ok_and(|manifest| manifest.base.is_some());
        let (connectors, own): (Vec<&PathBuf>, Vec<&PathBuf>) = folders.iter().partition(has_base);
        // Connectors last: they run what was accepted of their bases, in this look or before it, and nothing else.
        for folders in [own, connectors] {
            let pass = Pass::of_accepted(bases(round.now.values()));
            let look = |folder: &&PathBuf| {
                let old = before.get(*folder).filter(|old| goes_on(self.shared.trust.mode, lock.as_ref(), old));
                let work = || look(&self.shared, &pass, lock.as_ref(), folder, old, again);
                whole(work).unwrap_or_else(|| broke(folder, old))
            };
            let looks = in_threads(&folders, look);
            round.settle(&before, looks);
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

    /// A rollback is over when its plugin has a version that is neither: what was rolled back from may come again.
    fn end_rollbacks(&self) {
        let Some(path) = &self.shared.trust.lock else { return };
        let entries = self.entries.load();
        let active = |id: &str| {
            let plugins = entries.values().filter_map(|entry| entry.active.as_ref()).map(Active::plugin);
            plugins.into_iter().find(|plugin| plugin.manifest.id == id).map(|plugin| plugin.digest.clone())
        };
        let is_over = |locked: &Locked| {
            let neither = |digest: String| digest != locked.digest && Some(&digest) != locked.rolled_back_from.as_ref();
            locked.rolled_back_from.is_some() && active(&locked.id).is_some_and(neither)
        };
        let over = self.shared.trust.read_lock().is_ok_and(|lock| lock.plugin.iter().any(is_over));
        let end = |lock: &mut Lock| {
            lock.plugin.iter_mut().filter(|locked| is_over(locked)).for_each(|locked| locked.rolled_back_from = None);
        };
        if over && let Err(error) = Lock::change(path, end) {
            tracing::warn!(%error, "plugins: that a rollback is over was not written down");
        }
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
fn bases<'a>(entries: impl Iterator<Item = &'a Entry>) -> BTreeMap<String, Option<Arc<ComponentFile>>> {
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

/// A look that broke: that plugin's error, and no other's.
fn broke(folder: &Path, before: Option<&Entry>) -> Look {
    let looked = seen(&[b"broke"]);
    if let Some(old) = before.filter(|old| old.looked == looked) {
        return Look::Same(Box::new(old.clone()));
    }
    let error = PluginError::Broke { path: folder.to_owned() };
    Look::Refused(Box::new(refused(before, info_of(folder, None, ""), looked, error.clone())), error)
}

/// Whether an active version may stay where it is until another takes its place: where consent is asked for, `plugins.lock`
/// has its plugin, and grants every right that it has. That another version is pinned does not stop it: that one may not run.
fn goes_on(mode: Trust, lock: Result<&Lock, &LockError>, entry: &Entry) -> bool {
    let (Some(active), Ok(lock)) = (&entry.active, lock) else { return true };
    let plugin = active.plugin();
    let grants = |locked: &Locked| both(&plugin.granted, &locked.grants) == plugin.granted;
    mode == Trust::Any || lock.of(&plugin.manifest.id).is_some_and(grants)
}

/// What `plugins.lock` pins of the plugin that a folder had before it was damaged.
fn pinned_before<'a>(
    shared: &Shared,
    lock: Result<&'a Lock, &LockError>,
    folder: &Path,
    before: Option<&Entry>,
) -> Option<&'a Locked> {
    let active = before.and_then(|old| old.active.as_ref()).map(|active| active.plugin().manifest.id.clone());
    let name = || folder.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let id = active.or_else(|| shared.versions.id_of(folder)).or_else(name)?;
    lock.ok()?.of(&id)
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

/// An entry whose candidate is refused: what was active stays, with the reason.
fn refused(before: Option<&Entry>, mut info: PluginInfo, looked: [u8; 32], error: PluginError) -> Entry {
    match before {
        Some(before) if before.active.is_some() => {
            let mut entry = before.clone();
            entry.info.candidate = Some(error);
            entry.looked = looked;
            entry
        }
        _ => {
            info.error = Some(error);
            Entry { info, active: None, looked }
        }
    }
}

/// Reads a folder, decides what of it may run, and loads that where it is not what is active already.
fn look(
    shared: &Arc<Shared>,
    pass: &Pass,
    lock: Result<&Lock, &LockError>,
    folder: &Path,
    before: Option<&Entry>,
    again: bool,
) -> Look {
    let same = |looked: &[u8; 32]| {
        let settled = |old: &&Entry| !again || (old.info.error.is_none() && old.info.candidate.is_none());
        before.filter(|old| old.looked == *looked).filter(settled).map(|old| Look::Same(Box::new(old.clone())))
    };
    // Nothing of the folder may run: what was active stays, unless something else is pinned; that was kept, and takes its place.
    let instead = |manifest: Option<&Manifest>, digest: &str, tag: &[u8], error: PluginError| {
        let pinned = pinned_before(shared, lock, folder, before);
        let of_pinned = pinned.and_then(|locked| serde_json::to_vec(locked).ok()).unwrap_or_default();
        let looked = seen(&[tag, digest.as_bytes(), error.to_string().as_bytes(), &of_pinned]);
        if let Some(same) = same(&looked) {
            return same;
        }
        let candidate = Candidate { folder, before, looked };
        let stays = |locked: &Locked| {
            let active = before.and_then(|old| old.active.as_ref()).map(|active| active.plugin().digest.as_str());
            active.is_some_and(|active| match shared.trust.mode {
                // Pins are no consent here: one counts only while what it was put back for would run.
                Trust::Any => locked.rolled_back_from.as_deref() != Some(active),
                Trust::Locked | Trust::Signed => locked.digest == active,
            })
        };
        match pinned.filter(|locked| !stays(locked)).and_then(|locked| pinned_source(shared, locked)) {
            Some((kept, granted)) => candidate.load(shared, kept, granted, Some(error)),
            None => candidate.refuse(info_of(folder, manifest, digest), error),
        }
    };
    let source = match pass.source(folder) {
        Ok(source) => source,
        Err(error) => return instead(Manifest::read(folder).ok().as_ref(), "", b"unreadable", error),
    };
    let (manifest, digest) = (source.manifest.clone(), source.digest.clone());
    let untrusted = |error: TrustError| PluginError::Trust { id: manifest.id.clone(), error };
    let decision = match lock {
        Ok(lock) => shared.trust.decide(lock, folder, &manifest, &digest),
        Err(error) => Decision::Refused(TrustError::Lock(error.clone())),
    };
    let proofs = fixtures::digest(folder).unwrap_or_default();
    let (granted, pinned) = match decision {
        Decision::Run(granted) => (granted, None),
        Decision::Pinned(locked, why) => (locked.grants.clone(), Some((locked, untrusted(why)))),
        Decision::Refused(why) => return instead(Some(&manifest), &digest, b"refused", untrusted(why)),
    };
    let of_grants = serde_json::to_vec(&granted).unwrap_or_default();
    let of_pinned = pinned.as_ref().map_or("", |(locked, _)| locked.digest.as_str());
    let looked = seen(&[b"read", digest.as_bytes(), &proofs, &of_grants, of_pinned.as_bytes()]);
    if let Some(same) = same(&looked) {
        return same;
    }
    let candidate = Candidate { folder, before, looked };
    match pinned {
        None => candidate.load(shared, source, granted, None),
        Some((locked, why)) => match pinned_source(shared, &locked) {
            Some((kept, granted)) => candidate.load(shared, kept, granted, Some(why)),
            None => candidate.refuse(info_of(folder, Some(&manifest), &digest), why),
        },
    }
}

/// What a look is about to try.
struct Candidate<'a> {
    folder: &'a Path,
    before: Option<&'a Entry>,
    looked: [u8; 32],
}

impl Candidate<'_> {
    fn refuse(&self, info: PluginInfo, error: PluginError) -> Look {
        Look::Refused(Box::new(refused(self.before, info, self.looked, error.clone())), error)
    }

    /// Loads a version where it is not what is active already; `why` is not what the folder holds.
    fn load(&self, shared: &Arc<Shared>, source: Source, granted: Permissions, why: Option<PluginError>) -> Look {
        let Self { folder, before, looked } = *self;
        let runs = before.filter(|old| {
            let active = old.active.as_ref().map(Active::plugin);
            active.is_some_and(|active| active.digest == source.digest && active.granted == granted)
        });
        if let (Some(old), Some(why)) = (runs, &why) {
            // What runs stays; the folder holds something else.
            let known = old.info.candidate.as_ref().is_some_and(|known| known.to_string() == why.to_string());
            let entry = refused(before, old.info.clone(), looked, why.clone());
            return if known { Look::Same(Box::new(entry)) } else { Look::Refused(Box::new(entry), why.clone()) };
        }
        match load(shared, &source, granted.clone()) {
            Ok(active) => {
                if let Some(old) = runs {
                    // Its fixtures pass still, or it was put back: sessions, budget and quarantine stay.
                    let mut entry = old.clone();
                    entry.looked = looked;
                    entry.info.candidate = None;
                    return Look::Same(Box::new(entry));
                }
                let mut info = info_of(folder, Some(&source.manifest), &source.digest);
                info.pooled = active.plugin().compiled.placement == Placement::Pooled;
                info.granted = granted;
                info.candidate = why;
                Look::Sound(Box::new(Entry { info, active: Some(active), looked }), Box::new(source))
            }
            Err(error) => self.refuse(info_of(folder, Some(&source.manifest), &source.digest), error),
        }
    }
}

/// A digest of parts, each of any length.
fn seen(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(Sha256::digest(part)));
    hasher.finalize().into()
}

/// The version that is pinned, where it was kept as it was, with what it may do.
fn pinned_source(shared: &Shared, locked: &Locked) -> Option<(Source, Permissions)> {
    let kept = Source::kept(&shared.versions.place(&locked.id, &locked.digest)).ok()?;
    let signed = || shared.trust.check_signature(&kept.folder, &kept.digest).is_ok();
    let granted = both(&kept.manifest.permissions, &locked.grants);
    (kept.digest == locked.digest && signed()).then_some((kept, granted))
}
