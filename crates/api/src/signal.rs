//! Signals: word of what happened. They can be lost; whoever misses one learns the same from the links.

use crate::{ActionHash, AgentPubKey};
use serde::{Deserialize, Serialize};

/// Bytes of a block up to which it travels inside the signal: enough for a hundred rows of 384 bytes. A larger
/// one is announced by its hash alone and arrives through the DHT.
pub const MAX_INLINE_BLOCK_BYTES: usize = 64 * 1024;

/// A block that was just written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockWritten {
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The action that carries it.
    pub block: ActionHash,
    /// Live rows.
    pub rows: u32,
    /// Tombstones.
    pub tombstones: u32,
    /// Whether it belongs to a cell.
    pub settled: bool,
    /// The signed record as the conductor serializes it, where it is small: what a peer needs to check and
    /// show it before the DHT has delivered it.
    #[serde(default, with = "serde_bytes")]
    pub record: Option<Vec<u8>>,
}

/// What comes to `recv_remote_signal`: what one node tells another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerMessage {
    /// The sender wrote blocks.
    Wrote(Vec<BlockWritten>),
    /// For the program that serves the other node: the zome passes it on unread.
    ToNode(#[serde(with = "serde_bytes")] Vec<u8>),
}

/// What the node's program has to say to the programs of other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendInput {
    /// The agents of those nodes.
    pub to: Vec<AgentPubKey>,
    /// What, in the programs' own terms.
    #[serde(with = "serde_bytes")]
    pub message: Vec<u8>,
}

/// What the coordinator tells its own clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Signal {
    /// This node wrote blocks.
    Written {
        /// The blocks, in the order of the chain.
        blocks: Vec<BlockWritten>,
    },
    /// A peer says that it wrote blocks. Not yet confirmed by the DHT.
    PeerWrote {
        /// Who sent the signal, as the conductor saw it.
        from: AgentPubKey,
        /// The blocks.
        blocks: Vec<BlockWritten>,
    },
    /// A peer's program says something to the program that serves this node.
    PeerSaid {
        /// Who sent it, as the conductor saw it.
        from: AgentPubKey,
        /// What, in the programs' own terms.
        #[serde(with = "serde_bytes")]
        message: Vec<u8>,
    },
}
