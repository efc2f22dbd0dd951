//! Hierarchical routing: regions (level 0), cells inside a region (level 1), rows inside a cell.
//!
//! An inverted file (Jégou, Douze and Schmid 2011) whose coarse quantiser has two levels, so that neither
//! founding nor a look-up compares with every cell. [`found`] makes regions and cells from a sample, [`Router`]
//! finds the best ones, [`upkeep_plan`] says which cells to split and which to retire.

mod founding;
mod plan;
mod router;
mod upkeep;

pub use founding::{Founding, found};
pub use plan::{default_nprobe, default_regions, plan_cells, plan_regions};
pub use router::{ASSIGN_REGIONS, GAP_LIMIT, GAP_WEIGHT, Router};
pub use upkeep::{CellState, NEAR_FACTOR, SMALL_FACTOR, SPLIT_FACTOR, Upkeep, split_cell, upkeep_plan};

#[cfg(test)]
mod tests;
