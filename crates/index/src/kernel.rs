//! Scores of stored codes, as fast as the machine allows: what `rose_forest_core::score` computes, with AVX2.
//!
//! A [`Query`] is prepared once, from a vector or from the code of another row, and then scores codes one at a time, a
//! block of them, or rows of the graph with the next ones fetched meanwhile. Whether the machine has AVX2, FMA and F16C
//! is asked once; elsewhere portable loops do the same. `rose_forest_core::score::Query` is the oracle:
//!
//! | encoding and distance | difference from the oracle |
//! |---|---|
//! | sq8 with cosine, dot, Euclid | none: integers, summed exactly, and the same last steps in f64 |
//! | everything else | order of the f32 sums: about 1e-6 of the sum of the absolute terms |
//!
//! Scoring the code of one row against that of another (to build the graph) takes the first row's bytes as the
//! query's integers, so that the inner product of two sq8 rows is exact.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use crate::codes::Codes;
use rose_forest_core::{Distance, Encoding, Space, VectorError, score};
use rose_forest_rules::code::decode_row;
use std::sync::atomic::{AtomicU64, Ordering};

/// The largest number that a component of a query becomes, as in core.
const MAX_INTEGER: f64 = 32_767.0;

/// Integers that one vector instruction multiplies.
const INTEGERS: usize = 16;
/// Floats that one vector instruction multiplies.
const FLOATS: usize = 8;

/// A query, prepared for one space.
#[derive(Clone, Debug)]
pub struct Query {
    space: Space,
    machine: Machine,
    /// The query as core prepares it, to choose cells by; empty for a row's code.
    vector: Vec<f32>,
    /// The query's components, zeros up to whole chunks; empty where integers are used.
    floats: Vec<[f32; FLOATS]>,
    /// The query's components / step, zeros up to whole chunks; empty where floats are used.
    integers: Vec<[i16; INTEGERS]>,
    step: f64,
    /// Sum of the integers' squares, at most 4096 * 2^30.
    squares: i64,
    scored: Scored,
}

/// How many rows were scored. Threads that share a query may count some rows once for two: an exact count would cost more
/// than the scores of a short row.
#[derive(Debug, Default)]
struct Scored(AtomicU64);

impl Scored {
    fn add(&self, rows: usize) {
        self.0.store(self.0.load(Ordering::Relaxed) + rows as u64, Ordering::Relaxed);
    }
}

impl Clone for Scored {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

/// What the machine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Machine {
    /// AVX2, FMA and F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Any,
}

impl Machine {
    fn of_this_computer() -> Self {
        #[cfg(target_arch = "x86_64")]
        if x86::is_available() {
            return Self::Avx2;
        }
        Self::Any
    }
}

impl Query {
    /// Prepares a vector.
    ///
    /// # Errors
    /// As `rose_forest_core::score::Query::new`: what `Space::check` refuses, or a reserved encoding.
    /// Cost: a few passes over the vector.
    pub fn new(space: Space, vector: &[f32]) -> Result<Self, VectorError> {
        Ok(Self::of_query(&score::Query::new(space, vector)?))
    }

    /// The same query as core's.
    pub fn of_query(query: &score::Query) -> Self {
        let mut this = Self { vector: query.vector().to_vec(), ..Self::empty(query.space()) };
        if this.uses_integers() {
            let largest = query.vector().iter().fold(0.0f32, |m, x| m.max(x.abs()));
            this.step = f64::from(largest) / MAX_INTEGER;
            let step = this.step;
            let integer = |x: f32| if step == 0.0 { 0 } else { (f64::from(x) / step).round() as i16 };
            this.set_integers(query.vector().iter().map(|x| integer(*x)));
        } else {
            this.set_floats(query.vector());
        }
        this
    }

    /// A query that [`Self::set_code`] has yet to fill.
    pub(crate) fn empty(space: Space) -> Self {
        let machine = Machine::of_this_computer();
        let (vector, floats, integers) = (Vec::new(), Vec::new(), Vec::new());
        Self { space, machine, vector, floats, integers, step: 0.0, squares: 0, scored: Scored::default() }
    }

    /// Takes a row's code as the query, in the memory that is already there.
    pub(crate) fn set_code(&mut self, code: &[u8]) {
        if self.uses_integers() {
            let (codes, scale) = split(code);
            self.step = f64::from(scale);
            self.set_integers(codes.iter().map(|b| i16::from(*b as i8)));
        } else {
            let chunks = self.space.dimension.div_ceil(FLOATS);
            self.floats.clear();
            self.floats.resize(chunks, [0.0; FLOATS]);
            let floats = self.floats.as_flattened_mut();
            decode_row(self.space.encoding, code, floats.get_mut(..self.space.dimension).unwrap_or_default());
        }
    }

    fn uses_integers(&self) -> bool {
        self.space.encoding == Encoding::Sq8 && self.space.distance != Distance::Manhattan
    }

    fn set_integers(&mut self, values: impl Iterator<Item = i16>) {
        self.integers.clear();
        self.integers.resize(self.space.dimension.div_ceil(INTEGERS), [0; INTEGERS]);
        self.squares = 0;
        for (slot, value) in self.integers.as_flattened_mut().iter_mut().zip(values) {
            *slot = value;
            self.squares += i64::from(value) * i64::from(value);
        }
    }

    fn set_floats(&mut self, vector: &[f32]) {
        self.floats.clear();
        self.floats.resize(self.space.dimension.div_ceil(FLOATS), [0.0; FLOATS]);
        for (slot, value) in self.floats.as_flattened_mut().iter_mut().zip(vector) {
            *slot = *value;
        }
    }

    /// The space that the query was prepared for.
    pub fn space(&self) -> Space {
        self.space
    }

    /// The query's components as `rose_forest_core::score::Query::vector` gives them: under cosine of unit length. What to
    /// route by.
    pub fn vector(&self) -> &[f32] {
        &self.vector
    }

    /// How many rows this query has scored so far, on one thread: what a search cost.
    pub fn scored(&self) -> u64 {
        self.scored.0.load(Ordering::Relaxed)
    }

    /// The score of one row's code, `space.code_bytes()` bytes. Higher is nearer. Never NaN: what cannot be computed,
    /// and a code of another length, scores negative infinity. Cost: one pass over the code.
    pub fn score(&self, code: &[u8]) -> f32 {
        if code.len() != self.space.code_bytes() {
            return f32::NEG_INFINITY;
        }
        let mut score = [0.0];
        self.score_block(code, &mut score);
        score[0]
    }

    /// Scores of rows whose codes lie one after the other, into `scores`, one a row. Rows beyond the end of `scores`,
    /// and bytes that make up no whole row, are left out; scores beyond the last row stay as they are.
    /// Cost: one pass over the codes.
    pub fn score_block(&self, codes: &[u8], scores: &mut [f32]) {
        let code_bytes = self.space.code_bytes().max(1);
        let rows = scores.len().min(codes.len() / code_bytes);
        self.score_rows(&Block { codes, code_bytes }, scores.get_mut(..rows).unwrap_or_default());
    }

    /// Scores of rows of the graph, into `scores`, in their order. The codes of the next rows are fetched while one is
    /// scored.
    pub(crate) fn score_slots(&self, codes: &Codes, slots: &[u32], scores: &mut Vec<f32>) {
        scores.clear();
        scores.resize(slots.len(), 0.0);
        self.score_rows(&Slots { codes, slots }, scores);
    }

    /// Scores rows 0, 1, 2 and so on, one for each of `scores`.
    #[inline(always)]
    fn score_rows(&self, rows: &impl Rows, scores: &mut [f32]) {
        self.scored.add(scores.len());
        match self.machine {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Avx2` is chosen only where the processor has what this function needs.
            Machine::Avx2 => unsafe { x86::score_all(self, rows, scores) },
            Machine::Any => portable::score_all(self, rows, scores),
        }
    }

    /// The score under cosine and dot, from the exact inner product of the integers.
    #[inline(always)]
    fn score_of_dot(&self, dot: i64, scale: f32) -> f32 {
        not_nan((dot as f64 * self.step * f64::from(scale)) as f32)
    }

    /// The score under Euclid: |q - s c| from exact sums.
    #[inline(always)]
    fn score_of_squares(&self, dot: i64, squares: i64, scale: f32) -> f32 {
        let scale = f64::from(scale);
        let squared = self.step * self.step * self.squares as f64 - 2.0 * self.step * scale * dot as f64
            + scale * scale * squares as f64;
        // `max` would turn NaN into a perfect match.
        let squared = if squared < 0.0 { 0.0 } else { squared };
        not_nan(0.0 - squared.sqrt() as f32)
    }

    /// The score from an f32 sum.
    #[inline(always)]
    fn score_of_sum(distance: Distance, sum: f32) -> f32 {
        not_nan(match distance {
            Distance::Cosine | Distance::Dot => sum,
            Distance::Euclid => 0.0 - sum.sqrt(),
            Distance::Manhattan => 0.0 - sum,
        })
    }
}

#[inline(always)]
fn not_nan(score: f32) -> f32 {
    // -0 and 0 are one score, whoever sorts by it.
    if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 }
}

/// Codes to be scored, by their place.
trait Rows {
    /// The code at this place.
    fn row(&self, index: usize) -> &[u8];

    /// Asks for it.
    fn fetch(&self, index: usize);
}

/// Rows one after the other. The processor sees by itself what comes next.
struct Block<'a> {
    codes: &'a [u8],
    code_bytes: usize,
}

impl Rows for Block<'_> {
    #[inline(always)]
    fn row(&self, index: usize) -> &[u8] {
        let start = index * self.code_bytes;
        self.codes.get(start..start + self.code_bytes).unwrap_or_default()
    }

    #[inline(always)]
    fn fetch(&self, _index: usize) {}
}

/// Rows of the graph.
struct Slots<'a> {
    codes: &'a Codes,
    slots: &'a [u32],
}

impl Rows for Slots<'_> {
    #[inline(always)]
    fn row(&self, index: usize) -> &[u8] {
        self.slots.get(index).map_or(&[], |slot| self.codes.row(*slot))
    }

    #[inline(always)]
    fn fetch(&self, index: usize) {
        prefetch(self.row(index));
    }
}

/// How many rows ahead codes are fetched. Median microseconds of a search among 100,000 rows, `ef` 64, on a busy machine:
/// 136 with 3 rows, 122 with 6, 124 with 12.
const AHEAD: usize = 6;

/// Scores rows one by one, fetching those that come next.
macro_rules! each_row {
    ($rows:expr, $scores:expr, |$code:ident| $score:expr) => {{
        for ahead in 0..$crate::kernel::AHEAD {
            $rows.fetch(ahead);
        }
        for (index, score) in $scores.iter_mut().enumerate() {
            $rows.fetch(index + $crate::kernel::AHEAD);
            let $code = $rows.row(index);
            *score = $score;
        }
    }};
}
use each_row;

/// The components and the scale of an sq8 row; as `rules::code::split_sq8`, which is not inlined.
#[inline(always)]
fn split(code: &[u8]) -> (&[u8], f32) {
    match code.split_last_chunk::<4>() {
        Some((codes, scale)) => (codes, f32::from_le_bytes(*scale)),
        None => (code, 0.0),
    }
}

/// Asks the processor to fetch these bytes.
#[inline(always)]
pub(crate) fn prefetch<T>(bytes: &[T]) {
    #[cfg(target_arch = "x86_64")]
    x86::prefetch(bytes);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}

#[cfg(test)]
mod tests;
