//! Inserting many points: sorted into cells before they are written.

use crate::{
    blocks::{self, BATCH},
    cells::Map,
    chain::Chain,
    collection::schema,
    fresh,
    insert::{Batch, places},
    look::Look,
    own::{self, Row},
};
use hdk::prelude::*;
use rose_forest_api::*;
use rose_forest_rules::reference::CellId;
use std::collections::{BTreeMap, HashSet};

/// See [`crate::bulk_insert`]. A row whose id this agent has used before is written as a fresh one, because what it
/// replaces may lie in another cell, and only fresh rows are seen by every search.
pub fn bulk_insert(input: BulkInsertInput) -> ExternResult<WriteOutput> {
    let schema = schema()?;
    let (input, used_before) = input.into_parts();
    let batch = Batch::new(&schema, &input, MAX_BULK_ROWS)?;
    let agent = agent_info()?.agent_initial_pubkey;
    let used_before = match used_before {
        Some(rows) => places(&rows, batch.len(), "used_before")?,
        None => found(&schema, &agent, &batch)?,
    };
    let (again, new): (Vec<usize>, Vec<usize>) = (0..batch.len()).partition(|row| used_before.contains(row));

    let mut written = Vec::new();
    if !again.is_empty() {
        let rows: Vec<Row<'_>> = again.iter().filter_map(|row| batch.row(*row)).collect();
        written.extend(own::write_fresh(&schema, &agent, rows)?);
    }
    if !new.is_empty() {
        let map = Map::for_rows(&schema, &batch.floats, new.len())?;
        let router = map.router(schema.distance)?;
        let mut by_cell = BTreeMap::<CellId, Vec<Row<'_>>>::new();
        for row in &new {
            let vector = batch.vector(*row, schema.dimension());
            if let (Some(cell), Some(row)) = (router.assign(vector), batch.row(*row)) {
                by_cell.entry(cell).or_default().push(row);
            }
        }
        for (cell, rows) in by_cell {
            written.extend(own::write_cell(&schema, cell, &[], rows)?);
        }
    }
    Ok(batch.output(written, !new.is_empty()))
}

/// The rows whose ids were used before, as this agent's blocks say. Cost: reads all its blocks.
fn found(schema: &Schema, agent: &AgentPubKey, batch: &Batch<'_>) -> ExternResult<HashSet<usize>> {
    let known = known_hashes(schema, agent)?;
    let is_known = |row: &usize| batch.id(*row).is_some_and(|id| known.contains(&id.hash64()));
    Ok((0..batch.len()).filter(is_known).collect())
}

/// Id hashes of everything this agent has written here.
fn known_hashes(schema: &Schema, agent: &AgentPubKey) -> ExternResult<HashSet<u64>> {
    let mut look = Look::local();
    let chain = Chain::read()?;
    let fresh = fresh::blocks(&mut look, Some(agent))?;
    let all = chain.settled_blocks().cloned().chain(fresh.into_iter().map(|block| block.action));
    let wanted: Vec<_> = all.map(|action| (agent.clone(), action)).collect();
    let mut known = HashSet::new();
    for batch in wanted.chunks(BATCH) {
        for block in blocks::load(&mut look, schema, batch)? {
            let view = block.view()?;
            known.extend(view.live_hashes().chain(view.tombstone_hashes()));
        }
    }
    Ok(known)
}
