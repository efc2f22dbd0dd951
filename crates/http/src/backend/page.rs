//! What a web page needs to call a collection's zome by itself.

use rose_forest_api::{AgentPubKey, DnaHash};
use std::time::Duration;

/// The way to a collection's zome for one page. It is a secret: whoever has it writes as this node. So it cannot be printed.
pub struct PageAccess {
    /// Where the page connects: a websocket of this machine, open to this node's own pages alone.
    pub url: String,
    /// What the page shows there first, once.
    pub token: Vec<u8>,
    /// How long the token holds.
    pub expires_in: Duration,
    /// The installed app that the collection is in.
    pub app_id: String,
    /// The identity of the collection's network.
    pub dna_hash: DnaHash,
    /// Who writes for this node: with the hash, the cell to call.
    pub agent: AgentPubKey,
    /// The zome to call.
    pub zome: &'static str,
    /// What the page signs its calls with.
    pub credentials: PageCredentials,
}

/// What a page signs its calls with, and why it may call.
#[derive(Clone)]
pub struct PageCredentials {
    /// What the node's grant asks for.
    pub cap_secret: [u8; 64],
    /// The public key as an agent's: whom the grant is for.
    pub signing_key: AgentPubKey,
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
    /// The Ed25519 private key, as libsodium has it: the seed, and the public key.
    pub private_key: [u8; 64],
}
