//! Making entries and links that the honest coordinator zome would never make.

use crate::Node;
use holochain::prelude::{
    ActionHash, AgentPubKey, AnyLinkableHash, ChainOpType, ExternalHash, HashType, HoloHash, ValidationStatus,
};
use rose_forest_rules::{
    anchor::{Anchor, epoch_base},
    centroid::{Cells, Shares},
    reference::HashRef,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The name of the adversary's coordinator zome.
pub const ADVERSARY_ZOME: &str = "rose_forest_adversary";

/// Entry types, in the order in which the integrity zome declares them.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
#[allow(missing_docs)] // As in the integrity zome.
pub enum EntryKind {
    Vector,
    Centroid,
    NodeMetadata,
}

/// Link types, in the order in which the integrity zome declares them.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
#[allow(missing_docs)] // As in the integrity zome.
pub enum LinkKind {
    FreshToEpoch,
    EpochToBlock,
    RoutingToRegions,
    RegionToCells,
    CellToBlock,
    SharesToCentroid,
    NodesToMetadata,
}

/// What the adversary's zome signs. The same type as there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // As in the adversary's zome.
pub enum Act {
    Entry { entry_type: u8, bytes: ByteBuf, private: bool },
    Update { original: ActionHash, bytes: ByteBuf },
    Delete { original: ActionHash },
    Link { link_type: u8, base: AnyLinkableHash, target: AnyLinkableHash, tag: ByteBuf },
    DeleteLink { link: ActionHash },
}

impl Act {
    /// Creates an entry with this content.
    pub fn entry(kind: EntryKind, content: &impl Serialize) -> Self {
        Self::raw_entry(kind, entry_bytes(content))
    }

    /// Creates an entry of these bytes.
    pub fn raw_entry(kind: EntryKind, bytes: Vec<u8>) -> Self {
        Self::Entry { entry_type: kind as u8, bytes: bytes.into(), private: false }
    }

    /// Creates a `Vector` entry with these bytes as its block.
    pub fn block(block: Vec<u8>) -> Self {
        Self::entry(EntryKind::Vector, &VectorEntry { block: block.into() })
    }

    /// Creates a link.
    pub fn link(
        kind: LinkKind,
        base: impl Into<AnyLinkableHash>,
        target: impl Into<AnyLinkableHash>,
        tag: Vec<u8>,
    ) -> Self {
        Self::Link { link_type: kind as u8, base: base.into(), target: target.into(), tag: tag.into() }
    }
}

/// The content of a `Vector` entry.
#[derive(Serialize, Deserialize)]
pub struct VectorEntry {
    /// The block.
    pub block: ByteBuf,
}

/// The content of a `Centroid` entry.
#[derive(Serialize)]
#[allow(missing_docs)] // As in the integrity zome.
pub enum CentroidEntry {
    Cells(Cells),
    Shares(Shares),
}

/// The bytes of an entry with this content, as the conductor serializes it.
pub fn entry_bytes(content: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(content).unwrap()
}

/// The bytes of any hash, as the rules know them.
pub fn hash_ref<T: HashType>(hash: &HoloHash<T>) -> HashRef {
    HashRef::from_slice(hash.get_raw_39()).unwrap()
}

/// The base of an anchor.
pub fn anchor(anchor: Anchor) -> ExternalHash {
    ExternalHash::from_raw_32(anchor.bytes().to_vec())
}

/// The base of an author's fresh blocks in an epoch.
pub fn epoch(author: &AgentPubKey, epoch: u32) -> ExternalHash {
    let key = author.get_raw_32().try_into().unwrap();
    ExternalHash::from_raw_32(epoch_base(&key, epoch).to_vec())
}

impl Node {
    /// Has the adversary's zome sign all of this in one commit.
    pub async fn act(&self, acts: Vec<Act>) -> Vec<ActionHash> {
        self.conductor.call(&self.cell.zome(ADVERSARY_ZOME), "act", acts).await
    }

    /// What this node says of an op of an action, when it has come to a verdict.
    pub async fn verdict(&self, action: &ActionHash, op: ChainOpType) -> Option<ValidationStatus> {
        self.cell.dht_store().as_read().op_validation_status(action, op).await.unwrap()
    }

    /// Whether this node holds a warrant against an agent.
    pub async fn holds_warrant_against(&self, agent: &AgentPubKey) -> bool {
        let store = self.cell.dht_store().as_read();
        !store.get_warrants_by_warrantee(agent.clone()).await.unwrap().is_empty()
    }
}
