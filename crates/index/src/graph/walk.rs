//! Walking the graph towards a query.

use super::{rows::Rows, scratch::Walk};
use crate::kernel::{Query, prefetch};

impl Walk {
    /// The nearest slot that is found by always going to the nearest neighbour, from the entry down to the layer above
    /// `level`; with its score. `None` in a graph without rows. Cost: some tens of scores.
    pub(super) fn descend(&mut self, rows: &Rows, query: &Query, level: u8) -> Option<(f32, u32)> {
        let mut slot = rows.entry?;
        let mut score = query.score(rows.codes.row(slot));
        for level in (level + 1..=rows.links.level(slot)).rev() {
            loop {
                let before = slot;
                self.batch.clear();
                self.batch.extend(rows.links.neighbours(slot, level));
                query.score_slots(&rows.codes, &self.batch, &mut self.scores);
                for (next, next_score) in self.batch.iter().zip(&self.scores) {
                    if *next_score > score {
                        (score, slot) = (*next_score, *next);
                    }
                }
                if slot == before {
                    break;
                }
            }
        }
        Some((score, slot))
    }

    /// Walks a layer from `starts` and leaves in the pool the `ef` nearest slots that `counts` allows, and what is nearer
    /// than the last of them. Cost: about 15 scores for each of `ef`.
    pub(super) fn layer(
        &mut self,
        rows: &Rows,
        query: &Query,
        level: u8,
        starts: impl IntoIterator<Item = (f32, u32)>,
        ef: usize,
        counts: impl Fn(u32) -> bool,
    ) {
        self.visited.reset(rows.len() as usize);
        self.pool.reset(ef);
        for (score, slot) in starts {
            if self.visited.insert(slot) && self.pool.admits(score) {
                self.pool.push(score, slot, counts(slot));
            }
        }
        while let Some(slot) = self.pool.next() {
            self.batch.clear();
            for next in rows.links.neighbours(slot, level) {
                if self.visited.insert(next) {
                    self.batch.push(next);
                }
            }
            // Most often that is where the walk goes on.
            if let Some(next) = self.pool.peek() {
                prefetch(rows.links.list(next, level));
            }
            query.score_slots(&rows.codes, &self.batch, &mut self.scores);
            for (next, score) in self.batch.iter().zip(&self.scores) {
                if self.pool.admits(*score) {
                    self.pool.push(*score, *next, counts(*next));
                }
            }
        }
    }
}
