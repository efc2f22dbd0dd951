//! The inverted lists, over cells that are founded as the zomes found them, in files of a temporary folder.

use super::Index;
use crate::{Result, npy::Matrix};
use ndarray::Array2;
use rose_forest_core::{
    Space,
    encode::encode_into,
    routing::{Router, found},
};
use rose_forest_index::{
    Label,
    file::Verify,
    lists::{self, Search},
};
use rose_forest_rules::reference::{CellId, HASH_BYTES, HashRef};
use std::{collections::BTreeMap, fs, path::Path};
use tempfile::TempDir;

/// Rows that cells are founded from, at most, drawn evenly.
const SAMPLE_ROWS: usize = 200_000;
/// Rows that are assigned at a time.
const BLOCK_ROWS: usize = 20_000;
/// What the files are of.
const IDENTITY: [u8; 32] = [1; 32];

/// Lists, and the folder of their files, which goes when they do.
pub struct Lists {
    lists: lists::Lists,
    folder: TempDir,
}

/// A cell by its region and its place there.
type Place = (usize, usize);

/// Founds cells, writes all rows, and opens what was written. One thread: `threads` are not used.
pub fn build(space: Space, rows: &Matrix, count: usize) -> Result<Lists> {
    let folder = tempfile::tempdir()?;
    write(folder.path(), space, rows, count)?;
    Ok(Lists { lists: lists::Lists::open(folder.path(), IDENTITY, space, Verify::Later)?, folder })
}

fn write(folder: &Path, space: Space, rows: &Matrix, count: usize) -> Result<()> {
    let lists = lists::Lists::create(folder, IDENTITY, space)?;
    let (router, numbers) = cells(&lists, space, rows, count)?;
    let mut builder = lists.builder();
    let mut code = Vec::with_capacity(space.code_bytes());
    for start in (0..count).step_by(BLOCK_ROWS) {
        let block = matrix(rows, start..count.min(start + BLOCK_ROWS));
        let assigned = router.assign_rows(block.view());
        for ((label, cell), row) in (start..).zip(&assigned).zip(block.rows()) {
            let cell = cell.and_then(|cell| numbers.get(&cell)).ok_or("a row without a cell")?;
            code.clear();
            encode_into(space, &row.to_vec(), &mut code)?;
            builder.push(Label::try_from(label)?, *cell, &code)?;
        }
    }
    lists.add(builder.finish()?)?;
    lists.save(1)?;
    Ok(())
}

/// Cells, founded from a sample: how rows are routed to them, and what the lists call them.
fn cells(
    lists: &lists::Lists,
    space: Space,
    rows: &Matrix,
    count: usize,
) -> Result<(Router<Place>, BTreeMap<Place, u32>)> {
    let step = count.div_ceil(SAMPLE_ROWS).max(1);
    let sample = matrix(rows, (0..count).step_by(step));
    let founding = found(sample.view(), space.distance, count, 1)?;
    let regions = founding.regions.rows().into_iter().map(|r| r.to_vec()).enumerate();
    let mut router = Router::new(space.distance, space.dimension, regions.map(|(i, r)| ((i, 0), r)))?;
    let mut numbers = BTreeMap::new();
    for (region, cells) in &founding.cells {
        let centres = || cells.rows().into_iter().map(|c| c.to_vec()).enumerate();
        router.add_cells((*region, 0), centres().map(|(i, c)| ((*region, i), c)))?;
        let mut founding = [0; HASH_BYTES];
        founding[..8].copy_from_slice(&region.to_le_bytes());
        let id = |index: usize| CellId { founding: HashRef(founding), index: index as u16 };
        let added = lists.add_cells(centres().map(|(i, c)| (id(i), c)))?;
        numbers.extend(added.into_iter().enumerate().map(|(i, number)| ((*region, i), number)));
    }
    Ok((router, numbers))
}

fn matrix(rows: &Matrix, wanted: impl ExactSizeIterator<Item = usize>) -> Array2<f32> {
    let mut out = Array2::zeros((wanted.len(), rows.columns()));
    for (mut to, row) in out.rows_mut().into_iter().zip(wanted) {
        if let Some(to) = to.as_slice_mut() {
            rows.read(row, to);
        }
    }
    out
}

impl Index for Lists {
    fn search(&self, query: &[f32], k: usize, effort: usize) -> Result<Vec<u32>> {
        let found = self.lists.search(query, &Search { k, nprobe: Some(effort), filter: None })?;
        Ok(found.hits.into_iter().map(|hit| hit.label).collect())
    }

    fn disk_bytes(&self) -> Result<u64> {
        fs::read_dir(self.folder.path())?.try_fold(0, |sum, file| Ok(sum + file?.metadata()?.len()))
    }
}
