//! Blocks that are made from a number, and what an index must answer that has taken in the first so many.

use rose_forest_api::{
    ActionHash, AgentPubKey, Distance, Encoding, PointId, Schema, SearchInput, floats_to_bytes,
};
use rose_forest_core::{Space, encode::encode_row};
use rose_forest_engine::SignedBlock;
use rose_forest_engine::local::{Limits, LocalIndex, Opening};
use rose_forest_rules::{
    block::BlockBuilder,
    reference::{CellId, HASH_BYTES, HashRef},
};
use std::collections::BTreeMap;
use std::path::Path;

const DIMENSION: usize = 12;
/// Points that there are at most: a search can ask for all of them.
const POINTS: u64 = 150;
/// Rows of a block.
const ROWS: u64 = 6;
/// The name under which the number of the next block is noted.
const NEXT: &str = "next";

pub fn schema() -> Schema {
    Schema::new("faults", DIMENSION, Distance::Cosine, Encoding::Sq8).unwrap()
}

/// The index of a folder.
pub fn open(dir: &Path) -> (LocalIndex, Opening) {
    open_as(dir, [1; 32])
}

/// The index of a folder, for a collection of this identity.
pub fn open_as(dir: &Path, identity: [u8; 32]) -> (LocalIndex, Opening) {
    open_with(dir, identity, Limits::default())
}

/// The index of a folder, with no memory to spare: all settled rows are to lie on disk.
pub fn open_without_memory(dir: &Path, identity: [u8; 32]) -> (LocalIndex, Opening) {
    open_with(dir, identity, Limits { memory_bytes: 0, age: None })
}

fn open_with(dir: &Path, identity: [u8; 32], limits: Limits) -> (LocalIndex, Opening) {
    LocalIndex::open(dir, &schema(), identity, limits).unwrap()
}

/// The cell of a block: two in three are settled.
fn cell(number: u64) -> Option<CellId> {
    let index = u16::try_from(number % 3).ok().filter(|index| *index < 2)?;
    Some(CellId { founding: HashRef([9; HASH_BYTES]), index })
}

/// Moves settled rows to disk, as the limits of the index say. Says how many.
pub fn move_settled(index: &LocalIndex) -> usize {
    let centre = |cell: &CellId| vec![if cell.index == 0 { 1.0 } else { -1.0 }; DIMENSION];
    let cells: Vec<_> = index.unknown_cells().unwrap().iter().map(|cell| (*cell, centre(cell))).collect();
    index.add_cells(cells).unwrap();
    index.move_settled(0, &|| false).unwrap().rows
}

/// Which points a block writes, and which of them it deletes.
fn rows(number: u64) -> impl Iterator<Item = (u64, bool)> {
    (0..ROWS).map(move |row| ((number * 7 + row * 31) % POINTS, (number + row).is_multiple_of(11)))
}

fn vector(id: u64, number: u64) -> Vec<f32> {
    let mut random = crate::child::Random(id << 32 | number);
    (0..DIMENSION).map(|_| random.below(2_001) as f32 - 1_000.0).collect()
}

/// The block of a number. Later ones write later versions.
pub fn block(number: u64) -> SignedBlock {
    let schema = schema();
    let rows: BTreeMap<u64, bool> = rows(number).collect();
    let mut builder = BlockBuilder::new(&schema, cell(number));
    let time = number as i64 + 1;
    let ids: Vec<_> = rows.keys().map(|id| PointId::Int(*id)).collect();
    let code = |id: &u64| encode_row(Space::from(&schema), &vector(*id, number)).unwrap();
    let codes: Vec<_> = rows.keys().map(code).collect();
    for ((id, code), deleted) in ids.iter().zip(&codes).zip(rows.values()) {
        if *deleted {
            builder.push_tombstone(id, time).unwrap();
        } else {
            builder.push(id, time, code, b"{}").unwrap();
        }
    }
    let mut raw = [7; 32];
    raw[..8].copy_from_slice(&number.to_le_bytes());
    SignedBlock {
        author: AgentPubKey::from_raw_32(vec![1; 32]),
        action: ActionHash::from_raw_32(raw.to_vec()),
        timestamp_micros: time,
        bytes: builder.finish().unwrap(),
    }
}

/// The number of a block.
fn number_of(action: &ActionHash) -> u64 {
    u64::from_le_bytes(action.get_raw_32()[..8].try_into().unwrap())
}

/// The number of the block that an index takes in next.
pub fn next(index: &LocalIndex) -> u64 {
    index.cursor(NEXT).unwrap().map_or(0, |bytes| u64::from_le_bytes(bytes.try_into().unwrap()))
}

/// Takes in so many blocks more, at once, with the note that they are.
pub fn take_in(index: &LocalIndex, blocks: u64) {
    try_to_take_in(index, blocks).unwrap();
}

/// As [`take_in`], on a disk that may be full.
pub fn try_to_take_in(index: &LocalIndex, blocks: u64) -> Result<(), rose_forest_engine::local::IndexError> {
    let first = next(index);
    let all: Vec<_> = (first..first + blocks).map(block).collect();
    index.take_in(&all, true, Some((NEXT, &(first + blocks).to_le_bytes()))).map(|_| ())
}

/// Gives an index the blocks that it misses rows of.
pub fn restore(index: &LocalIndex) {
    while index.missing_rows() > 0 {
        for (action, _) in index.missing_blocks(10).unwrap() {
            assert!(index.restore(&block(number_of(&action))).unwrap() > 0);
        }
    }
}

/// Asserts that an index finds the newest version of every point of the blocks that it has taken in, each once, and nothing
/// else.
pub fn check(index: &LocalIndex) {
    assert_eq!(index.missing_rows(), 0);
    let mut expected = BTreeMap::new();
    for number in 0..next(index) {
        for (id, deleted) in rows(number).collect::<BTreeMap<_, _>>() {
            if deleted {
                expected.remove(&id);
            } else {
                expected.insert(id, number);
            }
        }
    }
    let search = |vector: &[f32], k: u32| {
        let input = SearchInput { vector: floats_to_bytes(vector), k, ..SearchInput::default() };
        index.search(&input, None).unwrap().hits
    };
    let mut found = BTreeMap::new();
    for hit in search(&[1.0; DIMENSION], POINTS as u32 * 2) {
        let PointId::Int(id) = hit.id else { panic!() };
        let known = found.insert(id, number_of(&hit.action_hash));
        assert!(known.is_none(), "{id} is found twice");
    }
    assert_eq!(found, expected, "of blocks 0..{}", next(index));
    for (id, number) in expected {
        let hits = search(&vector(id, number), 3);
        let best = hits.iter().find(|hit| hit.id == PointId::Int(id));
        assert!(
            best.is_some_and(|hit| hit.score > 0.999),
            "{id} of block {number} by its own vector: {hits:?}"
        );
    }
    let report = index.report().unwrap();
    assert_eq!(report.points, found.len() as u64);
    assert_eq!(report.in_graph + report.in_lists, report.points, "each in one place: {report:?}");
}
