//! When cells split and when they retire: decisions, taken alike by everyone who sees the same cells.
//!
//! Nobody coordinates. A cell never moves; a split adds cells around the old one, which stays, and rows then
//! belong to the nearest. A cell that retires takes no more rows, and authors move theirs to the cell that it
//! retires into, in their own time.

use super::plan_cells;
use crate::{
    ClusterError, Distance,
    kmeans::{Centres, KMeans, OneRow, cost},
};
use ndarray::{Array2, ArrayView2, Axis};
use std::collections::BTreeSet;

/// A cell with more than this many times its planned rows splits.
pub const SPLIT_FACTOR: f64 = 3.0;
/// A cell with less than this part of its planned rows retires.
pub const SMALL_FACTOR: f64 = 0.1;
/// Two cells nearer to each other than this part of what is typical: the one with the larger key retires.
pub const NEAR_FACTOR: f64 = 0.3;

/// A cell as its readers see it.
#[derive(Clone, Copy, Debug)]
pub struct CellState<'a, K> {
    /// What names it; the larger key gives way.
    pub key: K,
    /// Rows in it, all authors' shares together.
    pub rows: u64,
    /// Its founding centre.
    pub centre: &'a [f32],
}

/// What to do with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Upkeep<K> {
    /// Found two cells around it: see [`split_cell`].
    Split(K),
    /// Move its rows to another cell, and put no more in.
    Retire {
        /// The cell that gives way.
        cell: K,
        /// The cell that takes its rows. It does not retire itself.
        into: K,
    },
}

/// What should be done with cells, in the order of their keys. The order of `cells` does not matter; of two
/// with one key, the first counts.
///
/// A cell that splits does not retire. An empty cell does not retire for being small: it may have been founded a
/// moment ago, and costs nothing. Cost: O(cells^2 d).
pub fn upkeep_plan<K: Copy + Ord>(distance: Distance, cells: &[CellState<'_, K>]) -> Vec<Upkeep<K>> {
    let mut cells: Vec<_> = cells.iter().collect();
    cells.sort_by_key(|cell| cell.key);
    cells.dedup_by_key(|cell| cell.key);
    let rows: u64 = cells.iter().map(|cell| cell.rows).sum();
    let planned = rows as f64 / plan_cells(rows as usize) as f64;
    let gaps = Gaps::between(distance, &cells);
    let near = gaps.typical() * NEAR_FACTOR;

    let splits: BTreeSet<K> =
        cells.iter().filter(|c| c.rows as f64 > planned * SPLIT_FACTOR).map(|c| c.key).collect();
    let mut retired: BTreeSet<K> = BTreeSet::new();
    let mut plan: Vec<Upkeep<K>> = splits.iter().map(|key| Upkeep::Split(*key)).collect();
    // The largest key first: a cell that has not retired yet when a smaller key is looked at never will for its sake.
    for (place, cell) in cells.iter().enumerate().rev() {
        if splits.contains(&cell.key) {
            continue;
        }
        let small = cell.rows > 0 && (cell.rows as f64) < planned * SMALL_FACTOR;
        let stays = |other: usize| cells.get(other).is_some_and(|c| !retired.contains(&c.key));
        let into = if small {
            gaps.nearest(place, stays)
        } else {
            gaps.nearest(place, |other| other < place && stays(other)).filter(|(_, gap)| *gap < near)
        };
        if let Some(into) = into.and_then(|(other, _)| cells.get(other)) {
            retired.insert(cell.key);
            plan.push(Upkeep::Retire { cell: cell.key, into: into.key });
        }
    }
    // A small cell may have taken in another before it retired itself: follow to a cell that stays.
    settle(&mut plan);
    plan.sort_by_key(|upkeep| match upkeep {
        Upkeep::Split(key) => *key,
        Upkeep::Retire { cell, .. } => *cell,
    });
    plan
}

/// Leads every retirement to a cell that stays. They form no circle: a cell retires only into one that had not.
fn settle<K: Copy + Ord>(plan: &mut [Upkeep<K>]) {
    let next: std::collections::BTreeMap<K, K> = plan
        .iter()
        .filter_map(|upkeep| match upkeep {
            Upkeep::Retire { cell, into } => Some((*cell, *into)),
            Upkeep::Split(_) => None,
        })
        .collect();
    for upkeep in plan {
        if let Upkeep::Retire { into, .. } = upkeep {
            while let Some(further) = next.get(into) {
                *into = *further;
            }
        }
    }
}

/// New centres, at most two, to found beside a cell that has grown too large, from its rows.
///
/// k-means with k = 3, less the centre nearest to the rows' mean, where the old cell is and stays: so that the three
/// share the rows. The two of k = 2 would leave the old one between them with little to do, or near to one of them.
///
/// # Errors
/// As [`KMeans::centres`].
pub fn split_cell(
    rows: ArrayView2<'_, f32>,
    distance: Distance,
    seed: u64,
) -> Result<Array2<f32>, ClusterError> {
    let old = KMeans::new(1, distance, seed).centres(rows)?;
    let centres = Centres::new(distance, KMeans::new(3, distance, seed).centres(rows)?);
    let old = old.as_slice().map(|old| OneRow::new(distance, old));
    let stays = old.and_then(|old| centres.nearest(old.row())).map(|(nearest, _)| nearest);
    let new: Vec<usize> = (0..centres.len()).filter(|place| Some(*place) != stays).collect();
    Ok(centres.rows().select(Axis(0), &new))
}

/// How far apart centres are, each from each.
struct Gaps {
    count: usize,
    gaps: Vec<f64>,
}

impl Gaps {
    fn between<K>(distance: Distance, cells: &[&CellState<'_, K>]) -> Self {
        let mut gaps = Vec::with_capacity(cells.len() * cells.len());
        for a in cells {
            gaps.extend(cells.iter().map(|b| gap(distance, a.centre, b.centre)));
        }
        Self { count: cells.len(), gaps }
    }

    fn row(&self, place: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let row = self.gaps.chunks_exact(self.count.max(1)).nth(place).unwrap_or_default();
        row.iter().copied().enumerate().filter(move |(other, _)| *other != place)
    }

    /// The nearest other cell that passes; of equally near ones the first.
    fn nearest(&self, place: usize, passes: impl Fn(usize) -> bool) -> Option<(usize, f64)> {
        self.row(place).filter(|(other, _)| passes(*other)).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The median of the cells' distances to their nearest neighbour; 0 with fewer than two cells.
    fn typical(&self) -> f64 {
        let mut nearest: Vec<f64> =
            (0..self.count).filter_map(|place| self.nearest(place, |_| true)).map(|(_, gap)| gap).collect();
        nearest.sort_by(f64::total_cmp);
        nearest.get(nearest.len() / 2).copied().unwrap_or(0.0)
    }
}

/// A distance in the plain sense, whatever the collection compares by.
fn gap(distance: Distance, a: &[f32], b: &[f32]) -> f64 {
    match distance {
        // Centres have unit length: the chord. Rounding may make it a little negative.
        Distance::Cosine => f64::from(2.0 + 2.0 * cost(distance, a, b)).max(0.0).sqrt(),
        Distance::Dot | Distance::Euclid => f64::from(cost(distance, a, b)).sqrt(),
        Distance::Manhattan => f64::from(cost(distance, a, b)),
    }
}
