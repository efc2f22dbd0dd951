//! The laws of merging, and what the totals are.

use super::*;
use proptest::prelude::*;

type View = ShareView<u8, u8>;

fn view() -> impl Strategy<Value = View> {
    let share = (0u32..4, prop::collection::vec(-2i8..2, 2))
        .prop_map(|(rows, mean)| Share { rows, mean: mean.into_iter().map(f32::from).collect() });
    let statement = (0u64..3, prop::collection::btree_map(0u8..4, share, 0..3))
        .prop_map(|(seq, shares)| Statement { seq, shares });
    prop::collection::vec((0u8..4, statement), 0..6).prop_map(|statements| {
        let mut view = View::new();
        statements.into_iter().for_each(|(author, statement)| view.insert(author, statement));
        view
    })
}

fn merged(mut a: View, b: View) -> View {
    a.merge(b);
    a
}

proptest! {
    #[test]
    fn merging_is_commutative(a in view(), b in view()) {
        prop_assert_eq!(merged(a.clone(), b.clone()), merged(b, a));
    }

    #[test]
    fn merging_is_associative(a in view(), b in view(), c in view()) {
        let left = merged(merged(a.clone(), b.clone()), c.clone());
        prop_assert_eq!(left, merged(a, merged(b, c)));
    }

    #[test]
    fn merging_is_idempotent_and_counts_nothing_twice(a in view(), b in view()) {
        let once = merged(a.clone(), b.clone());
        let twice = merged(once.clone(), merged(a.clone(), b));
        prop_assert_eq!(&once, &twice);
        prop_assert_eq!(once.totals(), twice.totals());
        prop_assert_eq!(merged(a.clone(), a.clone()), a);
    }
}

fn says(seq: u64, cell: u8, rows: u32, mean: &[f32]) -> Statement<u8> {
    Statement { seq, shares: BTreeMap::from([(cell, Share { rows, mean: mean.to_vec() })]) }
}

#[test]
fn the_mean_of_a_cell_is_weighted_by_rows() {
    let mut view = View::new();
    view.insert(1, says(1, 0, 1, &[0.0, 4.0]));
    view.insert(2, says(9, 0, 3, &[4.0, 0.0]));
    assert_eq!(view.totals()[&0], CellTotal { rows: 4, mean: vec![3.0, 1.0] });
}

#[test]
fn the_newest_statement_replaces_all_of_an_authors_shares() {
    let mut view = View::new();
    view.insert(1, says(2, 7, 5, &[1.0]));
    view.insert(1, says(1, 8, 9, &[1.0]));
    assert_eq!(view.totals().keys().collect::<Vec<_>>(), [&7]);
    view.insert(1, says(3, 8, 9, &[1.0]));
    assert_eq!(view.totals().keys().collect::<Vec<_>>(), [&8]);
    assert_eq!(view.statement(&1).map(|statement| statement.seq), Some(3));
}

#[test]
fn a_mean_of_another_dimension_is_counted_but_not_weighed() {
    let mut view = View::new();
    view.insert(1, says(1, 0, 2, &[1.0, 1.0]));
    view.insert(2, says(1, 0, 5, &[9.0]));
    assert_eq!(view.totals()[&0], CellTotal { rows: 7, mean: vec![1.0, 1.0] });
}
