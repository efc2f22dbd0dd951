//! The graph of `crates/index`.

use super::{EF_CONSTRUCTION, Index, M, Reopened};
use crate::data::{Allowed, Vectors};
use anyhow::Result;
use rose_forest_core::{Distance, Encoding, Space, encode::encode_into};
use rose_forest_index::{
    Hit, Label, RowFilter,
    graph::{Graph, GraphParams},
    kernel::Query,
};
use std::{fs::File, io::Write, path::Path, time::Instant};

/// Codes that are held beside the graph while building.
const BLOCK_ROWS: usize = 1000;

pub struct Subject {
    graph: Graph,
    effort: usize,
}

impl Subject {
    pub fn build(rows: &Vectors, encoding: Encoding) -> Result<Self> {
        let space = Space { dimension: rows.dimension, distance: Distance::Cosine, encoding };
        let params = GraphParams { m: M, ef_construction: EF_CONSTRUCTION, ..GraphParams::default() };
        let graph = Graph::new(space, params)?;
        let labels: Vec<Label> = (0..rows.len() as Label).collect();
        let mut codes = Vec::new();
        for block in labels.chunks(BLOCK_ROWS) {
            codes.clear();
            for label in block {
                encode_into(space, rows.row(*label as usize), &mut codes)?;
            }
            graph.extend(block, &codes, 1, &|_| ())?;
        }
        Ok(Self { graph, effort: EF_CONSTRUCTION })
    }

    fn ask(&self, query: &[f32], k: usize, filter: Option<&dyn RowFilter>) -> Result<Vec<u32>> {
        let query = Query::new(self.graph.space(), query)?;
        let hits: Vec<Hit> = self.graph.search(&query, k, self.effort, filter)?;
        Ok(hits.iter().map(|hit| hit.label).collect())
    }
}

impl RowFilter for Allowed {
    fn allows(&self, label: Label) -> bool {
        self.allows(label as usize)
    }

    fn count(&self) -> usize {
        self.bitmap.len() as usize
    }

    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        self.bitmap.iter().for_each(visit);
    }
}

impl Index for Subject {
    fn set_effort(&mut self, effort: usize) -> Result<()> {
        self.effort = effort;
        Ok(())
    }

    fn search(&self, query: &[f32], k: usize) -> Result<Vec<u32>> {
        self.ask(query, k, None)
    }

    fn search_allowed(&self, query: &[f32], k: usize, allowed: &Allowed) -> Result<Option<Vec<u32>>> {
        self.ask(query, k, Some(allowed)).map(Some)
    }

    fn reopen(&mut self, folder: &Path) -> Result<Option<Reopened>> {
        let (space, params) = (self.graph.space(), self.graph.params());
        let path = folder.join("graph");
        let started = Instant::now();
        let mut file = File::create(&path)?;
        self.graph.write_to(&mut file)?;
        file.flush()?;
        let save = started.elapsed();
        self.graph = Graph::new(space, params)?;
        let started = Instant::now();
        self.graph = Graph::read_from(space, &std::fs::read(&path)?)?;
        Ok(Some(Reopened { save, open: started.elapsed() }))
    }

    fn remove(&mut self, rows: &[u32]) -> Result<bool> {
        self.graph.remove_all(rows);
        self.graph.repair();
        Ok(true)
    }
}
