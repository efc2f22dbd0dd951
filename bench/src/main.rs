//! What Rose Forest costs, measured on real conductors: `cargo bench-happ`.
//!
//! Every suite starts conductors of its own in this process, works through the zomes of the packed DNA, and
//! fills one section of a Markdown report: what was wanted, what was measured. Nothing here fails because a
//! number is bad; it says so. Numbers from a machine that does something else meanwhile mean little.

mod busy;
mod data;
mod dna;
mod numbers;
mod report;
mod site;
mod suite;

use anyhow::Result;
use clap::Parser;
use report::Report;
use std::path::PathBuf;
use suite::Suite;

/// Measures Rose Forest and writes a Markdown report.
#[derive(Parser)]
struct Args {
    /// What to measure; everything when nothing is named.
    #[arg(value_enum)]
    suites: Vec<Suite>,
    /// The report. Sections of suites that do not run stay as they are. `-` prints instead, which is also what
    /// happens when suites are named and no report is.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The folder with the 20,000 WordNet vectors. Without it, the 5,000 that ship with the repository.
    #[arg(long, env = "ROSE_FOREST_WORDNET")]
    wordnet: Option<PathBuf>,
    /// At most so many queries or runs each: for trying things out.
    #[arg(long)]
    few: Option<usize>,
    /// Rows in the collection of the suite `node`.
    #[arg(long, default_value_t = 100_000)]
    rows: usize,
    /// Seconds for which that suite writes and searches at once.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    busy::watch()?;
    // As the program does.
    rose_forest::page_cache::enlarge()?;
    let out = match (&args.out, args.suites.is_empty()) {
        (Some(path), _) if path.as_os_str() == "-" => None,
        (Some(path), _) => Some(path.clone()),
        (None, true) => Some(dna::repository().join("docs/BENCHMARKS.md")),
        (None, false) => None,
    };
    let suites = if args.suites.is_empty() { Suite::all() } else { args.suites };
    let options =
        suite::Options { wordnet: args.wordnet, few: args.few, rows: args.rows, seconds: args.seconds };
    let mut report = Report::open(out)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for suite in suites {
        eprintln!("measuring {suite:?}");
        let section = runtime.block_on(suite.run(&options))?;
        report.put(section)?;
    }
    Ok(())
}
