//! What is measured: each kind of index, built from rows and searched.

use crate::{Result, npy::Matrix};
use rose_forest_core::{Distance, Encoding, Space, encode::encode_into, score::Query, top_k::TopK};
use std::{str::FromStr, thread};

/// A kind of index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every code is scored: exact but for the encoding. What any index must beat, and a check of the harness.
    Scan,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        match name {
            "scan" => Ok(Self::Scan),
            other => Err(format!("no kind of index '{other}': expected scan")),
        }
    }
}

/// An index that was built.
pub trait Index: Sync {
    /// The numbers of the `k` best rows, best first. `effort` is how hard to look: for graphs how many candidates
    /// are kept, for lists how many are read.
    fn search(&self, query: &[f32], k: usize, effort: usize) -> Result<Vec<u32>>;
}

/// Builds an index over the first `count` rows, whose numbers are their labels.
pub fn build(kind: Kind, rows: &Matrix, count: usize, threads: usize) -> Result<Box<dyn Index>> {
    let space = Space { dimension: rows.columns(), distance: Distance::Cosine, encoding: Encoding::Sq8 };
    match kind {
        Kind::Scan => Ok(Box::new(Scan { space, codes: codes(space, rows, count, threads)? })),
    }
}

/// All codes, one after the other.
struct Scan {
    space: Space,
    codes: Vec<u8>,
}

impl Index for Scan {
    fn search(&self, query: &[f32], k: usize, _effort: usize) -> Result<Vec<u32>> {
        let query = Query::new(self.space, query)?;
        let mut best = TopK::new(k);
        for (score, row) in query.scores(&self.codes).zip(0u32..) {
            best.push(score, row);
        }
        Ok(best.into_sorted().into_iter().map(|hit| hit.key).collect())
    }
}

/// The codes of the first `count` rows, encoded by as many threads.
pub fn codes(space: Space, rows: &Matrix, count: usize, threads: usize) -> Result<Vec<u8>> {
    let mut codes = vec![0; count * space.code_bytes()];
    let share = count.div_ceil(threads.max(1)).max(1);
    let parts = codes.chunks_mut(share * space.code_bytes()).zip((0..count).step_by(share));
    thread::scope(|scope| {
        let running: Vec<_> =
            parts.map(|(part, first)| scope.spawn(move || encode_part(space, rows, first, part))).collect();
        running
            .into_iter()
            .try_for_each(|part| part.join().unwrap_or_else(|_| Err("a thread panicked".into())))
    })?;
    Ok(codes)
}

fn encode_part(space: Space, rows: &Matrix, first: usize, part: &mut [u8]) -> Result<()> {
    let mut row = vec![0.0; space.dimension];
    let mut code = Vec::with_capacity(space.code_bytes());
    for (place, number) in part.chunks_exact_mut(space.code_bytes()).zip(first..) {
        rows.read(number, &mut row);
        code.clear();
        encode_into(space, &row, &mut code)?;
        place.copy_from_slice(&code);
    }
    Ok(())
}
