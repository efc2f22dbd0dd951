//! Making a block.

use super::{CELL_BYTES, FLAG_IN_CELL, HEADER_BYTES, ID_HASH_BYTES, MAGIC, check::check_payload};
use crate::{
    Violation,
    id::PointId,
    limits,
    reference::{CellId, HASH_BYTES, HashRef},
    schema::Schema,
};

/// Why a row cannot be added to a block.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The block has no room for it: finish this one and begin another. The row was not added.
    #[error("the block is full")]
    Full,
    /// No block may hold it.
    #[error(transparent)]
    Refused(#[from] Violation),
}

struct Row<'a> {
    hash: u64,
    id: &'a PointId,
    written_at_micros: i64,
    /// Code and payload; `None` for a tombstone.
    live: Option<(&'a [u8], &'a [u8])>,
}

/// Gathers rows and writes them as one block. It borrows ids, codes and payloads until then.
pub struct BlockBuilder<'a> {
    schema: &'a Schema,
    cell: Option<CellId>,
    replaces: Vec<HashRef>,
    rows: Vec<Row<'a>>,
    /// Bytes of the block, with the meta section as large as it can come out.
    bytes: usize,
    meta_bytes: usize,
}

impl<'a> BlockBuilder<'a> {
    /// An empty block, of a cell or fresh.
    pub fn new(schema: &'a Schema, cell: Option<CellId>) -> Self {
        let bytes = HEADER_BYTES + cell.map_or(0, |_| CELL_BYTES);
        Self { schema, cell, replaces: Vec::new(), rows: Vec::new(), bytes, meta_bytes: 0 }
    }

    /// Notes that the block replaces another one of the same author. At most [`limits::MAX_REPLACES`]; in the
    /// block they stand sorted, each once.
    pub fn replace(&mut self, block: HashRef) -> Result<(), BuildError> {
        if self.replaces.len() >= limits::MAX_REPLACES {
            return Err(BuildError::Full);
        }
        self.replaces.push(block);
        self.bytes += HASH_BYTES;
        Ok(())
    }

    /// Adds a row with a canonical `code` and a payload of JSON text (empty for none).
    pub fn push(
        &mut self,
        id: &'a PointId,
        written_at_micros: i64,
        code: &'a [u8],
        payload: &'a [u8],
    ) -> Result<(), BuildError> {
        let row = self.rows.len();
        if code.len() != self.schema.code_bytes() {
            return Err(BuildError::Refused(Violation::Truncated {
                what: "code of a row",
                expected: self.schema.code_bytes(),
                received: code.len(),
            }));
        }
        if payload.len() > limits::MAX_PAYLOAD_BYTES {
            return Err(BuildError::Refused(Violation::PayloadTooLarge {
                row,
                max: limits::MAX_PAYLOAD_BYTES,
                received: payload.len(),
            }));
        }
        if !payload.is_empty() {
            check_payload(payload, row)?;
        }
        self.add(Row { hash: id.hash64(), id, written_at_micros, live: Some((code, payload)) })
    }

    /// Adds a row that deletes the point; in a block of a cell, one that hides the point's versions in that cell
    /// up to its time.
    pub fn push_tombstone(&mut self, id: &'a PointId, written_at_micros: i64) -> Result<(), BuildError> {
        self.add(Row { hash: id.hash64(), id, written_at_micros, live: None })
    }

    fn add(&mut self, row: Row<'a>) -> Result<(), BuildError> {
        if row.written_at_micros < 0 {
            return Err(BuildError::Refused(Violation::WrittenAt {
                row: self.rows.len(),
                latest: i64::MAX,
                received: row.written_at_micros,
            }));
        }
        let (code, payload) = row.live.unwrap_or_default();
        // An id takes at most 3 bytes beside its text; a time 8; the length of a payload 4.
        let id = match row.id {
            PointId::Int(_) => 9,
            PointId::Text(text) => 3 + text.as_str().len(),
        };
        let meta_bytes = self.meta_bytes + id + 12 + payload.len();
        let bytes = self.bytes + ID_HASH_BYTES + code.len();
        let fits = self.rows.len() < limits::MAX_BLOCK_ROWS
            && meta_bytes <= limits::MAX_META_BYTES
            && bytes + packed_at_most(meta_bytes) <= limits::MAX_BLOCK_BYTES;
        if !fits {
            return Err(BuildError::Full);
        }
        self.bytes = bytes;
        self.meta_bytes = meta_bytes;
        self.rows.push(row);
        Ok(())
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing has been added.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The bytes of the block. An id that was added twice is refused, and so is a block without rows.
    /// Cost: a sort by id hash, and one copy of everything.
    pub fn finish(mut self) -> Result<Vec<u8>, Violation> {
        let newest = self.rows.iter().map(|r| r.written_at_micros).max().ok_or(Violation::EmptyBlock)?;
        self.rows.sort_unstable_by(|a, b| (a.hash, a.id).cmp(&(b.hash, b.id)));
        if let Some(pair) = self.rows.windows(2).find(|pair| matches!(pair, [a, b] if a.id == b.id)) {
            let id = pair.first().map(|r| r.id.to_string()).unwrap_or_default();
            return Err(Violation::RepeatedId { id });
        }
        self.replaces.sort_unstable();
        self.replaces.dedup();
        self.rows.sort_by_key(|row| row.live.is_none());
        let live = self.rows.iter().filter(|row| row.live.is_some()).count();

        let meta = self.meta();
        let packed = lz4_flex::block::compress(&meta);
        let mut out = Vec::with_capacity(self.bytes + packed.len());
        out.extend_from_slice(&MAGIC);
        out.push(self.schema.encoding.number());
        out.push(if self.cell.is_some() { FLAG_IN_CELL } else { 0 });
        out.extend_from_slice(&self.schema.dimension.to_le_bytes());
        out.extend_from_slice(&(live as u32).to_le_bytes());
        out.extend_from_slice(&((self.rows.len() - live) as u32).to_le_bytes());
        out.extend_from_slice(&(self.replaces.len() as u16).to_le_bytes());
        out.extend_from_slice(&0u16.to_le_bytes());
        out.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        out.extend_from_slice(&(meta.len() as u32).to_le_bytes());
        out.extend_from_slice(&newest.to_le_bytes());
        if let Some(cell) = self.cell {
            out.extend_from_slice(&cell.founding.0);
            out.extend_from_slice(&cell.index.to_le_bytes());
        }
        for block in &self.replaces {
            out.extend_from_slice(&block.0);
        }
        for row in &self.rows {
            out.extend_from_slice(&row.hash.to_le_bytes());
        }
        for (code, _) in self.rows.iter().filter_map(|row| row.live) {
            out.extend_from_slice(code);
        }
        out.extend_from_slice(&packed);
        if out.len() > limits::MAX_BLOCK_BYTES {
            return Err(Violation::BlockTooLarge { max: limits::MAX_BLOCK_BYTES, received: out.len() });
        }
        Ok(out)
    }

    fn meta(&self) -> Vec<u8> {
        let mut meta = Vec::with_capacity(self.meta_bytes);
        for row in &self.rows {
            meta.extend_from_slice(&row.written_at_micros.to_le_bytes());
        }
        for row in &self.rows {
            row.id.write(&mut meta);
        }
        for (_, payload) in self.rows.iter().filter_map(|row| row.live) {
            meta.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        }
        for (_, payload) in self.rows.iter().filter_map(|row| row.live) {
            meta.extend_from_slice(payload);
        }
        meta
    }
}

/// The most bytes that LZ4 needs for `bytes`: one in 255 more where nothing repeats.
fn packed_at_most(bytes: usize) -> usize {
    bytes + bytes / 255 + 16
}
