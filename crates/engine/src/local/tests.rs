mod histories;

use super::*;
use crate::SignedBlock;
use proptest::prelude::*;
use rose_forest_api::{AgentPubKey, PointId, SearchInput, floats_to_bytes};
use rose_forest_core::encode::encode_row;
use rose_forest_rules::{
    block::BlockBuilder,
    reference::CellId,
    schema::{Distance, Encoding},
};
use std::fs;
use std::path::Path;

pub(super) const D: usize = 24;

pub(super) fn schema() -> Schema {
    Schema::new("notes", D, Distance::Cosine, Encoding::Sq8).unwrap()
}

pub(super) fn author(number: u8) -> AgentPubKey {
    AgentPubKey::from_raw_32(vec![number; 32])
}

pub(super) fn action(number: u8) -> ActionHash {
    ActionHash::from_raw_32(vec![number; 32])
}

/// A row's vector: each id and version has its own.
pub(super) fn vector(id: u64, version: u64) -> Vec<f32> {
    let mut state = id * 100 + version + 1;
    let component = |_| {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..D).map(component).collect()
}

/// Ids with their versions, which are also their times; without a version a tombstone at this time.
pub(super) type Rows<'a> = &'a [(u64, Result<u64, u64>)];

pub(super) fn block(by: u8, number: u8, rows: Rows<'_>) -> SignedBlock {
    block_in(None, by, number, rows)
}

/// A cell of which tests know the centre.
pub(super) fn cell(index: u16) -> CellId {
    CellId { founding: HashRef([9; 39]), index }
}

/// Cells with their centres.
pub(super) fn cells(indexes: std::ops::Range<u16>) -> impl Iterator<Item = (CellId, Vec<f32>)> {
    indexes.map(|index| (cell(index), vector(1_000 + u64::from(index), 0)))
}

pub(super) fn block_in(place: Option<u16>, by: u8, number: u8, rows: Rows<'_>) -> SignedBlock {
    let schema = schema();
    let space = Space::from(&schema);
    let ids: Vec<_> = rows.iter().map(|(id, _)| PointId::Int(*id)).collect();
    let codes: Vec<_> = rows
        .iter()
        .map(|(id, version)| encode_row(space, &vector(*id, version.unwrap_or_default())).unwrap())
        .collect();
    let mut builder = BlockBuilder::new(&schema, place.map(cell));
    for ((id, code), (_, version)) in ids.iter().zip(&codes).zip(rows) {
        match version {
            Ok(version) => builder.push(id, *version as i64, code, b"{\"a\":1}").unwrap(),
            Err(time) => builder.push_tombstone(id, *time as i64).unwrap(),
        }
    }
    let bytes = builder.finish().unwrap();
    SignedBlock { author: author(by), action: action(number), timestamp_micros: i64::from(number), bytes }
}

pub(super) fn open(dir: &Path) -> (LocalIndex, Opening) {
    open_with(dir, Limits::default())
}

pub(super) fn open_with(dir: &Path, limits: Limits) -> (LocalIndex, Opening) {
    LocalIndex::open(dir, &schema(), [1; 32], limits).unwrap()
}

/// Waits until no row of the graph waits to be linked.
pub(super) fn wait_until_linked(index: &LocalIndex) {
    let begun = std::time::Instant::now();
    while index.report().unwrap().waiting > 0 {
        assert!(begun.elapsed().as_secs() < 60, "they are not linked");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// What a search for this version of a point finds first, if it is that very vector: who wrote it.
pub(super) fn finds(index: &LocalIndex, id: u64, version: u64) -> bool {
    let hits = search(index, &vector(id, version), 3).hits;
    hits.iter().any(|hit| hit.id == PointId::Int(id) && hit.score > 0.999)
}

pub(super) fn search(index: &LocalIndex, vector: &[f32], k: u32) -> Found {
    let input = SearchInput { vector: floats_to_bytes(vector), k, ..SearchInput::default() };
    index.search(&input, None).unwrap()
}

#[test]
fn the_newest_version_of_a_point_is_found_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let (index, opening) = open(&dir.path().join("index"));
    assert_eq!(opening, Opening::default());
    let taken = index.take_in(&[block(1, 1, &[(1, Ok(10)), (2, Ok(10)), (3, Ok(10))])], true, None).unwrap();
    assert_eq!(taken, Taken { inserted: 3, removed: 0 });
    let later = block(1, 2, &[(1, Ok(20)), (2, Err(20))]);
    assert_eq!(
        index.take_in(std::slice::from_ref(&later), true, None).unwrap(),
        Taken { inserted: 1, removed: 2 }
    );
    assert!(finds(&index, 1, 20) && finds(&index, 3, 10));
    assert!(!finds(&index, 1, 10) && !finds(&index, 2, 10));
    // Another author's point of the same id is another point.
    index.take_in(&[block(2, 3, &[(1, Ok(5))])], true, None).unwrap();
    assert!(finds(&index, 1, 20) && finds(&index, 1, 5));
    // What is known already changes nothing, and neither does what is older.
    assert_eq!(index.take_in(&[later], true, None).unwrap(), Taken::default());
    assert_eq!(index.take_in(&[block(1, 4, &[(2, Ok(15))])], true, None).unwrap(), Taken::default());
    let all = search(&index, &vector(3, 10), 100);
    assert_eq!(all.hits.len(), 3);
    assert_eq!(all.hits[0].payload.as_deref(), Some("{\"a\":1}"));
    assert_eq!((&all.hits[0].author, &all.hits[0].action_hash), (&author(1), &action(1)));
}

#[test]
fn rows_are_found_at_once_and_linked_in_the_background() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    /// Rows of a block.
    const ROWS: u64 = 2_000;
    let blocks = |numbers: std::ops::Range<u8>| -> Vec<SignedBlock> {
        let ids = |number: u8| u64::from(number) * ROWS..(u64::from(number) + 1) * ROWS;
        let rows = |number| ids(number).map(|id| (id, Ok(10))).collect::<Vec<_>>();
        numbers.map(|number| block(1, number, &rows(number))).collect()
    };
    let finds_all = |index: &LocalIndex, blocks: u64| {
        let missing: Vec<u64> = (0..blocks * ROWS).step_by(97).filter(|id| !finds(index, *id, 10)).collect();
        assert!(missing.is_empty(), "{missing:?} are not found");
    };
    index.take_in(&blocks(0..2), true, None).unwrap();
    finds_all(&index, 2);
    wait_until_linked(&index);
    finds_all(&index, 2);
    // What waits when it is saved, waits again when it is opened.
    index.take_in(&blocks(2..3), true, None).unwrap();
    index.save().unwrap();
    drop(index);
    let (index, _) = open(dir.path());
    finds_all(&index, 3);
    wait_until_linked(&index);
    // Of more than may wait, some are linked by whoever brings them.
    index.take_in(&blocks(3..20), true, None).unwrap();
    assert!(index.report().unwrap().waiting <= rose_forest_index::graph::MAX_WAITING as u64);
    finds_all(&index, 20);
}

#[test]
fn what_was_only_announced_shows_as_such_and_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let old = block(1, 1, &[(1, Ok(10))]);
    index.take_in(std::slice::from_ref(&old), true, None).unwrap();
    index.take_in(&[block(1, 2, &[(1, Ok(20)), (2, Ok(20))])], false, None).unwrap();
    let found = search(&index, &vector(2, 20), 10);
    assert_eq!((found.hits.len(), found.confirmed), (2, vec![false, false]));
    let waiting = UnconfirmedBlock { action: action(2), author: author(1), timestamp_micros: 2 };
    assert_eq!(index.unconfirmed_blocks().unwrap(), [waiting]);
    index.withdraw(&action(2)).unwrap();
    assert_eq!(index.unconfirmed_blocks().unwrap(), []);
    assert!(!finds(&index, 1, 20) && !finds(&index, 2, 20));
    assert_eq!(index.missing_blocks(10).unwrap(), [(action(1), true)]);
    assert_eq!((index.restore(&old).unwrap(), index.missing_rows()), (1, 0));
    assert!(finds(&index, 1, 10));
    // Delivered after all, it counts.
    index.take_in(&[block(1, 2, &[(1, Ok(20)), (2, Ok(20))])], true, None).unwrap();
    let found = search(&index, &vector(2, 20), 10);
    assert_eq!((found.hits.len(), found.confirmed), (2, vec![true, true]));
}

#[test]
fn a_missing_row_whose_block_is_taken_back_is_asked_for_from_another() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let copies = [2, 3, 4].map(|number| block(1, number, &[(1, Ok(10))]));
    index.take_in(&copies[..2], false, None).unwrap();
    index.store.sync().unwrap();
    drop(index);
    let (index, _) = open(dir.path());
    assert_eq!(index.missing_blocks(10).unwrap(), [(action(2), false)]);
    index.withdraw(&action(2)).unwrap();
    assert_eq!(index.missing_blocks(10).unwrap(), [(action(3), false)]);
    // A copy that comes brings the vector.
    index.take_in(&copies[2..], true, None).unwrap();
    assert_eq!((index.missing_rows(), finds(&index, 1, 10)), (0, true));
}

#[test]
fn a_saved_index_opens_with_everything_and_what_came_after_it_is_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let first = block(1, 1, &[(1, Ok(10)), (2, Ok(10)), (3, Ok(10))]);
    index.take_in(&[first], true, Some(("read", b"1"))).unwrap();
    index.save().unwrap();
    let second = block(1, 2, &[(2, Ok(20)), (3, Err(20)), (4, Ok(20))]);
    index.take_in(std::slice::from_ref(&second), true, Some(("read", b"2"))).unwrap();
    index.store.sync().unwrap();
    drop(index);
    let (index, opening) = open(dir.path());
    assert_eq!(opening, Opening::default());
    assert_eq!(index.cursor("read").unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(index.missing_blocks(10).unwrap(), [(action(2), true)]);
    assert!(finds(&index, 1, 10) && !finds(&index, 2, 10) && !finds(&index, 3, 10));
    assert_eq!((index.missing_rows(), index.restore(&second).unwrap(), index.missing_rows()), (2, 2, 0));
    assert!(finds(&index, 2, 20) && finds(&index, 4, 20));
    assert_eq!(index.report().unwrap().in_graph, 3);
    index.save().unwrap();
    drop(index);
    let (index, _) = open(dir.path());
    assert_eq!((index.missing_rows(), index.report().unwrap().points), (0, 3));
}

#[test]
fn a_damaged_graph_is_noticed_and_its_rows_are_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let only = block(1, 1, &[(1, Ok(10)), (2, Ok(10))]);
    index.take_in(std::slice::from_ref(&only), true, None).unwrap();
    index.save().unwrap();
    drop(index);
    let path = dir.path().join("graph.index");
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() - 100] ^= 1;
    let mut other_version = whole.clone();
    other_version[8] += 1;
    let damages: [(&str, Vec<u8>); 4] = [
        ("flipped", flipped),
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("of another version", other_version),
        ("empty", Vec::new()),
    ];
    for (name, bytes) in damages {
        fs::write(&path, bytes).unwrap();
        let (index, opening) = open(dir.path());
        assert!(opening.graph_rebuilt.is_some() && opening.store_rebuilt.is_none(), "{name}: {opening:?}");
        assert_eq!((index.missing_rows(), index.missing_blocks(10).unwrap().len()), (2, 1), "{name}");
        // It answers meanwhile.
        assert!(search(&index, &vector(1, 10), 5).hits.is_empty(), "{name}");
        index.restore(&only).unwrap();
        assert!(finds(&index, 1, 10) && finds(&index, 2, 10), "{name}");
    }
    // The file of another collection.
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, _) = LocalIndex::open(elsewhere.path(), &schema(), [2; 32], Limits::default()).unwrap();
    other.take_in(&[block(3, 9, &[(7, Ok(1))])], true, None).unwrap();
    other.save().unwrap();
    fs::copy(elsewhere.path().join("graph.index"), &path).unwrap();
    let (index, opening) = open(dir.path());
    assert!(opening.graph_rebuilt.is_some() && index.missing_rows() == 2);
}

#[test]
fn a_damaged_store_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let only = block(1, 1, &[(1, Ok(10))]);
    index.take_in(std::slice::from_ref(&only), true, Some(("read", b"1"))).unwrap();
    index.save().unwrap();
    drop(index);
    let path = dir.path().join("rows.redb");
    fs::write(&path, b"this is no database").unwrap();
    let (index, opening) = open(dir.path());
    assert!(opening.store_rebuilt.is_some() && opening.graph_rebuilt.is_some(), "{opening:?}");
    assert_eq!((index.cursor("read").unwrap(), index.report().unwrap().points), (None, 0));
    assert!(search(&index, &vector(1, 10), 5).hits.is_empty());
    index.take_in(&[only], true, None).unwrap();
    assert!(finds(&index, 1, 10));
}

#[test]
fn a_block_that_is_none_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let good = block(1, 1, &[(1, Ok(10))]);
    let mut cut = block(1, 2, &[(2, Ok(10))]);
    cut.bytes.truncate(40);
    assert!(matches!(index.take_in(&[good.clone(), cut], true, None), Err(IndexError::Block(_))));
    assert_eq!(index.report().unwrap().points, 0);
    let wider = Schema::new("notes", D + 1, Distance::Cosine, Encoding::Sq8).unwrap();
    let other = tempfile::tempdir().unwrap();
    let (other, _) = LocalIndex::open(other.path(), &wider, [1; 32], Limits::default()).unwrap();
    assert!(matches!(other.take_in(&[good], true, None), Err(IndexError::OtherSpace { .. })));
}

#[test]
fn what_cannot_be_searched_for_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let good = SearchInput { vector: floats_to_bytes(&vector(1, 1)), k: 1, ..SearchInput::default() };
    let with = |change: &dyn Fn(&mut SearchInput)| {
        let mut input = good.clone();
        change(&mut input);
        index.search(&input, None).unwrap_err().to_string()
    };
    assert_eq!(with(&|i| i.k = 0), "expected a k from 1 to 1000, received 0");
    assert_eq!(with(&|i| i.k = 1_001), "expected a k from 1 to 1000, received 1001");
    assert!(with(&|i| i.vector.truncate(9)).contains("received 9 bytes"));
    assert!(with(&|i| i.score_threshold = Some(f32::NAN)).contains("NaN"));
    assert!(with(&|i| i.vector = floats_to_bytes(&[0.0; D])).contains("zero"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the order of blocks, and however often each comes, whether or not the index was saved and opened on the
    /// way: the same rows are found.
    #[test]
    fn the_order_of_blocks_does_not_matter(
        rows in prop::collection::vec((0u64..6, any::<bool>(), 1u64..5), 1..12),
        order in prop::collection::vec(any::<prop::sample::Index>(), 12..30),
        reopen in any::<prop::sample::Index>(),
    ) {
        let blocks: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(number, (id, live, time))| {
                block(1, number as u8 + 1, &[(*id, if *live { Ok(*time) } else { Err(*time) })])
            })
            .collect();
        // The newest time of each id; at one time a tombstone is newer.
        let mut newest = std::collections::BTreeMap::<u64, (u64, bool)>::new();
        for (id, live, time) in &rows {
            let version = (*time, !*live);
            newest.entry(*id).and_modify(|known| *known = (*known).max(version)).or_insert(version);
        }
        let dir = tempfile::tempdir().unwrap();
        let (mut index, _) = open(dir.path());
        let mut turns: Vec<_> = order.iter().map(|at| at.index(blocks.len())).collect();
        turns.extend(0..blocks.len());
        let reopen = reopen.index(turns.len());
        for (turn, at) in turns.into_iter().enumerate() {
            index.take_in(std::slice::from_ref(&blocks[at]), true, None).unwrap();
            if turn == reopen {
                index.save().unwrap();
                drop(index);
                index = open(dir.path()).0;
            }
        }
        prop_assert_eq!(index.missing_rows(), 0);
        for (id, (time, deleted)) in newest {
            for version in 1..5 {
                prop_assert_eq!(finds(&index, id, version), !deleted && version == time, "{} at {}", id, version);
            }
        }
    }
}

#[test]
fn searches_go_on_while_blocks_are_taken_in() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    index.take_in(&[block(1, 1, &[(1, Ok(1))])], true, None).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| {
            let mut searches = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) || searches == 0 {
                let hits = search(&index, &vector(1, 1), 5).hits;
                let mut ids: Vec<_> = hits.iter().map(|hit| hit.id.clone()).collect();
                assert!(ids.contains(&PointId::Int(1)), "what nobody touches is always found");
                ids.sort();
                ids.dedup();
                assert_eq!(ids.len(), hits.len(), "no point twice");
                searches += 1;
            }
        });
        for number in 2..=60u8 {
            let rows: Vec<_> = (2..20).map(|id| (id, Ok(u64::from(number) % 40))).collect();
            index.take_in(&[block(1, number, &rows)], true, None).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        searching.join().unwrap();
    });
    index.repair().unwrap();
    assert_eq!(index.report().unwrap().in_graph, 19);
}
