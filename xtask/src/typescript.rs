//! The TypeScript of `clients/js/src/generated`: the types that cross the websocket and the functions of the
//! coordinator zome, from the Rust sources.
//!
//! Sources are read, not compiled: nothing is added to the crates that become wasm or are linked by the conductor. What is
//! not understood (an attribute of serde's, a type) is an error that names it, so that no type is ever guessed.

mod model;
mod print;
mod read;
mod serde_words;
mod types;

use crate::layout::Layout;
use crate::stage::write_if_changed;
use anyhow::{Context, Result, bail, ensure};
use model::Sources;
use std::path::{Path, PathBuf};

/// Where the types of the wire are.
const API: &str = "crates/api/src";
/// Where those are that are part of the rules, too.
const RULES: &str = "crates/rules/src";
/// Where the functions are.
const FUNCTIONS: &str = "zomes/coordinator/src/lib.rs";
/// What is written.
const OUTPUT: &str = "clients/js/src/generated/zome.ts";

/// Writes the file anew.
pub fn write(layout: &Layout) -> Result<()> {
    let to = layout.root.join(OUTPUT);
    write_if_changed(&to, generate(layout)?.as_bytes())?;
    println!("{}: the types of {API} and the functions of {FUNCTIONS}", layout.shown(&to));
    Ok(())
}

/// Fails unless the file is what the sources say.
pub fn check(layout: &Layout) -> Result<()> {
    let path = layout.root.join(OUTPUT);
    let current =
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if current != generate(layout)? {
        bail!("{OUTPUT} is not what the sources say: run `cargo xtask js-types`");
    }
    println!("{OUTPUT} is what the sources say");
    Ok(())
}

fn generate(layout: &Layout) -> Result<String> {
    let mut sources = Sources::default();
    for folder in [API, RULES] {
        for path in rust_files(&layout.root.join(folder))? {
            read::file(&path, folder == API, &mut sources)?;
        }
    }
    read::functions(&layout.root.join(FUNCTIONS), &mut sources)?;
    let functions: Vec<_> = sources.functions.iter().map(|function| function.name.as_str()).collect();
    ensure!(
        sources.listed == functions,
        "{API}: the constant FUNCTIONS lists {:?}, and {FUNCTIONS} has {functions:?}",
        sources.listed
    );
    print::module(&sources)
}

/// The files of a folder, without its subfolders, in the order of their names.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
