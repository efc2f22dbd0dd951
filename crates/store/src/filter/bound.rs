//! What indexes say of a whole filter: rows that may fulfil it, and whether all of them do.

use super::{
    Condition, Filter,
    postings::{Bound, Index},
};
use crate::{
    Snapshot, StoreError,
    fields::{
        path::FieldPath,
        postings, read_fields,
        terms::{NULL, PRESENT},
    },
    read::Reader,
    tables::FIELDS,
};
use roaring::RoaringBitmap;
use std::cell::OnceCell;

/// The indexes that a filter can be answered from.
pub(super) struct Bounder<'s> {
    snapshot: &'s Snapshot,
    indexes: Vec<Index>,
    live: OnceCell<RoaringBitmap>,
}

impl<'s> Bounder<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Result<Self, StoreError> {
        let mut indexes = Vec::new();
        for record in read_fields(&snapshot.transaction.open_table(FIELDS)?)? {
            if record.is_ready() {
                let table = snapshot.transaction.open_table(postings(&record.table()))?;
                indexes.push(Index { record, table });
            }
        }
        Ok(Self { snapshot, indexes, live: OnceCell::new() })
    }

    /// All rows that count.
    pub(super) fn live(&self) -> Result<&RoaringBitmap, StoreError> {
        if let Some(live) = self.live.get() {
            return Ok(live);
        }
        let live = self.snapshot.live()?;
        Ok(self.live.get_or_init(|| live))
    }

    /// The rows that may fulfil a filter; nothing if no index can tell. With `inside`, the filter is for the elements of
    /// the array that this path leads to, and what is known of them is known together, not of each.
    pub(super) fn filter(
        &self,
        filter: &Filter,
        inside: Option<&FieldPath>,
    ) -> Result<Option<Bound>, StoreError> {
        let mut found: Option<RoaringBitmap> = None;
        let mut exact = inside.is_none();
        let mut narrow = |set: RoaringBitmap| {
            found = Some(match found.take() {
                Some(found) => found & set,
                None => set,
            });
        };
        for condition in &filter.must {
            match self.condition(condition, inside)? {
                Some(bound) => {
                    exact &= bound.exact;
                    narrow(bound.set);
                }
                None => exact = false,
            }
        }
        if !filter.should.is_empty() {
            match self.at_least(1, &filter.should, inside)? {
                Some(bound) => {
                    exact &= bound.exact;
                    narrow(bound.set);
                }
                None => exact = false,
            }
        }
        if let Some(min_should) = filter.min_should.as_ref().filter(|min_should| min_should.min_count > 0) {
            match self.at_least(min_should.min_count, &min_should.conditions, inside)? {
                Some(bound) => {
                    exact &= bound.exact;
                    narrow(bound.set);
                }
                None => exact = false,
            }
        }
        // Another element may fulfil what this one must not.
        if inside.is_none() {
            for condition in &filter.must_not {
                match self.condition(condition, None)? {
                    Some(bound) if bound.exact => {
                        found = Some(match found.take() {
                            Some(found) => found - bound.set,
                            None => self.live()? - bound.set,
                        });
                    }
                    Some(_) | None => exact = false,
                }
            }
        }
        Ok(match found {
            Some(set) => Some(Bound { set, exact }),
            None if exact => Some(Bound::exact(self.live()?.clone())),
            None => None,
        })
    }

    /// Rows that fulfil at least so many of these conditions; nothing if one of them is not known.
    fn at_least(
        &self,
        count: usize,
        conditions: &[Condition],
        inside: Option<&FieldPath>,
    ) -> Result<Option<Bound>, StoreError> {
        if count > conditions.len() {
            return Ok(Some(Bound::exact(RoaringBitmap::new())));
        }
        let mut exact = true;
        // Those that fulfil at least one, at least two, ...
        let mut reached = vec![RoaringBitmap::new(); count];
        for condition in conditions {
            let Some(bound) = self.condition(condition, inside)? else { return Ok(None) };
            exact &= bound.exact;
            for at in (1..count).rev() {
                let again = &reached[at - 1] & &bound.set;
                reached[at] |= again;
            }
            if let Some(first) = reached.first_mut() {
                *first |= bound.set;
            }
        }
        Ok(reached.pop().map(|set| Bound { set, exact }))
    }

    fn condition(
        &self,
        condition: &Condition,
        inside: Option<&FieldPath>,
    ) -> Result<Option<Bound>, StoreError> {
        let index = |key: &FieldPath| {
            let key = inside.map(|inside| inside.join(key));
            move |path: &FieldPath, index: &&Index| index.record.path == *key.as_ref().unwrap_or(path)
        };
        let find = |key: &FieldPath| {
            let is_it = index(key);
            self.indexes.iter().find(|index| is_it(key, index))
        };
        let bound = match condition {
            Condition::Field(field) => match find(&field.key) {
                Some(index) => index.bound(field)?,
                None => None,
            },
            Condition::IsNull { is_null } => match find(&is_null.key) {
                Some(index) => Some(Bound::exact(index.set(&[NULL])?)),
                None => None,
            },
            // What one element lacks, another may have.
            Condition::IsEmpty { is_empty } => match find(&is_empty.key).filter(|_| inside.is_none()) {
                Some(index) => Some(Bound::exact(self.live()? - index.set(&[PRESENT])?)),
                None => None,
            },
            Condition::HasVector { has_vector } if inside.is_none() && has_vector.is_empty() => {
                Some(Bound::exact(self.live()?.clone()))
            }
            Condition::HasVector { .. } => Some(Bound::exact(RoaringBitmap::new())),
            Condition::HasId { .. } if inside.is_some() => Some(Bound::exact(RoaringBitmap::new())),
            Condition::HasId { has_id } => {
                let reader = Reader::new(self.snapshot)?;
                let mut set = RoaringBitmap::new();
                for id in has_id {
                    reader.each_with_id(id, |point| {
                        set.extend(
                            point.winner().filter(|kept| !kept.version.deleted).map(|kept| kept.label),
                        );
                        Ok(())
                    })?;
                }
                Some(Bound::exact(set))
            }
            Condition::Nested { nested } => {
                let elements = nested.key.elements();
                let elements = inside.map_or(elements.clone(), |inside| inside.join(&elements));
                self.filter(&nested.filter, Some(&elements))?
            }
            Condition::Filter(filter) => self.filter(filter, inside)?,
        };
        Ok(bound.map(|bound| Bound { exact: bound.exact && inside.is_none(), ..bound }))
    }
}
