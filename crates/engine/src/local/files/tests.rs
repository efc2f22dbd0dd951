//! What is written when an index is saved, and what is not.

use super::super::tests::*;
use super::*;
use std::os::unix::fs::MetadataExt;

/// Which files those of graph and lists are: each saving makes new ones.
fn files(dir: &Path) -> [(u64, i64); 2] {
    let which = |path: PathBuf| fs::metadata(path).map_or((0, 0), |file| (file.ino(), file.mtime_nsec()));
    [which(dir.join(GRAPH_FILE)), which(dir.join(LISTS_DIRECTORY).join(LISTS_FILE))]
}

/// Whether saving writes the files.
fn writes(index: &LocalIndex, dir: &Path) -> bool {
    wait_until_linked(index);
    let before = files(dir);
    index.save().unwrap();
    let after = files(dir);
    assert_eq!(before[0] == after[0], before[1] == after[1], "both or none");
    before != after
}

#[test]
fn what_has_not_changed_is_not_saved_again() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), Limits { memory_bytes: 0, age: None });
    let rows: Vec<_> = (0..40).map(|id| (id, Ok(10))).collect();
    let first = block_in(Some(0), 1, 1, &rows);
    assert!(writes(&index, dir.path()), "there is no file yet");
    assert!(!writes(&index, dir.path()));
    index.take_in(std::slice::from_ref(&first), true, None).unwrap();
    assert!(writes(&index, dir.path()), "rows came");
    index.take_in(&[first], true, Some(("read", b"1"))).unwrap();
    assert!(!writes(&index, dir.path()), "a block that was known");
    index.take_in(&[block(1, 2, &[(0, Err(20)), (1, Err(20))])], true, None).unwrap();
    assert!(writes(&index, dir.path()), "rows went");
    index.repair().unwrap();
    assert!(writes(&index, dir.path()), "the graph was mended");
    index.repair().unwrap();
    assert!(!writes(&index, dir.path()), "there was nothing to mend");
    index.add_cells(cells(0..1)).unwrap();
    assert!(writes(&index, dir.path()), "cells came");
    assert_eq!(index.move_settled(0, &|| false).unwrap().rows, 38);
    assert!(writes(&index, dir.path()), "rows moved");
    assert!(!writes(&index, dir.path()));
    drop(index);
    let (index, _) = open(dir.path());
    assert_eq!(index.cursor("read").unwrap().as_deref(), Some(&b"1"[..]));
    assert!(!writes(&index, dir.path()), "as it was opened");
}

#[test]
fn what_was_opened_in_another_state_than_it_was_saved_in_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let first = block(1, 1, &[(1, Ok(10)), (2, Ok(10))]);
    index.take_in(std::slice::from_ref(&first), true, None).unwrap();
    index.save().unwrap();
    // The store is ahead of the files.
    let second = block(1, 2, &[(3, Ok(10))]);
    index.take_in(std::slice::from_ref(&second), true, None).unwrap();
    index.store.sync().unwrap();
    drop(index);
    let (index, _) = open(dir.path());
    assert!(writes(&index, dir.path()));
    assert!(!writes(&index, dir.path()), "what is missing goes on to be");
    assert_eq!(index.restore(&second).unwrap(), 1);
    assert!(writes(&index, dir.path()), "rows were restored");
    drop(index);
    // The graph is lost, then the lists.
    for file in [PathBuf::from(GRAPH_FILE), Path::new(LISTS_DIRECTORY).join(LISTS_FILE)] {
        fs::write(dir.path().join(file), b"damaged").unwrap();
        let (index, opening) = open(dir.path());
        assert!(opening.graph_rebuilt.is_some() || opening.lists_rebuilt.is_some());
        assert!(writes(&index, dir.path()));
        index.restore_all(&[first.clone(), second.clone()]).unwrap();
        wait_until_linked(&index);
        index.save().unwrap();
        assert!(!writes(&index, dir.path()));
        drop(index);
    }
    let (index, opening) = open(dir.path());
    assert_eq!((opening, index.missing_rows()), (Opening::default(), 0));
}
