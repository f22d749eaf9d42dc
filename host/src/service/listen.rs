//! Listeners for documents, bound and started together: MLLP connections with their committer, and the upload.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};

use super::ServiceError;
use super::commit::{Committer, Counter, Today};
use super::meters::AllMeters;
use super::mllp::{self, Listener, Stamps};
use super::pipeline::Waker;
use super::upload::{self, Uploads};
use crate::config::{Config, Route};
use crate::intake::mllp::Rules;
use crate::lifecycle::{Host, Receiver};

/// Sockets that are bound, and where their documents go. Nothing is accepted yet.
pub(super) struct Bound {
    mllp: Vec<(TcpListener, Receiver)>,
    upload: Option<TcpListener>,
    feeds: HashMap<(String, String), Receiver>,
    config: Config,
    /// Counts of what listens.
    pub(super) meters: Arc<AllMeters>,
}

/// Listeners at work.
pub(super) struct Running {
    draining: watch::Sender<bool>,
    /// Ends when every connection has ended.
    alive: mpsc::Receiver<()>,
    /// Ends when the committer has.
    committing: mpsc::Receiver<()>,
}

/// Binds an address, with its key where that fails.
pub(super) async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, ServiceError> {
    let failed = |source| ServiceError::Listen { key: key.to_owned(), address, source };
    TcpListener::bind(address).await.map_err(failed)
}

impl Bound {
    /// Binds everything that the configuration names.
    pub(super) async fn new(host: &Host) -> Result<Self, ServiceError> {
        let config = host.config().clone();
        let receiver = |key: (&'static str, usize)| {
            let route = config.intake.routes().find(|route: &Route<'_>| route.key == key)?;
            host.receiver(&route)
        };
        let (mut mllp, mut feeds) = (Vec::new(), HashMap::new());
        for (at, listener) in config.intake.mllp.iter().enumerate() {
            let socket = bind(&format!("intake.mllp[{at}].listen"), listener.listen).await?;
            // A route's practice is configured: the configuration was checked.
            if let Some(receiver) = receiver(("intake.mllp", at)) {
                mllp.push((socket, receiver));
            }
        }
        let mut upload = None;
        if let Some(of) = &config.intake.upload {
            upload = Some(bind("intake.upload.listen", of.listen).await?);
            for (at, feed) in of.feed.iter().enumerate() {
                if let Some(receiver) = receiver(("intake.upload.feed", at)) {
                    feeds.insert((feed.practice.clone(), feed.name.clone()), receiver);
                }
            }
        }
        let listening = config.intake.routes().filter(|route| route.key.0 != "intake.folder");
        let meters = Arc::new(AllMeters::new(listening.map(|route| route.practice)));
        Ok(Self { mllp, upload, feeds, config, meters })
    }

    /// Addresses of the MLLP listeners, in the configuration's order, and of the upload.
    pub(super) fn addresses(&self) -> std::io::Result<(Vec<SocketAddr>, Option<SocketAddr>)> {
        let mllp = self.mllp.iter().map(|(socket, _)| socket.local_addr()).collect::<std::io::Result<_>>()?;
        Ok((mllp, self.upload.as_ref().map(TcpListener::local_addr).transpose()?))
    }

    /// Starts accepting.
    pub(super) fn start(self, today: &Today, waker: &Waker) -> std::io::Result<Running> {
        let (draining, watch) = watch::channel(false);
        let (living, alive) = mpsc::channel(1);
        let (ended, committing) = mpsc::channel(1);
        let (sockets, receivers): (Vec<_>, Vec<_>) = self.mllp.into_iter().unzip();
        let configs = self.config.intake.mllp.iter();
        let meters = configs.map(|config| self.meters.of(&config.practice));
        let receivers = receivers.into_iter().zip(meters).collect();
        let (committer, counters) = Committer::new(receivers, Arc::clone(today), waker.clone());
        std::thread::Builder::new().name("committer".to_owned()).spawn(move || {
            committer.run();
            // Dropping the sender tells the other side, after a panic too.
            drop(ended);
        })?;
        let stamps = Arc::new(Stamps::new());
        let parts = self.config.intake.mllp.iter().zip(sockets).zip(counters).enumerate();
        for (at, ((config, socket), counter)) in parts {
            let counter: Counter = counter;
            let rules =
                Rules { processing_ids: config.processing_ids.clone(), message_types: config.message_types.clone() };
            let (config, meters, stamps) = (config.clone(), self.meters.of(&config.practice), Arc::clone(&stamps));
            let listener = Arc::new(Listener { config, at, rules, counter, meters, stamps });
            tokio::spawn(mllp::accept(listener, socket, watch.clone(), living.clone()));
        }
        if let (Some(socket), Some(config)) = (self.upload, self.config.intake.upload) {
            let uploads = Arc::new(Uploads {
                places: Arc::new(Semaphore::new(config.uploads_max)),
                feeds: self.feeds,
                meters: self.meters,
                today: Arc::clone(today),
                waker: waker.clone(),
                folder: self.config.store.path.parent().unwrap_or(Path::new(".")).to_owned(),
                bodies: AtomicU64::new(0),
                config,
            });
            let mut draining = watch;
            tokio::spawn(async move {
                let stop = async move {
                    let _ = draining.wait_for(|draining| *draining).await;
                };
                let served = axum::serve(socket, upload::router(uploads)).with_graceful_shutdown(stop).await;
                if let Err(error) = served {
                    tracing::error!(%error, "upload: the listener ended");
                }
                drop(living);
            });
        }
        Ok(Running { draining, alive, committing })
    }
}

impl Running {
    /// Takes no more; what is in hand is committed and answered.
    pub(super) async fn drain(mut self) {
        let _ = self.draining.send(true);
        let _ = self.alive.recv().await;
        let _ = self.committing.recv().await;
    }
}
