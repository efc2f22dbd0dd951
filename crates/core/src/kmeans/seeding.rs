//! k-means++: each next centre is a row, drawn with a probability that grows with how badly it is served.

use super::{KMeans, Rows};
use crate::{Distance, distance::kernel, random::Random};
use ndarray::{Array2, Axis};

/// Rows to seed from, for each centre. Seeding all of 20,000 rows would cost as much as a pass over them and
/// choose no better.
const SEED_ROWS_PER_CENTRE: usize = 32;

/// Up to `options.clusters` different rows. `rows` is not empty.
pub(super) fn seeds(rows: &Rows, options: &KMeans, random: &mut Random) -> Array2<f32> {
    let wanted = options.clusters.min(rows.len());
    let candidates = random.sample(wanted.saturating_mul(SEED_ROWS_PER_CENTRE), rows.len());
    let candidates = rows.floats().select(Axis(0), &candidates);
    let mut chosen = Vec::with_capacity(wanted);
    let mut weights = vec![f64::INFINITY; candidates.nrows()];
    let mut next = random.below(candidates.nrows());
    loop {
        chosen.push(next);
        if chosen.len() == wanted {
            break;
        }
        let newest = candidates.row(next);
        let newest = newest.as_slice().unwrap_or_default();
        for (weight, row) in weights.iter_mut().zip(candidates.rows()) {
            *weight = weight.min(weight_of(options.distance, row.as_slice().unwrap_or_default(), newest));
        }
        match draw(&weights, random) {
            Some(row) => next = row,
            // Every row is a centre already: there are no more different ones.
            None => break,
        }
    }
    candidates.select(Axis(0), &chosen)
}

/// Zero for equal rows, exactly, so that no row is chosen twice.
fn weight_of(distance: Distance, a: &[f32], b: &[f32]) -> f64 {
    let weight = match distance {
        Distance::Cosine | Distance::Dot | Distance::Euclid => kernel::squared_euclid(a, b),
        Distance::Manhattan => kernel::manhattan(a, b),
    };
    // Rows of huge numbers may be farther apart than an f32 can say.
    f64::from(weight.min(f32::MAX))
}

/// A row, with a probability proportional to its weight; `None` when all weights are zero.
fn draw(weights: &[f64], random: &mut Random) -> Option<usize> {
    let total: f64 = weights.iter().sum();
    let mut left = random.unit() * total;
    let mut last = None;
    for (row, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        last = Some(row);
        left -= weight;
        if left < 0.0 {
            break;
        }
    }
    last
}
