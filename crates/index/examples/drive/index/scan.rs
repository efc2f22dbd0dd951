//! Every code, with the kernels of core.

use super::{Index, encode::codes};
use crate::{Result, npy::Matrix};
use rose_forest_core::{Space, score::Query, top_k::TopK};

/// All codes, one after the other.
pub struct Scan {
    space: Space,
    codes: Vec<u8>,
}

pub fn build(space: Space, rows: &Matrix, count: usize, threads: usize) -> Result<Scan> {
    Ok(Scan { space, codes: codes(space, rows, 0..count, threads)? })
}

impl Index for Scan {
    fn search(&self, query: &[f32], k: usize, _effort: usize) -> Result<Vec<u32>> {
        let query = Query::new(self.space, query)?;
        let mut best = TopK::new(k);
        for (score, row) in query.scores(&self.codes).zip(0u32..) {
            best.push(score, row);
        }
        Ok(best.into_sorted().into_iter().map(|hit| hit.key).collect())
    }
}
