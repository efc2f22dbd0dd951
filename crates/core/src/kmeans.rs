//! k-means: spherical under cosine, with a plain mean otherwise.
//!
//! Seeds by k-means++ (Arthur and Vassilvitskii 2007), then mini-batches (Sculley 2010), then passes over all
//! rows (Lloyd 1982; Dhillon and Modha 2001 for the spherical form). The same rows and seed give the same
//! centres on every platform. Dot clusters as Euclid does: the inner product has no nearest centre, a long one
//! would take all rows. Manhattan assigns by its own distance and moves by means, which is not the optimum
//! (that is the median) but near it, and finite.
//!
//! What comes out is finite, has at least one centre and at most as many as were asked for: fewer when there
//! are not that many different rows. A centre that loses its rows is put on the row that is worst served.

mod centres;
mod refine;
mod rows;
mod seeding;
mod update;

pub use centres::Centres;
pub(crate) use centres::cost;
pub(crate) use refine::refine;
pub use rows::{OneRow, Row, Rows};
pub(crate) use update::move_to_means;

use crate::{ClusterError, Distance, random::Random};
use ndarray::{Array2, ArrayView2};

/// How to cluster, and how hard to try.
#[derive(Clone, Copy, Debug)]
pub struct KMeans {
    /// Centres wanted.
    pub clusters: usize,
    /// How rows are compared.
    pub distance: Distance,
    /// Mini-batches to learn from before the passes. For many rows: one pass costs as much as many batches.
    pub batches: usize,
    /// Rows of a mini-batch.
    pub batch_rows: usize,
    /// Passes over all rows.
    pub passes: usize,
    /// What the random choices follow from.
    pub seed: u64,
}

impl KMeans {
    /// Ten passes over all rows, no mini-batches: for some thousands of rows.
    pub fn new(clusters: usize, distance: Distance, seed: u64) -> Self {
        Self { clusters, distance, batches: 0, batch_rows: 256, passes: 10, seed }
    }

    /// Centres of `rows`, one a row of the result: at least 1, at most `clusters`. Under cosine of unit length.
    ///
    /// # Errors
    /// No rows, no clusters, a row with a component that is not finite, the zero vector under cosine.
    ///
    /// Cost for n rows, k clusters and d components: O(n k d) for seeding and for each pass, O(batch k d) for
    /// each batch; space O(n d), for a copy of the rows.
    pub fn centres(&self, rows: ArrayView2<'_, f32>) -> Result<Array2<f32>, ClusterError> {
        if self.clusters == 0 {
            return Err(ClusterError::NoClusters);
        }
        let rows = Rows::prepared(rows.to_owned(), self.distance)?;
        Ok(self.centres_of(&rows).into_rows())
    }

    /// As [`KMeans::centres`], of [prepared](Rows::prepared) rows. There is at least one row and one cluster.
    pub(crate) fn centres_of(&self, rows: &Rows) -> Centres {
        let mut random = Random::new(self.seed, 0);
        let mut centres = Centres::new(self.distance, seeding::seeds(rows, self, &mut random));
        update::mini_batches(&mut centres, rows, self, &mut random);
        for _ in 0..self.passes {
            if !update::lloyd(&mut centres, rows) {
                break;
            }
        }
        centres
    }
}

#[cfg(test)]
mod tests;
