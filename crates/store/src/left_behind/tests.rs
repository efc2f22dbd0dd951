use crate::testing::{Event, OwnedBlock, TestStore, block, events, hash, ids, row, tombstone};
use proptest::prelude::*;
use rose_forest_rules::{id::PointId, reference::HashRef};
use std::collections::BTreeSet;

/// The node's own author.
const OWN: u8 = 1;

/// What reading every block finds.
fn by_reading_all(blocks: &[OwnedBlock], ids: &[PointId]) -> BTreeSet<HashRef> {
    let holds = |block: &&OwnedBlock| {
        block.author == OWN && block.in_cell && block.rows.iter().any(|row| ids.contains(&row.id))
    };
    blocks.iter().filter(holds).map(|block| hash(block.action)).collect()
}

fn said(store: &TestStore, author: u8, ids: &[PointId]) -> Option<Vec<HashRef>> {
    store.snapshot().unwrap().cell_blocks_with(&hash(author), ids).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_blocks_of_cells_that_hold_a_point_are_those_that_reading_all_of_them_finds(
        (blocks, events) in events(14, 3, 40),
        asked in prop::collection::vec(ids(), 1..3),
    ) {
        let mut store = TestStore::new();
        store.set_own_author(&hash(OWN)).unwrap();
        let mut delivered = vec![false; blocks.len()];
        for event in events {
            match event {
                Event::Apply(which) => {
                    delivered[which] |= blocks[which].confirmed;
                    store.apply(&blocks[which]);
                }
                Event::Confirm(which) => {
                    delivered[which] = true;
                    store.apply(&OwnedBlock { confirmed: true, ..blocks[which].clone() });
                }
                Event::Withdraw(which) => drop(store.withdraw(blocks[which].action)),
                Event::Reopen => {
                    store = store.reopen();
                    store.set_own_author(&hash(OWN)).unwrap();
                }
            }
            let here: Vec<_> = blocks.iter().zip(&delivered).filter(|(_, here)| **here).map(|(block, _)| block.clone()).collect();
            let found = said(&store, OWN, &asked).unwrap();
            let distinct: BTreeSet<_> = found.iter().copied().collect();
            prop_assert_eq!(distinct.len(), found.len());
            prop_assert_eq!(distinct, by_reading_all(&here, &asked));
            prop_assert_eq!(said(&store, 1 - OWN, &asked), None);
        }
    }
}

#[test]
fn a_point_is_found_where_it_was_before_it_was_overwritten_moved_or_deleted() {
    let store = TestStore::new();
    store.set_own_author(&hash(OWN)).unwrap();
    let in_cell = |action, rows| store.apply(&OwnedBlock { in_cell: true, ..block(action, rows) });
    let of = |id| said(&store, OWN, &[PointId::Int(id)]).unwrap();
    assert_eq!(of(1), []);
    in_cell(2, vec![row(1, 10, "{}"), row(2, 10, "{}"), row(3, 10, "{}")]);
    // Where they are.
    assert_eq!([of(1), of(2), of(3), of(4)], [vec![hash(2)], vec![hash(2)], vec![hash(2)], vec![]]);
    // One is overwritten, one deleted, one gathered into another block.
    store.apply(&block(4, vec![row(1, 20, "{}"), tombstone(2, 20)]));
    in_cell(6, vec![row(3, 10, "{}")]);
    assert_eq!([of(1), of(2), of(3)], [vec![hash(2)], vec![hash(2)], vec![hash(2), hash(6)]]);
    // What is settled is found as well, and so is what hides a row in its cell.
    in_cell(8, vec![row(1, 20, "{}"), tombstone(2, 10)]);
    assert_eq!([of(1), of(2)], [[hash(2), hash(8)], [hash(2), hash(8)]]);
}

#[test]
fn notes_are_complete_or_there_is_no_answer() {
    let own = |author| OwnedBlock { author, in_cell: true, ..block(10 * author, vec![row(1, 10, "{}")]) };
    let store = TestStore::new();
    let ask = |author| said(&store, author, &[PointId::Int(1)]);
    store.apply(&own(1));
    assert_eq!(ask(1), None);
    // Too late for the first author. Of the second only a signal has been heard.
    store.set_own_author(&hash(1)).unwrap();
    assert_eq!(ask(1), None);
    store.apply(&OwnedBlock { confirmed: false, ..own(2) });
    store.set_own_author(&hash(2)).unwrap();
    assert_eq!((ask(1), ask(2)), (None, Some(vec![])));
    store.apply(&own(2));
    assert_eq!(ask(2), Some(vec![hash(20)]));
    // Named again later, it has blocks that were not noted.
    store.set_own_author(&hash(3)).unwrap();
    assert_eq!((ask(2), ask(3)), (None, Some(vec![])));
    store.set_own_author(&hash(2)).unwrap();
    assert_eq!((ask(2), ask(3)), (None, None));
}
