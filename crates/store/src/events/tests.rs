//! Whoever follows the events knows what is there.

use super::*;
use crate::{
    Start,
    testing::{Disk, OwnedBlock, OwnedRow, TestStore, block, blocks, hash, row, tombstone},
};
use proptest::prelude::*;

fn all(store: &TestStore) -> Vec<Event> {
    store.snapshot().unwrap().events_since(&EventCursor::default(), 1_000).unwrap().unwrap()
}

/// What is told of each event: its kind, the block and whether it was delivered, and the ids.
fn told(store: &TestStore) -> Vec<(EventKind, u8, bool, Vec<u64>)> {
    let id = |id: &PointId| match id {
        PointId::Int(id) => *id,
        PointId::Text(id) => panic!("{id:?}"),
    };
    let plain = |event: &Event| {
        assert_eq!(event.rows as usize, event.ids.len());
        (event.kind, event.action.0[0], event.confirmed, event.ids.iter().map(id).collect())
    };
    all(store).iter().map(plain).collect()
}

fn announced(action: u8, rows: Vec<OwnedRow>) -> OwnedBlock {
    OwnedBlock { confirmed: false, ..block(action, rows) }
}

use EventKind::{Delete, Upsert};

#[test]
fn what_comes_and_goes_is_told_and_copies_are_not() {
    let store = TestStore::new();
    store.apply(&block(2, vec![row(1, 10, "{}"), row(2, 10, "{}")]));
    store.apply(&block(4, vec![row(1, 20, "{}"), tombstone(2, 20), tombstone(3, 20)]));
    // Older than what is known, known already, and a copy of what counts.
    store.apply(&block(6, vec![row(1, 15, "{}")]));
    store.apply(&block(4, vec![row(1, 20, "{}"), tombstone(2, 20)]));
    store.apply(&OwnedBlock { in_cell: true, ..block(8, vec![row(1, 20, "{}")]) });
    let expected = [(Upsert, 2, true, vec![1, 2]), (Upsert, 4, true, vec![1]), (Delete, 4, true, vec![2])];
    assert_eq!(told(&store), expected);
    assert_eq!(all(&store)[0].author, hash(1));
}

#[test]
fn what_was_announced_is_told_again_when_it_is_delivered_and_when_it_is_taken_back() {
    let store = TestStore::new();
    store.apply(&block(2, vec![row(1, 10, "{}"), row(2, 10, "{}")]));
    store.apply(&announced(4, vec![row(1, 20, "{}"), tombstone(2, 20), row(3, 20, "{}")]));
    let first = [(Upsert, 2, true, vec![1, 2]), (Upsert, 4, false, vec![1, 3]), (Delete, 4, false, vec![2])];
    assert_eq!(told(&store), first);
    store.withdraw(4);
    let back = [(Delete, 4, false, vec![3]), (Upsert, 2, true, vec![1, 2])];
    assert_eq!(told(&store)[3..], back);
    store.apply(&announced(6, vec![row(1, 30, "{}"), tombstone(2, 30)]));
    store.apply(&block(6, vec![row(1, 30, "{}"), tombstone(2, 30)]));
    let delivered = [
        (Upsert, 6, false, vec![1]),
        (Delete, 6, false, vec![2]),
        (Upsert, 6, true, vec![1]),
        (Delete, 6, true, vec![2]),
    ];
    assert_eq!(told(&store)[5..], delivered);
}

#[test]
fn an_event_names_a_bounded_number_of_points_and_says_how_many_there_are() {
    let store = TestStore::new();
    let many: Vec<_> = (0..MAX_EVENT_IDS as u64 + 500).map(|id| row(id, 10, "{}")).collect();
    store.apply(&block(2, many));
    let long = |number: usize| OwnedRow {
        id: PointId::text(format!("{number:03}").repeat(160)).unwrap(),
        ..row(0, 10, "{}")
    };
    store.apply(&block(4, (0..40).map(long).collect()));
    let events = all(&store);
    let named: Vec<_> = events.iter().map(|event| (event.rows, event.ids.len())).collect();
    // Nine bytes an integer, 483 a long id: 8 KiB hold so many.
    assert_eq!(named, [(1_500, 910), (40, 16)]);
    assert_eq!(events[1].ids[15], long(15).id);
}

#[test]
fn who_comes_back_goes_on_where_it_was_and_learns_that_something_was_lost() {
    let mut store = TestStore::new();
    assert_eq!(store.snapshot().unwrap().last_event().unwrap(), EventCursor::default());
    for action in 0..4 {
        store.apply(&block(action, vec![row(u64::from(action), 10, "{}")]));
        // Numbers go on, and cursors hold, across restarts.
        store = store.reopen();
    }
    let events = all(&store);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.last_event().unwrap(), events[3].cursor);
    let page = snapshot.events_since(&events[0].cursor, 2).unwrap().unwrap();
    assert_eq!(page, events[1..3]);
    assert_eq!(snapshot.events_since(&events[3].cursor, 2).unwrap(), Some(vec![]));
    let of_another_time = EventCursor { opening: 1, ..events[1].cursor };
    let to_come = EventCursor { number: 5, ..events[3].cursor };
    for lost in [of_another_time, to_come, EventCursor { number: u64::MAX, opening: 0 }] {
        assert_eq!(snapshot.events_since(&lost, 2).unwrap(), None, "{lost}");
    }
}

#[test]
fn the_oldest_events_are_forgotten() {
    let store = TestStore::new();
    let kept = crate::point::Kept {
        version: crate::Version { written_at_micros: 1, deleted: false, fingerprint: 0 },
        place: crate::Place { block: 0, row: 0 },
        label: 0,
    };
    let was = Point { confirmed: Some(kept), unconfirmed: Vec::new() };
    let transaction = store.database.begin_write().unwrap();
    for _ in 0..MAX_EVENTS + 2 {
        let mut news = News::default();
        news.add(&PointId::Int(1), &was, &Point::default());
        write(&transaction, 7, (hash(1), hash(2)), news).unwrap();
    }
    transaction.commit().unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.last_event().unwrap(), EventCursor { number: MAX_EVENTS + 2, opening: 7 });
    let since = |number| snapshot.events_since(&EventCursor { number, opening: 7 }, 9).unwrap();
    assert_eq!((since(2), since(3).map(|events| events.len())), (None, Some(9)));
    assert_eq!(snapshot.events_since(&EventCursor::default(), 9).unwrap(), None);
}

#[test]
fn a_cursor_of_a_time_that_a_crash_took_back_is_not_taken_for_another() {
    let store = TestStore::new();
    store.apply(&block(2, vec![row(1, 10, "{}")]));
    store.sync().unwrap();
    let disk: Disk = store.disk.after_power_cut(|_| false);
    store.apply(&block(4, vec![row(2, 10, "{}")]));
    let (kept, lost) = (all(&store)[0].cursor, all(&store)[1].cursor);
    let store = TestStore::open(disk).unwrap();
    store.apply(&block(6, vec![row(3, 10, "{}")]));
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.last_event().unwrap().number, lost.number);
    assert_eq!(snapshot.events_since(&lost, 9).unwrap(), None);
    assert_eq!(snapshot.events_since(&kept, 9).unwrap().unwrap()[0].action, hash(6));
}

/// What happens to a store: a block comes, is delivered, or is taken back.
fn histories() -> impl Strategy<Value = (Vec<OwnedBlock>, Vec<(usize, u8)>)> {
    blocks(7).prop_flat_map(|blocks| {
        let steps = prop::collection::vec((0..blocks.len(), 0u8..8), 0..20);
        (Just(blocks), steps)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_follower_knows_what_is_there_whatever_happens((mut blocks, steps) in histories()) {
        let mut store = TestStore::new();
        let mut known = BTreeMap::new();
        let mut cursor = EventCursor::default();
        for (which, what) in steps {
            match what {
                0 => store = store.reopen(),
                1 | 2 => drop(store.withdraw(blocks[which].action)),
                3 | 4 => {
                    blocks[which].confirmed = true;
                    store.apply(&blocks[which]);
                }
                _ => drop(store.apply(&blocks[which])),
            }
            let snapshot = store.snapshot().unwrap();
            for event in snapshot.events_since(&cursor, 1_000).unwrap().unwrap() {
                prop_assert_eq!(event.cursor.number, cursor.number + 1);
                cursor = event.cursor;
                for id in event.ids {
                    match event.kind {
                        Upsert => {
                            let block = blocks.iter().find(|block| hash(block.action) == event.action).unwrap();
                            let row = block.rows.iter().find(|row| row.id == id).unwrap();
                            let (_, payload) = row.content.clone().unwrap();
                            known.insert((event.author, id), (row.written_at_micros, payload, event.confirmed));
                        }
                        Delete => drop(known.remove(&(event.author, id))),
                    }
                }
            }
            let rows = snapshot.scroll(&Start::First, 1_000, None).unwrap().rows.into_iter();
            let there = rows.map(|row| ((row.author, row.id), (row.written_at_micros, row.payload, row.confirmed)));
            prop_assert_eq!(&known, &there.collect::<BTreeMap<_, _>>());
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(mut bytes: Vec<u8>) {
        if let Some(first) = bytes.first_mut() {
            *first = EVENT_VERSION;
        }
        let _ = read(1, &bytes);
    }
}
