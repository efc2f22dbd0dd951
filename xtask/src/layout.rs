//! Where things are: the repository, the target directory, and what is built into each.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Paths that every command needs.
pub struct Layout {
    /// The repository.
    pub root: PathBuf,
    /// Shared by every cargo that xtask starts, so that the conductor is compiled once.
    pub target: PathBuf,
}

impl Layout {
    /// The repository of the running xtask, and the target directory: `CARGO_TARGET_DIR`, or else
    /// `~/.cache/rose-forest/target`, which clones of the repository share.
    pub fn find() -> Result<Self> {
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().context("xtask stands in a folder of the repository")?;
        let root = root.canonicalize().with_context(|| format!("no repository at {}", root.display()))?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            // Relative to where the user is, as cargo reads it.
            Some(target) => std::path::absolute(target)?,
            None => std::env::home_dir()
                .context("no home directory: set CARGO_TARGET_DIR")?
                .join(".cache/rose-forest/target"),
        };
        std::fs::create_dir_all(&target).with_context(|| format!("cannot create {}", target.display()))?;
        Ok(Self { root, target: target.canonicalize()? })
    }

    /// What is packed: `workdir/`.
    pub fn workdir(&self) -> PathBuf {
        self.root.join("workdir")
    }

    /// Where `dna.yaml` looks for a zome's wasm.
    pub fn packed_wasm(&self, zome: &str) -> PathBuf {
        self.workdir().join("wasm").join(format!("{zome}.wasm"))
    }

    /// The folder of `dna.yaml`, the record of the released integrity wasm, and the released DNAs.
    pub fn dna_dir(&self) -> PathBuf {
        self.root.join("dnas/rose_forest")
    }

    /// A path below the repository, as people write it.
    pub fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
