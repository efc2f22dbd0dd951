//! Looking at every row that is allowed.

use super::{rows::Rows, scratch::Walk};
use crate::{Hit, Label, RowFilter, kernel::Query};
use rose_forest_core::top_k::TopK;

/// Scores that a walk computes for each candidate that it keeps in sight, about.
const SCORES_PER_CANDIDATE: usize = 12;

/// Rows scored at once.
const ROWS_AT_ONCE: usize = 256;

/// Whether looking at each of `allowed` rows out of `live` is cheaper than a walk with `ef` candidates in sight.
///
/// A walk meets allowed rows as often as there are any, so it has to look at `live / allowed` times as many rows as without
/// a filter, about 12 for each candidate.
pub fn scan_is_cheaper(allowed: usize, live: usize, ef: usize) -> bool {
    let walk = SCORES_PER_CANDIDATE.saturating_mul(ef).saturating_mul(live);
    allowed.saturating_mul(allowed) <= walk
}

impl Rows {
    /// The `k` nearest rows that are allowed, exactly, best first; of equal scores the smaller label first.
    pub(super) fn scan(
        &self,
        query: &Query,
        k: usize,
        filter: Option<&dyn RowFilter>,
        walk: &mut Walk,
    ) -> Vec<Hit> {
        let Walk { batch, scores, .. } = walk;
        let mut best = TopK::new(k);
        batch.clear();
        let mut visit = |slot: u32| {
            batch.push(slot);
            if batch.len() >= ROWS_AT_ONCE {
                self.offer(query, batch, scores, &mut best);
            }
        };
        match filter {
            Some(filter) => filter.for_each(&mut |label| {
                if let Some(slot) = self.labels.slot(label) {
                    visit(slot);
                }
            }),
            None => (0..self.len()).filter(|slot| self.is_live(*slot)).for_each(visit),
        }
        self.offer(query, batch, scores, &mut best);
        best.into_sorted().into_iter().map(|best| Hit { label: best.key, score: best.score }).collect()
    }

    /// Scores the batch and empties it.
    fn offer(&self, query: &Query, batch: &mut Vec<u32>, scores: &mut Vec<f32>, best: &mut TopK<Label>) {
        query.score_slots(&self.codes, batch, scores);
        for (slot, score) in batch.iter().zip(scores.iter()) {
            best.push(*score, self.label(*slot));
        }
        batch.clear();
    }
}
