//! Rows of signed bytes, scored with integers.

use crate::distance::kernel::fold_code;
use rose_forest_rules::{code::split_sq8, schema::Distance};

/// The largest number that a component of the query becomes.
const MAX_INTEGER: f32 = 32_767.0;

/// Components that one i32 can sum: 512 * 32,767 * 127 stays below 2^31.
const SUM_ROWS: usize = 512;

/// A query as 16-bit integers: component = step * integer, to within half a step.
#[derive(Clone, Debug, Default)]
pub(super) struct Integers {
    values: Vec<i16>,
    step: f64,
    /// Sum of the integers' squares, at most 4096 * 2^30.
    squares: i64,
}

impl Integers {
    pub(super) fn of(vector: &[f32]) -> Self {
        let largest = vector.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let step = f64::from(largest) / f64::from(MAX_INTEGER);
        if step == 0.0 {
            return Self { values: vec![0; vector.len()], step, squares: 0 };
        }
        // `as` saturates, and the largest component gives 32,767.
        let values: Vec<i16> = vector.iter().map(|x| (f64::from(*x) / step).round() as i16).collect();
        let squares = values.iter().map(|v| i64::from(*v) * i64::from(*v)).sum();
        Self { values, step, squares }
    }
}

/// Scores one row.
pub(super) fn score(distance: Distance, query: &[f32], integers: &Integers, code: &[u8]) -> f32 {
    let (codes, scale) = split_sq8(code);
    match distance {
        // Under cosine the scale gives the row unit length.
        Distance::Cosine | Distance::Dot => {
            (dot(&integers.values, codes) as f64 * integers.step * f64::from(scale)) as f32
        }
        Distance::Euclid => {
            let (dot, squares) = dot_and_squares(&integers.values, codes);
            let scale = f64::from(scale);
            // |q - s c|^2. The sums are exact, so that this in f64 loses nothing that f32 would show.
            let squared = integers.step * integers.step * integers.squares as f64
                - 2.0 * integers.step * scale * dot as f64
                + scale * scale * squares as f64;
            0.0 - squared.max(0.0).sqrt() as f32
        }
        Distance::Manhattan => {
            0.0 - fold_code(query, codes, |[b]| scale * f32::from(b as i8), |sum, q, x| sum + (q - x).abs())
        }
    }
}

/// Sum of the products, exactly.
fn dot(values: &[i16], codes: &[u8]) -> i64 {
    values
        .chunks(SUM_ROWS)
        .zip(codes.chunks(SUM_ROWS))
        .map(|(values, codes)| {
            let sum: i32 = values.iter().zip(codes).map(|(v, c)| i32::from(*v) * i32::from(*c as i8)).sum();
            i64::from(sum)
        })
        .sum()
}

/// Sum of the products and sum of the codes' squares, exactly, in one pass.
fn dot_and_squares(values: &[i16], codes: &[u8]) -> (i64, i64) {
    let (mut dot, mut squares) = (0i64, 0i64);
    for (values, codes) in values.chunks(SUM_ROWS).zip(codes.chunks(SUM_ROWS)) {
        let (mut chunk_dot, mut chunk_squares) = (0i32, 0i32);
        for (v, c) in values.iter().zip(codes) {
            let c = i32::from(*c as i8);
            chunk_dot += i32::from(*v) * c;
            chunk_squares += c * c;
        }
        dot += i64::from(chunk_dot);
        squares += i64::from(chunk_squares);
    }
    (dot, squares)
}
