//! Rows and queries of unit length, and what an exact search finds.

use anyhow::{Context, Result, bail, ensure};
use half::f16;
use roaring::RoaringBitmap;
use std::path::Path;

/// Neighbours that are asked for.
pub const K: usize = 10;
/// A near tie at the last place counts as found.
const TIE: f32 = 1e-4;

/// Vectors of unit length, one after the other.
pub struct Vectors {
    /// Components of each.
    pub dimension: usize,
    components: Vec<f32>,
}

impl Vectors {
    /// Reads a matrix of little-endian half floats, as `numpy.save` writes it, and scales its rows to unit length.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.display();
        ensure!(bytes.starts_with(b"\x93NUMPY\x01"), "{name}: expected an .npy file of version 1");
        let header_bytes = usize::from(bytes[8]) + 256 * usize::from(bytes[9]);
        let (header, numbers) = bytes[10..].split_at(header_bytes);
        let header = std::str::from_utf8(header)?;
        ensure!(header.contains("'<f2'"), "{name}: expected half floats, received {header}");
        ensure!(header.contains("'fortran_order': False"), "{name}: expected rows one after the other");
        let shape = header.split(['(', ')']).nth(1).context("a header without a shape")?;
        let shape: Vec<usize> =
            shape.split(',').map(|n| n.trim().parse()).collect::<Result<_, _>>().context("a shape")?;
        let &[rows, dimension] = shape.as_slice() else {
            bail!("{name}: expected a matrix, received the shape {shape:?}");
        };
        ensure!(numbers.len() == rows * dimension * 2, "{name}: not as many numbers as its shape says");
        let mut components: Vec<f32> =
            numbers.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect();
        for row in components.chunks_exact_mut(dimension) {
            let length = dot(row, row).sqrt();
            row.iter_mut().for_each(|x| *x /= length);
        }
        Ok(Self { dimension, components })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.components.len() / self.dimension
    }

    /// One of them.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.components[row * self.dimension..][..self.dimension]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.components.chunks_exact(self.dimension)
    }
}

/// The inner product, in eight sums, which the compiler turns into vector instructions.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// Rows that a search may return: about one in so many, scattered.
#[derive(Debug)]
pub struct Allowed {
    /// By row.
    flags: Vec<bool>,
    /// The same as a bitmap.
    pub bitmap: RoaringBitmap,
}

impl Allowed {
    /// About one row in `step`.
    pub fn one_in(step: u32, rows: usize) -> Self {
        let flags: Vec<bool> =
            (0..rows as u32).map(|row| (row.wrapping_mul(0x9e37_79b1) >> 8).is_multiple_of(step)).collect();
        let bitmap = (0..rows as u32).filter(|row| flags[*row as usize]).collect();
        Self { flags, bitmap }
    }

    /// Whether this row may be returned.
    pub fn allows(&self, row: usize) -> bool {
        self.flags.get(row).copied().unwrap_or(false)
    }
}

/// For each query the score of the last of the K best rows, among those that `allowed` has.
pub fn truth(rows: &Vectors, queries: &Vectors, allowed: impl Fn(usize) -> bool) -> Vec<f32> {
    let last = |query: &[f32]| {
        let scored = rows.iter().enumerate().filter(|(row, _)| allowed(*row));
        let mut scores: Vec<f32> = scored.map(|(_, row)| dot(query, row)).collect();
        let place = K.min(scores.len()).saturating_sub(1);
        if scores.is_empty() {
            return f32::INFINITY;
        }
        *scores.select_nth_unstable_by(place, |a, b| b.total_cmp(a)).1
    };
    queries.iter().map(last).collect()
}

/// How many different rows of `found` are among the K best of a query.
pub fn hits(rows: &Vectors, query: &[f32], last: f32, found: &[u32]) -> usize {
    let mut found = found.to_vec();
    found.sort_unstable();
    found.dedup();
    found.iter().filter(|row| dot(query, rows.row(**row as usize)) >= last - TIE).count().min(K)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_found_twice_count_once() {
        let rows = Vectors { dimension: 2, components: vec![1.0, 0.0, 0.0, 1.0] };
        let query = [1.0, 0.0];
        assert_eq!(hits(&rows, &query, 0.0, &[0, 0, 1]), 2);
        assert_eq!(hits(&rows, &query, 1.0, &[0, 0, 1]), 1);
    }

    #[test]
    fn the_truth_of_a_filter_leaves_out_what_it_forbids() {
        let rows = Vectors { dimension: 1, components: (0..20).map(|x| x as f32).collect() };
        let queries = Vectors { dimension: 1, components: vec![1.0] };
        assert_eq!(truth(&rows, &queries, |_| true), [10.0]);
        assert_eq!(truth(&rows, &queries, |row| row < 12), [2.0]);
    }

    #[test]
    fn the_inner_product_of_odd_lengths_has_all_terms() {
        let a: Vec<f32> = (0..19).map(|x| x as f32).collect();
        assert_eq!(dot(&a, &a), a.iter().map(|x| x * x).sum::<f32>());
    }
}
