//! Each kind of damage, in turn.

use super::*;
use crate::local::{
    Limits,
    tests::{action, author, block, block_in, cells, open_with},
};
use std::path::Path;

/// Blocks whose rows then are in lists and graph, with replaced and deleted ones among them.
fn blocks() -> Vec<SignedBlock> {
    vec![
        block_in(Some(0), 1, 1, &[(1, Ok(10)), (2, Ok(10)), (3, Ok(10)), (4, Ok(10))]),
        block(1, 2, &[(3, Ok(20)), (4, Err(20)), (5, Ok(20))]),
        block(2, 3, &[(1, Ok(30))]),
    ]
}

fn filled(dir: &Path) -> LocalIndex {
    let (index, _) = open_with(dir, Limits { memory_bytes: 0, age: None });
    index.add_cells(cells(0..2)).unwrap();
    index.take_in(&blocks(), true, None).unwrap();
    assert_eq!(index.move_settled(0, &|| false).unwrap().rows, 2);
    index
}

fn differences(index: &LocalIndex, blocks: &[SignedBlock]) -> Differences {
    let mut verifier = index.verifier().unwrap();
    blocks.iter().for_each(|block| verifier.block(block).unwrap());
    verifier.finish().unwrap()
}

fn one<T>(what: T) -> Differing<T> {
    Differing { count: 1, first: vec![what] }
}

fn label(index: &LocalIndex, by: u8, id: u64) -> Label {
    let author = HashRef::from_slice(author(by).get_raw_39()).unwrap();
    index.store.snapshot().unwrap().point(&author, &PointId::Int(id)).unwrap().unwrap().label
}

#[test]
fn an_index_that_holds_what_the_dht_does_differs_in_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled(dir.path());
    assert!(differences(&index, &blocks()).is_none());
    // In another order, and one twice.
    let mut other = blocks();
    other.reverse();
    other.push(other[0].clone());
    assert!(differences(&index, &other).is_none());
    // What only a signal has said, and what comes meanwhile, is not expected of the DHT.
    index.take_in(&[block(1, 8, &[(8, Ok(40)), (1, Ok(40))])], false, None).unwrap();
    assert!(differences(&index, &blocks()).is_none());
    let mut verifier = index.verifier().unwrap();
    index.take_in(&[block(2, 9, &[(9, Ok(50)), (1, Ok(50))])], true, None).unwrap();
    blocks().iter().for_each(|block| verifier.block(block).unwrap());
    assert!(verifier.finish().unwrap().is_none());
    index.verify_files().unwrap();
}

#[test]
fn a_block_that_the_index_does_not_know_is_named_with_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled(dir.path());
    let mut all = blocks();
    all.push(block(1, 4, &[(1, Ok(40)), (3, Ok(5)), (5, Err(40)), (6, Ok(40))]));
    let outdated = [1, 5, 6].map(|id| (author(1), PointId::Int(id)));
    let mut expected = Differences { unknown_blocks: one(action(4)), ..Differences::default() };
    expected.outdated = Differing { count: 3, first: outdated.to_vec() };
    // Live rows come first.
    let mut found = differences(&index, &all);
    found.outdated.first.sort();
    assert_eq!(found, expected);
    assert!(!found.is_none());
    // Only the first ten are named.
    let many: Vec<_> = (100..130).map(|id| (id, Ok(1))).collect();
    let found = differences(&index, &[&blocks()[..], &[block(1, 5, &many)]].concat());
    assert_eq!((found.outdated.count, found.outdated.first.len()), (30, 10));
}

#[test]
fn a_row_that_no_block_has_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled(dir.path());
    let unsaid = one((author(2), PointId::Int(1)));
    assert_eq!(differences(&index, &blocks()[..2]), Differences { unsaid, ..Differences::default() });
}

#[test]
fn a_row_that_is_nowhere_is_named_wherever_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled(dir.path());
    assert_eq!(index.lists.remove([label(&index, 1, 2)]), 1);
    assert!(index.graph.remove(label(&index, 2, 1)));
    let named = vec![(author(1), PointId::Int(2)), (author(2), PointId::Int(1))];
    let missing = Differing { count: 2, first: named };
    assert_eq!(differences(&index, &blocks()), Differences { missing, ..Differences::default() });
}

#[test]
fn a_row_of_another_code_is_named_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled(dir.path());
    let (in_lists, in_graph) = (label(&index, 1, 1), label(&index, 1, 5));
    let (other, another) = (index.code(in_graph).unwrap(), index.code(in_lists).unwrap());
    let mut builder = index.lists.builder();
    builder.push(in_lists, 0, &other).unwrap();
    index.lists.add(builder.finish().unwrap()).unwrap();
    assert!(index.graph.remove(in_graph));
    index.graph.insert(in_graph, &another).unwrap();
    let named = [1, 5].map(|id| (author(1), PointId::Int(id))).to_vec();
    let other_codes = Differing { count: 2, first: named };
    assert_eq!(differences(&index, &blocks()), Differences { other_codes, ..Differences::default() });
}

#[test]
fn a_row_that_does_not_count_any_more_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled(dir.path());
    let code = index.code(label(&index, 1, 5)).unwrap();
    index.graph.insert(1_000, &code).unwrap();
    let left_over = one(1_000);
    assert_eq!(differences(&index, &blocks()), Differences { left_over, ..Differences::default() });
}

#[test]
fn damaged_codes_of_the_lists_are_noticed_when_files_are_verified() {
    let dir = tempfile::tempdir().unwrap();
    let index = filled(dir.path());
    index.save().unwrap();
    drop(index);
    let lists = dir.path().join("lists");
    let segment = std::fs::read_dir(&lists).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.into_iter().find(|path| path.to_string_lossy().contains("segment")).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::remove_file(&segment).unwrap();
    std::fs::write(&segment, bytes).unwrap();
    let (index, opening) = open_with(dir.path(), Limits::default());
    assert_eq!(opening.lists_rebuilt, None);
    assert!(
        matches!(index.verify_files(), Err(IndexError::Lists(problem)) if problem.unusable_file() == Some(&*segment))
    );
    // The blocks say the same.
    assert_eq!(differences(&index, &blocks()).other_codes.count, 1);
    assert_eq!((index.forget_damaged_files().unwrap(), index.missing_rows()), (2, 2));
    assert_eq!(differences(&index, &blocks()).missing.count, 2);
    index.restore(&blocks()[0]).unwrap();
    assert!(differences(&index, &blocks()).is_none() && !segment.exists());
    assert_eq!(index.forget_damaged_files().unwrap(), 0);
    index.verify_files().unwrap();
}
