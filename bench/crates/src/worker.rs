//! The process that holds one index: builds it, then answers a line of numbers for each line that it reads.
//!
//! | line | numbers of the answer |
//! |---|---|
//! | (at the start) | seconds and CPU seconds of building, bytes of memory, bytes on disk |
//! | `time EFFORT MS` | recall, median microseconds, queries a second |
//! | `filter EFFORT MS STEP` | the same for searches among one row in `STEP` |
//! | `reopen EFFORT` | milliseconds of saving and of opening, bytes on disk, recall before and after |
//! | `remove EFFORT MS` | seconds of removing every second row, then as `time`, and how many removed rows were found |
//!
//! A crate that cannot do it answers `no`.

use crate::{
    data::{Allowed, K, Vectors, hits, truth},
    numbers::{anonymous_bytes, cpu_time, disk_bytes, median},
    subject::{self, Index},
};
use anyhow::{Context, Result, bail};
use std::{
    io::{self, BufRead, Write},
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Reads vectors, builds, and obeys until standard input ends.
pub fn work(name: &str, folder: &Path) -> Result<()> {
    let rows = Vectors::read(&folder.join("docs.f16.npy"))?;
    let queries = Vectors::read(&folder.join("queries.f16.npy"))?;
    let truth = truth(&rows, &queries, |_| true);
    let files = TempDir::new()?;
    let (memory, cpu, started) = (anonymous_bytes()?, cpu_time()?, Instant::now());
    let index = subject::build(name, &rows, files.path())?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu = (cpu_time()? - cpu).as_secs_f64();
    let memory = anonymous_bytes()? - memory;
    let mut session = Session { rows, queries, truth, index };
    let mut out = io::stdout().lock();
    writeln!(out, "{}", join(&[seconds, cpu, memory as f64, disk_bytes(files.path())? as f64]))?;
    for line in io::stdin().lock().lines() {
        let answer = session.obey(&line?)?;
        writeln!(out, "{}", answer.map_or("no".to_owned(), |numbers| join(&numbers)))?;
        out.flush()?;
    }
    Ok(())
}

fn join(numbers: &[f64]) -> String {
    numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}

/// The numbers of an answer; none if the crate cannot do it.
type Answer = Result<Option<Vec<f64>>>;

struct Session {
    rows: Vectors,
    queries: Vectors,
    /// For each query the score of the last of its neighbours.
    truth: Vec<f32>,
    index: Box<dyn Index>,
}

impl Session {
    fn obey(&mut self, line: &str) -> Answer {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let numbers: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>()?;
        self.index.set_effort(*numbers.first().context("expected an effort")? as usize)?;
        match (command, numbers.as_slice()) {
            ("time", &[_, ms]) => self.time(ms),
            ("filter", &[_, ms, step]) => self.filter(ms, step as u32),
            ("reopen", &[_]) => self.reopen(),
            ("remove", &[_, ms]) => self.remove(ms),
            _ => bail!("no command '{line}'"),
        }
    }

    fn time(&self, ms: u64) -> Answer {
        self.measure(ms, &self.truth, |query| self.index.search(query, K).map(Some))
    }

    fn filter(&self, ms: u64, step: u32) -> Answer {
        let allowed = Allowed::one_in(step, self.rows.len());
        let truth = truth(&self.rows, &self.queries, |row| allowed.allows(row));
        let search = |query: &[f32]| -> Result<Option<Vec<u32>>> {
            let found = self.index.search_allowed(query, K, &allowed)?;
            if let Some(row) = found.iter().flatten().find(|row| !allowed.allows(**row as usize)) {
                bail!("row {row} was found, which is not allowed");
            }
            Ok(found)
        };
        self.measure(ms, &truth, search)
    }

    fn reopen(&mut self) -> Answer {
        let folder = TempDir::new()?;
        let before = self.time(0)?.context("no answers")?;
        let Some(took) = self.index.reopen(folder.path())? else { return Ok(None) };
        let after = self.time(0)?.context("no answers")?;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        Ok(Some(vec![ms(took.save), ms(took.open), disk_bytes(folder.path())? as f64, before[0], after[0]]))
    }

    fn remove(&mut self, ms: u64) -> Answer {
        let removed: Vec<u32> = (0..self.rows.len() as u32).filter(|row| row % 2 == 1).collect();
        let started = Instant::now();
        if !self.index.remove(&removed)? {
            return Ok(None);
        }
        let seconds = started.elapsed().as_secs_f64();
        let truth = truth(&self.rows, &self.queries, |row| row % 2 == 0);
        let mut dead = 0;
        for query in self.queries.iter() {
            dead += self.index.search(query, K)?.iter().filter(|row| **row % 2 == 1).count();
        }
        let left = |query: &[f32]| -> Result<Option<Vec<u32>>> {
            let mut found = self.index.search(query, K)?;
            found.retain(|row| row % 2 == 0);
            Ok(Some(found))
        };
        let Some(mut numbers) = self.measure(ms, &truth, left)? else { return Ok(None) };
        numbers.insert(0, seconds);
        numbers.push(dead as f64);
        Ok(Some(numbers))
    }

    /// Asks all queries in turn, once at least and for so long: recall, median microseconds, queries a second.
    fn measure(&self, ms: u64, truth: &[f32], search: impl Fn(&[f32]) -> Result<Option<Vec<u32>>>) -> Answer {
        let least = Duration::from_millis(ms);
        let (mut found, mut times, mut total) = (0, Vec::new(), Duration::ZERO);
        for pass in 0.. {
            for (query, last) in self.queries.iter().zip(truth) {
                let started = Instant::now();
                let Some(rows) = search(query)? else { return Ok(None) };
                let took = started.elapsed();
                times.push(took.as_secs_f64() * 1e6);
                total += took;
                if pass == 0 {
                    found += hits(&self.rows, query, *last, &rows);
                }
            }
            if total >= least {
                break;
            }
        }
        let recall = found as f64 / (K * self.queries.len()) as f64;
        let per_second = times.len() as f64 / total.as_secs_f64();
        Ok(Some(vec![recall, median(&mut times), per_second]))
    }
}
