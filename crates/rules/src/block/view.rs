//! A block, read in place.

use super::{FLAG_IN_CELL, ID_HASH_BYTES, MAGIC, meta::Meta};
use crate::{
    Violation, limits,
    read::Reader,
    reference::{CellId, HASH_BYTES, HashRef},
    schema::Encoding,
};

/// A block whose lengths have been checked: its dimension is from 1 to 4096 and its codes are not empty rows.
/// It borrows the bytes and copies nothing.
#[derive(Clone, Copy, Debug)]
pub struct BlockView<'a> {
    encoding: Encoding,
    dimension: usize,
    cell: Option<CellId>,
    replaces: &'a [u8],
    live_hashes: &'a [[u8; ID_HASH_BYTES]],
    tombstone_hashes: &'a [[u8; ID_HASH_BYTES]],
    codes: &'a [u8],
    meta: &'a [u8],
    meta_bytes: usize,
    newest_micros: i64,
}

impl<'a> BlockView<'a> {
    /// Reads the header and divides the rest. Cost: constant, whatever the size of the block.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Violation> {
        if bytes.len() > limits::MAX_BLOCK_BYTES {
            return Err(Violation::BlockTooLarge { max: limits::MAX_BLOCK_BYTES, received: bytes.len() });
        }
        let mut reader = Reader::new(bytes);
        if reader.take(MAGIC.len(), "magic of a block")? != MAGIC {
            return Err(Violation::NotABlock);
        }
        let number = reader.u8("encoding")?;
        let encoding =
            Encoding::from_number(number).ok_or(Violation::UnknownEncoding { received: number })?;
        if let Encoding::Pq | Encoding::Bit1 = encoding {
            return Err(Violation::Reserved { what: "encoding" });
        }
        let flags = reader.u8("flags")?;
        if flags & !FLAG_IN_CELL != 0 {
            return Err(Violation::Reserved { what: "flags of a block" });
        }
        let dimension = usize::from(reader.u16("dimension")?);
        let live = reader.u32("number of live rows")? as usize;
        let tombstones = reader.u32("number of tombstones")? as usize;
        let replaces = usize::from(reader.u16("number of replaced blocks")?);
        if reader.u16("reserved")? != 0 {
            return Err(Violation::Reserved { what: "bytes of a block's header" });
        }
        let meta_packed = reader.u32("size of the meta section")? as usize;
        let meta_bytes = reader.u32("unpacked size of the meta section")? as usize;
        let newest_micros = reader.i64("newest time")?;

        if !(limits::MIN_DIMENSION..=limits::MAX_DIMENSION).contains(&dimension) {
            return Err(Violation::SchemaDimension {
                min: limits::MIN_DIMENSION,
                max: limits::MAX_DIMENSION,
                received: dimension,
            });
        }
        let rows = live.saturating_add(tombstones);
        if rows == 0 {
            return Err(Violation::EmptyBlock);
        }
        if rows > limits::MAX_BLOCK_ROWS {
            return Err(Violation::TooManyRows { max: limits::MAX_BLOCK_ROWS, received: rows });
        }
        if replaces > limits::MAX_REPLACES {
            return Err(Violation::TooManyReplaced { max: limits::MAX_REPLACES, received: replaces });
        }
        if meta_bytes > limits::MAX_META_BYTES {
            return Err(Violation::MetaTooLarge { max: limits::MAX_META_BYTES, received: meta_bytes });
        }
        let cell = if flags & FLAG_IN_CELL == 0 {
            None
        } else {
            Some(CellId { founding: reader.hash("cell")?, index: reader.u16("index of the cell")? })
        };
        let replaces = reader.take(replaces * HASH_BYTES, "replaced blocks")?;
        let live_hashes = reader.take(live * ID_HASH_BYTES, "id hashes")?.as_chunks().0;
        let tombstone_hashes =
            reader.take(tombstones * ID_HASH_BYTES, "id hashes of tombstones")?.as_chunks().0;
        // At most 16,384 * 4 * 4096, which 32 bits hold.
        let codes = reader.take(live * encoding.code_bytes(dimension), "codes")?;
        let meta = reader.take(meta_packed, "meta section")?;
        reader.end()?;
        Ok(Self {
            encoding,
            dimension,
            cell,
            replaces,
            live_hashes,
            tombstone_hashes,
            codes,
            meta,
            meta_bytes,
            newest_micros,
        })
    }

    /// How its rows are encoded.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Components of a row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Number of rows with a vector.
    pub fn live_rows(&self) -> usize {
        self.live_hashes.len()
    }

    /// Number of tombstones.
    pub fn tombstones(&self) -> usize {
        self.tombstone_hashes.len()
    }

    /// The cell the block belongs to; a fresh block belongs to none.
    pub fn cell(&self) -> Option<CellId> {
        self.cell
    }

    /// The author's blocks that this one replaces.
    pub fn replaces(&self) -> impl Iterator<Item = HashRef> + 'a {
        self.replaces.as_chunks::<HASH_BYTES>().0.iter().map(|h| HashRef(*h))
    }

    /// The newest time of its rows, in microseconds since 1970.
    pub fn newest_micros(&self) -> i64 {
        self.newest_micros
    }

    /// Codes of all live rows, `Encoding::code_bytes` each.
    pub fn codes(&self) -> &'a [u8] {
        self.codes
    }

    /// Code of live row `row`.
    pub fn code(&self, row: usize) -> Option<&'a [u8]> {
        let size = self.encoding.code_bytes(self.dimension);
        let start = row.checked_mul(size)?;
        self.codes.get(start..start.checked_add(size)?)
    }

    /// Id hash of live row `row`.
    pub fn live_hash(&self, row: usize) -> Option<u64> {
        self.live_hashes.get(row).map(|h| u64::from_le_bytes(*h))
    }

    /// Id hashes of the live rows, ascending.
    pub fn live_hashes(&self) -> impl ExactSizeIterator<Item = u64> + 'a {
        self.live_hashes.iter().map(|h| u64::from_le_bytes(*h))
    }

    /// Id hashes of the tombstones, ascending.
    pub fn tombstone_hashes(&self) -> impl ExactSizeIterator<Item = u64> + 'a {
        self.tombstone_hashes.iter().map(|h| u64::from_le_bytes(*h))
    }

    /// Rows whose id may have this hash, as row numbers of [`Meta`]: live rows first, then tombstones.
    /// Cost: two binary searches.
    pub fn rows_with_hash(&self, hash: u64) -> impl Iterator<Item = usize> + 'a {
        let live = equal_range(self.live_hashes, hash);
        let dead = equal_range(self.tombstone_hashes, hash);
        let offset = self.live_hashes.len();
        live.chain(dead.map(move |row| row + offset))
    }

    /// Unpacks times, ids and payloads. Cost: linear in their size, at most 16 MiB.
    pub fn meta(&self) -> Result<Meta, Violation> {
        Meta::unpack(self.meta, self.meta_bytes, self.live_rows(), self.tombstones())
    }
}

fn equal_range(hashes: &[[u8; ID_HASH_BYTES]], hash: u64) -> std::ops::Range<usize> {
    let start = hashes.partition_point(|h| u64::from_le_bytes(*h) < hash);
    let end = hashes.partition_point(|h| u64::from_le_bytes(*h) <= hash);
    start..end.max(start)
}
