//! The laws of merging, and what a late or an equal version does.

use super::*;
use proptest::prelude::*;

type Set = PointSet<u8, u8, u8, u8>;

fn set() -> impl Strategy<Value = Set> {
    let version = (0i64..3, 0u8..3, prop::option::of(0u8..3)).prop_map(|(written_at, action, row)| Version {
        written_at,
        action,
        row,
    });
    prop::collection::vec((0u8..2, 0u8..3, version), 0..8).prop_map(|versions| {
        let mut set = Set::new();
        versions.into_iter().for_each(|(author, id, version)| {
            set.insert(author, id, version);
        });
        set
    })
}

fn merged(mut a: Set, b: Set) -> Set {
    a.merge(b);
    a
}

proptest! {
    #[test]
    fn merging_is_commutative(a in set(), b in set()) {
        prop_assert_eq!(merged(a.clone(), b.clone()), merged(b, a));
    }

    #[test]
    fn merging_is_associative(a in set(), b in set(), c in set()) {
        let left = merged(merged(a.clone(), b.clone()), c.clone());
        prop_assert_eq!(left, merged(a, merged(b, c)));
    }

    #[test]
    fn merging_is_idempotent(a in set(), b in set()) {
        let once = merged(a.clone(), b.clone());
        prop_assert_eq!(merged(once.clone(), a), once.clone());
        prop_assert_eq!(merged(once.clone(), b), once);
    }

    #[test]
    fn nobody_touches_another_authors_point(a in set(), b in set()) {
        let of = |set: &Set, author: u8| -> Vec<(u8, u8)> {
            set.live().filter(|(by, _, _)| **by == author).map(|(_, id, row)| (*id, *row)).collect()
        };
        let mut only_others = Set::new();
        for ((author, id), version) in &b.points {
            if *author != 0 {
                only_others.insert(*author, *id, *version);
            }
        }
        prop_assert_eq!(of(&merged(a.clone(), only_others), 0), of(&a, 0));
    }
}

fn written(written_at: i64, action: u8, row: Option<u8>) -> Version<u8, u8> {
    Version { written_at, action, row }
}

#[test]
fn an_older_version_that_comes_late_does_not_bring_a_point_back() {
    let mut set = Set::new();
    assert!(set.insert(1, 1, written(10, 0, Some(1))));
    assert!(set.insert(1, 1, written(30, 0, None)));
    assert!(!set.insert(1, 1, written(20, 9, Some(2))));
    assert_eq!(set.live().count(), 0);
    assert_eq!(set.version(1, 1), Some(&written(30, 0, None)));
    assert_eq!((set.len(), set.is_empty()), (1, false));
}

#[test]
fn of_two_versions_of_one_time_the_larger_action_wins() {
    for order in [[4u8, 5], [5, 4]] {
        let mut set = Set::new();
        order.into_iter().for_each(|action| {
            set.insert(1, 1, written(10, action, Some(action)));
        });
        assert_eq!(set.live().map(|(_, _, row)| *row).collect::<Vec<_>>(), [5]);
    }
}

#[test]
fn a_version_that_is_held_already_is_not_news() {
    let mut set = Set::new();
    assert!(set.insert(1, 1, written(10, 0, Some(1))));
    assert!(!set.insert(1, 1, written(10, 0, Some(1))));
}
