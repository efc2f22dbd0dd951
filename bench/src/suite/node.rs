//! A whole node, as `rose-forest serve` runs it: everything goes through its requests, with the DHT write on.

pub mod announced;
mod drive;
mod running;

use crate::{
    data::{Data, K},
    numbers::{Times, grouped, short},
    report::{Section, Target},
    suite::Options,
};
use anyhow::{Context, Result, ensure};
use rose_forest::requests::{Pulse, Request, Searched};
use rose_forest_api::SearchInput;
use rose_forest_engine::local::{IndexReport, Limits};
use running::{COLLECTION, Running};
use std::time::{Duration, Instant};

/// Rows of one bulk insert: the more there are, the fewer blocks and actions they take, because every cell that gets rows gets
/// a block of its own.
const BULK_ROWS: usize = 50_000;
/// Rows that the node misses while it does not serve.
const MISSED_ROWS: usize = 10_000;
/// How often each query is asked by one client, so that a p99 is more than a few searches.
const ROUNDS: usize = 4;
/// Rows that are written while others search.
const DRIVEN_ROWS_A_SECOND: usize = 500;

/// Limits with which most rows lie on disk.
const ON_DISK: Limits = Limits { memory_bytes: 20 << 20, age: None };

/// See [`super::Suite::Node`].
pub async fn run(options: &Options) -> Result<Section> {
    let driven = DRIVEN_ROWS_A_SECOND * options.seconds as usize;
    let data = Data::synthetic_and_more(options.rows, MISSED_ROWS + driven);
    let name = format!("A whole node, {} synthetic rows of 384 components", grouped(options.rows as i64));
    let mut section = Section::new(name);
    let folder = tempfile::tempdir()?;

    let node = Running::start(folder.path()).await?;
    node.create().await?;
    let begun = Instant::now();
    for start in (0..options.rows).step_by(BULK_ROWS) {
        node.insert(&data, start..(start + BULK_ROWS).min(options.rows), true).await?;
    }
    let rate = options.rows as f64 / begun.elapsed().as_secs_f64();
    section.tell("acknowledged by the chain, bulk", format!("{} rows/s", short(rate)));
    node.until_indexed(options.rows).await?;
    let waiting = node.index().await?.waiting;
    let after = search(&node, &data, options).await?;
    let what = format!("search right after it, one client, {} rows not linked yet", grouped(waiting as i64));
    section.tell(&what, after.times.shown());
    let linked = node.until_linked().await?;
    section.tell("until all are linked", format!("{} s", short(linked.as_secs_f64())));
    let one = search(&node, &data, options).await?;
    section.aim("search, one client, p99", Target::Most(10.0), one.times.quantile(0.99), "ms");
    section.tell("search, one client, median", format!("{} ms", short(one.times.median())));
    section.tell("recall@10 from memory", short(one.recall));
    let index = node.index().await?;
    section.tell("the index in memory", format!("{} bytes a row", index.graph_bytes / index.in_graph.max(1)));
    node.stop().await?;

    let begun = Instant::now();
    let (node, first) = Running::start_answering(folder.path(), &data).await?;
    let what = format!("reopening {} rows, until the first answer", grouped(options.rows as i64));
    section.aim(&what, Target::Most(3.0), first.as_secs_f64(), "s");
    section.tell("the conductor's start beside it", format!("{} s", short(begun.elapsed().as_secs_f64())));
    let begun = Instant::now();
    let node = node.serve();
    node.until_it_answers(&data).await?;
    let in_step = format!("{} s", short(begun.elapsed().as_secs_f64()));
    section.tell("from then until nothing is new in the DHT", in_step);
    node.stop().await?;

    // Without serving, the index is not kept in step: these rows it has to catch up with.
    let quiet = Running::start_without_serving(folder.path()).await?;
    quiet.insert(&data, options.rows..options.rows + MISSED_ROWS, true).await?;
    quiet.stop().await?;
    let (node, _) = Running::start_answering(folder.path(), &data).await?;
    let begun = Instant::now();
    let node = node.serve();
    node.until_it_answers(&data).await?;
    node.until_indexed(options.rows + MISSED_ROWS).await?;
    let what =
        format!("from the conductor's start until {} missed rows are found", grouped(MISSED_ROWS as i64));
    section.aim(&what, Target::Most(2.0), begun.elapsed().as_secs_f64(), "s");

    let first = options.rows + MISSED_ROWS;
    let driven = drive::drive(&node, &data, first..data.rows.nrows(), options).await?;
    driven.tell(&mut section);
    node.stop().await?;

    let begun = Instant::now();
    let node = Running::start_with(folder.path(), ON_DISK).await?.serve();
    node.until_it_answers(&data).await?;
    let index = node.until_on_disk().await?;
    section.tell(
        &format!(
            "from a start with {} MB of memory until rows have moved to disk",
            ON_DISK.memory_bytes >> 20
        ),
        format!("{} of {} rows, {} s", index.in_lists, index.points, short(begun.elapsed().as_secs_f64())),
    );
    let memory = (index.graph_bytes + index.lists_bytes) as f64 / 1e6;
    section.tell("the index in memory then", format!("{} MB", short(memory)));
    let disk = search(&node, &data, options).await?;
    section.tell("search then, one client", disk.times.shown());
    section.tell("recall@10 then", short(disk.recall));
    node.stop().await?;
    Ok(section)
}

struct Measured {
    times: Times,
    recall: f64,
}

async fn search(node: &Running, data: &Data, options: &Options) -> Result<Measured> {
    let queries = options.at_most(data.queries.nrows());
    let (mut times, mut found) = (Times::default(), 0);
    for query in (0..queries).cycle().take(queries * ROUNDS) {
        let vector = data.query(query);
        let begun = Instant::now();
        let Searched { answer, from_memory, .. } = node.search(&vector).await?;
        times.since(begun);
        ensure!(from_memory, "the zome answered");
        found += data.found(query, &answer);
    }
    Ok(Measured { times, recall: found as f64 / (queries * ROUNDS * K) as f64 })
}

impl Running {
    async fn search(&self, vector: &[u8]) -> Result<Searched> {
        let input = SearchInput {
            vector: vector.to_vec(),
            k: K as u32,
            without_payload: true,
            ..SearchInput::default()
        };
        let collection = COLLECTION.to_owned();
        self.ask(Request::Search { collection, by_zome: false, input, filter: None }).await
    }

    /// What the index holds. The zome is not asked: it would be busy with that.
    async fn index(&self) -> Result<IndexReport> {
        let pulses: Vec<Pulse> = self.ask(Request::Pulses).await?;
        let pulse = pulses.into_iter().next();
        Ok(pulse.context("the node does not serve")?.index)
    }

    /// Waits until the index answers, without asking the zome, which would answer in its place.
    async fn until_it_answers(&self, data: &Data) -> Result<()> {
        let begun = Instant::now();
        loop {
            let pulses: Vec<Pulse> = self.ask(Request::Pulses).await?;
            if pulses.iter().any(|pulse| pulse.caught_up && pulse.index.missing == 0) {
                break;
            }
            ensure!(begun.elapsed() < running::DEADLINE, "the index does not answer");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ensure!(self.search(&data.query(0)).await?.from_memory, "the zome answered");
        Ok(())
    }

    /// Waits until the graph takes no more than it may, or no row moves any more.
    async fn until_on_disk(&self) -> Result<IndexReport> {
        let mut before = self.index().await?;
        loop {
            tokio::time::sleep(Duration::from_secs(15)).await;
            let index = self.index().await?;
            if index.graph_bytes <= index.limit_bytes || index.in_lists == before.in_lists {
                return Ok(index);
            }
            before = index;
        }
    }

    /// Waits until no row waits for its links. Returns how long that took.
    async fn until_linked(&self) -> Result<Duration> {
        let begun = Instant::now();
        while self.index().await?.waiting > 0 {
            ensure!(begun.elapsed() < running::DEADLINE, "rows are not linked");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(begun.elapsed())
    }

    /// Waits until the index has so many points.
    async fn until_indexed(&self, points: usize) -> Result<()> {
        let begun = Instant::now();
        loop {
            let index = self.index().await?;
            if index.points >= points as u64 && index.missing == 0 {
                return Ok(());
            }
            ensure!(begun.elapsed() < running::DEADLINE, "{} of {points} points are indexed", index.points);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
