//! How long a batch takes until it is in the write-ahead log, and when the queue says no.
//!
//!     cargo run --release -p rose-forest-engine --example writer -- [ROWS A SECOND] [SECONDS] [FOLDER]
//!
//! Batches of 10,000 rows of 384 f32, 15.4 MB of vectors each, are handed to a [`Writer`] one after the other, as fast as they
//! are acknowledged. The chain is a stand-in that takes as long as one that commits so many rows a second. Beside it, in turn
//! with every few batches, what the disk itself takes for the same bytes: one write into a new file, and one fdatasync.

use anyhow::{Context, Result};
use rose_forest_api::{InsertInput, PointId, WriteOutput};
use rose_forest_engine::metrics::Metrics;
use rose_forest_engine::writer::{Commit, Refusal, Work, WriteError, Writer};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const ROWS: usize = 10_000;
const DIMENSION: usize = 384;
/// Batches between two looks at the disk alone.
const DISK_EVERY: usize = 4;
/// What a client waits that was told that the queue is full.
const AFTER_NO: Duration = Duration::from_millis(50);

/// A chain that takes its time.
struct Chain {
    rows_per_second: f64,
}

impl Commit for Chain {
    async fn commit(&self, work: Work) -> Result<WriteOutput, Refusal> {
        let rows = work.ids().len() as u32;
        tokio::time::sleep(Duration::from_secs_f64(f64::from(rows) / self.rows_per_second)).await;
        Ok(WriteOutput { rows, ..WriteOutput::default() })
    }
}

/// The temporary folder of a run; removed at its end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rows_per_second: f64 = arguments.next().map_or(Ok(20_000.0), |text| text.parse())?;
    let seconds: f64 = arguments.next().map_or(Ok(20.0), |text| text.parse())?;
    let within = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = Folder(within.join(format!("rose-forest-writer-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).context("cannot create the folder")?;
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    let tell = |sentence: String| println!("the writer says: {sentence}");
    let writer =
        Writer::start(&folder.0.join("log"), Chain { rows_per_second }, tell, metrics.collection("all"))?;
    let batch = batch();
    let started = Instant::now();
    let (mut logged, mut disk, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    let mut first_no = None;
    while started.elapsed().as_secs_f64() < seconds {
        // A client has its rows in memory before it asks.
        let work = numbered(&batch, logged.len() + refused.len());
        let asked = Instant::now();
        match writer.log(work).await {
            Ok(_) => logged.push(asked.elapsed()),
            Err(WriteError::QueueFull { .. }) => {
                first_no.get_or_insert((started.elapsed(), logged.len()));
                refused.push(asked.elapsed());
                tokio::time::sleep(AFTER_NO).await;
            }
            Err(other) => return Err(other.into()),
        }
        if logged.len() == (disk.len() + 1) * DISK_EVERY {
            disk.push(write_and_sync(&folder.0.join("plain"), &batch)?);
        }
    }
    let elapsed = started.elapsed();
    let status = writer.status();
    println!("{rows_per_second} rows a second to the chain, {:.1} s", elapsed.as_secs_f64());
    report("acknowledged, in the log", &mut logged);
    report("the disk alone, the same bytes", &mut disk);
    report("told that the queue is full", &mut refused);
    if let Some((at, batches)) = first_no {
        println!("first no after {:.1} s and {batches} batches", at.as_secs_f64());
    }
    println!(
        "waiting: {} writes, {:.0} MB of {:.0}; logged {}, committed {}",
        status.waiting_writes,
        status.waiting_bytes as f64 / 1e6,
        status.max_bytes as f64 / 1e6,
        status.logged_through,
        status.committed_through
    );
    println!("memory at its highest: {:.0} MB", peak_memory_bytes().unwrap_or_default() as f64 / 1e6);
    let sync = metrics.encode();
    for line in sync.lines().filter(|line| line.contains("wal_sync_seconds_") && !line.contains("_bucket")) {
        println!("{line}");
    }
    let closing = Instant::now();
    writer.close().await;
    println!("closed in {:.0} ms", closing.elapsed().as_secs_f64() * 1e3);
    Ok(())
}

fn batch() -> Work {
    let components = ROWS * DIMENSION;
    let input = InsertInput {
        ids: (0..ROWS as u64).map(PointId::Int).collect(),
        vectors: (0..components).flat_map(|n| ((n * 7919 % 10_007) as f32).to_le_bytes()).collect(),
        payloads: vec![None; ROWS],
    };
    Work::Insert { bulk: true, input }
}

/// A batch with ids of its own, so that none replaces another's rows.
fn numbered(batch: &Work, number: usize) -> Work {
    let mut batch = batch.clone();
    if let Work::Insert { input, .. } = &mut batch {
        let first = (number * ROWS) as u64;
        input.ids = (first..first + ROWS as u64).map(PointId::Int).collect();
    }
    batch
}

/// What a log cannot be faster than.
fn write_and_sync(path: &Path, batch: &Work) -> Result<Duration> {
    let Work::Insert { input, .. } = batch else { return Ok(Duration::ZERO) };
    let mut file = File::create(path)?;
    let started = Instant::now();
    file.write_all(&input.vectors)?;
    file.sync_data()?;
    Ok(started.elapsed())
}

fn report(what: &str, took: &mut [Duration]) {
    took.sort_unstable();
    let Some(last) = took.last() else { return println!("{what}: never") };
    let ms = |at: f64| {
        let place = ((took.len() as f64 * at).ceil() as usize).saturating_sub(1);
        took.get(place).copied().unwrap_or_default().as_secs_f64() * 1e3
    };
    let megabytes = (took.len() * ROWS * DIMENSION * 4) as f64 / 1e6;
    let seconds: f64 = took.iter().map(Duration::as_secs_f64).sum();
    println!(
        "{what}: {} times, p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, longest {:.1} ms; {:.0} MB/s",
        took.len(),
        ms(0.5),
        ms(0.9),
        ms(0.99),
        last.as_secs_f64() * 1e3,
        megabytes / seconds
    );
}

/// What this process had in memory at most, where the system says so.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
