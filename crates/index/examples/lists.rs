//! Recall, speed and size of the inverted lists.
//!
//!     cargo run --release -p rose-forest-index --example lists -- <folder>
//!     cargo run --release -p rose-forest-index --example lists -- synthetic <rows> [<queries>]
//!
//! The folder holds `docs.f16.npy` and `queries.f16.npy`: matrices of half floats, a vector a row. Founds cells as the
//! zomes do, builds lists in a temporary folder, opens them again, and prints for several `nprobe` the recall@10 (a near
//! tie at the last place counts as found), how much of it that of all codes is, the share of rows that was read, searches
//! a second on one thread, and, where the system says it, what they would be if nothing else ran.

use ndarray::{Array2, Axis};
use rose_forest_core::{
    Distance, Encoding, Space,
    distance::kernel,
    encode::encode_into,
    routing::{Router, found},
    synthetic::Synthetic,
    top_k::TopK,
};
use rose_forest_index::{
    Label, RowFilter,
    file::Verify,
    lists::{Lists, Search, default_nprobe},
};
use rose_forest_rules::{
    code::decode_row,
    reference::{CellId, HASH_BYTES, HashRef},
};
use std::{
    collections::BTreeMap,
    error::Error,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

const K: usize = 10;
/// A near tie at the last place counts as found.
const TIE: f32 = 1e-4;
/// Rows that cells are founded from, at most.
const SAMPLE_ROWS: usize = 300_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (rows, queries) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["synthetic", rows] => synthetic(rows.parse()?, 500),
        ["synthetic", rows, queries] => synthetic(rows.parse()?, queries.parse()?),
        ["open", dimension, folder] => return open(Path::new(folder), dimension.parse()?),
        [folder] => {
            let folder = Path::new(folder);
            (load(&folder.join("docs.f16.npy"))?, load(&folder.join("queries.f16.npy"))?)
        }
        _ => return Err("expected a folder, or `synthetic` and how many rows".into()),
    };
    let space = Space { dimension: rows.ncols(), distance: Distance::Cosine, encoding: Encoding::Sq8 };
    let truth = exact(&rows, &queries);
    let total_rows = rows.nrows();
    let directory = tempfile::tempdir()?;
    build(directory.path(), space, rows.clone())?;

    // In a process that holds nothing else.
    let mut child = Command::new(std::env::current_exe()?);
    child.args(["open", &rows.ncols().to_string()]).arg(directory.path()).status()?;
    let lists = Lists::open(directory.path(), [1; 32], space, Verify::Now)?;
    println!("{:#?}", lists.info());

    let cells = lists.info().cells;
    let settings = [1, 4, 8, 16, 32, 64, 96, 128, 192, 256].into_iter().filter(|nprobe| *nprobe < cells);
    let all = recall(&lists, &queries, &truth, &rows, Some(cells))?.recall;
    println!("\n  nprobe  recall@{K}  of all codes   read   searches/s  (by processor time)    p99");
    for nprobe in settings.map(Some).chain([None, Some(cells)]) {
        let measured = recall(&lists, &queries, &truth, &rows, nprobe)?;
        let default = default_nprobe(cells, K);
        println!(
            "  {:6}{} {:.4}     {:.4}        {:4.1} %  {:8.0}    {:8.0}           {:7.0?}",
            nprobe.unwrap_or(default),
            if nprobe.is_none() { "*" } else { " " },
            measured.recall,
            measured.recall / all,
            100.0 * measured.read / total_rows as f64,
            measured.times.len() as f64 / measured.times.iter().sum::<Duration>().as_secs_f64(),
            measured.times.len() as f64 / measured.processor.as_secs_f64(),
            measured.times[measured.times.len() * 99 / 100],
        );
    }
    println!("  * the default");
    filters(&lists, &queries, total_rows)
}

/// Opens lists, searches once, compares checksums, searches more, and prints what that took.
fn open(directory: &Path, dimension: usize) -> Result<(), Box<dyn Error>> {
    let space = Space { dimension, distance: Distance::Cosine, encoding: Encoding::Sq8 };
    let queries = Synthetic::new(7, dimension).queries(100);
    let before = resident_kb("RssAnon");
    let start = Instant::now();
    let lists = Lists::open(directory, [1; 32], space, Verify::Later)?;
    let opened = start.elapsed();
    lists.search(&row(&queries, 0), &Search { k: K, nprobe: None, filter: None })?;
    let answered = start.elapsed();
    let start = Instant::now();
    lists.verify()?;
    println!(
        "opened in {opened:.1?}, first answer after {answered:.1?}, codes verified in {:.1?}",
        start.elapsed()
    );
    for place in 0..queries.nrows() {
        lists.search(&row(&queries, place), &Search { k: K, nprobe: None, filter: None })?;
    }
    println!(
        "memory of the process: {} kB before, {} kB after {} searches; {} kB of files mapped and in memory",
        before,
        resident_kb("RssAnon"),
        queries.nrows(),
        resident_kb("RssFile"),
    );
    Ok(())
}

/// Founds cells, and makes and saves lists of all rows.
fn build(directory: &Path, space: Space, rows: Array2<f32>) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    // Rows are in no order, so that the first are a random sample.
    let sample = rows.view().split_at(Axis(0), rows.nrows().min(SAMPLE_ROWS)).0;
    let founding = found(sample, space.distance, rows.nrows(), 1)?;
    let founded = start.elapsed();
    let regions = founding.regions.rows().into_iter().map(|r| r.to_vec()).enumerate();
    let mut router: Router<(usize, usize)> =
        Router::new(space.distance, space.dimension, regions.map(|(i, r)| ((i, 0), r)))?;
    let lists = Lists::create(directory, [1; 32], space)?;
    let mut numbers = BTreeMap::new();
    for (region, cells) in &founding.cells {
        let centres = || cells.rows().into_iter().map(|c| c.to_vec()).enumerate();
        router.add_cells((*region, 0), centres().map(|(i, c)| ((*region, i), c)))?;
        let mut founding = [0; HASH_BYTES];
        founding[..8].copy_from_slice(&region.to_le_bytes());
        let id = |index: usize| CellId { founding: HashRef(founding), index: index as u16 };
        let added = lists.add_cells(centres().map(|(i, c)| (id(i), c)))?;
        numbers.extend(added.into_iter().enumerate().map(|(i, number)| ((*region, i), number)));
    }
    let assigned = router.assign_rows(rows.view());
    let assigned_after = start.elapsed();
    let start = Instant::now();
    let mut builder = lists.builder();
    let mut code = Vec::new();
    for (label, (cell, row)) in assigned.iter().zip(rows.rows()).enumerate() {
        let cell = cell.and_then(|cell| numbers.get(&cell)).ok_or("a row without a cell")?;
        code.clear();
        encode_into(space, &row.to_vec(), &mut code)?;
        builder.push(label as Label, *cell, &code)?;
    }
    lists.add(builder.finish()?)?;
    lists.save(1)?;
    println!(
        "{} rows of {} components; {} cells founded in {founded:.1?}, rows assigned in {:.1?}, encoded and written in {:.1?}",
        rows.nrows(),
        space.dimension,
        numbers.len(),
        assigned_after - founded,
        start.elapsed(),
    );
    Ok(())
}

struct Measured {
    recall: f64,
    /// Rows scored by a search.
    read: f64,
    /// Of each search, ascending.
    times: Vec<Duration>,
    /// Of all searches together.
    processor: Duration,
}

fn recall(
    lists: &Lists,
    queries: &Array2<f32>,
    truth: &[f32],
    rows: &Array2<f32>,
    nprobe: Option<usize>,
) -> Result<Measured, Box<dyn Error>> {
    let (mut hits, mut read, mut times, mut processor) = (0, 0, Vec::new(), Duration::ZERO);
    for (place, truth) in truth.iter().enumerate() {
        let query = row(queries, place);
        let (start, before) = (Instant::now(), processor_time());
        let found = lists.search(&query, &Search { k: K, nprobe, filter: None })?;
        times.push(start.elapsed());
        processor += processor_time() - before;
        read += found.rows_scored;
        let near = |label: Label| kernel::dot(&query, &row(rows, label as usize)) >= truth - TIE;
        hits += found.hits.iter().filter(|hit| near(hit.label)).count();
    }
    times.sort_unstable();
    let searches = truth.len() as f64;
    Ok(Measured {
        recall: hits as f64 / (K as f64 * searches),
        read: read as f64 / searches,
        times,
        processor,
    })
}

/// Allows rows at random, one in `self.0`.
struct OneIn(u32, u32);

impl RowFilter for OneIn {
    fn allows(&self, label: Label) -> bool {
        label.wrapping_add(1).wrapping_mul(0x9e37_79b1) >> 8 < (1 << 24) / self.0
    }

    fn count(&self) -> usize {
        (self.1 / self.0) as usize
    }

    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        (0..self.1).filter(|label| self.allows(*label)).for_each(visit);
    }
}

/// Filtered searches, against scanning every code.
fn filters(lists: &Lists, queries: &Array2<f32>, rows: usize) -> Result<(), Box<dyn Error>> {
    println!("\n  allowed     found of all codes' {K}   cells   scored   searches/s");
    for part in [2, 5, 10, 20, 50, 100, 1000] {
        let filter = OneIn(part, rows as u32);
        let (mut hits, mut wanted, mut cells, mut scored, mut time) = (0, 0, 0, 0, Duration::ZERO);
        let searches = queries.nrows().min(100);
        for place in 0..searches {
            let query = row(queries, place);
            let search = Search { k: K, nprobe: None, filter: Some(&filter) };
            let start = Instant::now();
            let found = lists.search(&query, &search)?;
            time += start.elapsed();
            let all = lists.search(&query, &Search { nprobe: Some(usize::MAX), ..search })?;
            hits += found.hits.iter().filter(|hit| all.hits.contains(hit)).count();
            wanted += all.hits.len();
            cells += found.cells_probed;
            scored += found.rows_scored;
        }
        println!(
            "  1 in {part:4}   {:.4}                {:6.1}  {:7}  {:8.0}",
            hits as f64 / wanted.max(1) as f64,
            cells as f64 / searches as f64,
            scored / searches,
            searches as f64 / time.as_secs_f64(),
        );
    }
    Ok(())
}

/// For each query the score of the last of the K nearest rows.
fn exact(rows: &Array2<f32>, queries: &Array2<f32>) -> Vec<f32> {
    let of_query = |query: usize| {
        let (query, mut best) = (row(queries, query), TopK::new(K));
        (0..rows.nrows()).for_each(|place| best.push(kernel::dot(&query, slice(rows, place)), place));
        best.into_sorted().last().map_or(f32::NEG_INFINITY, |last| last.score)
    };
    (0..queries.nrows()).map(of_query).collect()
}

fn synthetic(rows: usize, queries: usize) -> (Array2<f32>, Array2<f32>) {
    let synthetic = Synthetic::new(7, 384);
    (synthetic.rows(rows), synthetic.queries(queries))
}

fn row(rows: &Array2<f32>, place: usize) -> Vec<f32> {
    slice(rows, place).to_vec()
}

/// Rows in standard layout are slices.
fn slice(rows: &Array2<f32>, place: usize) -> &[f32] {
    rows.row(place).to_slice().unwrap_or_default()
}

/// Reads a matrix of half floats, and gives its rows unit length.
fn load(path: &Path) -> Result<Array2<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let npy = npyz::NpyFile::new(&bytes[..])?;
    let shape = match npy.shape() {
        [rows, columns] => (*rows as usize, *columns as usize),
        other => return Err(format!("expected a matrix, received the shape {other:?}").into()),
    };
    let header = bytes.len() - shape.0 * shape.1 * 2;
    let mut floats = vec![0.0; shape.0 * shape.1];
    decode_row(Encoding::F16, &bytes[header..], &mut floats);
    floats.chunks_exact_mut(shape.1.max(1)).for_each(|row| {
        kernel::normalise(row);
    });
    Ok(Array2::from_shape_vec(shape, floats)?)
}

/// What this thread has used of a processor, where the system says it.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}

/// A line of `/proc/self/status`, where there is one.
fn resident_kb(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
