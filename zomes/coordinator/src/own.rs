//! Writing one's own blocks.

use crate::{
    fail::{OrFail, fail},
    fresh,
};
use hdk::prelude::*;
use rose_forest_api::Schema;
use rose_forest_integrity::{EntryTypes, LinkTypes, Vector, action_hash, epoch_hash};
use rose_forest_rules::{
    block::{BlockBuilder, BlockView, BuildError},
    id::PointId,
    reference::{CellId, HashRef},
    tag::FreshTag,
};

/// A row to write.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The point's id.
    pub id: &'a PointId,
    /// Its time, in microseconds since 1970.
    pub written_at_micros: i64,
    /// Its code and its payload (empty for none); nothing for a tombstone.
    pub live: Option<(&'a [u8], &'a [u8])>,
}

/// The time of rows written now: the clock, or one past the head of the chain if the clock was set back. All
/// earlier rows of this author are older, because a row is never newer than the action that carries it.
pub fn now_micros() -> ExternResult<i64> {
    let (_, _, head) = agent_info()?.chain_head;
    Ok(sys_time()?.as_micros().max(head.as_micros().saturating_add(1)))
}

/// The bytes of the blocks that hold these rows: one, or several where one is full. Only the first names what
/// it replaces.
fn build<'a>(
    schema: &'a Schema,
    cell: Option<CellId>,
    replaces: &[HashRef],
    rows: impl IntoIterator<Item = Row<'a>>,
) -> ExternResult<Vec<Vec<u8>>> {
    let mut blocks = Vec::new();
    let mut builder = BlockBuilder::new(schema, cell);
    for block in replaces {
        builder.replace(*block).or_fail()?;
    }
    for row in rows {
        match push(&mut builder, &row) {
            Ok(()) => {}
            Err(BuildError::Full) if !builder.is_empty() => {
                let full = std::mem::replace(&mut builder, BlockBuilder::new(schema, cell));
                blocks.push(full.finish().or_fail()?);
                push(&mut builder, &row).map_err(|e| fail(format!("id {}: {e}", row.id)))?;
            }
            Err(error) => return Err(fail(format!("id {}: {error}", row.id))),
        }
    }
    if !builder.is_empty() {
        blocks.push(builder.finish().or_fail()?);
    }
    Ok(blocks)
}

fn push<'a>(builder: &mut BlockBuilder<'a>, row: &Row<'a>) -> Result<(), BuildError> {
    match row.live {
        Some((code, payload)) => builder.push(row.id, row.written_at_micros, code, payload),
        None => builder.push_tombstone(row.id, row.written_at_micros),
    }
}

/// A block that was written.
pub struct Written {
    /// The action that carries it.
    pub action: ActionHash,
    /// Bytes of the block.
    pub bytes: u64,
}

fn create(block: Vec<u8>) -> ExternResult<Written> {
    let bytes = block.len() as u64;
    Ok(Written { action: create_entry(EntryTypes::Vector(Vector { block }))?, bytes })
}

/// Writes rows that can be found at once: their blocks and links under the author's newest epoch.
pub fn write_fresh<'a>(
    schema: &'a Schema,
    agent: &AgentPubKey,
    rows: impl IntoIterator<Item = Row<'a>>,
) -> ExternResult<Vec<Written>> {
    let blocks = build(schema, None, &[], rows)?;
    let epoch = fresh::epoch_for(agent, blocks.iter().map(Vec::len).sum())?;
    let mut written = Vec::with_capacity(blocks.len());
    for bytes in blocks {
        let view = BlockView::parse(&bytes).or_fail()?;
        let (rows, tombstones) = (view.live_rows() as u32, view.tombstones() as u32);
        let block = create(bytes)?;
        let tag = FreshTag { epoch, rows, tombstones };
        create_link(epoch_hash(agent, epoch), block.action.clone(), LinkTypes::EpochToBlock, tag.to_bytes())?;
        written.push(block);
    }
    Ok(written)
}

/// Writes rows of one cell. A later call links them: see `settle`.
pub fn write_cell<'a>(
    schema: &'a Schema,
    cell: CellId,
    replaces: &[HashRef],
    rows: impl IntoIterator<Item = Row<'a>>,
) -> ExternResult<Vec<Written>> {
    build(schema, Some(cell), replaces, rows)?.into_iter().map(create).collect()
}

/// An action hash that the rules handed out, as Holochain knows it.
pub fn from_ref(hash: HashRef) -> ExternResult<ActionHash> {
    action_hash(hash).ok_or_else(|| fail(format!("expected the hash of an action, received {hash}")))
}
