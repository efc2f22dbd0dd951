//! Kernels against core's, which are tested against plain loops.

use super::*;
use proptest::prelude::*;
use rose_forest_core::encode::encode_row;

const DISTANCES: [Distance; 4] = [Distance::Cosine, Distance::Dot, Distance::Euclid, Distance::Manhattan];
const ENCODINGS: [Encoding; 3] = [Encoding::F32, Encoding::F16, Encoding::Sq8];

fn machines() -> Vec<Machine> {
    let mut machines = vec![Machine::Any];
    if Machine::of_this_computer() != Machine::Any {
        machines.push(Machine::of_this_computer());
    }
    machines
}

fn component() -> impl Strategy<Value = f32> {
    prop_oneof![8 => -1.0f32..1.0, 2 => -1000.0f32..1000.0, 1 => Just(0.0f32), 1 => -1e-6f32..1e-6]
}

fn two_vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
    let dimension = prop_oneof![6 => 1usize..70, 2 => 380usize..390, 1 => 4090usize..=4096];
    let with_direction = |mut vector: Vec<f32>| {
        if vector.iter().all(|x| *x == 0.0) {
            vector[0] = 1.0;
        }
        vector
    };
    let vector = move |d| prop::collection::vec(component(), d).prop_map(with_direction);
    dimension.prop_flat_map(move |d| (vector(d), vector(d)))
}

/// What f32 sums in another order may differ by.
fn allowed(space: Space, query: &score::Query, code: &[u8]) -> f32 {
    let mut row = vec![0.0; space.dimension];
    decode_row(space.encoding, code, &mut row);
    let terms = query.vector().iter().zip(&row).map(|(q, x)| match space.distance {
        Distance::Cosine | Distance::Dot => (q * x).abs(),
        Distance::Euclid => (q - x) * (q - x),
        Distance::Manhattan => (q - x).abs(),
    });
    let sum: f32 = terms.sum();
    let sum = if space.distance == Distance::Euclid { sum.sqrt() } else { sum };
    // Half the additions of the longest sum, each rounded.
    sum * (space.dimension as f32 / 8.0 + 8.0) * f32::EPSILON + 1e-30
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_kernel_agrees_with_core((vector, row) in two_vectors()) {
        for (distance, encoding) in DISTANCES.iter().flat_map(|d| ENCODINGS.map(|e| (*d, e))) {
            let space = Space { dimension: vector.len(), distance, encoding };
            let code = encode_row(space, &row).unwrap();
            let oracle = score::Query::new(space, &vector).unwrap();
            let expected = oracle.score(&code);
            let mut query = Query::of_query(&oracle);
            let allowed = if query.uses_integers() { 0.0 } else { allowed(space, &oracle, &code) };
            for machine in machines() {
                query.machine = machine;
                let received = query.score(&code);
                prop_assert!(
                    (received - expected).abs() <= allowed,
                    "{machine:?}, {space:?}: {received} for {expected}, allowed {allowed}"
                );
            }
        }
    }

    #[test]
    fn the_code_of_a_row_scores_as_the_row_does((vector, row) in two_vectors()) {
        for (distance, encoding) in DISTANCES.iter().flat_map(|d| ENCODINGS.map(|e| (*d, e))) {
            let space = Space { dimension: vector.len(), distance, encoding };
            let [a, b] = [&vector, &row].map(|v| encode_row(space, v).unwrap());
            let mut decoded = vec![0.0; vector.len()];
            decode_row(encoding, &a, &mut decoded);
            // Half floats of unit length are of unit length only nearly, and so nothing is normalised again.
            let flat = if distance == Distance::Cosine { Distance::Dot } else { distance };
            let Ok(oracle) = score::Query::new(Space { distance: flat, ..space }, &decoded) else { continue };
            let expected = f64::from(oracle.score(&b));
            // Core rounds the query to its integers, this does not.
            let largest = decoded.iter().fold(0.0f32, |m, x| m.max(x.abs()));
            let step = f64::from(largest) / MAX_INTEGER;
            let mut other = vec![0.0; row.len()];
            decode_row(encoding, &b, &mut other);
            let rounded = match distance {
                Distance::Euclid => step * (vector.len() as f64).sqrt(),
                _ => step * other.iter().map(|x| f64::from(x.abs())).sum::<f64>(),
            };
            let mut query = Query::empty(space);
            for machine in machines() {
                query.machine = machine;
                query.set_code(&a);
                let received = f64::from(query.score(&b));
                let allowed = rounded + f64::from(allowed(space, &oracle, &b)) + 1e-6 * expected.abs();
                prop_assert!((received - expected).abs() <= allowed, "{machine:?}, {space:?}: {received} for {expected}");
                query.set_code(&b);
                let back = f64::from(query.score(&a));
                prop_assert!((received - back).abs() <= allowed, "{space:?}: {received} and back {back}");
            }
        }
    }

    #[test]
    fn any_bytes_score_something(bytes in prop::collection::vec(any::<u8>(), 44), vector in prop::collection::vec(-1.0f32..1.0, 40)) {
        for (distance, encoding) in DISTANCES.iter().flat_map(|d| ENCODINGS.map(|e| (*d, e))) {
            let dimension = match encoding { Encoding::F32 => 11, Encoding::F16 => 22, _ => 40 };
            let space = Space { dimension, distance, encoding };
            let Ok(mut query) = Query::new(space, &vector[..dimension]) else { continue };
            for machine in machines() {
                query.machine = machine;
                prop_assert!(!query.score(&bytes).is_nan());
                query.set_code(&bytes);
                prop_assert!(!query.score(&bytes).is_nan());
            }
        }
    }
}

#[test]
fn sums_of_the_largest_integers_do_not_overflow() {
    for distance in [Distance::Dot, Distance::Euclid] {
        let space = Space { dimension: 4096, distance, encoding: Encoding::Sq8 };
        for (query, byte) in [(1.0, -128i8), (-1.0, -128), (1.0, 127)] {
            let mut code = vec![byte as u8; 4096];
            code.extend(1.0f32.to_le_bytes());
            let oracle = score::Query::new(space, &[query; 4096]).unwrap();
            let mut fast = Query::of_query(&oracle);
            for machine in machines() {
                fast.machine = machine;
                assert_eq!(fast.score(&code), oracle.score(&code), "{machine:?} {distance:?} {query} {byte}");
            }
        }
    }
}

#[test]
fn a_block_is_scored_row_by_row_and_what_does_not_fit_is_left_out() {
    let space = Space { dimension: 3, distance: Distance::Euclid, encoding: Encoding::Sq8 };
    let mut codes = encode_row(space, &[1.0, 0.0, 0.0]).unwrap();
    codes.extend(encode_row(space, &[0.0, 0.0, 0.0]).unwrap());
    codes.push(9);
    let query = Query::new(space, &[1.0, 0.0, 0.0]).unwrap();
    let mut scores = [7.0; 3];
    query.score_block(&codes, &mut scores);
    assert_eq!(scores.map(f32::round), [0.0, -1.0, 7.0]);
    query.score_block(&codes, &mut scores[..1]);
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
    let reserved = Space { encoding: Encoding::Bit1, ..space };
    assert!(matches!(Query::new(reserved, &[1.0; 2]), Err(VectorError::Reserved { .. })));
}

#[test]
fn a_query_counts_the_rows_that_it_has_scored() {
    let space = Space { dimension: 3, distance: Distance::Cosine, encoding: Encoding::F32 };
    let query = Query::new(space, &[1.0, 2.0, 3.0]).unwrap();
    query.score_block(&[0; 5 * 12], &mut [0.0; 4]);
    query.score(&[0; 12]);
    assert_eq!((query.scored(), query.clone().scored()), (5, 5));
}
