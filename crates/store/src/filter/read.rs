//! Reading filters from JSON, with errors that say what is wrong: serde's own for untagged enums do not.

use super::{Condition, Filter};
use crate::fields::datetime::parse_micros;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// A moment, in microseconds since 1970, and the text that said so.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Time {
    text: String,
    #[serde(skip)]
    micros: i64,
}

impl Time {
    /// Reads a time, see [`super::Range::Time`]; nothing if the text is none.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        parse_micros(&text).map(|micros| Self { text, micros })
    }

    /// Microseconds since 1970.
    pub fn micros(&self) -> i64 {
        self.micros
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.micros == other.micros
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.micros.partial_cmp(&other.micros)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text.as_str()).ok_or_else(|| {
            de::Error::custom(format_args!("expected a time like 2026-11-21T16:30:00Z, received {text:?}"))
        })
    }
}

/// A list of conditions; a single one stands for itself, null for none.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Condition>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(Vec::new()),
        Value::Array(conditions) => conditions.into_iter().map(condition).collect(),
        value => Ok(vec![condition(value)?]),
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        condition(Value::deserialize(deserializer)?)
    }
}

/// Which condition it is follows from its keys.
fn condition<E: de::Error>(value: Value) -> Result<Condition, E> {
    let Value::Object(mut object) = value else {
        return Err(E::custom(format_args!("expected a condition, an object, received {value}")));
    };
    if object.contains_key("key") {
        return read(Value::Object(object)).map(Condition::Field);
    }
    // The one key of the others.
    let mut only = |name: &str| {
        let value = object.remove(name)?;
        Some(match object.keys().next() {
            None => Ok(value),
            Some(other) => {
                Err(E::custom(format_args!("expected {name:?} alone, received {other:?} beside it")))
            }
        })
    };
    if let Some(value) = only("is_empty") {
        return Ok(Condition::IsEmpty { is_empty: read(value?)? });
    }
    if let Some(value) = only("is_null") {
        return Ok(Condition::IsNull { is_null: read(value?)? });
    }
    if let Some(value) = only("has_id") {
        return Ok(Condition::HasId { has_id: read(value?)? });
    }
    if let Some(value) = only("has_vector") {
        return Ok(Condition::HasVector { has_vector: read(value?)? });
    }
    if let Some(value) = only("nested") {
        return Ok(Condition::Nested { nested: read(value?)? });
    }
    const OF_FILTERS: [&str; 4] = ["must", "should", "must_not", "min_should"];
    match object.keys().find(|key| !OF_FILTERS.contains(&key.as_str())) {
        None => read::<Filter, E>(Value::Object(object)).map(Condition::Filter),
        Some(other) => Err(E::custom(format_args!(
            "expected a condition with key, is_empty, is_null, has_id, has_vector, nested or a filter, received {other:?}"
        ))),
    }
}

fn read<T: de::DeserializeOwned, E: de::Error>(value: Value) -> Result<T, E> {
    serde_json::from_value(value).map_err(E::custom)
}
