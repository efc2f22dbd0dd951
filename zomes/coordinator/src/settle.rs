//! Settling: moving this agent's fresh rows into cells, in steps that others can follow in any order.
//!
//! 1. The oldest epoch's newest rows are sorted into cells and written as blocks; where an older version of such a
//!    point lies in another cell, a tombstone is written into that cell. The epoch is marked as sorted, and if it
//!    was the only one, another is opened first. Which blocks of cells hold such versions the caller's index says
//!    ([`Seen`]): it is told which fresh blocks it is about, and the next call sorts them. Nobody who says it, and all
//!    are read.
//! 2. In a later call the blocks are linked from their cells, with tags that validators check against them. Those with
//!    tombstones wait until what is fresh is known to others: a peer that saw the tombstone first would see neither
//!    the old row nor the new one.
//! 3. Once the links are known to others, links to blocks that they replace are deleted (`upkeep` gathers blocks).
//! 4. And the epoch is closed, which takes its blocks out of the fresh ones.
//!
//! At every moment every row can be found: fresh, or in its cell, or both. What a call does follows from the chain
//! alone, so a call that failed or was never made is made up for by the next.

mod sort;

use crate::{
    blocks::{self, BATCH},
    cells::{self, Map},
    chain::{CellLink, Chain, FreshLink},
    collection::schema,
    fresh::{self, Epochs},
    look::Look,
    nodes,
    own::from_ref,
};
use hdk::prelude::*;
use rose_forest_api::*;
use rose_forest_integrity::{Centroid, LinkTypes};
use rose_forest_rules::{
    reference::{CellId, HashRef},
    tag::CellTag,
};
use sort::{blocks_to_read, sort_into_cells};
use std::collections::{BTreeSet, HashMap};

/// Receipts that Holochain asks for; more than these are not collected.
const MAX_RECEIPTS: usize = 5;
/// The shortest pause before another call is worth it, in milliseconds.
const MIN_WAIT_MS: i64 = 250;
/// The longest pause while receipts may come, in milliseconds: those of a peer nearby take less.
const MAX_WAIT_MS: i64 = 1_000;

/// See [`crate::settle`].
pub fn settle(input: &SettleInput) -> ExternResult<SettleOutput> {
    let schema = schema()?;
    let agent = agent_info()?.agent_initial_pubkey;
    let chain = Chain::read()?;
    let known = Known::new(input)?;
    let mut out = SettleOutput::default();

    if !chain.unlinked.is_empty() {
        let wait_ms = known.fresh_wait_ms(&chain.fresh_before)?;
        let (linked, waiting) = link_blocks(&schema, &agent, &chain.unlinked, wait_ms == 0)?;
        out.blocks_linked = linked;
        if waiting > 0 {
            out.wait_ms = known.pause_ms(wait_ms);
        }
        return Ok(out);
    }
    let mut wait_ms = unlink_replaced(&chain, &known, &mut out)?;
    let mut epochs = fresh::epochs(&mut Look::local(), Some(&agent))?;
    wait_ms = wait_ms.max(close_sorted(&mut epochs, &chain, &known, &mut out)?);
    if wait_ms > 0 {
        out.wait_ms = known.pause_ms(wait_ms);
        return Ok(out);
    }
    // An epoch that is not the newest takes no more blocks: it is settled however little it holds.
    let only = epochs.len() == 1;
    match epochs.into_keys().next() {
        Some((_, epoch)) if !only || is_due(input, &agent, epoch, &chain)? => {
            if only {
                fresh::open_after(&agent, epoch)?;
            }
            let fresh = fresh::blocks_of(&mut Look::local(), &[(agent.clone(), epoch)])?;
            match blocks_to_read(input.seen.as_ref(), &fresh, &chain) {
                Some(older) => {
                    fresh::mark_sorted(&agent, epoch)?;
                    sort_into_cells(&schema, &agent, fresh, &older, &mut out)?;
                }
                // The epoch takes no more blocks, so that the next call meets the same.
                None => {
                    out.sorts_next = fresh.into_iter().map(|block| block.action).collect();
                    out.wait_ms = MIN_WAIT_MS as u32;
                }
            }
        }
        Some(_) | None => out.done = true,
    }
    Ok(out)
}

/// When a step counts as known to others.
struct Known {
    now: Timestamp,
    grace_ms: i64,
    /// Receipts that are enough; nothing when only time tells.
    receipts: Option<usize>,
}

impl Known {
    fn new(input: &SettleInput) -> ExternResult<Self> {
        let receipts = match input.peers {
            Some(peers) => Some(peers as usize),
            None => Some(nodes::others()?.len()).filter(|n| *n > 0),
        };
        Ok(Self {
            now: sys_time()?,
            grace_ms: i64::from(input.grace_ms.unwrap_or(DEFAULT_GRACE_MS)),
            receipts: receipts.map(|n| n.min(MAX_RECEIPTS)),
        })
    }

    /// Milliseconds to wait until an action written at `written` counts as known; 0 when it does. Receipts that count are
    /// those for its op of this type, the one that has it found: its other ops may be with others earlier.
    fn wait_ms(&self, action: &ActionHash, op: ChainOpType, written: Timestamp) -> ExternResult<i64> {
        if self.receipts == Some(0) {
            return Ok(0);
        }
        let age_ms = (self.now.as_micros() - written.as_micros()) / 1_000;
        let left = (self.grace_ms - age_ms).clamp(0, self.grace_ms);
        if left == 0 {
            return Ok(0);
        }
        let Some(enough) = self.receipts else { return Ok(left) };
        let receipts = get_validation_receipts(GetValidationReceiptsInput::new(action.clone()))?;
        let op = op.to_string();
        let confirmed = receipts.iter().any(|set| set.op_type == op && set.receipts.len() >= enough);
        Ok(if confirmed { 0 } else { left })
    }

    /// The longest wait of several.
    fn longest_ms<'a>(&self, links: impl IntoIterator<Item = &'a CellLink>) -> ExternResult<i64> {
        links
            .into_iter()
            .try_fold(0, |longest, link| Ok(self.link_wait_ms(&link.link, link.created)?.max(longest)))
    }

    /// A link is found by its op at its base.
    fn link_wait_ms(&self, link: &ActionHash, created: Timestamp) -> ExternResult<i64> {
        self.wait_ms(link, ChainOpType::CreateLink, created)
    }

    /// The longest wait until these links and their blocks are known. The newest are asked about first, and none after one
    /// that is not known, since none has to be waited for longer.
    fn fresh_wait_ms(&self, fresh: &[FreshLink]) -> ExternResult<i64> {
        for FreshLink { link, created, block } in fresh.iter().rev() {
            let mut wait_ms = self.link_wait_ms(link, *created)?;
            if let (0, Some(block)) = (wait_ms, block) {
                wait_ms = self.wait_ms(block, ChainOpType::CreateRecord, *created)?;
            }
            if wait_ms > 0 {
                return Ok(wait_ms);
            }
        }
        Ok(0)
    }

    /// When to call again if there is so long to wait.
    fn pause_ms(&self, wait_ms: i64) -> u32 {
        let longest = if self.receipts.is_some() { MAX_WAIT_MS } else { i64::MAX };
        wait_ms.min(longest).max(MIN_WAIT_MS) as u32
    }
}

/// Links blocks that were written by an earlier call from their cells, and those to their regions if need be. Those with
/// tombstones wait unless `fresh_is_known`. Returns how many were linked, and how many wait.
fn link_blocks(
    schema: &Schema,
    agent: &AgentPubKey,
    unlinked: &[ActionHash],
    fresh_is_known: bool,
) -> ExternResult<(u32, u32)> {
    let mut look = Look::local();
    let map = Map::of_regions(&mut look, schema.dimension())?;
    let mut centres = HashMap::<CellId, Vec<f32>>::new();
    let (mut linked, mut waiting) = (0, 0);
    for batch in unlinked.chunks(BATCH) {
        let wanted: Vec<_> = batch.iter().map(|action| (agent.clone(), action.clone())).collect();
        for block in blocks::load(&mut look, schema, &wanted)? {
            let view = block.view()?;
            let Some(cell) = view.cell() else { continue };
            if !fresh_is_known && view.tombstones() > 0 {
                waiting += 1;
                continue;
            }
            let base = from_ref(cell.founding)?;
            if !centres.contains_key(&cell) {
                read_centres(&mut look, schema, &map, cell.founding, &mut centres)?;
            }
            let Some(centre) = centres.get(&cell) else { continue };
            let tag = CellTag::of(&view, cell.index, centre);
            create_link(base, block.action.clone(), LinkTypes::CellToBlock, tag.to_bytes())?;
            linked += 1;
        }
    }
    Ok((linked, waiting))
}

fn read_centres(
    look: &mut Look,
    schema: &Schema,
    map: &Map,
    founding: HashRef,
    centres: &mut HashMap<CellId, Vec<f32>>,
) -> ExternResult<()> {
    let base = from_ref(founding)?;
    let record = look.records(std::slice::from_ref(&base))?.into_iter().flatten().next();
    let centroid: Option<Centroid> = record.and_then(|r| r.entry().to_app_option().ok().flatten());
    if let Some(Centroid::Cells(cells)) = centroid {
        cells::restore(map, &base, &cells)?;
        for index in 0..cells.len(schema.dimension()) {
            let index = index as u16;
            if let Some(centre) = cells.centre(index, schema.dimension()) {
                centres.insert(CellId { founding, index }, centre);
            }
        }
    }
    Ok(())
}

/// Deletes links to blocks that others replace, where the links to those are known. Returns how long to wait.
fn unlink_replaced(chain: &Chain, known: &Known, out: &mut SettleOutput) -> ExternResult<i64> {
    let mut wait_ms = 0;
    for (old, by) in chain.replaced() {
        match known.longest_ms(by)? {
            0 => {
                delete_link(old.link.clone(), GetOptions::local())?;
                out.blocks_unlinked += 1;
            }
            left => wait_ms = left.max(wait_ms),
        }
    }
    Ok(wait_ms)
}

/// Closes epochs that have been sorted, once the links that were made since are known. Returns how long to wait.
fn close_sorted(
    epochs: &mut Epochs,
    chain: &Chain,
    known: &Known,
    out: &mut SettleOutput,
) -> ExternResult<i64> {
    let mut wait_ms = 0;
    let sorted: Vec<_> = epochs
        .iter()
        .filter_map(|(key, links)| links.get(1).map(|(_, sorted)| (key.clone(), *sorted)))
        .collect();
    for (key, sorted) in sorted {
        match known.longest_ms(chain.links.iter().filter(|link| link.created >= sorted))? {
            0 => {
                for (link, _) in epochs.remove(&key).unwrap_or_default() {
                    delete_link(link, GetOptions::local())?;
                }
                out.epochs_closed += 1;
            }
            left => wait_ms = left.max(wait_ms),
        }
    }
    Ok(wait_ms)
}

/// Whether enough is fresh for it to pay.
fn is_due(input: &SettleInput, agent: &AgentPubKey, epoch: u32, chain: &Chain) -> ExternResult<bool> {
    let fresh = fresh::blocks_of(&mut Look::local(), &[(agent.clone(), epoch)])?;
    let rows: u64 = fresh.iter().map(|b| u64::from(b.tag.rows) + u64::from(b.tag.tombstones)).sum();
    let cells: BTreeSet<_> = chain.links.iter().map(|link| link.cell).collect();
    let worth_it = DEFAULT_SETTLE_ROWS.max(cells.len() as u32 * DEFAULT_SETTLE_ROWS_PER_CELL);
    let min_rows = u64::from(input.min_rows.unwrap_or(worth_it));
    let min_blocks = input.min_blocks.unwrap_or(DEFAULT_SETTLE_BLOCKS) as usize;
    Ok(!fresh.is_empty() && (rows >= min_rows || fresh.len() >= min_blocks))
}
