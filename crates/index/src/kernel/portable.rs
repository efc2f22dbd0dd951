//! The loops for machines without AVX2. LLVM turns them into what vector instructions there are.

use super::{FLOATS, INTEGERS, Query};
use rose_forest_core::{Distance, Encoding};
use rose_forest_rules::code::{decode_row, split_sq8};

/// Scores rows, into `scores`.
pub(super) fn score_all<'a>(query: &Query, rows: impl Iterator<Item = &'a [u8]>, scores: &mut [f32]) {
    for (score, code) in scores.iter_mut().zip(rows) {
        *score = score_one(query, code);
    }
}

fn score_one(query: &Query, code: &[u8]) -> f32 {
    if query.uses_integers() {
        let (codes, scale) = split_sq8(code);
        let (dot, squares) = dot_and_squares(&query.integers, codes);
        return match query.space.distance {
            Distance::Euclid => query.score_of_squares(dot, squares, scale),
            Distance::Cosine | Distance::Dot | Distance::Manhattan => query.score_of_dot(dot, scale),
        };
    }
    let (bytes, scale) = match query.space.encoding {
        Encoding::F32 => (4, &[][..]),
        Encoding::F16 => (2, &[][..]),
        // Each part of an sq8 row is decoded with the row's scale.
        Encoding::Sq8 | Encoding::Pq | Encoding::Bit1 => {
            (1, code.last_chunk::<4>().map_or(&[][..], |s| &s[..]))
        }
    };
    let components = &code[..code.len() - scale.len()];
    let mut sums = [0.0f32; FLOATS];
    let mut part = [0u8; 4 * FLOATS + 4];
    for (q, code) in query.floats.iter().zip(components.chunks(bytes * FLOATS)) {
        let end = code.len() + scale.len();
        part[..code.len()].copy_from_slice(code);
        part[code.len()..end].copy_from_slice(scale);
        let mut x = [0.0f32; FLOATS];
        decode_row(query.space.encoding, &part[..end], &mut x);
        for ((sum, q), x) in sums.iter_mut().zip(q).zip(x) {
            *sum += match query.space.distance {
                Distance::Cosine | Distance::Dot => q * x,
                Distance::Euclid => (q - x) * (q - x),
                Distance::Manhattan => (q - x).abs(),
            };
        }
    }
    Query::score_of_sum(query.space.distance, sums.iter().sum())
}

/// Sum of the products and sum of the codes' squares, exactly.
fn dot_and_squares(values: &[[i16; INTEGERS]], codes: &[u8]) -> (i64, i64) {
    let (mut dot, mut squares) = (0, 0);
    for (values, codes) in values.iter().zip(codes.chunks(INTEGERS)) {
        let (mut part, mut part_squares) = (0, 0);
        for (v, c) in values.iter().zip(codes) {
            let c = i32::from(*c as i8);
            part += i32::from(*v) * c;
            part_squares += c * c;
        }
        dot += i64::from(part);
        squares += i64::from(part_squares);
    }
    (dot, squares)
}
