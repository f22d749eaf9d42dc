//! `serve`: the pipeline on watched folders, beside listeners for documents and a small HTTP server on loopback.
//!
//! The pipeline (store, plugins) lives on one thread of its own, outside tokio: guest calls and SQLite block. The HTTP side
//! never touches either; it reads the [`Status`] that the pipeline leaves after every turn. On SIGTERM or SIGINT the
//! step in hand is finished, then the process ends.
//!
//! Sources that are pulled (`crate::pull`) have a thread each: it waits for its EHR, and nothing waits for it until the end. Then the answer
//! in hand is taken: with it a server may have given out a refresh token and forgotten the last. The next start asks for the rest.
//!
//! Listeners write what they get into the store before they answer, and wake the pipeline, which takes it from there.
//!
//! `reload.rs` takes what changes in the plugin folders (`watches.rs` says when); `control.rs` answers an operator's commands.
//! `pipeline.rs` turns and waits, `status.rs` is what it leaves, `metrics.rs` writes it for Prometheus, `http.rs` serves it.
//! `listen.rs` binds and drains the listeners: `mllp.rs` with `commit.rs`, and `upload.rs`; `meters.rs` is what they count.

mod bearer;
mod commit;
pub(crate) mod control;
mod http;
mod listen;
mod meters;
mod metrics;
mod mllp;
mod pipeline;
mod reload;
mod status;
mod upload;
mod watches;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::claim::{Date, day_number, from_jiff};
use crate::lifecycle::Host;
use crate::pull::Pulls;
use crate::store::checkpoint::Checkpoints;
use commit::Today;
use control::{Address, Control};
use listen::Bound;
use pipeline::Pipeline;
use reload::Reloader;
use status::Board;

/// How a service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything in hand was finished.
    Drained,
    /// `drain_seconds` were over first. What was in hand is done again by the next start.
    Late,
}

/// What starts a service.
pub struct Service {
    /// The open host.
    pub host: Host,
    /// The clock stands still at the host's day: for replays.
    pub fixed_day: bool,
}

/// Why a service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Another process has the address, or it is not ours to take.
    #[error("{key} {address}: {source}; choose another address in claimhost.toml")]
    Listen {
        /// Its key in the configuration.
        key: String,
        /// The address asked for.
        address: SocketAddr,
        /// Cause.
        source: std::io::Error,
    },
    /// The operating system refuses a thread, a runtime or a signal handler.
    #[error("the service cannot start: {0}")]
    System(#[from] std::io::Error),
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Listening {
    /// `/healthz`, `/readyz`, `/metrics`.
    pub listening: SocketAddr,
    /// MLLP listeners, in the configuration's order.
    pub mllp: Vec<SocketAddr>,
    /// The upload.
    pub upload: Option<SocketAddr>,
}

impl Service {
    /// Serves until SIGTERM or SIGINT. `listening` is told the addresses once requests are answered.
    ///
    /// # Errors
    /// [`ServiceError`]: it did not start. A turn that fails is counted and tried again.
    pub fn run(self, listening: impl FnOnce(Listening)) -> Result<Ended, ServiceError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let ended = runtime.block_on(self.serve(listening));
        runtime.shutdown_timeout(Duration::from_secs(1));
        ended
    }

    async fn serve(mut self, listening: impl FnOnce(Listening)) -> Result<Ended, ServiceError> {
        let config = self.host.config().service.clone();
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let listener = listen::bind("service.listen", config.listen).await?;
        let bound = Bound::new(&self.host).await?;
        let meters = Arc::clone(&bound.meters);
        let (mllp, upload) = bound.addresses()?;
        let addresses = Listening { listening: listener.local_addr()?, mllp, upload };
        let listens = !addresses.mllp.is_empty() || addresses.upload.is_some();
        // Kept to the end.
        let _checkpoints = listens.then(|| self.give_way()).flatten();
        let today = today(self.fixed_day.then(|| self.host.as_of()));
        let board = Arc::new(Board::default());
        let stop = self.host.stop_flag();
        let (plugins, data) = (self.host.live_plugins(), self.host.data_questions());
        let store = self.host.config().store.path.clone();
        let host_config = self.host.config().clone();
        let pulls = Pulls::of(&self.host, self.fixed_day.then(|| self.host.as_of()));
        let _ = meters.pulls.set(pulls.sources().iter().map(|source| source.meters()).collect());
        let (ended, mut done) = tokio::sync::mpsc::channel::<()>(1);
        let (pipeline, waker) = Pipeline::new(self.host, self.fixed_day, Arc::clone(&board));
        std::thread::Builder::new().name("pipeline".to_owned()).spawn(move || {
            pipeline.run();
            // Dropping the sender tells the other side, after a panic too.
            drop(ended);
        })?;
        let reloader = Reloader::new(&host_config, plugins.clone(), waker.clone(), Arc::clone(&stop));
        std::thread::Builder::new().name("plugin-reload".to_owned()).spawn(move || reloader.run())?;
        let come = waker.clone();
        let pulling = pulls.start(&plugins, &stop, move || come.wake())?;
        let address = Address::new(addresses.listening)?;
        address.leave(&store)?;
        let control = Arc::new(Control::new(plugins.clone(), data, &address, waker.clone()));
        let listeners = bound.start(&today, &waker)?;
        let (close, closed) = tokio::sync::oneshot::channel::<()>();
        let pages = http::router(Arc::clone(&board), meters, plugins).merge(control::router(control));
        let server = axum::serve(listener, pages).with_graceful_shutdown(async {
            let _ = closed.await;
        });
        let server = tokio::spawn(async move { server.await });
        listening(addresses);
        tokio::select! {
            _ = term.recv() => tracing::info!("SIGTERM: finishing the step in hand"),
            _ = tokio::signal::ctrl_c() => tracing::info!("SIGINT: finishing the step in hand"),
            _ = done.recv() => tracing::error!("the pipeline ended by itself"),
        }
        board.drain();
        stop.store(true, Ordering::Relaxed);
        waker.wake();
        let pulled = tokio::task::spawn_blocking(move || pulling.into_iter().for_each(|thread| drop(thread.join())));
        let drained = async {
            listeners.drain().await;
            let _ = done.recv().await;
        };
        let (began, patience) = (Instant::now(), Duration::from_secs(config.drain_seconds));
        let finished = tokio::time::timeout(patience, drained).await.is_ok();
        // Nothing new is asked for. A page that is on its way is asked for again if need be; a refresh token that takes the place of ours
        // is not.
        let patience = patience.saturating_sub(began.elapsed()).max(host_config.intake.refresh_patience());
        let _ = tokio::time::timeout(patience, pulled).await;
        let _ = close.send(());
        let _ = std::fs::remove_file(control::file(&store));
        // Requests are answered from memory; a second is plenty, and a client that hangs does not hold us.
        let _ = tokio::time::timeout(Duration::from_secs(1), server).await;
        Ok(if finished && !board.read().broke { Ended::Drained } else { Ended::Late })
    }
}

impl Service {
    /// Listeners wait for their commits: transactions are kept short, and none of them copies the store's log.
    fn give_way(&mut self) -> Option<Checkpoints> {
        self.host.give_way_to_listeners();
        let beside = self.host.store().checkpoint_beside();
        beside.inspect_err(|error| tracing::warn!(%error, "the store's log is copied by the commits")).ok()
    }
}

/// The day that documents are received on: the clock's, or one that stands still.
fn today(fixed: Option<Date>) -> Today {
    Arc::new(move || day_number(fixed.unwrap_or_else(|| from_jiff(jiff::ZonedDateTime::now().date()))))
}
