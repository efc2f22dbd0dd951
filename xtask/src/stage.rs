//! The workspace in which the integrity wasm is built: a copy of exactly what it is made of.
//!
//! A stage holds `crates/rules` and `zomes/integrity` (their manifests and `src`), with
//! `zomes/integrity/wasm-workspace.toml` as its root manifest and `zomes/integrity/wasm.lock` as its lock
//! file. Nothing else in the repository can change what is built there.

use crate::cargo::cargo;
use crate::digest::{self, files_below};
use crate::layout::Layout;
use crate::toolchain::Toolchain;
use crate::wasm;
use crate::watch::run;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// What is copied, as (in the repository, in the stage).
const COPIED: [(&str, &str); 6] = [
    ("zomes/integrity/wasm-workspace.toml", "Cargo.toml"),
    ("zomes/integrity/wasm.lock", "Cargo.lock"),
    ("crates/rules/Cargo.toml", "crates/rules/Cargo.toml"),
    ("crates/rules/src", "crates/rules/src"),
    ("zomes/integrity/Cargo.toml", "zomes/integrity/Cargo.toml"),
    ("zomes/integrity/src", "zomes/integrity/src"),
];

/// Makes the folder `at` a stage and returns its real path. Files that are already right are not touched,
/// or cargo would build them anew.
pub fn stage(layout: &Layout, at: &Path) -> Result<PathBuf> {
    let mut kept = Vec::new();
    for (from, to) in COPIED {
        let from = layout.root.join(from);
        for file in files_below(&from)? {
            let below = file.strip_prefix(&from)?;
            let to = if below.as_os_str().is_empty() { at.join(to) } else { at.join(to).join(below) };
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            write_if_changed(&to, &bytes)?;
            kept.push(to);
        }
    }
    for file in files_below(at)? {
        if !kept.contains(&file) {
            std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    at.canonicalize().with_context(|| format!("cannot find {}", at.display()))
}

/// The hash of everything the integrity wasm is made of: its sources, its manifests, its lock file, the
/// compiler and the flags. What has the same hash is the same wasm, whatever machine builds it.
pub fn sources_digest(layout: &Layout, toolchain: &Toolchain) -> Result<String> {
    let flags = wasm::fixed_flags().join(" ");
    let extra = [("flags", flags.as_bytes()), ("compiler", toolchain.commit.as_bytes())];
    digest::of_files(&layout.root, &COPIED.map(|(from, _)| from), &extra)
}

/// Writes `zomes/integrity/wasm.lock`: what of the workspace's lock file the integrity wasm needs, at the
/// same versions, so that native tests and the wasm agree.
pub fn lock(layout: &Layout) -> Result<()> {
    let at = stage(layout, &layout.target.join("integrity/lock"))?;
    std::fs::copy(layout.root.join("Cargo.lock"), at.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
    run(cargo(layout, &["update", "--workspace", "--offline", "--quiet"]).current_dir(&at))?;
    let bytes = std::fs::read(at.join("Cargo.lock"))?;
    let path = layout.root.join("zomes/integrity/wasm.lock");
    write_if_changed(&path, &bytes)?;
    println!("wrote {}", layout.shown(&path));
    Ok(())
}

/// Writes a file and the folders it is in, unless it has these bytes already.
pub fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> (tempfile::TempDir, Layout) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for file in [
            "zomes/integrity/wasm-workspace.toml",
            "zomes/integrity/wasm.lock",
            "zomes/integrity/Cargo.toml",
            "zomes/integrity/src/lib.rs",
            "zomes/integrity/tests/native.rs",
            "crates/rules/Cargo.toml",
            "crates/rules/src/lib.rs",
            "crates/rules/src/code/f16.rs",
        ] {
            write_if_changed(&root.join(file), file.as_bytes()).unwrap();
        }
        let target = root.join("target");
        (dir, Layout { root, target })
    }

    #[test]
    fn a_stage_holds_exactly_the_sources_and_manifests() {
        let (_dir, layout) = repository();
        let at = stage(&layout, &layout.target.join("stage")).unwrap();
        let files = files_below(&at).unwrap();
        let names: Vec<_> =
            files.iter().map(|file| file.strip_prefix(&at).unwrap().to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "Cargo.lock",
                "Cargo.toml",
                "crates/rules/Cargo.toml",
                "crates/rules/src/code/f16.rs",
                "crates/rules/src/lib.rs",
                "zomes/integrity/Cargo.toml",
                "zomes/integrity/src/lib.rs",
            ]
        );
        assert_eq!(std::fs::read_to_string(at.join("Cargo.lock")).unwrap(), "zomes/integrity/wasm.lock");
    }

    #[test]
    fn staging_again_removes_what_is_gone_and_leaves_the_rest_untouched() {
        let (_dir, layout) = repository();
        let at = layout.target.join("stage");
        stage(&layout, &at).unwrap();
        let modified = |name: &str| std::fs::metadata(at.join(name)).unwrap().modified().unwrap();
        let before = modified("crates/rules/src/lib.rs");
        std::fs::remove_file(layout.root.join("crates/rules/src/code/f16.rs")).unwrap();
        stage(&layout, &at).unwrap();
        assert!(!at.join("crates/rules/src/code/f16.rs").exists());
        assert_eq!(modified("crates/rules/src/lib.rs"), before);
    }

    #[test]
    fn the_digest_sees_sources_and_not_tests() {
        let (_dir, layout) = repository();
        let toolchain =
            Toolchain { channel: "1".to_owned(), sysroot: "/t".to_owned(), commit: "abc".to_owned() };
        let digest = || sources_digest(&layout, &toolchain).unwrap();
        let first = digest();
        std::fs::write(layout.root.join("zomes/integrity/tests/native.rs"), "other").unwrap();
        assert_eq!(digest(), first);
        std::fs::write(layout.root.join("crates/rules/src/lib.rs"), "other").unwrap();
        assert_ne!(digest(), first);
    }
}
