//! Answers: what stands under `result`.

use super::VectorStruct;
use crate::backend::{Found, Written};
use rose_forest_api::PointId;
use rose_forest_store::{FacetHit, FacetValue, OrderValue, openapi::IdSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Who said so. Clients of Qdrant pass over it; it comes where the request asks for `provenance=true`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Provenance)]
pub struct ProvenanceJson {
    /// The author's key.
    pub author: String,
    /// The action that carries the point.
    pub action: String,
    /// When it was written, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Whether the DHT has delivered it; otherwise the author's signed word is all there is.
    pub confirmed: bool,
}

impl ProvenanceJson {
    /// That of a point.
    pub fn of(found: &Found) -> Self {
        Self {
            author: found.author.to_string(),
            action: found.action.to_string(),
            written_at_micros: found.written_at_micros,
            confirmed: found.confirmed,
        }
    }
}

/// A point that a query found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoredPoint {
    /// Its id.
    #[schema(value_type = IdSchema)]
    pub id: PointId,
    /// When it was written, in microseconds since 1970: larger is newer.
    pub version: u64,
    /// Its score.
    pub score: f32,
    /// Its payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Map<String, Value>>,
    /// Its vector: a list, or an object with one under its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VectorStruct>)]
    pub vector: Option<Value>,
    /// The value that it stands at, in the order of a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_value: Option<OrderValue>,
    /// Who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceJson>,
}

/// A point that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// Its id.
    #[schema(value_type = IdSchema)]
    pub id: PointId,
    /// Its payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Map<String, Value>>,
    /// Its vector: a list, or an object with one under its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VectorStruct>)]
    pub vector: Option<Value>,
    /// The value that it stands at, in the order of a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_value: Option<OrderValue>,
    /// Who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceJson>,
}

/// What a query found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Points {
    /// The points.
    pub points: Vec<ScoredPoint>,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScrollPage {
    /// The points.
    pub points: Vec<Record>,
    /// Where the next page begins; null after the last.
    #[schema(value_type = Option<IdSchema>)]
    pub next_page_offset: Option<PointId>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// The value that its points share.
    #[schema(value_type = FacetValue)]
    pub id: Value,
    /// The points.
    pub hits: Vec<ScoredPoint>,
}

/// What a query found, in groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Groups {
    /// The groups.
    pub groups: Vec<Group>,
}

/// How many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// Points.
    pub count: u64,
}

/// The values of a facet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facets {
    /// Values and how many points hold them.
    pub hits: Vec<FacetHit>,
}

/// Whether there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exists {
    /// Whether there is.
    pub exists: bool,
}

/// A collection's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CollectionDescription {
    /// Its name.
    pub name: String,
}

/// All collections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collections {
    /// Their names.
    pub collections: Vec<CollectionDescription>,
}

/// `completed` where searches see it, else `acknowledged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateStatus {
    /// It is on the chain, and searches see it.
    Completed,
    /// It is in the log.
    Acknowledged,
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateResult {
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<u64>,
    /// How far it is.
    pub status: UpdateStatus,
    /// Points of other authors that a filter meant, and that were left as they are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<Written> for UpdateResult {
    fn from(written: Written) -> Self {
        let status = if written.completed { UpdateStatus::Completed } else { UpdateStatus::Acknowledged };
        Self { operation_id: written.operation_id, status, skipped: written.skipped }
    }
}
