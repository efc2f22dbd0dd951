//! usearch, the Rust binding of a C++ library. By inner product, which it computes faster than cosines; the rows have unit
//! length.

use super::{EF_CONSTRUCTION, Index as Subjected, M, Reopened};
use crate::data::{Allowed, Vectors};
use anyhow::{Context, Result};
use std::{path::Path, time::Instant};
use usearch::{Index, IndexOptions, MetricKind, ScalarKind, ffi::Matches};

pub struct Subject {
    index: Index,
    options: IndexOptions,
}

impl Subject {
    pub fn build(rows: &Vectors, quantization: ScalarKind) -> Result<Self> {
        let options = IndexOptions {
            dimensions: rows.dimension,
            metric: MetricKind::IP,
            quantization,
            connectivity: M,
            expansion_add: EF_CONSTRUCTION,
            expansion_search: EF_CONSTRUCTION,
            multi: false,
        };
        let index = Index::new(&options)?;
        index.reserve_capacity_and_threads(rows.len(), 1)?;
        for (key, row) in (0..).zip(rows.iter()) {
            index.add(key, row)?;
        }
        Ok(Self { index, options })
    }
}

fn rows_of(matches: Matches) -> Vec<u32> {
    matches.keys.iter().map(|key| *key as u32).collect()
}

impl Subjected for Subject {
    fn set_effort(&mut self, effort: usize) -> Result<()> {
        self.index.change_expansion_search(effort);
        Ok(())
    }

    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>> {
        Ok(rows_of(self.index.search(query, k)?))
    }

    fn search_allowed(&self, query: &[f32], k: usize, allowed: &Allowed) -> Result<Option<Vec<u32>>> {
        let matches = self.index.filtered_search(query, k, |key| allowed.allows(key as usize))?;
        Ok(Some(rows_of(matches)))
    }

    fn reopen(&mut self, folder: &Path) -> Result<Option<Reopened>> {
        let path = folder.join("index");
        let path = path.to_str().context("a folder whose name is not UTF-8")?;
        let started = Instant::now();
        self.index.save(path)?;
        let save = started.elapsed();
        let started = Instant::now();
        self.index = Index::new(&self.options)?;
        self.index.load(path)?;
        Ok(Some(Reopened { save, open: started.elapsed() }))
    }

    fn remove(&mut self, rows: &[u32]) -> Result<bool> {
        for row in rows {
            self.index.remove(u64::from(*row))?;
        }
        Ok(true)
    }
}
