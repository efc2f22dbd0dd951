//! Every rule about a block.

use super::{meta::RowMeta, view::BlockView};
use crate::{Violation, code, json, limits, reference::HashRef, schema::Schema};
use std::cmp::Ordering;

/// Whether a block obeys the rules of its collection.
///
/// `action_micros` is the time of the action that carries it: a row may be at most five minutes ahead of that.
/// Cost: one pass over the codes, one over ids and payloads.
pub fn check_block(bytes: &[u8], schema: &Schema, action_micros: i64) -> Result<(), Violation> {
    let block = BlockView::parse(bytes)?;
    if block.encoding() != schema.encoding {
        return Err(Violation::WrongEncoding { expected: schema.encoding, received: block.encoding() });
    }
    if block.dimension() != schema.dimension() {
        return Err(Violation::WrongDimension { expected: schema.dimension(), received: block.dimension() });
    }
    check_replaced(block.replaces())?;
    for row in 0..block.live_rows() {
        code::check_code(schema, block.code(row).unwrap_or_default(), row)?;
    }
    check_meta(&block, action_micros)
}

fn check_replaced(mut blocks: impl Iterator<Item = HashRef>) -> Result<(), Violation> {
    let mut last = blocks.next();
    for (place, block) in blocks.enumerate() {
        if last >= Some(block) {
            return Err(Violation::ReplacedOrder { place });
        }
        last = Some(block);
    }
    Ok(())
}

fn check_meta(block: &BlockView<'_>, action_micros: i64) -> Result<(), Violation> {
    let meta = block.meta()?;
    let (live, tombstones) = meta.rows().split_at_checked(block.live_rows()).unwrap_or_default();
    check_order(live, block.live_hashes(), 0)?;
    check_order(tombstones, block.tombstone_hashes(), live.len())?;
    check_apart(live, tombstones)?;
    let latest = action_micros.saturating_add(limits::MAX_AHEAD_MICROS);
    let mut newest = i64::MIN;
    for (row, meta_row) in meta.rows().iter().enumerate() {
        let received = meta_row.written_at_micros;
        if received < 0 || received > latest {
            return Err(Violation::WrittenAt { row, latest, received });
        }
        newest = newest.max(received);
        if let Some(payload) = meta.payload(row) {
            check_payload(payload, row)?;
        }
    }
    if newest != block.newest_micros() {
        return Err(Violation::NewestTime { expected: newest, received: block.newest_micros() });
    }
    Ok(())
}

/// Rows stand in ascending order of (id hash, id), and under the hashes that the block says. `first` is the
/// number of the first of them in the block.
fn check_order(rows: &[RowMeta], hashes: impl Iterator<Item = u64>, first: usize) -> Result<(), Violation> {
    let mut last: Option<&RowMeta> = None;
    for (row, (meta, received)) in (first..).zip(rows.iter().zip(hashes)) {
        if meta.id_hash() != received {
            return Err(Violation::IdHash { row, expected: meta.id_hash(), received });
        }
        match last.map(|previous| compare(previous, meta)) {
            Some(Ordering::Greater) => return Err(Violation::IdOrder { row }),
            Some(Ordering::Equal) => return Err(Violation::RepeatedId { id: meta.id.to_string() }),
            Some(Ordering::Less) | None => last = Some(meta),
        }
    }
    Ok(())
}

/// No id is both live and deleted. Both lists are sorted, so they are walked side by side.
fn check_apart(live: &[RowMeta], tombstones: &[RowMeta]) -> Result<(), Violation> {
    let mut tombstones = tombstones.iter().peekable();
    for row in live {
        while tombstones.next_if(|dead| compare(dead, row) == Ordering::Less).is_some() {}
        if tombstones.peek().is_some_and(|dead| dead.id == row.id) {
            return Err(Violation::RepeatedId { id: row.id.to_string() });
        }
    }
    Ok(())
}

fn compare(a: &RowMeta, b: &RowMeta) -> Ordering {
    a.id_hash().cmp(&b.id_hash()).then_with(|| a.id.cmp(&b.id))
}

/// Whether these bytes are one JSON object within the limits.
pub(super) fn check_payload(payload: &[u8], row: usize) -> Result<(), Violation> {
    json::check_object(payload).map_err(|reason| Violation::PayloadNotObject { row, reason })
}
