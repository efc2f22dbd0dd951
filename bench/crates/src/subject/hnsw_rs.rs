//! hnsw_rs, with the vector instructions of its feature `simdeez_f`. It cannot remove.

use super::{EF_CONSTRUCTION, Index, M, Reopened};
use crate::data::{Allowed, Vectors};
use anyhow::Result;
use hnsw_rs::prelude::{AnnT, DistDot, FilterT, Hnsw, HnswIo, Neighbour};
use std::{path::Path, time::Instant};

/// As its examples have it.
const LAYERS: usize = 16;

/// By inner product, which is the cosine of rows of unit length and computed faster.
pub struct Subject {
    index: Hnsw<'static, f32, DistDot>,
    effort: usize,
}

impl Subject {
    pub fn build(rows: &Vectors) -> Self {
        let mut index = Hnsw::new(M, rows.len(), LAYERS, EF_CONSTRUCTION, DistDot);
        for (id, row) in rows.iter().enumerate() {
            index.insert_slice((row, id));
        }
        index.set_searching_mode(true);
        Self { index, effort: EF_CONSTRUCTION }
    }
}

fn rows_of(found: Vec<Neighbour>) -> Vec<u32> {
    found.iter().map(|neighbour| neighbour.d_id as u32).collect()
}

/// Asked during the search.
struct Filter<'a>(&'a Allowed);

impl FilterT for Filter<'_> {
    fn hnsw_filter(&self, id: &usize) -> bool {
        self.0.allows(*id)
    }
}

impl Index for Subject {
    fn set_effort(&mut self, effort: usize) -> Result<()> {
        self.effort = effort;
        Ok(())
    }

    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>> {
        Ok(rows_of(self.index.search(query, k, self.effort)))
    }

    fn search_allowed(&self, query: &[f32], k: usize, allowed: &Allowed) -> Result<Option<Vec<u32>>> {
        Ok(Some(rows_of(self.index.search_filter(query, k, self.effort, Some(&Filter(allowed))))))
    }

    fn reopen(&mut self, folder: &Path) -> Result<Option<Reopened>> {
        let started = Instant::now();
        let name = self.index.file_dump(folder, "index")?;
        let save = started.elapsed();
        let started = Instant::now();
        // What it opens may borrow from this, so it is never dropped.
        let files: &'static mut HnswIo = Box::leak(Box::new(HnswIo::new(folder, &name)));
        self.index = files.load_hnsw::<f32, DistDot>()?;
        self.index.set_searching_mode(true);
        Ok(Some(Reopened { save, open: started.elapsed() }))
    }
}
