//! Vectors, and their exact neighbours.

use super::{Args, Error};
use rose_forest_core::{
    Distance, Encoding, Space, distance, encode::encode_into, synthetic::Synthetic, top_k::TopK,
};
use rose_forest_index::kernel::Query;
use std::path::Path;

/// Neighbours that are asked for.
pub const K: usize = 10;
/// A near tie at the last place counts as found.
const TIE: f32 = 1e-4;

/// Vectors, one after the other.
pub struct Vectors {
    pub dimension: usize,
    components: Vec<f32>,
}

impl Vectors {
    pub fn len(&self) -> usize {
        self.components.len() / self.dimension
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.components[row * self.dimension..][..self.dimension]
    }

    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.components.chunks_exact(self.dimension)
    }
}

/// Rows and queries.
pub fn load(args: &Args) -> Result<(Vectors, Vectors), Error> {
    let Some((rows, dimension)) = args.synthetic else {
        return Ok((read(&args.rows)?, read(&args.queries)?));
    };
    let synthetic = Synthetic::new(7, dimension);
    let components = |array: Vec<f32>| Vectors { dimension, components: array };
    let (rows, _) = synthetic.rows(rows).into_raw_vec_and_offset();
    let (queries, _) = synthetic.queries(500).into_raw_vec_and_offset();
    Ok((components(rows), components(queries)))
}

/// Reads a matrix of f16 or f32.
fn read(path: &Path) -> Result<Vectors, Error> {
    let bytes = std::fs::read(path)?;
    let npy = npyz::NpyFile::new(&bytes[..])?;
    let &[rows, columns] = npy.shape() else {
        return Err(format!("expected a matrix, received the shape {:?}", npy.shape()).into());
    };
    let (values, dimension) = ((rows * columns) as usize, columns as usize);
    let kind = npy.dtype().descr();
    let data = |bytes_each: usize| &bytes[bytes.len() - values * bytes_each..];
    let components = match kind.trim_matches('\'') {
        "<f2" => {
            let space = Space { dimension, distance: Distance::Dot, encoding: Encoding::F16 };
            let mut out = vec![0.0; values];
            for (row, out) in data(2).chunks_exact(space.code_bytes()).zip(out.chunks_exact_mut(dimension)) {
                rose_forest_rules::code::decode_row(space.encoding, row, out);
            }
            out
        }
        "<f4" => data(4).as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        other => return Err(format!("expected numbers of kind <f2 or <f4, received {other}").into()),
    };
    Ok(Vectors { dimension, components })
}

/// What is exact for one query: the score of the last of the K best.
pub struct Truth(f32);

impl Truth {
    /// How many of those found belong to the K best.
    pub fn hits(
        &self,
        space: Space,
        query: &[f32],
        rows: &Vectors,
        found: impl Iterator<Item = u32>,
    ) -> usize {
        let score = |row: u32| distance::score(space.distance, query, rows.row(row as usize));
        found.filter(|row| score(*row) >= self.0 - TIE).count()
    }
}

/// By looking at every row's floats.
pub fn truth(space: Space, rows: &Vectors, queries: &Vectors) -> Result<Vec<Truth>, Error> {
    let space = Space { encoding: Encoding::F32, ..space };
    let prepared = queries.iter().map(|q| Query::new(space, q)).collect::<Result<Vec<_>, _>>()?;
    let mut best = vec![TopK::new(K); queries.len()];
    let mut code = Vec::new();
    for (label, row) in rows.iter().enumerate() {
        code.clear();
        encode_into(space, row, &mut code)?;
        prepared.iter().zip(&mut best).for_each(|(query, best)| best.push(query.score(&code), label));
    }
    best.iter().map(|best| best.lowest().map(Truth).ok_or("fewer rows than asked for".into())).collect()
}
