//! Kernels against the oracle, and what must hold of any distance.

use super::*;
use crate::test_vectors::{DISTANCES, two_vectors, vector};
use proptest::prelude::*;

/// Rounding of a sum in four lanes: each of at most d / 4 + 4 additions is off by 2^-24 of what is summed so
/// far, and each term by a few times that.
fn rounding(dimension: usize, terms: f64) -> f64 {
    (dimension as f64 / 4.0 + 8.0) * 2f64.powi(-24) * terms + 1e-37
}

proptest! {
    #[test]
    fn fast_kernels_agree_with_the_oracle((a, b) in two_vectors()) {
        let products: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(x * y).abs()).sum();
        let dot = scalar::dot(&a, &b);
        prop_assert!((f64::from(kernel::dot(&a, &b)) - dot).abs() <= rounding(a.len(), products));
        let squared = scalar::squared_euclid(&a, &b);
        prop_assert!((f64::from(kernel::squared_euclid(&a, &b)) - squared).abs() <= rounding(a.len(), squared));
        let manhattan = scalar::manhattan(&a, &b);
        prop_assert!((f64::from(kernel::manhattan(&a, &b)) - manhattan).abs() <= rounding(a.len(), manhattan));
    }

    #[test]
    fn four_at_a_time_give_the_same_numbers((a, b) in two_vectors()) {
        let half: Vec<f32> = b.iter().map(|x| x / 2.0).collect();
        let back: Vec<f32> = b.iter().rev().copied().collect();
        // The last is of another length, now and then.
        for last in [a.as_slice(), &a[..a.len().min(1 + a.len() / 2)]] {
            let four = [b.as_slice(), &half, &back, last];
            prop_assert_eq!(kernel::squared_euclid_four(&a, four), four.map(|b| kernel::squared_euclid(&a, b)));
            prop_assert_eq!(kernel::manhattan_four(&a, four), four.map(|b| kernel::manhattan(&a, b)));
        }
    }

    #[test]
    fn integers_agree_with_the_oracle((a, b) in two_vectors()) {
        let integers = |v: &[f32]| {
            let mut unit = v.to_vec();
            let mut integers = Vec::new();
            kernel::normalise(&mut unit);
            kernel::to_integers(&unit, &mut integers);
            (unit, integers)
        };
        let ((x, a), (y, b)) = (integers(&a), integers(&b));
        let sum: i64 = a.iter().zip(&b).map(|(x, y)| i64::from(*x) * i64::from(*y)).sum();
        prop_assert_eq!(i64::from(kernel::dot_integers(&a, &b)), sum);
        let four = [b.as_slice(), &a, &b[..b.len() / 2], &[]];
        prop_assert_eq!(kernel::dot_integers_four(&a, four), four.map(|b| kernel::dot_integers(&a, b)));
        // Each component is off by half a step at most, and the other vector has unit length.
        let unit = f64::from(kernel::UNIT);
        let allowed = ((a.len() as f64).sqrt() + 1.0) / unit;
        prop_assert!((sum as f64 / unit / unit - scalar::dot(&x, &y)).abs() <= allowed);
    }

    #[test]
    fn every_score_agrees_with_the_oracle_and_is_symmetric((a, b) in two_vectors()) {
        for distance in DISTANCES {
            let expected = scalar::score(distance, &a, &b);
            let received = score(distance, &a, &b);
            let size = scalar::dot(&a, &a).max(scalar::dot(&b, &b)).max(expected.abs());
            let allowed = match distance {
                Distance::Cosine => 1e-4,
                Distance::Dot | Distance::Euclid | Distance::Manhattan => rounding(a.len(), size) + 1e-6,
            };
            prop_assert!((f64::from(received) - expected).abs() <= allowed, "{distance:?}: {received} {expected}");
            prop_assert_eq!(received, score(distance, &b, &a));
        }
    }

    #[test]
    fn scaling_both_vectors_leaves_cosine_alone((a, b) in two_vectors(), x in 0.01f32..100.0, y in 0.01f32..100.0) {
        let scaled = |v: &[f32], s: f32| v.iter().map(|c| c * s).collect::<Vec<_>>();
        let before = score(Distance::Cosine, &a, &b);
        let after = score(Distance::Cosine, &scaled(&a, x), &scaled(&b, y));
        prop_assert!((before - after).abs() <= 1e-4, "{before} {after}");
    }

    #[test]
    fn translation_leaves_euclid_and_manhattan_alone((a, b) in two_vectors(), by in -10.0f32..10.0) {
        let moved = |v: &[f32]| v.iter().map(|c| c + by).collect::<Vec<_>>();
        for distance in [Distance::Euclid, Distance::Manhattan] {
            let before = scalar::score(distance, &a, &b);
            let after = f64::from(score(distance, &moved(&a), &moved(&b)));
            // Moving rounds each component once, by up to 2^-24 of 1,010.
            let allowed = a.len() as f64 * 2e-4 + 1e-4 * before.abs();
            prop_assert!((before - after).abs() <= allowed, "{distance:?}: {before} {after}");
        }
    }

    #[test]
    fn the_way_round_is_never_shorter((a, b) in two_vectors(), seed in any::<u64>()) {
        let mut random = crate::random::Random::new(seed, 0);
        let via: Vec<f32> = a.iter().map(|_| random.normal() * 10.0).collect();
        for distance in [Distance::Euclid, Distance::Manhattan] {
            let length = |x: &[f32], y: &[f32]| f64::from(to_user(distance, score(distance, x, y)));
            let round = length(&a, &via) + length(&via, &b);
            prop_assert!(length(&a, &b) <= round * (1.0 + 1e-4) + 1e-6, "{distance:?}");
        }
    }

    #[test]
    fn a_vector_is_nearest_to_itself(a in vector(37), b in vector(37)) {
        for distance in [Distance::Cosine, Distance::Euclid, Distance::Manhattan] {
            prop_assert!(score(distance, &a, &a) >= score(distance, &a, &b) - 1e-6, "{distance:?}");
        }
    }
}

#[test]
fn users_see_positive_distances_and_similarities_as_they_are() {
    let (a, b) = ([0.0, 0.0], [3.0, 4.0]);
    assert_eq!(to_user(Distance::Euclid, score(Distance::Euclid, &a, &b)), 5.0);
    assert_eq!(to_user(Distance::Manhattan, score(Distance::Manhattan, &a, &b)), 7.0);
    assert_eq!(to_user(Distance::Dot, score(Distance::Dot, &b, &b)), 25.0);
    assert_eq!(to_user(Distance::Cosine, score(Distance::Cosine, &b, &b)), 1.0);
    assert!(to_user(Distance::Euclid, score(Distance::Euclid, &a, &a)).is_sign_positive());
}

#[test]
fn a_threshold_is_a_lowest_similarity_or_a_largest_distance() {
    for distance in DISTANCES {
        assert!(reaches(distance, -1e30, None));
    }
    assert!(reaches(Distance::Cosine, 0.5, Some(0.5)));
    assert!(!reaches(Distance::Cosine, 0.49, Some(0.5)));
    assert!(reaches(Distance::Euclid, from_user(Distance::Euclid, 2.0), Some(2.0)));
    assert!(!reaches(Distance::Manhattan, from_user(Distance::Manhattan, 2.1), Some(2.0)));
}

#[test]
fn of_vectors_of_unequal_length_the_common_part_counts() {
    let (long, short) = ([1.0f32; 11], [2.0f32; 5]);
    assert_eq!(kernel::dot(&long, &short), 10.0);
    assert_eq!(kernel::manhattan(&short, &long), 5.0);
}

#[test]
fn the_zero_vector_has_a_cosine_of_zero_and_no_direction() {
    assert_eq!(score(Distance::Cosine, &[0.0, 0.0], &[1.0, 0.0]), 0.0);
    assert!(!kernel::normalise(&mut [0.0, 0.0]));
}
