//! Values of the tables: blocks, authors, rows.

use crate::{
    Label, StoreError,
    block_sum::BlockSum,
    codec::Bytes,
    id_key::{push_id, read_id},
};
use rose_forest_rules::{
    id::PointId,
    reference::{CellId, HASH_BYTES, HashRef},
};

/// A block's number in this store.
pub type BlockNumber = u32;

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The block, see [`crate::Snapshot::block`].
    pub block: BlockNumber,
    /// Which of its rows.
    pub row: u32,
}

/// A row that counts, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placed {
    /// The row.
    pub label: Label,
    /// Where it is.
    pub place: Place,
}

/// What is known of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockInfo {
    /// The action that carries it.
    pub action: HashRef,
    /// The time of that action, in microseconds since 1970.
    pub action_micros: i64,
    /// Who wrote it.
    pub author: HashRef,
    /// The cell that it belongs to; nothing for a fresh block.
    pub cell: Option<CellId>,
    /// Whether the DHT has delivered it.
    pub confirmed: bool,
}

/// A block as it is kept: the author is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockRecord {
    pub action: HashRef,
    pub action_micros: i64,
    pub author: u32,
    pub cell: Option<CellId>,
    pub confirmed: bool,
}

const BLOCK_VERSION: u8 = 1;
const FLAG_CONFIRMED: u8 = 1;
const FLAG_IN_CELL: u8 = 2;

impl BlockRecord {
    /// Of two blocks with the same row, the one with the larger rank is the later.
    pub(crate) fn rank(&self) -> (i64, HashRef) {
        (self.action_micros, self.action)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut value = vec![BLOCK_VERSION];
        let confirmed = if self.confirmed { FLAG_CONFIRMED } else { 0 };
        value.push(confirmed | if self.cell.is_some() { FLAG_IN_CELL } else { 0 });
        value.extend_from_slice(&self.author.to_le_bytes());
        value.extend_from_slice(&self.action_micros.to_le_bytes());
        value.extend_from_slice(&self.action.0);
        if let Some(cell) = self.cell {
            value.extend_from_slice(&cell.founding.0);
            value.extend_from_slice(&cell.index.to_le_bytes());
        }
        value
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, StoreError> {
        let mut bytes = Bytes::versioned(value, "block", BLOCK_VERSION)?;
        let flags = bytes.u8()?;
        let author = bytes.u32()?;
        let action_micros = bytes.i64()?;
        let action = HashRef(bytes.array()?);
        let cell = if flags & FLAG_IN_CELL == 0 {
            None
        } else {
            Some(CellId { founding: HashRef(bytes.array()?), index: bytes.u16()? })
        };
        bytes.end()?;
        Ok(Self { action, action_micros, author, cell, confirmed: flags & FLAG_CONFIRMED != 0 })
    }
}

/// An author: its number, how many rows of it count, and the blocks that the DHT has delivered of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuthorRecord {
    pub number: u32,
    pub live: u64,
    pub blocks: BlockSum,
}

const AUTHOR_VERSION: u8 = 2;

impl AuthorRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut value = vec![AUTHOR_VERSION];
        value.extend_from_slice(&self.number.to_le_bytes());
        value.extend_from_slice(&self.live.to_le_bytes());
        value.extend_from_slice(&self.blocks.count.to_le_bytes());
        value.extend_from_slice(&self.blocks.digest);
        value
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, StoreError> {
        let mut bytes = Bytes::versioned(value, "author", AUTHOR_VERSION)?;
        let (number, live) = (bytes.u32()?, bytes.u64()?);
        let blocks = BlockSum { count: bytes.u64()?, digest: bytes.array()? };
        bytes.end()?;
        Ok(Self { number, live, blocks })
    }
}

/// The key of a block among those of its author: in the order of their times, those of one time in the order of their hashes.
pub(crate) fn author_block_key(author: u32, action_micros: i64, action: &HashRef) -> Vec<u8> {
    let mut key = author.to_be_bytes().to_vec();
    // With the sign turned, bytes are in the order of the numbers.
    key.extend_from_slice(&(action_micros ^ i64::MIN).to_be_bytes());
    key.extend_from_slice(&action.0);
    key
}

/// The action of such a key.
pub(crate) fn read_author_block_key(key: &[u8]) -> Result<HashRef, StoreError> {
    let mut bytes = Bytes::plain(key, "key of an author's block");
    bytes.u32()?;
    bytes.i64()?;
    let action = HashRef(bytes.array()?);
    bytes.end()?;
    Ok(action)
}

/// An agent key from a table.
pub(crate) fn read_hash(bytes: &[u8], what: &'static str) -> Result<HashRef, StoreError> {
    HashRef::from_slice(bytes).ok_or_else(|| {
        StoreError::damaged(what, format!("expected {HASH_BYTES} bytes, received {}", bytes.len()))
    })
}

const ROW_VERSION: u8 = 1;

/// A row as it is kept: what never changes while it has its label.
pub(crate) struct RowRecord<'a> {
    pub author: u32,
    pub written_at_micros: i64,
    pub id: PointId,
    pub payload: Option<&'a [u8]>,
}

impl<'a> RowRecord<'a> {
    /// The value of a row; an empty payload is none.
    pub(crate) fn encode(
        value: &mut Vec<u8>,
        author: u32,
        written_at_micros: i64,
        id: &PointId,
        payload: Option<&[u8]>,
    ) {
        value.clear();
        value.push(ROW_VERSION);
        value.extend_from_slice(&author.to_le_bytes());
        value.extend_from_slice(&written_at_micros.to_le_bytes());
        push_id(value, id);
        value.extend_from_slice(payload.unwrap_or_default());
    }

    pub(crate) fn decode(value: &'a [u8]) -> Result<Self, StoreError> {
        let mut bytes = Bytes::versioned(value, "row", ROW_VERSION)?;
        let (author, written_at_micros) = (bytes.u32()?, bytes.i64()?);
        let id = read_id(&mut bytes)?;
        let payload = bytes.rest();
        let payload = if payload.is_empty() { None } else { Some(payload) };
        Ok(Self { author, written_at_micros, id, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_come_back(action: [u8; 39], action_micros: i64, author: u32, index: Option<u16>, confirmed: bool) {
            let cell = index.map(|index| CellId { founding: HashRef([7; 39]), index });
            let record = BlockRecord { action: HashRef(action), action_micros, author, cell, confirmed };
            prop_assert_eq!(BlockRecord::decode(&record.encode()).unwrap(), record);
        }

        #[test]
        fn authors_come_back(number: u32, live: u64, count: u64, digest: [u8; 32]) {
            let record = AuthorRecord { number, live, blocks: BlockSum { count, digest } };
            prop_assert_eq!(AuthorRecord::decode(&record.encode()).unwrap(), record);
        }

        #[test]
        fn no_bytes_make_the_readers_panic(mut bytes: Vec<u8>, version in 1u8..3) {
            if let Some(first) = bytes.first_mut() {
                *first = version;
            }
            let _ = (BlockRecord::decode(&bytes), AuthorRecord::decode(&bytes), RowRecord::decode(&bytes).is_ok());
        }
    }

    #[test]
    fn rows_come_back() {
        let mut value = Vec::new();
        for payload in [None, Some(&b"{\"a\":[1,2]}"[..])] {
            for id in [PointId::Int(3), PointId::text("x").unwrap()] {
                RowRecord::encode(&mut value, 9, -4, &id, payload);
                let row = RowRecord::decode(&value).unwrap();
                assert_eq!((row.author, row.written_at_micros, row.id, row.payload), (9, -4, id, payload));
            }
        }
    }
}
