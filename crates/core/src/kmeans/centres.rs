//! Centres, and which of them is nearest.

use crate::{Distance, distance::kernel};
use ndarray::{Array2, ArrayView2};

/// Centres to find the nearest of. Under cosine they, and what is looked up, have unit length.
#[derive(Clone, Debug)]
pub struct Centres {
    distance: Distance,
    rows: Array2<f32>,
}

impl Centres {
    /// Takes finite centres, one a row; under cosine of unit length.
    pub fn new(distance: Distance, rows: Array2<f32>) -> Self {
        Self { distance, rows: rows.as_standard_layout().into_owned() }
    }

    /// How rows are compared with them.
    pub fn distance(&self) -> Distance {
        self.distance
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.nrows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.nrows() == 0
    }

    /// The centres, one a row.
    pub fn rows(&self) -> ArrayView2<'_, f32> {
        self.rows.view()
    }

    /// The centres themselves.
    pub fn into_rows(self) -> Array2<f32> {
        self.rows
    }

    pub(super) fn set_row(&mut self, centre: usize, components: impl Iterator<Item = f32>) {
        if centre < self.len() {
            for (to, from) in self.rows.row_mut(centre).iter_mut().zip(components) {
                *to = from;
            }
        }
    }

    /// How far a row is from each centre, in the order of the centres: minus the inner product
    /// (cosine), the squared Euclidean distance (dot, Euclid), or the Manhattan distance.
    pub fn costs<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        let size = self.rows.ncols().max(1);
        let centres = self.rows.as_slice().unwrap_or_default();
        centres.chunks_exact(size).map(move |centre| cost(self.distance, row, centre))
    }

    /// The nearest centre of a row and its cost; of equally near ones the first. `None` without centres.
    /// Cost: O(k d).
    pub fn nearest(&self, row: &[f32]) -> Option<(usize, f32)> {
        lowest(self.costs(row).enumerate())
    }

    /// As [`Centres::nearest`], of some of the centres.
    pub(super) fn nearest_of(&self, row: &[f32], centres: &[usize]) -> Option<(usize, f32)> {
        let size = self.rows.ncols();
        let all = self.rows.as_slice().unwrap_or_default();
        lowest(centres.iter().filter_map(|centre| {
            let components = all.get(centre * size..(centre + 1) * size)?;
            Some((*centre, cost(self.distance, row, components)))
        }))
    }
}

fn lowest(costs: impl Iterator<Item = (usize, f32)>) -> Option<(usize, f32)> {
    costs.reduce(|best, next| if next.1 < best.1 { next } else { best })
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
