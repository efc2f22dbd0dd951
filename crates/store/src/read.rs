//! Reading: all that one snapshot can be asked, except pages and filters.

mod authors;
mod blocks;
mod reader;

use crate::{
    BlockNumber, ChangesSince, Checkpoint, Label, Place, Placed, StoreError,
    batch::point_key,
    log,
    point::{Kept, Point, Version},
    record::{AuthorRecord, BlockInfo, BlockRecord, read_hash},
    sets::read_set,
    shadow::SHADOWED_SET,
    tables::{ABOUT, AUTHORS, BLOCK_INFO, BLOCKS, CURSORS, Counters, LOG, SETS},
};
pub use authors::{AuthorBlocks, AuthorState};
pub use blocks::Settled;
pub(crate) use reader::{Reader, read_point_key};
use redb::{ReadTransaction, ReadableTable};
use roaring::RoaringBitmap;
use rose_forest_rules::{id::PointId, reference::HashRef};

/// The set of rows that count.
pub(crate) const LIVE_SET: &[u8] = &[0];

/// The set of rows of an author that count.
pub(crate) fn author_set(author: u32) -> [u8; 5] {
    let [a, b, c, d] = author.to_be_bytes();
    [1, a, b, c, d]
}

/// A row that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its label.
    pub label: Label,
    /// Who wrote it.
    pub author: HashRef,
    /// The point's id, unique for the author.
    pub id: PointId,
    /// When it was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// The action that carries it; of several copies, the last written one.
    pub action: HashRef,
    /// Where it is.
    pub place: Place,
    /// Whether the DHT has delivered it; otherwise a peer's signal is all that is known of it.
    pub confirmed: bool,
    /// Its payload, JSON text.
    pub payload: Option<String>,
}

/// What counts of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counting {
    /// The version.
    pub version: Version,
    /// The label of its row; nothing for a tombstone.
    pub label: Option<Label>,
}

/// The store as it was at one moment. It holds up the reuse of pages that are written anew meanwhile: keep it for a
/// search, not for ever.
pub struct Snapshot {
    pub(crate) transaction: ReadTransaction,
    counters: Counters,
    identity: u64,
}

impl Snapshot {
    pub(crate) fn new(transaction: ReadTransaction, identity: u64) -> Result<Self, StoreError> {
        let counters = Counters::read(&transaction.open_table(ABOUT)?)?;
        Ok(Self { transaction, counters, identity })
    }

    /// The sequence number of the last change.
    pub fn sequence(&self) -> u64 {
        self.counters.sequence
    }

    /// The label that the next row will get: all rows have smaller ones.
    pub fn next_label(&self) -> Label {
        self.counters.label
    }

    /// How many rows count. Cost: constant.
    pub fn count(&self) -> u64 {
        self.counters.live
    }

    /// How many of an author's rows count. Cost: one look-up.
    pub fn count_of(&self, author: &HashRef) -> Result<u64, StoreError> {
        Ok(self.author(author)?.map_or(0, |author| author.live))
    }

    /// Everybody who has ever written, and how many of their rows count; by key. Cost: linear in the authors.
    pub fn authors(&self) -> Result<Vec<(HashRef, u64)>, StoreError> {
        let table = self.transaction.open_table(AUTHORS)?;
        let mut authors = Vec::new();
        for entry in table.iter()? {
            let (key, value) = entry?;
            authors.push((read_hash(key.value(), "author")?, AuthorRecord::decode(value.value())?.live));
        }
        Ok(authors)
    }

    /// All rows that count. Cost: a copy of a bit for each label there ever was.
    pub fn live(&self) -> Result<RoaringBitmap, StoreError> {
        read_set(&self.transaction.open_table(SETS)?, LIVE_SET)
    }

    /// An author's rows that count.
    pub fn live_of(&self, author: &HashRef) -> Result<RoaringBitmap, StoreError> {
        match self.author(author)? {
            Some(author) => read_set(&self.transaction.open_table(SETS)?, &author_set(author.number)),
            None => Ok(RoaringBitmap::new()),
        }
    }

    /// Rows that count, and that a bare id does not mean because another author's row stands for it: the node's own
    /// ([`crate::Store::set_own_author`]), else the newest, of equally new ones that of the smallest author key.
    /// Cost: linear in the chunks of 65,536 labels that have any.
    pub fn shadowed(&self) -> Result<RoaringBitmap, StoreError> {
        read_set(&self.transaction.open_table(SETS)?, SHADOWED_SET)
    }

    /// One row for each id: all that count and are not [shadowed](Self::shadowed).
    pub fn collapsed(&self) -> Result<RoaringBitmap, StoreError> {
        Ok(self.live()? - self.shadowed()?)
    }

    /// The rows that bare ids mean, in the order of the ids. Cost: that of [`Self::shadowed`], and some look-ups for each
    /// author of each id.
    pub fn bare(&self, ids: &[PointId]) -> Result<Vec<Option<Row>>, StoreError> {
        let shadowed = self.shadowed()?;
        let shown = |rows: Vec<Row>| rows.into_iter().find(|row| !shadowed.contains(row.label));
        ids.iter().map(|id| self.points(id).map(shown)).collect()
    }

    /// Rows by label, in the order of the labels; nothing for a row that does not count.
    /// Cost: four look-ups in trees for each.
    pub fn rows(&self, labels: &[Label]) -> Result<Vec<Option<Row>>, StoreError> {
        let reader = Reader::new(self)?;
        labels.iter().map(|label| reader.row(*label)).collect()
    }

    /// A row by label.
    pub fn row(&self, label: Label) -> Result<Option<Row>, StoreError> {
        Reader::new(self)?.row(label)
    }

    /// An author's point with this id.
    pub fn point(&self, author: &HashRef, id: &PointId) -> Result<Option<Row>, StoreError> {
        let Some(AuthorRecord { number, .. }) = self.author(author)? else { return Ok(None) };
        let mut key = Vec::new();
        point_key(&mut key, id, number);
        let reader = Reader::new(self)?;
        let value = reader.points.get(key.as_slice())?;
        value.map_or(Ok(None), |value| reader.winner(&Point::decode(value.value())?))
    }

    /// All authors' points with this id, in the order in which the node met the authors.
    pub fn points(&self, id: &PointId) -> Result<Vec<Row>, StoreError> {
        let reader = Reader::new(self)?;
        let mut found = Vec::new();
        reader.each_with_id(id, |point| {
            found.extend(reader.winner(&point)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Of each of these points of an author, the version that counts; nothing for a point that is not known. Cost: a look-up
    /// for each, quicker when ids ascend.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn versions<'a>(
        &self,
        author: &HashRef,
        ids: impl IntoIterator<Item = &'a PointId>,
    ) -> Result<Vec<Option<Counting>>, StoreError> {
        let author = self.author(author)?;
        let reader = Reader::new(self)?;
        let mut key = Vec::new();
        let version = |id: &PointId| {
            let Some(author) = &author else { return Ok(None) };
            point_key(&mut key, id, author.number);
            let Some(value) = reader.points.get(key.as_slice())? else { return Ok(None) };
            let point = Point::decode(value.value())?;
            let label = |kept: &Kept| (!kept.version.deleted).then_some(kept.label);
            Ok(point.winner().map(|kept| Counting { version: kept.version, label: label(kept) }))
        };
        ids.into_iter().map(version).collect()
    }

    /// What is known of a block; nothing for a number that is not in use.
    pub fn block(&self, number: BlockNumber) -> Result<Option<BlockInfo>, StoreError> {
        let Some(value) = self.transaction.open_table(BLOCK_INFO)?.get(number)? else { return Ok(None) };
        let block = BlockRecord::decode(value.value())?;
        Ok(Some(BlockInfo {
            action: block.action,
            action_micros: block.action_micros,
            author: Reader::new(self)?.author_key(block.author)?,
            cell: block.cell,
            confirmed: block.confirmed,
        }))
    }

    /// The number of a block that was taken in, and whether the DHT has delivered it.
    pub fn find_block(&self, action: &HashRef) -> Result<Option<(BlockNumber, bool)>, StoreError> {
        let Some(number) = self.transaction.open_table(BLOCKS)?.get(action.0.as_slice())? else {
            return Ok(None);
        };
        let number = number.value();
        let info = self.transaction.open_table(BLOCK_INFO)?.get(number)?;
        let info = info.ok_or_else(|| StoreError::damaged("block", "missing"))?;
        Ok(Some((number, BlockRecord::decode(info.value())?.confirmed)))
    }

    /// What was noted under a name, see [`crate::Batch::set_cursor`].
    pub fn cursor(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.transaction.open_table(CURSORS)?.get(name)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    /// All that changed since a checkpoint. Errors: [`StoreError::OtherStore`] and [`StoreError::NotInLog`] mean that
    /// the index has to be built anew from the rows.
    /// Cost: linear in what changed, and two look-ups for each row that was inserted or moved.
    pub fn changes_since(&self, checkpoint: &Checkpoint) -> Result<ChangesSince, StoreError> {
        if checkpoint.identity != self.identity {
            return Err(StoreError::OtherStore);
        }
        let (oldest, newest) = (self.counters.forgotten, self.counters.sequence);
        let received = checkpoint.sequence;
        if !(oldest..=newest).contains(&received) {
            return Err(StoreError::NotInLog { oldest, newest, received });
        }
        let sum = log::sum_since(&self.transaction.open_table(LOG)?, received)?;
        Ok(ChangesSince {
            sequence: newest,
            inserted: self.places(&sum.inserted)?,
            removed: sum.removed.iter().collect(),
            moved: self.places(&sum.moved)?,
        })
    }

    /// Where rows are, by label ascending; those that do not count are left out. To fill an index that is built anew,
    /// give it [`Self::live`]. Cost: two look-ups for each.
    pub fn places(&self, labels: &RoaringBitmap) -> Result<Vec<Placed>, StoreError> {
        let reader = Reader::new(self)?;
        let mut places = Vec::with_capacity(labels.len() as usize);
        for label in labels {
            if let Some((kept, _)) = reader.find(label)? {
                places.push(Placed { label, place: kept.place });
            }
        }
        Ok(places)
    }

    pub(crate) fn author(&self, key: &HashRef) -> Result<Option<AuthorRecord>, StoreError> {
        let value = self.transaction.open_table(AUTHORS)?.get(key.0.as_slice())?;
        value.map(|value| AuthorRecord::decode(value.value())).transpose()
    }
}
