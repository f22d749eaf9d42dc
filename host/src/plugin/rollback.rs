//! An earlier version takes the place of the active one again, and stays until something new is saved.

use std::sync::atomic::Ordering;

use super::load::{Active, load};
use super::lock::{Lock, Locked};
use super::registry::{PluginError, PluginHost, PluginInfo};
use super::reload::{Changed, bases};
use super::source::{Pass, Source};
use super::trust::{Trust, TrustError, both};

impl PluginHost {
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

    /// A rollback is over when its plugin has a version that is neither: what was rolled back from may come again.
    pub(super) fn end_rollbacks(&self) {
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
