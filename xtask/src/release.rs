//! The released integrity wasm: its recorded hash, and the committed DNA that holds it.
//!
//! The hash of the integrity wasm is part of the identity of every network. So it is written down in
//! `dnas/rose_forest/integrity.sha256`, and the DNA that was released with it is committed. Whoever builds
//! from unchanged sources uses that wasm and not one of their own.

use crate::digest;
use crate::integrity;
use crate::layout::Layout;
use crate::pack;
use crate::stage::{self, write_if_changed};
use crate::toolchain::Toolchain;
use crate::wasm::INTEGRITY;
use anyhow::{Context, Result, ensure};
use mr_bundle::Bundle;
use std::path::{Path, PathBuf};

/// What `integrity.sha256` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The hash of the released wasm.
    pub wasm: String,
    /// The digest of what it was built from ([`stage::sources_digest`]).
    pub sources: String,
    /// The digest of what the coordinator zome beside it was built from.
    pub coordinator: String,
}

/// What the coordinator zome is made of: not the tests beside it. A program that is installed carries that of the released DNA.
const COORDINATOR_SOURCES: [&str; 10] = [
    "crates/rules/Cargo.toml",
    "crates/rules/src",
    "crates/core/Cargo.toml",
    "crates/core/src",
    "crates/api/Cargo.toml",
    "crates/api/src",
    "zomes/integrity/Cargo.toml",
    "zomes/integrity/src",
    "zomes/coordinator/Cargo.toml",
    "zomes/coordinator/src",
];
/// Its name in the record.
const COORDINATOR_NAME: &str = "coordinator-sources";

/// Where the integrity wasm of a pack comes from.
pub struct Chosen {
    /// The wasm.
    pub bytes: Vec<u8>,
    /// One line that says what it is.
    pub said: String,
}

impl Record {
    /// Reads the record; none if nothing was ever released.
    pub fn read(layout: &Layout) -> Result<Option<Self>> {
        let path = record_path(layout);
        if !path.exists() {
            return Ok(None);
        }
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let record = Self::parse(&text);
        record
            .map(Some)
            .with_context(|| format!("{} is not three lines of a hash and a name", path.display()))
    }

    fn parse(text: &str) -> Option<Self> {
        let hash_of = |name: &str| {
            text.lines().find_map(|line| {
                let (hash, named) = line.split_once("  ")?;
                let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
                (named == name && is_hash).then(|| hash.to_owned())
            })
        };
        Some(Self {
            wasm: hash_of(&format!("{INTEGRITY}.wasm"))?,
            sources: hash_of("sources")?,
            coordinator: hash_of(COORDINATOR_NAME)?,
        })
    }

    fn text(&self) -> String {
        let Self { wasm, sources, coordinator } = self;
        format!("{wasm}  {INTEGRITY}.wasm\n{sources}  sources\n{coordinator}  {COORDINATOR_NAME}\n")
    }
}

/// The integrity wasm to pack: the released one if its sources are unchanged, otherwise what they build.
pub fn choose(layout: &Layout, toolchain: &Toolchain) -> Result<Chosen> {
    let record = Record::read(layout)?;
    let sources = stage::sources_digest(layout, toolchain)?;
    if let Some(record) = record.as_ref().filter(|record| record.sources == sources)
        && let Some((path, bytes)) = released_wasm(layout, &record.wasm)?
    {
        let said = format!("integrity wasm: the released one, from {}", layout.shown(&path));
        return Ok(Chosen { bytes, said });
    }
    let bytes = integrity::build(layout, toolchain)?;
    let said = match judge(record.as_ref(), &bytes) {
        Ok(()) => "integrity wasm: built here, and the same as the released one".to_owned(),
        Err(problem) => problem.to_string(),
    };
    Ok(Chosen { bytes, said })
}

/// Builds the integrity wasm and fails unless it is the released one.
pub fn check(layout: &Layout) -> Result<()> {
    let toolchain = Toolchain::find(layout)?;
    let record = Record::read(layout)?;
    let bytes = integrity::build(layout, &toolchain)?;
    judge(record.as_ref(), &bytes)?;
    let record = record.context("nothing is released")?;
    let (path, _) = released_wasm(layout, &record.wasm)?
        .with_context(|| format!("no released DNA holds the integrity wasm {}", record.wasm))?;
    println!("the integrity wasm is the one in {}: {}", layout.shown(&path), record.wasm);
    if record.sources != stage::sources_digest(layout, &toolchain)? {
        println!("its sources changed and its bytes did not: `cargo xtask release-dna` records that");
    }
    ensure!(
        record.coordinator == coordinator_digest(layout)?,
        "{} holds an earlier coordinator zome than the sources, and so would an installed program: \
         `cargo xtask release-dna` renews it",
        layout.shown(&path)
    );
    Ok(())
}

/// Accepts the integrity wasm as it is: writes the record and the released DNA of this version. Whether every
/// folder gives these bytes is a question for `cargo verify`.
///
/// # Errors
/// If a DNA of this version is released with another integrity wasm, unless `replace` is set.
pub fn release(layout: &Layout, replace: bool) -> Result<()> {
    let toolchain = Toolchain::find(layout)?;
    let bytes = integrity::build(layout, &toolchain)?;
    pack::pack_with(layout, &toolchain, &bytes)?;
    let wasm = digest::hex(&bytes);
    let version = env!("CARGO_PKG_VERSION");
    let path = released_dir(layout).join(format!("rose_forest-{version}.dna"));
    if path.exists() && integrity_wasm_of(&path)?.is_none_or(|released| digest::hex(&released) != wasm) {
        ensure!(
            replace,
            "{} holds another integrity wasm: raise the version, so that nodes keep the earlier network, or \
             pass --replace if nobody has used it",
            layout.shown(&path)
        );
    }
    let dna = std::fs::read(layout.workdir().join("rose_forest.dna"))?;
    write_if_changed(&path, &dna)?;
    let sources = stage::sources_digest(layout, &toolchain)?;
    let record = Record { wasm, sources, coordinator: coordinator_digest(layout)? };
    write_if_changed(&record_path(layout), record.text().as_bytes())?;
    pack::record_inputs(layout)?;
    println!("released {} ({} bytes), integrity wasm {}", layout.shown(&path), dna.len(), record.wasm);
    Ok(())
}

fn coordinator_digest(layout: &Layout) -> Result<String> {
    digest::of_files(&layout.root, &COORDINATOR_SOURCES, &[])
}

fn judge(record: Option<&Record>, built: &[u8]) -> Result<()> {
    let hash = digest::hex(built);
    let Some(record) = record else {
        anyhow::bail!("no integrity wasm is released yet: `cargo xtask release-dna` releases {hash}");
    };
    ensure!(
        record.wasm == hash,
        "the integrity wasm changed: this forks the network. Peers of released versions will not be found.\n  \
         released {}\n  built    {hash}\nIf that is meant, `cargo xtask release-dna` accepts it.",
        record.wasm
    );
    Ok(())
}

fn record_path(layout: &Layout) -> PathBuf {
    layout.dna_dir().join("integrity.sha256")
}

fn released_dir(layout: &Layout) -> PathBuf {
    layout.dna_dir().join("released")
}

/// The released DNA that holds the integrity wasm with this hash, and the wasm.
fn released_wasm(layout: &Layout, hash: &str) -> Result<Option<(PathBuf, Vec<u8>)>> {
    for path in digest::files_below(&released_dir(layout))? {
        if path.extension().is_some_and(|extension| extension == "dna")
            && let Some(bytes) = integrity_wasm_of(&path)?
            && digest::hex(&bytes) == hash
        {
            return Ok(Some((path, bytes)));
        }
    }
    Ok(None)
}

fn integrity_wasm_of(dna: &Path) -> Result<Option<Vec<u8>>> {
    let bytes = std::fs::read(dna).with_context(|| format!("cannot read {}", dna.display()))?;
    let bundle: Bundle<yaml_serde::Value> =
        Bundle::unpack(bytes.as_slice()).with_context(|| format!("{} is not a bundle", dna.display()))?;
    Ok(bundle.get_resource(&format!("{INTEGRITY}.wasm")).map(|wasm| wasm.as_ref().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::DnaManifest;

    fn record() -> Record {
        let [wasm, sources, coordinator] =
            ["wasm", "sources", "coordinator"].map(|it| digest::hex(it.as_bytes()));
        Record { wasm, sources, coordinator }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        assert_eq!(Record::parse(&record().text()), Some(record()));
    }

    #[test]
    fn a_record_without_a_line_or_with_a_short_hash_is_refused() {
        let text = record().text();
        assert_eq!(Record::parse(&text.lines().take(2).collect::<Vec<_>>().join("\n")), None);
        assert_eq!(Record::parse(&text.replace(&record().wasm, "abc")), None);
    }

    #[test]
    fn what_the_coordinator_zome_is_made_of_is_there_and_tests_are_no_part_of_it() {
        let root = Layout::find().unwrap().root;
        assert!(COORDINATOR_SOURCES.iter().all(|path| root.join(path).exists()));
        assert!(
            COORDINATOR_SOURCES
                .iter()
                .all(|path| !root.join("crates/rules/tests").starts_with(root.join(path)))
        );
    }

    #[test]
    fn a_changed_wasm_is_called_a_fork() {
        assert!(judge(Some(&record()), b"wasm").is_ok());
        let problem = judge(Some(&record()), b"other").unwrap_err().to_string();
        assert!(problem.starts_with("the integrity wasm changed: this forks the network"));
        assert!(problem.contains(&digest::hex(b"other")));
    }

    #[test]
    fn a_wasm_without_a_release_asks_for_one() {
        assert!(judge(None, b"wasm").unwrap_err().to_string().contains("release-dna"));
    }

    #[test]
    fn unchanged_sources_take_the_released_wasm_and_build_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_owned();
        let layout = Layout { target: root.join("target"), root };
        let toolchain =
            Toolchain { channel: "none".to_owned(), sysroot: "/none".to_owned(), commit: "none".to_owned() };
        write_if_changed(&layout.root.join("crates/rules/src/lib.rs"), b"rules").unwrap();
        let manifest = layout.dna_dir().join("dna.yaml");
        write_if_changed(&manifest, include_bytes!("../../dnas/rose_forest/dna.yaml")).unwrap();
        write_if_changed(&layout.packed_wasm(INTEGRITY), b"released").unwrap();
        write_if_changed(&layout.packed_wasm(crate::wasm::COORDINATOR), b"coordinator").unwrap();
        pack::bundle::<DnaManifest>(&manifest, &released_dir(&layout).join("rose_forest-1.0.0.dna")).unwrap();
        let sources = stage::sources_digest(&layout, &toolchain).unwrap();
        let record = Record { wasm: digest::hex(b"released"), sources, coordinator: digest::hex(b"") };
        write_if_changed(&record_path(&layout), record.text().as_bytes()).unwrap();

        let chosen = choose(&layout, &toolchain).unwrap();
        assert_eq!(chosen.bytes, b"released");
        assert!(chosen.said.ends_with("rose_forest-1.0.0.dna"), "{}", chosen.said);
    }
}
