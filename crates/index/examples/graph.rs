//! Recall, speed, time to build and memory of the graph index.
//!
//!     cargo run --release -p rose-forest-index --example graph -- --rows docs.f16.npy --queries queries.f16.npy
//!     cargo run --release -p rose-forest-index --example graph -- --synthetic 100000,384
//!
//! Recall@10 is against the exact neighbours by the vectors as they are in the file; a near tie (1e-4) at the last place counts.

#[path = "graph/args.rs"]
mod args;
#[path = "graph/data.rs"]
mod data;

use args::Args;
use data::{K, Vectors};
use rose_forest_core::{Space, encode::encode_into};
use rose_forest_index::{
    Label, RowFilter,
    graph::{Graph, GraphParams, scan_is_cheaper},
    kernel::Query,
};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

type Error = Box<dyn std::error::Error>;

/// Whatever is measured is repeated for this long at least.
const AT_LEAST: Duration = Duration::from_millis(1500);

fn main() -> Result<(), Error> {
    let args = Args::parse()?;
    let (rows, queries) = data::load(&args)?;
    let space = Space { dimension: rows.dimension, distance: args.distance, encoding: args.encoding };
    let truth = data::truth(space, &rows, &queries)?;
    let mut codes = Vec::with_capacity(rows.len() * space.code_bytes());
    for row in rows.iter() {
        encode_into(space, row, &mut codes)?;
    }
    let labels: Vec<Label> = (0..rows.len() as u32).collect();
    let params = GraphParams { m: args.m, ef_construction: args.ef_construction, ..GraphParams::default() };
    let graph = Graph::new(space, params)?;
    let start = Instant::now();
    graph.extend(&labels, &codes, args.threads, &|_| ())?;
    let build = start.elapsed().as_secs_f64();
    let memory = graph.memory_bytes();
    drop(codes);
    let mut lines = vec![format!(
        "{{\"rows\":{},\"dimension\":{},\"m\":{},\"ef_construction\":{},\"threads\":{},\"build_s\":{build:.2},\"memory_bytes\":{memory}}}",
        rows.len(),
        rows.dimension,
        args.m,
        args.ef_construction,
        args.threads,
    )];
    if !args.json {
        println!(
            "{} rows, {} components: built in {build:.1} s by {} threads, {:.0} MB ({:.0} bytes a row)",
            rows.len(),
            rows.dimension,
            args.threads,
            memory as f64 / 1e6,
            memory as f64 / rows.len() as f64,
        );
        println!("    ef  recall@{K}  1 thread  2 threads  p50 us  p99 us");
    }
    let prepared = queries.iter().map(|q| Query::new(space, q)).collect::<Result<Vec<_>, _>>()?;
    for ef in &args.ef {
        let mut found = 0;
        for ((query, vector), truth) in prepared.iter().zip(queries.iter()).zip(&truth) {
            let hits = graph.search(query, K, *ef, None)?;
            found += truth.hits(space, vector, &rows, hits.iter().map(|hit| hit.label));
        }
        let recall = found as f64 / (K * queries.len()) as f64;
        let [one, two] = [1, 2].map(|threads| speed(&graph, &queries, *ef, threads));
        let (p50, p99) = (one.percentile(0.5), one.percentile(0.99));
        if !args.json {
            println!(
                "{ef:6}    {recall:.4}  {:8.0}   {:8.0}  {p50:6.0}  {p99:6.0}",
                one.per_second, two.per_second
            );
        }
        lines.push(format!(
            "{{\"ef\":{ef},\"recall\":{recall:.4},\"qps_1\":{:.0},\"qps_2\":{:.0},\"p50_us\":{p50:.0},\"p99_us\":{p99:.0}}}",
            one.per_second, two.per_second
        ));
    }
    if args.filter {
        filtered(&graph, &prepared)?;
    }
    if args.image {
        image(&graph)?;
    }
    if args.json {
        println!("[{}]", lines.join(",\n "));
    }
    Ok(())
}

struct Speed {
    per_second: f64,
    times_us: Vec<f64>,
}

impl Speed {
    fn percentile(&self, share: f64) -> f64 {
        let at = ((self.times_us.len() - 1) as f64 * share) as usize;
        self.times_us.get(at).copied().unwrap_or(0.0)
    }
}

/// Searches for all queries in turn, by so many threads; preparing the query is part of it.
fn speed(graph: &Graph, queries: &Vectors, ef: usize, threads: usize) -> Speed {
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    let work = || {
        let mut times = Vec::new();
        while start.elapsed() < AT_LEAST {
            let query = queries.row(next.fetch_add(1, Ordering::Relaxed) % queries.len());
            let begin = Instant::now();
            let hits = Query::new(graph.space(), query).map(|query| graph.search(&query, K, ef, None));
            times.push(begin.elapsed().as_secs_f64() * 1e6);
            assert!(matches!(hits, Ok(Ok(hits)) if hits.len() == K));
        }
        times
    };
    let mut times_us: Vec<f64> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut times = work();
        others.into_iter().for_each(|other| times.extend(other.join().unwrap_or_default()));
        times
    });
    let per_second = times_us.len() as f64 / start.elapsed().as_secs_f64();
    times_us.sort_by(f64::total_cmp);
    Speed { per_second, times_us }
}

/// One row in so many.
struct OneIn {
    step: u32,
    rows: u32,
    /// What the search is told.
    count: usize,
}

impl RowFilter for OneIn {
    fn allows(&self, label: Label) -> bool {
        label.wrapping_mul(0x9e37_79b1).is_multiple_of(self.step)
    }

    fn count(&self) -> usize {
        self.count
    }

    fn for_each(&self, visit: &mut dyn FnMut(Label)) {
        (0..self.rows).filter(|label| self.allows(*label)).for_each(visit);
    }
}

/// Walk against scan, for filters that leave one row in so many.
fn filtered(graph: &Graph, queries: &[Query]) -> Result<(), Error> {
    println!("one row in    allowed  walk us  recall@{K}  scan us  scan is chosen");
    for step in [2, 5, 10, 20, 30, 50, 100, 200, 500, 1000] {
        let rows = graph.len() as u32;
        let mut filter = OneIn { step, rows, count: rows as usize };
        let mut allowed = Vec::new();
        filter.for_each(&mut |label| allowed.push(label));
        let ef = rose_forest_index::graph::DEFAULT_EF_SEARCH;
        let queries = &queries[..queries.len().min(200)];
        let (mut found, mut there) = (0, 0);
        let (mut walk, mut scan) = (Duration::ZERO, Duration::ZERO);
        for query in queries {
            // As if all were allowed: it walks.
            filter.count = rows as usize;
            let start = Instant::now();
            let hits = graph.search(query, K, ef, Some(&filter))?;
            walk += start.elapsed();
            filter.count = allowed.len();
            let start = Instant::now();
            let exact = graph.search_exact(query, K, Some(&filter))?;
            scan += start.elapsed();
            found += exact.iter().filter(|hit| hits.contains(hit)).count();
            there += exact.len();
        }
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / queries.len() as f64;
        println!(
            "{step:10}  {:9}  {:7.0}    {:.4}  {:7.0}  {}",
            allowed.len(),
            micros(walk),
            found as f64 / there.max(1) as f64,
            micros(scan),
            scan_is_cheaper(allowed.len(), rows as usize, ef),
        );
    }
    Ok(())
}

/// Time to write the graph and to read it back.
fn image(graph: &Graph) -> Result<(), Error> {
    let mut bytes = Vec::with_capacity(graph.memory_bytes());
    let start = Instant::now();
    graph.write_to(&mut bytes)?;
    let written = start.elapsed();
    let start = Instant::now();
    let back = Graph::read_from(graph.space(), &bytes)?;
    let read = start.elapsed();
    println!(
        "image: {} bytes, written in {written:.2?}, {} rows read in {read:.2?}",
        bytes.len(),
        back.len()
    );
    Ok(())
}
