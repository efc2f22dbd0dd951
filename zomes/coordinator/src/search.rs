//! Searching: regions, cells, blocks, rows.

use crate::{
    blocks,
    cells::Map,
    collection::schema,
    fail::{OrFail, fail},
    fresh,
    look::Look,
    routes,
    trace::Route,
    versions::{Newest, Opened},
};
use hdk::prelude::*;
use rose_forest_api::*;
use rose_forest_core::{
    Space,
    distance::{from_user, reaches, to_user},
    routing::{default_nprobe, default_regions},
    score::Query,
    top_k::TopK,
};
use rose_forest_rules::code::decode_row;
use std::collections::{BTreeSet, HashSet};

/// Candidates taken for each hit that is wanted: while rows are being moved, a row may stand in two blocks.
const CANDIDATES_PER_HIT: usize = 2;
/// Candidates taken beside those, for rows that no longer hold.
const SPARE_CANDIDATES: usize = 16;

/// See [`crate::search`].
pub fn search(input: &SearchInput) -> ExternResult<SearchOutput> {
    let schema = schema()?;
    let query = check(input, &schema)?;
    let mut look = Look::new(input.scope, input.view);
    let mut stats = SearchStats::default();

    let fresh = fresh::blocks(&mut look, None)?;
    let fresh: Vec<_> = fresh.into_iter().map(|block| (block.author, block.action)).collect();
    let fresh = blocks::load(&mut look, &schema, &fresh)?;
    let route = probe(input, &schema, &query, &mut look, &mut stats)?;
    let links = routes::blocks_of(&mut look, &route.cells())?;
    let settled = blocks::load(&mut look, &schema, &routes::wanted(&links))?;

    stats.fresh_blocks = fresh.len() as u32;
    stats.settled_blocks = settled.len() as u32;
    stats.bytes = fresh.iter().chain(&settled).map(|block| block.bytes() as u64).sum();
    let (fresh, settled) = (Opened::all(&fresh)?, Opened::all(&settled)?);
    stats.fresh_rows = fresh.iter().map(|block| block.view.live_rows() as u64).sum();
    stats.settled_rows = settled.iter().map(|block| block.view.live_rows() as u64).sum();

    let all: Vec<&Opened<'_>> = fresh.iter().chain(&settled).collect();
    let hits = nearest(input, &schema, &query, &all);
    let trace = if input.trace { Some(route.trace(&links, &settled, &hits)?) } else { None };
    let gaps = look.gaps();
    Ok(SearchOutput { hits, complete: gaps.is_empty(), gaps, stats, trace })
}

fn check(input: &SearchInput, schema: &Schema) -> ExternResult<Query> {
    if input.k == 0 || input.k > MAX_K {
        return Err(fail(format!("expected k from 1 to {MAX_K}, received {}", input.k)));
    }
    if input.nprobe.is_some_and(|n| n == 0 || n > MAX_NPROBE) {
        let received = input.nprobe.unwrap_or_default();
        return Err(fail(format!("expected nprobe from 1 to {MAX_NPROBE}, received {received}")));
    }
    if input.score_threshold.is_some_and(f32::is_nan) {
        return Err(fail("expected a number as score threshold, received NaN"));
    }
    if input.vector.len() != schema.dimension() * 4 {
        return Err(fail(format!(
            "expected a vector of {} components, {} bytes, received {} bytes",
            schema.dimension(),
            schema.dimension() * 4,
            input.vector.len()
        )));
    }
    Query::new(Space::from(schema), &bytes_to_floats(&input.vector)).or_fail()
}

/// The way to the cells to look into.
fn probe(
    input: &SearchInput,
    schema: &Schema,
    query: &Query,
    look: &mut Look,
    stats: &mut SearchStats,
) -> ExternResult<Route> {
    let mut map = Map::of_regions(look, schema.dimension())?;
    let regions = map.regions.len();
    let mut considered = default_regions(regions);
    let ranked = map.router(schema.distance)?.best_regions(query.vector(), regions);
    let mut best: BTreeSet<_> = ranked.iter().take(considered).map(|region| region.key).collect();
    map.read_cells(look, &best)?;

    // The default is for all cells; those of the other regions are not known, and taken to be as many.
    let in_all = map.cells.len() * regions / considered.max(1);
    let nprobe = input.nprobe.map_or_else(|| default_nprobe(in_all), |n| n as usize);
    if considered < regions && nprobe > map.cells.len() * 3 / 4 {
        // So many cells are wanted that the best ones may lie in the other regions.
        let rest = ranked.iter().skip(considered).map(|region| region.key).collect();
        map.read_cells(look, &rest)?;
        best.extend(rest);
        considered = regions;
    }
    let router = map.router(schema.distance)?;
    // Who names a number gets that number; otherwise a query probes as many cells as are likely to hold its hits.
    let probed = match input.nprobe {
        Some(_) => router.best_cells(query.vector(), considered, nprobe),
        None => router.likely_cells(query.vector(), considered, nprobe),
    };
    let probed: Vec<_> = probed.iter().map(|cell| cell.key).collect();
    stats.regions = regions as u32;
    stats.regions_considered = best.len() as u32;
    stats.cells_considered = map.cells.len() as u32;
    stats.cells_probed = probed.len() as u32;
    let regions = ranked.iter().map(|region| region.key).filter(|region| best.contains(region)).collect();
    let considered = match input.trace {
        true => map.cells.iter().map(|cell| cell.centre.id).collect(),
        false => BTreeSet::new(),
    };
    Ok(Route { regions, considered, probed })
}

/// The nearest rows that still hold. Every row is scored once; only the best candidates are looked up.
fn nearest(input: &SearchInput, schema: &Schema, query: &Query, blocks: &[&Opened<'_>]) -> Vec<Hit> {
    let k = input.k as usize;
    let newest = Newest::new(blocks.iter().copied());
    let rows: usize = blocks.iter().map(|block| block.view.live_rows()).sum();
    let mut candidates = k * CANDIDATES_PER_HIT + SPARE_CANDIDATES;
    loop {
        let mut top = TopK::new(candidates);
        for (number, block) in blocks.iter().enumerate() {
            for (row, score) in query.scores(block.view.codes()).enumerate() {
                top.push(score, (number, row));
            }
        }
        let mut seen = HashSet::new();
        let mut hits = Vec::with_capacity(k);
        for candidate in top.into_sorted() {
            let (number, row) = candidate.key;
            let Some(block) = blocks.get(number) else { continue };
            if hits.len() < k
                && newest.holds(block, row)
                && let Some(hit) = hit(input, schema, block, row, candidate.score)
                && seen.insert((hit.author.clone(), hit.id.clone()))
            {
                hits.push(hit);
            }
        }
        if hits.len() >= k || candidates >= rows {
            sort_and_cut(input, schema, &mut hits);
            return hits;
        }
        // Many of the best candidates no longer hold: look further.
        candidates = candidates.saturating_mul(4);
    }
}

fn hit(input: &SearchInput, schema: &Schema, block: &Opened<'_>, row: usize, score: f32) -> Option<Hit> {
    let meta = block.row(row)?;
    let payload = if input.without_payload { None } else { payload(block, row) };
    let vector = if input.with_vector { vector(schema, block, row) } else { None };
    Some(Hit {
        id: meta.id.clone(),
        score: to_user(schema.distance, score),
        author: block.block.author.clone(),
        action_hash: block.block.action.clone(),
        written_at_micros: meta.written_at_micros,
        payload,
        vector,
    })
}

/// The payload of a row as text.
pub fn payload(block: &Opened<'_>, row: usize) -> Option<String> {
    block.meta()?.payload(row).map(|json| String::from_utf8_lossy(json).into_owned())
}

/// The vector of a row, decoded, as bytes.
pub fn vector(schema: &Schema, block: &Opened<'_>, row: usize) -> Option<Vec<u8>> {
    let mut floats = vec![0.0; schema.dimension()];
    decode_row(schema.encoding, block.view.code(row)?, &mut floats);
    Some(floats_to_bytes(&floats))
}

/// Leaves out what is worse than the threshold; of equal scores, the smaller author and id come first.
fn sort_and_cut(input: &SearchInput, schema: &Schema, hits: &mut Vec<Hit>) {
    let score = |hit: &Hit| from_user(schema.distance, hit.score);
    hits.retain(|hit| reaches(schema.distance, score(hit), input.score_threshold));
    hits.sort_by(|a, b| {
        let by_score = score(b).total_cmp(&score(a));
        by_score.then_with(|| a.author.cmp(&b.author)).then_with(|| a.id.hash64().cmp(&b.id.hash64()))
    });
}
