//! What to bring of points, and in which order.

use crate::openapi::forms::StartFrom;
use rose_forest_store::{Direction, FieldPath, OrderBy, OrderValue, Projection};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Which part of payloads to bring.
#[derive(Clone, Debug, PartialEq)]
pub enum WithPayload {
    /// All of it, or nothing.
    Whole(bool),
    /// Some fields, or all but some.
    Part(Projection),
}

impl WithPayload {
    /// Whether any of it is wanted.
    pub fn any(&self) -> bool {
        !matches!(self, Self::Whole(false))
    }

    /// The wanted part; an empty payload where a point has none.
    pub fn apply(&self, payload: Option<Map<String, Value>>) -> Option<Map<String, Value>> {
        match self {
            Self::Whole(false) => None,
            Self::Whole(true) => Some(payload.unwrap_or_default()),
            Self::Part(part) => Some(part.apply(payload.unwrap_or_default())),
        }
    }
}

/// How it is written.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = WithPayload)]
pub(crate) enum WithPayloadForm {
    /// All of it, or nothing.
    Whole(bool),
    /// These fields.
    Keys(Vec<FieldPath>),
    /// These fields.
    Include { include: Vec<FieldPath> },
    /// All fields but these.
    Exclude { exclude: Vec<FieldPath> },
}

impl<'de> Deserialize<'de> for WithPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match WithPayloadForm::deserialize(deserializer) {
            Ok(WithPayloadForm::Whole(whole)) => Ok(Self::Whole(whole)),
            Ok(WithPayloadForm::Keys(include) | WithPayloadForm::Include { include }) => {
                Ok(Self::Part(Projection::Include(include)))
            }
            Ok(WithPayloadForm::Exclude { exclude }) => Ok(Self::Part(Projection::Exclude(exclude))),
            Err(_) => Err(de::Error::custom(
                "expected with_payload to be true, false, a list of keys, {\"include\": […]} or {\"exclude\": […]}",
            )),
        }
    }
}

impl Serialize for WithPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(whole) => serializer.serialize_bool(*whole),
            Self::Part(Projection::Include(keys)) => serializer.collect_map([("include", keys)]),
            Self::Part(Projection::Exclude(keys)) => serializer.collect_map([("exclude", keys)]),
        }
    }
}

/// Whether to bring vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum WithVector {
    /// The vector, or none.
    All(bool),
    /// Those with these names.
    Names(Vec<String>),
}

impl WithVector {
    /// Whether the collection's one vector is wanted.
    pub fn wants(&self, name: &str) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Names(names) => names.iter().any(|wanted| wanted == name),
        }
    }
}

/// How it is written, where it is not a key alone.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(as = OrderByObject)]
pub(crate) struct OrderByObject {
    /// The field.
    key: FieldPath,
    /// Which end comes first; the smallest value when nothing is said.
    #[serde(default)]
    direction: Option<Direction>,
    /// The value to begin at: a number or a time.
    #[serde(default)]
    #[schema(value_type = Option<StartFrom>)]
    start_from: Option<Value>,
}

/// An order by a field.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderByJson(pub OrderBy);

impl<'de> Deserialize<'de> for OrderByJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let whole = match Value::deserialize(deserializer)? {
            Value::String(key) => OrderByObject {
                key: key.parse().map_err(de::Error::custom)?,
                direction: None,
                start_from: None,
            },
            value => serde_json::from_value(value).map_err(de::Error::custom)?,
        };
        let start_from = match whole.start_from.filter(|value| !value.is_null()) {
            None => None,
            Some(value) => Some(OrderValue::of(&value).ok_or_else(|| {
                de::Error::custom(format_args!(
                    "expected start_from to be a number or a time, received {value}"
                ))
            })?),
        };
        Ok(Self(OrderBy { key: whole.key, direction: whole.direction.unwrap_or_default(), start_from }))
    }
}

impl Serialize for OrderByJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let OrderBy { key, direction, start_from } = self.0.clone();
        let start_from = start_from.map(serde_json::to_value).transpose().map_err(ser::Error::custom)?;
        OrderByObject { key, direction: Some(direction), start_from }.serialize(serializer)
    }
}
