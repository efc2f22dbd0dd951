//! Looking at every row that is allowed.

use super::{rows::Rows, scratch::Walk};
use crate::{Hit, Label, RowFilter, kernel::Query};
use rose_forest_core::top_k::TopK;

/// What a walk with a filter costs for each candidate that it keeps in sight, in rows scanned.
///
/// Microseconds a query (averages on a busy machine, comparable only within a line), `ef` 144, 100,000 rows of 384 sq8
/// components; `ef` 96 for 20,000 WordNet senses, in brackets:
///
/// | one row in | walk | scan |
/// |---|---|---|
/// | 2 | 2,267 (1,028) | 11,377 (2,430) |
/// | 5 | 4,547 (2,120) | 4,839 (829) |
/// | 10 | 8,292 (4,445) | 3,819 (817) |
/// | 50 | 34,901 (13,655) | 1,393 (234) |
/// | 1,000 | 235,881 (55,452) | 244 (200) |
///
/// Equal at about 20,000 of 100,000 rows and 6,000 of 20,000: 28 and 19.
const SCORES_PER_CANDIDATE: usize = 20;

/// Rows scored at once.
const ROWS_AT_ONCE: usize = 256;

/// Whether looking at each of `allowed` rows out of `live` is cheaper than a walk with `ef` candidates in sight.
///
/// A walk meets allowed rows as often as there are any, so it has to look at `live / allowed` times as many rows as without
/// a filter, a few for each candidate: so the scan is chosen up to the root of `20 * ef * live` rows, and is exact.
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
    pub(super) fn offer(
        &self,
        query: &Query,
        batch: &mut Vec<u32>,
        scores: &mut Vec<f32>,
        best: &mut TopK<Label>,
    ) {
        query.score_slots(&self.codes, batch, scores);
        for (slot, score) in batch.iter().zip(scores.iter()) {
            best.push(*score, self.label(*slot));
        }
        batch.clear();
    }
}
