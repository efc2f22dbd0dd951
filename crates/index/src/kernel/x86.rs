//! Kernels for AVX2, FMA and F16C.
//!
//! sq8: sixteen codes at a time are widened to 16 bits, multiplied with sixteen of the query's integers, and summed in
//! pairs (`vpmaddwd`). A pair is at most 2 * 32,767 * 128 and a sum has 256 pairs at most, so that even 4,096
//! components with codes of -128, which no valid row has, stay below 2^31.

use super::{FLOATS, INTEGERS, Query};
use core::arch::x86_64::*;
use rose_forest_core::{Distance, Encoding};
use rose_forest_rules::code::split_sq8;

/// Whether this computer has what the functions here need.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
}

/// Asks for every line of these bytes.
#[inline(always)]
pub(super) fn prefetch<T>(bytes: &[T]) {
    let start = bytes.as_ptr().cast::<i8>();
    for line in (0..size_of_val(bytes)).step_by(64) {
        // SAFETY: a prefetch reads nothing, whatever the address; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line)) };
    }
}

/// Scores rows, into `scores`.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn score_all<'a>(query: &Query, rows: impl Iterator<Item = &'a [u8]>, scores: &mut [f32]) {
    // Loops rather than closures, which would not be compiled for these instructions.
    macro_rules! each {
        (|$code:ident| $score:expr) => {
            for (score, $code) in scores.iter_mut().zip(rows) {
                *score = $score;
            }
        };
    }
    macro_rules! sums {
        ($kernel:ident, $distance:expr) => {
            match $distance {
                Distance::Cosine | Distance::Dot => {
                    each!(|code| Query::score_of_sum($distance, $kernel::<DOT>(&query.floats, code)))
                }
                Distance::Euclid => {
                    each!(|code| Query::score_of_sum($distance, $kernel::<EUCLID>(&query.floats, code)))
                }
                Distance::Manhattan => {
                    each!(|code| Query::score_of_sum($distance, $kernel::<MANHATTAN>(&query.floats, code)))
                }
            }
        };
    }
    match (query.space.encoding, query.space.distance) {
        (Encoding::Sq8, Distance::Cosine | Distance::Dot) => each!(|code| {
            let (codes, scale) = split_sq8(code);
            query.score_of_dot(dot(&query.integers, codes), scale)
        }),
        (Encoding::Sq8, Distance::Euclid) => each!(|code| {
            let (codes, scale) = split_sq8(code);
            let (dot, squares) = dot_and_squares(&query.integers, codes);
            query.score_of_squares(dot, squares, scale)
        }),
        (Encoding::Sq8, Distance::Manhattan) => each!(|code| {
            let (codes, scale) = split_sq8(code);
            Query::score_of_sum(Distance::Manhattan, manhattan_sq8(&query.floats, codes, scale))
        }),
        (Encoding::F16, distance) => sums!(sum_f16, distance),
        (Encoding::F32, distance) => sums!(sum_f32, distance),
        // No query can be prepared for these.
        (Encoding::Pq | Encoding::Bit1, _) => scores.fill(f32::NEG_INFINITY),
    }
}

/// Sum of the products, exactly. Two sums, so that an addition need not wait for the one before.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn dot(values: &[[i16; INTEGERS]], codes: &[u8]) -> i64 {
    let (chunks, rest) = codes.as_chunks::<INTEGERS>();
    let (pairs, last) = chunks.as_chunks::<2>();
    let mut sums = [_mm256_setzero_si256(); 2];
    let (value_pairs, value_rest) = values.split_at(values.len().min(2 * pairs.len()));
    for (values, codes) in value_pairs.as_chunks::<2>().0.iter().zip(pairs) {
        for ((sum, values), codes) in sums.iter_mut().zip(values).zip(codes) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(load_i16(values), widen(codes)));
        }
    }
    let mut sum = _mm256_add_epi32(sums[0], sums[1]);
    if !value_rest.is_empty() {
        let part = padded(rest);
        for (values, codes) in value_rest.iter().zip(last.iter().chain([&part])) {
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load_i16(values), widen(codes)));
        }
    }
    total_i32(sum)
}

/// Sum of the products and sum of the codes' squares, exactly.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn dot_and_squares(values: &[[i16; INTEGERS]], codes: &[u8]) -> (i64, i64) {
    let (chunks, rest) = codes.as_chunks::<INTEGERS>();
    let mut dot = _mm256_setzero_si256();
    let mut squares = _mm256_setzero_si256();
    let part = padded(rest);
    for (values, codes) in values.iter().zip(chunks.iter().chain([&part])) {
        let codes = widen(codes);
        dot = _mm256_add_epi32(dot, _mm256_madd_epi16(load_i16(values), codes));
        squares = _mm256_add_epi32(squares, _mm256_madd_epi16(codes, codes));
    }
    (total_i32(dot), total_i32(squares))
}

/// The inner product, the sum of the squared differences, the sum of the absolute differences.
const DOT: u8 = 0;
const EUCLID: u8 = 1;
const MANHATTAN: u8 = 2;

/// A kernel over eight components in `$bytes` bytes at a time, with four sums.
macro_rules! float_kernel {
    ($name:ident, $bytes:literal, $decode:ident) => {
        #[target_feature(enable = "avx2,fma,f16c")]
        #[inline]
        fn $name<const DISTANCE: u8>(query: &[[f32; FLOATS]], code: &[u8]) -> f32 {
            let (chunks, rest) = code.as_chunks::<$bytes>();
            let (fours, last) = chunks.as_chunks::<4>();
            let mut sums = [_mm256_setzero_ps(); 4];
            let (query_fours, query_rest) = query.split_at(query.len().min(4 * fours.len()));
            for (query, codes) in query_fours.as_chunks::<4>().0.iter().zip(fours) {
                for ((sum, query), code) in sums.iter_mut().zip(query).zip(codes) {
                    *sum = step::<DISTANCE>(*sum, load_f32(query), $decode(code));
                }
            }
            if !query_rest.is_empty() {
                let part: [u8; $bytes] = padded(rest);
                for ((query, code), sum) in query_rest.iter().zip(last.iter().chain([&part])).zip(&mut sums) {
                    *sum = step::<DISTANCE>(*sum, load_f32(query), $decode(code));
                }
            }
            let [a, b, c, d] = sums;
            total_f32(_mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d)))
        }
    };
}

float_kernel!(sum_f32, 32, decode_f32);
float_kernel!(sum_f16, 16, decode_f16);

/// Sum of the absolute differences of sq8 rows.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn manhattan_sq8(query: &[[f32; FLOATS]], codes: &[u8], scale: f32) -> f32 {
    let scale = _mm256_set1_ps(scale);
    let (chunks, rest) = codes.as_chunks::<FLOATS>();
    let part = padded(rest);
    let mut sums = [_mm256_setzero_ps(); 2];
    for (i, (query, codes)) in query.iter().zip(chunks.iter().chain([&part])).enumerate() {
        let codes = _mm_cvtsi64_si128(i64::from_le_bytes(*codes));
        let row = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes)));
        sums[i % 2] = step::<MANHATTAN>(sums[i % 2], load_f32(query), row);
    }
    total_f32(_mm256_add_ps(sums[0], sums[1]))
}

#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn step<const DISTANCE: u8>(sum: __m256, q: __m256, x: __m256) -> __m256 {
    match DISTANCE {
        DOT => _mm256_fmadd_ps(q, x, sum),
        EUCLID => {
            let difference = _mm256_sub_ps(q, x);
            _mm256_fmadd_ps(difference, difference, sum)
        }
        _ => _mm256_add_ps(sum, _mm256_andnot_ps(_mm256_set1_ps(-0.0), _mm256_sub_ps(q, x))),
    }
}

#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn decode_f32(code: &[u8; 32]) -> __m256 {
    // SAFETY: reads 32 bytes, at any alignment.
    unsafe { _mm256_loadu_ps(code.as_ptr().cast()) }
}

#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn decode_f16(code: &[u8; 16]) -> __m256 {
    // SAFETY: reads 16 bytes, at any alignment.
    _mm256_cvtph_ps(unsafe { _mm_loadu_si128(code.as_ptr().cast()) })
}

#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn load_f32(values: &[f32; FLOATS]) -> __m256 {
    // SAFETY: reads 32 bytes, at any alignment.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn load_i16(values: &[i16; INTEGERS]) -> __m256i {
    // SAFETY: reads 32 bytes, at any alignment.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn widen(codes: &[u8; INTEGERS]) -> __m256i {
    // SAFETY: reads 16 bytes, at any alignment.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(codes.as_ptr().cast()) })
}

/// The eight sums' sum.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn total_i32(sums: __m256i) -> i64 {
    let low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(sums));
    let high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256::<1>(sums));
    let four = _mm256_add_epi64(low, high);
    let two = _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256::<1>(four));
    _mm_cvtsi128_si64(two) + _mm_extract_epi64::<1>(two)
}

#[target_feature(enable = "avx2,fma,f16c")]
#[inline]
fn total_f32(sums: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps::<1>(sums));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}

/// The bytes, and zeros.
#[inline(always)]
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (out, byte) in out.iter_mut().zip(bytes) {
        *out = *byte;
    }
    out
}
