//! Watches the plugin folders and `plugins.lock`, and makes candidates of what changes, on a thread of its own: compiling and
//! fixtures never wait in the pipeline, nor it for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use notify::{RecursiveMode, Watcher};

use super::pipeline::Waker;
use crate::config::Config;
use crate::plugin::PluginHost;

/// A save is several events (a temporary file, a rename): how long folders must be quiet, and how long that is waited for.
const QUIET: Duration = Duration::from_millis(20);
const QUIET_MAX: Duration = Duration::from_millis(500);

/// What watches.
pub(super) struct Reloader {
    plugins: PluginHost,
    waker: Waker,
    stop: Arc<AtomicBool>,
    events: Receiver<()>,
    /// Where not everything is watched, everything is looked at this often.
    poll: Option<Duration>,
    /// Kept alive: a dropped watcher watches nothing.
    _watcher: Option<notify::RecommendedWatcher>,
}

impl Reloader {
    /// Watches what the configuration names. Where the system cannot announce changes, polling is all there is.
    pub(super) fn new(config: &Config, plugins: PluginHost, waker: Waker, stop: Arc<AtomicBool>) -> Self {
        let (sender, events) = crossbeam_channel::bounded(1);
        let (watcher, whole) = watch(config, sender);
        let poll = (!whole).then(|| Duration::from_secs(config.service.poll_seconds.max(1)));
        Self { plugins, waker, stop, events, poll, _watcher: watcher }
    }

    /// Reloads until the service ends.
    pub(super) fn run(self) {
        while !self.stop.load(Ordering::Relaxed) {
            let wait = self.poll.unwrap_or(Duration::from_secs(1));
            match self.events.recv_timeout(wait) {
                Ok(()) => self.settle(),
                Err(RecvTimeoutError::Timeout) if self.poll.is_some() => {}
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) if self.poll.is_some() => std::thread::sleep(wait),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            match self.plugins.reload(false) {
                Ok(changes) if changes.is_empty() => {}
                Ok(_) => self.waker.wake_for_data(),
                Err(error) => tracing::error!(%error, "plugins: nothing was reloaded"),
            }
        }
    }

    fn settle(&self) {
        let first = Instant::now();
        while first.elapsed() < QUIET_MAX && self.events.recv_timeout(QUIET).is_ok() {}
    }
}

/// Watches the plugin folders with all that is in them, and the folder of the lock file. Whether that was possible for all.
fn watch(config: &Config, sender: Sender<()>) -> (Option<notify::RecommendedWatcher>, bool) {
    let told = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            let _ = sender.try_send(());
        }
    };
    let mut watcher = match notify::recommended_watcher(told) {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!(%error, "plugin folders cannot be watched; they are polled");
            return (None, false);
        }
    };
    let mut places: Vec<(PathBuf, RecursiveMode)> =
        config.plugins.folders.iter().map(|folder| (folder.clone(), RecursiveMode::Recursive)).collect();
    // An editor puts another file in its place: the folder is what is watched.
    if let Some(folder) = config.plugins.lock.parent() {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        places.push((here.to_owned(), RecursiveMode::NonRecursive));
    }
    let mut whole = true;
    for (place, mode) in places {
        if let Err(error) = watcher.watch(&place, mode) {
            whole = false;
            tracing::warn!(folder = %place.display(), kind = ?error.kind, "a plugin folder cannot be watched; it is polled");
        }
    }
    (Some(watcher), whole)
}
