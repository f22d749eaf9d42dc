use std::alloc::{GlobalAlloc, Layout};

use proptest::prelude::*;

use super::Memory;

/// A block that somebody has, filled with a number of its own.
struct Block {
    at: *mut u8,
    layout: Layout,
    mark: u8,
}

impl Block {
    fn new(memory: &Memory, size: usize, align: usize, mark: u8) -> Self {
        let layout = Layout::from_size_align(size, align).unwrap();
        let at = unsafe { memory.alloc(layout) };
        assert_eq!(at as usize % align, 0);
        unsafe { at.write_bytes(mark, size) };
        Self { at, layout, mark }
    }

    fn assert_own(&self) {
        let bytes = unsafe { std::slice::from_raw_parts(self.at, self.layout.size()) };
        assert!(bytes.iter().all(|byte| *byte == self.mark), "another block was written over it");
    }

    fn resize(&mut self, memory: &Memory, size: usize) {
        self.at = unsafe { memory.realloc(self.at, self.layout, size) };
        let kept = self.layout.size().min(size);
        self.layout = Layout::from_size_align(size, self.layout.align()).unwrap();
        let bytes = unsafe { std::slice::from_raw_parts(self.at, kept) };
        assert!(bytes.iter().all(|byte| *byte == self.mark), "it was not copied");
        unsafe { self.at.write_bytes(self.mark, size) };
    }

    fn free(self, memory: &Memory) {
        self.assert_own();
        unsafe { memory.dealloc(self.at, self.layout) };
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Size, log2 of the alignment.
    Take(usize, u32),
    Free(usize),
    Resize(usize, usize),
    /// A call that is lent so many items of this size, and keeps one block of its own.
    Call(usize, usize),
    /// `open`: what was taken stays.
    Keep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![8 => 1_usize..100, 2 => 1_usize..3_000, 1 => 60_000_usize..300_000];
    prop::collection::vec(
        prop_oneof![
            6 => (size.clone(), 0_u32..6).prop_map(|(size, align)| Step::Take(size, align)),
            4 => any::<usize>().prop_map(Step::Free),
            3 => (any::<usize>(), size).prop_map(|(which, size)| Step::Resize(which, size)),
            3 => (0_usize..200, 1_usize..2_000).prop_map(|(count, size)| Step::Call(count, size)),
            1 => Just(Step::Keep),
        ],
        1..120,
    )
}

/// A block that goes back when it is dropped, as a field of a claim does.
struct Lifted<'a>(Option<Block>, &'a Memory);

impl Drop for Lifted<'_> {
    fn drop(&mut self) {
        self.0.take().unwrap().free(self.1);
    }
}

/// One call as the bindings make it: parameters are lifted, the author's code keeps a block, results are taken down and given back.
fn call(memory: &Memory, (count, size): (usize, usize), mark: u8, kept: &mut Vec<Block>) {
    let lift = |n: usize| Lifted(Some(Block::new(memory, size, 1 << (n % 4), mark)), memory);
    let items: Vec<Lifted<'_>> = (0..count).map(lift).collect();
    let run = |items: &[Lifted<'_>]| {
        items.iter().for_each(|item| item.0.as_ref().unwrap().assert_own());
        kept.push(Block::new(memory, size, 8, mark.wrapping_add(1)));
    };
    unsafe { memory.lent(items, run) };
    Block::new(memory, size, 4, mark).free(memory);
}

proptest! {
    #[test]
    fn no_block_is_given_twice_whatever_the_order(steps in steps()) {
        let memory = Memory::new(std::ptr::null_mut(), 0);
        let mut blocks: Vec<Block> = Vec::new();
        for (mark, step) in (0_u8..).zip(&steps) {
            match *step {
                // The author's code runs: the arena is off, as it is whenever that takes or frees anything.
                Step::Take(size, align) => {
                    let was_on = memory.arena.pause();
                    blocks.push(Block::new(&memory, size, 1 << align, mark));
                    if was_on {
                        unsafe { memory.arena.renew() };
                    }
                }
                Step::Free(which) if !blocks.is_empty() => {
                    let block = blocks.swap_remove(which % blocks.len());
                    block.free(&memory);
                }
                Step::Resize(which, size) if !blocks.is_empty() => {
                    let which = which % blocks.len();
                    memory.arena.pause();
                    blocks[which].resize(&memory, size);
                }
                Step::Call(count, size) => call(&memory, (count, size), mark, &mut blocks),
                Step::Keep => {
                    // A setup that is lifted while the arena is on, and that the session keeps.
                    blocks.push(Block::new(&memory, 40, 1, mark));
                    memory.arena.keep();
                }
                Step::Free(_) | Step::Resize(..) => {}
            }
            blocks.iter().for_each(Block::assert_own);
        }
        blocks.into_iter().for_each(|block| block.free(&memory));
    }
}

#[test]
fn a_call_that_repeats_is_lent_out_of_the_arena_and_takes_no_more_memory() {
    let memory = Memory::new(std::ptr::null_mut(), 0);
    let mut kept = Vec::new();
    for _ in 0..4 {
        call(&memory, (300, 700), 1, &mut kept);
    }
    let first = Block::new(&memory, 700, 1, 9);
    assert!(memory.arena.holds(first.at), "what a call needs was not learnt");
    let at = first.at;
    for _ in 0..100 {
        call(&memory, (290, 700), 2, &mut kept);
    }
    assert_eq!(Block::new(&memory, 700, 1, 9).at, at, "a call leaves something in the arena");
}
