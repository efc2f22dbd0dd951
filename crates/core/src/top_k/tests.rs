//! The k best, whatever the order they come in.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn the_best_are_those_that_sorting_puts_first(
        scores in prop::collection::vec(-3i8..3, 0..60), k in 0usize..20, rotation in 0usize..60
    ) {
        let mut offers: Vec<(f32, usize)> =
            scores.iter().enumerate().map(|(key, score)| (f32::from(*score), key)).collect();
        let mut sorted: Vec<Scored<usize>> =
            offers.iter().map(|(score, key)| Scored { score: *score, key: *key }).collect();
        sorted.sort();
        sorted.truncate(k);
        if !offers.is_empty() {
            let middle = rotation % offers.len();
            offers.rotate_left(middle);
        }
        let mut best = TopK::new(k);
        offers.iter().for_each(|(score, key)| best.push(*score, *key));
        prop_assert_eq!(best.len(), sorted.len());
        prop_assert_eq!(best.into_sorted(), sorted);
    }
}

#[test]
fn of_equal_scores_the_smaller_key_wins() {
    let mut best = TopK::new(2);
    for key in [(1, 5), (0, 9), (1, 4), (0, 7)] {
        best.push(0.5, key);
    }
    let keys: Vec<_> = best.into_sorted().iter().map(|scored| scored.key).collect();
    assert_eq!(keys, [(0, 7), (0, 9)]);
}

#[test]
fn minus_zero_and_zero_are_one_score() {
    let mut best = TopK::new(1);
    best.push(0.0, 2);
    best.push(-0.0, 1);
    assert_eq!(best.into_sorted()[0].key, 1);
}

#[test]
fn nan_is_never_kept() {
    let mut best = TopK::new(3);
    best.push(f32::NAN, 1);
    best.push(f32::NEG_INFINITY, 2);
    assert_eq!(best.len(), 1);
    assert!(!best.is_empty());
}

#[test]
fn the_lowest_score_is_known_once_all_places_are_taken() {
    let mut best = TopK::new(2);
    best.push(3.0, 0);
    assert_eq!(best.lowest(), None);
    best.extend([Scored { score: 2.0, key: 1 }, Scored { score: 5.0, key: 2 }]);
    assert_eq!(best.lowest(), Some(3.0));
}
