//! Temporary files: their names, and the removal of those that a crash left.
//!
//! A temporary file lies beside the file that it will become and is called `.<name>.<process>-<count>.rose-index-tmp`.
//! Its writer holds a lock on it (`flock`, or what the system has), which ends with the process: a temporary file that
//! can be locked has no writer any more.

use super::FileError;
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

const SUFFIX: &str = ".rose-index-tmp";

/// A temporary file, which is removed when this is dropped, unless it was renamed.
#[derive(Debug)]
pub(super) struct Temporary(Option<PathBuf>);

impl Temporary {
    /// Makes the temporary file for `target`: mode 0600, locked.
    pub(super) fn create(target: &Path) -> Result<(Self, File), FileError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let failed = FileError::io("create a temporary file for", target);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        loop {
            let mut name = prefix(target);
            name.push(format!("{}-{}{SUFFIX}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
            let path = target.with_file_name(name);
            match options.open(&path) {
                // Where there are no locks, what a crash leaves stays. Nothing else depends on them.
                Ok(file) => match file.try_lock() {
                    Ok(()) | Err(TryLockError::Error(_)) if is_there(&file) => {
                        return Ok((Self(Some(path)), file));
                    }
                    // Somebody who removes leftovers came between: that file is gone.
                    Ok(()) | Err(TryLockError::Error(_) | TryLockError::WouldBlock) => {}
                },
                // Left by a crashed process that had our number: the next count is free.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Puts it in the place of `target`.
    pub(super) fn rename_to(mut self, target: &Path) -> io::Result<()> {
        if let Some(path) = &self.0 {
            fs::rename(path, target)?;
            self.0 = None;
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // If it cannot be removed now, it will be when the index is next opened.
            let _ = fs::remove_file(path);
        }
    }
}

/// What the names of the temporary files for `target` begin with.
fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or(OsStr::new("index")));
    prefix.push(".");
    prefix
}

/// Removes the temporary files that crashed writers have left in a directory, and says how many. Those of living
/// writers, here or in other processes, stay.
///
/// # Errors
/// If the directory cannot be read. A file that cannot be removed is left for another time.
pub fn remove_leftovers(directory: &Path) -> Result<usize, FileError> {
    remove_with_prefix(directory, OsStr::new("."))
}

/// As [`remove_leftovers`], for one file.
pub(super) fn remove_leftovers_of(target: &Path) -> Result<usize, FileError> {
    remove_with_prefix(directory_of(target), &prefix(target))
}

/// The directory that a file lies in.
pub(super) fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

fn remove_with_prefix(directory: &Path, prefix: &OsStr) -> Result<usize, FileError> {
    let entries = fs::read_dir(directory).map_err(FileError::io("list", directory))?;
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(FileError::io("list", directory))?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(prefix.as_encoded_bytes())
            && name.ends_with(SUFFIX.as_bytes())
            && has_no_writer(&entry.path())
            && fs::remove_file(entry.path()).is_ok()
        {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Whether an open file still has a name.
#[cfg(unix)]
fn is_there(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

/// Elsewhere an open file keeps its name.
#[cfg(not(unix))]
fn is_there(_: &File) -> bool {
    true
}

/// Whether nobody holds the lock. If that cannot be told, somebody might.
fn has_no_writer(path: &Path) -> bool {
    let Ok(file) = OpenOptions::new().write(true).open(path) else { return false };
    match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}
