//! Free blocks by size. What is on a list stays with that size: a session does the same work again and again, and its peak by size is
//! what it needs anyway.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// Sizes are multiples of this, which is also the alignment of a block.
const STEP: usize = 16;
/// Bytes of the largest block that is kept on a list; beyond, the standard allocator.
const SMALL_MAX: usize = 1024;
/// Bytes that lists are filled from.
const CHUNK: usize = 64 << 10;

/// The lists, and what is left of the last chunk.
pub(super) struct Lists {
    free: [Cell<*mut u8>; SMALL_MAX / STEP],
    next: Cell<*mut u8>,
    left: Cell<usize>,
}

impl Lists {
    /// Lists without a block, and so many bytes at an address to fill them from first.
    pub(super) const fn new(first: *mut u8, bytes: usize) -> Self {
        let free = [const { Cell::new(null_mut()) }; SMALL_MAX / STEP];
        Self { free, next: Cell::new(first), left: Cell::new(bytes) }
    }

    /// The list of a size; `None`: not a small block.
    #[inline(always)]
    fn list(&self, size: usize, align: usize) -> Option<&Cell<*mut u8>> {
        if align > STEP { None } else { self.free.get(size.wrapping_sub(1) / STEP) }
    }

    /// A new block, for a list that is empty.
    #[cold]
    #[inline(never)]
    fn carve(&self, size: usize) -> *mut u8 {
        let size = size.next_multiple_of(STEP);
        if self.left.get() < size {
            // SAFETY: neither size nor alignment is 0.
            let chunk = unsafe { System.alloc(Layout::from_size_align_unchecked(CHUNK, STEP)) };
            if chunk.is_null() {
                return chunk;
            }
            self.next.set(chunk);
            self.left.set(CHUNK);
        }
        let block = self.next.get();
        // SAFETY: that much is left of the chunk.
        self.next.set(unsafe { block.add(size) });
        self.left.set(self.left.get() - size);
        block
    }
}

// SAFETY: a block is on a list or with who asked for it, never both; all of a list have its size and are aligned to `STEP`.
unsafe impl GlobalAlloc for Lists {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(list) = self.list(layout.size(), layout.align()) else {
            // SAFETY: the caller's.
            return unsafe { System.alloc(layout) };
        };
        let block = list.get();
        if block.is_null() {
            return self.carve(layout.size());
        }
        // SAFETY: the first word of a free block is the next one.
        list.set(unsafe { block.cast::<*mut u8>().read() });
        block
    }

    #[inline(always)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(list) = self.list(layout.size(), layout.align()) else {
            // SAFETY: it came from there: the layout is the same.
            return unsafe { System.dealloc(block, layout) };
        };
        // SAFETY: the block is free, and at least `STEP` long.
        unsafe { block.cast::<*mut u8>().write(list.get()) };
        list.set(block);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match (self.list(layout.size(), layout.align()), self.list(size, layout.align())) {
            // SAFETY: it came from there: the layout is the same.
            (None, None) => return unsafe { System.realloc(block, layout, size) },
            (Some(old), Some(new)) if std::ptr::eq(old, new) => return block,
            _ => {}
        }
        // SAFETY: the alignment was one before; both are at least so long.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                block.copy_to_nonoverlapping(moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
