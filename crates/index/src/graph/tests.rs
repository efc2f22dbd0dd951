//! The graph as a whole.

mod compacting;
mod concurrency;
mod filter;
mod images;
mod removal;
mod searching;
mod waiting;

use super::*;
use crate::kernel::Query;
use rose_forest_core::{Distance, encode::encode_into, synthetic::Synthetic};

const DIMENSION: usize = 24;

/// Seeded rows of a space, as codes, and queries.
struct Data {
    space: Space,
    codes: Vec<u8>,
    queries: Vec<Query>,
}

impl Data {
    fn new(rows: usize, distance: Distance, encoding: Encoding) -> Self {
        let space = Space { dimension: DIMENSION, distance, encoding };
        let synthetic = Synthetic::new(11, DIMENSION);
        let mut codes = Vec::new();
        for row in synthetic.rows(rows).rows() {
            encode_into(space, &row.to_vec(), &mut codes).unwrap();
        }
        let queries = synthetic.queries(50);
        let queries =
            queries.rows().into_iter().map(|row| Query::new(space, &row.to_vec()).unwrap()).collect();
        Self { space, codes, queries }
    }

    fn sq8(rows: usize) -> Self {
        Self::new(rows, Distance::Cosine, Encoding::Sq8)
    }

    fn code(&self, row: u32) -> &[u8] {
        let bytes = self.space.code_bytes();
        &self.codes[row as usize * bytes..][..bytes]
    }

    fn len(&self) -> u32 {
        (self.codes.len() / self.space.code_bytes()) as u32
    }

    fn graph(&self, threads: usize) -> Graph {
        let graph = Graph::new(self.space, small()).unwrap();
        let labels: Vec<Label> = (0..self.len()).collect();
        graph.extend(&labels, &self.codes, threads, &|_| ()).unwrap();
        graph
    }

    /// Share of the ten nearest rows that searches find, ties counting as found.
    fn recall(&self, graph: &Graph, ef: usize) -> f64 {
        let mut found = 0;
        let mut there = 0;
        for query in &self.queries {
            let exact = graph.search_exact(query, 10, None).unwrap();
            let hits = graph.search(query, 10, ef, None).unwrap();
            let last = exact.last().map_or(0.0, |hit| hit.score);
            found += hits.iter().filter(|hit| hit.score >= last).count();
            there += exact.len();
        }
        found as f64 / there as f64
    }
}

/// Parameters under which a thousand rows are a graph, not a list.
fn small() -> GraphParams {
    GraphParams { m: 8, ef_construction: 40, seed: 3 }
}

/// Enough candidates to find nearly all, few enough that small graphs are walked.
const EF: usize = 60;

/// Rows enough that `EF` candidates are cheaper than a scan.
const ROWS: usize = 3000;

/// Rows that searches cannot come to.
fn lost(graph: &Graph) -> usize {
    graph.rows.read().unreached().len()
}
