//! Blocks in any order, repeated, confirmed and withdrawn, against a model.

use crate::{
    Changes, Checkpoint, Label, Place, Placed, Start, StoreError,
    testing::{Event, OwnedBlock, TestStore, block, blocks, events, hash, model, row, tombstone},
};
use proptest::prelude::*;
use roaring::RoaringBitmap;
use rose_forest_rules::id::PointId;
use std::collections::BTreeMap;

/// What a store says, to compare with the model; the code is not kept, so it is looked up in the blocks.
fn said(
    store: &TestStore,
    blocks: &[OwnedBlock],
) -> BTreeMap<(rose_forest_rules::reference::HashRef, PointId), (i64, u8, Option<String>)> {
    let snapshot = store.snapshot().unwrap();
    let page = snapshot.scroll(&Start::First, 1_000, None).unwrap();
    assert_eq!(page.next, None);
    assert_eq!(snapshot.count(), page.rows.len() as u64);
    let labels: RoaringBitmap = page.rows.iter().map(|row| row.label).collect();
    assert_eq!(snapshot.live().unwrap(), labels);
    let mut said = BTreeMap::new();
    for row in page.rows {
        assert_eq!(snapshot.row(row.label).unwrap().as_ref(), Some(&row));
        assert_eq!(snapshot.point(&row.author, &row.id).unwrap().as_ref(), Some(&row));
        assert!(snapshot.points(&row.id).unwrap().contains(&row));
        assert!(snapshot.live_of(&row.author).unwrap().contains(row.label));
        let block = blocks.iter().find(|block| hash(block.action) == row.action).unwrap();
        let stored = &block.rows[row.place.row as usize];
        assert_eq!((&stored.id, hash(block.author)), (&row.id, row.author));
        assert_eq!(row.confirmed, block.confirmed);
        let info = snapshot.block(row.place.block).unwrap().unwrap();
        assert_eq!((info.action, info.author, info.cell.is_some()), (row.action, row.author, block.in_cell));
        let code = stored.content.as_ref().unwrap().0;
        said.insert((row.author, row.id), (row.written_at_micros, code, row.payload));
    }
    let counted: u64 = snapshot.authors().unwrap().iter().map(|(_, live)| live).sum();
    assert_eq!(counted, snapshot.count());
    said
}

/// An index that does what it is told.
#[derive(Clone, Default, Debug, PartialEq)]
struct Index(BTreeMap<Label, Place>);

impl Index {
    fn follow(&mut self, inserted: &[Placed], removed: &[Label], moved: &[Placed]) {
        for placed in inserted {
            assert_eq!(self.0.insert(placed.label, placed.place), None);
        }
        for placed in moved {
            assert!(self.0.insert(placed.label, placed.place).is_some());
        }
        for label in removed {
            assert!(self.0.remove(label).is_some());
        }
    }

    fn of(store: &TestStore) -> Self {
        let snapshot = store.snapshot().unwrap();
        let places = snapshot.places(&snapshot.live().unwrap()).unwrap();
        Self(places.into_iter().map(|placed| (placed.label, placed.place)).collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_order_of_blocks_gives_the_points_of_the_model(mut blocks in blocks(9), seed: u64) {
        let expected = model(&blocks);
        let store = TestStore::new();
        for at in 1..blocks.len() {
            blocks.swap(at, (seed >> at) as usize % (at + 1));
        }
        for block in blocks.iter().chain(blocks.iter().rev()) {
            store.apply(block);
        }
        prop_assert_eq!(said(&store, &blocks), expected);
    }

    #[test]
    fn whatever_happens_points_index_and_log_agree((mut blocks, events) in events(7, 2, 16)) {
        let mut store = TestStore::new();
        let mut here = vec![false; blocks.len()];
        let mut index = Index::default();
        let mut seen = RoaringBitmap::new();
        let mut saved: Vec<(Checkpoint, Index)> = vec![(store.checkpoint().unwrap(), Index::default())];
        for event in events {
            let changes = match event {
                Event::Apply(which) => {
                    here[which] = true;
                    store.apply(&blocks[which])
                }
                Event::Confirm(which) => {
                    here[which] = true;
                    blocks[which].confirmed = true;
                    store.apply(&blocks[which])
                }
                Event::Withdraw(which) => {
                    here[which] &= blocks[which].confirmed;
                    store.withdraw(blocks[which].action)
                }
                Event::Reopen => {
                    store = store.reopen();
                    Changes { sequence: store.snapshot().unwrap().sequence(), ..Changes::default() }
                }
            };
            for placed in &changes.inserted {
                prop_assert!(seen.max().is_none_or(|max| placed.label > max), "labels ascend and are new");
                seen.insert(placed.label);
            }
            index.follow(&changes.inserted, &changes.removed, &changes.moved);
            prop_assert_eq!(&index, &Index::of(&store));
            prop_assert_eq!(changes.sequence, store.snapshot().unwrap().sequence());
            let present: Vec<_> = blocks.iter().zip(&here).filter(|(_, here)| **here).map(|(block, _)| block.clone()).collect();
            prop_assert_eq!(said(&store, &present), model(&present));
            saved.push((store.checkpoint().unwrap(), index.clone()));
        }
        for (checkpoint, mut old) in saved {
            let changes = store.snapshot().unwrap().changes_since(&checkpoint).unwrap();
            old.follow(&changes.inserted, &changes.removed, &changes.moved);
            prop_assert_eq!(&old, &index);
        }
    }

    #[test]
    fn pages_are_the_points_in_order(blocks in blocks(9), limit in 1usize..4, only: Option<u8>) {
        let store = TestStore::new();
        blocks.iter().for_each(|block| { store.apply(block); });
        let snapshot = store.snapshot().unwrap();
        let allowed = only.map(|only| snapshot.live_of(&hash(only % 2)).unwrap());
        let all = snapshot.scroll(&Start::First, 1_000, allowed.as_ref()).unwrap().rows;
        let kind = |id: &PointId| match id {
            PointId::Int(_) => 0,
            PointId::Text(text) if text.as_str().len() == 36 => 1,
            PointId::Text(_) => 2,
        };
        prop_assert!(all.is_sorted_by_key(|row| (kind(&row.id), row.id.clone())));
        let expected = allowed.as_ref().map_or(snapshot.count(), |set| set.len());
        prop_assert_eq!(all.len() as u64, expected);
        let mut start = Start::First;
        let mut paged = Vec::new();
        loop {
            let page = snapshot.scroll(&start, limit, allowed.as_ref()).unwrap();
            paged.extend(page.rows);
            let Some(next) = page.next else { break };
            let last = paged.last().unwrap();
            prop_assert_eq!(&all[paged.len()].id, &next.0);
            start = Start::After(last.id.clone(), last.author);
        }
        prop_assert_eq!(paged, all);
    }
}

#[test]
fn a_settled_copy_keeps_its_label_and_says_where_it_is_now() {
    let store = TestStore::new();
    let fresh = store.apply(&block(10, vec![row(1, 5, "{}"), row(2, 5, "{}")]));
    let settled = OwnedBlock { in_cell: true, ..block(20, vec![row(2, 5, "{}")]) };
    let copied = store.apply(&settled);
    assert_eq!((copied.inserted.len(), copied.removed.len()), (0, 0));
    let label = fresh.inserted[1].label;
    let moved = Placed { label, place: Place { block: copied.moved[0].place.block, row: 0 } };
    assert_eq!(copied.moved, [moved]);
    let row = store.snapshot().unwrap().row(label).unwrap().unwrap();
    assert_eq!((row.action, row.place), (hash(20), moved.place));
    assert!(store.apply(&settled).is_empty());
}

#[test]
fn a_deletion_that_has_been_settled_does_not_bring_the_point_back() {
    // Written at 5, deleted at 9; settling hides the row in its cell by a tombstone of its own time, and takes the
    // deletion itself out of sight: whoever joins later sees only these two.
    for order in [[0, 1], [1, 0]] {
        let store = TestStore::new();
        let blocks = [block(90, vec![row(1, 5, "{}")]), block(20, vec![tombstone(1, 5)])];
        order.iter().for_each(|at| {
            store.apply(&blocks[*at]);
        });
        assert_eq!(store.snapshot().unwrap().count(), 0);
    }
}

#[test]
fn what_a_withdrawn_block_hid_comes_back_under_a_new_label() {
    let store = TestStore::new();
    let old = store.apply(&block(1, vec![row(1, 5, "{\"old\":1}")]));
    let announced =
        OwnedBlock { confirmed: false, ..block(2, vec![row(1, 6, "{\"new\":1}"), tombstone(2, 6)]) };
    let new = store.apply(&announced);
    assert_eq!(new.removed, [old.inserted[0].label]);
    let row = store.snapshot().unwrap().points(&PointId::Int(1)).unwrap().remove(0);
    assert_eq!((row.confirmed, row.payload.as_deref()), (false, Some("{\"new\":1}")));

    let back = store.withdraw(2);
    assert_eq!(back.removed, [new.inserted[0].label]);
    assert!(back.inserted[0].label > new.inserted[0].label);
    assert_eq!(back.inserted[0].place, old.inserted[0].place);
    let row = store.snapshot().unwrap().row(back.inserted[0].label).unwrap().unwrap();
    assert_eq!((row.confirmed, row.payload.as_deref()), (true, Some("{\"old\":1}")));
    assert_eq!(store.snapshot().unwrap().find_block(&hash(2)).unwrap(), None);
    assert!(store.withdraw(2).is_empty());
}

#[test]
fn a_confirmed_block_cannot_be_withdrawn() {
    let store = TestStore::new();
    let announced = OwnedBlock { confirmed: false, ..block(2, vec![row(1, 6, "{}")]) };
    let first = store.apply(&announced);
    let confirmed = store.apply(&OwnedBlock { confirmed: true, ..announced });
    assert!(confirmed.is_empty());
    assert!(store.withdraw(2).is_empty());
    assert!(store.withdraw(3).is_empty());
    let row = store.snapshot().unwrap().row(first.inserted[0].label).unwrap().unwrap();
    assert!(row.confirmed);
}

#[test]
fn cursors_are_kept_with_the_blocks_or_not_at_all() {
    let store = TestStore::new();
    let mut batch = store.begin().unwrap();
    batch.set_cursor("links", b"1").unwrap();
    assert_eq!(batch.cursor("links").unwrap().as_deref(), Some(&b"1"[..]));
    block(1, vec![row(1, 5, "{}")]).apply(&mut batch).unwrap();
    drop(batch);
    let snapshot = store.snapshot().unwrap();
    assert_eq!((snapshot.cursor("links").unwrap(), snapshot.count()), (None, 0));

    let mut batch = store.begin().unwrap();
    batch.set_cursor("links", b"2").unwrap();
    block(1, vec![row(1, 5, "{}")]).apply(&mut batch).unwrap();
    batch.commit().unwrap();
    // What was read before does not change.
    assert_eq!((snapshot.cursor("links").unwrap(), snapshot.count()), (None, 0));
    let snapshot = store.snapshot().unwrap();
    assert_eq!((snapshot.cursor("links").unwrap().as_deref(), snapshot.count()), (Some(&b"2"[..]), 1));
}

#[test]
fn the_log_is_forgotten_up_to_a_checkpoint() {
    let store = TestStore::new();
    let before = store.checkpoint().unwrap();
    store.apply(&block(1, vec![row(1, 5, "{}")]));
    let between = store.checkpoint().unwrap();
    store.apply(&block(2, vec![row(2, 5, "{}")]));
    let mut batch = store.begin().unwrap();
    batch.forget_changes_before(between.sequence).unwrap();
    batch.commit().unwrap();

    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.changes_since(&between).unwrap().inserted.len(), 1);
    let refused = snapshot.changes_since(&before).unwrap_err();
    assert!(matches!(refused, StoreError::NotInLog { oldest: 1, newest: 2, received: 0 }));
    let later = Checkpoint { sequence: 3, ..between };
    assert!(matches!(snapshot.changes_since(&later), Err(StoreError::NotInLog { .. })));
    let other = Checkpoint { identity: between.identity ^ 1, ..between };
    assert!(matches!(snapshot.changes_since(&other), Err(StoreError::OtherStore)));
}

#[test]
fn many_rows_are_paged_by_sorting_those_that_are_allowed() {
    let store = TestStore::new();
    for (action, rows) in (0..1_000u64).map(|id| row(id, 1, "{}")).collect::<Vec<_>>().chunks(100).enumerate()
    {
        store.apply(&block(action as u8, rows.to_vec()));
    }
    let snapshot = store.snapshot().unwrap();
    let rows: Vec<_> = [900, 7, 500].map(|id| snapshot.points(&PointId::Int(id)).unwrap().remove(0)).to_vec();
    let allowed: RoaringBitmap = rows.iter().map(|row| row.label).collect();
    let page = snapshot.scroll(&Start::First, 2, Some(&allowed)).unwrap();
    assert_eq!(page.rows, [rows[1].clone(), rows[2].clone()]);
    assert_eq!(page.next, Some((PointId::Int(900), hash(1))));
    let page = snapshot.scroll(&Start::At(PointId::Int(501)), 2, Some(&allowed)).unwrap();
    assert_eq!((page.rows.as_slice(), page.next), (&rows[..1], None));
}

#[test]
fn snapshots_agree_with_themselves_while_others_write() {
    let store = TestStore::new();
    // Each block replaces all rows of the one before and says its own number: a snapshot sees one number everywhere.
    let write = |number: u8| {
        let rows = (0..20).map(|id| row(id, i64::from(number), &format!("{{\"a\":{number}}}")));
        store.apply(&block(number, rows.collect()));
    };
    write(0);
    store.create_field_index(&"a".parse().unwrap(), crate::FieldKind::Integer).unwrap();
    store.finish_field_index(&"a".parse().unwrap(), |_| true).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| (1..40).for_each(write));
        for _ in 0..200 {
            let snapshot = store.snapshot().unwrap();
            let number = snapshot.points(&PointId::Int(0)).unwrap()[0].written_at_micros;
            let condition = serde_json::json!({"must": {"key": "a", "match": {"value": number}}});
            let filter: crate::Filter = serde_json::from_value(condition).unwrap();
            let rows = snapshot.evaluate(&filter).unwrap().into_rows();
            assert_eq!((rows.len(), &rows), (20, &snapshot.live().unwrap()));
            assert!(snapshot.rows(&rows.iter().collect::<Vec<_>>()).unwrap().iter().all(Option::is_some));
        }
    });
    assert_eq!(store.snapshot().unwrap().count(), 20);
}
