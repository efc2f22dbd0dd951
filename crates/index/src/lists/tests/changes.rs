//! What is durable, what is left behind, and what happens at the same time.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn what_was_not_saved_is_gone_after_a_crash_and_leaves_no_files() {
    let mut fixture = Fixture::plain(4, 1);
    fixture.add(0..50);
    fixture.lists.save(7).unwrap();
    fixture.add(50..90);
    assert_eq!(fixture.lists.remove([1, 2, 3]), 3);
    while fixture.lists.merge().unwrap() {}
    // What a writer leaves that was killed.
    fs::write(fixture.directory.path().join(".lists.index.1-1.rose-index-tmp"), b"half").unwrap();
    fixture.rows.retain(|label, _| *label < 50);
    fixture.reopen(Verify::Now).unwrap();
    assert_eq!(fixture.lists.sequence(), 7);
    fixture.check();
    assert_eq!(fixture.files().len(), 3, "{:?}", fixture.files());
    // Numbers of segments that are gone are not used again.
    fixture.add(60..70);
    assert!(fixture.segments()[1] > fixture.segments()[0]);
}

#[test]
fn rows_that_were_built_and_not_added_leave_no_files() {
    let mut fixture = Fixture::plain(4, 1);
    let built = fixture.built(0..100, 400);
    assert_eq!((built.rows(), fixture.segments().len()), (100, 1));
    drop(built);
    assert!(fixture.segments().is_empty());
    let mut builder = fixture.lists.builder().with_buffer_bytes(1);
    builder.push(1, 0, &[0; 17]).unwrap();
    assert_eq!(fixture.segments().len(), 1);
    drop(builder);
    assert!(fixture.segments().is_empty());
    assert_eq!(fixture.lists.builder().finish().unwrap().rows(), 0);
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let fixture = Fixture::plain(4, 1);
    let mut builder = fixture.lists.builder();
    let refused = builder.push(1, 0, &[0; 16]);
    assert!(matches!(refused, Err(ListsError::CodeLength { expected: 17, received: 16 })));
    builder.push(1, 4, &[0; 17]).unwrap();
    let built = builder.finish().unwrap();
    let refused = fixture.lists.add(built);
    assert!(matches!(refused, Err(ListsError::UnknownCell { expected: 4, received: 4 })));
    let mut other = Fixture::plain(4, 1);
    let refused = fixture.lists.add(other.built(0..5, usize::MAX));
    assert!(matches!(refused, Err(ListsError::OtherFile { .. })));
    assert!(fixture.lists.is_empty() && fixture.segments().is_empty() && other.segments().is_empty());
}

#[test]
fn removed_rows_of_a_long_run_are_left_out() {
    let mut fixture = Fixture::plain(1, 1);
    fixture.add(0..500);
    fixture.remove(&(0..500).filter(|label| label % 7 == 3).collect::<Vec<_>>());
    fixture.check();
    assert_eq!(fixture.lists.info().removed_rows, 71);
}

#[test]
fn a_space_without_codes_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let space = Space { dimension: 3, distance: Distance::Dot, encoding: Encoding::F32 };
    for space in [Space { dimension: 0, ..space }, Space { encoding: Encoding::Bit1, ..space }] {
        let refused = Lists::create(directory.path(), IDENTITY, space);
        assert!(matches!(refused, Err(ListsError::NoCodes { received }) if received == space));
    }
}

#[test]
fn merged_files_are_removed_when_the_lists_are_saved() {
    let mut fixture = Fixture::plain(4, 1);
    for n in 0..4 {
        fixture.add(n * 10..n * 10 + 10);
    }
    fixture.remove(&[5, 15, 39]);
    assert!(fixture.lists.merge().unwrap());
    assert!(!fixture.lists.merge().unwrap());
    let info = fixture.lists.info();
    assert_eq!((info.rows, info.removed_rows, info.segments), (37, 0, 1));
    assert_eq!((info.rows_added, info.rows_written), (40, 77));
    assert_eq!(fixture.segments().len(), 5);
    fixture.lists.save(2).unwrap();
    assert_eq!(fixture.segments().len(), 1);
    let on_disk: u64 = fixture
        .files()
        .iter()
        .map(|name| fs::metadata(fixture.directory.path().join(name)).unwrap().len())
        .sum();
    assert_eq!(fixture.lists.info().disk_bytes, on_disk);
    fixture.check();
    fixture.remove(&(0..40).collect::<Vec<_>>());
    assert!(fixture.lists.merge().unwrap());
    assert_eq!(fixture.lists.info().segments, 0);
    fixture.check();
}

#[test]
fn creating_replaces_what_is_there() {
    let mut fixture = Fixture::plain(4, 1);
    fixture.add(0..50);
    fixture.lists.save(7).unwrap();
    fixture.lists = Lists::create(fixture.directory.path(), IDENTITY, fixture.space).unwrap();
    assert!(fixture.lists.is_empty() && fixture.segments().is_empty());
    assert_eq!((fixture.lists.sequence(), fixture.lists.cell_number(&cell_id(0))), (0, None));
    fixture.reopen(Verify::Now).unwrap();
}

#[test]
fn a_build_or_save_that_fails_changes_nothing() {
    let mut fixture = Fixture::plain(4, 1);
    fixture.add(0..50);
    fixture.lists.save(7).unwrap();
    let mut builder = fixture.lists.builder();
    builder.push(77, 0, &fixture.rows[&0].1).unwrap();
    let away = fixture.directory.path().with_extension("away");
    fs::rename(fixture.directory.path(), &away).unwrap();
    assert!(builder.finish().unwrap_err().unusable_file().is_some());
    assert!(fixture.lists.save(8).is_err());
    assert_eq!(fixture.lists.sequence(), 7);
    // Mapped files need no names.
    fixture.check();
    fs::rename(&away, fixture.directory.path()).unwrap();
    fixture.lists.save(8).unwrap();
    fixture.reopen(Verify::Now).unwrap();
    fixture.check();
}

#[test]
fn memory_is_a_small_part_of_the_rows() {
    let space = Space { dimension: 384, distance: Distance::Cosine, encoding: Encoding::Sq8 };
    let mut fixture = Fixture::new(space, 5, 1);
    fixture.add(0..4000);
    fixture.remove(&[7]);
    let info = fixture.lists.info();
    assert!(info.disk_bytes >= 4000 * 400);
    assert!(info.memory_bytes < 5 * 384 * 4 + 10_000, "{}", info.memory_bytes);
}

#[test]
fn searches_and_changes_go_on_while_segments_are_merged() {
    let mut fixture = Fixture::plain(6, 3);
    for n in 0..40 {
        fixture.add(n * 25..n * 25 + 25);
    }
    let query = fixture.numbers.vector(13);
    // These stay, those below go while merging.
    let stays = fixture.exact(&query, 1000, |label, _| label >= 500);
    let lists = &fixture.lists;
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let searcher = scope.spawn(|| {
            let mut searches = 0;
            while !done.load(Ordering::Relaxed) || searches == 0 {
                let search = Search { k: 1000, nprobe: Some(6), filter: None };
                let mut hits = lists.search(&query, &search).unwrap().hits;
                hits.retain(|hit| hit.label >= 500);
                assert_eq!(hits, stays);
                searches += 1;
            }
        });
        let remover = scope.spawn(|| {
            for label in 0..500 {
                assert_eq!(lists.remove([label]), 1);
                assert!(!lists.contains(label));
            }
        });
        while !remover.is_finished() {
            lists.merge().unwrap();
            lists.save(9).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        searcher.join().unwrap();
    });
    while fixture.lists.merge().unwrap() {}
    fixture.rows.retain(|label, _| *label >= 500);
    fixture.check();
    fixture.lists.save(10).unwrap();
    fixture.reopen(Verify::Now).unwrap();
    fixture.check();
}

#[test]
fn what_lies_where_is_said_while_others_change_it() {
    let mut fixture = Fixture::plain(4, 3);
    fixture.add(0..50);
    let (done, is_done) = std::sync::mpsc::channel();
    let lists = &fixture.lists;
    let said = std::thread::scope(|scope| {
        let changing = lists.changes.lock();
        scope.spawn(move || done.send(lists.info().rows));
        let said = is_done.recv_timeout(std::time::Duration::from_secs(30));
        drop(changing);
        said
    });
    assert_eq!(said, Ok(50));
}
