//! Watches the plugin folders and `plugins.lock`, and makes candidates of what changes, on a thread of its own: compiling and
//! fixtures never wait in the pipeline, nor it for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::pipeline::Waker;
use super::watches::Watches;
use crate::config::Config;
use crate::plugin::{LockError, PluginHost};

/// A save is several events (a temporary file, a rename): how long folders must be quiet, and how long that is waited for.
const QUIET: Duration = Duration::from_millis(20);
const QUIET_MAX: Duration = Duration::from_millis(500);
/// How often it is looked whether the watched folders are still those that are watched.
const TICK: Duration = Duration::from_secs(1);

/// What watches.
pub(super) struct Reloader {
    plugins: PluginHost,
    waker: Waker,
    stop: Arc<AtomicBool>,
    events: Receiver<()>,
    watches: Watches,
    /// Where not everything is watched, everything is looked at this often.
    poll: Duration,
    /// Why nothing was reloaded the last time: the same is not told again.
    told: Option<LockError>,
}

impl Reloader {
    /// Watches what the configuration names. Where the system cannot announce changes, polling is all there is.
    pub(super) fn new(config: &Config, plugins: PluginHost, waker: Waker, stop: Arc<AtomicBool>) -> Self {
        let (sender, events) = crossbeam_channel::bounded(1);
        let watches = Watches::new(config, sender);
        let poll = Duration::from_secs(config.service.poll_seconds.max(1));
        Self { plugins, waker, stop, events, watches, poll, told: None }
    }

    /// Reloads until the service ends.
    pub(super) fn run(mut self) {
        let mut looked = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let news = match self.events.recv_timeout(TICK) {
                Ok(()) => {
                    self.settle();
                    true
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(TICK);
                    false
                }
            };
            let moved = self.watches.renew();
            let due = !self.watches.are_whole() && looked.elapsed() >= self.poll;
            if news || moved || due {
                looked = Instant::now();
                self.look();
            }
        }
    }

    /// One reload. A defect in it costs this one, and not all that come after it.
    fn look(&mut self) {
        match catch_unwind(AssertUnwindSafe(|| self.plugins.reload(false))) {
            Ok(Ok(changes)) => {
                self.told = None;
                if !changes.is_empty() {
                    self.waker.wake_for_data();
                }
            }
            Ok(Err(error)) => {
                if self.told.as_ref() != Some(&error) {
                    tracing::error!(%error, "plugins: nothing was reloaded");
                }
                self.told = Some(error);
            }
            Err(_) => {
                tracing::error!("plugins: a reload broke: a defect of claimhost; the next change is looked at again")
            }
        }
    }

    fn settle(&self) {
        let first = Instant::now();
        while first.elapsed() < QUIET_MAX && self.events.recv_timeout(QUIET).is_ok() {}
    }
}
