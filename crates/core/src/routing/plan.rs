//! How many cells, how many regions, how many to probe.
//!
//! Chosen from what `examples/recall` prints: cosine, sq8, 384 components, 500 queries, recall@10 with a tie of 1e-4
//! counted as found; founded by [`super::found`], default regions and nprobe. Actions are two a cell and two a
//! region; the bounds are 290 of them at 20,000 rows and 780 at 100,000.
//!
//! | rows | regions, cells | actions | probed | rows read | recall@10 | everything read |
//! |---|---|---|---|---|---|---|
//! | WordNet, 20,000 | 11, 121 | 268 | 31 | 26.3 % | 0.959 | 0.997 |
//! | synthetic, 20,000 | 11, 121 | 268 | 38 | 31.3 % | 0.969 | 0.996 |
//! | synthetic, 100,000 | 18, 337 | 714 | 46 | 13.9 % | 0.956 | 0.996 |
//!
//! Those are [`super::Router::likely_cells`]. A fixed number, [`super::Router::best_cells`], reads more for the same
//! recall: 34.4 % for 0.971 on WordNet, 25.1 % for 0.950; 17.0 % for 0.964 on 100,000 synthetic rows, 13.7 % for
//! 0.954. Looking at half of the regions costs 0.04 (WordNet) or 0.01 (100,000) of recall; at five in six, less than
//! 0.001; at 13 of 18, 0.002. Other seeds of the founding move recall by about 0.004 either way.
//!
//! 100 cells for 20,000 rows and 337 for 100,000 (0.0573 rows^0.754) were tried: they save 44 actions of 268 at 20,000 rows
//! for reading 28.9 % with a recall of 0.962, and an eighth of the time of a bulk load. But where ten authors load 10,000
//! rows each, one after the other, a search then reads 21.5 % of the rows instead of 17.7 % for the same recall of 0.955.

/// No more cells than this: their ids are 16-bit numbers within an entry, and an entry holds 4,096.
const MAX_CELLS: usize = 65_536;

/// Cells for this many rows: 0.22 rows^0.637, at least 1. That is 120 for 20,000 rows and 337 for 100,000.
///
/// A cell costs two actions on the chain of whoever fills it, for ever, and fewer cells mean more rows to read.
pub fn plan_cells(rows: usize) -> usize {
    ((0.22 * (rows as f64).powf(0.637)).round() as usize).clamp(1, MAX_CELLS)
}

/// Regions for this many cells: the root, at least 1.
pub fn plan_regions(cells: usize) -> usize {
    ((cells as f64).sqrt().round() as usize).max(1)
}

/// What a search takes for `nprobe` unless told otherwise: 36 and 0.45 times the root of the cells, at most all of
/// them. For [`super::Router::likely_cells`], which probes more or fewer as the query asks for.
pub fn default_nprobe(cells: usize) -> usize {
    ((36.2 + 0.45 * (cells as f64).sqrt()).round() as usize).clamp(1, cells.max(1))
}

/// Regions whose cells a search looks at, of `regions`, unless told otherwise: five in six of up to 12, and half of
/// the others, which are farther away.
pub fn default_regions(regions: usize) -> usize {
    let near = regions.min(12);
    ((near * 5).div_ceil(6) + (regions - near) / 2).max(1)
}
