//! Maximal marginal relevance: points that are near to a query and far from each other.

use crate::{backend::Found, local};
use rose_forest_core::{Distance, distance::score};

/// Chooses `limit` of the candidates, one after the other: the one with the largest `(1 - diversity) * a - diversity * b`, where
/// `a` is its score to the query and `b` its best score to those chosen before it (Carbonell, Goldstein 1998). Scores are those
/// that Qdrant reckons with inside. The candidates keep the scores of their search; those without a vector are left out.
///
/// Cost: a score for each pair of a candidate and a chosen one.
pub(super) fn choose(
    distance: Distance,
    query: &[f32],
    candidates: Vec<Found>,
    diversity: f32,
    limit: usize,
) -> Vec<Found> {
    struct Pending {
        found: Found,
        relevance: f32,
        /// The best score to a chosen one.
        nearest: Option<f32>,
    }
    let score = |a: &[f32], b: &[f32]| local::inner(distance, score(distance, a, b));
    let pending = |found: Found| {
        let relevance = score(query, found.vector.as_deref()?);
        Some(Pending { found, relevance, nearest: None })
    };
    let mut pending: Vec<Pending> = candidates.into_iter().filter_map(pending).collect();
    let mut chosen: Vec<Found> = Vec::new();
    while chosen.len() < limit {
        let worth = |candidate: &Pending| match candidate.nearest {
            None => candidate.relevance,
            Some(nearest) => (1.0 - diversity) * candidate.relevance - diversity * nearest,
        };
        let best = (0..pending.len()).zip(&pending).max_by(|(_, a), (_, b)| worth(a).total_cmp(&worth(b)));
        let Some((at, _)) = best else { break };
        let next = pending.swap_remove(at).found;
        for candidate in &mut pending {
            if let (Some(a), Some(b)) = (&candidate.found.vector, &next.vector) {
                let nearest = score(a, b);
                candidate.nearest = Some(candidate.nearest.map_or(nearest, |known| known.max(nearest)));
            }
        }
        chosen.push(next);
    }
    chosen
}
