//! Facets: how many points hold each value of a field.

use crate::{
    Snapshot, StoreError,
    codec::{Bytes, read_terminated},
    fields::{
        FieldKind, FieldRecord,
        path::FieldPath,
        postings, read_fields,
        terms::{LONG, OTHER, TERM, read_bool_term, read_integer_term},
    },
    payload::Wanted,
    read::Reader,
    record::RowRecord,
    sets::{Union, read_set},
    tables::FIELDS,
};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A value that is counted. In their order: booleans, integers, strings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum FacetValue {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A string.
    Keyword(String),
}

impl FacetValue {
    /// The value of a payload, if it is one that is counted.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(number) => number.as_i64().map(Self::Integer),
            Value::String(text) => Some(Self::Keyword(text.clone())),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// A value, and how many points hold it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetHit {
    /// The value.
    pub value: FacetValue,
    /// Points: each counts once for a value, however often it holds it.
    pub count: u64,
}

/// Bytes of a chunk's number behind a term.
const CHUNK_BYTES: usize = 2;

impl Snapshot {
    /// The values of a field that most of these rows hold, by count descending, then by value ascending; `limit` of them.
    /// An array's values are its elements.
    ///
    /// Cost: with an index of the field for keywords, integers or booleans, linear in the index, unless rows hold values
    /// of another kind too; otherwise reads and parses the payload of each of these rows.
    pub fn facet(
        &self,
        path: &FieldPath,
        allowed: &RoaringBitmap,
        limit: usize,
    ) -> Result<Vec<FacetHit>, StoreError> {
        let counts = match self.count_by_index(path, allowed)? {
            Some(counts) => counts,
            None => self.count_by_rows(path, allowed)?,
        };
        let mut hits: Vec<_> = counts.into_iter().map(|(value, count)| FacetHit { value, count }).collect();
        hits.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        hits.truncate(limit);
        Ok(hits)
    }

    /// Nothing if no index knows all values of these rows.
    fn count_by_index(
        &self,
        path: &FieldPath,
        allowed: &RoaringBitmap,
    ) -> Result<Option<BTreeMap<FacetValue, u64>>, StoreError> {
        let fields = read_fields(&self.transaction.open_table(FIELDS)?)?;
        let is_it = |field: &FieldRecord| field.path == *path && field.is_ready();
        let Some(field) = fields.into_iter().find(is_it) else { return Ok(None) };
        let read = match field.kind {
            FieldKind::Keyword | FieldKind::Uuid => read_keyword,
            FieldKind::Integer => |term: &[u8]| read_integer_term(term).map(FacetValue::Integer),
            FieldKind::Bool => |term: &[u8]| read_bool_term(term).map(FacetValue::Bool),
            FieldKind::Float | FieldKind::Datetime | FieldKind::Geo | FieldKind::Text => return Ok(None),
        };
        let table = self.transaction.open_table(postings(&field.table()))?;
        for unread in [OTHER, LONG] {
            if !read_set(&table, &[unread])?.is_disjoint(allowed) {
                return Ok(None);
            }
        }
        let mut counts = BTreeMap::new();
        for entry in table.range(&[TERM][..]..&[TERM + 1][..])? {
            let (key, chunk) = entry?;
            let key = key.value();
            let mut rows = Union::default();
            rows.add(key, chunk.value())?;
            let count = rows.finish().intersection_len(allowed);
            if count > 0 {
                // A number that is no integer is in the index and counts for nothing.
                let Some(value) = read(&key[..key.len().saturating_sub(CHUNK_BYTES)]) else { continue };
                *counts.entry(value).or_insert(0) += count;
            }
        }
        Ok(Some(counts))
    }

    fn count_by_rows(
        &self,
        path: &FieldPath,
        allowed: &RoaringBitmap,
    ) -> Result<BTreeMap<FacetValue, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        self.each_payload(path.first_key(), allowed, |_, _, payload| {
            for value in facet_values(path, payload) {
                *counts.entry(value).or_insert(0) += 1;
            }
        })?;
        Ok(counts)
    }

    /// Visits these rows with what their payloads hold under one outermost key.
    pub(crate) fn each_payload(
        &self,
        first_key: &str,
        rows: &RoaringBitmap,
        mut visit: impl FnMut(crate::Label, &RowRecord<'_>, &Value),
    ) -> Result<(), StoreError> {
        let reader = Reader::new(self)?;
        let wanted: Wanted<'_> = [first_key].into_iter().collect();
        for label in rows {
            if let Some(value) = reader.rows.get(label)? {
                let record = RowRecord::decode(value.value())?;
                let payload = wanted.read(record.payload);
                visit(label, &record, &payload);
            }
        }
        Ok(())
    }
}

/// The values of one payload, each once.
fn facet_values(path: &FieldPath, payload: &Value) -> BTreeSet<FacetValue> {
    let mut values = BTreeSet::new();
    path.visit(payload, &mut |value| match value {
        Value::Array(elements) => values.extend(elements.iter().filter_map(FacetValue::of)),
        value => values.extend(FacetValue::of(value)),
    });
    values
}

fn read_keyword(term: &[u8]) -> Option<FacetValue> {
    let mut bytes = Bytes::plain(term.strip_prefix(&[TERM])?, "term");
    let text = String::from_utf8(read_terminated(&mut bytes).ok()?).ok()?;
    bytes.end().ok().map(|()| FacetValue::Keyword(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, block, row};
    use proptest::prelude::*;
    use serde_json::json;

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            (-2i64..3).prop_map(Value::from),
            Just(json!(1.5)),
            Just(json!(1.0)),
            Just(json!(u64::MAX)),
            "[ab]{1,2}".prop_map(Value::from),
        ]
        .boxed();
        prop_oneof![3 => scalar.clone(), 1 => prop::collection::vec(scalar, 0..4).prop_map(Value::from)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn an_index_never_changes_what_a_facet_says(
            values in prop::collection::vec(value(), 1..12),
            kind in prop::sample::select(FieldKind::ALL.as_slice()),
            allowed in prop::collection::vec(0u32..12, 0..12),
        ) {
            let store = TestStore::new();
            let rows = values.iter().zip(1u64..);
            let rows = rows.map(|(value, id)| row(id, 1, &json!({"a": value}).to_string()));
            store.apply(&block(1, rows.collect()));
            let path = "a".parse().unwrap();
            let allowed: RoaringBitmap = allowed.into_iter().collect();
            let plain = store.snapshot().unwrap().facet(&path, &allowed, 10).unwrap();
            store.create_field_index(&path, kind).unwrap();
            store.finish_field_index(&path, |_| true).unwrap();
            let snapshot = store.snapshot().unwrap();
            prop_assert_eq!(snapshot.facet(&path, &allowed, 10).unwrap(), plain);
        }
    }

    #[test]
    fn facets_count_points_most_frequent_first_then_by_value() {
        let store = TestStore::new();
        let payloads =
            [r#"{"a":["x","x","y"]}"#, r#"{"a":"y"}"#, r#"{"a":"b"}"#, r#"{"b":"y"}"#, r#"{"a":"b"}"#];
        let rows = payloads.iter().zip(1u64..).map(|(payload, id)| row(id, 1, payload));
        store.apply(&block(1, rows.collect()));
        let snapshot = store.snapshot().unwrap();
        let facet = |limit| snapshot.facet(&"a".parse().unwrap(), &snapshot.live().unwrap(), limit).unwrap();
        let hit = |value: &str, count| FacetHit { value: FacetValue::Keyword(value.to_owned()), count };
        assert_eq!(facet(10), [hit("b", 2), hit("y", 2), hit("x", 1)]);
        assert_eq!(facet(1), [hit("b", 2)]);
    }
}
