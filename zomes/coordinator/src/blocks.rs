//! Blocks as they come from the DHT.

use crate::look::Look;
use hdk::prelude::*;
use rose_forest_api::Schema;
use rose_forest_rules::block::{BlockView, check_block};

/// Blocks that are read with one batch of look-ups and held at the same time: 64 of the largest are 256 MB.
pub const BATCH: usize = 64;

/// A block in memory.
pub struct Block {
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The action that carries it.
    pub action: ActionHash,
    entry: Vec<u8>,
    /// Where in the entry the block stands: whatever else an author put there is not looked at.
    range: std::ops::Range<usize>,
}

/// The entry, read without copying the block.
#[derive(Debug, serde::Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, with = "serde_bytes")]
    block: &'a [u8],
}

/// Bytes of the entry before the bytes of the block: a map with one field, its name, and the head of a byte string.
fn envelope_bytes(block_bytes: usize) -> usize {
    const MAP_AND_NAME: usize = 7;
    MAP_AND_NAME
        + match block_bytes {
            0..=0xff => 2,
            0x100..=0xffff => 3,
            _ => 5,
        }
}

impl Block {
    /// The block of this record, if it is one of this collection.
    ///
    /// A conductor hands out records by their actions whether or not they were found valid, so a block of somebody
    /// else is checked by the rules here again; this agent's own were checked when they were written. Cost, for
    /// another's block: one pass over codes, ids and payloads.
    pub fn from_record(record: Record, schema: &Schema, agent: &AgentPubKey) -> Option<Self> {
        let author = record.action().author().clone();
        let action = record.action_address().clone();
        let written = record.action().timestamp().as_micros();
        let (_, RecordEntry::Present(Entry::App(entry))) = record.into_inner() else { return None };
        let entry = SerializedBytes::from(UnsafeBytes::from(entry.into_sb()));
        let entry: Vec<u8> = UnsafeBytes::from(entry).into();
        let range = {
            let envelope: Envelope<'_> = holochain_serialized_bytes::decode(&entry).ok()?;
            let view = BlockView::parse(envelope.block).ok()?;
            if view.dimension() != schema.dimension() || view.encoding() != schema.encoding {
                return None;
            }
            let start = envelope.block.as_ptr().addr().checked_sub(entry.as_ptr().addr())?;
            let range = start..start + envelope.block.len();
            if author != *agent {
                check_block(envelope.block, schema, written).ok()?;
                if range.start != envelope_bytes(envelope.block.len()) || range.end != entry.len() {
                    return None;
                }
            }
            range
        };
        Some(Self { author, action, entry, range })
    }

    /// Its rows.
    pub fn view(&self) -> ExternResult<BlockView<'_>> {
        use crate::fail::OrFail;
        BlockView::parse(self.entry.get(self.range.clone()).unwrap_or_default()).or_fail()
    }

    /// Bytes of the block.
    pub fn bytes(&self) -> usize {
        self.range.len()
    }
}

/// Which blocks to load: who must have written them, and where they are.
pub type Wanted = (AgentPubKey, ActionHash);

/// Loads blocks, in their order. What cannot be had is counted as missing; what breaks a rule, or is not by the
/// author who linked it, is passed over.
pub fn load(look: &mut Look, schema: &Schema, wanted: &[Wanted]) -> ExternResult<Vec<Block>> {
    let agent = agent_info()?.agent_initial_pubkey;
    let hashes: Vec<_> = wanted.iter().map(|(_, hash)| hash.clone()).collect();
    let mut blocks = Vec::with_capacity(wanted.len());
    for (record, (author, _)) in look.records(&hashes)?.into_iter().zip(wanted) {
        match record.map(|record| Block::from_record(record, schema, &agent)) {
            None => look.blocks_missing += 1,
            Some(Some(block)) if block.author == *author => blocks.push(block),
            Some(_) => {}
        }
    }
    Ok(blocks)
}
