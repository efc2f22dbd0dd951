//! The way that a search went.

use crate::{atlas::name, routes::SettledBlock, versions::Opened};
use hdk::prelude::*;
use rose_forest_api::{Hit, ProbedCell, SearchTrace};
use rose_forest_rules::reference::CellId;
use std::collections::{BTreeMap, BTreeSet};

/// Where a search looks, beside what is fresh.
pub struct Route {
    /// The regions whose cells were considered, the nearest first. They may hold blocks of their own.
    pub regions: Vec<CellId>,
    /// The cells that were considered, if the way is to be told.
    pub considered: BTreeSet<CellId>,
    /// The cells to probe, the nearest first.
    pub probed: Vec<CellId>,
}

impl Route {
    /// Everything to look into.
    pub fn cells(&self) -> BTreeSet<CellId> {
        self.probed.iter().chain(&self.regions).copied().collect()
    }

    /// Tells it: `links` are those that were followed, and `opened` the blocks that were there.
    pub fn trace(
        &self,
        links: &[SettledBlock],
        opened: &[Opened<'_>],
        hits: &[Hit],
    ) -> ExternResult<SearchTrace> {
        let cell_of: BTreeMap<_, _> = links.iter().map(|link| (&link.action, link.cell)).collect();
        let mut read = BTreeMap::<CellId, (u32, u64)>::new();
        for block in opened {
            if let Some(cell) = cell_of.get(&block.block.action) {
                let (blocks, rows) = read.entry(*cell).or_default();
                *blocks += 1;
                *rows += block.view.live_rows() as u64;
            }
        }
        let probed = |cell: &CellId| {
            let (blocks, rows) = read.get(cell).copied().unwrap_or_default();
            Ok(ProbedCell { cell: name(*cell)?, blocks, rows })
        };
        let of_hit = |hit: &Hit| cell_of.get(&hit.action_hash).map(|cell| name(*cell)).transpose();
        Ok(SearchTrace {
            regions: self.regions.iter().map(probed).collect::<ExternResult<_>>()?,
            considered: self.considered.iter().map(|cell| name(*cell)).collect::<ExternResult<_>>()?,
            probed: self.probed.iter().map(probed).collect::<ExternResult<_>>()?,
            hits: hits.iter().map(of_hit).collect::<ExternResult<_>>()?,
        })
    }
}
