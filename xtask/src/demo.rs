//! `cargo demo` and `cargo bench-happ`: build what is missing, then become the program.

use crate::cargo::{CONDUCTOR_PACKAGES, cargo};
use crate::layout::Layout;
use crate::pack::pack_if_stale;
use crate::page;
use crate::watch::run;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// Names a DNA that the program uses before the released ones that are built into it.
pub const DNA_VARIABLE: &str = "ROSE_FOREST_DNA";

/// The packed DNA: the coordinator zome of the sources, which may be newer than the released one.
pub fn packed_dna(layout: &Layout) -> PathBuf {
    layout.workdir().join("rose_forest.dna")
}

/// Runs `rose-forest demo` with these arguments.
pub fn demo(layout: &Layout, rest: &[String]) -> Result<()> {
    prepare(layout)?;
    become_program(program(layout, "rose-forest").arg("demo").args(rest))
}

/// Runs `rose-forest-bench` with these arguments.
pub fn bench(layout: &Layout, rest: &[String]) -> Result<()> {
    prepare(layout)?;
    become_program(program(layout, "rose-forest-bench").args(rest))
}

/// Builds the programs that link the conductor, and first the web page, which is built into one of them.
pub fn build_programs(layout: &Layout) -> Result<()> {
    page::build(layout)?;
    run(cargo(layout, &["build", "--release", "--locked"]).args(CONDUCTOR_PACKAGES))
}

/// A built program, to be run where the user is, so that paths mean what the user means.
pub fn program(layout: &Layout, name: &str) -> Command {
    let path = layout.target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(path);
    command.env(DNA_VARIABLE, packed_dna(layout));
    command
}

fn prepare(layout: &Layout) -> Result<()> {
    pack_if_stale(layout)?;
    if !layout.target.join("release/rose-forest").exists() {
        println!("building the program: the conductor takes about twenty minutes the first time");
    }
    build_programs(layout)
}

/// Replaces this process, so that an interrupt reaches the program alone and its exit status is ours.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let problem = command.exec();
    Err(problem).with_context(|| format!("cannot run {}", crate::cargo::shown(command)))
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<()> {
    run(command)
}
