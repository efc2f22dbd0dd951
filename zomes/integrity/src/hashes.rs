//! Holochain's hashes and the plain bytes that the rules know.

use hdi::prelude::*;
use holo_hash::HashType;
use rose_forest_rules::{
    anchor::{ANCHOR_BYTES, Anchor, epoch_base},
    reference::{HASH_BYTES, HashRef},
};

/// The bytes of any hash.
pub fn hash_ref<T: HashType>(hash: &HoloHash<T>) -> HashRef {
    let mut bytes = [0; HASH_BYTES];
    for (to, from) in bytes.iter_mut().zip(hash.get_raw_39()) {
        *to = *from;
    }
    HashRef(bytes)
}

/// The action with this hash; `None` when the bytes are those of something else.
pub fn action_hash(hash: HashRef) -> Option<ActionHash> {
    ActionHash::try_from_raw_39(hash.0.to_vec()).ok()
}

/// The base of an anchor.
pub fn anchor_hash(anchor: Anchor) -> ExternalHash {
    ExternalHash::from_raw_32(anchor.bytes().to_vec())
}

/// The base of an author's fresh blocks in one epoch.
pub fn epoch_hash(author: &AgentPubKey, epoch: u32) -> ExternalHash {
    let mut key = [0; ANCHOR_BYTES];
    for (to, from) in key.iter_mut().zip(author.get_raw_32()) {
        *to = *from;
    }
    ExternalHash::from_raw_32(epoch_base(&key, epoch).to_vec())
}
