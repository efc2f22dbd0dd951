//! Scoring of rows: the one place where the lists meet a kernel.

use crate::{Label, kernel::Query};
use rose_forest_core::top_k::TopK;

/// Rows that are scored before they are compared with the best.
const BLOCK_ROWS: usize = 128;

/// A query that scores codes: as it does in the graph, to the last bit, so that a row has one score wherever it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scorer<'a>(pub(super) &'a Query);

impl Scorer<'_> {
    /// What to choose cells by.
    pub(super) fn vector(&self) -> &[f32] {
        self.0.vector()
    }

    /// Scores one row.
    pub(super) fn score(&self, code: &[u8]) -> f32 {
        self.0.score(code)
    }

    /// Offers to `best` the rows of a run for which `counts` holds (it is given the place within the run), which is asked
    /// only about rows that score well enough. Cost: one pass over the codes.
    pub(super) fn scan(
        &self,
        codes: &[u8],
        labels: &[[u8; 4]],
        best: &mut TopK<Label>,
        counts: impl Fn(usize, Label) -> bool,
    ) {
        let mut scores = [0.0; BLOCK_ROWS];
        let code_bytes = self.0.space().code_bytes();
        let blocks = codes.chunks(code_bytes * BLOCK_ROWS).zip(labels.chunks(BLOCK_ROWS));
        for (block, (codes, labels)) in blocks.enumerate() {
            self.0.score_block(codes, &mut scores[..labels.len()]);
            let mut lowest = best.lowest();
            for (place, (score, label)) in scores.iter().zip(labels).enumerate() {
                if lowest.is_some_and(|lowest| *score < lowest) {
                    continue;
                }
                let label = Label::from_le_bytes(*label);
                if counts(block * BLOCK_ROWS + place, label) {
                    best.push(*score, label);
                    lowest = best.lowest();
                }
            }
        }
    }
}
