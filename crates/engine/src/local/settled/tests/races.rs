//! What happens while rows are on their way.

use super::*;
use rose_forest_api::PointId;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[test]
fn a_row_that_goes_while_it_is_on_its_way_does_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), ALL_TO_DISK);
    index.add_cells(cells(0..1)).unwrap();
    let rows = [(1, Ok(10)), (2, Ok(10)), (3, Ok(10)), (4, Ok(10))];
    index.take_in(&[block_in(Some(0), 1, 1, &rows)], true, None).unwrap();
    let batch = index.movable(0).unwrap();
    let built = index.built(&batch).unwrap();
    assert_eq!((batch.len(), built.rows()), (4, 4));
    index.take_in(&[block(1, 2, &[(1, Ok(20)), (2, Err(20))])], true, None).unwrap();
    // Replaced by what is then taken back: it is missing, under another label.
    index.take_in(&[block(1, 3, &[(3, Ok(20))])], false, None).unwrap();
    index.withdraw(&action(3)).unwrap();
    assert_eq!(index.take_over(&batch, built).unwrap(), 1);
    assert_eq!(places(&index), [1, 1, 1]);
    assert!(finds(&index, 1, 20) && finds(&index, 4, 10));
    assert!(!finds(&index, 1, 10) && !finds(&index, 2, 10) && !finds(&index, 3, 20));
    assert_eq!(search(&index, &vector(1, 10), 10).hits.len(), 2);
    index.restore(&block_in(Some(0), 1, 1, &rows)).unwrap();
    assert_eq!((places(&index), finds(&index, 3, 10)), ([2, 1, 0], true));
}

/// Rows come, are replaced, withdrawn and moved, and the graph is mended and compacted, while others search.
#[test]
fn searches_find_what_nobody_touches_while_rows_move() {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), ALL_TO_DISK);
    index.add_cells(cells(0..4)).unwrap();
    let still: Vec<_> = (1..30).map(|id| (id, Ok(1))).collect();
    let (done, moved) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let searching: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    // The store counts rows before searches see them.
                    while search(&index, &vector(1, 1), 1).hits.is_empty() {}
                    let mut searches = 0;
                    while !done.load(Ordering::Relaxed) || searches == 0 {
                        let id = 1 + searches % 29;
                        let hits = search(&index, &vector(id, 1), 8).hits;
                        let mut ids: Vec<_> = hits.iter().map(|hit| hit.id.clone()).collect();
                        assert_eq!(ids.first(), Some(&PointId::Int(id)), "what nobody touches is found");
                        ids.sort();
                        ids.dedup();
                        assert_eq!(ids.len(), hits.len(), "no point twice");
                        searches += 1;
                    }
                })
            })
            .collect();
        let moving = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                moved.fetch_add(go(&index).rows, Ordering::Relaxed);
            }
        });
        index.take_in(&[block_in(Some(0), 1, 1, &still)], true, None).unwrap();
        for number in 2..=90u8 {
            let version = Ok(u64::from(number));
            let rows: Vec<_> = (30 + u64::from(number) % 3..60).step_by(3).map(|id| (id, version)).collect();
            let announced = number % 5 == 0;
            let block = block_in(Some(u16::from(number) % 4), 1, number, &rows);
            index.take_in(std::slice::from_ref(&block), !announced, None).unwrap();
            if number % 10 == 0 {
                index.withdraw(&block.action).unwrap();
            } else if announced {
                index.take_in(&[block], true, None).unwrap();
            }
        }
        // More than the rows that nobody touches, so that moving was in the others' way.
        let begun = std::time::Instant::now();
        while moved.load(Ordering::Relaxed) <= 29 && begun.elapsed().as_secs() < 60 && !moving.is_finished() {
            std::thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
        moving.join().unwrap();
        assert!(moved.load(Ordering::Relaxed) > 29);
        for searching in searching {
            searching.join().unwrap();
        }
    });
    let [graph, lists, missing] = places(&index);
    assert_eq!(graph + lists + missing, index.report().unwrap().points);
    go(&index);
    assert_eq!(places(&index)[0], 0);
}
