//! Cells as founded, and the shares that authors have in them.

use crate::{
    Violation, code, limits,
    reference::CellId,
    schema::{Distance, Schema},
};
use serde::{Deserialize, Serialize};

/// The level of regions.
pub const REGION_LEVEL: u8 = 0;
/// The level of the cells inside a region.
pub const CELL_LEVEL: u8 = 1;

/// Cells as founded. An entry of them never changes: its action hash and a place in it are the id of a cell,
/// the base of the cell's links, and what link tags are measured from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cells {
    /// 0 for regions, 1 for the cells inside one region.
    pub level: u8,
    /// The region that cells lie in; `None` for regions.
    pub parent: Option<CellId>,
    /// The centres, row by row, `dimension` little-endian f32 each.
    #[serde(with = "serde_bytes")]
    pub centres: Vec<u8>,
}

impl Cells {
    /// Number of centres of `dimension` components.
    pub fn len(&self, dimension: usize) -> usize {
        self.centres.len().checked_div(dimension * 4).unwrap_or(0)
    }

    /// The components of centre `index`.
    pub fn centre(&self, index: u16, dimension: usize) -> Option<Vec<f32>> {
        let bytes = dimension * 4;
        let start = usize::from(index).checked_mul(bytes)?;
        self.centres.get(start..start.checked_add(bytes)?).map(floats)
    }

    /// The components of all centres, row by row.
    pub fn all_centres(&self) -> Vec<f32> {
        floats(&self.centres)
    }

    /// Every rule about cells, but for the parent itself, which has to be looked up: see [`check_parent`].
    pub fn check(&self, schema: &Schema) -> Result<(), Violation> {
        match (self.level, self.parent) {
            (REGION_LEVEL, None) | (CELL_LEVEL, Some(_)) => {}
            (REGION_LEVEL, Some(_)) => return Err(Violation::RegionWithParent),
            (CELL_LEVEL, None) => return Err(Violation::CellWithoutParent),
            (received, _) => return Err(Violation::CentroidLevel { max: CELL_LEVEL, received }),
        }
        let row = schema.dimension() * 4;
        let count = self.len(schema.dimension());
        if !self.centres.len().is_multiple_of(row)
            || count == 0
            || count > limits::MAX_CENTRES
            || self.centres.len() > limits::MAX_CENTRES_BYTES
        {
            return Err(Violation::CentresSize {
                row,
                max: limits::MAX_CENTRES,
                received: self.centres.len(),
            });
        }
        for (number, centre) in self.centres.chunks_exact(row).enumerate() {
            let mut zero = true;
            for (component, bytes) in centre.as_chunks::<4>().0.iter().enumerate() {
                let x = f32::from_le_bytes(*bytes);
                code::check_component(x, number, component)?;
                zero &= x == 0.0;
            }
            if zero && schema.distance == Distance::Cosine {
                return Err(Violation::ZeroVector { row: number });
            }
        }
        Ok(())
    }
}

/// Whether `parent`, the entry that a cell names, may hold it: it is of level 0 and has that many centres.
pub fn check_parent(parent: &Cells, index: u16, schema: &Schema) -> Result<(), Violation> {
    if parent.level != REGION_LEVEL {
        return Err(Violation::ParentLevel { expected: REGION_LEVEL, received: parent.level });
    }
    check_index(parent, index, schema)
}

/// Whether an entry has a centre at `index`.
pub fn check_index(cells: &Cells, index: u16, schema: &Schema) -> Result<(), Violation> {
    let count = cells.len(schema.dimension());
    if usize::from(index) < count { Ok(()) } else { Err(Violation::CellIndex { count, received: index }) }
}

/// One author's share of one cell: how many live rows it put there, and their mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The cell.
    pub cell: CellId,
    /// Live rows of this author in the cell, at least 1.
    pub rows: u32,
    /// Their mean, `dimension` little-endian half floats: it steers splits and merges and routes nobody.
    #[serde(with = "serde_bytes")]
    pub mean: Vec<u8>,
}

/// All shares of one author. Of two, the one with the higher sequence number holds; so merging views is taking
/// the newest of each author, and counts nothing twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Higher is newer.
    pub seq: u64,
    /// In ascending order of the cell, each cell once.
    pub shares: Vec<Share>,
}

impl Shares {
    /// Every rule about shares. That they are the author's own follows from who signs them.
    pub fn check(&self, schema: &Schema) -> Result<(), Violation> {
        if self.shares.len() > limits::MAX_SHARES {
            return Err(Violation::TooManyShares { max: limits::MAX_SHARES, received: self.shares.len() });
        }
        if let Some(place) = self.shares.windows(2).position(|w| matches!(w, [a, b] if a.cell >= b.cell)) {
            return Err(Violation::SharesOrder { place });
        }
        let expected = schema.dimension() * 2;
        for (place, share) in self.shares.iter().enumerate() {
            if share.rows == 0 {
                return Err(Violation::EmptyShare);
            }
            if share.mean.len() != expected {
                return Err(Violation::Truncated {
                    what: "mean of a share",
                    expected,
                    received: share.mean.len(),
                });
            }
            let mut components = share.mean.as_chunks().0.iter();
            if let Some(component) = components.position(|b| !code::f16_is_finite(*b)) {
                return Err(Violation::NotFinite { row: place, component });
            }
        }
        Ok(())
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}
