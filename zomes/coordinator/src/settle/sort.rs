//! Sorting what an epoch holds into cells, and hiding what it replaces there.

use crate::{
    blocks::{self, BATCH},
    cells::Map,
    chain::Chain,
    fresh::FreshBlock,
    look::Look,
    own::{self, Row},
    versions::{Opened, Version},
};
use hdk::prelude::*;
use rose_forest_api::*;
use rose_forest_rules::{code::decode_row, id::PointId, reference::CellId};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The newest row of a point within an epoch, and where it stands.
struct Place<'a> {
    version: Version,
    block: &'a Opened<'a>,
    row: usize,
}

/// The blocks of cells that may hold older rows of points that these fresh blocks hold: as the caller's index says, if it can
/// be believed, or all. Nothing if the caller has yet to look those points up.
pub fn blocks_to_read<'a>(
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
pub fn sort_into_cells(
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
