//! What requests are answered with, whoever answers: nothing of it is a secret. What only the node's own machine can say is
//! left out by who asks over HTTP.

use crate::collections::{Collection, Joined};
use crate::network::Network;
use crate::text::short;
use crate::view::Sight;
use rose_forest_api::*;
use rose_forest_engine::local::IndexReport;
use rose_forest_engine::metrics::Totals;
use serde::{Deserialize, Serialize};

/// A collection, without what lets others in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollectionView {
    /// What it is.
    pub schema: Schema,
    /// Its identity; none of a server that has no network.
    pub dna_hash: Option<DnaHash>,
    /// Who writes for the node.
    pub agent: AgentPubKey,
    /// Whether the node takes part; false after `leave`.
    pub enabled: bool,
    /// Where its peers meet; none if it lives on one node alone.
    pub network: Option<Network>,
}

impl CollectionView {
    /// Its name and the end of its hash.
    pub fn label(&self) -> String {
        match &self.dna_hash {
            Some(hash) => format!("{} ({})", self.schema.name, short(&hash.to_string())),
            None => self.schema.name.clone(),
        }
    }
}

impl From<Collection> for CollectionView {
    fn from(collection: Collection) -> Self {
        let Collection { schema, dna_hash, agent, enabled, network, .. } = collection;
        Self { schema, dna_hash: Some(dna_hash), agent, enabled, network }
    }
}

/// A collection that was joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JoinedView {
    /// The collection.
    pub collection: CollectionView,
    /// Whether it was here already.
    pub was_here: bool,
}

impl From<Joined> for JoinedView {
    fn from(Joined { collection, was_here }: Joined) -> Self {
        Self { collection: collection.into(), was_here }
    }
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrote {
    /// Rows written, deletions included.
    pub rows: u32,
    /// Whether [`super::Request::Settle`] has to follow before all rows can be found.
    pub needs_settle: bool,
}

/// How a collection is at this moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pulse {
    /// Its name and the end of its hash.
    pub label: String,
    /// What this node saw of its network within the last seconds.
    pub sight: Sight,
    /// Whether the index has everything that this node knows of.
    pub caught_up: bool,
    /// What lies where.
    pub index: IndexReport,
    /// What waits for the chain.
    pub waiting: Waiting,
    /// What was done since the node started.
    pub totals: Totals,
    /// Actions on this node's chain.
    pub chain_actions: u64,
}

/// What a search found, and who answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Searched {
    /// What was found. Of an answer from memory the counts of what was read are zero.
    pub answer: SearchOutput,
    /// Whether this node's index answered; otherwise the zome did.
    pub from_memory: bool,
    /// For each hit, whether it is only announced: its author has signed it, and the DHT has not delivered it yet.
    pub unconfirmed: Vec<bool>,
}

/// What became of a write that nobody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Logged {
    /// It is in the log, under this number: it will be on the chain, whatever happens to the process. If the chain refuses
    /// it for its content, it is kept in a file beside the log.
    Logged(u64),
    /// There is no room; nothing of it is kept. To be tried again in a moment.
    Full(String),
}

/// Writes that are in the log and not on the chain yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// How many.
    pub writes: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Why the chain takes nothing at present, if so.
    pub trouble: Option<String>,
}

/// A collection in full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Overview {
    /// What it is, and where its peers meet.
    pub collection: CollectionView,
    /// What the zome counts, block by block; nothing over HTTP.
    pub blocks: Option<CollectionInfo>,
    /// Actions on the node's own chain; nothing of a server that has none.
    pub chain_length: Option<u64>,
    /// Who wrote how much.
    pub authors: Vec<AuthorView>,
    /// What this node sees of it.
    pub sight: Sight,
    /// Nodes that announced themselves; over HTTP the other ones.
    pub nodes: Vec<NodeInfo>,
    /// What the index holds that this node answers searches from; nothing if it does not serve.
    #[serde(default)]
    pub index: Option<IndexReport>,
    /// What waits for the chain.
    pub waiting: Waiting,
}

/// What an author has in a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorView {
    /// The author.
    pub author: AgentPubKey,
    /// Blocks; nothing over HTTP.
    pub blocks: Option<u32>,
    /// Rows; over HTTP those that count.
    pub rows: u64,
}

impl From<&AuthorInfo> for AuthorView {
    fn from(info: &AuthorInfo) -> Self {
        Self { author: info.author.clone(), blocks: Some(info.blocks), rows: info.rows }
    }
}

/// A node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeReport {
    /// The program and its version.
    pub software: String,
    /// Where it keeps everything; nothing over HTTP.
    pub data_dir: Option<String>,
    /// Its agent; none before the first collection.
    pub agent: Option<AgentPubKey>,
    /// The released rules it knows; nothing over HTTP.
    pub releases: Option<Vec<String>>,
    /// Its collections, and what it sees of those it takes part in.
    pub collections: Vec<(CollectionView, Option<Sight>)>,
}

/// A peer that was caught breaking a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warranted {
    /// Who broke it.
    pub agent: AgentPubKey,
    /// Who found out.
    pub by: AgentPubKey,
    /// The rule, in words.
    pub reason: String,
}
