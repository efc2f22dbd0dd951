//! The code of one row: what its components look like in a block.
//!
//! | encoding | bytes | layout |
//! |---|---|---|
//! | f32 | 4 d | d little-endian floats |
//! | f16 | 2 d | d little-endian half floats |
//! | sq8 | d + 4 | d signed bytes from -127 to 127, then the scale as a little-endian f32: x = scale * code |
//!
//! A code is canonical: for the same direction and size there is one scale. Under cosine the scale is what
//! gives the decoded row unit length; otherwise the largest component uses the whole range of a byte.

use crate::{
    Violation, limits,
    schema::{Distance, Encoding, Schema},
};

/// Largest difference from 1 that the squared length of a stored row of half floats may have under cosine. They
/// keep 11 bits, so a component is off by at most 2^-11 of itself, and the squared length by less than 1e-3.
/// A longer row would look nearer than it is.
pub const UNIT_TOLERANCE: f64 = 2e-3;
/// The same for rows of f32, where an honest row is off by about 1e-7, or 1e-5 if its writer summed in f32.
pub const F32_UNIT_TOLERANCE: f64 = 3e-5;

/// The one scale of an sq8 row under cosine: 1 / length of the codes, rounded once from f64. Zero when all
/// codes are zero.
pub fn sq8_cosine_scale(codes: impl IntoIterator<Item = i8>) -> f32 {
    // At most 4096 * 127^2, which an i32 holds.
    let squares: i32 = codes.into_iter().map(|c| i32::from(c) * i32::from(c)).sum();
    if squares == 0 { 0.0 } else { (1.0 / f64::from(squares).sqrt()) as f32 }
}

/// Writes the components of a row into `out`. Bytes that are missing leave zeros, so check the code first.
/// Cost: one pass.
pub fn decode_row(encoding: Encoding, code: &[u8], out: &mut [f32]) {
    match encoding {
        Encoding::F32 => {
            for (x, b) in out.iter_mut().zip(code.as_chunks::<4>().0) {
                *x = f32::from_le_bytes(*b);
            }
        }
        Encoding::F16 => {
            for (x, b) in out.iter_mut().zip(code.as_chunks::<2>().0) {
                *x = f16_to_f32(*b);
            }
        }
        Encoding::Sq8 => {
            let (codes, scale) = split_sq8(code);
            for (x, b) in out.iter_mut().zip(codes) {
                *x = scale * f32::from(*b as i8);
            }
        }
        Encoding::Pq | Encoding::Bit1 => {}
    }
}

/// The signed bytes of an sq8 row, as they are stored, and its scale.
pub fn split_sq8(code: &[u8]) -> (&[u8], f32) {
    match code.split_last_chunk::<4>() {
        Some((codes, scale)) => (codes, f32::from_le_bytes(*scale)),
        None => (code, 0.0),
    }
}

/// Whether `code` is a canonical row of this schema. `row` is named in the violation.
/// Cost: one pass over the code.
pub fn check_code(schema: &Schema, code: &[u8], row: usize) -> Result<(), Violation> {
    if code.len() != schema.code_bytes() {
        return Err(Violation::Truncated {
            what: "code of a row",
            expected: schema.code_bytes(),
            received: code.len(),
        });
    }
    match schema.encoding {
        Encoding::F32 => {
            let tolerance = unit_tolerance(schema, F32_UNIT_TOLERANCE);
            check_floats(tolerance, code.as_chunks::<4>().0, f32::from_le_bytes, row)
        }
        Encoding::F16 => {
            let tolerance = unit_tolerance(schema, UNIT_TOLERANCE);
            check_floats(tolerance, code.as_chunks::<2>().0, f16_to_f32, row)
        }
        Encoding::Sq8 => check_sq8(schema.distance, code, row),
        Encoding::Pq | Encoding::Bit1 => Err(Violation::Reserved { what: "encoding" }),
    }
}

/// A little-endian half float as an f32: exact, and free of branches.
fn f16_to_f32(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(bytes));
    // The same digits 112 powers of two too low, numbers without a leading one included; then lifted.
    let lifted = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits((127 + 112) << 23);
    let not_finite = if f16_is_finite(bytes) { 0 } else { 0x7f80_0000 };
    f32::from_bits(lifted.to_bits() | not_finite | (bits & 0x8000) << 16)
}

/// Whether a little-endian half float is a finite number.
pub(crate) fn f16_is_finite(bytes: [u8; 2]) -> bool {
    u16::from_le_bytes(bytes) & 0x7c00 != 0x7c00
}

/// Under cosine rows have unit length, within `tolerance`; elsewhere any.
fn unit_tolerance(schema: &Schema, tolerance: f64) -> Option<f64> {
    match schema.distance {
        Distance::Cosine => Some(tolerance),
        Distance::Dot | Distance::Euclid | Distance::Manhattan => None,
    }
}

fn check_floats<const N: usize>(
    tolerance: Option<f64>,
    code: &[[u8; N]],
    decode: impl Fn([u8; N]) -> f32,
    row: usize,
) -> Result<(), Violation> {
    let squares = sum_of_squares(code, &decode);
    let most = f64::from(limits::MAX_COMPONENT);
    // A sum that is finite and small has only such terms; otherwise the violation names the one that is not.
    if squares.is_nan() || squares > most * most {
        for (component, bytes) in code.iter().enumerate() {
            check_component(decode(*bytes), row, component)?;
        }
    }
    match tolerance {
        Some(_) if squares == 0.0 => Err(Violation::ZeroVector { row }),
        Some(tolerance) if (squares - 1.0).abs() > tolerance => {
            Err(Violation::NotUnitLength { row, received: squares.sqrt() })
        }
        Some(_) | None => Ok(()),
    }
}

/// In f64, where squares of f32 neither overflow nor vanish, and in four interleaved sums.
fn sum_of_squares<const N: usize>(code: &[[u8; N]], decode: &impl Fn([u8; N]) -> f32) -> f64 {
    let mut sums = [0.0f64; 4];
    let (fours, rest) = code.as_chunks::<4>();
    for part in fours.iter().map(<[_; 4]>::as_slice).chain([rest]) {
        for (sum, bytes) in sums.iter_mut().zip(part) {
            let x = f64::from(decode(*bytes));
            *sum += x * x;
        }
    }
    let [s0, s1, s2, s3] = sums;
    (s0 + s1) + (s2 + s3)
}

/// Whether a component is finite and at most [`limits::MAX_COMPONENT`].
pub(crate) fn check_component(x: f32, row: usize, component: usize) -> Result<(), Violation> {
    if !x.is_finite() {
        return Err(Violation::NotFinite { row, component });
    }
    if x.abs() > limits::MAX_COMPONENT {
        let max = limits::MAX_COMPONENT;
        return Err(Violation::ComponentTooLarge { row, component, max, received: x });
    }
    Ok(())
}

fn check_sq8(distance: Distance, code: &[u8], row: usize) -> Result<(), Violation> {
    let (codes, scale) = split_sq8(code);
    if !scale.is_finite() || scale.is_sign_negative() {
        return Err(Violation::BadScale { row, received: scale });
    }
    if let Some(component) = codes.iter().position(|b| *b as i8 == i8::MIN) {
        return Err(Violation::CodeOutOfRange { row, component });
    }
    let signed = codes.iter().map(|b| *b as i8);
    match distance {
        Distance::Cosine => {
            let expected = sq8_cosine_scale(signed);
            if expected == 0.0 {
                return Err(Violation::ZeroVector { row });
            }
            if expected.to_bits() != scale.to_bits() {
                return Err(Violation::ScaleNotCanonical { row, expected, received: scale });
            }
            Ok(())
        }
        Distance::Dot | Distance::Euclid | Distance::Manhattan => {
            let largest = signed.map(i8::unsigned_abs).max().unwrap_or(0);
            match largest {
                0 if scale == 0.0 => Ok(()),
                // Compared as the scale of the largest component that is allowed, not as 127 scales: those may
                // come out one rounding above it.
                127 if scale > limits::MAX_COMPONENT / 127.0 => {
                    let component = codes.iter().position(|b| (*b as i8).unsigned_abs() == 127).unwrap_or(0);
                    let max = limits::MAX_COMPONENT;
                    Err(Violation::ComponentTooLarge { row, component, max, received: scale * 127.0 })
                }
                127 if scale > 0.0 => Ok(()),
                received => Err(Violation::RangeNotUsed { row, received, scale }),
            }
        }
    }
}
