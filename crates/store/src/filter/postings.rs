//! Conditions answered by an index alone.

use super::{Bounds, FieldCondition, Match, MatchValue, MatchValues, Range};
use crate::{
    StoreError,
    fields::{
        FieldKind, FieldRecord,
        geo::Area,
        terms::{
            LONG, OTHER, TERM, bool_term, integer_term, number_prefix, ordered_bits, read_geo_term, text_term,
        },
        words::words,
    },
    sets::{Union, add_set, read_set},
};
use redb::ReadOnlyTable;
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// Rows that a condition may hold for.
pub(super) struct Bound {
    pub set: RoaringBitmap,
    /// Whether it holds for all of them; otherwise each has to be looked at.
    pub exact: bool,
}

impl Bound {
    pub(super) fn exact(set: RoaringBitmap) -> Self {
        Self { set, exact: true }
    }
}

/// An index to read from.
pub(super) struct Index {
    pub record: FieldRecord,
    pub table: ReadOnlyTable<&'static [u8], &'static [u8]>,
}

/// Bytes of a chunk's number behind a term.
const CHUNK_BYTES: usize = 2;

impl Index {
    /// The rows of a set; see [`crate::fields::terms`].
    pub(super) fn set(&self, term: &[u8]) -> Result<RoaringBitmap, StoreError> {
        read_set(&self.table, term)
    }

    /// The rows that fulfil a condition on this index's field; nothing where the index cannot tell.
    pub(super) fn bound(&self, condition: &FieldCondition) -> Result<Option<Bound>, StoreError> {
        let FieldCondition {
            key: _,
            matches,
            range,
            geo_bounding_box,
            geo_radius,
            geo_polygon,
            values_count,
            is_empty,
            is_null,
        } = condition;
        if values_count.is_some() || is_empty.is_some() || is_null.is_some() {
            return Ok(None);
        }
        let areas = [
            geo_bounding_box.as_ref().map(|area| area as &dyn Area),
            geo_radius.as_ref().map(|area| area as &dyn Area),
            geo_polygon.as_ref().map(|area| area as &dyn Area),
        ];
        // Of several that are given, one has to hold.
        let mut bounds = Vec::new();
        if let Some(matches) = matches {
            bounds.push(self.matches(matches)?);
        }
        if let Some(range) = range {
            bounds.push(self.range(range)?);
        }
        for area in areas.into_iter().flatten() {
            bounds.push(self.area(area)?);
        }
        let mut all = Bound::exact(RoaringBitmap::new());
        for bound in bounds {
            let Some(bound) = bound else { return Ok(None) };
            all.set |= bound.set;
            all.exact &= bound.exact;
        }
        Ok(Some(all))
    }

    fn matches(&self, matches: &Match) -> Result<Option<Bound>, StoreError> {
        let is_text = matches!(self.record.kind, FieldKind::Keyword | FieldKind::Uuid);
        let is_number = matches!(self.record.kind, FieldKind::Integer | FieldKind::Float);
        match matches {
            Match::Value(MatchValue::Bool(value)) if self.record.kind == FieldKind::Bool => {
                self.any([bool_term(*value)])
            }
            Match::Value(MatchValue::Integer(value)) if is_number => self.any([integer_term(*value)]),
            Match::Value(MatchValue::Keyword(value)) if is_text => self.any([text_term(value)]),
            Match::Any(MatchValues::Integers(values)) if is_number => {
                self.any(values.iter().map(|value| integer_term(*value)))
            }
            Match::Any(MatchValues::Keywords(values)) if is_text => {
                self.any(values.iter().map(|value| text_term(value)))
            }
            Match::Except(MatchValues::Integers(values)) if is_number => {
                self.except(values.iter().map(|value| integer_term(*value)).collect())
            }
            Match::Except(MatchValues::Keywords(values)) if is_text => {
                self.except(values.iter().map(|value| text_term(value)).collect())
            }
            Match::Text(text) if self.record.kind == FieldKind::Text => self.words(text),
            Match::TextAny(text) if self.record.kind == FieldKind::Text => {
                self.any(words(text).map(|word| text_term(&word)))
            }
            // Which rows hold all of the words; whether one after the other, the rows themselves say.
            Match::Phrase(text) if self.record.kind == FieldKind::Text => {
                Ok(self.words(text)?.map(|bound| Bound { exact: false, ..bound }))
            }
            Match::Value(_)
            | Match::Any(_)
            | Match::Except(_)
            | Match::Text(_)
            | Match::TextAny(_)
            | Match::Phrase(_)
            | Match::Prefix(_)
            | Match::Substring(_) => Ok(None),
        }
    }

    /// Rows with one of these terms. Cost: a look-up for each.
    fn any(&self, terms: impl IntoIterator<Item = Vec<u8>>) -> Result<Option<Bound>, StoreError> {
        let mut union = Union::default();
        let mut exact = true;
        for term in terms {
            // What is too long for a term of its own shares one with all that are.
            exact &= term != [LONG];
            add_set(&self.table, &term, &mut union)?;
        }
        Ok(Some(Bound { set: union.finish(), exact }))
    }

    /// Rows with a value beside these. Cost: linear in the index.
    fn except(&self, terms: BTreeSet<Vec<u8>>) -> Result<Option<Bound>, StoreError> {
        let mut union = Union::default();
        for entry in self.table.range(&[TERM][..]..&[TERM + 1][..])? {
            let (key, value) = entry?;
            let key = key.value();
            if !terms.contains(&key[..key.len().saturating_sub(CHUNK_BYTES)]) {
                union.add(key, value.value())?;
            }
        }
        add_set(&self.table, &[OTHER], &mut union)?;
        add_set(&self.table, &[LONG], &mut union)?;
        Ok(Some(Bound { set: union.finish(), exact: !terms.contains(&vec![LONG]) }))
    }

    /// Rows with all words of a text. Cost: a look-up for each word.
    fn words(&self, text: &str) -> Result<Option<Bound>, StoreError> {
        let words: BTreeSet<_> = words(text).map(|word| text_term(&word)).collect();
        let mut all: Option<RoaringBitmap> = None;
        for term in &words {
            let rows = self.set(term)?;
            all = Some(match all {
                Some(all) => all & rows,
                None => rows,
            });
        }
        Ok(Some(Bound { set: all.unwrap_or_default(), exact: !words.contains(&vec![LONG]) }))
    }

    fn range(&self, range: &Range) -> Result<Option<Bound>, StoreError> {
        let bounds = match (range, self.record.kind) {
            (Range::Number(bounds), FieldKind::Integer | FieldKind::Float) => bounds.map(ordered_bits),
            (Range::Time(bounds), FieldKind::Datetime) => {
                bounds.micros().map(|micros| micros as u64 ^ 1 << 63)
            }
            (Range::Number(_) | Range::Time(_), _) => return Ok(None),
        };
        let mut union = Union::default();
        self.each_between(&bounds, |key, value| union.add(key, value))?;
        Ok(Some(Bound::exact(union.finish())))
    }

    /// Rows with a place in an area. Cost: linear in the places between its latitudes.
    fn area(&self, area: &dyn Area) -> Result<Option<Bound>, StoreError> {
        if self.record.kind != FieldKind::Geo {
            return Ok(None);
        }
        let (south, north) = area.latitudes();
        let bounds =
            Bounds { gte: Some(ordered_bits(south)), lte: Some(ordered_bits(north)), ..Bounds::default() };
        let mut union = Union::default();
        self.each_between(&bounds, |key, value| {
            let term = &key[..key.len().saturating_sub(CHUNK_BYTES)];
            let place = read_geo_term(term).ok_or_else(|| StoreError::damaged("field index", "no place"))?;
            if area.contains(place) { union.add(key, value) } else { Ok(()) }
        })?;
        Ok(Some(Bound::exact(union.finish())))
    }

    /// Visits the chunks of terms whose first eight bytes lie between these.
    fn each_between(
        &self,
        bounds: &Bounds<u64>,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // The first key that begins with these bits, and the first beyond all that do.
        let at = |bits: u64| number_prefix(bits);
        let beyond = |bits: u64| bits.checked_add(1).map_or(vec![TERM + 1], number_prefix);
        let first = bounds.gte.map(at).max(bounds.gt.map(beyond)).unwrap_or_else(|| vec![TERM]);
        let ends = bounds.lt.map(at).into_iter().chain(bounds.lte.map(beyond));
        let end = ends.min().unwrap_or_else(|| vec![TERM + 1]);
        if first >= end {
            return Ok(());
        }
        for entry in self.table.range(first.as_slice()..end.as_slice())? {
            let (key, value) = entry?;
            visit(key.value(), value.value())?;
        }
        Ok(())
    }
}

impl<T: Copy> Bounds<T> {
    fn map<U>(&self, map: impl Fn(T) -> U) -> Bounds<U> {
        Bounds {
            gt: self.gt.map(&map),
            gte: self.gte.map(&map),
            lt: self.lt.map(&map),
            lte: self.lte.map(&map),
        }
    }
}
