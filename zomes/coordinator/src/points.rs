//! Reading points by id, page by page, and counting them. All of it is linear in the blocks of the collection.

use crate::{
    blocks::{self, BATCH, Wanted},
    cells::Map,
    collection::schema,
    fail::{OrFail, fail},
    fresh,
    look::Look,
    routes, search,
    versions::{Opened, Version},
};
use hdk::prelude::*;
use rose_forest_api::GetInput;
use rose_forest_api::*;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Entries that a page may gather beside its limit before the farthest are let go.
const SPARE_ENTRIES: usize = 1_024;

/// Visits all blocks, of one author or of all: fresh ones first, then those in cells, some at a time.
fn visit(
    look: &mut Look,
    schema: &Schema,
    author: Option<&AgentPubKey>,
    mut with: impl FnMut(&Opened<'_>) -> ExternResult<()>,
) -> ExternResult<()> {
    let fresh = fresh::blocks(look, author)?;
    let fresh: Vec<Wanted> = fresh.into_iter().map(|block| (block.author, block.action)).collect();
    let map = Map::whole(look, schema.dimension())?;
    let settled = routes::blocks_of_all(look, &map)?;
    let settled: Vec<Wanted> =
        routes::wanted(&settled).into_iter().filter(|(by, _)| author.is_none_or(|a| a == by)).collect();
    for batch in fresh.chunks(BATCH).chain(settled.chunks(BATCH)) {
        for block in blocks::load(look, schema, batch)? {
            with(&Opened::new(&block)?)?;
        }
    }
    Ok(())
}

/// The newest version of a point that was seen so far.
struct Seen {
    version: Version,
    /// Nothing for a tombstone.
    point: Option<Point>,
}

/// What names a point, in the order of a scroll.
type Key = (u64, AgentPubKey, PointId);

/// Keeps the newer of a row and what was seen before.
fn keep(
    seen: &mut BTreeMap<Key, Seen>,
    schema: &Schema,
    block: &Opened<'_>,
    (hash, row): (u64, usize),
    with_vector: bool,
) {
    let Some(meta) = block.row(row) else { return };
    let key = (hash, block.block.author.clone(), meta.id.clone());
    let version = block.version(meta);
    if seen.get(&key).is_some_and(|known| known.version >= version) {
        return;
    }
    let point = (!meta.is_tombstone()).then(|| Point {
        id: meta.id.clone(),
        author: block.block.author.clone(),
        action_hash: block.block.action.clone(),
        written_at_micros: meta.written_at_micros,
        payload: search::payload(block, row),
        vector: if with_vector { search::vector(schema, block, row) } else { None },
    });
    seen.insert(key, Seen { version, point });
}

/// See [`crate::get`].
pub fn get(input: &GetInput) -> ExternResult<GetOutput> {
    if input.ids.is_empty() || input.ids.len() > MAX_IDS {
        return Err(fail(format!("expected 1 to {MAX_IDS} ids, received {}", input.ids.len())));
    }
    let schema = schema()?;
    let mut look = Look::new(input.scope, input.view);
    let found = find(&mut look, &schema, input.author.as_ref(), &input.ids, input.with_vector)?;
    let mut by_id = BTreeMap::<PointId, Vec<Point>>::new();
    for point in found {
        by_id.entry(point.id.clone()).or_default().push(point);
    }
    let (mut points, mut unknown) = (Vec::new(), Vec::new());
    for id in &input.ids {
        match by_id.remove(id) {
            Some(found) => points.extend(found),
            None => unknown.push(id.clone()),
        }
    }
    let gaps = look.gaps();
    Ok(GetOutput { points, unknown, complete: gaps.is_empty(), gaps })
}

/// The points with these ids, those of each id by author.
fn find(
    look: &mut Look,
    schema: &Schema,
    author: Option<&AgentPubKey>,
    ids: &[PointId],
    with_vector: bool,
) -> ExternResult<Vec<Point>> {
    let hashes: BTreeMap<u64, Vec<&PointId>> = ids.iter().fold(BTreeMap::new(), |mut hashes, id| {
        hashes.entry(id.hash64()).or_insert_with(Vec::new).push(id);
        hashes
    });
    let mut newest = BTreeMap::new();
    visit(look, schema, author, |block| {
        for (hash, ids) in &hashes {
            for row in block.view.rows_with_hash(*hash) {
                if block.row(row).is_some_and(|meta| ids.contains(&&meta.id)) {
                    keep(&mut newest, schema, block, (*hash, row), with_vector);
                }
            }
        }
        Ok(())
    })?;
    Ok(newest.into_values().filter_map(|newest| newest.point).collect())
}

/// Which of these ids are points of this author that are not deleted.
pub fn live_ids(schema: &Schema, author: &AgentPubKey, ids: &[PointId]) -> ExternResult<HashSet<PointId>> {
    let found = find(&mut Look::local(), schema, Some(author), ids, false)?;
    Ok(found.into_iter().map(|point| point.id).collect())
}

/// See [`crate::scroll`].
pub fn scroll(input: &ScrollInput) -> ExternResult<ScrollOutput> {
    let limit = input.limit.unwrap_or(DEFAULT_SCROLL) as usize;
    if limit == 0 || limit > MAX_SCROLL {
        return Err(fail(format!("expected a limit from 1 to {MAX_SCROLL}, received {limit}")));
    }
    let after = input.cursor.as_deref().map(read_cursor).transpose()?;
    let first_hash = after.as_ref().map_or(0, |(hash, _, _)| *hash);
    let schema = schema()?;
    let mut look = Look::new(input.scope, input.view);
    let mut newest = BTreeMap::new();
    // What lies beyond was let go: it belongs on a later page.
    let mut bound: Option<Key> = None;
    visit(&mut look, &schema, input.author.as_ref(), |block| {
        let last_hash = bound.as_ref().map_or(u64::MAX, |(hash, _, _)| *hash);
        for (row, hash) in
            block.hashes().enumerate().filter(|(_, hash)| (first_hash..=last_hash).contains(hash))
        {
            keep(&mut newest, &schema, block, (hash, row), input.with_vector);
        }
        if newest.len() > 4 * limit + SPARE_ENTRIES {
            let end = newest.keys().nth(2 * limit + SPARE_ENTRIES / 2).cloned();
            if let Some(end) = end {
                newest.split_off(&end);
                bound = newest.keys().next_back().cloned();
            }
        }
        Ok(())
    })?;
    let mut points = Vec::new();
    let mut last = None;
    let mut more = false;
    for (key, newest) in newest {
        // A hash at the bound may have lost rows: it is left to the next page, unless it is all there is.
        if after.as_ref().is_some_and(|after| key <= *after) || bound.as_ref().is_some_and(|end| key > *end) {
            continue;
        }
        if points.len() == limit {
            more = true;
            break;
        }
        points.extend(newest.point);
        last = Some(key);
    }
    let next_cursor =
        if more || bound.is_some() { last.map(|key| write_cursor(&key)).transpose()? } else { None };
    let gaps = look.gaps();
    Ok(ScrollOutput { points, next_cursor, complete: gaps.is_empty(), gaps })
}

/// A cursor: the hash in hexadecimal digits, the author, the id as JSON.
fn write_cursor((hash, author, id): &Key) -> ExternResult<String> {
    Ok(format!("{hash:016x}.{author}.{}", serde_json::to_string(id).or_fail()?))
}

fn read_cursor(cursor: &str) -> ExternResult<Key> {
    let mut parts = cursor.splitn(3, '.');
    let mut read = || {
        let hash = u64::from_str_radix(parts.next()?, 16).ok()?;
        let author = AgentPubKey::try_from(parts.next()?).ok()?;
        let id = serde_json::from_str(parts.next()?).ok()?;
        Some((hash, author, id))
    };
    read().ok_or_else(|| fail(format!("expected the cursor of an earlier page, received {cursor:?}")))
}

/// See [`crate::count`]. Ids are told apart by their 64-bit hashes: among a million points, two share one with a
/// chance of 1 in 37 million.
pub fn count(input: &CountInput) -> ExternResult<CountOutput> {
    let schema = schema()?;
    let mut look = Look::new(input.scope, input.view);
    let mut newest = BTreeMap::<AgentPubKey, HashMap<u64, Version>>::new();
    visit(&mut look, &schema, input.author.as_ref(), |block| {
        let of_author = newest.entry(block.block.author.clone()).or_default();
        for (row, hash) in block.hashes().enumerate() {
            let Some(meta) = block.row(row) else { continue };
            let version = block.version(meta);
            of_author.entry(hash).and_modify(|known| *known = version.max(*known)).or_insert(version);
        }
        Ok(())
    })?;
    let points = newest.values().flat_map(HashMap::values).filter(|version| !version.deleted).count() as u64;
    let gaps = look.gaps();
    Ok(CountOutput { points, complete: gaps.is_empty(), gaps })
}
