//! The folders of plugins and of `plugins.lock`, watched, also where one is made later, or removed and made anew: the system
//! watches what is in a place, not the place.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use crossbeam_channel::Sender;
use notify::{RecursiveMode, Watcher};

use crate::config::Config;

/// What watches, and what.
pub(super) struct Watches {
    /// None: the system cannot announce changes.
    watcher: Option<notify::RecommendedWatcher>,
    places: Vec<Place>,
    /// A watched folder itself was removed or renamed: what is watched may be in its place no longer.
    lost: Arc<AtomicBool>,
}

/// A folder that is watched wherever it comes from.
struct Place {
    path: PathBuf,
    mode: RecursiveMode,
    found: Option<Found>,
    watched: bool,
}

/// Which folder is in a place. A number is given again soon: with the time of its making.
type Found = (u64, Option<SystemTime>);

impl Watches {
    /// Watches the plugin folders with all that is in them, and the folder of the lock file. Told is whatever happens to the plugin
    /// folders, in them, and to the lock file: what else lies beside that, a log say, is written while a reload runs.
    pub(super) fn new(config: &Config, sender: Sender<()>) -> Self {
        let mut places: Vec<Place> = Vec::new();
        let folders = config.plugins.folders.iter().map(|folder| (folder.as_path(), RecursiveMode::Recursive));
        // An editor puts another file in its place: the folder is what is watched.
        let lock = config.plugins.lock.parent().map(|folder| (folder, RecursiveMode::NonRecursive));
        for (folder, mode) in folders.chain(lock) {
            let path = as_told(folder);
            if !places.iter().any(|known| known.path == path) {
                places.push(Place { path, mode, found: None, watched: false });
            }
        }
        let lost = Arc::new(AtomicBool::new(false));
        let watcher = {
            let (lost, roots) = (Arc::clone(&lost), places.iter().map(|place| place.path.clone()).collect::<Vec<_>>());
            let plugins: Vec<PathBuf> = config.plugins.folders.iter().map(|folder| as_told(folder)).collect();
            let lock = lock.zip(config.plugins.lock.file_name()).map(|((folder, _), name)| as_told(folder).join(name));
            let concerns = move |path: &PathBuf| {
                lock.as_ref() == Some(path) || plugins.iter().any(|folder| path.starts_with(folder))
            };
            // Where it is a link, what is put in the place of a folder on the way to it has another name.
            let lock_file = config.plugins.lock.clone();
            let stamp = move || {
                let found = std::fs::metadata(&lock_file).ok()?;
                Some((found.dev(), found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
            };
            let mut stamped = stamp();
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                if let Ok(event) = &event {
                    if event.kind.is_access() {
                        return;
                    }
                    let at_root = event.paths.iter().any(|path| roots.contains(path));
                    if at_root {
                        lost.store(true, Ordering::Relaxed);
                    }
                    // Without a path it says that others were missed.
                    if !at_root && !event.paths.is_empty() && !event.paths.iter().any(&concerns) {
                        let now = stamp();
                        if stamped == now {
                            return;
                        }
                        stamped = now;
                    }
                }
                // An error may be a change that was missed.
                let _ = sender.try_send(());
            })
        };
        let watcher = watcher
            .inspect_err(|error| tracing::warn!(%error, "plugin folders cannot be watched; they are polled"))
            .ok();
        let mut watches = Self { watcher, places, lost };
        watches.renew();
        watches
    }

    /// Watches what is in its place now. True where that is another folder than before, or none any more.
    pub(super) fn renew(&mut self) -> bool {
        let lost = self.lost.swap(false, Ordering::Relaxed);
        let mut moved = false;
        for place in &mut self.places {
            let now = found(&place.path);
            if now == place.found && !lost {
                continue;
            }
            moved |= now != place.found;
            place.found = now;
            let Some(watcher) = &mut self.watcher else { continue };
            // What went is not watched any more, which is what is wanted.
            let _ = watcher.unwatch(&place.path);
            place.watched = false;
            if place.found.is_some() {
                match watcher.watch(&place.path, place.mode) {
                    Ok(()) => place.watched = true,
                    Err(error) => tracing::warn!(
                        folder = %place.path.display(), kind = ?error.kind, "a plugin folder cannot be watched; it is polled"
                    ),
                }
            }
        }
        moved
    }

    /// Whether every folder that is there is watched.
    pub(super) fn are_whole(&self) -> bool {
        self.places.iter().all(|place| place.watched || place.found.is_none())
    }
}

/// A folder as events name it.
fn as_told(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

fn found(path: &Path) -> Option<Found> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.ino(), metadata.created().ok()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_written_beside_the_lock_file_is_no_news_and_the_lock_file_is() {
        let root = tempfile::tempdir().unwrap();
        let (plugins, lock) = (root.path().join("plugins"), root.path().join("plugins.lock"));
        fs::create_dir(&plugins).unwrap();
        let mut config: Config = toml::from_str("").unwrap();
        config.plugins.folders = vec![plugins.clone()];
        config.plugins.lock = lock.clone();
        let (sender, events) = crossbeam_channel::bounded(1);
        let watches = Watches::new(&config, sender);
        assert!(watches.are_whole());
        let news = |patience: u64| events.recv_timeout(Duration::from_millis(patience)).is_ok();
        let quiet = || while news(100) {};
        quiet();
        // As the log of `serve`, which every reload writes to.
        for line in ["one", "two"] {
            fs::write(root.path().join("serve.log"), line).unwrap();
            assert!(!news(300), "{line}");
        }
        fs::write(root.path().join("plugins.lock.tmp"), "").unwrap();
        assert!(!news(300), "not in its place yet");
        fs::rename(root.path().join("plugins.lock.tmp"), &lock).unwrap();
        assert!(news(5_000), "deaf to the lock file");
        quiet();
        fs::write(plugins.join("plugin.toml"), "").unwrap();
        assert!(news(5_000), "deaf to plugins");
    }

    #[test]
    fn a_lock_file_behind_a_link_that_is_swapped_is_news() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for version in ["v1", "v2"] {
            fs::create_dir(at(version)).unwrap();
            fs::write(at(version).join("plugins.lock"), version).unwrap();
        }
        std::os::unix::fs::symlink("v1", at("current")).unwrap();
        std::os::unix::fs::symlink("current/plugins.lock", at("plugins.lock")).unwrap();
        fs::create_dir(at("plugins")).unwrap();
        let mut config: Config = toml::from_str("").unwrap();
        config.plugins.folders = vec![at("plugins")];
        config.plugins.lock = at("plugins.lock");
        let (sender, events) = crossbeam_channel::bounded(1);
        let watches = Watches::new(&config, sender);
        assert!(watches.are_whole());
        while events.recv_timeout(Duration::from_millis(100)).is_ok() {}
        std::os::unix::fs::symlink("v2", at("next")).unwrap();
        assert!(events.recv_timeout(Duration::from_millis(300)).is_err(), "not in its place yet");
        fs::rename(at("next"), at("current")).unwrap();
        assert!(events.recv_timeout(Duration::from_secs(5)).is_ok(), "deaf to the swap");
    }

    #[test]
    fn a_folder_that_is_made_later_or_anew_is_watched_all_the_same() {
        let root = tempfile::tempdir().unwrap();
        let plugins = root.path().join("plugins");
        let mut config: Config = toml::from_str("").unwrap();
        config.plugins.folders = vec![plugins.clone()];
        config.plugins.lock = root.path().join("elsewhere/plugins.lock");
        let (sender, events) = crossbeam_channel::bounded(1);
        let mut watches = Watches::new(&config, sender);
        assert!(watches.are_whole() && !watches.renew(), "nothing is there");
        for turn in 0..3 {
            fs::create_dir(&plugins).unwrap();
            assert!(watches.renew(), "{turn}: a folder that is new");
            let _ = events.recv_timeout(Duration::from_millis(100));
            fs::create_dir(plugins.join("one")).unwrap();
            events.recv_timeout(Duration::from_secs(5)).unwrap_or_else(|_| panic!("{turn}: deaf"));
            while events.recv_timeout(Duration::from_millis(100)).is_ok() {}
            fs::write(plugins.join("one/plugin.toml"), "").unwrap();
            events.recv_timeout(Duration::from_secs(5)).unwrap_or_else(|_| panic!("{turn}: deaf below"));
            match turn {
                0 => fs::remove_dir_all(&plugins).unwrap(),
                // Renamed: what is watched goes on to be, under its other name.
                _ => fs::rename(&plugins, root.path().join(format!("away-{turn}"))).unwrap(),
            }
            while events.recv_timeout(Duration::from_millis(100)).is_ok() {}
            assert!(watches.renew() && watches.are_whole(), "{turn}: it went");
        }
    }
}
