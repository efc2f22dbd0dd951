//! What this agent has written, from its own chain: the state that calls of `settle` and `upkeep` go on from.
//! Cost: linear in the chain, as every call is anyway.

use hdk::prelude::*;
use rose_forest_api::{Seen, blocks_digest};
use rose_forest_integrity::{LinkTypes, UnitEntryTypes, hash_ref};
use rose_forest_rules::{
    reference::{CellId, HashRef},
    tag::CellTag,
};
use std::collections::{BTreeMap, BTreeSet};

/// A link from a cell to one of this agent's blocks.
pub struct CellLink {
    /// The action that creates it.
    pub link: ActionHash,
    /// When.
    pub created: Timestamp,
    /// The block.
    pub block: ActionHash,
    /// The cell.
    pub cell: CellId,
    /// What it says.
    pub tag: CellTag,
}

/// What this agent wrote for everybody to find at once: a link that opens an epoch, or one to a fresh block.
pub struct FreshLink {
    /// The action that creates it.
    pub link: ActionHash,
    /// When.
    pub created: Timestamp,
    /// The block; nothing for an epoch.
    pub block: Option<ActionHash>,
}

/// This agent's blocks and links.
#[derive(Default)]
pub struct Chain {
    /// All blocks that were ever written, oldest first.
    pub blocks: Vec<ActionHash>,
    /// Blocks of cells that were written and have never been linked, oldest first.
    pub unlinked: Vec<ActionHash>,
    /// Links to fresh blocks, and those that open their epochs, that were made before the newest of those, oldest first: what
    /// peers must know before a tombstone may hide what it replaces.
    pub fresh_before: Vec<FreshLink>,
    /// Links to blocks in cells that have not been deleted, oldest first.
    pub links: Vec<CellLink>,
}

impl Chain {
    /// Reads the chain.
    pub fn read() -> ExternResult<Self> {
        let records = query(ChainQueryFilter::new().include_entries(false))?;
        let vector = EntryType::try_from(UnitEntryTypes::Vector)?;
        let mut linked = BTreeSet::new();
        let mut links = BTreeMap::new();
        // Links to epochs under which no block hangs so far: nobody need know of them.
        let mut opening = BTreeMap::new();
        let mut written = Vec::new();
        let mut chain = Self::default();
        for record in &records {
            let action = record.action();
            let hash = record.action_address();
            match &action.data {
                ActionData::Create(create) if create.entry_type == vector => {
                    chain.blocks.push(hash.clone());
                    written.push(action.timestamp());
                }
                ActionData::CreateLink(link) => {
                    let block = link.target_address.clone().into_action_hash();
                    match LinkTypes::from_type(link.zome_index, link.link_type)? {
                        Some(LinkTypes::FreshToEpoch) => {
                            let link_to_epoch =
                                FreshLink { link: hash.clone(), created: action.timestamp(), block: None };
                            // The first one opens an epoch; another says that it has been sorted.
                            opening.entry(link.target_address.clone()).or_insert(link_to_epoch);
                        }
                        Some(LinkTypes::EpochToBlock) => {
                            linked.extend(block.clone());
                            chain.fresh_before.extend(opening.remove(&link.base_address));
                            let created = action.timestamp();
                            chain.fresh_before.push(FreshLink { link: hash.clone(), created, block });
                        }
                        Some(LinkTypes::CellToBlock) => {
                            let Some(block) = block else { continue };
                            linked.insert(block.clone());
                            let (Some(base), Ok(tag)) = (
                                link.base_address.clone().into_action_hash(),
                                CellTag::from_bytes(&link.tag.0),
                            ) else {
                                continue;
                            };
                            let cell = CellId { founding: hash_ref(&base), index: tag.index };
                            let created = action.timestamp();
                            let link = CellLink { link: hash.clone(), created, block, cell, tag };
                            links.insert(hash.clone(), link);
                        }
                        Some(_) | None => {}
                    }
                }
                ActionData::DeleteLink(delete) => {
                    links.remove(&delete.link_add_address);
                }
                _ => {}
            }
        }
        let (unlinked, since): (Vec<_>, Vec<_>) =
            chain.blocks.iter().zip(written).filter(|(block, _)| !linked.contains(*block)).unzip();
        chain.unlinked = unlinked.into_iter().cloned().collect();
        chain.fresh_before.retain(|link| since.last().is_some_and(|newest| link.created <= *newest));
        chain.links = links.into_values().collect();
        chain.links.sort_by_key(|link| link.created);
        Ok(chain)
    }

    /// All blocks of cells that have not been replaced: linked ones and those that wait for it.
    pub fn settled_blocks(&self) -> impl Iterator<Item = &ActionHash> {
        self.links.iter().map(|link| &link.block).chain(&self.unlinked)
    }

    /// The blocks beyond those that a caller's index has; nothing if it has others than the first of this chain.
    pub fn beyond(&self, seen: &Seen) -> Option<&[ActionHash]> {
        let (first, beyond) = self.blocks.split_at_checked(usize::try_from(seen.blocks).ok()?)?;
        (blocks_digest(first) == seen.digest).then_some(beyond)
    }

    /// Links to blocks that other linked blocks replace, each with the links to those.
    pub fn replaced(&self) -> Vec<(&CellLink, Vec<&CellLink>)> {
        let mut by = BTreeMap::<HashRef, Vec<&CellLink>>::new();
        for link in &self.links {
            for block in &link.tag.replaces {
                by.entry(*block).or_default().push(link);
            }
        }
        let replaced = self.links.iter().filter_map(|link| Some((link, by.remove(&hash_ref(&link.block))?)));
        replaced.collect()
    }
}
