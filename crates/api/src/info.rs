//! What a collection and its nodes say of themselves.

use crate::{ActionHash, AgentPubKey, DnaHash, Holds, NodeStatus, Schema};
use serde::{Deserialize, Serialize};

/// A collection as this node sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CollectionInfo {
    /// The schema, which is part of the collection's identity.
    pub schema: Schema,
    /// The identity of the collection's network.
    pub dna_hash: DnaHash,
    /// The agent that writes for this node.
    pub agent: AgentPubKey,
    /// Actions on the agent's own chain: every zome call loads them.
    pub chain_length: u32,
    /// Regions that cells lie in.
    pub regions: u32,
    /// Cells.
    pub cells: u32,
    /// Blocks in cells.
    pub settled_blocks: u32,
    /// Rows in cells; a row that is being moved may count twice.
    pub settled_rows: u64,
    /// Fresh blocks.
    pub fresh_blocks: u32,
    /// Fresh rows, as their authors count them.
    pub fresh_rows: u64,
    /// Fresh tombstones, as their authors count them.
    pub fresh_tombstones: u64,
    /// Authors with fresh rows or with blocks in cells.
    pub authors: Vec<AuthorInfo>,
}

/// What one author has in a collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorInfo {
    /// The author.
    pub author: AgentPubKey,
    /// Blocks, in cells and fresh.
    pub blocks: u32,
    /// Rows, in cells and fresh.
    pub rows: u64,
}

/// What a node says of itself, for `announce`. Written only when it differs from what was said before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnounceInput {
    /// A name for people; may be empty.
    #[serde(default)]
    pub name: String,
    /// The program and its version.
    pub software: String,
    /// What others may ask of it.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// How much it keeps.
    pub holds: Holds,
    /// Rows it can search.
    pub rows: u64,
    /// How it is doing.
    pub status: NodeStatus,
}

/// A node that announced itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// The agent that runs it and signed this.
    pub agent: AgentPubKey,
    /// The action that says so.
    pub action_hash: ActionHash,
    /// When it was said, in microseconds since 1970.
    pub announced_at_micros: i64,
    /// What it says.
    pub node: AnnounceInput,
}
