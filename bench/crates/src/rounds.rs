//! Starts a process for each index, and asks them in turn.

use crate::{
    Args,
    numbers::{load, median},
    report::{self, Measured, Point},
    subject::NAMES,
};
use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Candidates that searches keep.
pub const EFFORTS: [usize; 5] = [16, 32, 64, 128, 256];
/// At which filters, removing and saving are measured.
pub const EFFORT: usize = 128;
/// One row in so many is allowed.
pub const STEPS: [u32; 2] = [10, 100];

/// Builds all, measures all, prints the report.
pub fn run(args: &Args) -> Result<()> {
    let mut workers = Vec::new();
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| name.starts_with(only));
    for name in NAMES.into_iter().filter(|name| wanted(name)) {
        eprintln!("building {name}");
        match Worker::start(name, &args.folder) {
            Ok(worker) => {
                eprintln!("  {:.1} s", worker.built.first().unwrap_or(&0.0));
                workers.push(worker);
            }
            Err(error) => eprintln!("{name} is left out: {error:#}"),
        }
    }
    let before = load()?;
    let mut times = vec![vec![Vec::new(); EFFORTS.len()]; workers.len()];
    for round in 0..args.rounds {
        eprintln!("round {} of {}", round + 1, args.rounds);
        for (effort, at) in EFFORTS.iter().zip(0..) {
            for turn in 0..workers.len() {
                // Each round begins with another.
                let which = (turn + round) % workers.len();
                let line = format!("time {effort} {}", args.least_ms);
                let numbers = workers[which].ask(&line)?.context("no answer to a search")?;
                times[which][at].push(numbers);
            }
        }
    }
    let after = load()?;
    let mut measured = Vec::new();
    for (worker, times) in workers.iter().zip(&times) {
        let points = times.iter().map(|rounds| point(rounds)).collect();
        let (name, built) = (worker.name, worker.built.clone());
        measured.push(Measured { name, built, points, filtered: Vec::new(), reopened: None, removed: None });
    }
    println!("{}", report::searched(&measured));
    println!("Load of one and five minutes before the rounds: {before}; after: {after}.");
    // Some take long to remove: each line is printed when it is known.
    println!("{}", report::rest_head());
    for (worker, one) in workers.iter_mut().zip(&mut measured) {
        for step in STEPS {
            one.filtered.push(worker.ask(&format!("filter {EFFORT} {} {step}", args.least_ms))?);
        }
        one.reopened = worker.ask(&format!("reopen {EFFORT}"))?;
        one.removed = worker.ask(&format!("remove {EFFORT} {}", args.least_ms))?;
        println!("{}", report::rest(one));
    }
    for worker in &mut workers {
        worker.end()?;
    }
    Ok(())
}

/// Medians over the rounds.
fn point(rounds: &[Vec<f64>]) -> Point {
    let column =
        |at: usize| median(&mut rounds.iter().filter_map(|n| n.get(at).copied()).collect::<Vec<_>>());
    Point { recall: column(0), micros: column(1), per_second: column(2) }
}

/// A process that holds one index.
struct Worker {
    name: &'static str,
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    /// What it said when it had built.
    built: Vec<f64>,
}

impl Worker {
    fn start(name: &'static str, folder: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(folder)
            .args(["--worker", name])
            // Some build by rayon.
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().context("a process without output")?);
        let mut this = Self { name, child, to, from, built: Vec::new() };
        this.built = this.answer()?.context("nothing was built")?;
        Ok(this)
    }

    fn ask(&mut self, line: &str) -> Result<Option<Vec<f64>>> {
        writeln!(self.to.as_mut().context("it has ended")?, "{line}")?;
        self.answer().with_context(|| format!("{} was asked: {line}", self.name))
    }

    fn answer(&mut self) -> Result<Option<Vec<f64>>> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.from.read_line(&mut line)? == 0 {
                bail!("the process of {} ended: {}", self.name, self.child.wait()?);
            }
            if line.trim() == "no" {
                return Ok(None);
            }
            // Libraries print to standard output too.
            let numbers: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
            match numbers {
                Ok(numbers) if !numbers.is_empty() => return Ok(Some(numbers)),
                _ => eprint!("{}: {line}", self.name),
            }
        }
    }

    fn end(&mut self) -> Result<()> {
        self.to = None;
        self.child.wait()?;
        Ok(())
    }
}
