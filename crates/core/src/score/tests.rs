//! Prepared queries against the oracle on decoded rows.

use super::*;
use crate::{
    distance::scalar,
    encode::encode_row,
    test_vectors::{ENCODINGS, distance, encoding, two_vectors},
};
use proptest::prelude::*;
use rose_forest_rules::code::decode_row;

/// The bound in the table of this module's head, and rounding.
fn allowed(space: Space, query: &[f32], row: &[f32], expected: f64) -> f64 {
    let largest = query.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let half_step = f64::from(largest) / 32_767.0 / 2.0;
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        query.iter().zip(row).map(|(q, x)| f(f64::from(*q), f64::from(*x))).sum()
    };
    let rounding = (space.dimension as f64 / 4.0 + 8.0) * 2f64.powi(-24);
    let integers = space.encoding == Encoding::Sq8;
    match space.distance {
        Distance::Cosine | Distance::Dot => {
            let quantised = if integers { half_step * sum(&|_, x| x.abs()) } else { 0.0 };
            quantised + rounding * sum(&|q, x| (q * x).abs()) + 1e-30
        }
        Distance::Euclid => {
            let quantised = if integers { half_step * (space.dimension as f64).sqrt() } else { 0.0 };
            quantised + (rounding + 1e-6) * expected.abs() + 1e-30
        }
        Distance::Manhattan => (rounding + 1e-6) * (expected.abs() + sum(&|q, x| q.abs() + x.abs())),
    }
}

proptest! {
    #[test]
    fn a_prepared_query_agrees_with_the_oracle(
        (query, row) in two_vectors(), distance in distance(), encoding in encoding()
    ) {
        let space = Space { dimension: query.len(), distance, encoding };
        let code = encode_row(space, &row).unwrap();
        let prepared = Query::new(space, &query).unwrap();
        let mut decoded = vec![0.0; row.len()];
        decode_row(encoding, &code, &mut decoded);
        // Both have unit length under cosine, rows within the tolerance of their encoding: the inner product.
        let distance = if distance == Distance::Cosine { Distance::Dot } else { distance };
        let expected = scalar::score(distance, prepared.vector(), &decoded);
        let received = f64::from(prepared.score(&code));
        let allowed = allowed(space, prepared.vector(), &decoded, expected);
        prop_assert!((received - expected).abs() <= allowed, "{received} for {expected}, allowed {allowed}");
    }

    #[test]
    fn half_floats_are_widened_exactly(bits in any::<u16>()) {
        let half = half::f16::from_bits(bits);
        prop_assume!(half.is_finite());
        prop_assert_eq!(floats::f16_to_f32(bits).to_bits(), half.to_f32().to_bits());
    }
}

#[test]
fn sums_of_the_largest_integers_do_not_overflow() {
    let dimension = 4096;
    for distance in [Distance::Dot, Distance::Euclid] {
        let space = Space { dimension, distance, encoding: Encoding::Sq8 };
        let vector = vec![1.0; dimension];
        let opposite = vec![-1.0; dimension];
        let query = Query::new(space, &vector).unwrap();
        let score = |row: &[f32]| query.score(&encode_row(space, row).unwrap());
        let (same, other) = if distance == Distance::Dot { (4096.0, -4096.0) } else { (0.0, -128.0) };
        assert!((score(&vector) - same).abs() < 0.01, "{distance:?}");
        assert!((score(&opposite) - other).abs() < 0.01, "{distance:?}");
    }
}

#[test]
fn a_block_is_scored_row_by_row_and_a_part_of_a_row_is_left_out() {
    for encoding in ENCODINGS {
        let space = Space { dimension: 3, distance: Distance::Euclid, encoding };
        let mut codes = encode_row(space, &[1.0, 0.0, 0.0]).unwrap();
        codes.extend(encode_row(space, &[0.0, 0.0, 0.0]).unwrap());
        codes.push(9);
        let query = Query::new(space, &[1.0, 0.0, 0.0]).unwrap();
        let scores: Vec<f32> = query.scores(&codes).map(f32::round).collect();
        assert_eq!(scores, [0.0, -1.0], "{encoding:?}");
    }
}

#[test]
fn a_code_of_another_length_scores_negative_infinity() {
    let space = Space { dimension: 3, distance: Distance::Dot, encoding: Encoding::F32 };
    assert_eq!(Query::new(space, &[1.0; 3]).unwrap().score(&[0; 11]), f32::NEG_INFINITY);
}

#[test]
fn a_query_that_could_not_be_stored_is_refused() {
    let space = Space { dimension: 2, distance: Distance::Cosine, encoding: Encoding::Sq8 };
    assert_eq!(Query::new(space, &[0.0; 2]).unwrap_err(), VectorError::ZeroVector);
    assert!(matches!(Query::new(space, &[1.0; 3]), Err(VectorError::WrongDimension { .. })));
    let reserved = Space { encoding: Encoding::Bit1, ..space };
    assert!(matches!(Query::new(reserved, &[1.0; 2]), Err(VectorError::Reserved { .. })));
}
