//! From a filter to the rows that fulfil it.

use super::{Filter, bound::Bounder, check::Candidate};
use crate::{Label, Snapshot, StoreError, read::Reader, record::RowRecord};
use roaring::RoaringBitmap;

/// The rows that a filter allows, exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allowed {
    rows: RoaringBitmap,
}

impl Allowed {
    /// How many there are. Cost: linear in the chunks of 65,536 labels.
    pub fn count(&self) -> u64 {
        self.rows.len()
    }

    /// Whether it allows this one. Cost: a binary search or two.
    pub fn contains(&self, label: Label) -> bool {
        self.rows.contains(label)
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Label> + '_ {
        self.rows.iter()
    }

    /// Them as a bitmap.
    pub fn rows(&self) -> &RoaringBitmap {
        &self.rows
    }

    /// Them as a bitmap.
    pub fn into_rows(self) -> RoaringBitmap {
        self.rows
    }
}

/// What indexes say of a filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Narrowed {
    /// The rows that may fulfil it; no other does.
    pub allowed: Allowed,
    /// Whether all of them do. Otherwise each has to be looked at: [`Snapshot::holding`].
    pub is_exact: bool,
}

/// Where more than one in so many rows is a candidate, the table of rows is read through instead of each looked up.
const SCAN_SHARE: u64 = 8;

impl Snapshot {
    /// The rows that count and fulfil a filter.
    ///
    /// Cost: where indexes answer it, look-ups and operations on bitmaps, linear in the terms that are read. Conditions
    /// that no index answers are checked on each row that the others leave, which reads and parses its payload, a few
    /// microseconds; without any index that is every row.
    pub fn evaluate(&self, filter: &Filter) -> Result<Allowed, StoreError> {
        self.evaluate_among(filter, None)
    }

    /// The same among these rows only, of one author for instance ([`Self::live_of`]).
    pub fn evaluate_among(
        &self,
        filter: &Filter,
        among: Option<&RoaringBitmap>,
    ) -> Result<Allowed, StoreError> {
        let Narrowed { allowed: Allowed { mut rows }, is_exact } = self.narrow(filter)?;
        if let Some(among) = among {
            rows &= among;
        }
        if !is_exact {
            rows = self.check(filter, &rows)?;
        }
        Ok(Allowed { rows })
    }

    /// The rows that may fulfil a filter, as far as indexes know, without looking at any row. Cost: that part of
    /// [`Self::evaluate`] that indexes do.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn narrow(&self, filter: &Filter) -> Result<Narrowed, StoreError> {
        let bounder = Bounder::new(self)?;
        let (rows, is_exact) = match bounder.filter(filter, None)? {
            Some(bound) => (bound.set, bound.exact),
            None => (bounder.live()?.clone(), false),
        };
        Ok(Narrowed { allowed: Allowed { rows }, is_exact })
    }

    /// Those of these rows that fulfil a filter; each is looked at, which costs a few microseconds. The rows are ones that
    /// count.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn holding(&self, filter: &Filter, rows: &RoaringBitmap) -> Result<Allowed, StoreError> {
        Ok(Allowed { rows: self.check(filter, rows)? })
    }

    /// How many rows may fulfil a filter, as far as indexes know without looking at any row: enough to decide between
    /// searching and scanning. Never too few. Cost: that part of [`Self::evaluate`] that indexes do.
    pub fn at_most(&self, filter: &Filter) -> Result<u64, StoreError> {
        Ok(Bounder::new(self)?.filter(filter, None)?.map_or(self.count(), |bound| bound.set.len()))
    }

    /// Those of these rows that fulfil a filter, each looked at.
    fn check(&self, filter: &Filter, candidates: &RoaringBitmap) -> Result<RoaringBitmap, StoreError> {
        let rows = Reader::new(self)?.rows;
        let mut holding = Vec::new();
        let wanted = filter.first_keys();
        let mut check = |label: Label, value: &[u8]| {
            let record = RowRecord::decode(value)?;
            let payload = wanted.read(record.payload);
            if filter.holds(Candidate { id: Some(&record.id), payload: &payload }) {
                holding.push(label);
            }
            Ok::<_, StoreError>(())
        };
        let (Some(first), Some(last)) = (candidates.min(), candidates.max()) else {
            return Ok(RoaringBitmap::new());
        };
        if candidates.len() > u64::from(last - first) / SCAN_SHARE {
            for entry in rows.range(first..=last)? {
                let (label, value) = entry?;
                if candidates.contains(label.value()) {
                    check(label.value(), value.value())?;
                }
            }
        } else {
            for label in candidates {
                if let Some(value) = rows.get(label)? {
                    check(label, value.value())?;
                }
            }
        }
        // Ascending, as they were looked at.
        Ok(RoaringBitmap::from_sorted_iter(holding).unwrap_or_default())
    }
}
