//! Rows in the order of a field's values: numbers, or times.

use crate::{
    Label, Snapshot, StoreError,
    fields::{datetime::parse_micros, path::FieldPath},
    id_key::push_id,
};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use std::{cmp::Ordering, collections::BTreeSet};

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The smallest value.
    #[default]
    Asc,
    /// The largest value.
    Desc,
}

/// A value that rows are ordered by. Integers and floats compare as numbers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OrderValue {
    /// An integer, or a time in microseconds since 1970.
    Integer(i64),
    /// Another number.
    Float(f64),
}

impl OrderValue {
    /// The value of a payload: a number, or text that is a time. Nothing for any other.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::of_number(number),
            Value::String(text) => parse_micros(text).map(Self::Integer),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn of_number(number: &Number) -> Option<Self> {
        number.as_i64().map(Self::Integer).or_else(|| number.as_f64().map(Self::Float))
    }

    fn as_f64(self) -> f64 {
        match self {
            Self::Integer(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

impl Ord for OrderValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            // From zero, so that both zeros are one.
            (a, b) => (a.as_f64() + 0.0).total_cmp(&(b.as_f64() + 0.0)),
        }
    }
}

impl PartialOrd for OrderValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for OrderValue {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for OrderValue {}

/// The order that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy {
    /// The field.
    pub key: FieldPath,
    /// Which end comes first.
    pub direction: Direction,
    /// The value to begin at, itself included.
    pub start_from: Option<OrderValue>,
}

/// A row, and the value that it stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The row.
    pub label: Label,
    /// The value.
    pub value: OrderValue,
}

impl Snapshot {
    /// The first `limit` of these rows in the order of a field; of equal values in the order of ids, as pages are. A row with
    /// several values stands at each of them, one with none at none.
    ///
    /// Cost: reads and parses the payload of each of these rows, whether the field has an index or not; memory for `limit`.
    pub fn ordered(
        &self,
        order: &OrderBy,
        rows: &RoaringBitmap,
        limit: usize,
    ) -> Result<Vec<Ordered>, StoreError> {
        // By value, then by id. Where the largest values come first, ids still ascend: so the values are turned round.
        let mut first: BTreeSet<(Turned, Vec<u8>, Label)> = BTreeSet::new();
        self.each_payload(order.key.first_key(), rows, |label, record, payload| {
            let mut offer = |value: &Value| {
                let Some(value) = OrderValue::of(value) else { return };
                let is_before = order.start_from.is_some_and(|start| match order.direction {
                    Direction::Asc => value < start,
                    Direction::Desc => value > start,
                });
                if is_before {
                    return;
                }
                let turned = Turned { value, direction: order.direction };
                if first.len() >= limit && first.last().is_none_or(|(last, ..)| turned > *last) {
                    return;
                }
                let mut id = Vec::new();
                push_id(&mut id, &record.id);
                first.insert((turned, id, label));
                if first.len() > limit {
                    first.pop_last();
                }
            };
            order.key.visit(payload, &mut |value| match value {
                Value::Array(elements) => elements.iter().for_each(&mut offer),
                value => offer(value),
            });
        })?;
        Ok(first.into_iter().map(|(turned, _, label)| Ordered { label, value: turned.value }).collect())
    }
}

/// A value in the order of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turned {
    value: OrderValue,
    direction: Direction,
}

impl Ord for Turned {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.direction {
            Direction::Asc => self.value.cmp(&other.value),
            Direction::Desc => other.value.cmp(&self.value),
        }
    }
}

impl PartialOrd for Turned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, block, row};
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn rows_come_as_sorting_all_of_them_would_bring_them(
            values in prop::collection::vec(prop::collection::vec(-3i32..4, 0..3), 1..20),
            limit in 0usize..12,
            start in prop::option::of(-3i32..4),
            descending: bool,
        ) {
            let store = TestStore::new();
            let rows = values.iter().zip(1u64..);
            let rows = rows.map(|(values, id)| {
                let halves: Vec<_> = values.iter().map(|value| f64::from(*value) / 2.0).collect();
                row(id, 1, &json!({"a": halves}).to_string())
            });
            store.apply(&block(1, rows.collect()));
            let direction = if descending { Direction::Desc } else { Direction::Asc };
            let start_from = start.map(|start| OrderValue::Float(f64::from(start) / 2.0));
            let order = OrderBy { key: "a".parse().unwrap(), direction, start_from };
            let snapshot = store.snapshot().unwrap();
            let found = snapshot.ordered(&order, &snapshot.live().unwrap(), limit).unwrap();
            let found: Vec<_> = found
                .iter()
                .map(|at| {
                    let PointId::Int(id) = snapshot.row(at.label).unwrap().unwrap().id else { panic!() };
                    ((at.value.as_f64() * 2.0) as i32, id)
                })
                .collect();
            let mut expected: Vec<_> =
                values.iter().zip(1u64..).flat_map(|(values, id)| values.iter().map(move |v| (*v, id))).collect();
            expected.retain(|(value, _)| start.is_none_or(|start| if descending { *value <= start } else { *value >= start }));
            expected.sort_by_key(|(value, id)| (if descending { -value } else { *value }, *id));
            expected.dedup();
            expected.truncate(limit);
            prop_assert_eq!(found, expected);
        }
    }

    use rose_forest_rules::id::PointId;

    #[test]
    fn times_and_numbers_are_values_and_nothing_else_is() {
        for (value, expected) in [
            (json!("1970-01-01T00:00:01Z"), Some(OrderValue::Integer(1_000_000))),
            (json!(3), Some(OrderValue::Integer(3))),
            (json!(2.5), Some(OrderValue::Float(2.5))),
            (json!("three"), None),
            (json!(true), None),
            (json!(null), None),
        ] {
            assert_eq!(OrderValue::of(&value), expected, "{value}");
        }
        assert!(OrderValue::Integer(i64::MAX) > OrderValue::Integer(i64::MAX - 1));
        assert_eq!(OrderValue::Float(-0.0), OrderValue::Integer(0));
    }
}
