//! Settling: moving this agent's fresh rows into cells, in steps that others can follow in any order.
//!
//! 1. The oldest epoch's newest rows are sorted into cells and written as blocks; where an older version of such a
//!    point lies in another cell, a tombstone is written into that cell. The epoch is marked as sorted, and if it
//!    was the only one, another is opened first. Which blocks of cells hold such versions the caller's index says
//!    ([`Seen`]): it is told which fresh blocks it is about, and the next call sorts them. Nobody who says it, and all
//!    are read.
//! 2. In a later call the blocks are linked from their cells, with tags that validators check against them.
//! 3. Once the links are known to others, links to blocks that they replace are deleted (`upkeep` gathers blocks).
//! 4. And the epoch is closed, which takes its blocks out of the fresh ones.
//!
//! At every moment every row can be found: fresh, or in its cell, or both. What a call does follows from the chain
//! alone, so a call that failed or was never made is made up for by the next.

use crate::{
    blocks::{self, BATCH},
    cells::{self, Map},
    chain::{CellLink, Chain},
    collection::schema,
    fresh::{self, Epochs, FreshBlock},
    look::Look,
    nodes,
    own::{self, Row, from_ref},
    versions::{Opened, Version},
};
use hdk::prelude::*;
use rose_forest_api::*;
use rose_forest_integrity::{Centroid, LinkTypes};
use rose_forest_rules::{
    code::decode_row,
    id::PointId,
    reference::{CellId, HashRef},
    tag::CellTag,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Receipts that Holochain asks for; more than these are not collected.
const MAX_RECEIPTS: usize = 5;
/// The shortest pause before another call is worth it, in milliseconds.
const MIN_WAIT_MS: i64 = 250;

/// See [`crate::settle`].
pub fn settle(input: &SettleInput) -> ExternResult<SettleOutput> {
    let schema = schema()?;
    let agent = agent_info()?.agent_initial_pubkey;
    let chain = Chain::read()?;
    let known = Known::new(input)?;
    let mut out = SettleOutput::default();

    if !chain.unlinked.is_empty() {
        out.blocks_linked = link_blocks(&schema, &agent, &chain.unlinked)?;
        return Ok(out);
    }
    let mut wait_ms = unlink_replaced(&chain, &known, &mut out)?;
    let mut epochs = fresh::epochs(&mut Look::local(), Some(&agent))?;
    wait_ms = wait_ms.max(close_sorted(&mut epochs, &chain, &known, &mut out)?);
    if wait_ms > 0 {
        out.wait_ms = wait_ms.max(MIN_WAIT_MS) as u32;
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

    /// Milliseconds to wait until an action written at `written` counts as known; 0 when it does.
    fn wait_ms(&self, action: &ActionHash, written: Timestamp) -> ExternResult<i64> {
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
        let confirmed = !receipts.is_empty() && receipts.iter().all(|op| op.receipts.len() >= enough);
        Ok(if confirmed { 0 } else { left })
    }

    /// The longest wait of several.
    fn longest_ms<'a>(&self, links: impl IntoIterator<Item = &'a CellLink>) -> ExternResult<i64> {
        links
            .into_iter()
            .try_fold(0, |longest, link| Ok(self.wait_ms(&link.link, link.created)?.max(longest)))
    }
}

/// Links blocks that were written by an earlier call from their cells, and those to their regions if need be.
fn link_blocks(schema: &Schema, agent: &AgentPubKey, unlinked: &[ActionHash]) -> ExternResult<u32> {
    let mut look = Look::local();
    let map = Map::of_regions(&mut look, schema.dimension())?;
    let mut centres = HashMap::<CellId, Vec<f32>>::new();
    let mut linked = 0;
    for batch in unlinked.chunks(BATCH) {
        let wanted: Vec<_> = batch.iter().map(|action| (agent.clone(), action.clone())).collect();
        for block in blocks::load(&mut look, schema, &wanted)? {
            let view = block.view()?;
            let Some(cell) = view.cell() else { continue };
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
    Ok(linked)
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

/// The newest row of a point within an epoch, and where it stands.
struct Place<'a> {
    version: Version,
    block: &'a Opened<'a>,
    row: usize,
}

/// The blocks of cells that may hold older rows of points that these fresh blocks hold: as the caller's index says, if it can
/// be believed, or all. Nothing if the caller has yet to look those points up.
fn blocks_to_read<'a>(
    seen: Option<&Seen>,
    fresh: &[FreshBlock],
    chain: &'a Chain,
) -> Option<Vec<&'a ActionHash>> {
    if fresh.is_empty() {
        return Some(Vec::new());
    }
    let all = chain.settled_blocks();
    let Some((seen, beyond)) = seen.and_then(|seen| Some((seen, chain.beyond(seen)?))) else {
        return Some(all.collect());
    };
    let looked_up: HashSet<_> = seen.fresh.iter().collect();
    if !fresh.iter().all(|block| looked_up.contains(&block.action)) {
        return None;
    }
    let named: HashSet<_> = seen.older.iter().chain(beyond).collect();
    Some(all.filter(|block| named.contains(block)).collect())
}

/// Writes into cells what an epoch's blocks hold. `older` are the blocks of cells to look for older rows in.
fn sort_into_cells(
    schema: &Schema,
    agent: &AgentPubKey,
    fresh: Vec<FreshBlock>,
    older: &[&ActionHash],
    out: &mut SettleOutput,
) -> ExternResult<()> {
    let wanted: Vec<_> = fresh.into_iter().map(|block| (block.author, block.action)).collect();
    let fresh = blocks::load(&mut Look::local(), schema, &wanted)?;
    let fresh = Opened::all(&fresh)?;
    let mut newest = BTreeMap::<&PointId, Place<'_>>::new();
    for block in &fresh {
        let rows = block.meta().map(|meta| meta.rows()).unwrap_or_default();
        for (row, meta) in rows.iter().enumerate() {
            let version = block.version(meta);
            if newest.get(&meta.id).is_none_or(|known| known.version < version) {
                newest.insert(&meta.id, Place { version, block, row });
            }
        }
    }
    out.blocks_read = older.len() as u32;
    let older = versions_in_cells(schema, agent, older, &newest)?;
    // A bulk insert may have written a newer row into a cell: it stays, and the epoch's is an older one.
    let is_newer = |id: &PointId, version: &Version| {
        newest.get(id).is_some_and(|place| place.version.written_at_micros < version.written_at_micros)
    };
    let overtaken: BTreeSet<&PointId> =
        older.iter().filter(|((_, id), version)| is_newer(id, version)).map(|((_, id), _)| *id).collect();

    // Vectors of the live rows, and the cells that are nearest to them.
    let (mut placed, mut floats) = (Vec::new(), Vec::new());
    for (id, place) in &newest {
        if place.version.deleted || overtaken.contains(id) {
            continue;
        }
        if let (Some(meta), Some(code)) = (place.block.row(place.row), place.block.view.code(place.row)) {
            let start = floats.len();
            floats.resize(start + schema.dimension(), 0.0);
            decode_row(schema.encoding, code, floats.get_mut(start..).unwrap_or_default());
            let payload = place.block.meta().and_then(|m| m.payload(place.row)).unwrap_or_default();
            let written_at_micros = meta.written_at_micros;
            placed.push(Row { id, written_at_micros, live: Some((code, payload)) });
        }
    }
    let mut by_cell = BTreeMap::<CellId, Vec<Row<'_>>>::new();
    if !placed.is_empty() {
        let map = Map::for_rows(schema, &floats, placed.len())?;
        out.cells_founded = map.founded;
        let router = map.router(schema.distance)?;
        for (row, vector) in placed.into_iter().zip(floats.chunks_exact(schema.dimension())) {
            if let Some(cell) = router.assign(vector) {
                out.rows_settled += 1;
                by_cell.entry(cell).or_default().push(row);
            }
        }
    }
    for ((cell, id), version) in &older {
        let rows = by_cell.entry(*cell).or_default();
        // A newer version in the same cell hides the older one by itself.
        let hidden = version.deleted || rows.iter().any(|row| row.id == *id && row.live.is_some());
        if !hidden && !is_newer(id, version) {
            rows.push(Row { id, written_at_micros: version.written_at_micros, live: None });
            out.rows_hidden += 1;
        }
    }
    for (cell, rows) in by_cell {
        for block in own::write_cell(schema, cell, &[], rows)? {
            out.blocks_written += 1;
            out.bytes_written += block.bytes;
        }
    }
    Ok(())
}

/// For each cell and each of these points, the newest version that these blocks of this agent hold of it there.
/// Cost: reads the blocks; ids are unpacked only where hashes agree.
fn versions_in_cells<'a>(
    schema: &Schema,
    agent: &AgentPubKey,
    wanted: &[&ActionHash],
    newest: &BTreeMap<&'a PointId, Place<'_>>,
) -> ExternResult<BTreeMap<(CellId, &'a PointId), Version>> {
    let hashes: HashMap<u64, Vec<&'a PointId>> = newest.keys().fold(HashMap::new(), |mut hashes, id| {
        hashes.entry(id.hash64()).or_insert_with(Vec::new).push(*id);
        hashes
    });
    let mut versions = BTreeMap::new();
    for batch in wanted.chunks(BATCH) {
        let batch: Vec<_> = batch.iter().map(|action| (agent.clone(), (*action).clone())).collect();
        for block in blocks::load(&mut Look::local(), schema, &batch)? {
            let block = Opened::new(&block)?;
            let Some(cell) = block.view.cell() else { continue };
            for (row, hash) in block.hashes().enumerate() {
                let Some(ids) = hashes.get(&hash) else { continue };
                let Some(meta) = block.row(row) else { continue };
                if let Some(id) = ids.iter().find(|id| ***id == meta.id) {
                    let version = block.version(meta);
                    let known = versions.entry((cell, *id)).or_insert(version);
                    *known = version.max(*known);
                }
            }
        }
    }
    Ok(versions)
}
