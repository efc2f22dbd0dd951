//! One change of one point, and what follows from it: labels, rows, sets.

use super::Changes;
use crate::{
    Label, StoreError,
    events::News,
    fields::FieldChanges,
    id_key::push_id,
    point::{NO_LABEL, Point, Version},
    read::{LIVE_SET, author_set},
    record::{BlockNumber, BlockRecord, Placed, RowRecord},
    sets::SetChanges,
    shadow::{self, SHADOWED_SET},
    tables::{AUTHOR_KEYS, BLOCK_INFO, Counters, POINTS, ROWS},
};
use redb::{ReadableTable, Table, WriteTransaction};
use rose_forest_rules::{id::PointId, reference::HashRef};
use std::collections::HashMap;

/// The key of a point.
pub(crate) fn point_key(key: &mut Vec<u8>, id: &PointId, author: u32) {
    key.clear();
    push_id(key, id);
    key.extend_from_slice(&author.to_be_bytes());
}

/// What is known of blocks that rows of a new one were in before.
pub(crate) struct Infos<'t> {
    table: Table<'t, u32, &'static [u8]>,
    known: HashMap<BlockNumber, BlockRecord>,
}

impl Infos<'_> {
    /// Whether a block of this time and action is later than block `old`.
    pub(super) fn is_later(&mut self, new: (i64, HashRef), old: BlockNumber) -> Result<bool, StoreError> {
        Ok(new > self.get(old)?.rank())
    }

    /// Whether a block belongs to a cell.
    pub(crate) fn is_in_cell(&mut self, block: BlockNumber) -> Result<bool, StoreError> {
        Ok(self.get(block)?.cell.is_some())
    }

    fn get(&mut self, block: BlockNumber) -> Result<BlockRecord, StoreError> {
        if let Some(known) = self.known.get(&block) {
            return Ok(*known);
        }
        let info = self.table.get(block)?.ok_or_else(|| StoreError::damaged("block", "missing"))?;
        let record = BlockRecord::decode(info.value())?;
        self.known.insert(block, record);
        Ok(record)
    }
}

/// The changes of one block to points of one author.
pub(super) struct Work<'t, 'c> {
    points: Table<'t, &'static [u8], &'static [u8]>,
    rows: Table<'t, u32, &'static [u8]>,
    infos: Infos<'t>,
    counters: &'c mut Counters,
    sets: &'c mut SetChanges,
    fields: &'c mut FieldChanges,
    author: u32,
    author_set: [u8; 5],
    /// The number of the node's own author.
    own: Option<u32>,
    keys: Table<'t, u32, &'static [u8]>,
    changes: Changes,
    news: News,
    value: Vec<u8>,
}

impl<'t, 'c> Work<'t, 'c> {
    pub(super) fn new(
        transaction: &'t WriteTransaction,
        counters: &'c mut Counters,
        (sets, fields): (&'c mut SetChanges, &'c mut FieldChanges),
        author: u32,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            points: transaction.open_table(POINTS)?,
            rows: transaction.open_table(ROWS)?,
            infos: Infos { table: transaction.open_table(BLOCK_INFO)?, known: HashMap::new() },
            counters,
            sets,
            fields,
            author,
            author_set: author_set(author),
            own: shadow::own_author(transaction)?,
            keys: transaction.open_table(AUTHOR_KEYS)?,
            changes: Changes::default(),
            news: News::default(),
            value: Vec::new(),
        })
    }

    /// Changes what is known of a point by `edit`. `new` is the version that this may bring, with its payload.
    pub(super) fn change(
        &mut self,
        key: &[u8],
        id: &PointId,
        new: Option<(Version, Option<&[u8]>)>,
        edit: impl FnOnce(&mut Point, &mut Infos<'t>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let before = match self.points.get(key)? {
            Some(value) => Point::decode(value.value())?,
            None => Point::default(),
        };
        let mut after = before.clone();
        edit(&mut after, &mut self.infos)?;
        if after == before {
            return Ok(());
        }
        let was = before.winner().copied();
        let counts = after.winner().map(|kept| kept.version);
        let same = was.map(|kept| kept.version) == counts;
        if let Some(was) = was.filter(|kept| !same && !kept.version.deleted) {
            self.leave(was.label)?;
        }

        // A row that is new gets a label even if an unconfirmed one hides it: its payload may be wanted later.
        let unlabelled = |kept: &&crate::point::Kept| kept.label == NO_LABEL && !kept.version.deleted;
        let is_new = after.kept().any(|kept| unlabelled(&kept));
        if let Some((version, payload)) = new.filter(|_| is_new) {
            let label = self.next_label()?;
            RowRecord::encode(&mut self.value, self.author, version.written_at_micros, id, payload);
            self.rows.insert(label, self.value.as_slice())?;
            after.set_label(version, label);
        }
        if let Some(version) = counts.filter(|version| !same && !version.deleted) {
            let is_it = new.is_some_and(|(new, _)| is_new && new == version);
            let label = if is_it { after.label_of(version) } else { Some(self.revive(&mut after, version)?) };
            self.enter(label.unwrap_or(NO_LABEL))?;
        }
        for gone in before.kept().filter(|kept| !kept.version.deleted) {
            if after.label_of(gone.version).is_none() {
                self.rows.remove(gone.label)?;
            }
        }
        if let Some(is) = after.winner().filter(|kept| !kept.version.deleted) {
            let placed = Placed { label: is.label, place: is.place };
            if !same {
                self.changes.inserted.push(placed);
            } else if was.is_some_and(|was| was.place != is.place) {
                self.changes.moved.push(placed);
            }
        }
        self.news.add(id, &before, &after);
        if after.is_empty() {
            self.points.remove(key)?;
        } else {
            after.encode(&mut self.value);
            self.points.insert(key, self.value.as_slice())?;
        }
        if !same {
            self.shadow(id, was.filter(|kept| !kept.version.deleted).map(|kept| kept.label))?;
        }
        Ok(())
    }

    /// Notes which author's row stands for this id now; `left` is a row that counts no longer.
    fn shadow(&mut self, id: &PointId, left: Option<Label>) -> Result<(), StoreError> {
        // One author shadows nobody, which is worth knowing when a million rows come in.
        if self.counters.author < 2 {
            return Ok(());
        }
        let contenders = shadow::contenders(&self.points, id)?;
        if contenders.iter().all(|contender| contender.author == self.author) {
            return Ok(());
        }
        if let Some(left) = left {
            self.sets.put(SHADOWED_SET, left, false);
        }
        let keys = &self.keys;
        shadow::note(self.sets, &contenders, self.own, &mut |number| shadow::author_key(keys, number))
    }

    /// Gives a row that was hidden a label of its own again.
    fn revive(&mut self, point: &mut Point, version: Version) -> Result<Label, StoreError> {
        let missing = || StoreError::damaged("row", "missing");
        let hidden = point.label_of(version).ok_or_else(missing)?;
        let record = self.rows.remove(hidden)?.ok_or_else(missing)?.value().to_vec();
        let label = self.next_label()?;
        self.rows.insert(label, record.as_slice())?;
        point.set_label(version, label);
        Ok(label)
    }

    fn next_label(&mut self) -> Result<Label, StoreError> {
        let label = self.counters.label;
        if label == NO_LABEL {
            return Err(StoreError::LabelsUsedUp { max: NO_LABEL });
        }
        self.counters.label += 1;
        Ok(label)
    }

    /// A row counts from now on.
    fn enter(&mut self, label: Label) -> Result<(), StoreError> {
        self.put(label, true)
    }

    /// A row does not count any more.
    fn leave(&mut self, label: Label) -> Result<(), StoreError> {
        self.changes.removed.push(label);
        self.put(label, false)
    }

    fn put(&mut self, label: Label, is_in: bool) -> Result<(), StoreError> {
        self.sets.put(LIVE_SET, label, is_in);
        self.sets.put(&self.author_set, label, is_in);
        if !self.fields.is_empty() {
            let value = self.rows.get(label)?.ok_or_else(|| StoreError::damaged("row", "missing"))?;
            self.fields.put(label, RowRecord::decode(value.value())?.payload, is_in);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> (Changes, News) {
        (self.changes, self.news)
    }
}
