//! The packed DNA, and the same network with the adversary's coordinator zome.

use holochain::prelude::{
    CoordinatorZomeDef, DnaFile, DnaModifiersOpt, DnaWasm, SerializedBytes, UnsafeBytes, WasmHash, ZomeName,
};
use holochain::sweettest::SweetDnaFile;
use rose_forest_api::{Distance, Encoding, INTEGRITY_ZOME, Schema};
use std::path::PathBuf;

use crate::forge::ADVERSARY_ZOME;

/// The schema of most tests: cosine, sq8.
pub fn schema(dimension: usize) -> Schema {
    Schema::new("test", dimension, Distance::Cosine, Encoding::Sq8).unwrap()
}

/// A new collection of [`schema`], in a network of its own.
pub async fn collection(dimension: usize) -> DnaFile {
    dna(&schema(dimension), &seed()).await
}

/// The collection with this schema and network seed.
pub async fn dna(schema: &Schema, seed: &str) -> DnaFile {
    with_properties(schema.to_bytes().unwrap(), seed).await
}

/// The DNA with these properties, as they are.
pub async fn with_properties(properties: Vec<u8>, seed: &str) -> DnaFile {
    let path = packed("ROSE_FOREST_DNA", "workdir/rose_forest.dna");
    let modifiers = DnaModifiersOpt::<SerializedBytes> {
        network_seed: Some(seed.to_owned()),
        properties: Some(SerializedBytes::from(UnsafeBytes::from(properties))),
    };
    SweetDnaFile::from_bundle_with_overrides(&path, modifiers).await.unwrap()
}

/// The same network, for one who brings a coordinator zome that obeys no rule beside the honest one.
pub async fn adversary(dna: &DnaFile) -> DnaFile {
    let path = packed("ROSE_FOREST_ADVERSARY_WASM", "workdir/wasm/rose_forest_adversary.wasm");
    let wasm = DnaWasm::from(std::fs::read(&path).unwrap());
    let mut zome = CoordinatorZomeDef::from_hash(WasmHash::with_data(&wasm).await);
    zome.set_dependency(INTEGRITY_ZOME);
    let mut forged = dna.clone();
    forged.update_coordinators(vec![(ZomeName::from(ADVERSARY_ZOME), zome)], vec![wasm]).await.unwrap();
    assert_eq!(forged.dna_hash(), dna.dna_hash(), "coordinator zomes are no part of a network's identity");
    forged
}

/// A network seed that no other test has.
fn seed() -> String {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
}

fn packed(variable: &str, default: &str) -> PathBuf {
    // As cargo says when it runs the tests: a binary from a shared target directory may have been built elsewhere.
    let here = || std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let path = std::env::var_os(variable)
        .map_or_else(|| PathBuf::from(here()).join("../..").join(default), PathBuf::from);
    assert!(path.is_file(), "{} is missing: `cargo pack` makes it", path.display());
    path
}
