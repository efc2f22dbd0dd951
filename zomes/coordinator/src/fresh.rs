//! Fresh blocks: those that belong to no cell yet.
//!
//! An author's fresh blocks hang on a base of the author's own, one for each epoch, and the epochs that are
//! open hang on one anchor. So closing an epoch, however many blocks it holds, is deleting the links that open it;
//! and no base collects the links of a lifetime. An epoch's number is that of the action that opens it on the
//! author's chain: never used again, and with it an insert knows how full the epoch may be without reading it.
//!
//! A second link to an epoch says that its rows have been sorted into cells: see `settle`.

use crate::look::{Links, Look};
use hdk::prelude::*;
use rose_forest_integrity::{LinkTypes, anchor_hash, epoch_hash};
use rose_forest_rules::{
    anchor::Anchor,
    tag::{FreshTag, epoch_tag, read_epoch_tag},
};
use std::collections::BTreeMap;

/// Actions on the chain after which an epoch is full: 500 inserts, since each is a block and a link.
const MAX_EPOCH_ACTIONS: u32 = 1_000;
/// Bytes from which blocks get an epoch of their own. So an epoch holds at most 500 times as much, 128 MB, and
/// settling one fits into the memory of a wasm.
const MAX_SHARED_BYTES: usize = 256 * 1024;

/// Open epochs, those of each author oldest first: each with its links, the oldest first, and when they were made.
pub type Epochs = BTreeMap<(AgentPubKey, u32), Vec<(ActionHash, Timestamp)>>;

/// A link to a fresh block.
pub struct FreshBlock {
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The block.
    pub action: ActionHash,
    /// What the author says is in it.
    pub tag: FreshTag,
}

/// The epochs that are open, of one author or of all.
pub fn epochs(look: &mut Look, author: Option<&AgentPubKey>) -> ExternResult<Epochs> {
    let links = look.links(&[Links::new(anchor_hash(Anchor::Fresh), LinkTypes::FreshToEpoch).by(author)])?;
    let mut epochs = Epochs::new();
    for link in links.into_iter().flatten() {
        if let Ok(epoch) = read_epoch_tag(&link.tag.0) {
            epochs.entry((link.author, epoch)).or_default().push((link.create_link_hash, link.timestamp));
        }
    }
    epochs.values_mut().for_each(|links| links.sort_by_key(|(_, made)| *made));
    Ok(epochs)
}

/// The blocks of these epochs.
pub fn blocks_of<'a>(
    look: &mut Look,
    epochs: impl IntoIterator<Item = &'a (AgentPubKey, u32)>,
) -> ExternResult<Vec<FreshBlock>> {
    let queries: Vec<_> = epochs
        .into_iter()
        .map(|(author, epoch)| {
            Links::new(epoch_hash(author, *epoch), LinkTypes::EpochToBlock).by(Some(author))
        })
        .collect();
    let mut blocks = Vec::new();
    for link in look.links(&queries)?.into_iter().flatten() {
        if let (Ok(tag), Some(action)) = (FreshTag::from_bytes(&link.tag.0), link.target.into_action_hash()) {
            blocks.push(FreshBlock { author: link.author, action, tag });
        }
    }
    Ok(blocks)
}

/// All fresh blocks, of one author or of all.
pub fn blocks(look: &mut Look, author: Option<&AgentPubKey>) -> ExternResult<Vec<FreshBlock>> {
    let epochs = epochs(look, author)?;
    blocks_of(look, epochs.keys())
}

/// The epoch to write blocks of so many bytes under: this agent's newest, or a new one if that is full.
pub fn epoch_for(agent: &AgentPubKey, bytes: usize) -> ExternResult<u32> {
    let newest = epochs(&mut Look::local(), Some(agent))?.keys().map(|(_, epoch)| *epoch).max();
    let (_, head, _) = agent_info()?.chain_head;
    match newest {
        Some(epoch) if bytes < MAX_SHARED_BYTES && head.saturating_sub(epoch) < MAX_EPOCH_ACTIONS => {
            Ok(epoch)
        }
        newest => open_after(agent, newest.unwrap_or(0)),
    }
}

/// Opens an epoch that comes after another. The first action of its call.
pub fn open_after(agent: &AgentPubKey, epoch: u32) -> ExternResult<u32> {
    let (_, head, _) = agent_info()?.chain_head;
    let next = (head + 1).max(epoch + 1);
    link(agent, next)?;
    Ok(next)
}

/// Says that an epoch's rows have been sorted into cells.
pub fn mark_sorted(agent: &AgentPubKey, epoch: u32) -> ExternResult<()> {
    link(agent, epoch)
}

fn link(agent: &AgentPubKey, epoch: u32) -> ExternResult<()> {
    let tag = epoch_tag(epoch);
    create_link(anchor_hash(Anchor::Fresh), epoch_hash(agent, epoch), LinkTypes::FreshToEpoch, tag)?;
    Ok(())
}
