//! How many cells, how many regions, how many to probe.
//!
//! Chosen from what `examples/recall` prints: cosine, sq8, 384 components, 500 queries, recall@10 with a tie of 1e-4
//! counted as found; founded by [`super::found`], default regions and nprobe. Actions are two a cell and two a
//! region; the bounds are 290 of them at 20,000 rows and 780 at 100,000.
//!
//! | rows | regions, cells | actions | probed | rows read | recall@10 | everything read |
//! |---|---|---|---|---|---|---|
//! | WordNet, 20,000 | 10, 100 | 224 | 28 | 28.9 % | 0.962 | 0.997 |
//! | synthetic, 20,000 | 10, 100 | 224 | 34 | 34.3 % | 0.973 | 0.996 |
//! | synthetic, 100,000 | 18, 337 | 714 | 47 | 14.0 % | 0.958 | 0.996 |
//!
//! Those are [`super::Router::likely_cells`]. A fixed number, [`super::Router::best_cells`], reads more for the same
//! recall: 27.5 % for 0.948 on WordNet, 36.6 % for 0.969. Looking at half of the regions costs 0.03 (WordNet) of recall;
//! at nine of ten or 13 of 18, less than 0.003. Other seeds of the founding move recall by about 0.004 either way.
//!
//! With 121 cells instead of 100, 20,000 rows are found as well by reading 27 %; but writing a cell takes longer than
//! anything else in a bulk load, so that the aim is as few as the share of rows to read allows.

/// No more cells than this: their ids are 16-bit numbers within an entry, and an entry holds 4,096.
const MAX_CELLS: usize = 65_536;

/// Cells for this many rows: 0.0573 rows^0.754, at least 1. That is 100 for 20,000 rows and 337 for 100,000.
///
/// A cell costs two actions on the chain of whoever fills it, for ever, and fewer cells mean more rows to read.
pub fn plan_cells(rows: usize) -> usize {
    ((0.0573 * (rows as f64).powf(0.754)).round() as usize).clamp(1, MAX_CELLS)
}

/// Regions for this many cells: the root, at least 1.
pub fn plan_regions(cells: usize) -> usize {
    ((cells as f64).sqrt().round() as usize).max(1)
}

/// What a search takes for `nprobe` unless told otherwise: 27 and 0.96 times the root of the cells, at most all of
/// them. For [`super::Router::likely_cells`], which probes more or fewer as the query asks for.
pub fn default_nprobe(cells: usize) -> usize {
    ((26.9 + 0.96 * (cells as f64).sqrt()).round() as usize).clamp(1, cells.max(1))
}

/// Regions whose cells a search looks at, of `regions`, unless told otherwise: five in six of up to 12, and half of
/// the others, which are farther away.
pub fn default_regions(regions: usize) -> usize {
    let near = regions.min(12);
    ((near * 5).div_ceil(6) + (regions - near) / 2).max(1)
}
