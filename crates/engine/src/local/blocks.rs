//! Which blocks this index has, of whom, and which of them hold a point: to compare with what others have, and for those who
//! would have to read every block to know it.

use super::{IndexError, LocalIndex, reference};
use crate::block::{SignedBlock, action, agent};
use crate::reconcile::Summary;
use rose_forest_api::{ActionHash, AgentPubKey, PointId, Seen};
use rose_forest_store::AuthorBlocks;
use std::collections::BTreeSet;

/// What has become of an author's use of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// It was never used.
    Never,
    /// There was such a point, and it is deleted.
    Deleted,
    /// There is such a point.
    Live,
}

impl LocalIndex {
    /// Which blocks the DHT has ever delivered of everybody who has written, by author. Cost: linear in the authors; waits
    /// for nobody.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn author_blocks(&self) -> Result<Vec<Summary>, IndexError> {
        let all = self.store.snapshot()?.author_blocks()?.into_iter();
        Ok(all.map(|of| Summary { author: agent(of.author), count: of.count, digest: of.digest }).collect())
    }

    /// The blocks that the DHT has ever delivered of an author, at most so many: the newest first by the time of the action,
    /// of one time in the order of their hashes. Cost: linear in the answer; waits for nobody.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn blocks_of(&self, author: &AgentPubKey, at_most: usize) -> Result<Vec<ActionHash>, IndexError> {
        let blocks = self.store.snapshot()?.blocks_of(&reference(author.get_raw_39())?, at_most)?;
        Ok(blocks.into_iter().map(action).collect())
    }

    /// Of each of these ids, what an author has used it for. Cost: a look-up for each, quicker when ids ascend; waits for
    /// nobody.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn used(&self, author: &AgentPubKey, ids: &[PointId]) -> Result<Vec<Used>, IndexError> {
        let points = self.store.snapshot()?.versions(&reference(author.get_raw_39())?, ids)?;
        let used = points.into_iter().map(|point| match point {
            None => Used::Never,
            Some(point) if point.version.deleted => Used::Deleted,
            Some(_) => Used::Live,
        });
        Ok(used.collect())
    }

    /// The points that a block has rows of, tombstones included. Cost: unpacks ids and payloads.
    ///
    /// # Errors
    /// If it is no block of the collection.
    pub fn ids_of(&self, block: &SignedBlock) -> Result<Vec<PointId>, IndexError> {
        Ok(self.open_block(block)?.meta.rows().iter().map(|row| row.id.clone()).collect())
    }

    /// What the node's own author has to know to settle fresh blocks which hold these points: which blocks of cells hold any row
    /// of them, as of now. Nothing if the index cannot say it, because it was not told who its own author is before that
    /// author's first block came ([`LocalIndex::set_own_author`]).
    ///
    /// Cost: some look-ups for each point and for each block that is named; waits for nobody.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn seen(
        &self,
        author: &AgentPubKey,
        fresh: Vec<ActionHash>,
        ids: &BTreeSet<PointId>,
    ) -> Result<Option<Seen>, IndexError> {
        let author = reference(author.get_raw_39())?;
        // One snapshot, so that all of it is about the same blocks.
        let snapshot = self.store.snapshot()?;
        let Some(older) = snapshot.cell_blocks_with(&author, ids)? else { return Ok(None) };
        let AuthorBlocks { count: blocks, digest, .. } = snapshot.author_blocks_of(&author)?;
        Ok(Some(Seen { blocks, digest, fresh, older: older.into_iter().map(action).collect() }))
    }
}

#[cfg(test)]
mod tests;
