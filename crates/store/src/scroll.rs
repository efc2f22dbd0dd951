//! Pages of points in the order of their ids.

use crate::{
    Row, Snapshot, StoreError,
    batch::point_key,
    point::Point,
    read::{Reader, read_point_key},
    record::RowRecord,
};
use roaring::RoaringBitmap;
use rose_forest_rules::{id::PointId, reference::HashRef};
use std::{collections::BTreeSet, ops::Bound};

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first point.
    First,
    /// At this id, or the first one after it.
    At(PointId),
    /// After this point.
    After(PointId, HashRef),
}

/// A page of points: integers by size, then UUIDs, then other strings by their text; those of one id in the order in
/// which the node met their authors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The points.
    pub rows: Vec<Row>,
    /// The id of the first point after the page and its author; nothing if there is none. The next page begins
    /// [`Start::After`] the last point of this one, or [`Start::At`] this id where all authors' points of an id
    /// are to be on one page.
    pub next: Option<(PointId, HashRef)>,
}

/// Where all points are looked through, how many must be passed over for one that is wanted, at most. Beyond that the
/// wanted ones are sorted instead.
const MAX_PASSED_OVER: u64 = 64;

impl Snapshot {
    /// The page of at most `limit` points from `start` on, among `allowed` if that is given, see
    /// [`Self::live_of`] and [`Self::evaluate`].
    ///
    /// Cost: linear in the points of the page and those passed over between them, up to 64 for each; where fewer are
    /// allowed, linear in how many are, for each page.
    pub fn scroll(
        &self,
        start: &Start,
        limit: usize,
        allowed: Option<&RoaringBitmap>,
    ) -> Result<Page, StoreError> {
        let reader = Reader::new(self)?;
        let from = self.key_of(start)?;
        let mut page = Page::default();
        let is_rare = |set: &&RoaringBitmap| set.len() < self.count() / MAX_PASSED_OVER;
        if let Some(allowed) = allowed.filter(is_rare) {
            // One more than the page has room for says what comes next.
            let mut keys = BTreeSet::new();
            let mut key = Vec::new();
            for label in allowed {
                let Some(value) = reader.rows.get(label)? else { continue };
                let record = RowRecord::decode(value.value())?;
                point_key(&mut key, &record.id, record.author);
                let is_after = match &from {
                    Bound::Included(from) => key >= *from,
                    Bound::Excluded(from) => key > *from,
                    Bound::Unbounded => true,
                };
                if is_after && (keys.len() <= limit || keys.last().is_some_and(|last| key < *last)) {
                    keys.insert(key.clone());
                    if keys.len() > limit + 1 {
                        keys.pop_last();
                    }
                }
            }
            for key in keys {
                if let Some(value) = reader.points.get(key.as_slice())? {
                    page.add(&reader, &key, value.value(), limit, Some(allowed))?;
                }
            }
            return Ok(page);
        }
        let from = from.as_ref().map(Vec::as_slice);
        for entry in reader.points.range::<&[u8]>((from, Bound::Unbounded))? {
            let (key, value) = entry?;
            if !page.add(&reader, key.value(), value.value(), limit, allowed)? {
                break;
            }
        }
        Ok(page)
    }

    fn key_of(&self, start: &Start) -> Result<Bound<Vec<u8>>, StoreError> {
        let mut key = Vec::new();
        Ok(match start {
            Start::First => Bound::Unbounded,
            Start::At(id) => {
                point_key(&mut key, id, 0);
                Bound::Included(key)
            }
            Start::After(id, author) => match self.author(author)? {
                Some(author) => {
                    point_key(&mut key, id, author.number);
                    Bound::Excluded(key)
                }
                // Of another store: better a point twice than one not at all.
                None => {
                    point_key(&mut key, id, 0);
                    Bound::Included(key)
                }
            },
        })
    }
}

impl Page {
    /// Adds a point, if it counts and is wanted. False once the page is full and what comes after it is known.
    fn add(
        &mut self,
        reader: &Reader,
        key: &[u8],
        value: &[u8],
        limit: usize,
        allowed: Option<&RoaringBitmap>,
    ) -> Result<bool, StoreError> {
        let point = Point::decode(value)?;
        let counts = point.winner().filter(|kept| !kept.version.deleted);
        if counts.is_none_or(|kept| allowed.is_some_and(|allowed| !allowed.contains(kept.label))) {
            return Ok(true);
        }
        if self.rows.len() == limit {
            let (id, author) = read_point_key(key)?;
            self.next = Some((id, reader.author_key(author)?));
            return Ok(false);
        }
        self.rows.extend(reader.winner(&point)?);
        Ok(true)
    }
}
