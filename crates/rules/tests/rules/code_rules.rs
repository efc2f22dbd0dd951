//! One test for every rule about the code of a row, and what decoding gives.

use crate::make::{self, ENCODINGS, encode, schema};
use proptest::prelude::*;
use rose_forest_rules::{
    Violation,
    code::{check_code, decode_row, split_sq8, sq8_cosine_scale},
    schema::{Distance, Encoding},
};

/// The bytes of an sq8 row.
fn sq8(codes: &[i8], scale: f32) -> Vec<u8> {
    codes.iter().map(|c| *c as u8).chain(scale.to_le_bytes()).collect()
}

fn f32s(row: &[f32]) -> Vec<u8> {
    row.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn f16s(row: &[f32]) -> Vec<u8> {
    row.iter().flat_map(|x| half::f16::from_f32(*x).to_le_bytes()).collect()
}

fn verdict(distance: Distance, encoding: Encoding, code: &[u8]) -> Result<(), Violation> {
    check_code(&schema(3, distance, encoding), code, 7)
}

#[test]
fn a_code_of_the_wrong_length_is_refused() {
    for (encoding, expected) in [(Encoding::F32, 12), (Encoding::F16, 6), (Encoding::Sq8, 7)] {
        for received in [0, expected - 1, expected + 1] {
            let violation = Violation::Truncated { what: "code of a row", expected, received };
            assert_eq!(verdict(Distance::Dot, encoding, &vec![0; received]), Err(violation));
        }
    }
}

#[test]
fn every_component_is_finite() {
    for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let expected = Err(Violation::NotFinite { row: 7, component: 2 });
        for distance in make::DISTANCES {
            assert_eq!(verdict(distance, Encoding::F32, &f32s(&[1.0, 0.0, x])), expected);
            assert_eq!(verdict(distance, Encoding::F16, &f16s(&[1.0, 0.0, x])), expected);
        }
    }
}

#[test]
fn no_component_is_so_large_that_a_kernel_overflows() {
    let max = 1e15f32;
    let received = -max.next_up();
    let expected = Violation::ComponentTooLarge { row: 7, component: 1, max, received };
    assert_eq!(verdict(Distance::Dot, Encoding::F32, &f32s(&[max, received, 0.0])), Err(expected));
    assert_eq!(verdict(Distance::Dot, Encoding::F32, &f32s(&[max, -max, max])), Ok(()));

    let scale = max / 127.0;
    assert_eq!(verdict(Distance::Dot, Encoding::Sq8, &sq8(&[1, -127, 127], scale)), Ok(()));
    let received = scale.next_up() * 127.0;
    let expected = Violation::ComponentTooLarge { row: 7, component: 1, max, received };
    assert_eq!(verdict(Distance::Dot, Encoding::Sq8, &sq8(&[1, -127, 127], scale.next_up())), Err(expected));
}

#[test]
fn a_zero_vector_is_refused_under_cosine_only() {
    for (encoding, code) in [
        (Encoding::F32, f32s(&[0.0, -0.0, 0.0])),
        (Encoding::F16, f16s(&[0.0; 3])),
        (Encoding::Sq8, vec![0; 7]),
    ] {
        assert_eq!(verdict(Distance::Cosine, encoding, &code), Err(Violation::ZeroVector { row: 7 }));
        for distance in [Distance::Dot, Distance::Euclid, Distance::Manhattan] {
            assert_eq!(verdict(distance, encoding, &code), Ok(()));
        }
    }
}

#[test]
fn a_row_under_cosine_has_unit_length() {
    let f32_row = |x: f32| verdict(Distance::Cosine, Encoding::F32, &f32s(&[0.0, x, 0.0]));
    let f16_row = |x: f32| verdict(Distance::Cosine, Encoding::F16, &f16s(&[0.0, x, 0.0]));
    let wrong = |x: f32| Err(Violation::NotUnitLength { row: 7, received: f64::from(x) });
    assert_eq!(f32_row(1.0), Ok(()));
    assert_eq!(f32_row(1.00001), Ok(()));
    assert_eq!(f32_row(1.0001), wrong(1.0001));
    assert_eq!(f32_row(0.9999), wrong(0.9999));
    assert_eq!(f16_row(1.0), Ok(()));
    // The next half float after 1, which is nearer than the tolerance, and the one after that.
    assert_eq!(f16_row(1.0 + 1.0 / 1024.0), Ok(()));
    assert_eq!(f16_row(1.0 + 2.0 / 1024.0), wrong(1.0 + 2.0 / 1024.0));
    assert_eq!(f16_row(2.0), wrong(2.0));
    assert_eq!(verdict(Distance::Dot, Encoding::F32, &f32s(&[0.0, 2.0, 0.0])), Ok(()));
}

#[test]
fn a_scale_is_finite_and_not_negative() {
    for scale in [f32::INFINITY, -1.0, -0.0] {
        let expected = Violation::BadScale { row: 7, received: scale };
        for distance in make::DISTANCES {
            assert_eq!(verdict(distance, Encoding::Sq8, &sq8(&[0, 1, 127], scale)), Err(expected.clone()));
        }
    }
    let violation = verdict(Distance::Dot, Encoding::Sq8, &sq8(&[0, 1, 127], f32::NAN)).unwrap_err();
    assert!(matches!(violation, Violation::BadScale { row: 7, received } if received.is_nan()));
}

#[test]
fn a_scale_under_cosine_is_the_one_that_gives_unit_length() {
    let codes = [3, -4, 0];
    assert_eq!(sq8_cosine_scale(codes), 0.2);
    assert_eq!(verdict(Distance::Cosine, Encoding::Sq8, &sq8(&codes, 0.2)), Ok(()));
    for received in [0.2f32.next_up(), 0.2f32.next_down(), 0.0, 1.0] {
        let expected = Violation::ScaleNotCanonical { row: 7, expected: 0.2, received };
        assert_eq!(verdict(Distance::Cosine, Encoding::Sq8, &sq8(&codes, received)), Err(expected));
    }
}

#[test]
fn a_code_of_minus_128_is_refused() {
    for distance in make::DISTANCES {
        let expected = Violation::CodeOutOfRange { row: 7, component: 1 };
        assert_eq!(verdict(distance, Encoding::Sq8, &sq8(&[127, -128, 0], 1.0)), Err(expected));
    }
}

#[test]
fn the_codes_use_the_whole_range_unless_the_row_is_zero() {
    let check = |codes: [i8; 3], scale| verdict(Distance::Euclid, Encoding::Sq8, &sq8(&codes, scale));
    let wrong = |received, scale| Err(Violation::RangeNotUsed { row: 7, received, scale });
    assert_eq!(check([1, -127, 0], 0.5), Ok(()));
    assert_eq!(check([1, 127, 0], f32::from_bits(1)), Ok(()));
    assert_eq!(check([0, 0, 0], 0.0), Ok(()));
    assert_eq!(check([1, -126, 0], 0.5), wrong(126, 0.5));
    assert_eq!(check([1, -127, 0], 0.0), wrong(127, 0.0));
    assert_eq!(check([0, 0, 0], 0.5), wrong(0, 0.5));
}

#[test]
fn half_floats_decode_as_ieee_754_says() {
    for bits in 0..=u16::MAX {
        let mut decoded = [0.0];
        decode_row(Encoding::F16, &bits.to_le_bytes(), &mut decoded);
        let expected = half::f16::from_bits(bits).to_f32();
        if expected.is_nan() {
            assert!(decoded[0].is_nan(), "{bits:04x}");
        } else {
            assert_eq!(decoded[0].to_bits(), expected.to_bits(), "{bits:04x}");
        }
    }
}

#[test]
fn a_code_that_is_too_short_decodes_to_zeros() {
    for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8, Encoding::Pq] {
        let mut decoded = [0.0; 3];
        decode_row(encoding, &[1], &mut decoded);
        assert_eq!(decoded[1..], [0.0; 2], "{encoding:?}");
    }
    assert_eq!(split_sq8(&[1, 2]), (&[1, 2][..], 0.0));
}

proptest! {
    #[test]
    fn a_canonical_code_is_accepted_and_decodes_to_nearly_what_went_in(
        (schema, vector) in make::schemas().prop_flat_map(|s| (make::vectors(s.dimension()), Just(s)).prop_map(|(v, s)| (s, v))),
    ) {
        let code = encode(&schema, &vector);
        prop_assert_eq!(check_code(&schema, &code, 0), Ok(()));
        let mut decoded = vec![0.0; vector.len()];
        decode_row(schema.encoding, &code, &mut decoded);
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let scale = if schema.distance == Distance::Cosine { length } else { 1.0 };
        let largest = vector.iter().fold(0.0f64, |m, x| m.max(f64::from(x.abs()))) / scale;
        // Half a step; under cosine the correction of the length moves a component by up to as much again.
        let tolerance = match schema.encoding {
            Encoding::F32 => 1e-6,
            Encoding::F16 => 1e-3,
            _ => (1.0 + (vector.len() as f64).sqrt()) * 0.51 / 127.0,
        } * largest;
        for (x, y) in vector.iter().zip(&decoded) {
            prop_assert!((f64::from(*x) / scale - f64::from(*y)).abs() <= tolerance, "{} {}", x, y);
        }
    }

    #[test]
    fn the_cosine_scale_gives_unit_length_and_no_other_is_accepted(
        codes in prop::collection::vec(-127i8..=127, 1..200), nudge in -3i32..=3,
    ) {
        prop_assume!(codes.iter().any(|c| *c != 0));
        let scale = sq8_cosine_scale(codes.iter().copied());
        let schema = schema(codes.len(), Distance::Cosine, Encoding::Sq8);
        let nudged = f32::from_bits((scale.to_bits() as i32 + nudge) as u32);
        let verdict = check_code(&schema, &sq8(&codes, nudged), 0);
        prop_assert_eq!(verdict.is_ok(), nudge == 0);
        let mut decoded = vec![0.0; codes.len()];
        decode_row(Encoding::Sq8, &sq8(&codes, scale), &mut decoded);
        let squares: f64 = decoded.iter().map(|x| f64::from(*x).powi(2)).sum();
        prop_assert!((squares - 1.0).abs() < 1e-6);
    }

    #[test]
    fn any_bytes_are_judged_without_panic(code in prop::collection::vec(any::<u8>(), 0..40)) {
        for encoding in ENCODINGS {
            for distance in make::DISTANCES {
                let _ = verdict(distance, encoding, &code);
            }
        }
    }
}
