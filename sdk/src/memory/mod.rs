//! The memory of a guest: one thread, hundreds of small blocks that come and go with every claim or message.
//!
//! The standard allocator of wasm32 (dlmalloc) looks for the best block and joins neighbours at every free: a quarter of a rule call.
//! Here small blocks come off lists ([`lists`]), and claims, which nobody keeps, lie one after another in an arena ([`arena`]) that is
//! taken back as a whole: no field of them is let go by itself.
#![allow(unsafe_code, reason = "an allocator")]

mod arena;
mod lists;
#[cfg(test)]
mod tests;

use std::alloc::{GlobalAlloc, Layout};

use arena::Arena;
use lists::Lists;

/// What a session needs that sees one claim: it is there from the start, and the memory of the guest does not have to grow.
#[cfg(target_arch = "wasm32")]
const FIRST_BYTES: usize = 48 << 10;

#[cfg(target_arch = "wasm32")]
static mut FIRST: [u128; FIRST_BYTES / size_of::<u128>()] = [0; FIRST_BYTES / size_of::<u128>()];

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static MEMORY: Memory = Memory::new((&raw mut FIRST).cast(), FIRST_BYTES);

/// An arena while parameters are lifted, lists else.
struct Memory {
    lists: Lists,
    arena: Arena,
}

// SAFETY: a component has one thread.
unsafe impl Sync for Memory {}

impl Memory {
    const fn new(first: *mut u8, bytes: usize) -> Self {
        Self { lists: Lists::new(first, bytes), arena: Arena::new() }
    }

    fn lent<T, R>(&self, items: Vec<T>, run: impl FnOnce(&[T]) -> R) -> R {
        let is_whole = self.arena.pause();
        let out = run(&items);
        if is_whole {
            std::mem::forget(items);
        }
        // SAFETY: `items` is let go or forgotten, `run` cannot have kept any of it, and what the last call returned was taken.
        unsafe { self.arena.renew() };
        out
    }
}

// SAFETY: a block is the arena's or the lists', and goes back to where it came from.
unsafe impl GlobalAlloc for Memory {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.arena.take(layout) {
            Some(block) => block,
            // SAFETY: the caller's.
            None => unsafe { self.lists.alloc(layout) },
        }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !self.arena.holds(block) {
            // SAFETY: the caller's; it is not the arena's.
            unsafe { self.lists.dealloc(block, layout) };
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !self.arena.holds(block) {
            // SAFETY: the caller's; it is not the arena's.
            return unsafe { self.lists.realloc(block, layout, size) };
        }
        // SAFETY: the alignment was one before; both are at least so long.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                block.copy_to_nonoverlapping(moved, layout.size().min(size));
            }
            moved
        }
    }
}

/// Runs a call over what it was lent, which goes as a whole afterwards. For [`rules!`](crate::rules).
#[cfg(target_arch = "wasm32")]
pub fn lent<T, R>(items: Vec<T>, run: impl FnOnce(&[T]) -> R) -> R {
    MEMORY.lent(items, run)
}

/// What was lifted so far stays, and so does what comes until the next [`lent`]: a session keeps its setup. For every other export
/// of [`rules!`](crate::rules).
#[cfg(target_arch = "wasm32")]
pub fn kept() {
    MEMORY.arena.keep();
}
