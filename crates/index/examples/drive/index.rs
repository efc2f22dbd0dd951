//! What is measured: each kind of index, built from rows and searched.

mod encode;
mod graph;
mod lists;
mod scan;

use crate::{Result, npy::Matrix};
use rose_forest_core::{Distance, Encoding, Space};
use std::str::FromStr;

/// A kind of index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The graph in memory.
    Graph,
    /// The inverted lists, in mapped files.
    Lists,
    /// Every code is scored: exact but for the encoding. What any index must beat, and a check of the harness.
    Scan,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        match name {
            "graph" => Ok(Self::Graph),
            "lists" => Ok(Self::Lists),
            "scan" => Ok(Self::Scan),
            other => Err(format!("no kind of index '{other}': expected graph, lists or scan")),
        }
    }
}

/// An index that was built.
pub trait Index: Sync {
    /// The numbers of the `k` best rows, best first. `effort` is how hard to look: for graphs how many candidates
    /// are kept, for lists how many are read. The time of this is what is measured, preparing the query included.
    fn search(&self, query: &[f32], k: usize, effort: usize) -> Result<Vec<u32>>;

    /// Bytes of its files, if it has any.
    fn disk_bytes(&self) -> Result<u64> {
        Ok(0)
    }
}

/// Builds an index over the first `count` rows, whose numbers are their labels: sq8 under cosine, which is what a
/// collection has unless something else is asked for.
pub fn build(kind: Kind, rows: &Matrix, count: usize, threads: usize) -> Result<Box<dyn Index>> {
    let space = Space { dimension: rows.columns(), distance: Distance::Cosine, encoding: Encoding::Sq8 };
    match kind {
        Kind::Graph => Ok(Box::new(graph::build(space, rows, count, threads)?)),
        Kind::Lists => Ok(Box::new(lists::build(space, rows, count)?)),
        Kind::Scan => Ok(Box::new(scan::build(space, rows, count, threads)?)),
    }
}
