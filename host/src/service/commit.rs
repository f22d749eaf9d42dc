//! What MLLP connections bring, into the store: one thread, one transaction for all that waits when it begins.
//!
//! A connection waits for the answer of its message, so that with many connections each commit takes about as many messages as
//! there are connections, and a sync of the disk is shared by all of them. The way here is bounded in messages and in bytes:
//! while the store is behind, connections are not read from.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::meters::Meters;
use super::pipeline::Waker;
use crate::intake::framing::FramingProblem;
use crate::lifecycle::{Received, Receiver, store_messages};

/// Messages that wait, at most, and their bytes.
const WAITING_MAX: usize = 1_024;
const WAITING_KIB_MAX: usize = 32 * 1024;
/// Messages of one transaction, at most, and their bytes.
const GROUP_MAX: usize = 512;
const GROUP_BYTES_MAX: usize = 8 << 20;

/// What a connection wants kept.
pub(super) enum Keep {
    /// The content of a block.
    Message(Vec<u8>),
    /// Bytes that become a rejected document.
    Refused(Vec<u8>, FramingProblem),
}

impl Keep {
    fn len(&self) -> usize {
        match self {
            Self::Message(bytes) | Self::Refused(bytes, _) => bytes.len(),
        }
    }
}

struct Job {
    listener: usize,
    keep: Keep,
    stored: oneshot::Sender<bool>,
    _room: Option<OwnedSemaphorePermit>,
}

/// Sends to the committer, on behalf of one listener.
#[derive(Clone)]
pub(super) struct Counter {
    listener: usize,
    jobs: mpsc::Sender<Job>,
    room: Arc<Semaphore>,
}

impl Counter {
    /// Hands bytes over, when there is room for them. The answer comes after the commit: whether they are stored.
    pub(super) async fn keep(&self, keep: Keep) -> oneshot::Receiver<bool> {
        let (stored, answer) = oneshot::channel();
        let kib = u32::try_from((keep.len() / 1024 + 1).min(WAITING_KIB_MAX)).unwrap_or(u32::MAX);
        // The semaphore is never closed; where the committer is gone, the answer is no.
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.ok();
        let _ = self.jobs.send(Job { listener: self.listener, keep, stored, _room: room }).await;
        answer
    }
}

/// The day that what arrives now is received on, as a day number.
pub(super) type Today = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The thread's state.
pub(super) struct Committer {
    receivers: Vec<(Receiver, Arc<Meters>)>,
    jobs: mpsc::Receiver<Job>,
    today: Today,
    waker: Waker,
}

impl Committer {
    /// A committer for these listeners, and the counters to hand to them. It ends when the last counter is gone.
    pub(super) fn new(receivers: Vec<(Receiver, Arc<Meters>)>, today: Today, waker: Waker) -> (Self, Vec<Counter>) {
        let (sender, jobs) = mpsc::channel(WAITING_MAX);
        let room = Arc::new(Semaphore::new(WAITING_KIB_MAX));
        let counter = |listener| Counter { listener, jobs: sender.clone(), room: Arc::clone(&room) };
        let counters = (0..receivers.len()).map(counter).collect();
        (Self { receivers, jobs, today, waker }, counters)
    }

    /// Commits until nobody can send any more.
    pub(super) fn run(mut self) {
        let mut failing = false;
        while let Some(first) = self.jobs.blocking_recv() {
            let mut bytes = first.keep.len();
            let mut group = vec![first];
            while group.len() < GROUP_MAX && bytes < GROUP_BYTES_MAX {
                let Ok(next) = self.jobs.try_recv() else { break };
                bytes += next.keep.len();
                group.push(next);
            }
            let stored = self.commit(&group);
            if let Err(error) = &stored
                && !failing
            {
                tracing::error!(%error, "listeners: the store cannot be written; senders are told to send again");
            }
            failing = stored.is_err();
            for job in group {
                // A connection that is gone meanwhile sends its message again: a repeat.
                let _ = job.stored.send(!failing);
            }
            self.waker.wake();
        }
    }

    fn commit(&self, group: &[Job]) -> Result<(), crate::lifecycle::HostError> {
        let mut received = Vec::new();
        for (listener, (receiver, meters)) in self.receivers.iter().enumerate() {
            let mut of = Received { receiver, messages: Vec::new(), refused: Vec::new() };
            let mut bytes = 0;
            for job in group.iter().filter(|job| job.listener == listener) {
                bytes += job.keep.len() as u64;
                match &job.keep {
                    Keep::Message(content) => of.messages.push(content),
                    Keep::Refused(bytes, problem) => of.refused.push((bytes, problem)),
                }
            }
            if bytes > 0 {
                received.push((of, meters, bytes));
            }
        }
        let (of, counts): (Vec<_>, Vec<_>) =
            received.into_iter().map(|(of, meters, bytes)| (of, (meters, bytes))).unzip();
        store_messages((self.today)(), &of)?;
        for (meters, bytes) in counts {
            meters.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        Ok(())
    }
}
