//! The table of cells: what they are called, where their centres lie, and which are nearest to a query.
//!
//! Cells are the collection's own, founded on the DHT. A number is this node's name for one, and its place in the
//! table; cells are added and never change. Centres are compared one by one with the query, by the distance that ranks
//! rows too (as `rose_forest_core::routing` does). A million rows have 1,460 cells and a search reads 120,000 of them, so
//! that choosing cells is about a hundredth of the work.

use super::ListsError;
use crate::file::{Contents, FileError, IndexFile, IndexFileWriter, Kind, Tag, Verify};
use rose_forest_core::{
    Distance, Encoding, Space,
    distance::{self, kernel},
};
use rose_forest_rules::reference::{CellId, HASH_BYTES, HashRef};
use std::{collections::HashMap, path::Path};

/// The most cells that there may be.
pub(super) const MAX_CELLS: usize = 1 << 24;

const KIND: Kind = Kind(*b"CELL");
const LAYOUT: u32 = 1;
/// For each cell its founding action's hash (39 bytes) and its place there (u16).
const IDS: Tag = Tag::new("ids");
/// For each cell its centre, in f32; under cosine of unit length.
const CENTRES: Tag = Tag::new("centres");
const ID_BYTES: usize = HASH_BYTES + 2;

/// The score of a cell's centre, and the cell's number.
pub(super) type ScoredCell = (f32, u32);

/// All cells.
#[derive(Clone, Debug)]
pub(super) struct CellTable {
    space: Space,
    ids: Vec<CellId>,
    numbers: HashMap<CellId, u32>,
    /// One after the other.
    centres: Vec<f32>,
}

impl CellTable {
    pub(super) fn new(space: Space) -> Self {
        // Centres are floats, whatever rows are.
        let space = Space { encoding: Encoding::F32, ..space };
        Self { space, ids: Vec::new(), numbers: HashMap::new(), centres: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn number(&self, id: &CellId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(super) fn id(&self, number: u32) -> Option<CellId> {
        self.ids.get(number as usize).copied()
    }

    /// Adds a cell and says its number; that of one that is known already.
    pub(super) fn add(&mut self, id: CellId, centre: &[f32]) -> Result<u32, ListsError> {
        if let Some(number) = self.number(&id) {
            return Ok(number);
        }
        self.space.check(centre)?;
        if self.len() >= MAX_CELLS {
            return Err(ListsError::TooManyCells { expected: MAX_CELLS, received: self.len() + 1 });
        }
        let start = self.centres.len();
        self.centres.extend_from_slice(centre);
        if self.space.distance == Distance::Cosine {
            kernel::normalise(&mut self.centres[start..]);
        }
        let number = self.ids.len() as u32;
        self.ids.push(id);
        self.numbers.insert(id, number);
        Ok(number)
    }

    /// Gives back what adding has reserved.
    pub(super) fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.numbers.shrink_to_fit();
        self.centres.shrink_to_fit();
    }

    /// The scores of the cells for which `wanted` holds, with their numbers, in their order. `query` is as
    /// `rose_forest_core::score::Query::vector` gives it.
    pub(super) fn scores(&self, query: &[f32], wanted: impl Fn(usize) -> bool) -> Vec<ScoredCell> {
        let distance = self.space.distance;
        let centres = self.centres.chunks_exact(self.space.dimension.max(1)).enumerate();
        let score = |centre| match distance {
            // Both have unit length.
            Distance::Cosine => kernel::dot(query, centre),
            Distance::Dot | Distance::Euclid | Distance::Manhattan => {
                distance::score(distance, query, centre)
            }
        };
        centres.filter(|(cell, _)| wanted(*cell)).map(|(cell, centre)| (score(centre), cell as u32)).collect()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        // A map keeps an eighth of its places free, and one byte for each.
        let entry = size_of::<(CellId, u32)>() + 1;
        self.centres.capacity() * 4
            + self.ids.capacity() * size_of::<CellId>()
            + self.numbers.capacity() * entry * 8 / 7
    }

    pub(super) fn write(&self, path: &Path, identity: [u8; 32]) -> Result<(), ListsError> {
        let failed = ListsError::file(path);
        let mut ids = Vec::with_capacity(self.len() * ID_BYTES);
        for id in &self.ids {
            ids.extend(id.founding.0);
            ids.extend(id.index.to_le_bytes());
        }
        let write = || {
            let contents = Contents { kind: KIND, layout: LAYOUT, identity };
            let mut writer = IndexFileWriter::create(path, contents, self.len() as u64, &[IDS, CENTRES])?;
            writer.begin(IDS)?;
            writer.put(&ids)?;
            writer.begin(CENTRES)?;
            for x in &self.centres {
                writer.put(&x.to_le_bytes())?;
            }
            writer.commit()
        };
        write().map_err(failed)
    }

    pub(super) fn read(path: &Path, identity: [u8; 32], space: Space) -> Result<Self, ListsError> {
        let contents = Contents { kind: KIND, layout: LAYOUT, identity };
        let sections = |file: &IndexFile| -> Result<_, FileError> {
            Ok((file.section(IDS)?.to_vec(), file.section(CENTRES)?.to_vec()))
        };
        let file = IndexFile::open(path, &contents, Verify::Now);
        let (ids, centres) = file.and_then(|file| sections(&file)).map_err(ListsError::file(path))?;
        let malformed = |expected| ListsError::Malformed { path: path.to_owned(), expected };
        let (ids, rest) = ids.as_chunks::<ID_BYTES>();
        let (components, odd) = centres.as_chunks::<4>();
        if !rest.is_empty()
            || !odd.is_empty()
            || ids.len().checked_mul(space.dimension) != Some(components.len())
        {
            return Err(malformed("a centre for each cell"));
        }
        let mut table = Self::new(space);
        table.centres.reserve_exact(components.len());
        let mut centre = vec![0.0; space.dimension];
        for (id, bytes) in ids.iter().zip(components.chunks_exact(space.dimension.max(1))) {
            let (founding, index) = id.split_at(HASH_BYTES);
            let founding = HashRef::from_slice(founding).ok_or_else(|| malformed("a hash"))?;
            let index = index.iter().rev().fold(0, |sum, byte| sum << 8 | u16::from(*byte));
            for (x, bytes) in centre.iter_mut().zip(bytes) {
                *x = f32::from_le_bytes(*bytes);
            }
            let known = table.len();
            table
                .add(CellId { founding, index }, &centre)
                .map_err(|_| malformed("centres of this collection"))?;
            if table.len() == known {
                return Err(malformed("each cell once"));
            }
        }
        Ok(table)
    }
}
