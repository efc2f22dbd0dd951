//! What a collection is like, as Qdrant's clients insist on it. What has no meaning here has Qdrant's default.

use crate::{
    backend::CollectionState,
    openapi::forms::{CollectionStatus, DatatypeName, DistanceName},
};
use rose_forest_api::{Distance, Encoding};
use rose_forest_store::FieldKind;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a collection is like.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CollectionInfo {
    /// `green`, or `yellow` while this node has not caught up with what it knows of.
    #[schema(value_type = CollectionStatus)]
    pub status: &'static str,
    /// Always `ok`.
    pub optimizer_status: &'static str,
    /// Always 1.
    pub segments_count: u64,
    /// Points, one for each id.
    pub points_count: u64,
    /// Rows that have their place in the index. The others of a green collection are found, too: each is compared with a query.
    pub indexed_vectors_count: u64,
    /// The fields that have an index.
    pub payload_schema: BTreeMap<String, PayloadField>,
    /// What it was made with.
    pub config: CollectionConfig,
}

/// The index of a field.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PayloadField {
    /// What it is of.
    pub data_type: FieldKind,
    /// Points that have the field.
    pub points: u64,
}

/// What a collection was made with.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CollectionConfig {
    /// Its vectors, and how many copies there are.
    pub params: CollectionParams,
    /// Qdrant's defaults.
    pub hnsw_config: HnswConfig,
    /// Qdrant's defaults.
    pub optimizer_config: OptimizerConfig,
    /// Present where signed bytes are stored instead of floats.
    pub quantization_config: Option<Quantization>,
}

/// The vectors of a collection.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CollectionParams {
    /// What they are like.
    pub vectors: VectorsInfo,
    /// Always 1.
    pub shard_number: u32,
    /// Always 1.
    pub replication_factor: u32,
    /// Always 1.
    pub write_consistency_factor: u32,
    /// Always true.
    pub on_disk_payload: bool,
}

/// What the vectors of a collection are like.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum VectorsInfo {
    /// Of one without a name.
    One(VectorInfo),
    /// Of one under its name.
    Named(BTreeMap<String, VectorInfo>),
}

/// What a vector is like.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct VectorInfo {
    /// Its components.
    pub size: usize,
    /// How vectors are compared.
    #[schema(value_type = DistanceName)]
    pub distance: &'static str,
    /// How they are stored.
    #[schema(value_type = DatatypeName)]
    pub datatype: &'static str,
}

/// Qdrant's defaults of its graph.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "names of Qdrant's, without a meaning here")]
pub struct HnswConfig {
    pub m: u64,
    pub ef_construct: u64,
    pub full_scan_threshold: u64,
}

/// Qdrant's defaults of its optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "names of Qdrant's, without a meaning here")]
pub struct OptimizerConfig {
    pub deleted_threshold: f64,
    pub vacuum_min_vector_number: u64,
    pub default_segment_number: u64,
    pub flush_interval_sec: u64,
}

/// How vectors are quantized.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Quantization {
    /// To one number for each component.
    pub scalar: ScalarQuantization,
}

/// How components are quantized.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ScalarQuantization {
    /// Always `int8`.
    pub r#type: &'static str,
}

impl CollectionInfo {
    /// Of a collection in this state.
    pub fn of(state: &CollectionState) -> Self {
        let is_f16 = state.shape.schema.encoding == Encoding::F16;
        let vector = VectorInfo {
            size: state.shape.schema.dimension(),
            distance: match state.shape.schema.distance {
                Distance::Cosine => "Cosine",
                Distance::Dot => "Dot",
                Distance::Euclid => "Euclid",
                Distance::Manhattan => "Manhattan",
            },
            datatype: if is_f16 { "float16" } else { "float32" },
        };
        let vectors = match state.shape.vector_name.as_str() {
            "" => VectorsInfo::One(vector),
            name => VectorsInfo::Named(BTreeMap::from([(name.to_owned(), vector)])),
        };
        let is_quantized = state.shape.schema.encoding == Encoding::Sq8;
        let field = |(path, kind, points): &(_, _, _)| {
            let path: &rose_forest_store::FieldPath = path;
            (path.to_string(), PayloadField { data_type: *kind, points: *points })
        };
        Self {
            status: if state.is_complete { "green" } else { "yellow" },
            optimizer_status: "ok",
            segments_count: 1,
            points_count: state.points,
            indexed_vectors_count: state.indexed,
            payload_schema: state.fields.iter().map(field).collect(),
            config: CollectionConfig {
                params: CollectionParams {
                    vectors,
                    shard_number: 1,
                    replication_factor: 1,
                    write_consistency_factor: 1,
                    on_disk_payload: true,
                },
                hnsw_config: HnswConfig { m: 16, ef_construct: 100, full_scan_threshold: 10_000 },
                optimizer_config: OptimizerConfig {
                    deleted_threshold: 0.2,
                    vacuum_min_vector_number: 1_000,
                    default_segment_number: 1,
                    flush_interval_sec: 5,
                },
                quantization_config: is_quantized
                    .then_some(Quantization { scalar: ScalarQuantization { r#type: "int8" } }),
            },
        }
    }
}
