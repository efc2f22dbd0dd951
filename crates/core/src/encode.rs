//! From a vector to the canonical code of a row. What comes out passes `rules::code::check_code`, always.
//!
//! | encoding | error of a component, at most |
//! |---|---|
//! | f32 | none; under cosine the rounding of the division, 2^-24 of it |
//! | f16 | 2^-11 of it, or 2^-25 below 6e-5 |
//! | sq8 | half a step, a step being the largest component / 127; under cosine, where the row is given unit length afterwards, the length moves by at most that too |

use crate::{Space, VectorError, distance::kernel};
use half::f16;
use rose_forest_rules::{
    code::sq8_cosine_scale,
    limits,
    schema::{Distance, Encoding},
};

/// The largest code of an sq8 component. -128 is not used, so that a negated row has negated codes.
const MAX_CODE: f64 = 127.0;

/// The canonical code of a vector: `space.code_bytes()` bytes.
///
/// # Errors
/// What [`Space::check`] refuses, a component that half floats cannot hold, or a reserved encoding.
/// Cost: three passes.
pub fn encode_row(space: Space, vector: &[f32]) -> Result<Vec<u8>, VectorError> {
    let mut out = Vec::with_capacity(space.code_bytes());
    encode_into(space, vector, &mut out)?;
    Ok(out)
}

/// As [`encode_row`], appended to `out`. On an error `out` is as it was.
pub fn encode_into(space: Space, vector: &[f32], out: &mut Vec<u8>) -> Result<(), VectorError> {
    space.check(vector)?;
    match (space.encoding, space.distance) {
        (Encoding::F32, Distance::Cosine) => write_f32(&unit(vector), out),
        (Encoding::F32, Distance::Dot | Distance::Euclid | Distance::Manhattan) => write_f32(vector, out),
        (Encoding::F16, Distance::Cosine) => write_f16(&unit(vector), out)?,
        (Encoding::F16, Distance::Dot | Distance::Euclid | Distance::Manhattan) => write_f16(vector, out)?,
        (Encoding::Sq8, distance) => write_sq8(distance, vector, out),
        (received @ (Encoding::Pq | Encoding::Bit1), _) => return Err(VectorError::Reserved { received }),
    }
    Ok(())
}

fn unit(vector: &[f32]) -> Vec<f32> {
    let mut unit = vector.to_vec();
    // The caller has checked that there is a direction.
    kernel::normalise(&mut unit);
    unit
}

fn write_f32(vector: &[f32], out: &mut Vec<u8>) {
    out.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
}

fn write_f16(vector: &[f32], out: &mut Vec<u8>) -> Result<(), VectorError> {
    let outside = |x: &f32| !f16::from_f32(*x).is_finite();
    if let Some((component, received)) = vector.iter().enumerate().find(|(_, x)| outside(x)) {
        return Err(VectorError::OutOfF16Range { component, received: *received });
    }
    out.extend(vector.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()));
    Ok(())
}

fn write_sq8(distance: Distance, vector: &[f32], out: &mut Vec<u8>) {
    let largest = vector.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let scale = match distance {
        // The largest component becomes 127; the length of the codes then gives the scale.
        Distance::Cosine => None,
        Distance::Dot | Distance::Euclid | Distance::Manhattan => Some(full_range_scale(largest)),
    };
    let step = scale.map_or(f64::from(largest) / MAX_CODE, f64::from);
    let steps_in_one = if step > 0.0 { 1.0 / step } else { 0.0 };
    // Half away from zero, as `round` does, which is a call in wasm. `as` cuts off.
    let quantised = |x: f32| {
        let steps = (f64::from(x) * steps_in_one).clamp(-MAX_CODE, MAX_CODE);
        (steps + 0.5f64.copysign(steps)) as i32 as i8
    };
    let start = out.len();
    out.extend(vector.iter().map(|x| quantised(*x) as u8));
    let scale = scale
        .unwrap_or_else(|| sq8_cosine_scale(out.get(start..).unwrap_or_default().iter().map(|b| *b as i8)));
    out.extend(scale.to_le_bytes());
}

/// The scale under which the largest component becomes 127, so that the range of a byte is used.
///
/// Rounded so that 127 steps neither exceed the largest component that is allowed nor, among the smallest of numbers, fall short of 127.
/// Below 1e-43 there is no such number, and the row is taken for zero.
fn full_range_scale(largest: f32) -> f32 {
    let exact = f64::from(largest) / MAX_CODE;
    let nearest = exact as f32;
    let too_large = nearest * MAX_CODE as f32 > limits::MAX_COMPONENT;
    let falls_short = nearest > 0.0 && (f64::from(largest) / f64::from(nearest)).round() < MAX_CODE;
    if too_large || falls_short { nearest.next_down() } else { nearest }
}

#[cfg(test)]
mod tests;
