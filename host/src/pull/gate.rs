//! How many turns are at work at once. A turn keeps a session of its plugin through every wait for the network, and sessions are few: without a
//! bound, slow EHRs would leave none for adapters and rules.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Condvar, Mutex};

use super::SLICE;

/// A quarter of the sessions that there are.
pub(super) const TURNS_MAX: usize = 16;

/// Turns that may begin.
pub(super) struct Gate {
    free: Mutex<usize>,
    changed: Condvar,
}

/// The right to one turn, given back when dropped.
pub(super) struct Entered<'a>(&'a Gate);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.changed.notify_one();
    }
}

impl Gate {
    pub(super) fn new(turns_max: usize) -> Self {
        Self { free: Mutex::new(turns_max), changed: Condvar::new() }
    }

    /// Waits while all are at work. None where the host is told to stop.
    pub(super) fn enter(&self, stop: &AtomicBool) -> Option<Entered<'_>> {
        let mut free = self.free.lock();
        while !stop.load(Ordering::Relaxed) {
            if *free > 0 {
                *free -= 1;
                return Some(Entered(self));
            }
            self.changed.wait_for(&mut free, SLICE);
        }
        None
    }
}

#[test]
fn a_turn_waits_for_another_to_end_or_for_the_host_to_stop() {
    let (gate, running, stopped) = (Gate::new(1), AtomicBool::new(false), AtomicBool::new(true));
    let first = gate.enter(&running);
    assert!(first.is_some() && gate.enter(&stopped).is_none());
    std::thread::scope(|scope| {
        let second = scope.spawn(|| gate.enter(&running).is_some());
        drop(first);
        assert!(second.join().is_ok_and(|entered| entered));
    });
    assert_eq!(*gate.free.lock(), 1);
}
