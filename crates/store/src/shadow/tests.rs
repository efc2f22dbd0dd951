use crate::{
    Row, Snapshot, Start,
    testing::{OwnedBlock, TestStore, block, blocks, hash, row, tombstone},
};
use proptest::prelude::*;
use roaring::RoaringBitmap;
use rose_forest_rules::id::PointId;
use std::collections::BTreeMap;

/// The rows that are shadowed, found out the long way.
fn naive(snapshot: &Snapshot, own: Option<u8>) -> RoaringBitmap {
    let mut by_id = BTreeMap::<PointId, Vec<Row>>::new();
    for row in snapshot.scroll(&Start::First, 10_000, None).unwrap().rows {
        by_id.entry(row.id.clone()).or_default().push(row);
    }
    let mut shadowed = RoaringBitmap::new();
    for mut rows in by_id.into_values() {
        rows.sort_by_key(|row| {
            (own.map(hash) != Some(row.author), std::cmp::Reverse(row.written_at_micros), row.author)
        });
        shadowed.extend(rows.iter().skip(1).map(|row| row.label));
    }
    shadowed
}

#[derive(Clone, Debug)]
enum Event {
    Apply(OwnedBlock),
    Withdraw(u8),
    Own(u8),
    Reopen,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = |block: OwnedBlock| {
        let action = block.action;
        prop_oneof![
            8 => Just(Event::Apply(block)),
            2 => Just(Event::Withdraw(action.wrapping_sub(37))),
            2 => (0u8..4).prop_map(Event::Own),
            1 => Just(Event::Reopen),
        ]
    };
    blocks(24).prop_flat_map(move |mut blocks| {
        for block in &mut blocks {
            // Three authors, who are met in no order.
            block.author = (block.action / 5) % 3;
        }
        blocks.into_iter().map(event).collect::<Vec<_>>()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_id_is_shown_once_whatever_happens(events in events()) {
        let mut store = TestStore::new();
        let mut own = None;
        for event in events {
            match event {
                Event::Apply(block) => drop(store.apply(&block)),
                Event::Withdraw(action) => drop(store.withdraw(action)),
                Event::Own(author) => {
                    store.set_own_author(&hash(author)).unwrap();
                    own = Some(author);
                }
                Event::Reopen => store = store.reopen(),
            }
            let snapshot = store.snapshot().unwrap();
            prop_assert_eq!(snapshot.shadowed().unwrap(), naive(&snapshot, own));
        }
    }
}

fn by(author: u8, mut block: OwnedBlock) -> OwnedBlock {
    block.author = author;
    block
}

#[test]
fn a_bare_id_is_the_own_point_else_the_newest_else_that_of_the_smallest_key() {
    let store = TestStore::new();
    store.apply(&by(3, block(1, vec![row(7, 10, "{}")])));
    store.apply(&by(2, block(2, vec![row(7, 10, "{}")])));
    store.apply(&by(9, block(3, vec![row(7, 5, "{}")])));
    let author = |id: u64| {
        let found = store.snapshot().unwrap().bare(&[PointId::Int(id)]).unwrap();
        found.into_iter().next().flatten().map(|row| row.author)
    };
    assert_eq!(author(7), Some(hash(2)), "of two equally new ones");
    store.apply(&by(3, block(4, vec![row(7, 11, "{}")])));
    assert_eq!(author(7), Some(hash(3)), "the newest");
    assert!(store.set_own_author(&hash(9)).unwrap());
    assert!(!store.set_own_author(&hash(9)).unwrap());
    assert_eq!(author(7), Some(hash(9)), "the own one, though it is older");
    store.apply(&by(9, block(5, vec![tombstone(7, 20)])));
    assert_eq!(author(7), Some(hash(3)), "the newest of the others, now that the own one is deleted");
    assert_eq!(author(8), None);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.collapsed().unwrap().len() + 1, snapshot.count());
}
