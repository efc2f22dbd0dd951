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

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use std::{fmt, marker::PhantomData};

/// A list of objects; one stands for itself, null for none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObjects<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfObjects<T> {
            type Value = OneOrMany<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object, a list of them, or null")
            }
            fn visit_unit<E>(self) -> Result<OneOrMany<T>, E> {
                Ok(OneOrMany::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrMany)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMany(vec![one]))
            }
        }
        deserializer.deserialize_any(OfObjects(PhantomData))
    }
}
