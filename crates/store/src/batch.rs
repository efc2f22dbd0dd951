//! Writing: blocks taken in and withdrawn, cursors, all in one transaction.

mod rows;
mod withdraw;

use crate::{
    Label, Store, StoreError,
    block::IncomingBlock,
    block_sum::BlockSum,
    events::{self, News},
    fields::FieldChanges,
    id_key::push_id,
    log,
    point::{Kept, NO_LABEL, Version},
    record::{AuthorRecord, BlockNumber, BlockRecord, Place, Placed, author_block_key},
    sets::SetChanges,
    tables::{
        ABOUT, AUTHOR_BLOCKS, AUTHOR_KEYS, AUTHOR_TIMES, AUTHORS, BLOCK_INFO, BLOCKS, CURSORS, Counters, LOG,
        SETS, UNCONFIRMED,
    },
};
use redb::{ReadableTable, WriteTransaction};
use rose_forest_rules::reference::HashRef;
use rows::Work;
pub(crate) use rows::point_key;

/// What taking in or withdrawing a block changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The sequence number after it; that of the last change where nothing changed.
    pub sequence: u64,
    /// Rows that count now and did not before, by label ascending. Of a block that is taken in they are its own rows;
    /// after one is withdrawn, rows of others that it had replaced.
    pub inserted: Vec<Placed>,
    /// Rows that no longer count.
    pub removed: Vec<Label>,
    /// Rows that count as before, but were found in a later copy.
    pub moved: Vec<Placed>,
}

impl Changes {
    /// Whether nothing changed for an index.
    pub fn is_empty(&self) -> bool {
        self.inserted.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }
}

/// Changes that become visible together, and none of them if one fails. Dropping it changes nothing.
pub struct Batch<'s> {
    store: &'s Store,
    transaction: WriteTransaction,
    counters: Counters,
    sets: SetChanges,
    fields: FieldChanges,
    rows: u64,
    failed: bool,
}

/// Labels that wait to be written into sets, above which they are.
const MAX_SET_CHANGES: usize = 1_000_000;

impl<'s> Batch<'s> {
    pub(crate) fn new(store: &'s Store, transaction: WriteTransaction) -> Result<Self, StoreError> {
        let counters = Counters::read(&transaction.open_table(ABOUT)?)?;
        let fields = FieldChanges::new(&transaction)?;
        Ok(Self { store, transaction, counters, sets: SetChanges::default(), fields, rows: 0, failed: false })
    }

    /// Takes in a block. One that is known already changes nothing, and neither does the order in which blocks come.
    /// Cost: linear in the rows of the block, each some look-ups in trees; constant for a block that is known.
    pub fn apply(&mut self, block: &IncomingBlock<'_>) -> Result<Changes, StoreError> {
        self.step(|batch| batch.take_in(block))
    }

    /// Takes back a block that was taken in unconfirmed, because the DHT did not deliver it: what it replaced counts
    /// again, under new labels. A block that is confirmed or not known is left as it is.
    /// Cost: linear in the rows of the block.
    pub fn withdraw(&mut self, action: &HashRef) -> Result<Changes, StoreError> {
        self.step(|batch| batch.take_back(action))
    }

    /// Notes something under a name, in the same transaction: how far the node has read the DHT, for instance.
    pub fn set_cursor(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.step(|batch| {
            batch.transaction.open_table(CURSORS)?.insert(name, value)?;
            Ok(())
        })
    }

    /// What was noted under a name, in this batch or before.
    pub fn cursor(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let cursors = self.transaction.open_table(CURSORS)?;
        let value = cursors.get(name)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    /// Forgets the log up to and including this sequence number: no index that was saved before it can be brought up
    /// to date any more. Cost: linear in what is forgotten.
    pub fn forget_changes_before(&mut self, sequence: u64) -> Result<(), StoreError> {
        self.step(|batch| {
            let until = sequence.min(batch.counters.sequence);
            log::forget(&mut batch.transaction.open_table(LOG)?, until)?;
            batch.counters.forgotten = batch.counters.forgotten.max(until);
            Ok(())
        })
    }

    /// Makes the batch visible to everybody who takes a snapshot from now on. Whether it is on disk then depends on
    /// [`crate::Options`].
    pub fn commit(self) -> Result<(), StoreError> {
        self.end(false)
    }

    /// Makes the batch visible, and durable together with all before it.
    pub fn commit_durably(self) -> Result<(), StoreError> {
        self.end(true)
    }

    fn end(mut self, now: bool) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::BatchFailed);
        }
        self.write_sets()?;
        self.counters.write(&mut self.transaction.open_table(ABOUT)?)?;
        self.store.commit(self.transaction, self.rows, now)
    }

    /// One step. If it fails, so does the batch.
    fn step<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.failed {
            return Err(StoreError::BatchFailed);
        }
        let done = step(self);
        self.failed = done.is_err();
        done
    }

    fn take_in(&mut self, block: &IncomingBlock<'_>) -> Result<Changes, StoreError> {
        let Some((number, author)) = self.note_block(block)? else {
            return Ok(Changes { sequence: self.counters.sequence, ..Changes::default() });
        };
        // In the order of their keys, rows that are neighbours in the tree are written together.
        let mut rows: Vec<_> = block.rows.iter().zip(0u32..).collect();
        rows.sort_by(|(a, _), (b, _)| a.id.cmp(b.id));
        self.rows += rows.len() as u64;
        let (mut key, mut ids) = (Vec::new(), Vec::new());
        let sets = (&mut self.sets, &mut self.fields);
        let mut work = Work::new(&self.transaction, &mut self.counters, sets, author)?;
        for (row, place) in rows {
            point_key(&mut key, row.id, author);
            let version = Version::of(row);
            let new = Kept { version, place: Place { block: number, row: place }, label: NO_LABEL };
            let payload = row.content.and_then(|content| content.payload);
            work.change(&key, row.id, Some((version, payload)), |point, ranks| {
                if block.confirmed {
                    point.confirm(new, |old| ranks.is_later((block.action_micros, block.action), old))
                } else {
                    point.announce(new);
                    Ok(())
                }
            })?;
            if !block.confirmed {
                let start = ids.len();
                ids.extend_from_slice(&[0; 2]);
                push_id(&mut ids, row.id);
                // An id has at most 512 bytes, twice that when all of them are zero.
                let length = (ids.len() - start - 2) as u16;
                ids[start..start + 2].copy_from_slice(&length.to_le_bytes());
            }
        }
        let (changes, news) = work.finish();
        let mut unconfirmed = self.transaction.open_table(UNCONFIRMED)?;
        if block.confirmed {
            unconfirmed.remove(number)?;
        } else {
            unconfirmed.insert(number, [&[UNCONFIRMED_VERSION], ids.as_slice()].concat().as_slice())?;
        }
        drop(unconfirmed);
        if let Some(newest) = block.rows.iter().map(|row| row.written_at_micros).max()
            && block.confirmed
        {
            let mut times = self.transaction.open_table(AUTHOR_TIMES)?;
            let known = times.get(author)?.map(|time| time.value());
            if known.is_none_or(|known| known < newest) {
                times.insert(author, newest)?;
            }
        }
        self.end_step((block.author, block.action), changes, news)
    }

    /// Notes a block and its author. The numbers of both; nothing if it brings nothing new.
    fn note_block(&mut self, block: &IncomingBlock<'_>) -> Result<Option<(BlockNumber, u32)>, StoreError> {
        let mut blocks = self.transaction.open_table(BLOCKS)?;
        let mut infos = self.transaction.open_table(BLOCK_INFO)?;
        let known = blocks.get(block.action.0.as_slice())?.map(|value| value.value());
        let number = match known {
            Some(number) => {
                let info = infos.get(number)?;
                let info = info.ok_or_else(|| StoreError::damaged("block", "missing"))?;
                if !block.confirmed || BlockRecord::decode(info.value())?.confirmed {
                    return Ok(None);
                }
                number
            }
            None => {
                let number = self.counters.block;
                self.counters.block =
                    number.checked_add(1).ok_or(StoreError::NumbersUsedUp { what: "block" })?;
                blocks.insert(block.action.0.as_slice(), number)?;
                number
            }
        };
        let mut author = note_author(&self.transaction, &mut self.counters, block.author)?;
        let record = BlockRecord {
            action: block.action,
            action_micros: block.action_micros,
            author: author.number,
            cell: block.cell,
            confirmed: block.confirmed,
        };
        infos.insert(number, record.encode().as_slice())?;
        if block.confirmed {
            // The first time that it is: one that was is not noted again.
            author.blocks.add(&block.action);
            let mut authors = self.transaction.open_table(AUTHORS)?;
            authors.insert(block.author.0.as_slice(), author.encode().as_slice())?;
            let key = author_block_key(author.number, block.action_micros, &block.action);
            self.transaction.open_table(AUTHOR_BLOCKS)?.insert(key.as_slice(), ())?;
        }
        Ok(Some((number, author.number)))
    }

    /// Counts and logs what a step changed. It was about this author's block, which `action` carries.
    fn end_step(
        &mut self,
        (author, action): (HashRef, HashRef),
        mut changes: Changes,
        news: News,
    ) -> Result<Changes, StoreError> {
        events::write(&self.transaction, self.store.opening, (author, action), news)?;
        if !changes.is_empty() {
            let count = |before: u64| {
                (before + changes.inserted.len() as u64).saturating_sub(changes.removed.len() as u64)
            };
            self.counters.live = count(self.counters.live);
            let mut authors = self.transaction.open_table(AUTHORS)?;
            let mut record = match authors.get(author.0.as_slice())? {
                Some(value) => AuthorRecord::decode(value.value())?,
                None => return Err(StoreError::damaged("author", "missing")),
            };
            record.live = count(record.live);
            authors.insert(author.0.as_slice(), record.encode().as_slice())?;
            self.counters.sequence += 1;
            log::write(&mut self.transaction.open_table(LOG)?, self.counters.sequence, &changes)?;
        }
        changes.sequence = self.counters.sequence;
        if self.sets.len() + self.fields.len() > MAX_SET_CHANGES {
            self.write_sets()?;
        }
        Ok(changes)
    }

    fn write_sets(&mut self) -> Result<(), StoreError> {
        self.sets.write(&mut self.transaction.open_table(SETS)?)?;
        self.fields.write(&self.transaction)
    }
}

const UNCONFIRMED_VERSION: u8 = 1;

/// What is known of an author, who gets a number when first met.
fn note_author(
    transaction: &WriteTransaction,
    counters: &mut Counters,
    key: HashRef,
) -> Result<AuthorRecord, StoreError> {
    let mut authors = transaction.open_table(AUTHORS)?;
    if let Some(value) = authors.get(key.0.as_slice())? {
        return AuthorRecord::decode(value.value());
    }
    let number = counters.author;
    counters.author = number.checked_add(1).ok_or(StoreError::NumbersUsedUp { what: "author" })?;
    let author = AuthorRecord { number, live: 0, blocks: BlockSum::default() };
    authors.insert(key.0.as_slice(), author.encode().as_slice())?;
    transaction.open_table(AUTHOR_KEYS)?.insert(number, key.0.as_slice())?;
    Ok(author)
}

#[cfg(test)]
mod tests;
