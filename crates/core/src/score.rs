//! A query, prepared once, that scores codes without decoding whole rows.
//!
//! | encoding | how | error of a score, beside rounding (about 1e-6 of the sum of the absolute terms) |
//! |---|---|---|
//! | f32, f16 | decoded component by component, f32 sums in four lanes | none |
//! | sq8, cosine and dot | integers: the query as 16-bit numbers, products summed exactly | step / 2 times the sum of the row's absolute components |
//! | sq8, Euclid | the same, with the row's squared length summed in the same pass | step / 2 times the root of the dimension |
//! | sq8, Manhattan | decoded component by component | none |
//!
//! `step` is the query's largest component / 32,767: for 384 dimensions and unit length the error stays below
//! 3e-4 in the worst case that there is; for a query whose largest component is 0.2 and rounding that goes either way
//! it is near 2e-6, where rounding the row to sq8 costs 5e-4.
//!
//! Milliseconds for 200,000 sq8 rows of 384 components, one core of a busy two-core machine:
//!
//! | | native, SSE2 | wasm | wasm with simd128 |
//! |---|---|---|---|
//! | cosine, integers | 17 | 70 | 19 |
//! | Euclid, integers, two sums | 32 | 73 | 15 |
//! | Manhattan, floats | 60 | 69 | 42 |

mod floats;
mod sq8;

use crate::{Space, VectorError, distance::kernel};
use rose_forest_rules::schema::{Distance, Encoding};

/// A query, prepared for one space.
#[derive(Clone, Debug)]
pub struct Query {
    space: Space,
    /// The query; under cosine of unit length.
    vector: Vec<f32>,
    /// The query as integers, for sq8.
    integers: sq8::Integers,
}

impl Query {
    /// Prepares a query.
    ///
    /// # Errors
    /// What [`Space::check`] refuses, or a reserved encoding. Cost: a few passes, one allocation.
    pub fn new(space: Space, vector: &[f32]) -> Result<Self, VectorError> {
        space.check(vector)?;
        match space.encoding {
            Encoding::F32 | Encoding::F16 | Encoding::Sq8 => {}
            received @ (Encoding::Pq | Encoding::Bit1) => return Err(VectorError::Reserved { received }),
        }
        let mut vector = vector.to_vec();
        if space.distance == Distance::Cosine {
            kernel::normalise(&mut vector);
        }
        let integers = match space.encoding {
            Encoding::Sq8 => sq8::Integers::of(&vector),
            Encoding::F32 | Encoding::F16 | Encoding::Pq | Encoding::Bit1 => sq8::Integers::default(),
        };
        Ok(Self { space, vector, integers })
    }

    /// The space that the query was prepared for.
    pub fn space(&self) -> Space {
        self.space
    }

    /// The query's components; under cosine of unit length. What to route by.
    pub fn vector(&self) -> &[f32] {
        &self.vector
    }

    /// The score of one row's code, `space.code_bytes()` bytes that `check_code` accepts. Higher is nearer; see
    /// [`crate::distance::to_user`]. Never NaN: what cannot be computed, and a code of another length, scores
    /// negative infinity. Cost: one pass over the code.
    pub fn score(&self, code: &[u8]) -> f32 {
        if code.len() != self.space.code_bytes() {
            return f32::NEG_INFINITY;
        }
        let score = match self.space.encoding {
            Encoding::F32 => floats::score_f32(self.space.distance, &self.vector, code),
            Encoding::F16 => floats::score_f16(self.space.distance, &self.vector, code),
            Encoding::Sq8 => sq8::score(self.space.distance, &self.vector, &self.integers, code),
            // Refused by `new`.
            Encoding::Pq | Encoding::Bit1 => f32::NEG_INFINITY,
        };
        if score.is_nan() { f32::NEG_INFINITY } else { score }
    }

    /// Scores of all rows of a block, in their order. `codes` are the rows' codes, one after the other; bytes
    /// that make up no whole row are left out. Cost: one pass over the codes.
    pub fn scores<'a>(&'a self, codes: &'a [u8]) -> impl ExactSizeIterator<Item = f32> + 'a {
        // A dimension of zero has no rows; chunks of at least one byte keep `chunks_exact` from panicking.
        codes.chunks_exact(self.space.code_bytes().max(1)).map(|code| self.score(code))
    }
}

#[cfg(test)]
mod tests;
