//! Founding: regions and cells from a sample of rows.

use super::{plan_cells, plan_regions};
use crate::{
    ClusterError, Distance,
    kmeans::{Centres, KMeans, Rows, move_to_means, refine},
    random::Random,
};
use ndarray::{Array2, ArrayView2, Axis};

/// Rows that cells learn from, for each cell. Fewer cost recall: 100,000 synthetic rows in 337 cells, default search:
///
/// | rows learnt from | for each cell | rows read | recall@10 |
/// |---|---|---|---|
/// | 53,920 | 160 | 14.3 % | 0.963 |
/// | 40,000 | 119 | 14.4 % | 0.959 |
/// | 10,000 | 30 | 15.4 % | 0.952 |
const ROWS_PER_CELL: usize = 160;
/// Rows that regions learn from, for each region.
const ROWS_PER_REGION: usize = 128;
/// Passes over those rows, for regions.
const REGION_PASSES: usize = 6;
/// Passes over each region's rows, for its cells.
const CELL_PASSES: usize = 2;
/// Passes over all rows afterwards, across the borders of regions: a dozen comparisons a row each, where a pass of plain
/// k-means takes as many as there are cells.
const REFINING_PASSES: usize = 4;

/// Regions, and the cells inside them.
#[derive(Clone, Debug)]
pub struct Founding {
    /// One region a row.
    pub regions: Array2<f32>,
    /// For each region, in their order: its place among the regions, and its cells, one a row. At least one
    /// cell each.
    pub cells: Vec<(usize, Array2<f32>)>,
}

impl Founding {
    /// Cells in all regions.
    pub fn cell_count(&self) -> usize {
        self.cells.iter().map(|(_, cells)| cells.nrows()).sum()
    }
}

/// Founds regions and cells for `rows_total` rows, of which `sample` holds some, drawn at random, or all.
///
/// Regions come first, from a part of the sample; each then gets cells in proportion to the rows that are
/// nearest to it, made from those rows alone; then all cells move together, across the regions' borders. The same
/// sample and seed give the same founding everywhere.
///
/// # Errors
/// No rows, or a row that cannot be clustered.
///
/// Cost: 110 to 140 comparisons for each row of the sample, of which at most 160 for each cell are looked at: give it
/// as many as there are at hand. For 20,000 rows of 384 components that is 0.14 s natively. Space: a copy of those rows,
/// half as much again for their integers, and a second copy of one region's.
pub fn found(
    sample: ArrayView2<'_, f32>,
    distance: Distance,
    rows_total: usize,
    seed: u64,
) -> Result<Founding, ClusterError> {
    let wanted_cells = plan_cells(rows_total.max(sample.nrows()));
    let wanted_regions = plan_regions(wanted_cells);
    let mut random = Random::new(seed, 1);
    let chosen = random.sample(wanted_cells * ROWS_PER_CELL, sample.nrows());
    let rows = Rows::prepared(sample.select(Axis(0), &chosen), distance)?;

    let options = KMeans { passes: REGION_PASSES, ..KMeans::new(wanted_regions, distance, seed) };
    let of_regions: Vec<usize> = (0..rows.len().min(wanted_regions * ROWS_PER_REGION)).collect();
    let regions = options.centres_of(&rows.select(&of_regions));
    let members = members(&regions, &rows);

    let mut centres = Array2::zeros((0, rows.dimension()));
    let mut region_of = Vec::new();
    let mut nearest = vec![0; rows.len()];
    let shares = apportion(wanted_cells, &members.iter().map(Vec::len).collect::<Vec<_>>());
    for ((region, members), wanted) in members.iter().enumerate().zip(shares) {
        let cells = if members.is_empty() {
            Centres::new(distance, regions.rows().select(Axis(0), &[region]))
        } else {
            let seed = seed.wrapping_add(region as u64).wrapping_add(1);
            let options = KMeans { passes: CELL_PASSES, ..KMeans::new(wanted, distance, seed) };
            options.centres_of(&rows.select(members))
        };
        for row in members {
            if let Some((cell, _)) = cells.nearest(rows.row(*row))
                && let Some(nearest) = nearest.get_mut(*row)
            {
                *nearest = centres.nrows() + cell;
            }
        }
        region_of.extend(std::iter::repeat_n(region, cells.len()));
        // Both have as many columns as `rows`.
        centres = ndarray::concatenate(Axis(0), &[centres.view(), cells.rows()]).unwrap_or(centres);
    }
    let mut centres = Centres::new(distance, centres);
    refine(&mut centres, &rows, &mut nearest, REFINING_PASSES);

    // Cells have moved: a region's centre is the mean of the rows in its cells as they are now.
    let region_of_row: Vec<usize> = nearest.iter().filter_map(|cell| region_of.get(*cell).copied()).collect();
    let mut regions = regions;
    move_to_means(&mut regions, &rows, &region_of_row, &[]);

    let cells = (0..regions.len()).map(|region| {
        let own: Vec<usize> = (0..centres.len()).filter(|c| region_of.get(*c) == Some(&region)).collect();
        (region, centres.rows().select(Axis(0), &own))
    });
    Ok(Founding { cells: cells.collect(), regions: regions.into_rows() })
}

/// The rows that are nearest to each centre.
fn members(centres: &Centres, rows: &Rows) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); centres.len()];
    for (row, components) in rows.iter().enumerate() {
        if let Some((centre, _)) = centres.nearest(components)
            && let Some(members) = members.get_mut(centre)
        {
            members.push(row);
        }
    }
    members
}

/// Shares out `total` in proportion to `counts`, at least 1 each: whole parts, then the largest remainders.
fn apportion(total: usize, counts: &[usize]) -> Vec<usize> {
    let sum: usize = counts.iter().sum::<usize>().max(1);
    let mut shares: Vec<usize> = counts.iter().map(|count| (count * total / sum).max(1)).collect();
    let mut by_remainder: Vec<(usize, usize)> =
        counts.iter().map(|count| count * total % sum).enumerate().collect();
    by_remainder.sort_by_key(|(place, remainder)| (std::cmp::Reverse(*remainder), *place));
    let left = total.saturating_sub(shares.iter().sum());
    for (place, _) in by_remainder.into_iter().take(left) {
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
        }
    }
    shares
}
