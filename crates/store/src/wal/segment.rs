//! One file of the log.

use super::scan::{self, Scan};
use super::{Arc, WalError, sync_dir};
use std::fs::File;
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// Bytes before the content of a record.
pub(super) const HEADER_BYTES: usize = 21;
/// Of those, the bytes that the checksum covers.
pub(super) const CHECKED_BYTES: usize = 13;
const EXTENSION: &str = "wal";
/// Of a segment that takes the place of others once it is whole.
pub(super) const NEW: &str = "new";

/// Bytes of an append whose pages are given back once they are on disk. What waits may be half a gigabyte, is read once
/// more, and would push out what searches read; and pages that were given back just now are the cheapest to write into:
/// on a virtual machine 15 MB took 6 ms so, and 96 ms in pages that the machine had never used. Small appends stay,
/// because they are read at once.
const LARGE_BYTES: u64 = 1 << 20;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Content = 0,
    Done = 1,
}

/// A file that is open for appending, and for whoever reads its records.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: Arc<Path>,
    pub(super) file: Arc<File>,
    /// Bytes that count.
    pub(super) bytes: u64,
    /// The number of its last record, or of the last before it.
    pub(super) last: u64,
    /// Whether more may be in the file than counts, after a write that failed.
    dirty: bool,
}

impl Segment {
    /// An empty file of this name. One that is there is of a record that could not be written, and is emptied.
    pub(super) fn create(dir: &Path, path: PathBuf) -> Result<Self, WalError> {
        let file = options().create(true).truncate(true).open(&path);
        let file = file.map_err(|error| failed("create", &path, error))?;
        sync_dir(dir)?;
        Ok(Self { path: path.into(), file: Arc::new(file), bytes: 0, last: 0, dirty: false })
    }

    /// Reads a file. All of it counts that does not look as if it was not written to its end. `first` is the number that its
    /// first record has, if none is missing. Cost: all of it is in memory meanwhile.
    pub(super) fn read(path: PathBuf, first: u64) -> Result<(Self, Scan), WalError> {
        let mut bytes = Vec::new();
        let file = options().open(&path).and_then(|mut file| file.read_to_end(&mut bytes).map(|_| file));
        let file = Arc::new(file.map_err(|error| failed("read", &path, error))?);
        let scan = scan::scan(&bytes, first);
        let bytes = scan.torn.start;
        Ok((Self { path: path.into(), file, bytes, last: 0, dirty: false }, scan))
    }

    /// Cuts off what does not count.
    pub(super) fn cut_off(&mut self) -> Result<(), WalError> {
        let cut = || -> io::Result<()> {
            if self.file.metadata()?.len() > self.bytes {
                self.file.set_len(self.bytes)?;
                self.file.sync_data()?;
            }
            (&*self.file).seek(SeekFrom::Start(self.bytes)).map(|_| ())
        };
        cut().map_err(|error| failed("cut off the end of", &self.path, error))?;
        self.dirty = false;
        Ok(())
    }

    /// Appends, in one call if the system takes it; on failure nothing of it counts, and nothing more is appended before
    /// the file has been cut off where it was.
    pub(super) fn append(&mut self, parts: &[&[u8]], sync: bool) -> Result<(), WalError> {
        if self.dirty {
            self.cut_off()?;
        }
        let write = || -> io::Result<()> {
            write_all(&self.file, parts)?;
            if sync { self.file.sync_data() } else { Ok(()) }
        };
        if let Err(error) = write() {
            self.dirty = true;
            // If this fails too, the next append tries it again, or the next opening.
            let _ = self.cut_off();
            return Err(failed("append to", &self.path, error));
        }
        let (start, written) = (self.bytes, parts.iter().map(|part| part.len() as u64).sum::<u64>());
        self.bytes += written;
        if sync && written >= LARGE_BYTES {
            forget_pages(&self.file, start, written);
        }
        Ok(())
    }

    /// Whether a write failed, and what it left behind could not be cut off yet.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Makes everything that was appended durable.
    pub(super) fn sync(&self) -> Result<(), WalError> {
        self.file.sync_data().map_err(|error| failed("sync", &self.path, error))
    }

    /// Takes the place of another file, at once.
    pub(super) fn rename(&mut self, dir: &Path, path: PathBuf) -> Result<(), WalError> {
        std::fs::rename(&self.path, &path).map_err(|error| failed("rename", &self.path, error))?;
        self.path = path.into();
        sync_dir(dir)
    }
}

fn write_all(mut file: &File, parts: &[&[u8]]) -> io::Result<()> {
    let mut slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut slices = slices.as_mut_slice();
    // Empty ones at the front would look like a file that takes nothing.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Gives back the memory in which the system keeps a part of a file that is on disk.
#[cfg(target_os = "linux")]
fn forget_pages(file: &File, start: u64, bytes: u64) {
    // Only a hint: if the system does not take it, nothing is lost but memory.
    let _ = rustix::fs::fadvise(file, start, std::num::NonZeroU64::new(bytes), rustix::fs::Advice::DontNeed);
}

/// Elsewhere the system decides by itself.
#[cfg(not(target_os = "linux"))]
fn forget_pages(_: &File, _: u64, _: u64) {}

pub(super) fn options() -> std::fs::OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).mode(0o600);
    options
}

/// The bytes that stand before a record's content, which lies in these parts.
pub(super) fn header(kind: Kind, number: u64, parts: &[&[u8]]) -> [u8; HEADER_BYTES] {
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    let mut header = [0; HEADER_BYTES];
    let (checked, sum) = header.split_at_mut(CHECKED_BYTES);
    let fields = (bytes as u32).to_le_bytes().into_iter().chain([kind as u8]).chain(number.to_le_bytes());
    checked.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
    sum.copy_from_slice(&checksum(checked, parts).to_le_bytes());
    header
}

/// The checksum of a record, whose content lies in these parts.
pub(super) fn checksum(header: &[u8], parts: &[&[u8]]) -> u64 {
    let mut sum = Xxh3::new();
    sum.update(header);
    parts.iter().for_each(|part| sum.update(part));
    sum.digest()
}

/// The numbers of the segments in a folder, ascending.
pub(super) fn list(dir: &Path) -> Result<Vec<u64>, WalError> {
    let read = || -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for file in std::fs::read_dir(dir)? {
            let path = file?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            match (number, path.extension().and_then(|extension| extension.to_str())) {
                (Some(number), Some(EXTENSION)) => numbers.push(number),
                // A segment that was being written anew.
                (Some(_), Some(NEW)) => std::fs::remove_file(&path)?,
                _ => {}
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    };
    read().map_err(|error| failed("list", dir, error))
}

/// Where the segment whose first record has this number is.
pub(super) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.{EXTENSION}"))
}

/// Copies a damaged segment to where it is not read again. The segment stays until what can be read of it has been
/// written anew.
pub(super) fn put_aside(path: &Path) -> Result<PathBuf, WalError> {
    let mut aside = path.with_extension("damaged");
    let mut again = 1;
    while aside.exists() {
        aside = path.with_extension(format!("damaged-{again}"));
        again += 1;
    }
    let copy =
        || std::fs::copy(path, &aside).and_then(|_| File::open(&aside)).and_then(|copy| copy.sync_all());
    copy().map_err(|error| failed("put aside", path, error))?;
    Ok(aside)
}

/// Makes a folder and those above it that are missing, so that they survive: what is synced in a folder that is gone after a
/// power cut is gone, too.
pub(super) fn make_dir(dir: &Path) -> Result<(), WalError> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.exists()).collect();
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(dir).map_err(|error| failed("create", dir, error))?;
    for made in missing {
        match made.parent() {
            // A path that names no folder is below the current one.
            Some(above) if above.as_os_str().is_empty() => sync_dir(Path::new("."))?,
            Some(above) => sync_dir(above)?,
            None => {}
        }
    }
    Ok(())
}

pub(super) fn failed(what: &'static str, path: &Path, source: io::Error) -> WalError {
    WalError::Io { what, path: path.to_owned(), source }
}
