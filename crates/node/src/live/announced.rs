//! Blocks that came with a peer's signal: checked, counted, and taken back when they are overdue.

use crate::dht::of_record;
use holochain_keystore::AgentPubKeyExt;
use holochain_serialized_bytes::decode;
use holochain_types::prelude::{ActionHashed, Entry, EntryHash, Record};
use rose_forest_api::{ActionHash, AgentPubKey, BlockWritten, Schema};
use rose_forest_engine::SignedBlock;
use rose_forest_rules::block::check_block;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long the DHT may take to deliver a block: many times what it takes on a busy machine.
const DELIVERED_WITHIN: Duration = Duration::from_secs(60);
/// Blocks of one author that may wait for the DHT; further ones are found when it has delivered them. At 64 kB each,
/// all that a liar can have this node hold is 6 MB.
pub(super) const MAX_BLOCKS_OF_ONE: usize = 100;
/// Blocks of all authors.
const MAX_BLOCKS: usize = 2_000;

/// Blocks that wait for the DHT.
#[derive(Debug, Default)]
pub(super) struct Announced {
    since: HashMap<ActionHash, (AgentPubKey, Instant)>,
}

impl Announced {
    /// Whether another block of this author may wait.
    pub(super) fn has_room(&self, author: &AgentPubKey) -> bool {
        let of_author = self.since.values().filter(|(by, _)| by == author).count();
        self.since.len() < MAX_BLOCKS && of_author < MAX_BLOCKS_OF_ONE
    }

    pub(super) fn add(&mut self, action: ActionHash, author: AgentPubKey) {
        self.since.insert(action, (author, Instant::now()));
    }

    /// The DHT has delivered it. Says whether it was waited for.
    pub(super) fn delivered(&mut self, action: &ActionHash) -> bool {
        self.since.remove(action).is_some()
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.since.len()
    }

    /// As if all had waited for too long.
    #[cfg(test)]
    pub(super) fn make_overdue(&mut self) {
        for (_, since) in self.since.values_mut() {
            *since -= 2 * DELIVERED_WITHIN;
        }
    }

    /// Those that the DHT should have delivered by now: forgotten here, and to be taken back.
    pub(super) fn overdue(&mut self) -> Vec<ActionHash> {
        let overdue = self.since.extract_if(|_, (_, since)| since.elapsed() > DELIVERED_WITHIN);
        overdue.map(|(action, _)| action).collect()
    }
}

/// The block that a signal brings, if all that it says holds: the hashes are those of action and entry, the author has
/// signed, and the block obeys the collection's rules. Whether the action stands on its author's chain is for the DHT
/// to find out.
pub(super) async fn checked(said: &BlockWritten, schema: &Schema) -> Option<SignedBlock> {
    let record: Record = decode(said.record.as_ref()?).ok()?;
    let action = record.action();
    if ActionHashed::from_content_sync(action.clone()).hash != said.block || *action.author() != said.author {
        return None;
    }
    let entry = record.entry().as_option()?;
    let Entry::App(_) = entry else { return None };
    let entry_hash: EntryHash = holochain_types::prelude::EntryHashed::from_content_sync(entry.clone()).hash;
    if action.entry_hash() != Some(&entry_hash) {
        return None;
    }
    let block = of_record(&record)?;
    check_block(&block.bytes, schema, block.timestamp_micros).ok()?;
    let signed = said.author.verify_signature(record.signature(), action).await;
    (signed.ok()? && block.action == said.block).then_some(block)
}

#[cfg(test)]
pub(super) mod tests;
