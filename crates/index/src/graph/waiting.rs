//! Rows that are found before they are linked.
//!
//! To link a row takes a search of the graph: a millisecond, where a million rows are. To put it down takes a copy. So many
//! rows that come at once are put down and wait, and whoever has time links them, the first ones first. Until then every
//! search looks at each of them beside its walk, which is exact, and cheap as long as they are few (Singh and others,
//! "FreshDiskANN", 2021, keep new rows in an index of their own for the same reason).

use super::{Graph, GraphError, rows::Rows, scratch::Walk};
use crate::{Hit, Label, RowFilter, kernel::Query};
use parking_lot::RwLockWriteGuard;
use rose_forest_core::top_k::TopK;

/// Rows that may wait: each costs every search some 60 ns (384 components of 8 bits), all of them a millisecond.
pub const MAX_WAITING: usize = 16_384;

/// Rows put down under one lock.
const ROWS_AT_ONCE: usize = 64;

impl Graph {
    /// Takes in many rows without linking them. Each is found from when this returns, by every search; until
    /// [`Self::link_waiting`] has linked it, that costs each search a score for it. `codes` are their codes, one after the
    /// other. Too many rows that wait make searches slow: see [`MAX_WAITING`].
    ///
    /// # Errors
    /// As [`Self::insert`]; rows that were taken in before the error stay. Cost: a copy.
    pub fn put_down(&self, labels: &[Label], codes: &[u8]) -> Result<(), GraphError> {
        self.check_length(labels.len(), codes)?;
        let _shape = self.shape.read();
        let mut put = Ok(());
        for (labels, codes) in
            labels.chunks(ROWS_AT_ONCE).zip(codes.chunks(ROWS_AT_ONCE * self.space.code_bytes()))
        {
            let mut slots = Vec::with_capacity(labels.len());
            let mut rows = self.rows.write();
            put = rows.put_all(self.params.seed, labels, codes, &mut slots);
            rows.waiting.append(&mut slots);
            // Searches have their turn.
            RwLockWriteGuard::unlock_fair(rows);
            if put.is_err() {
                break;
            }
        }
        self.changed();
        put
    }

    /// How many rows wait to be linked.
    pub fn waiting(&self) -> usize {
        self.rows.read().waiting.len()
    }

    /// Links the first rows that wait, at most so many, on this thread. Says how many waited: fewer than `at_most` when all are
    /// linked. Searches, inserts and removals go on meanwhile; repairs and images wait. Cost: as many inserts.
    pub fn link_waiting(&self, at_most: usize) -> usize {
        // While they are linked, no slot is freed for another row.
        let _alone = self.repairing.lock();
        // An image holds a row with all of its links, or with none.
        let _no_image = self.imaging.lock();
        let _shape = self.shape.read();
        let mut slots: Vec<u32> = self.rows.read().waiting.iter().take(at_most).copied().collect();
        if slots.is_empty() {
            return 0;
        }
        for slot in &slots {
            let removed = !self.rows.read().is_live(*slot);
            if !removed {
                self.link(*slot);
            }
        }
        slots.sort_unstable();
        let mut rows = self.rows.write();
        rows.waiting.retain(|slot| slots.binary_search(slot).is_err());
        // Before anybody can see that none waits.
        self.changed();
        drop(rows);
        slots.len()
    }
}

impl Rows {
    /// Adds the nearest `k` of the rows that wait to what a walk found, of those that are allowed. Cost: a score for each
    /// that is allowed.
    pub(super) fn add_waiting(
        &self,
        query: &Query,
        k: usize,
        filter: Option<&dyn RowFilter>,
        walk: &mut Walk,
        hits: &mut Vec<Hit>,
    ) {
        if self.waiting.is_empty() {
            return;
        }
        let Walk { batch, scores, .. } = walk;
        batch.clear();
        let is_allowed = |slot: &u32| filter.is_none_or(|filter| filter.allows(self.label(*slot)));
        batch.extend(self.waiting.iter().copied().filter(is_allowed));
        let mut best = TopK::new(k);
        self.offer(query, batch, scores, &mut best);
        hits.extend(best.into_sorted().into_iter().map(|best| Hit { label: best.key, score: best.score }));
    }

    /// Whether others can be come to from this row: not from one that waits.
    pub(super) fn is_linked(&self, slot: u32) -> bool {
        self.links.neighbours(slot, 0).next().is_some()
    }

    /// The live rows that no walk comes to, whether they were not linked yet or lost what led to them. Cost: a look at every list.
    pub(super) fn unreached(&self) -> Vec<u32> {
        let mut seen = vec![false; self.states.len()];
        let mut next: Vec<u32> = self.entry.into_iter().collect();
        while let Some(slot) = next.pop() {
            if !std::mem::replace(&mut seen[slot as usize], true) {
                for level in 0..=self.links.level(slot) {
                    next.extend(self.links.neighbours(slot, level).filter(|slot| !seen[*slot as usize]));
                }
            }
        }
        (0..self.len()).filter(|slot| self.is_live(*slot) && !seen[*slot as usize]).collect()
    }
}
