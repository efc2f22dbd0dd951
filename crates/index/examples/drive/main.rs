//! Drives an index for `bench/peers`, which measures it beside other libraries: reads a command a line from standard
//! input, and answers a line of JSON.
//!
//! ```text
//! drive --rows ROWS.npy --queries QUERIES.npy --kind scan [--k 10]
//! ```
//!
//! The commands are in `commands.rs`. What is measured is in `index.rs`: another kind is one more arm there.

mod commands;
mod index;
mod npy;
mod process;

use commands::Session;
use std::{
    error::Error,
    io::{self, BufRead, Write},
    path::PathBuf,
};

/// What can go wrong here is told to a person, who reads it.
type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What the command line says.
struct Args {
    rows: PathBuf,
    queries: PathBuf,
    kind: index::Kind,
    k: usize,
}

impl Args {
    fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let (mut rows, mut queries, mut kind, mut k) = (None, None, index::Kind::Scan, 10);
        let mut words = words;
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("expected a value after {word}"))?;
            match word.as_str() {
                "--rows" => rows = Some(value.into()),
                "--queries" => queries = Some(value.into()),
                "--kind" => kind = value.parse()?,
                "--k" => k = value.parse()?,
                _ => {
                    return Err(
                        format!("no argument {word}: --rows, --queries, --kind and --k there are").into()
                    );
                }
            }
        }
        let rows = rows.ok_or("expected --rows with a matrix in .npy form")?;
        let queries = queries.ok_or("expected --queries with a matrix in .npy form")?;
        Ok(Self { rows, queries, kind, k })
    }
}

fn main() -> Result<()> {
    let args = Args::parse(std::env::args().skip(1))?;
    let mut session = Session::open(&args.rows, &args.queries, args.kind, args.k)?;
    let mut out = io::stdout().lock();
    writeln!(out, r#"{{"ready": "rose-forest-index", "version": "{}"}}"#, env!("CARGO_PKG_VERSION"))?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        if line.trim() == "quit" {
            break;
        }
        let answer = session.obey(&line).unwrap_or_else(|error| commands::error(&error.to_string()));
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
