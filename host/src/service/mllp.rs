//! Sockets of MLLP listeners. What bytes mean is `intake::mllp`; the store is `commit.rs`.
//!
//! A connection has two tasks: one reads, judges and hands over, the other answers in the order of arrival, each answer after
//! its commit. So a sender may wait for each answer or send many messages at once, may be slow, and may close its own side
//! and still gets the answers that are due. On SIGTERM a block in hand is read to its end, then nothing more is read.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;

use super::commit::{Counter, Keep};
use super::meters::{MessageEnd, Meters};
use crate::config::MllpConfig;
use crate::intake::framing::FramingProblem;
use crate::intake::mllp::header::header_of;
use crate::intake::mllp::{BlockReader, Fault, FaultKind, Outcome, Piece, Refusal, Rules, Stamp, Verdict};
use crate::intake::mllp::{in_block, judge, replies};

/// Messages of one connection that wait for their commit, at most.
const UNANSWERED_MAX: usize = 64;
const READ_BYTES: usize = 16 * 1024;
/// How long a sender has to finish its block once the service is told to stop.
const LAST_BLOCK: Duration = Duration::from_secs(2);
/// How long a connection is held open behind the last answer, so that a reset does not overtake it.
const LINGER: Duration = Duration::from_millis(500);

/// One listener, shared by its connections.
pub(super) struct Listener {
    pub(super) config: MllpConfig,
    /// Its place in the configuration, for the log.
    pub(super) at: usize,
    pub(super) rules: Rules,
    pub(super) counter: Counter,
    pub(super) meters: Arc<Meters>,
    pub(super) stamps: Arc<Stamps>,
}

/// MSH-7 and MSH-10 of acknowledgements.
pub(super) struct Stamps {
    started: i64,
    given: AtomicU64,
}

impl Stamps {
    /// Ids that no other start of the service gives, as long as the clock goes on.
    pub(super) fn new() -> Self {
        Self { started: jiff::Timestamp::now().as_millisecond(), given: AtomicU64::new(0) }
    }

    fn next(&self) -> Stamp {
        let now = jiff::ZonedDateTime::now().strftime("%Y%m%d%H%M%S").to_string();
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        Stamp { now, control_id: format!("{:x}.{number:x}", self.started) }
    }
}

/// A block, or the refusal of one, that waits for its answer.
struct Unanswered {
    /// The first segment of the block.
    header: Vec<u8>,
    /// Why it is refused, if it is.
    verdict: Verdict,
    /// Whether what is kept of it is stored; none: nothing is.
    stored: Option<oneshot::Receiver<bool>>,
}

/// Accepts until the service is told to stop. `alive` is held by every connection.
pub(super) async fn accept(
    listener: Arc<Listener>,
    socket: TcpListener,
    mut draining: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let places = Arc::new(Semaphore::new(listener.config.connections_max));
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = draining.wait_for(|draining| *draining) => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(listener = listener.at, %error, "mllp: a connection could not be accepted");
                // Out of descriptors, mostly: others have to go first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = listener.admits(peer).then(|| Arc::clone(&places).try_acquire_owned().ok()).flatten() else {
            listener.meters.turned_away.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let connection = Connection { listener: Arc::clone(&listener), draining: draining.clone() };
        let alive = alive.clone();
        tokio::spawn(async move {
            connection.listener.meters.open.fetch_add(1, Ordering::Relaxed);
            connection.serve(stream).await;
            connection.listener.meters.open.fetch_sub(1, Ordering::Relaxed);
            drop((place, alive));
        });
    }
}

impl Listener {
    fn admits(&self, peer: SocketAddr) -> bool {
        let admitted = self.config.peers.is_empty() || self.config.peers.contains(&peer.ip().to_canonical());
        if !admitted {
            tracing::warn!(listener = self.at, "mllp: a peer that is not in `peers` was turned away");
        }
        admitted
    }
}

struct Connection {
    listener: Arc<Listener>,
    draining: watch::Receiver<bool>,
}

impl Connection {
    async fn serve(&self, stream: TcpStream) {
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let (mut read, write) = stream.into_split();
        let (unanswered, waiting) = mpsc::channel(UNANSWERED_MAX);
        let answers = tokio::spawn(answer(Arc::clone(&self.listener), write, waiting));
        let ended = self.read(&mut read, &unanswered).await;
        drop(unanswered);
        let _ = answers.await;
        if !ended {
            let _ =
                timeout(LINGER, async { while read.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {} }).await;
        }
    }

    /// Reads until the peer ends, is idle for too long, takes no answers any more, or the service stops. True where the peer
    /// ended.
    async fn read(&self, read: &mut OwnedReadHalf, unanswered: &mpsc::Sender<Unanswered>) -> bool {
        let mut draining = self.draining.clone();
        let mut blocks = BlockReader::new(self.listener.config.message_bytes_max);
        let (mut buffer, mut pieces, mut told) = (vec![0; READ_BYTES], Vec::new(), BTreeSet::new());
        let ended = loop {
            let stops = *draining.borrow();
            if stops && !blocks.is_inside() {
                break false;
            }
            let patience = if stops { LAST_BLOCK } else { Duration::from_secs(self.listener.config.idle_seconds) };
            let count = tokio::select! {
                read = timeout(patience, read.read(&mut buffer)) => match read {
                    Ok(Ok(count)) => count,
                    // A reset is an end; what came before it is whole blocks or a cut one.
                    Ok(Err(_)) => break true,
                    Err(_) => break false,
                },
                _ = draining.changed(), if !stops => continue,
                () = unanswered.closed() => break true,
            };
            if count == 0 {
                break true;
            }
            blocks.push(buffer.get(..count).unwrap_or_default(), &mut pieces);
            for piece in pieces.drain(..) {
                self.take(piece, unanswered, &mut told).await;
            }
        };
        blocks.finish(&mut pieces);
        for piece in pieces {
            self.take(piece, unanswered, &mut told).await;
        }
        ended
    }

    async fn take(&self, piece: Piece, unanswered: &mpsc::Sender<Unanswered>, told: &mut BTreeSet<FaultKind>) {
        let due = match piece {
            Piece::Block(content) => Some(self.block(content).await),
            Piece::Fault(fault) => {
                self.listener.meters.fault(fault.kind);
                if told.insert(fault.kind) {
                    let (practice, listener) = (&self.listener.config.practice, self.listener.at);
                    tracing::warn!(
                        practice,
                        listener,
                        fault = fault.kind.as_str(),
                        bytes = fault.length,
                        "mllp: framing"
                    );
                }
                self.fault(fault).await
            }
        };
        if let Some(due) = due {
            // Where the peer takes no answers any more, what it sent is committed all the same.
            let _ = unanswered.send(due).await;
        }
    }

    async fn block(&self, content: Vec<u8>) -> Unanswered {
        let verdict = judge(&content, &self.listener.rules);
        let header = header_of(&content).to_vec();
        let stored = match &verdict {
            Verdict::Take => Some(self.listener.counter.keep(Keep::Message(content)).await),
            Verdict::Keep(refusal) if !content.is_empty() => {
                let problem = problem(refusal, content.len());
                Some(self.listener.counter.keep(Keep::Refused(content, problem)).await)
            }
            Verdict::Keep(_) | Verdict::Leave(_) => None,
        };
        Unanswered { header, verdict, stored }
    }

    /// Keeps what may be a message. Answered where the sender has ended its message and waits.
    async fn fault(&self, fault: Fault) -> Option<Unanswered> {
        let Fault { kind, bytes, length } = fault;
        let has_message = bytes.windows(3).any(|name| name == b"MSH");
        let (refusal, answered) = match kind {
            FaultKind::TooLong => (Refusal::too_long(length, self.listener.config.message_bytes_max), true),
            FaultKind::NoStartBlock if has_message => (Refusal::no_start_block(), true),
            FaultKind::OutsideBlock if has_message => (Refusal::outside_block(), false),
            FaultKind::NestedStart if length > 0 => (Refusal::nested_start(), false),
            FaultKind::CutOff if length > 0 => (Refusal::cut_off(), false),
            _ => return None,
        };
        let header = header_of(&bytes).to_vec();
        let problem = problem(&refusal, bytes.len());
        let stored = Some(self.listener.counter.keep(Keep::Refused(bytes, problem)).await);
        answered.then_some(Unanswered { header, verdict: Verdict::Keep(refusal), stored })
    }
}

/// Why bytes that are kept became no message.
fn problem(refusal: &Refusal, kept: usize) -> FramingProblem {
    let Refusal { id, found, expected, remedy, .. } = refusal;
    FramingProblem::new(id, (0, kept as u64), found.clone(), expected, remedy)
}

/// Answers in the order of arrival, each after its commit, then ends our side.
async fn answer(listener: Arc<Listener>, mut write: OwnedWriteHalf, mut waiting: mpsc::Receiver<Unanswered>) {
    let patience = Duration::from_secs(listener.config.idle_seconds);
    while let Some(Unanswered { header, verdict, stored }) = waiting.recv().await {
        let is_stored = match stored {
            Some(stored) => stored.await.unwrap_or(false),
            None => true,
        };
        let not_stored = Refusal::not_stored();
        let (outcome, end) = match &verdict {
            _ if !is_stored => (Outcome::Left(&not_stored), MessageEnd::NotStored),
            Verdict::Take => (Outcome::Stored, MessageEnd::Stored),
            Verdict::Keep(refusal) => (Outcome::Kept(refusal), MessageEnd::Refused),
            Verdict::Leave(refusal) => (Outcome::Left(refusal), MessageEnd::Left),
        };
        listener.meters.message(end);
        let all = replies(&header, outcome, || listener.stamps.next());
        let bytes: Vec<u8> = all.iter().flat_map(|reply| in_block(reply)).collect();
        // A peer that takes no answer for so long is gone; it sends again what it has no answer for.
        if !matches!(timeout(patience, write.write_all(&bytes)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = write.shutdown().await;
}
