//! The commands behind `cargo demo`, `cargo verify`, `cargo bench-happ` and `cargo pack`.
//!
//! xtask builds both wasms with the flags they need, packs them, and runs everything else through cargo in
//! one shared target directory. It links nothing of the conductor, so that it compiles in seconds.

mod browser;
mod cargo;
mod clients;
mod demo;
mod digest;
mod hc;
mod integrity;
mod javascript;
mod layout;
mod manifest;
mod pack;
mod page;
mod release;
mod stage;
mod toolchain;
mod typescript;
mod verify;
mod wasm;
mod watch;
mod webapp;

use anyhow::Result;
use clap::{Parser, Subcommand};
use layout::Layout;
use std::process::ExitCode;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Builds, packs, tests and demonstrates Rose Forest.")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build what is missing and run `rose-forest demo`; further arguments go to it.
    Demo {
        /// Passed to `rose-forest demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Check everything, the way CI does.
    Verify(verify::Options),
    /// Build and run the benchmarks of the hApp; further arguments go to them.
    BenchHapp {
        /// Passed to `rose-forest-bench`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Build the wasms and the web page, and pack workdir/rose_forest.dna, .happ and .webhapp.
    Pack,
    /// Build the integrity wasm from two folders and compare the bytes.
    Reproducible,
    /// Accept the integrity wasm as it is now (another one starts a new network), and release it with the coordinator zome of
    /// the sources.
    ReleaseDna {
        /// Replace the released DNA of this version. Only while nobody has used it.
        #[arg(long)]
        replace: bool,
    },
    /// Write the types and functions of clients/js anew from the Rust sources.
    JsTypes,
    /// Write zomes/integrity/wasm.lock anew from the workspace's Cargo.lock.
    LockIntegrity,
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let layout = Layout::find()?;
    match command {
        Command::Demo { rest } => demo::demo(&layout, &rest)?,
        Command::Verify(options) => return verify::run(&layout, &options),
        Command::BenchHapp { rest } => demo::bench(&layout, &rest)?,
        Command::Pack => pack::pack_all(&layout)?,
        Command::Reproducible => integrity::check_reproducible(&layout)?,
        Command::ReleaseDna { replace } => release::release(&layout, replace)?,
        Command::JsTypes => typescript::write(&layout)?,
        Command::LockIntegrity => stage::lock(&layout)?,
    }
    Ok(ExitCode::SUCCESS)
}
