//! The commands of `bench/peers/peers/worker.py`, which does the same for libraries with a Python interface:
//!
//! | command | answer |
//! |---|---|
//! | `build THREADS` | `nanoseconds`, `anonymous_before_bytes` and `anonymous_bytes`, `peak_bytes`, `disk_bytes`, `loaded` |
//! | `search EFFORT THREADS` | `ids` of all queries |
//! | `time EFFORT THREADS MS` | `queries` that were answered, in batches of all, and the `nanoseconds`, at least so many |
//! | `single EFFORT MS` | `nanoseconds` of each of as many single calls as fit |
//! | `empty` | `nanoseconds` of single calls to an index of one row |
//! | `memory` | `anonymous_bytes`, `file_bytes`, `peak_bytes` |

use crate::{
    Result,
    index::{self, Index, Kind},
    npy::Matrix,
    process::Memory,
};
use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Single calls of `empty`.
const EMPTY_CALLS: usize = 2000;
/// No query is asked more often by `single`.
const SINGLE_PASSES: usize = 20;

/// Rows, queries, and the index once it is built.
pub struct Session {
    rows: Matrix,
    queries: Vec<Vec<f32>>,
    kind: Kind,
    k: usize,
    index: Option<Box<dyn Index>>,
}

impl Session {
    /// Opens both files.
    pub fn open(rows: &Path, queries: &Path, kind: Kind, k: usize) -> Result<Self> {
        let (rows, queries) = (Matrix::open(rows)?, Matrix::open(queries)?);
        if rows.columns() != queries.columns() {
            let (expected, received) = (rows.columns(), queries.columns());
            return Err(format!("expected queries of {expected} components, received {received}").into());
        }
        let queries = (0..queries.rows()).map(|query| queries.row(query)).collect();
        Ok(Self { rows, queries, kind, k, index: None })
    }

    /// Does what a line says; the answer is a line of JSON.
    pub fn obey(&mut self, line: &str) -> Result<String> {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let numbers: Vec<usize> = words
            .map(|word| word.parse().map_err(|_| format!("expected a number, received {word}")))
            .collect::<std::result::Result<_, _>>()?;
        match (command, numbers.as_slice()) {
            ("build", &[threads]) => self.build(threads),
            ("search", &[effort, threads]) => self.search(effort, threads),
            ("time", &[effort, threads, least_ms]) => self.time(effort, threads, least_ms),
            ("single", &[effort, most_ms]) => self.single(effort, most_ms),
            ("empty", &[]) => self.empty(),
            ("memory", &[]) => memory(),
            _ => Err(format!("no command '{line}'").into()),
        }
    }

    fn build(&mut self, threads: usize) -> Result<String> {
        let before = Memory::now()?;
        let started = Instant::now();
        let index = index::build(self.kind, &self.rows, self.rows.rows(), threads)?;
        let nanoseconds = started.elapsed().as_nanos();
        let disk = index.disk_bytes()?;
        self.index = Some(index);
        let after = Memory::now()?;
        Ok(format!(
            r#"{{"nanoseconds": {nanoseconds}, "anonymous_before_bytes": {}, "anonymous_bytes": {}, "file_bytes": {}, "peak_bytes": {}, "disk_bytes": {disk}, "loaded": false}}"#,
            before.anonymous, after.anonymous, after.file, after.peak
        ))
    }

    fn search(&self, effort: usize, threads: usize) -> Result<String> {
        let ids = batch(self.built()?, &self.queries, self.k, effort, threads)?;
        let ids: Vec<_> = ids.into_iter().map(list).collect();
        Ok(format!(r#"{{"ids": [{}]}}"#, ids.join(", ")))
    }

    fn time(&self, effort: usize, threads: usize, least_ms: usize) -> Result<String> {
        let index = self.built()?;
        let least = Duration::from_millis(u64::try_from(least_ms)?);
        // Warms caches, as the other workers do.
        batch(index, &self.queries[..self.queries.len().min(32)], self.k, effort, threads)?;
        let (started, mut queries) = (Instant::now(), 0);
        loop {
            batch(index, &self.queries, self.k, effort, threads)?;
            queries += self.queries.len();
            let taken = started.elapsed();
            if taken >= least {
                return Ok(format!(r#"{{"queries": {queries}, "nanoseconds": {}}}"#, taken.as_nanos()));
            }
        }
    }

    fn single(&self, effort: usize, most_ms: usize) -> Result<String> {
        let most = Duration::from_millis(u64::try_from(most_ms)?);
        let queries = self.queries.iter().cycle().take(self.queries.len() * SINGLE_PASSES);
        single_calls(self.built()?, queries, self.k, effort, most)
    }

    fn empty(&self) -> Result<String> {
        let index = index::build(self.kind, &self.rows, 1, 1)?;
        let queries = self.queries.iter().take(1).cycle().take(EMPTY_CALLS);
        single_calls(index.as_ref(), queries, 1, 1, Duration::from_secs(1))
    }

    fn built(&self) -> Result<&dyn Index> {
        self.index.as_deref().ok_or_else(|| "nothing is built yet: send 'build THREADS' first".into())
    }
}

/// Answers all queries, in their order, by as many threads, which take the next query when they are done with one.
fn batch(
    index: &dyn Index,
    queries: &[Vec<f32>],
    k: usize,
    effort: usize,
    threads: usize,
) -> Result<Vec<Vec<u32>>> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Vec<u32>)>> {
        let mut found = Vec::new();
        while let Some((number, query)) = take(&next, queries) {
            found.push((number, index.search(query, k, effort)?));
        }
        Ok(found)
    };
    let mut found = thread::scope(|scope| {
        // This thread is one of them.
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut found = work()?;
        for other in others {
            found.append(&mut other.join().unwrap_or_else(|_| Err("a thread panicked".into()))?);
        }
        Result::Ok(found)
    })?;
    found.sort_unstable_by_key(|(number, _)| *number);
    Ok(found.into_iter().map(|(_, ids)| ids).collect())
}

fn take<'a>(next: &AtomicUsize, queries: &'a [Vec<f32>]) -> Option<(usize, &'a Vec<f32>)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    queries.get(number).map(|query| (number, query))
}

/// Nanoseconds of each call, until there are no more queries or all took `most`.
fn single_calls<'a>(
    index: &dyn Index,
    queries: impl Iterator<Item = &'a Vec<f32>>,
    k: usize,
    effort: usize,
    most: Duration,
) -> Result<String> {
    let (mut times, mut total) = (Vec::new(), Duration::ZERO);
    for query in queries {
        let started = Instant::now();
        let found = index.search(query, k, effort)?;
        let taken = started.elapsed();
        std::hint::black_box(found);
        times.push(taken.as_nanos());
        total += taken;
        if total >= most {
            break;
        }
    }
    Ok(format!(r#"{{"nanoseconds": {}}}"#, list(times)))
}

fn memory() -> Result<String> {
    let Memory { anonymous, file, peak } = Memory::now()?;
    Ok(format!(r#"{{"anonymous_bytes": {anonymous}, "file_bytes": {file}, "peak_bytes": {peak}}}"#))
}

fn list(numbers: impl IntoIterator<Item = impl ToString>) -> String {
    let numbers: Vec<_> = numbers.into_iter().map(|number| number.to_string()).collect();
    format!("[{}]", numbers.join(", "))
}

/// An error as a line of JSON.
pub fn error(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| match c {
            '"' | '\\' => '\'',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    format!(r#"{{"error": "{text}"}}"#)
}
