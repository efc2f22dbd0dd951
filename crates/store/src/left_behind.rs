//! Which blocks of cells hold rows that their points have left behind: what settling has to look at.
//!
//! A point *is* where the DHT has delivered its newest version; of several copies of that, in the last written block (the
//! `confirmed` of a `Point`). A row of any other block is left behind. Where that block belongs to a cell, a note says so, by
//! author, id and block. So the blocks of cells that hold a point are those of its notes, and the one where it is.
//!
//! A note never becomes wrong: a point only ever moves to newer versions and later copies. So the notes are the same in
//! whatever order blocks come; and which of them matter, whether a newer version in the same cell hides the row, or the block
//! was replaced, is for those to find out who read these few blocks. Ids are noted as hashes of 64 bits: a note too many costs
//! whoever reads the block, and nothing else.
//!
//! Only the node's own author settles, so only its rows are noted: one that is known ([`Store::set_own_author`](crate::Store))
//! before its first block comes, since notes of earlier ones cannot be made up for. Of any other the answer is that it is not
//! known.

use crate::{
    BlockNumber, Snapshot, StoreError,
    batch::{Infos, point_key},
    point::{Kept, Point},
    read::Reader,
    record::AuthorRecord,
    tables::{ABOUT, ABOUT_NOTED, AUTHOR_KEYS, AUTHORS, LEFT_BEHIND},
};
use redb::{ReadableTable, WriteTransaction};
use rose_forest_rules::{id::PointId, reference::HashRef};
use std::collections::BTreeSet;

/// The notes that one block brings.
pub(crate) struct LeftBehind {
    /// The author whose block it is; nothing if its rows are not noted.
    author: Option<u32>,
    new: Vec<(u64, BlockNumber)>,
}

impl LeftBehind {
    pub(crate) fn of(transaction: &WriteTransaction, author: u32) -> Result<Self, StoreError> {
        let about = transaction.open_table(ABOUT)?;
        let keys = transaction.open_table(AUTHOR_KEYS)?;
        let (noted, key) = (about.get(ABOUT_NOTED)?, keys.get(author)?);
        let is_noted = noted.zip(key).is_some_and(|(noted, key)| noted.value() == key.value());
        Ok(Self { author: is_noted.then_some(author), new: Vec::new() })
    }

    /// Notes what a row of block `new` leaves behind: where its point was before and is not any more, or the row itself.
    pub(crate) fn note(
        &mut self,
        id: &PointId,
        new: BlockNumber,
        [before, after]: [Option<Kept>; 2],
        infos: &mut Infos<'_>,
    ) -> Result<(), StoreError> {
        let Some(after) = after.filter(|_| self.author.is_some()) else { return Ok(()) };
        let left = if after.place.block == new { before.map(|kept| kept.place.block) } else { Some(new) };
        if let Some(left) = left
            && infos.is_in_cell(left)?
        {
            self.new.push((id.hash64(), left));
        }
        Ok(())
    }

    pub(crate) fn write(mut self, transaction: &WriteTransaction) -> Result<(), StoreError> {
        let Some(author) = self.author.filter(|_| !self.new.is_empty()) else { return Ok(()) };
        // In the order of the tree.
        self.new.sort_unstable();
        let mut table = transaction.open_table(LEFT_BEHIND)?;
        for (hash, block) in self.new {
            table.insert((author, hash, block), ())?;
        }
        Ok(())
    }
}

/// Begins to note the rows of another author, if none of its blocks has come yet, and forgets the notes of the one before.
pub(crate) fn begin(transaction: &WriteTransaction, author: &HashRef) -> Result<(), StoreError> {
    let known =
        transaction.open_table(AUTHORS)?.get(author.0.as_slice())?.map(|value| value.value().to_vec());
    let is_new =
        known.map_or(Ok(true), |value| AuthorRecord::decode(&value).map(|it| it.blocks.count == 0))?;
    let mut about = transaction.open_table(ABOUT)?;
    if is_new {
        about.insert(ABOUT_NOTED, author.0.as_slice())?;
    } else {
        about.remove(ABOUT_NOTED)?;
    }
    transaction.delete_table(LEFT_BEHIND)?;
    transaction.open_table(LEFT_BEHIND)?;
    Ok(())
}

impl Snapshot {
    /// The blocks of cells that hold a row of one of these points of the node's own author, live or not, of those that the DHT
    /// has delivered, and perhaps some more: by their actions. Nothing if that is not known: of an author whom
    /// [`crate::Store::set_own_author`] has not named, or only when blocks of it had come.
    ///
    /// Cost: for each id two look-ups, quicker when ids ascend, and what was noted of it; and a look-up for each block.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn cell_blocks_with<'a>(
        &self,
        author: &HashRef,
        ids: impl IntoIterator<Item = &'a PointId>,
    ) -> Result<Option<Vec<HashRef>>, StoreError> {
        let noted = self.transaction.open_table(ABOUT)?.get(ABOUT_NOTED)?;
        if noted.is_none_or(|noted| noted.value() != author.0) {
            return Ok(None);
        }
        // One of whom nothing has come yet.
        let Some(AuthorRecord { number, .. }) = self.author(author)? else { return Ok(Some(Vec::new())) };
        let reader = Reader::new(self)?;
        let table = self.transaction.open_table(LEFT_BEHIND)?;
        let (mut found, mut key) = (BTreeSet::new(), Vec::new());
        for id in ids {
            point_key(&mut key, id, number);
            if let Some(value) = reader.points.get(key.as_slice())? {
                found.extend(Point::decode(value.value())?.confirmed.map(|kept| kept.place.block));
            }
            let hash = id.hash64();
            for entry in table.range((number, hash, BlockNumber::MIN)..=(number, hash, BlockNumber::MAX))? {
                found.insert(entry?.0.value().2);
            }
        }
        let blocks = found.into_iter().map(|block| reader.block(block));
        let in_cells = blocks.filter_map(|block| match block {
            Ok(block) => block.cell.is_some().then_some(Ok(block.action)),
            Err(error) => Some(Err(error)),
        });
        in_cells.collect::<Result<_, _>>().map(Some)
    }
}

#[cfg(test)]
mod tests;
