//! Fusing the answers of several searches into one.

use crate::{backend::Found, server::ApiError, types::Fusion};
use rose_forest_api::PointId;
use std::collections::HashMap;

/// The constant of reciprocal rank fusion when nothing is said: Qdrant's.
const DEFAULT_K: f32 = 2.0;

/// One list, best first; of equal scores, what came first in the first list that has one of them. The points are those of the
/// lists, with other scores.
pub(super) fn fuse(how: &Fusion, lists: Vec<Vec<Found>>) -> Result<Vec<Found>, ApiError> {
    let scores: Vec<Vec<f32>> = match how {
        Fusion::Rrf { k, weights } => {
            if let Some(weights) = weights
                && weights.len() != lists.len()
            {
                return Err(ApiError::Input(format!(
                    "expected {} weights for as many prefetches, received {}",
                    lists.len(),
                    weights.len()
                )));
            }
            let k = k.unwrap_or(DEFAULT_K);
            if !(k.is_finite() && k > 0.0) {
                return Err(ApiError::Input(format!("expected a k above 0, received {k}")));
            }
            let weight =
                |list: usize| weights.as_ref().and_then(|weights| weights.get(list)).copied().unwrap_or(1.0);
            let ranks = |(list, points): (usize, &Vec<Found>)| {
                (0..points.len()).map(|rank| reciprocal(rank, k, weight(list))).collect()
            };
            lists.iter().enumerate().map(ranks).collect()
        }
        Fusion::Dbsf => lists.iter().map(|points| normalised(points)).collect(),
    };
    let mut fused: Vec<Found> = Vec::new();
    let mut at: HashMap<PointId, usize> = HashMap::new();
    for (found, score) in lists.into_iter().flatten().zip(scores.into_iter().flatten()) {
        match at.get(&found.id).and_then(|at| fused.get_mut(*at)) {
            Some(known) => known.score += score,
            None => {
                at.insert(found.id.clone(), fused.len());
                fused.push(Found { score, order_value: None, ..found });
            }
        }
    }
    // Stable: equal ones stay as they came.
    fused.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(fused)
}

/// Reciprocal rank fusion (Cormack, Clarke, Buettcher 2009), ranks from 0; a weight stretches the ranks.
fn reciprocal(rank: usize, k: f32, weight: f32) -> f32 {
    if weight > 0.0 { 1.0 / ((rank as f32 + 1.0) / weight + k - 1.0) } else { 0.0 }
}

/// Scores scaled so that three deviations below the mean are 0 and three above are 1; without any deviation, one half.
fn normalised(points: &[Found]) -> Vec<f32> {
    let count = points.len() as f32;
    let mean = points.iter().map(|point| point.score).sum::<f32>() / count;
    let variance = points.iter().map(|point| (point.score - mean).powi(2)).sum::<f32>() / (count - 1.0);
    if points.len() < 2 || variance == 0.0 {
        return vec![0.5; points.len()];
    }
    let (low, width) = (mean - 3.0 * variance.sqrt(), 6.0 * variance.sqrt());
    points.iter().map(|point| (point.score - low) / width).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rose_forest_api::{ActionHash, AgentPubKey};

    fn list(points: &[(u64, f32)]) -> Vec<Found> {
        let found = |(id, score): &(u64, f32)| Found {
            id: PointId::Int(*id),
            author: AgentPubKey::from_raw_32(vec![0; 32]),
            action: ActionHash::from_raw_32(vec![0; 32]),
            written_at_micros: 0,
            confirmed: true,
            score: *score,
            order_value: None,
            payload: None,
            vector: None,
        };
        points.iter().map(found).collect()
    }

    fn scores(how: &Fusion, lists: &[&[(u64, f32)]]) -> Vec<(u64, f32)> {
        let fused = fuse(how, lists.iter().map(|points| list(points)).collect()).unwrap();
        let score = |found: &Found| match found.id {
            PointId::Int(id) => (id, found.score),
            PointId::Text(_) => panic!("no text"),
        };
        fused.iter().map(score).collect()
    }

    #[test]
    fn ranks_are_fused_as_qdrant_fuses_them() {
        let rrf = Fusion::Rrf { k: None, weights: None };
        let lists: [&[(u64, f32)]; 2] = [&[(1, 9.0), (2, 8.0)], &[(2, 0.3), (3, 0.1)]];
        // 1/2; 1/3 + 1/2; 1/3.
        let close = |found: Vec<(u64, f32)>, expected: &[(u64, f32)]| {
            assert_eq!(found.len(), expected.len(), "{found:?}");
            for (a, b) in found.iter().zip(expected) {
                assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-6, "{found:?} {expected:?}");
            }
        };
        close(scores(&rrf, &lists), &[(2, 5.0 / 6.0), (1, 0.5), (3, 1.0 / 3.0)]);
        let weighted = Fusion::Rrf { k: Some(1.0), weights: Some(vec![2.0, 0.0]) };
        // 1 / ((rank + 1) / 2 + 0): 2 and 1, and nothing from the other list.
        close(scores(&weighted, &lists), &[(1, 2.0), (2, 1.0), (3, 0.0)]);
        let wrong = Fusion::Rrf { k: None, weights: Some(vec![1.0]) };
        assert!(fuse(&wrong, vec![Vec::new(), Vec::new()]).is_err());
        assert!(fuse(&Fusion::Rrf { k: Some(0.0), weights: None }, vec![list(&[(1, 1.0)])]).is_err());
    }

    #[test]
    fn scores_are_fused_by_their_distribution() {
        let found = scores(&Fusion::Dbsf, &[&[(1, 3.0), (2, 1.0)], &[(3, 7.0)], &[]]);
        // Mean 2, deviation sqrt 2: half of 1 either way of the middle, over six deviations.
        let off = 1.0 / (6.0 * 2.0f32.sqrt());
        let expected = [(1, 0.5 + off), (3, 0.5), (2, 0.5 - off)];
        for (a, b) in found.iter().zip(expected) {
            assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-6, "{found:?}");
        }
        assert_eq!(scores(&Fusion::Dbsf, &[&[(1, 2.0), (2, 2.0)]]), [(1, 0.5), (2, 0.5)]);
    }
}
