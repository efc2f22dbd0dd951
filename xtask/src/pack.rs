//! Packing `workdir/rose_forest.dna` and `.happ`, and telling when they are stale.

use crate::digest;
use crate::layout::Layout;
use crate::manifest::{AppManifest, DnaManifest};
use crate::page;
use crate::release;
use crate::stage::write_if_changed;
use crate::toolchain::Toolchain;
use crate::webapp;
use crate::wasm::{ADVERSARY, COORDINATOR, INTEGRITY, build_coordinator};
use anyhow::{Context, Result};
use mr_bundle::{FileSystemBundler, Manifest};
use std::path::Path;

/// What the packed files are made of, and this program, which decides how.
const INPUTS: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "happ.yaml",
    "dnas/rose_forest/dna.yaml",
    "dnas/rose_forest/integrity.sha256",
    "crates/rules",
    "crates/core",
    "crates/api",
    "zomes/integrity",
    "zomes/coordinator",
    "xtask",
];

/// Builds both wasms and the web page and packs them, and builds the zome that only tests use.
pub fn pack_all(layout: &Layout) -> Result<()> {
    pack(layout)?;
    page::build(layout)?;
    webapp::pack(layout)?;
    let adversary = build_coordinator(layout, &Toolchain::find(layout)?, ADVERSARY)?;
    write_if_changed(&layout.packed_wasm(ADVERSARY), &adversary)
}

/// Builds both wasms and packs them.
fn pack(layout: &Layout) -> Result<()> {
    let toolchain = Toolchain::find(layout)?;
    let integrity = release::choose(layout, &toolchain)?;
    println!("{}", integrity.said);
    pack_with(layout, &toolchain, &integrity.bytes)?;
    record_inputs(layout)
}

/// Packs unless what is packed is what the sources say.
pub fn pack_if_stale(layout: &Layout) -> Result<()> {
    let outputs = ["rose_forest.dna", "rose_forest.happ"].map(|name| layout.workdir().join(name));
    let recorded = std::fs::read_to_string(recorded_inputs(layout)).ok();
    if is_stale(recorded.as_deref(), &inputs_digest(layout)?, outputs.iter().all(|path| path.is_file())) {
        println!("packing the hApp");
        pack(layout)?;
    }
    Ok(())
}

/// Packs this integrity wasm with the coordinator wasm of the sources.
pub fn pack_with(layout: &Layout, toolchain: &Toolchain, integrity: &[u8]) -> Result<()> {
    let coordinator = build_coordinator(layout, toolchain, COORDINATOR)?;
    write_if_changed(&layout.packed_wasm(INTEGRITY), integrity)?;
    write_if_changed(&layout.packed_wasm(COORDINATOR), &coordinator)?;
    let dna = layout.workdir().join("rose_forest.dna");
    let app = layout.workdir().join("rose_forest.happ");
    bundle::<DnaManifest>(&layout.dna_dir().join(DnaManifest::file_name()), &dna)?;
    bundle::<AppManifest>(&layout.root.join(AppManifest::file_name()), &app)?;
    println!(
        "packed {}: integrity {} kB, coordinator {} kB, together {} kB",
        layout.shown(&app),
        integrity.len() / 1000,
        coordinator.len() / 1000,
        std::fs::metadata(&app)?.len() / 1000
    );
    Ok(())
}

/// Remembers what the packed files were made of.
pub fn record_inputs(layout: &Layout) -> Result<()> {
    write_if_changed(&recorded_inputs(layout), inputs_digest(layout)?.as_bytes())
}

/// Writes the bundle of a manifest file and the files that it names.
pub fn bundle<M: Manifest>(manifest: &Path, to: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let packed = runtime
        .block_on(FileSystemBundler::bundle::<M>(manifest))
        .and_then(|bundle| bundle.pack())
        .with_context(|| format!("cannot pack {}", manifest.display()))?;
    write_if_changed(to, &packed)
}

fn inputs_digest(layout: &Layout) -> Result<String> {
    digest::of_files(&layout.root, &INPUTS, &[])
}

fn recorded_inputs(layout: &Layout) -> std::path::PathBuf {
    layout.workdir().join("rose_forest.inputs")
}

fn is_stale(recorded: Option<&str>, current: &str, outputs_exist: bool) -> bool {
    !outputs_exist || recorded != Some(current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_unrecorded_or_changed_is_stale() {
        assert!(is_stale(Some("a"), "a", false));
        assert!(is_stale(None, "a", true));
        assert!(is_stale(Some("a"), "b", true));
        assert!(!is_stale(Some("a"), "a", true));
    }

    #[test]
    fn a_manifest_and_its_files_become_a_bundle() {
        let dir = tempfile::tempdir().unwrap();
        let dna = dir.path().join("dnas/rose_forest/dna.yaml");
        write_if_changed(&dna, include_bytes!("../../dnas/rose_forest/dna.yaml")).unwrap();
        for zome in [INTEGRITY, COORDINATOR] {
            let wasm = dir.path().join("workdir/wasm").join(format!("{zome}.wasm"));
            write_if_changed(&wasm, zome.as_bytes()).unwrap();
        }
        let to = dir.path().join("packed.dna");
        bundle::<DnaManifest>(&dna, &to).unwrap();
        let packed = std::fs::read(&to).unwrap();
        let unpacked: mr_bundle::Bundle<DnaManifest> = mr_bundle::Bundle::unpack(packed.as_slice()).unwrap();
        let resource = unpacked.get_resource(&format!("{COORDINATOR}.wasm")).unwrap();
        assert_eq!(resource.as_ref(), COORDINATOR.as_bytes());
    }

    #[test]
    fn a_missing_wasm_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let dna = dir.path().join("dna.yaml");
        write_if_changed(&dna, include_bytes!("../../dnas/rose_forest/dna.yaml")).unwrap();
        let problem = format!("{:#}", bundle::<DnaManifest>(&dna, &dir.path().join("out")).unwrap_err());
        assert!(problem.contains(".wasm"), "{problem}");
    }
}
