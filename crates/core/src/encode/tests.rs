//! Codes are canonical, and come back within the stated bound.

use super::*;
use crate::test_vectors::{DISTANCES, ENCODINGS, dimension, distance, encoding, vector};
use proptest::prelude::*;
use rose_forest_rules::{
    code::{check_code, decode_row},
    schema::Schema,
};

fn decoded(space: Space, code: &[u8]) -> Vec<f32> {
    let mut row = vec![0.0; space.dimension];
    decode_row(space.encoding, code, &mut row);
    row
}

fn assert_canonical(space: Space, code: &[u8]) {
    let schema = Schema::new("test", space.dimension, space.distance, space.encoding).unwrap();
    check_code(&schema, code, 0).unwrap_or_else(|violation| panic!("{space:?}: {violation}"));
}

proptest! {
    #[test]
    fn what_is_encoded_is_canonical_and_comes_back(
        (vector, distance, encoding) in (dimension().prop_flat_map(vector), distance(), encoding())
    ) {
        let space = Space { dimension: vector.len(), distance, encoding };
        let code = encode_row(space, &vector).unwrap();
        prop_assert_eq!(code.len(), space.code_bytes());
        assert_canonical(space, &code);
        let wanted = if distance == Distance::Cosine { unit(&vector) } else { vector };
        let largest = wanted.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        // Under cosine the length of an sq8 row is moved back to 1, by at most what rounding moved it.
        let length = (wanted.len() as f32).sqrt() * largest / 254.0;
        for (x, y) in wanted.iter().zip(decoded(space, &code)) {
            let bound = match (encoding, distance) {
                (Encoding::F32, _) => 0.0,
                (Encoding::F16, _) => (x.abs() / 2048.0).max(3e-8),
                (_, Distance::Cosine) => largest / 253.9 + (x.abs() + largest / 254.0) * length,
                _ => largest / 253.9,
            };
            prop_assert!((x - y).abs() <= bound, "{encoding:?} {distance:?}: {x} came back as {y}");
        }
    }

    #[test]
    fn a_row_that_was_decoded_encodes_to_the_same_code(
        (vector, distance, encoding) in (dimension().prop_flat_map(vector), distance(), encoding())
    ) {
        // Floats of unit length are divided by their length once more, which may move the last bit.
        prop_assume!(encoding == Encoding::Sq8 || distance != Distance::Cosine);
        let space = Space { dimension: vector.len(), distance, encoding };
        let code = encode_row(space, &vector).unwrap();
        prop_assert_eq!(encode_row(space, &decoded(space, &code)).unwrap(), code);
    }

    #[test]
    fn numbers_of_any_size_are_canonical(exponent in -45i32..16, signs in any::<u8>(), distance in distance()) {
        let size = 10f64.powi(exponent) as f32;
        let vector: Vec<f32> = (0..8).map(|bit| if signs >> bit & 1 == 1 { size } else { -size * 0.3 }).collect();
        for encoding in [Encoding::F32, Encoding::Sq8] {
            let space = Space { dimension: 8, distance, encoding };
            match encode_row(space, &vector) {
                Ok(code) => assert_canonical(space, &code),
                Err(error) => prop_assert_eq!(error, VectorError::ZeroVector),
            }
        }
    }
}

#[test]
fn the_largest_component_that_is_allowed_can_be_encoded() {
    let max = limits::MAX_COMPONENT;
    for distance in DISTANCES {
        for encoding in [Encoding::F32, Encoding::Sq8] {
            let space = Space { dimension: 3, distance, encoding };
            assert_canonical(space, &encode_row(space, &[max, -max, 1.0]).unwrap());
            let error = encode_row(space, &[1.0, max.next_up(), 1.0]).unwrap_err();
            assert_eq!(error, VectorError::TooLarge { component: 1, max, received: max.next_up() });
        }
    }
}

#[test]
fn a_vector_of_the_wrong_dimension_is_refused() {
    let space = Space { dimension: 3, distance: Distance::Cosine, encoding: Encoding::Sq8 };
    let error = encode_row(space, &[1.0, 2.0]).unwrap_err();
    assert_eq!(error, VectorError::WrongDimension { expected: 3, received: 2 });
}

#[test]
fn a_component_that_is_not_finite_is_named() {
    for (distance, encoding) in DISTANCES.into_iter().flat_map(|d| ENCODINGS.map(|e| (d, e))) {
        let space = Space { dimension: 3, distance, encoding };
        let error = encode_row(space, &[1.0, 2.0, f32::INFINITY]).unwrap_err();
        assert_eq!(error, VectorError::NotFinite { component: 2, received: f32::INFINITY });
    }
}

#[test]
fn the_zero_vector_is_refused_under_cosine_alone() {
    for (distance, encoding) in DISTANCES.into_iter().flat_map(|d| ENCODINGS.map(|e| (d, e))) {
        let space = Space { dimension: 2, distance, encoding };
        match encode_row(space, &[0.0, -0.0]) {
            Ok(code) => assert_canonical(space, &code),
            Err(error) => assert_eq!((distance, error), (Distance::Cosine, VectorError::ZeroVector)),
        }
    }
}

#[test]
fn what_half_floats_cannot_hold_is_refused_and_leaves_no_bytes() {
    let space = Space { dimension: 2, distance: Distance::Dot, encoding: Encoding::F16 };
    let mut out = vec![7];
    let error = encode_into(space, &[1.0, 70_000.0], &mut out).unwrap_err();
    assert_eq!(error, VectorError::OutOfF16Range { component: 1, received: 70_000.0 });
    assert_eq!(out, [7]);
    // Under cosine only the direction is stored.
    let space = Space { distance: Distance::Cosine, ..space };
    assert_canonical(space, &encode_row(space, &[1.0, 70_000.0]).unwrap());
}

#[test]
fn reserved_encodings_are_refused() {
    let space = Space { dimension: 1, distance: Distance::Dot, encoding: Encoding::Pq };
    assert_eq!(encode_row(space, &[1.0]), Err(VectorError::Reserved { received: Encoding::Pq }));
}
