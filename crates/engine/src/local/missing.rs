//! Rows that count and are nowhere to be searched, because their blocks were not at hand.

use parking_lot::{Mutex, MutexGuard};
use rose_forest_index::Label;
use rose_forest_store::{BlockNumber, Placed};
use std::{
    collections::{BTreeMap, HashMap},
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicUsize, Ordering},
};

/// The rows that are missing, behind the lock of the writers; and how many they are, for those who do not write.
#[derive(Debug)]
pub(super) struct MissingRows {
    rows: Mutex<Missing>,
    /// As it was when a writer last let go of the lock.
    count: AtomicUsize,
}

impl MissingRows {
    pub(super) fn new(rows: Missing) -> Self {
        Self { count: AtomicUsize::new(rows.len()), rows: Mutex::new(rows) }
    }

    /// How many rows are missing, as the last writer left them. Waits for nobody.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Waits for the other writers. Held by whoever changes the store, the graph and the lists.
    pub(super) fn lock(&self) -> Writing<'_> {
        Writing { rows: self.rows.lock(), count: &self.count }
    }
}

/// The lock of the writers: with it goes, as the last thing, the new count.
pub(super) struct Writing<'a> {
    rows: MutexGuard<'a, Missing>,
    count: &'a AtomicUsize,
}

impl Deref for Writing<'_> {
    type Target = Missing;

    fn deref(&self) -> &Missing {
        &self.rows
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut Missing {
        &mut self.rows
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.count.store(self.rows.len(), Ordering::Release);
    }
}

/// The rows, by the block that has them.
#[derive(Debug, Default)]
pub(super) struct Missing {
    by_block: BTreeMap<BlockNumber, HashMap<Label, u32>>,
    of: HashMap<Label, BlockNumber>,
}

impl Missing {
    pub(super) fn len(&self) -> usize {
        self.of.len()
    }

    pub(super) fn insert(&mut self, placed: Placed) {
        self.remove(placed.label);
        self.by_block.entry(placed.place.block).or_default().insert(placed.label, placed.place.row);
        self.of.insert(placed.label, placed.place.block);
    }

    /// Looks for rows that are missing where they are now: the block that they were in may be gone.
    pub(super) fn follow(&mut self, moved: &[Placed]) {
        for placed in moved {
            if self.contains(placed.label) {
                self.insert(*placed);
            }
        }
    }

    pub(super) fn remove(&mut self, label: Label) {
        let Some(block) = self.of.remove(&label) else { return };
        if let Some(rows) = self.by_block.get_mut(&block) {
            rows.remove(&label);
            if rows.is_empty() {
                self.by_block.remove(&block);
            }
        }
    }

    pub(super) fn contains(&self, label: Label) -> bool {
        self.of.contains_key(&label)
    }

    /// The blocks that rows are missing of, ascending.
    pub(super) fn blocks(&self) -> impl Iterator<Item = BlockNumber> {
        self.by_block.keys().copied()
    }

    /// The rows that are missing of a block: their labels, and which of its rows they are.
    pub(super) fn of_block(&self, block: BlockNumber) -> Vec<(Label, usize)> {
        let rows = self.by_block.get(&block).into_iter().flatten();
        rows.map(|(label, row)| (*label, *row as usize)).collect()
    }
}

#[cfg(test)]
mod tests;
