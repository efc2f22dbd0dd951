//! The packed DNA, with the properties and the seed of a benchmark.

use anyhow::{Context, Result, ensure};
use holochain::prelude::{
    CoordinatorZomeDef, DnaFile, DnaModifiersOpt, DnaWasm, SerializedBytes, UnsafeBytes, WasmHash, ZomeName,
};
use holochain::sweettest::SweetDnaFile;
use rose_forest_api::{Distance, Encoding, INTEGRITY_ZOME, Schema};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The zome that signs what it is told to, in the DNA of [`with_raw_zome`].
pub const RAW_ZOME: &str = "rose_forest_adversary";
/// Components of the vectors here.
pub const DIMENSION: usize = 384;

/// The repository: as cargo says when it runs this program, or else the one that it was built from. With a shared target
/// directory that may be another.
pub fn repository() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).join("..")
}

/// A new collection of cosine vectors.
pub async fn collection(encoding: Encoding) -> Result<DnaFile> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let seed = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let properties = schema(encoding)?.to_bytes()?;
    let modifiers = DnaModifiersOpt::<SerializedBytes> {
        network_seed: Some(seed),
        properties: Some(SerializedBytes::from(UnsafeBytes::from(properties))),
    };
    let path = packed("ROSE_FOREST_DNA", "workdir/rose_forest.dna")?;
    let dna = SweetDnaFile::from_bundle_with_overrides(&path, modifiers).await;
    dna.with_context(|| format!("cannot use {}", path.display()))
}

/// The schema of [`collection`].
pub fn schema(encoding: Encoding) -> Result<Schema> {
    Ok(Schema::new("bench", DIMENSION, Distance::Cosine, encoding)?)
}

/// The same collection, with a second coordinator zome that commits any bytes.
pub async fn with_raw_zome(dna: &DnaFile) -> Result<DnaFile> {
    let path = packed("ROSE_FOREST_ADVERSARY_WASM", "workdir/wasm/rose_forest_adversary.wasm")?;
    let wasm = DnaWasm::from(std::fs::read(&path)?);
    let mut zome = CoordinatorZomeDef::from_hash(WasmHash::with_data(&wasm).await);
    zome.set_dependency(INTEGRITY_ZOME);
    let mut dna = dna.clone();
    dna.update_coordinators(vec![(ZomeName::from(RAW_ZOME), zome)], vec![wasm]).await?;
    Ok(dna)
}

fn packed(variable: &str, default: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| repository().join(default), PathBuf::from);
    ensure!(path.is_file(), "{} is missing: `cargo pack` makes it", path.display());
    Ok(path)
}
