//! A second writer of blocks, which writes whatever it is told: it begins with a valid block, and a test
//! breaks one thing. It follows the table in `block.rs` and shares no code with the builder.

use crate::make::{NOW, encode, schema};
use rose_forest_rules::{
    Violation,
    block::check_block,
    reference::{CellId, HashRef},
    schema::{Distance, Encoding, Schema},
};

#[derive(Clone, Debug)]
pub struct RawRow {
    /// Kind and bytes of the id.
    pub id: Vec<u8>,
    pub id_hash: u64,
    pub micros: i64,
    pub code: Vec<u8>,
    pub payload: Vec<u8>,
}

impl RawRow {
    pub fn new(id: &[u8], code: &[u8], payload: &[u8]) -> Self {
        let id_hash = twox_hash::XxHash3_64::oneshot(id);
        Self { id: id.to_vec(), id_hash, micros: NOW, code: code.to_vec(), payload: payload.to_vec() }
    }
}

#[derive(Clone, Debug)]
pub struct RawBlock {
    pub magic: [u8; 4],
    pub encoding: u8,
    pub flags: u8,
    pub dimension: u16,
    pub reserved: u16,
    pub cell: Option<CellId>,
    pub replaces: Vec<HashRef>,
    pub live: Vec<RawRow>,
    pub tombstones: Vec<RawRow>,
    pub newest: i64,
}

/// The bytes of an id that is an integer.
pub fn integer(n: u64) -> Vec<u8> {
    [&[0][..], &n.to_le_bytes()].concat()
}

/// The bytes of an id that is a string, whatever it says.
pub fn string(text: &[u8]) -> Vec<u8> {
    [&[2][..], &(text.len() as u16).to_le_bytes(), text].concat()
}

/// The collection of [`RawBlock::valid`]: three components, euclid, f32.
pub fn plain_schema() -> Schema {
    schema(3, Distance::Euclid, Encoding::F32)
}

impl RawBlock {
    /// Fresh: two rows and a tombstone.
    pub fn valid() -> Self {
        let schema = plain_schema();
        let code = |x| encode(&schema, &[x, 2.0, 3.0]);
        let mut block = Self {
            magic: *b"RFB\x01",
            encoding: 1,
            flags: 0,
            dimension: 3,
            reserved: 0,
            cell: None,
            replaces: Vec::new(),
            live: vec![
                RawRow::new(&integer(1), &code(1.0), b"{\"a\":1}"),
                RawRow::new(&string(b"two"), &code(2.0), b""),
            ],
            tombstones: vec![RawRow::new(&integer(3), &[], &[])],
            newest: NOW,
        };
        block.sort();
        block
    }

    pub fn sort(&mut self) {
        self.live.sort_by_key(|r| r.id_hash);
        self.tombstones.sort_by_key(|r| r.id_hash);
    }

    pub fn meta(&self) -> Vec<u8> {
        let rows = || self.live.iter().chain(&self.tombstones);
        let mut meta = Vec::new();
        rows().for_each(|r| meta.extend(r.micros.to_le_bytes()));
        rows().for_each(|r| meta.extend(&r.id));
        self.live.iter().for_each(|r| meta.extend((r.payload.len() as u32).to_le_bytes()));
        self.live.iter().for_each(|r| meta.extend(&r.payload));
        meta
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_with_meta(&self.meta())
    }

    pub fn bytes_with_meta(&self, meta: &[u8]) -> Vec<u8> {
        self.bytes_with_packed(&lz4_flex::block::compress(meta), meta.len() as u32)
    }

    pub fn bytes_with_packed(&self, packed: &[u8], unpacked_bytes: u32) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        out.extend([self.encoding, self.flags]);
        out.extend(self.dimension.to_le_bytes());
        out.extend((self.live.len() as u32).to_le_bytes());
        out.extend((self.tombstones.len() as u32).to_le_bytes());
        out.extend((self.replaces.len() as u16).to_le_bytes());
        out.extend(self.reserved.to_le_bytes());
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend(unpacked_bytes.to_le_bytes());
        out.extend(self.newest.to_le_bytes());
        if let Some(cell) = self.cell {
            out.extend(cell.founding.0);
            out.extend(cell.index.to_le_bytes());
        }
        self.replaces.iter().for_each(|block| out.extend(block.0));
        self.live.iter().chain(&self.tombstones).for_each(|r| out.extend(r.id_hash.to_le_bytes()));
        self.live.iter().for_each(|r| out.extend(&r.code));
        out.extend(packed);
        out
    }
}

/// The verdict on a block of the plain collection.
pub fn verdict(bytes: &[u8]) -> Result<(), Violation> {
    check_block(bytes, &plain_schema(), NOW)
}

/// The violation that a valid block has after `break_it`.
pub fn broken(break_it: impl FnOnce(&mut RawBlock)) -> Violation {
    let mut block = RawBlock::valid();
    assert_eq!(verdict(&block.bytes()), Ok(()));
    break_it(&mut block);
    verdict(&block.bytes()).unwrap_err()
}
