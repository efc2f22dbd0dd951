//! The flags both wasms are built with, and the wasms of coordinator zomes.

use crate::cargo::cargo_for_wasm;
use crate::layout::Layout;
use crate::toolchain::{Toolchain, WASM_TARGET};
use crate::watch::run;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The integrity zome: its crate, and its name in `dna.yaml`.
pub const INTEGRITY: &str = "rose_forest_integrity";
/// The coordinator zome: its crate, and its name in `dna.yaml`.
pub const COORDINATOR: &str = "rose_forest_coordinator";
/// A coordinator zome for tests only, of one who obeys no rule. Never packed.
pub const ADVERSARY: &str = "rose_forest_adversary";

/// Whether the coordinator uses 128-bit vector instructions. Holochain 0.7.1 compiles wasm with wasmer 7
/// and cranelift, where they are on by default. Never the integrity wasm: it must stay as it is, whatever
/// an engine supports.
pub const COORDINATOR_SIMD: bool = true;

/// The largest memory of a zome, in bytes: 1 GiB. With a maximum the engine reserves the memory once.
/// Without, every growth copies everything, and an action costs three times as much.
const MAX_MEMORY_BYTES: u32 = 1 << 30;

/// The flags that do not depend on where things are.
pub fn fixed_flags() -> Vec<String> {
    vec![
        "--cfg".to_owned(),
        "getrandom_backend=\"custom\"".to_owned(),
        format!("-Clink-arg=--max-memory={MAX_MEMORY_BYTES}"),
    ]
}

/// The flags that make every path in the wasm the same on every machine: the sources below `root`, each
/// registry's sources, and the standard library's (whose real path shows when `rust-src` is installed).
pub fn remapping_flags(root: &Path, toolchain: &Toolchain) -> Result<Vec<String>> {
    let library = format!("{}/lib/rustlib/src/rust", toolchain.sysroot);
    let mut pairs = vec![
        (root.display().to_string(), "/rose-forest".to_owned()),
        (library, format!("/rustc/{}", toolchain.commit)),
    ];
    let cargo_home = cargo_home()?;
    pairs.push((cargo_home.display().to_string(), "/cargo".to_owned()));
    // The folder's name depends on the registry's address, so on a mirror it is another one. The last match
    // wins, so this follows the one for the whole of cargo's home.
    let sources = cargo_home.join("registry/src");
    let mut registries = Vec::new();
    if sources.is_dir() {
        for entry in sources.read_dir().with_context(|| format!("cannot list {}", sources.display()))? {
            registries.push(entry?.path().display().to_string());
        }
    }
    registries.sort();
    pairs.extend(registries.into_iter().map(|registry| (registry, "/registry".to_owned())));
    Ok(pairs.into_iter().map(|(from, to)| format!("--remap-path-prefix={from}={to}")).collect())
}

/// Builds the wasm of a coordinator zome from the workspace's own lock file and returns its bytes.
pub fn build_coordinator(layout: &Layout, toolchain: &Toolchain, zome: &str) -> Result<Vec<u8>> {
    toolchain.ensure_wasm_target()?;
    let mut flags = fixed_flags();
    if COORDINATOR_SIMD {
        flags.push("-Ctarget-feature=+simd128".to_owned());
    }
    flags.extend(remapping_flags(&layout.root, toolchain)?);
    let arguments = ["build", "--profile", "wasm", "--locked", "--target", WASM_TARGET, "-p", zome];
    run(&mut cargo_for_wasm(layout, &toolchain.channel, &arguments, &flags))?;
    let wasm = layout.target.join(WASM_TARGET).join("wasm").join(format!("{zome}.wasm"));
    std::fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))
}

fn cargo_home() -> Result<PathBuf> {
    let home = match std::env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => std::env::home_dir().context("no home directory: set CARGO_HOME")?.join(".cargo"),
    };
    Ok(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_libraries_and_registries_are_remapped() {
        let toolchain = Toolchain {
            channel: "1.0.0".to_owned(),
            sysroot: "/toolchain".to_owned(),
            commit: "abc".to_owned(),
        };
        let flags = remapping_flags(Path::new("/somewhere"), &toolchain).unwrap();
        assert!(flags.contains(&"--remap-path-prefix=/somewhere=/rose-forest".to_owned()));
        assert!(flags.contains(&"--remap-path-prefix=/toolchain/lib/rustlib/src/rust=/rustc/abc".to_owned()));
        assert!(flags.iter().any(|flag| flag.ends_with("=/cargo")));
    }
}
