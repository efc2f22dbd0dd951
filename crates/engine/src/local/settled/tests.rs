//! Where rows lie, and that none is lost, doubled or brought back on the way.

mod races;

use super::super::tests::*;
use super::*;
use crate::{
    SignedBlock,
    local::{Limits, Opening},
};
use std::time::Duration;

pub(super) const ALL_TO_DISK: Limits = Limits { memory_bytes: 0, age: None };

/// Where rows are: graph, lists, missing.
fn places(index: &LocalIndex) -> [u64; 3] {
    let report = index.report().unwrap();
    [report.in_graph, report.in_lists, report.missing]
}

fn go(index: &LocalIndex) -> Moved {
    index.move_settled(1_000_000, &|| false).unwrap()
}

/// Many rows in a cell, written at times that do not follow their ids.
fn many(place: Option<u16>, number: u8, count: u64) -> SignedBlock {
    let first = u64::from(number) * 10_000;
    let rows: Vec<_> = (first..first + count).map(|id| (id, Ok(1 + id * 7_919 % 5_003))).collect();
    block_in(place, 1, number, &rows)
}

#[test]
fn settled_rows_move_when_memory_is_short_and_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), ALL_TO_DISK);
    let known = block_in(Some(0), 1, 1, &[(1, Ok(10)), (2, Ok(10)), (3, Ok(10))]);
    let unknown = block_in(Some(7), 1, 2, &[(4, Ok(10))]);
    index.take_in(&[known, unknown, block(1, 3, &[(5, Ok(10))])], true, None).unwrap();
    index.take_in(&[block_in(Some(0), 1, 4, &[(6, Ok(10))])], false, None).unwrap();
    assert_eq!(index.unknown_cells().unwrap(), [cell(0), cell(7)]);
    assert_eq!((go(&index).rows, places(&index)), (0, [6, 0, 0]));
    index.add_cells(cells(0..3)).unwrap();
    assert_eq!(index.unknown_cells().unwrap(), [cell(7)]);
    let moved = go(&index);
    assert!(moved.rows == 3 && moved.over_bytes > 0, "{moved:?}");
    assert_eq!(places(&index), [3, 3, 0]);
    assert!((1..=6).all(|id| finds(&index, id, 10)));
    let report = index.report().unwrap();
    assert_eq!(
        (report.cells, report.segments, report.limit_bytes, report.limit_age_seconds),
        (3, 1, 0, None)
    );
    assert!(report.lists_bytes > 0 && report.lists_disk_bytes > 0);
    // A vector comes from wherever it lies.
    let mut labels = Vec::new();
    index.lists.for_each_label(&mut |label| labels.push(label));
    assert!(labels.iter().all(|label| index.vector(*label).is_some_and(|vector| vector.len() == D * 4)));
    // The centre comes, and the block is delivered: these move too.
    index.add_cells(cells(7..8)).unwrap();
    index.take_in(&[block_in(Some(0), 1, 4, &[(6, Ok(10))])], true, None).unwrap();
    assert_eq!((go(&index).rows, places(&index)), (2, [1, 5, 0]));
    // A fresh row that is copied into a cell.
    index.take_in(&[block_in(Some(1), 1, 5, &[(5, Ok(10))])], true, None).unwrap();
    assert_eq!((go(&index), places(&index)), (Moved { rows: 1, ..Moved::default() }, [0, 6, 0]));
    assert!((1..=6).all(|id| finds(&index, id, 10)));
    // What is replaced or deleted there is gone.
    index.take_in(&[block(1, 6, &[(1, Ok(20)), (2, Err(20))])], true, None).unwrap();
    assert_eq!(places(&index), [1, 4, 0]);
    assert!(finds(&index, 1, 20) && !finds(&index, 1, 10) && !finds(&index, 2, 10));
}

#[test]
fn the_oldest_rows_move_first_and_the_graph_gives_their_memory_back() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    index.add_cells(cells(0..8)).unwrap();
    let blocks: Vec<_> = (0..8).map(|n| many(Some(n), n as u8 + 1, 500)).collect();
    index.take_in(&blocks, true, None).unwrap();
    assert_eq!((go(&index), places(&index)), (Moved::default(), [4_000, 0, 0]));
    assert!(!index.is_over_budget());
    index.save().unwrap();
    let full = index.report().unwrap().graph_bytes;
    drop(index);
    let limits = Limits { memory_bytes: full * 2 / 3, age: None };
    let (index, _) = open_with(dir.path(), limits);
    assert!(index.is_over_budget());
    let moved = go(&index);
    assert!(!index.is_over_budget());
    assert_eq!((moved.over_bytes, places(&index)), (0, [4_000 - moved.rows as u64, moved.rows as u64, 0]));
    assert!((1_700..2_300).contains(&moved.rows), "{moved:?}");
    let report = index.report().unwrap();
    assert!(report.graph_bytes <= limits.memory_bytes && report.removed == 0, "{report:?}");
    let written = |kind: &dyn VectorIndex| {
        let (mut labels, mut times) = (Vec::new(), Vec::new());
        kind.for_each_label(&mut |label| labels.push(label));
        let rows = index.store.snapshot().unwrap().rows(&labels).unwrap();
        times.extend(rows.into_iter().map(|row| row.unwrap().written_at_micros));
        times.sort_unstable();
        times
    };
    assert!(written(&index.lists).last() <= written(&*index.graph).first());
    assert_eq!(go(&index), Moved::default());
    // More come, and take the place of those that went.
    index.take_in(&[many(Some(0), 9, 2_000)], true, None).unwrap();
    assert!(index.report().unwrap().graph_bytes > limits.memory_bytes);
    assert_eq!(go(&index).over_bytes, 0);
    assert_eq!(places(&index).iter().sum::<u64>(), 6_000);
    for id in (10_000..10_500).step_by(50) {
        assert!(finds(&index, id, 1 + id * 7_919 % 5_003), "{id}");
    }
}

#[test]
fn old_rows_move_however_much_memory_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { age: Some(Duration::from_micros(1_000)), ..Limits::default() };
    let (index, _) = open_with(dir.path(), limits);
    index.add_cells(cells(0..1)).unwrap();
    index
        .take_in(&[block_in(Some(0), 1, 1, &[(1, Ok(100)), (2, Ok(500)), (3, Ok(900))])], true, None)
        .unwrap();
    let moved = |now| index.move_settled(now, &|| false).unwrap().rows;
    assert_eq!((moved(1_100), places(&index)), (0, [3, 0, 0]));
    assert_eq!((moved(1_501), places(&index)), (2, [1, 2, 0]));
    assert_eq!((moved(9_999), places(&index)), (1, [0, 3, 0]));
    assert_eq!(index.report().unwrap().graph_bytes, index.graph.memory_bytes() as u64);
    assert!((1..=3).all(|id| finds(&index, id, [0, 100, 500, 900][id as usize])));
}

#[test]
fn moving_ends_when_it_is_told_to_and_goes_on_later() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), ALL_TO_DISK);
    index.add_cells(cells(0..1)).unwrap();
    index.take_in(&[many(Some(0), 1, 100)], true, None).unwrap();
    let stopped = index.move_settled(0, &|| true).unwrap();
    assert!(stopped.rows == 0 && stopped.over_bytes > 0 && places(&index) == [100, 0, 0]);
    assert_eq!((go(&index).rows, places(&index)), (100, [0, 100, 0]));
}

#[test]
fn a_move_that_cannot_be_written_leaves_rows_where_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), ALL_TO_DISK);
    index.add_cells(cells(0..1)).unwrap();
    index.take_in(&[many(Some(0), 1, 100)], true, None).unwrap();
    let (lists, away) = (dir.path().join("lists"), dir.path().join("away"));
    std::fs::rename(&lists, &away).unwrap();
    assert!(matches!(index.move_settled(0, &|| false), Err(IndexError::Lists(_))));
    assert_eq!(places(&index), [100, 0, 0]);
    std::fs::rename(&away, &lists).unwrap();
    // The segment can be written, the list of segments not.
    let rows = index.movable(0).unwrap();
    let built = index.built(&rows).unwrap();
    std::fs::rename(&lists, &away).unwrap();
    assert!(index.take_over(&rows, built).is_err());
    std::fs::rename(&away, &lists).unwrap();
    assert_eq!(places(&index), [100, 0, 0]);
    assert_eq!(search(&index, &vector(10_000, 1), 200).hits.len(), 100);
    assert_eq!((go(&index).rows, places(&index)), (100, [0, 100, 0]));
    drop(index);
    assert_eq!(places(&open(dir.path()).0), [0, 100, 0]);
}

#[test]
fn small_moves_are_merged_and_what_was_merged_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), ALL_TO_DISK);
    index.add_cells(cells(0..4)).unwrap();
    let mut merges = 0;
    for number in 1..=40u8 {
        index.take_in(&[many(Some(u16::from(number) % 4), number, 10)], true, None).unwrap();
        merges += go(&index).merges;
    }
    let report = index.report().unwrap();
    assert!(merges >= 9 && report.segments <= 12 && report.in_lists == 400, "{merges} {report:?}");
    drop(index);
    let (index, opening) = open_with(dir.path(), ALL_TO_DISK);
    assert_eq!((opening, places(&index)), (Opening::default(), [0, 400, 0]));
}
