//! How many practices do at a time what needs a core and no store.

use parking_lot::{Condvar, Mutex};

/// As many seats as there are cores. Practices begin together: without seats all of them would write down their claims at once, and
/// then wait for one another to store them; so the first store theirs while the others still write.
pub(super) struct Seats {
    /// Below zero while somebody stores beside as many who write.
    free: Mutex<isize>,
    freed: Condvar,
}

/// A seat that is taken, until it is dropped.
pub(super) struct Seat<'a>(&'a Seats);

impl Seats {
    /// As many as cores.
    pub(super) fn of_cores() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { free: Mutex::new(isize::try_from(cores).unwrap_or(1)), freed: Condvar::new() }
    }

    /// Takes a seat without waiting for one: who stores holds up everybody, and new writers wait for a free core.
    pub(super) fn take_at_once(&self) -> Seat<'_> {
        *self.free.lock() -= 1;
        Seat(self)
    }

    /// Waits for a seat.
    pub(super) fn take(&self) -> Seat<'_> {
        let mut free = self.free.lock();
        while *free <= 0 {
            self.freed.wait(&mut free);
        }
        *free -= 1;
        Seat(self)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn no_more_are_at_work_than_there_are_places_and_everybody_gets_one() {
        let seats = Seats { free: Mutex::new(2), freed: Condvar::new() };
        let (now, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let seat = seats.take();
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::yield_now();
                    now.fetch_sub(1, Ordering::SeqCst);
                    drop(seat);
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(done.load(Ordering::SeqCst), 8);
        assert!(most.load(Ordering::SeqCst) <= 2);
        drop(seats.take_at_once());
        assert_eq!(*seats.free.lock(), 2);
    }
}
