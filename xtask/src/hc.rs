//! Holochain's own programs: `hc`, to check that it accepts the manifests and packs what we pack, and to make sandboxes;
//! `holochain`, the conductor that runs in them.

use crate::cargo::{CONDUCTOR_PACKAGES, cargo};
use crate::layout::Layout;
use crate::watch::run;
use crate::webapp;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of `hc`, which is that of the conductor.
const HC_VERSION: &str = "0.7.1";

/// Packs the manifests with `hc` and fails unless the bundles are the ones in `workdir/`, byte for byte.
pub fn check_manifests(layout: &Layout) -> Result<()> {
    let hc = hc(layout)?;
    let scratch = layout.target.join("hc-pack");
    std::fs::create_dir_all(&scratch)?;
    let mut bundles =
        vec![("dna", layout.dna_dir(), "rose_forest.dna"), ("app", layout.root.clone(), "rose_forest.happ")];
    if webapp::packed(layout).is_file() {
        bundles.push(("web-app", layout.root.clone(), "rose_forest.webhapp"));
    }
    for (kind, folder, name) in bundles {
        let to = scratch.join(name);
        run(Command::new(&hc).args([kind, "pack"]).arg(&folder).arg("--output").arg(&to))?;
        let ours = unpacked(&layout.workdir().join(name))?;
        ensure!(unpacked(&to)? == ours, "hc {kind} pack makes another bundle than {name} in workdir");
        println!("hc {kind} pack: the same bundle, {} kB unpacked", ours.len() / 1000);
    }
    Ok(())
}

/// The installed `hc`, which is compiled the first time (about seven minutes).
pub fn hc(layout: &Layout) -> Result<PathBuf> {
    let root = layout.target.join("tools").join(format!("holochain_cli-{HC_VERSION}"));
    let program = root.join("bin").join(format!("hc{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        println!("installing hc {HC_VERSION}: about seven minutes the first time");
        let package = format!("holochain_cli@={HC_VERSION}");
        run(cargo(layout, &["install", "--locked", &package, "--root"]).arg(&root))?;
    }
    Ok(program)
}

/// The conductor as a program, and `rose-forest`, both in the folder that is returned.
///
/// It is built in the workspace and not by `cargo install`: with our lock file, and with the packages that decide about
/// features selected as always, everything but the program itself (1 of 897 steps of cargo) is the conductor that we link.
pub fn conductor(layout: &Layout) -> Result<PathBuf> {
    let mut command = cargo(layout, &["build", "--release", "--locked"]);
    command.args(CONDUCTOR_PACKAGES).args(["-p", "holochain", "--bin", "holochain", "--bin", "rose-forest"]);
    run(&mut command)?;
    Ok(layout.target.join("release"))
}

/// What a bundle holds, without the compression, whose bytes depend on the compressor.
fn unpacked(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut content = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(bytes.as_slice());
    std::io::Read::read_to_end(&mut reader, &mut content)
        .with_context(|| format!("{} is not a bundle", path.display()))?;
    Ok(content)
}
