//! How far a load got, so that a second run of the same command goes on where the first was stopped.
//!
//! A journal belongs to a file (its path, size and time of change), a collection and the options that change what
//! is read. It counts the rows that the node has acknowledged, and goes away when the load is complete.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A journal in a file.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    entry: Entry,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// The file, for people.
    file: String,
    /// Rows at its beginning that are done with: written, or refused.
    rows_done: u64,
    /// Of these, those that were written.
    rows_written: u64,
}

impl Journal {
    /// The journal of loading `files` (the first one has the rows) into the collection that this names: by its hash, and by who
    /// writes if that is another node.
    pub fn open(folder: &Path, files: &[&Path], collection: &str) -> Result<Self> {
        let mut hash = Sha256::new();
        for file in files {
            let file = file.canonicalize().with_context(|| format!("cannot find {}", file.display()))?;
            let about =
                std::fs::metadata(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let changed = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            hash.update(file.as_os_str().as_encoded_bytes());
            hash.update(about.len().to_le_bytes());
            hash.update(changed.unwrap_or_default().as_nanos().to_le_bytes());
        }
        hash.update(collection);
        let name: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("{name}.json"));
        let entry = match std::fs::read(&path) {
            // A journal that cannot be read is as good as none: rows that are there are written again.
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(_) => Entry::default(),
        };
        let file = files.first().map(|file| file.display().to_string()).unwrap_or_default();
        Ok(Self { path, entry: Entry { file, ..entry } })
    }

    /// Rows at the beginning of the file that are done with.
    pub fn rows_done(&self) -> u64 {
        self.entry.rows_done
    }

    /// Of these, those that were written.
    pub fn rows_written(&self) -> u64 {
        self.entry.rows_written
    }

    /// Notes that all rows up to `rows_done` are done with.
    pub fn advance(&mut self, rows_done: u64, rows_written: u64) -> Result<()> {
        self.entry.rows_done = rows_done;
        self.entry.rows_written = rows_written;
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        write_atomically(&self.path, &self.entry)
    }

    /// Forgets the load: it is complete.
    pub fn finish(self) -> Result<()> {
        remove_if_there(&self.path)
    }
}

/// What stands in a file of JSON that this program writes; nothing yet if there is no file.
pub(crate) fn read_json<T: Default + serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged: remove it to go on", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Removes a file; that there is none is well.
pub(crate) fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Writes a file as JSON so that a crash leaves the old one or the new one.
pub(crate) fn write_atomically(path: &Path, value: &impl Serialize) -> Result<()> {
    let folder = path.parent().context("a file has a folder")?;
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("cannot write into {}", folder.display()))?;
    let bytes = serde_json::to_vec(value).context("cannot write JSON")?;
    file.write_all(&bytes).with_context(|| format!("cannot write {}", path.display()))?;
    file.as_file().sync_all().with_context(|| format!("cannot write {}", path.display()))?;
    file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_goes_on_where_it_was_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rows.jsonl");
        std::fs::write(&file, "abc").unwrap();
        let open = || Journal::open(&dir.path().join("journals"), &[&file], "hash").unwrap();
        let mut journal = open();
        assert_eq!(journal.rows_done(), 0);
        journal.advance(10, 9).unwrap();
        assert_eq!((open().rows_done(), open().rows_written()), (10, 9));
        journal.finish().unwrap();
        assert_eq!(open().rows_done(), 0);
    }

    #[test]
    fn a_file_that_changed_and_another_collection_begin_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rows.jsonl");
        std::fs::write(&file, "abc").unwrap();
        Journal::open(dir.path(), &[&file], "a").unwrap().advance(10, 10).unwrap();
        assert_eq!(Journal::open(dir.path(), &[&file], "b").unwrap().rows_done(), 0);
        std::fs::write(&file, "abcd").unwrap();
        assert_eq!(Journal::open(dir.path(), &[&file], "a").unwrap().rows_done(), 0);
    }

    #[test]
    fn a_damaged_journal_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rows.jsonl");
        std::fs::write(&file, "abc").unwrap();
        let mut journal = Journal::open(dir.path(), &[&file], "a").unwrap();
        journal.advance(10, 10).unwrap();
        std::fs::write(&journal.path, "{").unwrap();
        assert_eq!(Journal::open(dir.path(), &[&file], "a").unwrap().rows_done(), 0);
    }
}
