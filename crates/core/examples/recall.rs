//! Recall of the search that a zome does, and what it reads for it.
//!
//!     cargo run --release -p rose-forest-core --example recall -- <folder> [<seed of the founding>]
//!
//! The folder holds `docs.f16.npy` and `queries.f16.npy`
//!
//! Founds, routes and scans with the code that the zomes use; what is exact is computed here from the vectors as
//! they are. Without a folder only the synthetic rows are measured.

use ndarray::{Array2, Axis};
use rose_forest_core::{
    Distance, Encoding, Space,
    encode::encode_into,
    routing::{Router, default_nprobe, default_regions, found},
    score::Query,
    synthetic::Synthetic,
    top_k::TopK,
};
use std::{collections::BTreeMap, path::Path, time::Instant};

const K: usize = 10;
/// A near tie at the last place counts as found.
const TIE: f32 = 1e-4;

type Key = (usize, usize);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(2).map_or(Ok(1), |seed| seed.parse())?;
    if let Some(folder) = std::env::args().nth(1) {
        let folder = Path::new(&folder);
        let rows = load(&folder.join("docs.f16.npy"))?;
        let queries = load(&folder.join("queries.f16.npy"))?;
        measure("WordNet", &rows, &queries, rows.nrows(), seed)?;
    }
    let synthetic = Synthetic::new(7, 384);
    for (rows, sample_rows) in [(20_000, 20_000), (100_000, 100_000), (100_000, 40_000), (100_000, 10_000)] {
        measure("synthetic", &synthetic.rows(rows), &synthetic.queries(500), sample_rows, seed)?;
    }
    Ok(())
}

fn measure(
    name: &str,
    rows: &Array2<f32>,
    queries: &Array2<f32>,
    sample_rows: usize,
    seed: u64,
) -> Result<(), Box<dyn std::error::Error>> {
    let space = Space { dimension: rows.ncols(), distance: Distance::Cosine, encoding: Encoding::Sq8 };
    let truth = exact(space, rows, queries)?;

    let start = Instant::now();
    // Rows are in no order, so that the first are a random sample.
    let sample = rows.view().split_at(Axis(0), sample_rows).0;
    let founding = found(sample, space.distance, rows.nrows(), seed)?;
    let founded = start.elapsed();
    let regions = founding.regions.rows().into_iter().map(|r| r.to_vec()).enumerate();
    let mut router: Router<Key> =
        Router::new(space.distance, space.dimension, regions.map(|(i, r)| ((i, 0), r)))?;
    for (region, cells) in &founding.cells {
        let cells = cells.rows().into_iter().map(|c| c.to_vec()).enumerate();
        router.add_cells((*region, 0), cells.map(|(i, c)| ((*region, i), c)))?;
    }
    let assigned = router.assign_rows(rows.view());
    let all = start.elapsed();
    let mut cells: BTreeMap<Key, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
    for (row, (cell, components)) in assigned.iter().zip(rows.rows()).enumerate() {
        let (ids, codes) = cells.entry(cell.ok_or("a row without a cell")?).or_default();
        ids.push(row);
        encode_into(space, &components.to_vec(), codes)?;
    }
    let largest = cells.values().map(|(ids, _)| ids.len()).max().unwrap_or(0);
    let (cell_count, region_count) = (router.cell_count(), router.region_count());
    println!(
        "{name}: {} rows, {region_count} regions, {cell_count} cells (largest {largest} rows), {} actions; founded from {sample_rows} in {founded:.0?}, assigned in {:.0?}",
        rows.nrows(),
        2 * cell_count + 2 * region_count + 4,
        all - founded,
    );
    println!("  regions  nprobe   read   recall@{K}");
    let nprobe = default_nprobe(cell_count);
    let usual = default_regions(region_count);
    let settings = [
        (usual, nprobe, true),
        (region_count, nprobe, true),
        (usual, nprobe, false),
        (region_count, nprobe, false),
        (usual, nprobe * 3 / 4, false),
        (usual, nprobe * 5 / 4, false),
        (region_count / 2, nprobe, false),
        (region_count, cell_count, false),
    ];
    for (regions, nprobe, likely) in settings {
        let mut probed = 0;
        let (mut read, mut hits) = (0, 0);
        for (query, truth) in queries.rows().into_iter().zip(&truth) {
            let query = Query::new(space, &query.to_vec())?;
            let mut best = TopK::new(K);
            let best_cells = if likely {
                router.likely_cells(query.vector(), regions, nprobe)
            } else {
                router.best_cells(query.vector(), regions, nprobe)
            };
            probed += best_cells.len();
            for cell in best_cells {
                let Some((ids, codes)) = cells.get(&cell.key) else { continue };
                read += ids.len();
                query.scores(codes).zip(ids).for_each(|(score, id)| best.push(score, *id));
            }
            hits += truth.hits(query.vector(), rows, best.into_sorted().iter().map(|s| s.key));
        }
        println!(
            "  {regions:7}  {:6.1}  {:4.1} %  {:.4}",
            probed as f64 / queries.nrows() as f64,
            100.0 * read as f64 / (rows.nrows() * queries.nrows()) as f64,
            hits as f64 / (K * queries.nrows()) as f64,
        );
    }
    Ok(())
}

/// What is exact for one query: the score of the last of the K best.
struct Truth(f32);

impl Truth {
    fn hits(&self, query: &[f32], rows: &Array2<f32>, found: impl Iterator<Item = usize>) -> usize {
        let score = |row| rose_forest_core::distance::score(Distance::Cosine, query, &rows.row(row).to_vec());
        found.filter(|row| score(*row) >= self.0 - TIE).count()
    }
}

fn exact(
    space: Space,
    rows: &Array2<f32>,
    queries: &Array2<f32>,
) -> Result<Vec<Truth>, Box<dyn std::error::Error>> {
    let space = Space { encoding: Encoding::F32, ..space };
    let mut codes = Vec::new();
    for row in rows.rows() {
        encode_into(space, &row.to_vec(), &mut codes)?;
    }
    let mut truths = Vec::new();
    for query in queries.rows() {
        let mut best = TopK::new(K);
        let query = Query::new(space, &query.to_vec())?;
        query.scores(&codes).enumerate().for_each(|(row, score)| best.push(score, row));
        truths.push(Truth(best.lowest().ok_or("fewer rows than asked for")?));
    }
    Ok(truths)
}

/// Reads a matrix of half floats.
fn load(path: &Path) -> Result<Array2<f32>, Box<dyn std::error::Error>> {
    let bytes = std::fs::read(path)?;
    let npy = npyz::NpyFile::new(&bytes[..])?;
    let shape = match npy.shape() {
        [rows, columns] => (*rows as usize, *columns as usize),
        other => return Err(format!("expected a matrix, received the shape {other:?}").into()),
    };
    let header = bytes.len() - shape.0 * shape.1 * 2;
    let halves = bytes[header..].as_chunks::<2>().0;
    let floats = halves.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect();
    Ok(Array2::from_shape_vec(shape, floats)?)
}
