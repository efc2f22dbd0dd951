//! From cells to the blocks in them.

use crate::{
    blocks::Wanted,
    cells::Map,
    look::{Links, Look},
    own::from_ref,
};
use hdk::prelude::*;
use rose_forest_integrity::{LinkTypes, hash_ref};
use rose_forest_rules::{reference::CellId, tag::CellTag};
use std::collections::BTreeSet;

/// A link from a cell to a block.
pub struct SettledBlock {
    /// Who wrote it.
    pub author: AgentPubKey,
    /// The block.
    pub action: ActionHash,
    /// The cell.
    pub cell: CellId,
    /// The checked tag.
    pub tag: CellTag,
}

/// The blocks in these cells, each once. One look-up for each entry of cells, however many of them it founds.
pub fn blocks_of(look: &mut Look, cells: &BTreeSet<CellId>) -> ExternResult<Vec<SettledBlock>> {
    blocks_by(look, cells, None)
}

/// As [`blocks_of`], of one author or of all.
pub fn blocks_by(
    look: &mut Look,
    cells: &BTreeSet<CellId>,
    author: Option<&AgentPubKey>,
) -> ExternResult<Vec<SettledBlock>> {
    let foundings: BTreeSet<_> = cells.iter().map(|cell| cell.founding).collect();
    let bases = foundings.iter().map(|f| from_ref(*f)).collect::<ExternResult<Vec<_>>>()?;
    let queries: Vec<_> =
        bases.iter().map(|base| Links::new(base.clone(), LinkTypes::CellToBlock).by(author)).collect();
    let mut seen = BTreeSet::new();
    let mut blocks = Vec::new();
    for (base, links) in bases.iter().zip(look.links(&queries)?) {
        for link in links {
            let (Ok(tag), Some(action)) = (CellTag::from_bytes(&link.tag.0), link.target.into_action_hash())
            else {
                continue;
            };
            let cell = CellId { founding: hash_ref(base), index: tag.index };
            if cells.contains(&cell) && seen.insert(action.clone()) {
                blocks.push(SettledBlock { author: link.author, action, cell, tag });
            }
        }
    }
    Ok(blocks)
}

/// The blocks in all cells and regions of a map that was read as a whole.
pub fn blocks_of_all(look: &mut Look, map: &Map) -> ExternResult<Vec<SettledBlock>> {
    let cells = map.cells.iter().map(|cell| cell.centre.id).chain(map.regions.iter().map(|r| r.id)).collect();
    blocks_of(look, &cells)
}

/// What to load for these links.
pub fn wanted(blocks: &[SettledBlock]) -> Vec<Wanted> {
    blocks.iter().map(|block| (block.author.clone(), block.action.clone())).collect()
}
