//! Requests about points, except queries.

use super::{BatchVectors, OrderByJson, VectorStruct, WithPayload, WithVector, with::WithPayloadForm};
use crate::openapi::forms::{OrderByForm, UpdateMode};
use rose_forest_api::PointId;
use rose_forest_store::{FieldPath, Filter, openapi::IdSchema};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A point to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Point {
    /// Its id.
    #[schema(value_type = IdSchema)]
    pub id: PointId,
    /// Its vector.
    pub vector: VectorStruct,
    /// Its payload.
    #[serde(default)]
    pub payload: Option<Map<String, Value>>,
}

/// Points in columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Batch {
    /// Their ids.
    #[schema(value_type = Vec<IdSchema>)]
    pub ids: Vec<PointId>,
    /// Their vectors.
    pub vectors: BatchVectors,
    /// Their payloads.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Option<Object>>>)]
    pub payloads: Option<Vec<Option<Map<String, Value>>>>,
}

/// `PUT /points`: points, in rows or in columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Upsert {
    /// In rows.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 10_000)]
    pub points: Option<Vec<Point>>,
    /// In columns.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// Overwrites only points that fulfil this.
    #[serde(default)]
    pub update_filter: Option<Filter>,
    /// `upsert`, `insert_only` or `update_only`.
    #[serde(default)]
    #[schema(value_type = Option<UpdateMode>)]
    pub update_mode: Option<String>,
}

/// Which points: ids, or a filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PointsSelector {
    /// Their ids.
    #[serde(default)]
    #[schema(value_type = Option<Vec<IdSchema>>, min_items = 1, max_items = 10_000)]
    pub points: Option<Vec<PointId>>,
    /// What they fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
}

/// `POST` and `PUT /points/payload`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct DeletePayload {
    /// The fields.
    pub keys: Vec<FieldPath>,
    /// Whose.
    #[serde(flatten)]
    pub select: PointsSelector,
}

/// A point's new vector.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct PointVector {
    /// The point.
    #[schema(value_type = IdSchema)]
    pub id: PointId,
    /// Its vector.
    pub vector: VectorStruct,
}

/// `PUT /points/vectors`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct UpdateVectors {
    /// The vectors.
    #[schema(min_items = 1, max_items = 10_000)]
    pub points: Vec<PointVector>,
    /// Changes only points that fulfil this.
    #[serde(default)]
    pub update_filter: Option<Filter>,
}

/// `POST /points/batch`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct Operations {
    /// One after the other.
    pub operations: Vec<Operation>,
}

/// One operation of a batch.
#[derive(Clone, Debug, PartialEq, ToSchema)]
#[serde(rename_all = "snake_case")]
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
    #[serde(skip)]
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
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum PointIds {
    /// Ids alone.
    #[schema(value_type = Vec<IdSchema>)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RetrieveRequest {
    /// The ids.
    #[schema(value_type = Vec<IdSchema>)]
    pub ids: Vec<PointId>,
    /// Which part of payloads; all of it when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<WithPayloadForm>)]
    pub with_payload: Option<WithPayload>,
    /// Whether to bring vectors.
    #[serde(default, alias = "with_vectors")]
    pub with_vector: Option<WithVector>,
}

/// `POST /points/scroll`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, ToSchema)]
pub struct ScrollRequest {
    /// The first id that may be on the page.
    #[serde(default)]
    #[schema(value_type = Option<IdSchema>)]
    pub offset: Option<PointId>,
    /// How many.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10_000)]
    pub limit: Option<usize>,
    /// What they fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// Which part of payloads; all of it when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<WithPayloadForm>)]
    pub with_payload: Option<WithPayload>,
    /// Whether to bring vectors.
    #[serde(default, alias = "with_vectors")]
    pub with_vector: Option<WithVector>,
    /// Another order than that of the ids.
    #[serde(default)]
    #[schema(value_type = Option<OrderByForm>)]
    pub order_by: Option<OrderByJson>,
}

/// `POST /points/count`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, ToSchema)]
pub struct CountRequest {
    /// What they fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
}

/// `POST /facet`.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
pub struct FacetRequest {
    /// The field.
    pub key: FieldPath,
    /// How many values.
    #[serde(default)]
    #[schema(maximum = 10_000)]
    pub limit: Option<usize>,
    /// What points fulfil.
    #[serde(default)]
    pub filter: Option<Filter>,
}
