//! SHA-256 of bytes and of sets of files.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The hash in lower case hexadecimal, as `sha256sum` prints it.
pub fn hex(bytes: &[u8]) -> String {
    finish(Sha256::new_with_prefix(bytes))
}

/// The hash of named pieces. Names and lengths are hashed too, so that moving a byte from one file to the
/// next changes the result. The order of the pieces matters: sort what has no order.
pub fn of_pieces<'a>(pieces: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in pieces {
        for part in [name.as_bytes(), bytes] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    finish(hasher)
}

/// Every file below `path` (or the file that `path` is), sorted; nothing if it does not exist.
pub fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(next) = open.pop() {
        if next.is_dir() {
            let entries = next.read_dir().with_context(|| format!("cannot list {}", next.display()))?;
            for entry in entries {
                open.push(entry?.path());
            }
        } else if next.is_file() {
            found.push(next);
        }
    }
    found.sort();
    Ok(found)
}

/// The hash of every file below `paths`, which are relative to `root`.
pub fn of_files(root: &Path, paths: &[&str], extra: &[(&str, &[u8])]) -> Result<String> {
    let mut files = Vec::new();
    for path in paths {
        for file in files_below(&root.join(path))? {
            let name = file.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            files.push((name, bytes));
        }
    }
    let files = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    Ok(of_pieces(files.chain(extra.iter().copied())))
}

fn finish(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_what_sha256sum_prints() {
        assert_eq!(hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_byte_that_moves_to_the_next_piece_changes_the_hash() {
        let one = of_pieces([("a", &b"xy"[..]), ("b", &b"z"[..])]);
        let other = of_pieces([("a", &b"x"[..]), ("b", &b"yz"[..])]);
        assert_ne!(one, other);
    }

    #[test]
    fn a_changed_a_renamed_and_a_new_file_each_change_the_hash() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let hash = || of_files(dir.path(), &[""], &[]).unwrap();
        write("a", "1");
        let first = hash();
        assert_eq!(first, hash());
        write("a", "2");
        let changed = hash();
        write("b", "2");
        let added = hash();
        std::fs::remove_file(dir.path().join("a")).unwrap();
        let renamed = hash();
        let all = [&first, &changed, &added, &renamed];
        assert!(all.iter().enumerate().all(|(i, hash)| !all[..i].contains(hash)));
    }

    #[test]
    fn what_does_not_exist_has_no_files() {
        assert!(files_below(Path::new("/nonexistent/folder")).unwrap().is_empty());
    }
}
