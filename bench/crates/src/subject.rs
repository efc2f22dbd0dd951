//! What is compared: one index from each crate, all behind one interface.

mod diskann;
mod fast_hnsw;
mod hannoy;
mod hnsw_rs;
mod instant_distance;
mod rose_forest;
mod usearch;

use crate::data::{Allowed, Vectors};
use anyhow::{Result, bail};
use std::{path::Path, time::Duration};

/// Links of a row, twice as many in the lowest layer.
const M: usize = 16;
/// Candidates while building.
const EF_CONSTRUCTION: usize = 128;

/// The names that [`build`] knows.
pub const NAMES: [&str; 10] = [
    "Rose Forest sq8",
    "Rose Forest f32",
    "usearch f32",
    "usearch f16",
    "usearch i8",
    "hnsw_rs",
    "diskann",
    "instant-distance",
    "fast-hnsw",
    "hannoy",
];

/// What saving and opening took.
pub struct Reopened {
    /// Writing.
    pub save: Duration,
    /// From files to an index that answers.
    pub open: Duration,
}

/// An index that was built. What a crate cannot do says so by the answer that stands here.
pub trait Index {
    /// How hard later searches look: candidates that are kept. Not timed.
    fn set_effort(&mut self, effort: usize) -> Result<()>;

    /// The `k` best rows. Timed, the preparation of the query included.
    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>>;

    /// The `k` best of the rows that are allowed, by what the crate has for this during the search. Timed.
    fn search_allowed(&self, _query: &[f32], _k: usize, _allowed: &Allowed) -> Result<Option<Vec<u32>>> {
        Ok(None)
    }

    /// Saves to an empty folder, drops what is in memory and opens what was saved.
    fn reopen(&mut self, _folder: &Path) -> Result<Option<Reopened>> {
        Ok(None)
    }

    /// Removes rows, and does the repairs that the crate has for it. False if it cannot.
    fn remove(&mut self, _rows: &[u32]) -> Result<bool> {
        Ok(false)
    }
}

/// Builds the index of this name with one thread. `folder` is empty, for those that need files.
pub fn build(name: &str, rows: &Vectors, folder: &Path) -> Result<Box<dyn Index>> {
    use ::usearch::ScalarKind;
    use rose_forest_core::Encoding;
    Ok(match name {
        "Rose Forest sq8" => Box::new(rose_forest::Subject::build(rows, Encoding::Sq8)?),
        "Rose Forest f32" => Box::new(rose_forest::Subject::build(rows, Encoding::F32)?),
        "usearch f32" => Box::new(usearch::Subject::build(rows, ScalarKind::F32)?),
        "usearch f16" => Box::new(usearch::Subject::build(rows, ScalarKind::F16)?),
        "usearch i8" => Box::new(usearch::Subject::build(rows, ScalarKind::I8)?),
        "hnsw_rs" => Box::new(hnsw_rs::Subject::build(rows)),
        "hannoy" => Box::new(hannoy::Subject::build(rows, folder)?),
        "diskann" => Box::new(diskann::Subject::build(rows)?),
        "instant-distance" => Box::new(instant_distance::Subject::build(rows)),
        "fast-hnsw" => Box::new(fast_hnsw::Subject::build(rows)),
        _ => bail!("no index '{name}': expected one of {NAMES:?}"),
    })
}
