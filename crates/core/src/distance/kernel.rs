//! Fast kernels on f32, and on components that are decoded on the way.
//!
//! Each keeps [`LANES`] sums side by side, so that LLVM can turn the loop into vector instructions where the
//! target has them (it may not reorder the additions of a single sum), and so that a scalar target does not
//! wait for the last addition. The order of additions is the same everywhere, and so is the result.

use wide::{i16x8, i32x4};

/// Sums kept side by side.
///
/// Milliseconds for 400,000 inner products of 384 components (one core of a two-core machine):
///
/// | lanes | native, SSE2 | wasm | wasm with simd128 |
/// |---|---|---|---|
/// | 4 | 12 | 40 | 21 |
/// | 8 | 10 | 67 | 21 |
/// | 16 | 10 | 106 | 26 |
///
/// Scalar wasm runs out of registers beyond four.
pub const LANES: usize = 4;

/// Inner product. Vectors of unequal length: their common part, as with every kernel here.
#[inline]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    fold(a, b, |sum, x, y| sum + x * y)
}

/// Square of the Euclidean distance.
#[inline]
pub fn squared_euclid(a: &[f32], b: &[f32]) -> f32 {
    fold(a, b, |sum, x, y| {
        let difference = x - y;
        sum + difference * difference
    })
}

/// Sum of the absolute differences.
#[inline]
pub fn manhattan(a: &[f32], b: &[f32]) -> f32 {
    fold(a, b, |sum, x, y| sum + (x - y).abs())
}

/// Squares of the Euclidean distances of one vector from four others: each number is that of [`squared_euclid`]. The one
/// vector is loaded once for all four, and there are four sums to wait for instead of one.
#[inline]
pub fn squared_euclid_four(a: &[f32], b: [&[f32]; 4]) -> [f32; 4] {
    fold_four(a, b, |sum, x, y| {
        let difference = x - y;
        sum + difference * difference
    })
}

/// As [`squared_euclid_four`], of [`manhattan`].
#[inline]
pub fn manhattan_four(a: &[f32], b: [&[f32]; 4]) -> [f32; 4] {
    fold_four(a, b, |sum, x, y| sum + (x - y).abs())
}

/// What a component of 1 becomes in [`to_integers`].
pub const UNIT: f32 = 32_767.0;

/// Components of vectors of unit length as 16-bit integers, to within half of 1 / 32,767, appended to `out`.
pub fn to_integers(a: &[f32], out: &mut Vec<i16>) {
    // Half away from zero; `as` cuts off, and saturates.
    out.extend(a.iter().map(|x| (x * UNIT + 0.5f32.copysign(*x)) as i16));
}

/// Inner product of integers, exactly: for vectors that had unit length no sum on the way exceeds 2^30 by more than
/// what rounding adds (Cauchy and Schwarz), so that it fits.
#[inline]
pub fn dot_integers(a: &[i16], b: &[i16]) -> i32 {
    let common = a.len().min(b.len());
    let (a_chunks, a_rest) = a.split_at(common).0.as_chunks();
    let (b_chunks, b_rest) = b.split_at(common).0.as_chunks();
    let mut sums = i32x4::ZERO;
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        sums += i16x8::new(*x).dot(i16x8::new(*y));
    }
    sums.reduce_add() + dot_rest(a_rest, b_rest)
}

/// As [`dot_integers`], of one vector with four others.
#[inline]
pub fn dot_integers_four(a: &[i16], b: [&[i16]; 4]) -> [i32; 4] {
    if b.iter().any(|b| b.len() != a.len()) {
        return b.map(|b| dot_integers(a, b));
    }
    let (a_chunks, a_rest) = a.as_chunks();
    let [b0, b1, b2, b3] = b.map(|b| b.as_chunks());
    let mut sums = [i32x4::ZERO; 4];
    for ((((x, y0), y1), y2), y3) in a_chunks.iter().zip(b0.0).zip(b1.0).zip(b2.0).zip(b3.0) {
        let x = i16x8::new(*x);
        for (sum, y) in sums.iter_mut().zip([y0, y1, y2, y3]) {
            *sum += x.dot(i16x8::new(*y));
        }
    }
    let mut products = sums.map(i32x4::reduce_add);
    for (product, rest) in products.iter_mut().zip([b0.1, b1.1, b2.1, b3.1]) {
        *product += dot_rest(a_rest, rest);
    }
    products
}

fn dot_rest(a: &[i16], b: &[i16]) -> i32 {
    a.iter().zip(b).map(|(x, y)| i32::from(*x) * i32::from(*y)).sum()
}

/// Square of the length, summed in f64, so that it neither overflows nor vanishes.
pub fn squared_length(a: &[f32]) -> f64 {
    let (chunks, rest) = a.as_chunks::<LANES>();
    let mut sums = [0.0f64; LANES];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(*x) * f64::from(*x);
        }
    }
    let rest: f64 = rest.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    sums.iter().sum::<f64>() + rest
}

/// Gives a vector unit length. False, and nothing changed, if it has no direction or is not finite.
pub fn normalise(vector: &mut [f32]) -> bool {
    let length = squared_length(vector).sqrt();
    if !(length > 0.0 && length.is_finite()) {
        return false;
    }
    for x in vector {
        *x = (f64::from(*x) / length) as f32;
    }
    true
}

/// Sums `step` over pairs of components.
#[inline(always)]
fn fold(a: &[f32], b: &[f32], step: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    if a_chunks.len() != b_chunks.len() {
        return fold_common_part(a, b, step);
    }
    for (x, y) in a_chunks.iter().zip(b_chunks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum = step(*sum, *x, *y);
        }
    }
    for ((sum, x), y) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum = step(*sum, *x, *y);
    }
    total(sums)
}

/// As [`fold`], for four pairs.
#[inline(always)]
fn fold_four(a: &[f32], b: [&[f32]; 4], step: impl Fn(f32, f32, f32) -> f32 + Copy) -> [f32; 4] {
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let [b0, b1, b2, b3] = b.map(|b| b.as_chunks::<LANES>());
    if [b0, b1, b2, b3].iter().any(|(chunks, _)| chunks.len() != a_chunks.len()) {
        return b.map(|b| fold(a, b, step));
    }
    let mut sums = [[0.0f32; LANES]; 4];
    for ((((x, y0), y1), y2), y3) in a_chunks.iter().zip(b0.0).zip(b1.0).zip(b2.0).zip(b3.0) {
        for (sums, y) in sums.iter_mut().zip([y0, y1, y2, y3]) {
            for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
                *sum = step(*sum, *x, *y);
            }
        }
    }
    for (sums, rest) in sums.iter_mut().zip([b0.1, b1.1, b2.1, b3.1]) {
        for ((sum, x), y) in sums.iter_mut().zip(a_rest).zip(rest) {
            *sum = step(*sum, *x, *y);
        }
    }
    sums.map(total)
}

#[cold]
fn fold_common_part(a: &[f32], b: &[f32], step: impl Fn(f32, f32, f32) -> f32) -> f32 {
    a.iter().zip(b).fold(0.0, |sum, (x, y)| step(sum, *x, *y))
}

/// Sums `step` over the components of a vector and those of a code of `B` bytes each, decoded on the way.
#[inline(always)]
pub(crate) fn fold_code<const B: usize>(
    vector: &[f32],
    code: &[u8],
    decode: impl Fn([u8; B]) -> f32,
    step: impl Fn(f32, f32, f32) -> f32,
) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (chunks, rest) = vector.as_chunks::<LANES>();
    let (code_chunks, code_rest) = code.as_chunks::<B>().0.as_chunks::<LANES>();
    for (x, y) in chunks.iter().zip(code_chunks) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum = step(*sum, *x, decode(*y));
        }
    }
    for ((sum, x), y) in sums.iter_mut().zip(rest).zip(code_rest) {
        *sum = step(*sum, *x, decode(*y));
    }
    total(sums)
}

/// The lanes' sum, pairwise.
#[inline(always)]
fn total(sums: [f32; LANES]) -> f32 {
    let [a, b, c, d] = sums;
    (a + c) + (b + d)
}
