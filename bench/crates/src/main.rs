//! Rose Forest's graph beside the vector indexes of crates.io, on the same vectors, in one run, in turn.
//!
//!     cargo run --release -- [FOLDER] [--only usearch,hnsw_rs] [--rounds 3] [--ms 300]
//!
//! `FOLDER` has `docs.f16.npy` and `queries.f16.npy`. Each index is built by a process of its own (`--worker NAME`, for this
//! program's own use), so that memory is told apart; all stay alive, and one works at a time. The report is Markdown, on
//! standard output.

mod data;
mod numbers;
mod report;
mod rounds;
mod subject;
mod worker;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

/// What the command line says.
struct Args {
    folder: PathBuf,
    worker: Option<String>,
    only: Vec<String>,
    rounds: usize,
    least_ms: u64,
}

impl Args {
    fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/wordnet-5000");
        let mut args = Self { folder, worker: None, only: Vec::new(), rounds: 3, least_ms: 300 };
        let mut words = words;
        while let Some(word) = words.next() {
            if !word.starts_with("--") {
                args.folder = word.into();
                continue;
            }
            let value = words.next().with_context(|| format!("expected a value after {word}"))?;
            match word.as_str() {
                "--worker" => args.worker = Some(value),
                "--only" => args.only = value.split(',').map(str::to_owned).collect(),
                "--rounds" => args.rounds = value.parse::<usize>()?.max(1),
                "--ms" => args.least_ms = value.parse()?,
                _ => bail!("no argument {word}: --only, --rounds and --ms there are"),
            }
        }
        Ok(args)
    }
}

fn main() -> Result<()> {
    let args = Args::parse(std::env::args().skip(1))?;
    match &args.worker {
        Some(name) => worker::work(name, &args.folder),
        None => rounds::run(&args),
    }
}
