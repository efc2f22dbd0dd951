//! The JSON of requests and answers, as Qdrant's clients send and read it.
//!
//! What a request holds beyond this is passed over, as Qdrant does; what is known and not supported is refused with a
//! sentence that says so.

mod aliases;
mod answers;
mod collection_info;
mod collections;
mod envelope;
mod forest;
mod points;
mod query;
mod snapshots;
mod telemetry;
mod vectors;
mod with;

pub use aliases::{AliasDescription, AliasList, ChangeAliases};
pub use answers::{
    CollectionDescription, Collections, Count, Exists, Facets, Group, Groups, Points, ProvenanceJson, Record,
    ScoredPoint, ScrollPage, UpdateResult, UpdateStatus,
};
pub use collection_info::{
    CollectionConfig, CollectionInfo, CollectionParams, HnswConfig, OptimizerConfig, PayloadField,
    Quantization, ScalarQuantization, VectorInfo, VectorsInfo,
};
pub(crate) use collections::VectorParams;
pub use collections::{CreateCollection, CreateIndex};
pub use envelope::{Answer, Fine, Reason, Refusal};
pub use forest::{
    AllOffset, AllPoints, AnnouncedJson, AuthorJson, AuthorKey, AuthorsJson, ChangeJson, EventJson,
    InviteJson, JoinedJson, NodeCollectionJson, NodeJson, PageAccessJson, PageCredentialsJson, PeerJson,
    PeersJson, PointOf, ProofJson, QueueJson, ScrollAllPage, ScrollAllRequest, SyncJson,
};
pub use points::{
    Batch, CountRequest, DeletePayload, FacetRequest, Operation, Operations, Point, PointIds, PointVector,
    PointsSelector, RetrieveRequest, ScrollRequest, SetPayload, UpdateVectors, Upsert,
};
pub(crate) use query::Rrf;
pub use query::{
    Example, Fusion, GroupsRequest, LookupLocation, Mmr, Prefetch, Query, QueryBatch, QueryRequest,
    Recommend, SearchParams, SearchRequest, Strategy,
};
pub use snapshots::{RecoverSnapshot, SnapshotDescription};
pub use telemetry::{
    AppTelemetry, ClusterTelemetry, CollectionsTelemetry, RequestsTelemetry, Responses, Telemetry,
};
pub use vectors::{BatchVectors, VectorStruct};
pub(crate) use with::OrderByObject;
pub use with::{OrderByJson, WithPayload, WithVector};

use serde::{Deserialize, Deserializer, Serialize};

/// A list; one element stands for itself, null for none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let read = |value| serde_json::from_value(value).map_err(D::Error::custom);
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Null => Ok(Self::default()),
            serde_json::Value::Array(list) => list.into_iter().map(read).collect::<Result<_, _>>().map(Self),
            one => Ok(Self(vec![read(one)?])),
        }
    }
}
