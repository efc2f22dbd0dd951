//! The folder of snapshots: one folder inside for each collection, in it each snapshot, and beside it its checksum as
//! `sha256sum` writes it.
//!
//! What is being written has a temporary name and a lock; when it is whole, it is synced and renamed. What a crash leaves is
//! removed when the folder is next opened. Files are for their owner alone: they hold payloads in the clear.

use super::{SnapshotError, file::hex, names};
use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};
use tempfile::{NamedTempFile, TempPath};

/// What the names of temporary files begin with. No collection's folder does.
const TEMPORARY: &str = ".partial-";
/// What follows a snapshot's name in the name of the file with its checksum.
const CHECKSUM: &str = ".sha256";
/// Bytes of a checksum's file that are looked at.
const CHECKSUM_DIGITS: usize = 64;

/// A folder of snapshots. All of it blocks.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// A snapshot of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) made: SystemTime,
    pub(crate) bytes: u64,
    /// SHA-256 in hexadecimal; none where the file was put there by hand, without a checksum beside it.
    pub(crate) checksum: Option<String>,
}

/// A file that arrives. Removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Uploading {
    /// Open as long as the file is needed: it has the lock.
    pub(crate) file: File,
    pub(crate) path: TempPath,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes what crashed writers have left. Those of living ones stay, and so does what cannot be removed.
    pub(super) fn remove_leftovers(&self) {
        let remove = |path: &Path| {
            if has_no_writer(path)
                && let Err(error) = fs::remove_file(path)
            {
                tracing::warn!(%error, "what an interrupted snapshot left cannot be removed");
            }
        };
        for path in paths(&self.0) {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if name.starts_with(TEMPORARY.as_bytes()) {
                remove(&path);
                continue;
            }
            // A checksum whose snapshot was not renamed, or was removed without it.
            for path in paths(&path) {
                let snapshot = path.to_str().and_then(|path| path.strip_suffix(CHECKSUM));
                if snapshot.is_some_and(|path| path.ends_with(names::SUFFIX) && !Path::new(path).exists()) {
                    remove(&path);
                }
            }
        }
    }

    /// A file to write, with a lock.
    pub(super) fn temporary(&self) -> Result<NamedTempFile, SnapshotError> {
        fs::create_dir_all(&self.0).map_err(SnapshotError::io("make the folder", &self.0))?;
        let failed = || SnapshotError::io("make a temporary file in", &self.0);
        loop {
            // Its mode is 0600.
            let file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&self.0).map_err(failed())?;
            match file.as_file().try_lock() {
                // Where there are no locks, what a crash leaves may stay: nothing depends on it.
                Ok(()) | Err(TryLockError::Error(_)) if file.path().exists() => return Ok(file),
                // Somebody who removes leftovers came between.
                Ok(()) | Err(TryLockError::Error(_) | TryLockError::WouldBlock) => {}
            }
        }
    }

    /// A file for an upload.
    pub(crate) fn upload(&self) -> Result<Uploading, SnapshotError> {
        let (file, path) = self.temporary()?.into_parts();
        Ok(Uploading { file, path })
    }

    /// Makes a whole file a snapshot of a collection, made at this time: synced, under a new name.
    pub(super) fn keep(
        &self,
        file: NamedTempFile,
        collection: &str,
        sha256: [u8; 32],
        made: SystemTime,
    ) -> Result<Listed, SnapshotError> {
        let folder = self.of(collection);
        fs::create_dir_all(&folder).map_err(SnapshotError::io("make the folder", &folder))?;
        file.as_file().sync_all().map_err(SnapshotError::io("sync", file.path()))?;
        let checksum = hex(&sha256);
        let mut count = 0;
        let (name, mut beside) = loop {
            let name = names::new_name(collection, made, count);
            // Whoever makes the checksum's file has the name.
            let path = folder.join(format!("{name}{CHECKSUM}"));
            let is_free = !folder.join(&name).exists();
            match File::create_new(&path) {
                Ok(beside) if is_free => break (name, beside),
                // A snapshot that was put here by hand: now its checksum's name is taken, by nothing of ours.
                Ok(_) => fs::remove_file(&path).map_err(SnapshotError::io("remove", &path))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(SnapshotError::io("write", &path)(error)),
            }
            count += 1;
        };
        // Held until the snapshot has its name. Where there are no locks, another process that starts just now may take the
        // checksum for a leftover.
        let _ = beside.try_lock();
        let path = folder.join(&name);
        let written = writeln!(beside, "{checksum}  {name}").and_then(|()| beside.sync_all());
        written.map_err(SnapshotError::io("write the checksum of", &path))?;
        let kept = file.persist(&path).map_err(|error| SnapshotError::io("rename to", &path)(error.error))?;
        sync_folder(&folder)?;
        let bytes = kept.metadata().map_err(SnapshotError::io("look at", &path))?.len();
        Ok(Listed { name, made, bytes, checksum: Some(checksum) })
    }

    /// The snapshots of a collection, in the order of their names.
    pub(crate) fn list(&self, collection: &str) -> Result<Vec<Listed>, SnapshotError> {
        let folder = self.of(collection);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(SnapshotError::io("list", &folder)(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(SnapshotError::io("list", &folder))?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| names::check(name).is_ok()) else { continue };
            // One that is removed meanwhile is in no list.
            let Some(metadata) = fs::metadata(entry.path()).ok().filter(fs::Metadata::is_file) else {
                continue;
            };
            let made = metadata.modified().map_err(SnapshotError::io("look at", &entry.path()))?;
            let checksum = checksum_beside(&entry.path());
            found.push(Listed { name: name.to_owned(), made, bytes: metadata.len(), checksum });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Opens a snapshot, and says how many bytes it has.
    pub(crate) fn open(&self, collection: &str, name: &str) -> Result<(File, u64), SnapshotError> {
        let path = self.file(collection, name)?;
        let file = File::open(&path).map_err(SnapshotError::io("open", &path))?;
        let bytes = file.metadata().map_err(SnapshotError::io("look at", &path))?.len();
        Ok((file, bytes))
    }

    /// Removes a snapshot.
    pub(crate) fn remove(&self, collection: &str, name: &str) -> Result<(), SnapshotError> {
        let path = self.file(collection, name)?;
        fs::remove_file(&path).map_err(SnapshotError::io("remove", &path))?;
        match fs::remove_file(checksum_path(&path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, name, "the checksum of a removed snapshot stays");
            }
            Ok(()) | Err(_) => {}
        }
        Ok(())
    }

    /// The file that a location means.
    pub(crate) fn located(&self, location: &str) -> Result<PathBuf, SnapshotError> {
        names::located(&self.0, location)
    }

    fn of(&self, collection: &str) -> PathBuf {
        self.0.join(names::folder_of(collection))
    }

    fn file(&self, collection: &str, name: &str) -> Result<PathBuf, SnapshotError> {
        let path = self.of(collection).join(names::check(name)?);
        if path.is_file() { Ok(path) } else { Err(SnapshotError::NoSnapshot { name: name.to_owned() }) }
    }
}

/// What is in a folder; nothing where it cannot be read.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    entries.unwrap_or_default()
}

fn checksum_path(snapshot: &Path) -> PathBuf {
    let mut path = snapshot.as_os_str().to_owned();
    path.push(CHECKSUM);
    path.into()
}

fn checksum_beside(snapshot: &Path) -> Option<String> {
    let text = fs::read_to_string(checksum_path(snapshot)).ok()?;
    let digits = text.get(..CHECKSUM_DIGITS)?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| digits.to_owned())
}

/// Whether nobody holds the lock. If that cannot be told, somebody might.
fn has_no_writer(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Makes a rename last.
fn sync_folder(folder: &Path) -> Result<(), SnapshotError> {
    // Elsewhere folders cannot be opened, and renames last without.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(SnapshotError::io("sync the folder", folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
