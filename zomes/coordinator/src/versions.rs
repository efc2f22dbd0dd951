//! Which version of a point holds: the newest by time, then by action hash.
//!
//! A row that no longer holds says so beside itself: a fresh row or tombstone of the same point is newer, or the
//! row's own cell holds a newer version or a tombstone for it. Settling sees to that before it closes the epoch
//! of the newer one; so whoever has read all fresh blocks and a whole cell knows which of its rows hold.

use crate::blocks::Block;
use hdk::prelude::*;
use rose_forest_rules::{
    block::{BlockView, Meta, RowMeta},
    id::PointId,
};
use std::{cell::OnceCell, collections::BTreeMap};

/// A block whose ids, times and payloads are unpacked when they are first asked for.
pub struct Opened<'a> {
    /// The block.
    pub block: &'a Block,
    /// Its rows.
    pub view: BlockView<'a>,
    meta: OnceCell<Option<Meta>>,
}

impl<'a> Opened<'a> {
    /// Opens a block.
    pub fn new(block: &'a Block) -> ExternResult<Self> {
        Ok(Self { block, view: block.view()?, meta: OnceCell::new() })
    }

    /// Opens blocks.
    pub fn all(blocks: &'a [Block]) -> ExternResult<Vec<Self>> {
        blocks.iter().map(Self::new).collect()
    }

    /// Ids, times and payloads; nothing where they cannot be unpacked, which the rules exclude.
    pub fn meta(&self) -> Option<&Meta> {
        self.meta.get_or_init(|| self.view.meta().ok()).as_ref()
    }

    /// What row `row` says beside its vector. Tombstones follow after the live rows.
    pub fn row(&self, row: usize) -> Option<&RowMeta> {
        self.meta()?.rows().get(row)
    }

    /// Id hashes of all rows: live ones, then tombstones.
    pub fn hashes(&self) -> impl Iterator<Item = u64> + 'a {
        self.view.live_hashes().chain(self.view.tombstone_hashes())
    }

    /// The version that a row is.
    pub fn version(&self, row: &RowMeta) -> Version {
        Version { written_at_micros: row.written_at_micros, deleted: row.is_tombstone() }
    }
}

/// A version of a point: newer is greater, and at the same time a tombstone is. Two rows of one time are the same
/// row, copied from one block to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Its time, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Whether it is a tombstone.
    pub deleted: bool,
}

/// Blocks, to look ids up in.
pub struct Newest<'a> {
    by_author: BTreeMap<&'a AgentPubKey, Vec<&'a Opened<'a>>>,
}

impl<'a> Newest<'a> {
    /// Takes in blocks.
    pub fn new(blocks: impl IntoIterator<Item = &'a Opened<'a>>) -> Self {
        let mut by_author = BTreeMap::<_, Vec<_>>::new();
        for block in blocks {
            by_author.entry(&block.block.author).or_default().push(block);
        }
        Self { by_author }
    }

    /// The newest version that these blocks hold of a point.
    /// Cost: two binary searches in each of the author's blocks; ids are compared only where hashes agree.
    pub fn of(&self, author: &AgentPubKey, hash: u64, id: &PointId) -> Option<Version> {
        let blocks = self.by_author.get(author)?;
        let rows = blocks.iter().flat_map(|block| {
            block.view.rows_with_hash(hash).filter_map(|row| block.row(row).map(|meta| (*block, meta)))
        });
        rows.filter(|(_, row)| row.id == *id).map(|(block, row)| block.version(row)).max()
    }

    /// Whether a row is the newest version of its point.
    pub fn holds(&self, block: &Opened<'_>, row: usize) -> bool {
        let (Some(meta), Some(hash)) = (block.row(row), block.view.live_hash(row)) else { return false };
        self.of(&block.block.author, hash, &meta.id).is_none_or(|newest| newest <= block.version(meta))
    }
}
