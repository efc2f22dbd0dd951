//! What was lost comes back to where it belongs.

use super::*;
use crate::local::{
    Limits,
    tests::{block, block_in, cells, finds, open_with},
};
use std::path::Path;

fn blocks() -> Vec<SignedBlock> {
    vec![
        block_in(Some(0), 1, 1, &[(1, Ok(10)), (2, Ok(10)), (3, Ok(10))]),
        block_in(Some(1), 1, 2, &[(4, Ok(10)), (5, Ok(10))]),
        block_in(Some(7), 1, 3, &[(6, Ok(10))]),
        block(1, 4, &[(7, Ok(10)), (3, Ok(20))]),
    ]
}

/// An index whose vectors are all lost.
fn lost(dir: &Path, limits: Limits) -> LocalIndex {
    let (index, _) = open_with(dir, limits);
    index.take_in(&blocks(), true, None).unwrap();
    index.store.sync().unwrap();
    drop(index);
    let (index, _) = open_with(dir, limits);
    index.add_cells(cells(0..3)).unwrap();
    assert_eq!(places(&index), [0, 0, 7]);
    index
}

/// Where rows are: graph, lists, missing.
fn places(index: &LocalIndex) -> [u64; 3] {
    let report = index.report().unwrap();
    [report.in_graph, report.in_lists, report.missing]
}

fn all_are_found(index: &LocalIndex) -> bool {
    [1, 2, 4, 5, 6, 7].into_iter().all(|id| finds(index, id, 10))
        && finds(index, 3, 20)
        && !finds(index, 3, 10)
}

#[test]
fn settled_rows_go_to_the_lists_at_once_where_the_graph_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { memory_bytes: 0, age: None };
    let index = lost(dir.path(), limits);
    assert_eq!(index.restore_all(&[blocks(), blocks()].concat()).unwrap(), 7);
    // A cell that is not known, and what is fresh, stay in memory.
    assert_eq!(places(&index), [3, 4, 0]);
    assert!(all_are_found(&index));
    assert_eq!(index.restore_all(&blocks()).unwrap(), 0);
    index.save().unwrap();
    drop(index);
    let (index, _) = open_with(dir.path(), limits);
    assert_eq!((places(&index), all_are_found(&index)), ([3, 4, 0], true));
}

#[test]
fn rows_go_to_the_graph_while_it_has_room() {
    let dir = tempfile::tempdir().unwrap();
    let index = lost(dir.path(), Limits::default());
    assert_eq!(index.restore_all(&blocks()[..2]).unwrap(), 4);
    assert_eq!(places(&index), [4, 0, 3]);
    assert_eq!(index.restore_all(&blocks()).unwrap(), 3);
    assert_eq!((places(&index), all_are_found(&index)), ([7, 0, 0], true));
}

#[test]
fn rows_that_cannot_be_written_go_on_to_be_missing() {
    let dir = tempfile::tempdir().unwrap();
    let index = lost(dir.path(), Limits { memory_bytes: 0, age: None });
    let (lists, away) = (dir.path().join("lists"), dir.path().join("away"));
    std::fs::rename(&lists, &away).unwrap();
    assert!(matches!(index.restore_all(&blocks()[..2]), Err(IndexError::Lists(_))));
    std::fs::rename(&away, &lists).unwrap();
    assert_eq!(places(&index), [0, 0, 7]);
    assert_eq!(index.restore_all(&blocks()).unwrap(), 7);
    assert!(all_are_found(&index));
}
