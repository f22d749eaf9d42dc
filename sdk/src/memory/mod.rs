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
#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
const FIRST_BYTES: usize = 48 << 10;

#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
static mut FIRST: [u128; FIRST_BYTES / size_of::<u128>()] = [0; FIRST_BYTES / size_of::<u128>()];

#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
#[global_allocator]
static MEMORY: Memory = Memory::new((&raw mut FIRST).cast(), FIRST_BYTES);

/// An arena while parameters are lifted, lists else.
struct Memory {
    lists: Lists,
    arena: Arena,
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
compile_error!("this allocator is for one thread: build for wasm32-wasip2 without atomics");

// SAFETY: a component has one thread.
unsafe impl Sync for Memory {}

impl Memory {
    const fn new(first: *mut u8, bytes: usize) -> Self {
        Self { lists: Lists::new(first, bytes), arena: Arena::new() }
    }

    /// # Safety
    /// Nothing else that was allocated while the arena was on is used any more, but what was kept.
    unsafe fn lent<T, R>(&self, items: Vec<T>, run: impl FnOnce(&[T]) -> R) -> R {
        let is_whole = self.arena.pause();
        let out = run(&items);
        // Before the arena is taken back: items that are only partly in it are let go one by one.
        if is_whole {
            std::mem::forget(items)
        } else {
            drop(items)
        }
        // SAFETY: `items` is gone, `run` cannot have kept any of it, and the rest is the caller's.
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

/// What the host has allocated for parameters: of this allocator, whichever of the weak ones of wasi-libc, std and wit-bindgen a
/// linker would take.
///
/// # Safety
/// As the Canonical ABI calls it (`realloc`): `old` is null, or a block of `old_len` bytes at this alignment.
#[cfg(all(target_arch = "wasm32", feature = "allocator"))]
#[unsafe(export_name = "cabi_realloc")]
unsafe extern "C" fn cabi_realloc(old: *mut u8, old_len: usize, align: usize, new_len: usize) -> *mut u8 {
    // SAFETY: the caller's.
    let block = unsafe {
        match (old_len, new_len) {
            (0, 0) => return std::ptr::without_provenance_mut(align),
            (0, _) => MEMORY.alloc(Layout::from_size_align_unchecked(new_len, align)),
            _ => MEMORY.realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len),
        }
    };
    if block.is_null() {
        std::alloc::handle_alloc_error(Layout::new::<u8>());
    }
    block
}

/// Runs a call over what it was lent, which goes as a whole afterwards. For [`rules!`](crate::rules).
///
/// # Safety
/// Only as the one call of an export, with a parameter of it: all else that was lifted since the last call must be out of use.
#[cfg(target_arch = "wasm32")]
pub unsafe fn lent<T, R>(items: Vec<T>, run: impl FnOnce(&[T]) -> R) -> R {
    #[cfg(feature = "allocator")]
    // SAFETY: the caller's.
    return unsafe { MEMORY.lent(items, run) };
    #[cfg(not(feature = "allocator"))]
    run(&items)
}

/// What was lifted so far stays, and so does what comes until the next [`lent`]: a session keeps its setup. For every other export
/// of [`rules!`](crate::rules), at its beginning.
#[cfg(target_arch = "wasm32")]
pub fn kept() {
    #[cfg(feature = "allocator")]
    MEMORY.arena.keep();
}
