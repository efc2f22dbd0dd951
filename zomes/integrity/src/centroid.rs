//! The `Centroid` entry: cells as founded, or the shares that an author has in them.

use crate::{
    UnitEntryTypes,
    entry::Rules,
    hashes, look_up,
    refusal::{Checked, Refusal},
};
use hdi::prelude::*;
use rose_forest_rules::{
    Violation,
    centroid::{Cells, Shares, check_parent},
    schema::Schema,
};

/// Cells or shares. Cells steer everyone's searches and cannot be deleted, because others' blocks hang on them;
/// shares are their author's alone.
#[hdk_entry_helper]
#[derive(Clone, PartialEq, Eq)]
pub enum Centroid {
    /// Regions, or the cells inside one region.
    Cells(Cells),
    /// How many rows of the author each cell holds, and their mean.
    Shares(Shares),
}

impl Rules for Centroid {
    fn unit(&self) -> UnitEntryTypes {
        UnitEntryTypes::Centroid
    }

    fn check_create(&self, schema: &Schema, _: &ActionHeader) -> Checked {
        match self {
            Self::Cells(cells) => {
                cells.check(schema)?;
                check_founded_in_region(cells, schema)
            }
            Self::Shares(shares) => Ok(shares.check(schema)?),
        }
    }
}

/// Looks up the region that cells name as their parent.
fn check_founded_in_region(cells: &Cells, schema: &Schema) -> Checked {
    let Some(parent) = cells.parent else { return Ok(()) };
    let not_cells = || Refusal::Broken(Violation::ParentNotCells);
    let founding = hashes::action_hash(parent.founding).ok_or_else(not_cells)?;
    let regions = look_up::cells(founding, schema)?.ok_or_else(not_cells)?;
    Ok(check_parent(&regions, parent.index, schema)?)
}
