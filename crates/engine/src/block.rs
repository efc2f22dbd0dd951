//! Blocks as they are given to a collection.

use rose_forest_api::{ActionHash, AgentPubKey};
use rose_forest_rules::reference::HashRef;

/// A signed block, found valid by whoever hands it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedBlock {
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The action that carries it.
    pub action: ActionHash,
    /// When, by the author's clock, in microseconds since 1970.
    pub timestamp_micros: i64,
    /// The block.
    pub bytes: Vec<u8>,
}

/// The author that 39 bytes stand for.
pub(crate) fn agent(hash: HashRef) -> AgentPubKey {
    AgentPubKey::from_raw_39(hash.0.to_vec())
}

/// The action that 39 bytes stand for.
pub(crate) fn action(hash: HashRef) -> ActionHash {
    ActionHash::from_raw_39(hash.0.to_vec())
}
