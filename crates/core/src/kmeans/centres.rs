//! Centres, and which of them is nearest.

use super::{Row, Rows};
use crate::{Distance, distance::kernel};
use ndarray::{Array2, ArrayView2};

/// Centres to find the nearest of. Under cosine they, and what is looked up, have unit length.
#[derive(Clone, Debug)]
pub struct Centres {
    rows: Rows,
}

impl Centres {
    /// Takes finite centres, one a row; under cosine of unit length.
    pub fn new(distance: Distance, rows: Array2<f32>) -> Self {
        Self { rows: Rows::new(distance, rows) }
    }

    /// How rows are compared with them.
    pub fn distance(&self) -> Distance {
        self.rows.distance()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// The centres, one a row.
    pub fn rows(&self) -> ArrayView2<'_, f32> {
        self.rows.floats()
    }

    /// The centres themselves.
    pub fn into_rows(self) -> Array2<f32> {
        self.rows.into_floats()
    }

    pub(super) fn set_row(&mut self, centre: usize, components: &[f32]) {
        self.rows.set(centre, components);
    }

    /// How far a row is from each centre, in the order of the centres: minus the inner product
    /// (cosine), the squared Euclidean distance (dot, Euclid), or the Manhattan distance.
    pub fn costs(&self, row: Row<'_>) -> Vec<f32> {
        let mut costs = Vec::with_capacity(self.len());
        self.each_cost(row, 0..self.len(), |_, cost| costs.push(cost));
        costs
    }

    /// The nearest centre of a row and its cost; of equally near ones the first. `None` without centres.
    /// Cost: O(k d).
    pub fn nearest(&self, row: Row<'_>) -> Option<(usize, f32)> {
        self.lowest(row, 0..self.len())
    }

    /// As [`Centres::nearest`], of some of the centres.
    pub(super) fn nearest_of(&self, row: Row<'_>, centres: &[usize]) -> Option<(usize, f32)> {
        self.lowest(row, centres.iter().copied())
    }

    fn lowest(&self, row: Row<'_>, centres: impl Iterator<Item = usize>) -> Option<(usize, f32)> {
        let mut lowest: Option<(usize, f32)> = None;
        self.each_cost(row, centres, |centre, cost| {
            if lowest.is_none_or(|(_, least)| cost < least) {
                lowest = Some((centre, cost));
            }
        });
        lowest
    }

    /// Costs of some of the centres, in their order.
    fn each_cost(
        &self,
        row: Row<'_>,
        mut centres: impl Iterator<Item = usize>,
        mut with: impl FnMut(usize, f32),
    ) {
        let distance = self.distance();
        loop {
            let four = [centres.next(), centres.next(), centres.next(), centres.next()];
            if let [Some(a), Some(b), Some(c), Some(d)] = four {
                let places = [a, b, c, d];
                let costs = row.cost_four(distance, places.map(|place| self.rows.row(place)));
                for (place, cost) in places.into_iter().zip(costs) {
                    with(place, cost);
                }
            } else {
                for place in four.into_iter().flatten() {
                    with(place, row.cost(distance, self.rows.row(place)));
                }
                return;
            }
        }
    }
}

/// What clustering makes small. Cosine: half of the squared distance between vectors of unit length, less one
/// (so that it is minus their inner product); dot and Euclid: the squared Euclidean distance; Manhattan: the
/// distance itself.
pub(crate) fn cost(distance: Distance, a: &[f32], b: &[f32]) -> f32 {
    match distance {
        Distance::Cosine => -kernel::dot(a, b),
        Distance::Dot | Distance::Euclid => kernel::squared_euclid(a, b),
        Distance::Manhattan => kernel::manhattan(a, b),
    }
}
