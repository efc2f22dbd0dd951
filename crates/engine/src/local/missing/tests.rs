//! Who waits for writers, and who does not.

use super::super::tests::*;
use rose_forest_api::PointId;
use std::{sync::mpsc, time::Duration};

/// Long enough for anything that waits for nobody.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn searches_wait_for_no_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    index.take_in(&[block(1, 1, &[(1, Ok(10)), (2, Ok(10))])], true, Some(("read", b"until here"))).unwrap();
    let (done, all_done) = mpsc::channel();
    let seen = std::thread::scope(|scope| {
        let writing = index.missing.lock();
        scope.spawn(|| {
            let missing = (index.missing_rows(), index.report().unwrap().missing);
            let found = search(&index, &vector(1, 10), 1).hits[0].id.clone();
            let known = index.knows(&action(1)).unwrap() && index.cursor("read").unwrap().is_some();
            done.send((missing, found, known)).unwrap();
        });
        let seen = all_done.recv_timeout(PATIENCE);
        drop(writing);
        seen
    });
    assert_eq!(seen, Ok(((0, 0), PointId::Int(1), true)));
}

#[test]
fn the_count_is_what_the_last_writer_left() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open(dir.path());
    let rows = [(1, Ok(10)), (2, Ok(10)), (3, Ok(10))];
    index.take_in(&[block(1, 1, &rows)], true, None).unwrap();
    index.take_in(&[block(1, 2, &[(1, Ok(20)), (2, Ok(20))])], false, None).unwrap();
    assert_eq!(index.missing_rows(), 0);
    index.withdraw(&action(2)).unwrap();
    assert_eq!((index.missing_rows(), index.missing.lock().len()), (2, 2));
    assert_eq!((index.restore(&block(1, 1, &rows)).unwrap(), index.missing_rows()), (2, 0));
}
