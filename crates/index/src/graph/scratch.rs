//! What a walk needs beside the graph, kept for the next one.

use super::pool::Pool;
use crate::kernel::Query;
use parking_lot::Mutex;
use rose_forest_core::Space;

/// What a search or an insert needs.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) walk: Walk,
    /// The row that is being linked.
    pub(super) row: Query,
    pub(super) selection: Selection,
    /// Candidates for neighbours, best first.
    pub(super) candidates: Vec<(f32, u32)>,
    pub(super) chosen: Vec<u32>,
    /// What was chosen in each layer.
    pub(super) layers: Vec<Vec<u32>>,
    /// The same for the list of a neighbour.
    pub(super) pruned: Vec<(f32, u32)>,
    pub(super) kept: Vec<u32>,
}

/// What a walk needs.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) pool: Pool,
    pub(super) visited: Visited,
    /// Slots about to be scored, and their scores.
    pub(super) batch: Vec<u32>,
    pub(super) scores: Vec<f32>,
}

/// What selecting neighbours needs.
#[derive(Debug)]
pub(super) struct Selection {
    /// The row that others are compared with.
    pub(super) row: Query,
    pub(super) scores: Vec<f32>,
}

/// Which slots a walk has seen: a stamp for each slot, and a number that grows from walk to walk, so that nothing need be
/// cleared but once in 255 walks. Stamps of one byte: a million rows' fit into the second-level cache.
#[derive(Debug, Default)]
pub(super) struct Visited {
    stamps: Vec<u8>,
    stamp: u8,
}

impl Visited {
    /// Forgets all, for this many slots.
    pub(super) fn reset(&mut self, slots: usize) {
        if self.stamp == u8::MAX {
            self.stamps.fill(0);
            self.stamp = 0;
        }
        self.stamp += 1;
        if self.stamps.len() < slots {
            // A quarter more, so that a growing graph does not grow this at every search.
            self.stamps.resize(slots + slots / 4, 0);
        }
    }

    /// Notes a slot; whether it is the first time. A slot that is not there has been seen.
    #[inline(always)]
    pub(super) fn insert(&mut self, slot: u32) -> bool {
        match self.stamps.get_mut(slot as usize) {
            Some(stamp) if *stamp != self.stamp => {
                *stamp = self.stamp;
                true
            }
            _ => false,
        }
    }
}

impl Scratch {
    fn new(space: Space) -> Self {
        Self {
            walk: Walk::default(),
            row: Query::empty(space),
            selection: Selection { row: Query::empty(space), scores: Vec::new() },
            candidates: Vec::new(),
            chosen: Vec::new(),
            layers: Vec::new(),
            pruned: Vec::new(),
            kept: Vec::new(),
        }
    }
}

/// Those that are not in use.
#[derive(Debug)]
pub(super) struct Scratches {
    space: Space,
    idle: Mutex<Vec<Scratch>>,
}

impl Scratches {
    pub(super) fn new(space: Space) -> Self {
        Self { space, idle: Mutex::new(Vec::new()) }
    }

    /// Lends one.
    pub(super) fn lend<R>(&self, work: impl FnOnce(&mut Scratch) -> R) -> R {
        let idle = self.idle.lock().pop();
        let mut scratch = idle.unwrap_or_else(|| Scratch::new(self.space));
        let result = work(&mut scratch);
        self.idle.lock().push(scratch);
        result
    }

    /// Drops those that are idle.
    pub(super) fn forget_idle(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        drop(idle);
    }

    /// Bytes of those that are idle.
    pub(super) fn memory_bytes(&self) -> usize {
        let one = |s: &Scratch| {
            size_of::<Scratch>() + s.walk.visited.stamps.capacity() + s.walk.pool.memory_bytes()
        };
        self.idle.lock().iter().map(one).sum()
    }
}
