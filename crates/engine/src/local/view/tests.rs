//! Searches beside writers that replace what they look for.

use super::super::{LocalIndex, tests::*};
use super::*;
use rose_forest_api::{PointId, SearchInput, floats_to_bytes};
use rose_forest_store::{Condition, FieldCondition, Filter, Match, MatchValue};
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

const POINTS: u64 = 300;
const VERSIONS: u8 = 20;

fn all_points(place: Option<u16>, version: u8) -> crate::SignedBlock {
    let rows: Vec<_> = (0..POINTS).map(|id| (id, Ok(u64::from(version)))).collect();
    block_in(place, 1, version, &rows)
}

/// What every point fulfils, by its payload or by its id.
fn filters() -> [Option<Filter>; 3] {
    let matches = Some(Match::Value(MatchValue::Integer(1)));
    let by_payload = FieldCondition { matches, ..FieldCondition::new("a".parse().unwrap()) };
    let by_id = Condition::HasId { has_id: (0..POINTS).map(PointId::Int).collect() };
    let must = |condition| Some(Filter { must: vec![condition], ..Filter::default() });
    [None, must(Condition::Field(Box::new(by_payload))), must(by_id)]
}

/// Searches for all points, and says of which versions they are, after checking that they are all there, once.
fn versions(index: &LocalIndex, near: u64, filter: Option<&Filter>) -> Vec<i64> {
    let input = SearchInput {
        vector: floats_to_bytes(&vector(near % POINTS, near)),
        k: POINTS as u32,
        ..SearchInput::default()
    };
    let hits = index.search(&input, filter).unwrap().hits;
    let mut ids: Vec<_> = hits.iter().map(|hit| hit.id.clone()).collect();
    ids.sort();
    assert!(ids.into_iter().eq((0..POINTS).map(PointId::Int)), "each point once: {}", hits.len());
    hits.iter().map(|hit| hit.written_at_micros).collect()
}

fn overwritten_points_are_found(place: Option<u16>, limits: crate::local::Limits) {
    let dir = tempfile::tempdir().unwrap();
    let (index, _) = open_with(dir.path(), limits);
    index.add_cells(cells(0..1)).unwrap();
    index.take_in(&[all_points(place, 1)], true, None).unwrap();
    let (newest, done) = (AtomicU64::new(1), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let searching = filters().map(|filter| {
            let (index, newest, done) = (&index, &newest, &done);
            scope.spawn(move || {
                let mut searches = 0;
                while !done.load(Ordering::Relaxed) || searches == 0 {
                    let at_least = newest.load(Ordering::Acquire) as i64;
                    let versions = versions(index, searches, filter.as_ref());
                    assert!(versions.iter().all(|version| *version >= at_least), "what was taken in is seen");
                    assert!(versions.windows(2).all(|two| two[0] == two[1]), "all of a block or none");
                    searches += 1;
                }
            })
        });
        let moving = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                index.move_settled(1_000_000, &|| false).unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        for version in 2..=VERSIONS {
            index.take_in(&[all_points(place, version)], true, None).unwrap();
            newest.store(version.into(), Ordering::Release);
        }
        done.store(true, Ordering::Relaxed);
        moving.join().unwrap();
        for searching in searching {
            searching.join().unwrap();
        }
    });
    assert_eq!(versions(&index, 0, None), vec![i64::from(VERSIONS); POINTS as usize]);
    let report = index.report().unwrap();
    assert_eq!(report.in_graph + report.in_lists, POINTS, "what was replaced is gone");
}

#[test]
fn overwritten_points_are_found_in_every_answer() {
    overwritten_points_are_found(None, crate::local::Limits::default());
}

#[test]
fn overwritten_points_are_found_in_every_answer_while_rows_move_to_disk() {
    overwritten_points_are_found(Some(0), crate::local::Limits { memory_bytes: 0, age: None });
}

#[test]
fn a_search_sees_what_was_there_when_it_began_until_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("rows"), rose_forest_store::Options::new([1; 32])).unwrap();
    let views = Views::new();
    let early = views.look(&store).unwrap();
    let change = views.change(&store).unwrap();
    let during = views.look(&store).unwrap();
    assert!(
        Arc::ptr_eq(&during.moment, &views.look(&store).unwrap().moment),
        "one moment for the whole change"
    );
    let (ended, has_ended) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            change.end();
            ended.send(()).unwrap();
        });
        // Searches begin meanwhile, and hold up nobody.
        while Arc::ptr_eq(&during.moment, &views.look(&store).unwrap().moment) {}
        let late = views.look(&store).unwrap();
        drop(early);
        assert_eq!(has_ended.try_recv(), Err(TryRecvError::Empty), "a search that began before is under way");
        drop(during);
        assert_eq!(has_ended.recv_timeout(Duration::from_secs(30)), Ok(()));
        drop(late);
    });
    // What is given up leaves things as they were, and views that nobody has are forgotten.
    (0..100).for_each(|_| drop(views.change(&store).unwrap()));
    assert!(views.look(&store).is_ok() && views.current.read().before.is_none());
    assert_eq!(views.open.lock().len(), 1);
}
