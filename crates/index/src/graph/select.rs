//! Choosing neighbours: near ones, in different directions.

use super::{rows::Rows, scratch::Selection};

/// Rows compared at once before looking whether one of them is nearer.
const AT_ONCE: usize = 4;

impl Selection {
    /// Chooses up to `most` of the candidates, which come best first: each that is nearer to the row itself than to any that
    /// has been chosen (algorithm 4 of the paper). `chosen` has slots, best first. Cost: up to a score for each pair of
    /// a candidate and one that is chosen.
    pub(super) fn choose(
        &mut self,
        rows: &Rows,
        candidates: &[(f32, u32)],
        most: usize,
        chosen: &mut Vec<u32>,
    ) {
        chosen.clear();
        for (score, slot) in candidates {
            if chosen.len() >= most {
                break;
            }
            if !self.is_behind(rows, *slot, *score, chosen) {
                chosen.push(*slot);
            }
        }
    }

    /// Whether one of the chosen is nearer to the candidate than the row itself is.
    fn is_behind(&mut self, rows: &Rows, slot: u32, score: f32, chosen: &[u32]) -> bool {
        if chosen.is_empty() {
            return false;
        }
        self.row.set_code(rows.codes.row(slot));
        chosen.chunks(AT_ONCE).any(|chosen| {
            self.row.score_slots(&rows.codes, chosen, &mut self.scores);
            self.scores.iter().any(|between| *between > score)
        })
    }

    /// The slots with their scores against the row in `of`, best first. Cost: a score each.
    pub(super) fn rank(&mut self, rows: &Rows, of: u32, slots: &[u32], ranked: &mut Vec<(f32, u32)>) {
        self.row.set_code(rows.codes.row(of));
        self.row.score_slots(&rows.codes, slots, &mut self.scores);
        ranked.clear();
        ranked.extend(self.scores.iter().copied().zip(slots.iter().copied()));
        ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }
}
