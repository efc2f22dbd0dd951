//! Blocks that peers brought: checked, counted, and taken back when they are overdue.

use crate::dht::of_record;
use holochain_keystore::AgentPubKeyExt;
use holochain_serialized_bytes::decode;
use holochain_types::prelude::{ActionHashed, Entry, EntryHashed, Record};
use rose_forest_api::{ActionHash, AgentPubKey, BlockWritten, MAX_INLINE_BLOCK_BYTES, Schema};
use rose_forest_engine::SignedBlock;
use rose_forest_rules::block::{BlockView, check_block};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long the DHT may take to deliver a block: many times what it takes on a busy machine.
const DELIVERED_WITHIN: Duration = Duration::from_secs(60);
/// Bytes of the payloads of an announced block, unpacked: several times what text that fits into the inline limit unpacks to.
const MAX_PAYLOAD_BYTES: usize = 256 * 1024;
/// Bytes of an announced block, with its payloads.
pub(super) const MAX_ANNOUNCED_BYTES: usize = MAX_INLINE_BLOCK_BYTES + MAX_PAYLOAD_BYTES;
/// Bytes of any record: what Holochain takes for an entry, and its action.
const MAX_RECORD_BYTES: usize = 4 << 20;
/// Blocks of one author that may wait for the DHT; further ones are found when it has delivered them.
pub(super) const MAX_BLOCKS_OF_ONE: usize = 100;
/// Their bytes, with payloads: as many of the largest that are announced. So all that a liar can have this node hold is 32 MB.
const MAX_BYTES_OF_ONE: usize = MAX_BLOCKS_OF_ONE * MAX_ANNOUNCED_BYTES;
/// Blocks of whatever authors that one peer has brought: a peer that is asked brings those of others, too.
pub(super) const MAX_BLOCKS_FROM_ONE: usize = 500;
/// Blocks of all authors,
const MAX_BLOCKS: usize = 2_000;
/// and their bytes.
const MAX_BYTES: usize = MAX_BLOCKS * MAX_ANNOUNCED_BYTES;

/// A block that waits for the DHT.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Who wrote it.
    pub(super) author: AgentPubKey,
    /// Who brought it.
    pub(super) from: AgentPubKey,
    /// Its bytes, with its payloads.
    pub(super) bytes: usize,
}

/// Blocks that wait for the DHT.
#[derive(Debug, Default)]
pub(super) struct Announced {
    since: HashMap<ActionHash, (Waiting, Instant)>,
}

impl Announced {
    /// Whether another block may wait. Cost: linear in those that do.
    pub(super) fn has_room(&self, for_it: &Waiting) -> bool {
        let (mut of_author, mut author_bytes, mut from_peer, mut all_bytes) =
            (1, for_it.bytes, 1, for_it.bytes);
        for (waiting, _) in self.since.values() {
            all_bytes += waiting.bytes;
            from_peer += usize::from(waiting.from == for_it.from);
            if waiting.author == for_it.author {
                of_author += 1;
                author_bytes += waiting.bytes;
            }
        }
        of_author <= MAX_BLOCKS_OF_ONE
            && author_bytes <= MAX_BYTES_OF_ONE
            && from_peer <= MAX_BLOCKS_FROM_ONE
            && self.since.len() < MAX_BLOCKS
            && all_bytes <= MAX_BYTES
    }

    pub(super) fn add(&mut self, action: ActionHash, waiting: Waiting) {
        self.since.insert(action, (waiting, Instant::now()));
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
    pub(super) fn overdue(&mut self) -> Vec<(ActionHash, Waiting)> {
        let overdue = self.since.extract_if(|_, (_, since)| since.elapsed() > DELIVERED_WITHIN);
        overdue.map(|(action, (waiting, _))| (action, waiting)).collect()
    }
}

/// A block whose author has signed it and that obeys the rules.
#[derive(Debug)]
pub(super) struct Checked {
    /// The block.
    pub(super) block: SignedBlock,
    /// Its bytes as they came, and those of its payloads, unpacked.
    pub(super) bytes: usize,
}

/// The block that a signal brings, if all that it says holds. One of a cell, or larger than the zomes send, is none: who sends
/// that has changed them.
pub(super) async fn checked(said: &BlockWritten, schema: &Schema) -> Option<Checked> {
    let bytes = said.record.as_ref().filter(|bytes| bytes.len() <= MAX_INLINE_BLOCK_BYTES)?;
    let (record, checked) = opened(bytes, schema)?;
    if checked.block.action != said.block || checked.block.author != said.author {
        return None;
    }
    let is_in_cell = BlockView::parse(&checked.block.bytes).ok()?.cell().is_some();
    if is_in_cell || checked.bytes - bytes.len() > MAX_PAYLOAD_BYTES {
        return None;
    }
    is_signed(&record).await.then_some(checked)
}

/// The block of a record that a peer was asked for, of whatever size, and in a cell or not. Cost: its rules are checked, its
/// payloads unpacked.
pub(super) async fn checked_record(bytes: Vec<u8>, schema: &Schema) -> Option<Checked> {
    if bytes.len() > MAX_RECORD_BYTES {
        return None;
    }
    let schema = schema.clone();
    let (record, checked) = tokio::task::spawn_blocking(move || opened(&bytes, &schema)).await.ok()??;
    is_signed(&record).await.then_some(checked)
}

/// A signed record and its block, if the hashes are those of action and entry, and the block obeys the collection's rules.
/// Whether the action stands on its author's chain is for the DHT to find out.
fn opened(bytes: &[u8], schema: &Schema) -> Option<(Record, Checked)> {
    let record: Record = decode(bytes).ok()?;
    let action = record.action();
    if ActionHashed::from_content_sync(action.clone()).hash != *record.action_address() {
        return None;
    }
    let entry = record.entry().as_option()?;
    let Entry::App(_) = entry else { return None };
    if action.entry_hash() != Some(&EntryHashed::from_content_sync(entry.clone()).hash) {
        return None;
    }
    let block = of_record(&record)?;
    check_block(&block.bytes, schema, block.timestamp_micros).ok()?;
    let meta = BlockView::parse(&block.bytes).ok()?.meta().ok()?;
    let payloads: usize = (0..meta.rows().len()).filter_map(|row| meta.payload(row)).map(<[u8]>::len).sum();
    Some((record, Checked { block, bytes: bytes.len() + payloads }))
}

/// Whether the author of a record has signed its action.
async fn is_signed(record: &Record) -> bool {
    let action = record.action();
    action.author().verify_signature(record.signature(), action).await.unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests;
