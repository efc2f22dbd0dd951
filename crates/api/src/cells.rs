//! The regions and cells of a collection: where its rows lie, for whoever wants to see it.

use crate::ActionHash;
use serde::{Deserialize, Serialize};

/// Regions and cells that one page may have. With vectors of the most components, 4,096, their centres are 8 MiB: half of what
/// the conductor sends in one answer. A collection of 100,000 rows has about 340 cells and 18 regions.
pub const MAX_CELLS: u32 = 512;

/// What a region or a cell is known by: the action that founds it, and its place there. One action can found thousands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellName {
    /// The action that founds it.
    pub founding: ActionHash,
    /// Its place among those that the action founds, from 0.
    pub index: u16,
}

/// Which regions and cells to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellsInput {
    /// Where the page before this one ended: its `next`. Nothing for the first page.
    #[serde(default)]
    pub after: Option<CellName>,
    /// How many at most: 1 to 512. By default as many as there may be.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A region: cells lie in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegionInfo {
    /// What it is known by.
    pub region: CellName,
    /// Its centre as founded, little-endian f32. It never moves.
    #[serde(with = "serde_bytes")]
    pub vector: Vec<u8>,
    /// Blocks that lie in the region itself, in none of its cells.
    pub blocks: u32,
    /// Rows of those.
    pub rows: u64,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellInfo {
    /// What it is known by.
    pub cell: CellName,
    /// The region it lies in.
    pub region: CellName,
    /// Its centre as founded, little-endian f32. It never moves.
    #[serde(with = "serde_bytes")]
    pub vector: Vec<u8>,
    /// Blocks in it.
    pub blocks: u32,
    /// Rows in it; a row that is being moved, or whose older version is not yet rewritten, counts twice.
    pub rows: u64,
}

/// A page of regions and cells: first all regions, then all cells, each in the order of their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellsOutput {
    /// Regions of this page.
    pub regions: Vec<RegionInfo>,
    /// Cells of this page.
    pub cells: Vec<CellInfo>,
    /// Where the next page begins, as its `after`; nothing on the last page.
    pub next: Option<CellName>,
    /// Regions that this node knows of, on all pages.
    pub all_regions: u32,
    /// Cells that this node knows of, on all pages.
    pub all_cells: u32,
    /// Entries of regions or cells that are linked and that this node does not have.
    pub missing: u32,
}
