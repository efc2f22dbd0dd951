//! fast-hnsw, with its own inner product. It can neither remove nor filter.

use super::{EF_CONSTRUCTION, Index, M, Reopened};
use crate::data::Vectors;
use anyhow::Result;
use fast_hnsw::{Builder, Hnsw, distance::DotProduct, persist};
use std::{path::Path, time::Instant};

pub struct Subject {
    index: Hnsw<DotProduct>,
    effort: usize,
}

impl Subject {
    pub fn build(rows: &Vectors) -> Self {
        let builder = Builder::new().m(M).ef_construction(EF_CONSTRUCTION).capacity(rows.len()).seed(7);
        let mut index = builder.build(DotProduct);
        // It numbers rows as they come.
        for row in rows.iter() {
            index.insert(row.to_vec());
        }
        Self { index, effort: EF_CONSTRUCTION }
    }
}

impl Index for Subject {
    fn set_effort(&mut self, effort: usize) -> Result<()> {
        self.effort = effort;
        Ok(())
    }

    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>> {
        let found = self.index.search(query, k, self.effort);
        Ok(found.iter().map(|result| result.id as u32).collect())
    }

    fn reopen(&mut self, folder: &Path) -> Result<Option<Reopened>> {
        let path = folder.join("index");
        let started = Instant::now();
        persist::save(&self.index, &path)?;
        let save = started.elapsed();
        let started = Instant::now();
        self.index = persist::load(&path, DotProduct)?;
        Ok(Some(Reopened { save, open: started.elapsed() }))
    }
}
