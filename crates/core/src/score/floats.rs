//! Rows of floats: decoded on the way, four components at a time.

use crate::distance::kernel::fold_code;
use rose_forest_rules::schema::Distance;

/// Scores a row of f32.
pub(super) fn score_f32(distance: Distance, query: &[f32], code: &[u8]) -> f32 {
    score(distance, query, code, f32::from_le_bytes)
}

/// Scores a row of f16.
pub(super) fn score_f16(distance: Distance, query: &[f32], code: &[u8]) -> f32 {
    score(distance, query, code, |bytes| f16_to_f32(u16::from_le_bytes(bytes)))
}

#[inline(always)]
fn score<const B: usize>(
    distance: Distance,
    query: &[f32],
    code: &[u8],
    decode: impl Fn([u8; B]) -> f32,
) -> f32 {
    match distance {
        // Under cosine both have unit length.
        Distance::Cosine | Distance::Dot => fold_code(query, code, decode, |sum, q, x| sum + q * x),
        Distance::Euclid => {
            let squared = fold_code(query, code, decode, |sum, q, x| {
                let difference = q - x;
                sum + difference * difference
            });
            0.0 - squared.sqrt()
        }
        Distance::Manhattan => 0.0 - fold_code(query, code, decode, |sum, q, x| sum + (q - x).abs()),
    }
}

/// A finite half float as f32, exactly and without a branch, so that it can be done for several at once: the
/// bits of exponent and fraction are moved into place, and a product corrects the exponent's bias, for
/// subnormal numbers too (Giesen, "Half to float done quick", 2012). Infinities and NaN, which no row holds,
/// become large finite numbers.
#[inline(always)]
pub(super) fn f16_to_f32(bits: u16) -> f32 {
    /// 2^112: the difference between the biases, 127 and 15.
    const REBIAS: f32 = f32::from_bits((127 + 112) << 23);
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * REBIAS;
    f32::from_bits(magnitude.to_bits() | u32::from(bits & 0x8000) << 16)
}
