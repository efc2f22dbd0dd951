//! Vectors to load, queries, and the exact answers to them.

use crate::dna::{DIMENSION, repository};
use anyhow::{Context, Result, ensure};
use ndarray::{Array2, ArrayView1, s};
use rose_forest_api::{InsertInput, PointId, SearchOutput, floats_to_bytes};
use rose_forest_core::{Distance, distance, synthetic::Synthetic, top_k::TopK};
use std::path::{Path, PathBuf};

/// Hits that are asked for.
pub const K: usize = 10;
/// A row whose score is so near to that of the tenth exact neighbour counts as found: near ties are many.
const TIE: f32 = 1e-4;
/// Queries of the synthetic data.
const QUERIES: usize = 500;
/// What the synthetic vectors follow from.
const SEED: u64 = 7;

/// Rows, queries, answers.
pub struct Data {
    /// What it is, for people.
    pub name: String,
    /// The vectors, one a row. The row's number is its point's id.
    pub rows: Array2<f32>,
    /// Payloads as JSON text, one a row or none at all.
    payloads: Vec<Option<String>>,
    /// The queries, one a row.
    pub queries: Array2<f32>,
    /// For each query the score that a hit must reach: that of the tenth exact neighbour.
    reach: Vec<f32>,
}

impl Data {
    /// WordNet senses from this folder, or those that ship with the repository.
    pub fn wordnet(folder: Option<&Path>) -> Result<Self> {
        let folder = folder.map_or_else(shipped, |folder| Ok(folder.to_owned()))?;
        let rows = matrix(&folder.join("docs.f16.npy"))?;
        let queries = matrix(&folder.join("queries.f16.npy"))?;
        ensure!(rows.ncols() == DIMENSION, "expected {DIMENSION} components, received {}", rows.ncols());
        let text = read(&folder.join("docs.jsonl"))?;
        let payloads: Vec<_> =
            std::str::from_utf8(&text)?.lines().map(|line| Some(line.to_owned())).collect();
        ensure!(payloads.len() == rows.nrows(), "expected as many lines as vectors");
        let tenth = tenth_neighbours(&folder.join("neighbours.npy"))?;
        let reach =
            queries.rows().into_iter().zip(tenth).map(|(query, row)| score(query, rows.row(row))).collect();
        let name = format!("{} WordNet senses", crate::numbers::grouped(rows.nrows() as i64));
        Ok(Self { name, rows, payloads, queries, reach })
    }

    /// So many made-up rows: clustered, of unit length, the same everywhere.
    pub fn synthetic(rows: usize) -> Self {
        Self::synthetic_and_more(rows, 0)
    }

    /// The same, and behind them further rows that the exact answers leave out.
    pub fn synthetic_and_more(rows: usize, more: usize) -> Self {
        let source = Synthetic::new(SEED, DIMENSION);
        let name = format!("{} synthetic rows", crate::numbers::grouped(rows as i64));
        let (all, queries) = (source.rows(rows + more), source.queries(QUERIES));
        let reach = exact(&all.slice(s![..rows, ..]).to_owned(), &queries);
        Self { name, rows: all, payloads: Vec::new(), queries, reach }
    }

    /// The input that inserts these rows.
    pub fn input(&self, rows: std::ops::Range<usize>) -> InsertInput {
        let vectors = self.rows.slice(s![rows.clone(), ..]);
        InsertInput {
            ids: rows.clone().map(|row| PointId::Int(row as u64)).collect(),
            vectors: vectors.iter().flat_map(|x| x.to_le_bytes()).collect(),
            payloads: self.payloads.get(rows).map(<[_]>::to_vec).unwrap_or_default(),
        }
    }

    /// A query as the zome wants it.
    pub fn query(&self, query: usize) -> Vec<u8> {
        floats_to_bytes(&self.queries.row(query).to_vec())
    }

    /// How many of the hits are among the exact neighbours.
    pub fn found(&self, query: usize, answer: &SearchOutput) -> usize {
        let reach = self.reach.get(query).copied().unwrap_or(f32::INFINITY) - TIE;
        let query = self.queries.row(query);
        let ids = answer.hits.iter().filter_map(|hit| match hit.id {
            PointId::Int(id) => usize::try_from(id).ok(),
            PointId::Text(_) => None,
        });
        ids.filter(|row| *row < self.rows.nrows() && score(query, self.rows.row(*row)) >= reach).count()
    }
}

fn score(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f32 {
    distance::score(Distance::Cosine, a.as_slice().unwrap_or_default(), b.as_slice().unwrap_or_default())
}

/// Scores of the tenth exact neighbours, by comparing everything with everything.
fn exact(rows: &Array2<f32>, queries: &Array2<f32>) -> Vec<f32> {
    let of_query = |query: ArrayView1<'_, f32>| {
        let mut best = TopK::new(K);
        for (number, row) in rows.rows().into_iter().enumerate() {
            best.push(score(query, row), number);
        }
        best.lowest().unwrap_or(f32::NEG_INFINITY)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = queries.nrows().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = queries
            .axis_chunks_iter(ndarray::Axis(0), share)
            .map(|part| scope.spawn(move || part.rows().into_iter().map(of_query).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().filter_map(|part| part.join().ok()).flatten().collect()
    })
}

/// The folder of the vectors that ship with the repository.
fn shipped() -> Result<PathBuf> {
    let folders =
        ["crates/node/data/wordnet", "crates/node/data", "data/wordnet"].map(|f| repository().join(f));
    let found = folders.into_iter().find(|folder| folder.join("docs.f16.npy").is_file());
    found.context("no WordNet vectors: name their folder with --wordnet")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A matrix of half floats.
fn matrix(path: &Path) -> Result<Array2<f32>> {
    let bytes = read(path)?;
    let npy = npyz::NpyFile::new(&bytes[..])?;
    let shape = shape(npy.shape())?;
    let halves: Vec<half::f16> = npy.into_vec()?;
    Ok(Array2::from_shape_vec(shape, halves.into_iter().map(half::f16::to_f32).collect())?)
}

/// The tenth column of a matrix of row numbers.
fn tenth_neighbours(path: &Path) -> Result<Vec<usize>> {
    let bytes = read(path)?;
    let npy = npyz::NpyFile::new(&bytes[..])?;
    let (_, columns) = shape(npy.shape())?;
    let all: Vec<i32> = npy.into_vec()?;
    let tenth = all.chunks_exact(columns).filter_map(|row| row.get(K - 1));
    tenth.map(|row| Ok(usize::try_from(*row)?)).collect()
}

fn shape(shape: &[u64]) -> Result<(usize, usize)> {
    match shape {
        [rows, columns] => Ok((usize::try_from(*rows)?, usize::try_from(*columns)?)),
        other => anyhow::bail!("expected a matrix, received the shape {other:?}"),
    }
}
