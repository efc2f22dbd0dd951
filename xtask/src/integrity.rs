//! Building the integrity wasm so that its bytes are the same for everyone.

use crate::cargo::cargo_for_wasm;
use crate::digest;
use crate::layout::Layout;
use crate::stage::{sources_digest, stage};
use crate::toolchain::{Toolchain, WASM_TARGET};
use crate::wasm::{INTEGRITY, fixed_flags, remapping_flags};
use crate::watch::run;
use anyhow::{Context, Result, ensure};
use std::path::Path;

/// Builds the integrity wasm from the sources as they are and returns its bytes.
pub fn build(layout: &Layout, toolchain: &Toolchain) -> Result<Vec<u8>> {
    let folder = layout.target.join("integrity");
    build_in(layout, toolchain, &folder.join("stage"), &folder.join("build"))
}

/// Builds it from nothing in another folder, with another target directory, and fails if a byte differs.
pub fn check_reproducible(layout: &Layout) -> Result<()> {
    let toolchain = Toolchain::find(layout)?;
    let sources = sources_digest(layout, &toolchain)?;
    let one = build(layout, &toolchain)?;
    // Of another depth and length than the usual one, as folders of other people are.
    let elsewhere = layout.target.join("integrity/elsewhere");
    if elsewhere.exists() {
        std::fs::remove_dir_all(&elsewhere).context("cannot empty the folder of the second build")?;
    }
    let other =
        build_in(layout, &toolchain, &elsewhere.join("a/longer/path/sources"), &elsewhere.join("out"))?;
    ensure!(sources == sources_digest(layout, &toolchain)?, "the sources changed while they were built");
    let hash = digest::hex(&one);
    ensure!(
        one == other,
        "the integrity wasm depends on the folder it is built in: {hash} and {}",
        digest::hex(&other)
    );
    println!("two folders, the same {} bytes: {hash}", one.len());
    Ok(())
}

fn build_in(layout: &Layout, toolchain: &Toolchain, at: &Path, target: &Path) -> Result<Vec<u8>> {
    toolchain.ensure_wasm_target()?;
    let at = stage(layout, at)?;
    let manifest = at.join("Cargo.toml").display().to_string();
    // First the sources of all dependencies, because each registry's folder is remapped by its name.
    let fetch = ["fetch", "--locked", "--target", WASM_TARGET, "--manifest-path", &manifest, "--quiet"];
    run(cargo_for_wasm(layout, &toolchain.channel, &fetch, &[]).current_dir(&at))?;
    let mut flags = fixed_flags();
    flags.extend(remapping_flags(&at, toolchain)?);
    let arguments = [
        "build",
        "--release",
        "--locked",
        "--target",
        WASM_TARGET,
        "--manifest-path",
        &manifest,
        "-p",
        INTEGRITY,
    ];
    let mut command = cargo_for_wasm(layout, &toolchain.channel, &arguments, &flags);
    run(command.current_dir(&at).env("CARGO_TARGET_DIR", target))?;
    let wasm = target.join(WASM_TARGET).join("release").join(format!("{INTEGRITY}.wasm"));
    std::fs::read(&wasm).with_context(|| format!("cannot read {}", wasm.display()))
}
