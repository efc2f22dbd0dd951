//! One file of the log.

use super::{MAX_RECORD_BYTES, Pending, WalError, sync_dir};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// Bytes before the content of a record.
pub(super) const HEADER_BYTES: usize = 21;
/// Of those, the bytes that the checksum covers.
const CHECKED_BYTES: usize = 13;
const EXTENSION: &str = "wal";

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Content = 0,
    Done = 1,
}

/// A file that is open for appending.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    file: File,
    /// Bytes that count.
    pub(super) bytes: u64,
    /// The number of its last record, or of the last before it.
    pub(super) last: u64,
}

/// What a file holds.
pub(super) struct Scan {
    pub(super) records: Vec<Pending>,
    /// Up to which it says everything is done.
    pub(super) done: u64,
    /// Bytes up to the first that could not be read.
    pub(super) valid_bytes: u64,
    /// Whether the rest looks like a record that was not written to its end.
    pub(super) torn: bool,
    /// Whether all of it could be read.
    pub(super) whole: bool,
}

impl Segment {
    pub(super) fn create(dir: &Path, path: PathBuf) -> Result<Self, WalError> {
        let file = options().create_new(true).open(&path).map_err(|error| failed("create", &path, error))?;
        sync_dir(dir)?;
        Ok(Self { path, file, bytes: 0, last: 0 })
    }

    /// Opens a file and cuts off what does not count.
    pub(super) fn reopen(path: PathBuf, valid_bytes: u64) -> Result<Self, WalError> {
        let open = || -> io::Result<File> {
            let mut file = options().open(&path)?;
            if file.metadata()?.len() > valid_bytes {
                file.set_len(valid_bytes)?;
                file.sync_data()?;
            }
            file.seek(SeekFrom::Start(valid_bytes))?;
            Ok(file)
        };
        let file = open().map_err(|error| failed("open", &path, error))?;
        Ok(Self { path, file, bytes: valid_bytes, last: 0 })
    }

    /// Writes a file that takes the place of another of this name, at once.
    pub(super) fn replace(dir: &Path, path: PathBuf, bytes: &[u8]) -> Result<Self, WalError> {
        let new = path.with_extension("new");
        let write = || -> io::Result<()> {
            let mut file = options().create(true).truncate(true).open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)
        };
        write().map_err(|error| failed("write", &new, error))?;
        sync_dir(dir)?;
        Self::reopen(path, bytes.len() as u64)
    }

    /// Appends; on failure the file is as it was.
    pub(super) fn append(&mut self, bytes: &[u8], sync: bool) -> Result<(), WalError> {
        let mut write = || -> io::Result<()> {
            self.file.write_all(bytes)?;
            if sync { self.file.sync_data() } else { Ok(()) }
        };
        if let Err(error) = write() {
            // If this fails too, the next opening cuts the rest off.
            let _ = self.file.set_len(self.bytes);
            let _ = self.file.seek(SeekFrom::Start(self.bytes));
            return Err(failed("append to", &self.path, error));
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn options() -> std::fs::OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).mode(0o600);
    options
}

/// Appends one record to `out`.
pub(super) fn encode(kind: Kind, number: u64, content: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend((content.len() as u32).to_le_bytes());
    out.push(kind as u8);
    out.extend(number.to_le_bytes());
    let sum = checksum(out.get(start..).unwrap_or_default(), content);
    out.extend(sum.to_le_bytes());
    out.extend(content);
}

fn checksum(header: &[u8], content: &[u8]) -> u64 {
    let mut sum = Xxh3::new();
    sum.update(header);
    sum.update(content);
    sum.digest()
}

/// Reads a file up to the first byte that makes no sense. `first` is the number that its first record must have.
pub(super) fn scan(path: &Path, first: u64) -> Result<Scan, WalError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| failed("read", path, error))?;
    let mut scan = Scan { records: Vec::new(), done: 0, valid_bytes: 0, torn: false, whole: false };
    let mut rest = bytes.as_slice();
    let mut next = first;
    loop {
        if rest.is_empty() {
            scan.whole = true;
            return Ok(scan);
        }
        let Some((kind, number, content, after)) = decode(rest) else {
            scan.torn = is_torn(rest);
            return Ok(scan);
        };
        match kind {
            Kind::Done => scan.done = scan.done.max(number),
            // Where damage was, some numbers are missing.
            Kind::Content if number >= next && number < u64::MAX => {
                scan.records.push(Pending { number, content: content.to_vec() });
                next = number + 1;
            }
            Kind::Content => return Ok(scan),
        }
        scan.valid_bytes += (rest.len() - after.len()) as u64;
        rest = after;
    }
}

type Decoded<'a> = (Kind, u64, &'a [u8], &'a [u8]);

fn decode(bytes: &[u8]) -> Option<Decoded<'_>> {
    let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let (length, after) = header.split_first_chunk::<4>()?;
    let (kind, after) = after.split_first()?;
    let (number, sum) = after.split_first_chunk::<8>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let kind = match kind {
        0 => Kind::Content,
        1 if length == 0 => Kind::Done,
        _ => return None,
    };
    if length > MAX_RECORD_BYTES {
        return None;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    let sum = u64::from_le_bytes(sum.try_into().ok()?);
    let checked = header.get(..CHECKED_BYTES)?;
    (checksum(checked, content) == sum).then_some((kind, u64::from_le_bytes(*number), content, rest))
}

/// Whether these bytes may be the beginning of a record that a crash cut off: too short for what they announce, or never
/// written. (A file system may have set the length of a file before it wrote its bytes: then they are zero.)
fn is_torn(bytes: &[u8]) -> bool {
    let Some((length, _)) = bytes.split_first_chunk::<4>() else { return true };
    let length = u32::from_le_bytes(*length) as usize;
    let zero_to_the_end = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    length <= MAX_RECORD_BYTES && bytes.len() < HEADER_BYTES + length || zero_to_the_end == bytes.len()
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
                (Some(_), Some("new")) => std::fs::remove_file(&path)?,
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

/// Renames a damaged segment so that it is not read again.
pub(super) fn put_aside(path: &Path) -> Result<PathBuf, WalError> {
    let mut aside = path.with_extension("damaged");
    let mut again = 1;
    while aside.exists() {
        aside = path.with_extension(format!("damaged-{again}"));
        again += 1;
    }
    // A copy: what can be read of it stays in the log until that is written anew.
    std::fs::copy(path, &aside).map_err(|error| failed("put aside", path, error))?;
    std::fs::remove_file(path).map_err(|error| failed("put aside", path, error))?;
    Ok(aside)
}

pub(super) fn make_dir(dir: &Path) -> Result<(), WalError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(dir).map_err(|error| failed("create", dir, error))
}

pub(super) fn failed(what: &'static str, path: &Path, source: io::Error) -> WalError {
    WalError::Io { what, path: path.to_owned(), source }
}
