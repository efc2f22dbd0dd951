//! What every row has to be, whatever file it came from, checked before anything is sent.

use super::{Item, Row};
use rose_forest_api::{PointId, Schema};
use rose_forest_core::Space;
use rose_forest_rules::limits::{MAX_COMPONENT, MAX_PAYLOAD_BYTES, MAX_PAYLOAD_DEPTH};
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Checks rows of one load. Remembers every id, about 50 bytes each.
pub struct Checks {
    space: Space,
    seen: HashMap<PointId, u64>,
}

/// Why a payload cannot be stored.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadPayload {
    /// Not an object.
    #[error("the payload is {received}, expected a JSON object")]
    NoObject {
        /// What it is.
        received: &'static str,
    },
    /// Too large.
    #[error("the payload has {received} bytes, at most {MAX_PAYLOAD_BYTES} are allowed")]
    TooLarge {
        /// Bytes of its text.
        received: usize,
    },
    /// Too deep.
    #[error("the payload is nested {received} levels deep, at most {MAX_PAYLOAD_DEPTH} are allowed")]
    TooDeep {
        /// Its levels.
        received: usize,
    },
}

impl Checks {
    /// Checks for this collection.
    pub fn new(schema: &Schema) -> Self {
        Self { space: Space::from(schema), seen: HashMap::new() }
    }

    /// The row, or why it is bad.
    pub fn check(&mut self, row: Row) -> Item {
        if let Err(problem) = self.space.check(&row.vector) {
            return Item::bad(row.place, problem);
        }
        if let Some(x) = row.vector.iter().find(|x| x.abs() > MAX_COMPONENT) {
            return Item::bad(
                row.place,
                format!("a component is {x:e}, at most {MAX_COMPONENT:e} is allowed"),
            );
        }
        match self.seen.entry(row.id.clone()) {
            Entry::Occupied(first) => {
                Item::bad(row.place, format!("the id {} is the same as in {}", row.id, first.get()))
            }
            Entry::Vacant(entry) => {
                entry.insert(row.place);
                Item::Row(row)
            }
        }
    }
}

/// The text of a payload; none for a missing one.
pub fn payload_text(payload: Value) -> Result<Option<String>, BadPayload> {
    let received = match &payload {
        Value::Null => return Ok(None),
        Value::Object(_) => {
            let received = depth(&payload);
            if received > MAX_PAYLOAD_DEPTH {
                return Err(BadPayload::TooDeep { received });
            }
            let text = payload.to_string();
            if text.len() > MAX_PAYLOAD_BYTES {
                return Err(BadPayload::TooLarge { received: text.len() });
            }
            return Ok(Some(text));
        }
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
    };
    Err(BadPayload::NoObject { received })
}

/// serde_json reads at most 128 levels, so this recursion is bounded.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rose_forest_api::{Distance, Encoding};
    use serde_json::json;

    fn reason(item: Item) -> String {
        match item {
            Item::Bad(bad) => bad.reason,
            Item::Row(row) => panic!("{row:?} was accepted"),
        }
    }

    fn checks(distance: Distance) -> Checks {
        Checks::new(&Schema::new("a", 2, distance, Encoding::F32).unwrap())
    }

    fn row(place: u64, vector: &[f32]) -> Row {
        Row { place, id: PointId::Int(place), vector: vector.to_vec(), payload: None }
    }

    #[test]
    fn a_row_of_the_wrong_dimension_is_refused() {
        let said = reason(checks(Distance::Dot).check(row(1, &[1.0, 2.0, 3.0])));
        assert!(said.contains('2') && said.contains('3'), "{said}");
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30] {
            reason(checks(Distance::Dot).check(row(1, &[1.0, x])));
        }
    }

    #[test]
    fn the_zero_vector_is_refused_under_cosine_only() {
        reason(checks(Distance::Cosine).check(row(1, &[0.0, 0.0])));
        assert!(matches!(checks(Distance::Euclid).check(row(1, &[0.0, 0.0])), Item::Row(_)));
    }

    #[test]
    fn an_id_that_comes_twice_names_the_first_place() {
        let mut checks = checks(Distance::Dot);
        checks.check(Row { id: PointId::Int(5), ..row(1, &[1.0, 2.0]) });
        let said = reason(checks.check(Row { id: PointId::Int(5), ..row(9, &[1.0, 2.0]) }));
        assert_eq!(said, "the id 5 is the same as in 1");
    }

    #[test]
    fn a_payload_is_a_small_object_or_nothing() {
        assert_eq!(payload_text(json!(null)), Ok(None));
        assert_eq!(payload_text(json!({"a": 1})), Ok(Some("{\"a\":1}".to_owned())));
        assert_eq!(payload_text(json!([1])), Err(BadPayload::NoObject { received: "an array" }));
        assert!(matches!(payload_text(json!({"a": "x".repeat(1 << 20)})), Err(BadPayload::TooLarge { .. })));
        let deep = (0..101).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert_eq!(payload_text(deep), Err(BadPayload::TooDeep { received: 101 }));
    }
}
