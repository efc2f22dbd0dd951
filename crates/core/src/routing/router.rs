//! Which regions and cells are best for a query, and which cell a row belongs to.

use crate::{
    Distance, VectorError,
    distance::{self, kernel},
    kmeans::{Centres, OneRow},
    top_k::{Scored, TopK},
};
use ndarray::{Array2, ArrayView2};
use std::collections::BTreeMap;

/// Regions that a row looks for its nearest cell in. With one, a row near a border may miss its nearest cell.
pub const ASSIGN_REGIONS: usize = 3;

/// What a gap to the best cell's score, in units of how much regions' scores differ, weighs against a rank in units of
/// `nprobe`.
///
/// Share of rows to read for a recall@10 of 0.96 (without sq8), 20,000 rows in 121 cells:
///
/// | | WordNet | synthetic |
/// |---|---|---|
/// | rank alone: a fixed number of cells | 26.3 % | 23.7 % |
/// | gap alone | 30.5 % | 20.6 % |
/// | rank, and gap with a weight of 2 | 23.4 % | 21.5 % |
/// | 4 | 23.2 % | 20.8 % |
/// | 8 | 23.8 % | 20.3 % |
pub const GAP_WEIGHT: f64 = 3.0;
/// The sum of both up to which cells are likely: so that about `nprobe` are.
pub const GAP_LIMIT: f64 = 2.0;

/// Centres of one level, with the caller's keys.
#[derive(Clone, Debug)]
struct Keyed<K> {
    keys: Vec<K>,
    centres: Centres,
}

/// Regions, and the cells of those regions that the caller has supplied.
///
/// Keys are the caller's: whatever names a region or a cell. A router is as good as what it was given: a region
/// without cells is passed over.
#[derive(Clone, Debug)]
pub struct Router<K> {
    distance: Distance,
    dimension: usize,
    /// By how much scores differ between regions; for dot, per unit of the query's length.
    spread: f64,
    regions: Keyed<K>,
    cells: BTreeMap<K, Keyed<K>>,
}

impl<K: Copy + Ord> Router<K> {
    /// A router over regions, none of whose cells are known yet.
    ///
    /// # Errors
    /// A centre of another dimension, not finite, or zero under cosine.
    pub fn new(
        distance: Distance,
        dimension: usize,
        regions: impl IntoIterator<Item = (K, Vec<f32>)>,
    ) -> Result<Self, VectorError> {
        let regions = keyed(distance, dimension, regions)?;
        let spread = spread(distance, &regions.centres);
        Ok(Self { distance, dimension, spread, regions, cells: BTreeMap::new() })
    }

    /// Supplies cells of a region, beside those it has: a region's cells may come from several authors.
    ///
    /// # Errors
    /// As [`Router::new`]; then nothing is added.
    pub fn add_cells(
        &mut self,
        region: K,
        cells: impl IntoIterator<Item = (K, Vec<f32>)>,
    ) -> Result<(), VectorError> {
        let mut added = keyed(self.distance, self.dimension, cells)?;
        if let Some(known) = self.cells.remove(&region) {
            let mut keys = known.keys;
            keys.append(&mut added.keys);
            let mut rows = known.centres.into_rows().into_raw_vec_and_offset().0;
            rows.append(&mut added.centres.into_rows().into_raw_vec_and_offset().0);
            added = Keyed { centres: centres(self.distance, self.dimension, keys.len(), rows), keys };
        }
        self.cells.insert(region, added);
        Ok(())
    }

    /// Whether cells of this region were supplied.
    pub fn has_cells(&self, region: K) -> bool {
        self.cells.contains_key(&region)
    }

    /// How many regions there are.
    pub fn region_count(&self) -> usize {
        self.regions.keys.len()
    }

    /// How many cells were supplied.
    pub fn cell_count(&self) -> usize {
        self.cells.values().map(|cells| cells.keys.len()).sum()
    }

    /// The `n` regions nearest to a query, best first. Of equal ones the smaller key. Cost: O(regions d).
    pub fn best_regions(&self, query: &[f32], n: usize) -> Vec<Scored<K>> {
        let query = self.prepared(query);
        let mut best = TopK::new(n);
        self.offer(&query, &self.regions, &mut best);
        best.into_sorted()
    }

    /// The `nprobe` cells nearest to a query, best first, among the supplied cells of the `regions` nearest
    /// regions. Cost: O((regions + cells looked at) d).
    pub fn best_cells(&self, query: &[f32], regions: usize, nprobe: usize) -> Vec<Scored<K>> {
        let query = self.prepared(query);
        let mut best = TopK::new(nprobe);
        for region in self.best_regions(&query, regions) {
            if let Some(cells) = self.cells.get(&region.key) {
                self.offer(&query, cells, &mut best);
            }
        }
        best.into_sorted()
    }

    /// About `nprobe` cells, best first: fewer for a query that one cell is much nearer to than the others, more
    /// for one that lies between many, at least a third of `nprobe` and at most one and a half times as many.
    /// Reads a tenth less than [`Router::best_cells`] for the same recall; see [`GAP_WEIGHT`].
    pub fn likely_cells(&self, query: &[f32], regions: usize, nprobe: usize) -> Vec<Scored<K>> {
        let mut cells = self.best_cells(query, regions, nprobe.saturating_mul(3).div_ceil(2));
        let (Some(first), nprobe) = (cells.first().map(|cell| cell.score), nprobe.max(1)) else {
            return cells;
        };
        let spread = self.spread_for(query);
        let likely = |(rank, cell): (usize, &Scored<K>)| {
            let gap = if spread > 0.0 { f64::from(first - cell.score) / spread } else { 0.0 };
            rank < nprobe.div_ceil(3) || rank as f64 / nprobe as f64 + GAP_WEIGHT * gap < GAP_LIMIT
        };
        let count = cells.iter().enumerate().take_while(|place| likely(*place)).count();
        cells.truncate(count);
        cells
    }

    /// By how much scores differ here. For dot they grow with the query.
    fn spread_for(&self, query: &[f32]) -> f64 {
        match self.distance {
            Distance::Cosine | Distance::Euclid | Distance::Manhattan => self.spread,
            Distance::Dot => self.spread * kernel::squared_length(query).sqrt(),
        }
    }

    /// The cell that a row belongs to: the nearest in the [`ASSIGN_REGIONS`] nearest regions that have cells,
    /// by what the cells were clustered by (which is Euclid for dot). `None` without cells, or for a vector of
    /// another dimension. Cost: O((regions + cells looked at) d).
    pub fn assign(&self, row: &[f32]) -> Option<K> {
        if row.len() != self.dimension {
            return None;
        }
        let row = OneRow::new(self.distance, row);
        let mut nearest = TopK::new(ASSIGN_REGIONS);
        for (cost, key) in self.regions.centres.costs(row.row()).into_iter().zip(&self.regions.keys) {
            if self.cells.get(key).is_some_and(|cells| !cells.keys.is_empty()) {
                nearest.push(-cost, *key);
            }
        }
        let mut best = TopK::new(1);
        for region in nearest.into_sorted() {
            let Some(cells) = self.cells.get(&region.key) else { continue };
            if let Some((place, cost)) = cells.centres.nearest(row.row())
                && let Some(key) = cells.keys.get(place)
            {
                best.push(-cost, *key);
            }
        }
        best.into_sorted().first().map(|cell| cell.key)
    }

    /// [`Router::assign`] for each row.
    pub fn assign_rows(&self, rows: ArrayView2<'_, f32>) -> Vec<Option<K>> {
        let rows = rows.as_standard_layout();
        rows.rows().into_iter().map(|row| self.assign(row.as_slice().unwrap_or_default())).collect()
    }

    /// Unit length under cosine, so that scores are cosines.
    fn prepared(&self, vector: &[f32]) -> Vec<f32> {
        let mut vector = vector.to_vec();
        if self.distance == Distance::Cosine {
            kernel::normalise(&mut vector);
        }
        vector
    }

    fn offer(&self, query: &[f32], to: &Keyed<K>, best: &mut TopK<K>) {
        for (centre, key) in to.centres.rows().rows().into_iter().zip(&to.keys) {
            let centre = centre.to_slice().unwrap_or_default();
            let score = match self.distance {
                // Both have unit length.
                Distance::Cosine => kernel::dot(query, centre),
                Distance::Dot | Distance::Euclid | Distance::Manhattan => {
                    distance::score(self.distance, query, centre)
                }
            };
            best.push(score, *key);
        }
    }
}

fn keyed<K>(
    distance: Distance,
    dimension: usize,
    rows: impl IntoIterator<Item = (K, Vec<f32>)>,
) -> Result<Keyed<K>, VectorError> {
    let space = crate::Space { dimension, distance, encoding: crate::Encoding::F32 };
    let (mut keys, mut components) = (Vec::new(), Vec::new());
    for (key, mut row) in rows {
        space.check(&row)?;
        if distance == Distance::Cosine {
            kernel::normalise(&mut row);
        }
        keys.push(key);
        components.append(&mut row);
    }
    Ok(Keyed { centres: centres(distance, dimension, keys.len(), components), keys })
}

/// By how much another region scores worse than a region itself does, on average; 0 with fewer than two.
/// Cost: O(regions^2 d).
fn spread(distance: Distance, centres: &Centres) -> f64 {
    let rows = centres.rows();
    let rows: Vec<&[f32]> = rows.outer_iter().filter_map(|row| row.to_slice()).collect();
    let (mut sum, mut count) = (0.0, 0.0);
    for (place, a) in rows.iter().enumerate() {
        let length = match distance {
            Distance::Dot => kernel::squared_length(a).sqrt().max(f64::MIN_POSITIVE),
            Distance::Cosine | Distance::Euclid | Distance::Manhattan => 1.0,
        };
        let own = distance::score(distance, a, a);
        for b in rows.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, b)| b) {
            sum += f64::from(own - distance::score(distance, a, b)) / length;
            count += 1.0;
        }
    }
    if count == 0.0 { 0.0 } else { sum / count }
}

fn centres(distance: Distance, dimension: usize, count: usize, components: Vec<f32>) -> Centres {
    // `components` holds `count` rows of `dimension`, all checked.
    Centres::new(distance, Array2::from_shape_vec((count, dimension), components).unwrap_or_default())
}
