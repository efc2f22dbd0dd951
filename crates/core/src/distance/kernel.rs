//! Fast kernels on f32, and on components that are decoded on the way.
//!
//! Each keeps [`LANES`] sums side by side, so that LLVM can turn the loop into vector instructions where the
//! target has them (it may not reorder the additions of a single sum), and so that a scalar target does not
//! wait for the last addition. The order of additions is the same everywhere, and so is the result.

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

/// Square of the length, summed in f64, so that it neither overflows nor vanishes.
pub fn squared_length(a: &[f32]) -> f64 {
    a.iter().map(|x| f64::from(*x) * f64::from(*x)).sum()
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
