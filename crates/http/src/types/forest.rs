//! Requests and answers beyond Qdrant's. Keys and hashes are strings, as Holochain writes them; bytes are standard base64.

mod events;
mod page;
mod points;

use crate::{
    backend::{Author, Joined, NodeCollection, NodeState, Peer, SyncState},
    openapi::forms::{EncodingName, HoldsName, IndexForm, MetricName, NodeStatusName, StoresName},
};
pub use events::{ChangeJson, EventJson};
pub use page::{PageAccessJson, PageCredentialsJson};
pub use points::{AllOffset, AllPoints, AuthorKey, PointOf, ProofJson, ScrollAllPage, ScrollAllRequest};
use rose_forest_api::{Arc, Distance, Encoding, Holds, NodeStatus};
use rose_forest_engine::local::IndexReport;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Node)]
pub struct NodeJson {
    /// The program and its version.
    pub software: String,
    /// Who writes for it; null before the first collection.
    pub agent: Option<String>,
    /// Its collections.
    pub collections: Vec<NodeCollectionJson>,
}

/// A collection, as a node takes part in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NodeCollection)]
pub struct NodeCollectionJson {
    /// Its name.
    pub name: String,
    /// The identity of its network; null where it has none.
    pub hash: Option<String>,
    /// Components of a vector.
    pub dimension: usize,
    /// How vectors are compared: `cosine`, `dot`, `euclid` or `manhattan`.
    #[schema(value_type = MetricName)]
    pub distance: Distance,
    /// How they are stored: `f32`, `f16` or `sq8`.
    #[schema(value_type = EncodingName)]
    pub encoding: Encoding,
    /// What this node calls the vector; null where it has no name.
    pub vector_name: Option<String>,
    /// Who writes for this node.
    pub agent: String,
    /// Where peers find each other; null where the collection lives on this node alone.
    pub bootstrap: Option<String>,
    /// What carries their first words; null likewise.
    pub relay: Option<String>,
    /// Whether the node takes part; false once it has left.
    pub takes_part: bool,
    /// Whether this node's index holds all that it has received; false where it does not answer from an index.
    pub caught_up: bool,
    /// How much of it this node stores: `full`, `empty` or `unknown`.
    #[schema(value_type = StoresName)]
    pub stores: Arc,
    /// Other nodes that are known and seem to be there.
    pub reachable_peers: u32,
    /// Other nodes that are known and did not answer.
    pub unreachable_peers: u32,
}

impl From<NodeCollection> for NodeCollectionJson {
    fn from(collection: NodeCollection) -> Self {
        let NodeCollection { schema, meeting, .. } = collection;
        let (bootstrap, relay) = meeting.map(|meeting| (meeting.bootstrap, meeting.relay)).unzip();
        Self {
            dimension: schema.dimension(),
            distance: schema.distance,
            encoding: schema.encoding,
            name: schema.name,
            hash: collection.hash.map(|hash| hash.to_string()),
            vector_name: Some(collection.vector_name).filter(|name| !name.is_empty()),
            agent: collection.agent.to_string(),
            bootstrap,
            relay,
            takes_part: collection.takes_part,
            caught_up: collection.is_caught_up,
            stores: collection.arc,
            reachable_peers: collection.reachable_peers,
            unreachable_peers: collection.unreachable_peers,
        }
    }
}

impl From<NodeState> for NodeJson {
    fn from(node: NodeState) -> Self {
        Self {
            software: node.software,
            agent: node.agent.map(|agent| agent.to_string()),
            collections: node.collections.into_iter().map(Into::into).collect(),
        }
    }
}

/// An invite. It is a secret: whoever has it can join.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Invite)]
pub struct InviteJson {
    /// One line of text.
    pub invite: String,
}

impl std::fmt::Debug for InviteJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an invite of {} bytes", self.invite.len())
    }
}

/// A collection that was joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Joined)]
pub struct JoinedJson {
    /// Its name on this node.
    pub name: String,
    /// The identity of its network.
    pub hash: String,
    /// Whether this node took part in it already.
    pub was_here: bool,
}

impl From<Joined> for JoinedJson {
    fn from(joined: Joined) -> Self {
        Self { name: joined.name, hash: joined.hash.to_string(), was_here: joined.was_here }
    }
}

/// Other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Peers)]
pub struct PeersJson {
    /// The nodes.
    pub peers: Vec<PeerJson>,
}

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Peer)]
pub struct PeerJson {
    /// Who writes for it.
    pub agent: String,
    /// Whether it seems to be there.
    pub reachable: bool,
    /// What it said of itself last; null if it never did.
    pub announced: Option<AnnouncedJson>,
}

/// What a node says of itself: nobody has checked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Announced)]
pub struct AnnouncedJson {
    /// A name for people; may be empty.
    pub name: String,
    /// The program and its version.
    pub software: String,
    /// What others may ask of it.
    pub capabilities: Vec<String>,
    /// How much it keeps: `everything`, `part` or `own`.
    #[schema(value_type = HoldsName)]
    pub holds: Holds,
    /// Rows it can search.
    pub rows: u64,
    /// How it is doing: `starting`, `ready`, `degraded` or `leaving`.
    #[schema(value_type = NodeStatusName)]
    pub status: NodeStatus,
    /// When it said so, in microseconds since 1970.
    pub announced_at_micros: i64,
    /// The action that says so.
    pub action: String,
}

impl From<Peer> for PeerJson {
    fn from(peer: Peer) -> Self {
        let announced = peer.announced.map(|info| AnnouncedJson {
            name: info.node.name,
            software: info.node.software,
            capabilities: info.node.capabilities,
            holds: info.node.holds,
            rows: info.node.rows,
            status: info.node.status,
            announced_at_micros: info.announced_at_micros,
            action: info.action_hash.to_string(),
        });
        Self { agent: peer.agent.to_string(), reachable: peer.is_reachable, announced }
    }
}

/// Authors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Authors)]
pub struct AuthorsJson {
    /// The authors.
    pub authors: Vec<AuthorJson>,
}

/// An author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Author)]
pub struct AuthorJson {
    /// Its key.
    pub author: String,
    /// Its points that are there.
    pub points: u64,
    /// Its newest write that the DHT has delivered, in microseconds since 1970; null before the first.
    pub newest_write_micros: Option<i64>,
}

impl From<Author> for AuthorJson {
    fn from(author: Author) -> Self {
        let (points, newest_write_micros) = (author.points, author.newest_write_micros);
        Self { author: author.author.to_string(), points, newest_write_micros }
    }
}

/// How far a node is with a collection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Sync)]
pub struct SyncJson {
    /// Whether its index holds all that it has received.
    pub caught_up: bool,
    /// How long the oldest block that it has received waits for the index; null where that is not known.
    pub lag_seconds: Option<f64>,
    /// Rows that count.
    pub rows: u64,
    /// Of those, how many searches find in memory.
    pub rows_in_memory: u64,
    /// Of those, how many they find on disk.
    pub rows_on_disk: u64,
    /// Of those, how many are not found until their blocks have been read again.
    pub rows_missing: u64,
    /// The same with what it takes.
    #[schema(value_type = IndexForm)]
    pub index: IndexReport,
    /// Blocks that the DHT has not delivered yet.
    pub unconfirmed_blocks: u64,
    /// Writes that wait for the chain.
    pub queue: QueueJson,
    /// Actions on this node's own chain; null where it has none.
    pub chain_length: Option<u64>,
    /// How much of the collection this node stores: `full`, `empty` or `unknown`.
    #[schema(value_type = StoresName)]
    pub stores: Arc,
}

/// Writes that wait for the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Queue)]
pub struct QueueJson {
    /// How many.
    pub writes: u64,
    /// Their bytes in the log.
    pub bytes: u64,
    /// Why the chain takes nothing at present; null where it does.
    pub trouble: Option<String>,
}

impl From<SyncState> for SyncJson {
    fn from(state: SyncState) -> Self {
        let (index, queue) = (state.index, state.queue);
        Self {
            caught_up: state.is_caught_up,
            lag_seconds: state.lag.map(|lag| lag.as_secs_f64()),
            rows: index.points,
            rows_in_memory: index.in_graph,
            rows_on_disk: index.in_lists,
            rows_missing: index.missing,
            index,
            unconfirmed_blocks: state.unconfirmed_blocks,
            queue: QueueJson { writes: queue.writes, bytes: queue.bytes, trouble: queue.trouble },
            chain_length: state.chain_length,
            stores: state.arc,
        }
    }
}
