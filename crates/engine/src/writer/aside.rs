//! Writes that were acknowledged and given up, kept in files for whoever wants to know.

use rose_forest_store::wal::Record;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Keeps a write in a file beside the log, as the log holds it. Durable when this
/// returns.
pub(super) fn keep(dir: &Path, record: &Record) -> io::Result<PathBuf> {
    let path = dir.join(format!("{:020}.given-up", record.number()));
    let content = record.read().map_err(io::Error::other)?;
    let mut options = File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(&content)?;
    file.sync_all()?;
    File::open(dir)?.sync_all()?;
    Ok(path)
}
