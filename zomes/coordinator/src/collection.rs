//! The collection itself: its schema, and what this node sees of it.

use crate::{cells, fail::OrFail, fresh, look::Look, routes};
use hdk::prelude::*;
use rose_forest_api::{AuthorInfo, CollectionInfo, Schema};
use std::collections::BTreeMap;

/// The schema, from the DNA's properties.
pub fn schema() -> ExternResult<Schema> {
    Schema::from_bytes(dna_info()?.modifiers.properties.bytes()).or_fail()
}

/// See [`crate::collection_info`]. Reads links only.
pub fn info() -> ExternResult<CollectionInfo> {
    let dna = dna_info()?;
    let agent = agent_info()?;
    let mut look = Look::local();
    // Fresh first: a row that is moved meanwhile then counts twice rather than not at all.
    let fresh = fresh::blocks(&mut look, None)?;
    let map = cells::Map::whole(&mut look, schema()?.dimension())?;
    let settled = routes::blocks_of_all(&mut look, &map)?;

    let mut authors = BTreeMap::<AgentPubKey, (u32, u64)>::new();
    let rows =
        settled.iter().map(|b| (&b.author, b.tag.rows)).chain(fresh.iter().map(|b| (&b.author, b.tag.rows)));
    for (author, rows) in rows {
        let (blocks, sum) = authors.entry(author.clone()).or_default();
        *blocks += 1;
        *sum += u64::from(rows);
    }
    Ok(CollectionInfo {
        schema: schema()?,
        dna_hash: dna.hash,
        agent: agent.agent_initial_pubkey,
        chain_length: agent.chain_head.1 + 1,
        regions: map.regions.len() as u32,
        cells: map.cells.len() as u32,
        settled_blocks: settled.len() as u32,
        settled_rows: settled.iter().map(|b| u64::from(b.tag.rows)).sum(),
        fresh_blocks: fresh.len() as u32,
        fresh_rows: fresh.iter().map(|b| u64::from(b.tag.rows)).sum(),
        fresh_tombstones: fresh.iter().map(|b| u64::from(b.tag.tombstones)).sum(),
        authors: authors
            .into_iter()
            .map(|(author, (blocks, rows))| AuthorInfo { author, blocks, rows })
            .collect(),
    })
}
