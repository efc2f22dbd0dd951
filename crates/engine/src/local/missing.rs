//! Rows that count and are nowhere to be searched, because their blocks were not at hand.

use rose_forest_index::Label;
use rose_forest_store::{BlockNumber, Placed};
use std::collections::{BTreeMap, HashMap};

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
