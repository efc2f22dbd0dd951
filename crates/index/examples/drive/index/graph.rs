//! The graph.

use super::{Index, encode::codes};
use crate::{Result, npy::Matrix};
use rose_forest_core::Space;
use rose_forest_index::{
    Label,
    graph::{Graph, GraphParams},
    kernel::Query,
};

/// Rows that are encoded at a time, so that the codes are not held twice.
const BLOCK_ROWS: usize = 20_000;

pub fn build(space: Space, rows: &Matrix, count: usize, threads: usize) -> Result<Graph> {
    let graph = Graph::new(space, GraphParams::default())?;
    for start in (0..count).step_by(BLOCK_ROWS) {
        let block = start..count.min(start + BLOCK_ROWS);
        let codes = codes(space, rows, block.clone(), threads)?;
        let labels: Vec<Label> = block.map(Label::try_from).collect::<std::result::Result<_, _>>()?;
        graph.extend(&labels, &codes, threads, &|_| ())?;
    }
    Ok(graph)
}

impl Index for Graph {
    fn search(&self, query: &[f32], k: usize, effort: usize) -> Result<Vec<u32>> {
        let query = Query::new(self.space(), query)?;
        let hits = Graph::search(self, &query, k, effort, None)?;
        Ok(hits.into_iter().map(|hit| hit.label).collect())
    }
}
