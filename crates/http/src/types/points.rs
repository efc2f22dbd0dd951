//! Requests about points, except queries.

use super::{BatchVectors, OrderByJson, VectorStruct, WithPayload, WithVector};
use rose_forest_api::PointId;
use rose_forest_store::{FieldPath, Filter};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

/// A point to write.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Point {
    /// Its id.
    pub id: PointId,
    /// Its vector.
    pub vector: VectorStruct,
    /// Its payload.
    #[serde(default)]
    pub payload: Option<Map<String, Value>>,
}

/// Points in columns.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Batch {
    /// Their ids.
    pub ids: Vec<PointId>,
    /// Their vectors.
    pub vectors: BatchVectors,
    /// Their payloads.
    #[serde(default)]
    pub payloads: Option<Vec<Option<Map<String, Value>>>>,
}

/// `PUT /points`: points, in rows or in columns.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Upsert {
    /// In rows.
    #[serde(default)]
    pub points: Option<Vec<Point>>,
    /// In columns.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// Overwrites only points that fulfil this.
    #[serde(default)]
    pub update_filter: Option<Filter>,
    /// `upsert`, `insert_only` or `update_only`.
    #[serde(default)]
    pub update_mode: Option<String>,
}

/// Which points: ids, or a filter.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct PointsSelector {
    /// Their ids.
    #[serde(default)]
    pub points: Option<Vec<PointId>>,
    /// What they fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
}

/// `POST` and `PUT /points/payload`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SetPayload {
    /// The fields.
    pub payload: Map<String, Value>,
    /// Where to put them.
    #[serde(default)]
    pub key: Option<FieldPath>,
    /// Whose.
    #[serde(flatten)]
    pub select: PointsSelector,
}

/// `POST /points/payload/delete`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct DeletePayload {
    /// The fields.
    pub keys: Vec<FieldPath>,
    /// Whose.
    #[serde(flatten)]
    pub select: PointsSelector,
}

/// A point's new vector.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct PointVector {
    /// The point.
    pub id: PointId,
    /// Its vector.
    pub vector: VectorStruct,
}

/// `PUT /points/vectors`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct UpdateVectors {
    /// The vectors.
    pub points: Vec<PointVector>,
    /// Changes only points that fulfil this.
    #[serde(default)]
    pub update_filter: Option<Filter>,
}

/// `POST /points/batch`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Operations {
    /// One after the other.
    pub operations: Vec<Operation>,
}

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Writes points.
    Upsert(Upsert),
    /// Deletes points.
    Delete(PointIds),
    /// Merges fields into payloads.
    SetPayload(SetPayload),
    /// Replaces payloads.
    OverwritePayload(SetPayload),
    /// Takes fields away.
    DeletePayload(DeletePayload),
    /// Takes payloads away.
    ClearPayload(PointIds),
    /// Replaces vectors.
    UpdateVectors(UpdateVectors),
    /// Deletes vectors: refused, for every point has one.
    DeleteVectors,
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn read<T: de::DeserializeOwned, E: de::Error>(value: Value) -> Result<T, E> {
            serde_json::from_value(value).map_err(E::custom)
        }
        let object = Map::deserialize(deserializer)?;
        let mut entries = object.into_iter();
        let (Some((name, value)), None) = (entries.next(), entries.next()) else {
            return Err(de::Error::custom("expected an object with one operation"));
        };
        Ok(match name.as_str() {
            "upsert" => Self::Upsert(read(value)?),
            "delete" | "delete_points" => Self::Delete(read(value)?),
            "set_payload" => Self::SetPayload(read(value)?),
            "overwrite_payload" => Self::OverwritePayload(read(value)?),
            "delete_payload" => Self::DeletePayload(read(value)?),
            "clear_payload" => Self::ClearPayload(read(value)?),
            "update_vectors" => Self::UpdateVectors(read(value)?),
            "delete_vectors" => Self::DeleteVectors,
            _ => return Err(de::Error::custom(format_args!("unknown operation {name:?}"))),
        })
    }
}

/// `POST /points/delete` and `/points/payload/clear`: a selector, or a bare list of ids.
#[derive(Clone, Debug, PartialEq)]
pub enum PointIds {
    /// Ids alone.
    Ids(Vec<PointId>),
    /// Ids or a filter.
    Selector(PointsSelector),
}

impl<'de> Deserialize<'de> for PointIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let read = match value {
            Value::Array(_) => serde_json::from_value(value).map(Self::Ids),
            value => serde_json::from_value(value).map(Self::Selector),
        };
        read.map_err(de::Error::custom)
    }
}

/// `POST /points`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RetrieveRequest {
    /// The ids.
    pub ids: Vec<PointId>,
    /// Which part of payloads; all of it when nothing is said.
    #[serde(default)]
    pub with_payload: Option<WithPayload>,
    /// Whether to bring vectors.
    #[serde(default, alias = "with_vectors")]
    pub with_vector: Option<WithVector>,
}

/// `POST /points/scroll`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ScrollRequest {
    /// The first id that may be on the page.
    #[serde(default)]
    pub offset: Option<PointId>,
    /// How many.
    #[serde(default)]
    pub limit: Option<usize>,
    /// What they fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// Which part of payloads; all of it when nothing is said.
    #[serde(default)]
    pub with_payload: Option<WithPayload>,
    /// Whether to bring vectors.
    #[serde(default, alias = "with_vectors")]
    pub with_vector: Option<WithVector>,
    /// Another order than that of the ids.
    #[serde(default)]
    pub order_by: Option<OrderByJson>,
}

/// `POST /points/count`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct CountRequest {
    /// What they fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
}

/// `POST /facet`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FacetRequest {
    /// The field.
    pub key: FieldPath,
    /// How many values.
    #[serde(default)]
    pub limit: Option<usize>,
    /// What points fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
}
