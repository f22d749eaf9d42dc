//! Open sessions, idle between calls, and the gate in front of the engine's slots.
//!
//! A session is found again only under its whole key (practice, plugin digest, setup digest), so one that has seen a
//! practice's patients never serves another's. The pool's slots are counted here: a caller waits for one instead of
//! being refused by wasmtime, and the least recently used idle session makes room.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::session::Session;

/// Whose session, of which plugin, opened with what.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Practice id.
    pub(super) practice: Arc<str>,
    /// Digest of component and manifest.
    pub(super) plugin: Arc<str>,
    /// Digest of settings, mapping and grants.
    pub(super) setup: [u8; 32],
}

struct Inner {
    /// Least recently used first.
    idle: VecDeque<(Key, Session)>,
    /// Memory of the idle sessions.
    idle_bytes: usize,
    /// Slots in use, by idle sessions too.
    used: usize,
}

impl Inner {
    fn pop_oldest(&mut self) -> Option<(Key, Session)> {
        let oldest = self.idle.pop_front()?;
        self.idle_bytes -= oldest.1.memory_bytes();
        Some(oldest)
    }
}

struct Gate {
    inner: Mutex<Inner>,
    changed: Condvar,
    slots_max: usize,
    idle_max: usize,
    idle_bytes_max: usize,
}

/// The pool. Clones share it.
#[derive(Clone)]
pub(super) struct Pool(Arc<Gate>);

/// The right to one slot, given back when dropped.
pub(super) struct Slot(Arc<Gate>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.inner.lock().used -= 1;
        self.0.changed.notify_one();
    }
}

impl Pool {
    /// At most `slots_max` sessions at once, of which at most `idle_max` with `idle_bytes_max` of memory wait for their next
    /// call.
    pub(super) fn new(slots_max: usize, idle_max: usize, idle_bytes_max: usize) -> Self {
        let inner = Mutex::new(Inner { idle: VecDeque::new(), idle_bytes: 0, used: 0 });
        Self(Arc::new(Gate { inner, changed: Condvar::new(), slots_max, idle_max, idle_bytes_max }))
    }

    /// An idle session of exactly this key.
    pub(super) fn take(&self, key: &Key) -> Option<Session> {
        let mut inner = self.0.inner.lock();
        let place = inner.idle.iter().rposition(|(idle, _)| idle == key)?;
        let (_, session) = inner.idle.remove(place)?;
        inner.idle_bytes -= session.memory_bytes();
        Some(session)
    }

    /// A slot for a new session; waits while all are busy.
    pub(super) fn slot(&self) -> Slot {
        let mut inner = self.0.inner.lock();
        loop {
            if inner.used < self.0.slots_max {
                inner.used += 1;
                return Slot(Arc::clone(&self.0));
            }
            let oldest = inner.pop_oldest();
            if oldest.is_some() {
                // Dropped without the lock: its slot takes it.
                parking_lot::MutexGuard::unlocked(&mut inner, || drop(oldest));
            } else {
                self.0.changed.wait(&mut inner);
            }
        }
    }

    /// Puts a session that answered without a fault back.
    pub(super) fn give(&self, key: Key, session: Session) {
        let mut inner = self.0.inner.lock();
        inner.idle_bytes += session.memory_bytes();
        inner.idle.push_back((key, session));
        let mut evicted = Vec::new();
        while inner.idle.len() > self.0.idle_max || inner.idle_bytes > self.0.idle_bytes_max {
            match inner.pop_oldest() {
                Some(oldest) => evicted.push(oldest),
                None => break,
            }
        }
        drop(inner);
        drop(evicted);
        // A caller at the gate may now evict what became idle.
        self.0.changed.notify_one();
    }

    /// Drops the idle sessions that the test tells.
    pub(super) fn retire(&self, gone: impl Fn(&Key) -> bool) {
        let mut inner = self.0.inner.lock();
        let (out, stay): (VecDeque<_>, VecDeque<_>) = inner.idle.drain(..).partition(|(key, _)| gone(key));
        inner.idle = stay;
        inner.idle_bytes = inner.idle.iter().map(|(_, session)| session.memory_bytes()).sum();
        drop(inner);
        drop(out);
    }

    /// Idle sessions now.
    pub(super) fn idle(&self) -> usize {
        self.0.inner.lock().idle.len()
    }
}
