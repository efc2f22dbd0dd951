//! How requests are written whose types read them by hand, so that errors say what is wrong. Only described, never made.
#![allow(dead_code, reason = "only described")]

use crate::types::{Example, Mmr, OrderByObject, Recommend, Rrf, VectorParams};
use rose_forest_store::{FieldKind, FieldPath, Time, openapi::IdSchema};
use std::collections::HashMap;
use utoipa::{
    ToSchema,
    openapi::{
        ArrayBuilder, ObjectBuilder, Ref, RefOr,
        schema::{AnyOfBuilder, Schema, Type},
    },
};

/// Which points come first. A vector or an id alone is `nearest`.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = Query)]
pub(crate) enum QueryForm {
    /// The nearest to a vector, or to that of a point.
    Nearest(Example),
    /// The nearest; with `mmr`, of these those that are far from each other.
    NearestTo { nearest: Example, mmr: Option<Mmr> },
    /// Those like some, unlike others.
    Recommend { recommend: Recommend },
    /// Those first in the order of a field.
    OrderBy { order_by: OrderByForm },
    /// Any, by chance.
    Sample { sample: Sample },
    /// Those that prefetches put first together.
    Fusion { fusion: FusionName },
    /// Those that prefetches put first together, by ranks.
    Rrf { rrf: Rrf },
}

/// A sample.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sample {
    Random,
}

/// How prefetches become one list: by ranks, or by scores.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Fusion)]
pub(crate) enum FusionName {
    Rrf,
    Dbsf,
}

/// An order by a field: its path alone, or with more.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = OrderBy)]
pub(crate) enum OrderByForm {
    Key(FieldPath),
    Object(OrderByObject),
}

/// The value that an order begins at.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum StartFrom {
    Number(f64),
    Time(Time),
}

/// A vector, alone or with its name.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum SearchVector {
    Plain(Vec<f32>),
    Named { name: String, vector: Vec<f32> },
}

/// What the vectors of a collection are like: of one without a name, or of one under its name.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = VectorsConfig)]
pub(crate) enum VectorsForm {
    One(VectorParams),
    #[schema(value_type = HashMap<String, VectorParams>)]
    Named(HashMap<String, VectorParams>),
}

/// How vectors are compared.
#[derive(ToSchema)]
#[schema(as = Distance)]
pub(crate) enum DistanceName {
    Cosine,
    Dot,
    Euclid,
    Manhattan,
}

/// How vectors are stored.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Datatype)]
pub(crate) enum DatatypeName {
    Float32,
    Float16,
}

/// Signed bytes instead of floats. What tunes Qdrant's own is passed over.
#[derive(ToSchema)]
#[schema(as = QuantizationConfig)]
pub(crate) struct QuantizationForm {
    scalar: ScalarForm,
}

/// To one byte for each component.
#[derive(ToSchema)]
#[schema(as = ScalarQuantizationConfig)]
pub(crate) struct ScalarForm {
    r#type: Option<ByteName>,
}

/// A signed byte.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ScalarType)]
pub(crate) enum ByteName {
    Int8,
}

/// What an index of a field is of: a kind, or a kind with what tunes Qdrant's own index, which is passed over.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum IndexSchema {
    Kind(FieldKind),
    Params { r#type: FieldKind },
}

/// Which points to write: all, those that are not there, or those that are.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UpdateMode {
    Upsert,
    InsertOnly,
    UpdateOnly,
}

/// `green`, or `yellow` while this node has not caught up.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CollectionStatus {
    Green,
    Yellow,
}

/// How much of a collection a node stores.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Stores)]
pub(crate) enum StoresName {
    Full,
    Empty,
    Unknown,
}

/// How the vectors of a collection are compared.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Metric)]
pub(crate) enum MetricName {
    Cosine,
    Dot,
    Euclid,
    Manhattan,
}

/// How the vectors of a collection are stored.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Encoding)]
pub(crate) enum EncodingName {
    F32,
    F16,
    Sq8,
}

/// What lies where in an index, and what it takes: `rose_forest_engine::local::IndexReport`.
#[derive(ToSchema)]
#[schema(as = Index)]
pub(crate) struct IndexForm {
    /// Points that count.
    points: u64,
    /// Of those, how many are in the graph, in memory.
    in_graph: u64,
    /// Of those in the graph, how many wait to be linked: every search looks at each of them.
    waiting: u64,
    /// Of the points, how many are in the lists, on disk.
    in_lists: u64,
    /// Of the points, how many wait for their blocks to be read again.
    missing: u64,
    /// Bytes that the graph takes in memory.
    graph_bytes: u64,
    /// Rows that were removed from the graph and still take memory.
    removed: u64,
    /// Bytes that the lists take in memory.
    lists_bytes: u64,
    /// Bytes of the lists' files.
    lists_disk_bytes: u64,
    /// Segments that the lists are made of.
    segments: u64,
    /// Cells whose centres the lists know.
    cells: u64,
    /// Bytes that the graph may take.
    limit_bytes: u64,
    /// The age in seconds from which settled rows lie on disk; null where none is set.
    limit_age_seconds: Option<u64>,
}

/// How much a node says it keeps.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Holds)]
pub(crate) enum HoldsName {
    Everything,
    Part,
    Own,
}

/// How a node says it is doing.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NodeStatus)]
pub(crate) enum NodeStatusName {
    Starting,
    Ready,
    Degraded,
    Leaving,
}

/// Where a page of everybody's points begins: at an id, or after a point.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = AllOffset)]
pub(crate) enum AllOffsetForm {
    At(IdSchema),
    After { id: IdSchema, author: String },
}

/// Bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct Bytes(Vec<u8>);

/// The form of an upload.
#[derive(ToSchema)]
#[schema(as = SnapshotUpload)]
pub(crate) struct SnapshotForm {
    /// The file of a snapshot.
    #[schema(value_type = String, format = Binary)]
    snapshot: Vec<u8>,
}

/// Queries before a query: a list of them; one stands for itself, null for none.
pub(crate) fn prefetches() -> RefOr<Schema> {
    let one = Ref::from_schema_name("Prefetch");
    AnyOfBuilder::new()
        .item(one.clone())
        .item(ArrayBuilder::new().items(one))
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .description(Some("Queries before it, whose points it goes on with."))
        .into()
}
