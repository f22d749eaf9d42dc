//! What is lifted for one call, one block after another, taken back as a whole.
//!
//! It is on between the end of one call and the beginning of the next: then the host has parameters allocated (`cabi_realloc`), the
//! bindings lift them, and take down what was returned. While the author's code runs it is off: what that keeps is nobody's to take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// Alignment of the arena; a block that wants more is not taken.
const ALIGN: usize = 16;
/// It grows to what one call has needed, up to this; beyond, a call lets its fields go one by one.
pub(super) const SIZE_MAX: usize = 4 << 20;
const SIZE_MIN: usize = 64 << 10;

pub(super) struct Arena {
    start: Cell<*mut u8>,
    size: Cell<usize>,
    /// Bytes in use, and those of them that stay.
    used: Cell<usize>,
    kept: Cell<usize>,
    /// Bytes asked for while it was full.
    missed: Cell<usize>,
    is_on: Cell<bool>,
    /// A session that has had one call may never have another: it gets no arena for it.
    is_warm: Cell<bool>,
}

impl Arena {
    pub(super) const fn new() -> Self {
        Self {
            start: Cell::new(null_mut()),
            size: Cell::new(0),
            used: Cell::new(0),
            kept: Cell::new(0),
            missed: Cell::new(0),
            is_on: Cell::new(false),
            is_warm: Cell::new(false),
        }
    }

    /// A block of it; `None`: it is off or full.
    #[inline(always)]
    pub(super) fn take(&self, layout: Layout) -> Option<*mut u8> {
        if !self.is_on.get() {
            return None;
        }
        let at = (self.used.get() + layout.align() - 1) & !(layout.align() - 1);
        if layout.align() > ALIGN || layout.size() > self.size.get().saturating_sub(at) {
            self.missed.set(self.missed.get().saturating_add(layout.size() + layout.align()));
            return None;
        }
        self.used.set(at + layout.size());
        // SAFETY: within the arena, as compared above.
        Some(unsafe { self.start.get().add(at) })
    }

    /// Whether a block is of it.
    #[inline(always)]
    pub(super) fn holds(&self, block: *mut u8) -> bool {
        (block as usize).wrapping_sub(self.start.get() as usize) < self.size.get()
    }

    /// Turns it off. True where everything since it was renewed is in it.
    pub(super) fn pause(&self) -> bool {
        self.is_on.replace(false) && self.missed.get() == 0
    }

    /// Turns it off, and what is in it stays.
    pub(super) fn keep(&self) {
        self.is_on.set(false);
        self.kept.set(self.used.get());
    }

    /// Takes back what is not kept, and turns it on, larger where it was too small.
    ///
    /// # Safety
    /// Nothing that is taken back is used any more.
    pub(super) unsafe fn renew(&self) {
        if !self.is_warm.replace(true) {
            return;
        }
        let wanted = self.used.get().saturating_add(self.missed.replace(0)).max(SIZE_MIN);
        // One that holds what is kept stays where it is.
        if wanted > self.size.get() && self.size.get() < SIZE_MAX && self.kept.get() == 0 {
            let size = wanted.next_power_of_two().min(SIZE_MAX);
            // SAFETY: neither size nor alignment is 0; what is let go came from there, and nothing in it is used any more.
            unsafe {
                let start = System.alloc(Layout::from_size_align_unchecked(size, ALIGN));
                if start.is_null() {
                    return;
                }
                if self.size.get() > 0 {
                    System.dealloc(self.start.get(), Layout::from_size_align_unchecked(self.size.get(), ALIGN));
                }
                self.start.set(start);
            }
            self.size.set(size);
        }
        self.used.set(self.kept.get());
        self.is_on.set(true);
    }
}
