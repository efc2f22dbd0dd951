//! The write-ahead log: what was acknowledged survives the end of the process, and of the machine, until it is on the
//! chain.
//!
//! A folder of segments, named by the number of their first record. A record, little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | length of the content, n |
//! | 1 | 0: content; 1: everything up to this record's number is done, and n is 0 |
//! | 8 | the record's number; or, of a note that work is done, up to which |
//! | 8 | xxh3 of the 13 bytes before and of the content |
//! | n | the content |
//!
//! Numbers ascend by one, but where damage was. A record counts once it is synced; notes that work is done are not
//! synced by themselves, because what is done twice does no harm here. A segment whose records are all done is deleted.
//! A record that was cut off by a crash at the end of the last segment was never acknowledged, and is cut off on opening.
//! Anything else that cannot be read is damage: it is reported, the segment is kept aside, and what stands before the
//! damage is used.
//!
//! Cost: an append is one write and one sync, however many records it has. Opening reads what is not done.

mod segment;

use segment::{HEADER_BYTES, Kind, Scan, Segment};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes after which another segment is begun. The space of what is done is given back in such steps.
pub const SEGMENT_BYTES: u64 = 64 << 20;
/// Bytes of one record: more than the largest batch.
pub const MAX_RECORD_BYTES: usize = 256 << 20;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// A file could not be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A record is larger than any may be.
    #[error("expected a record of at most {max} bytes, received {received}")]
    TooLarge {
        /// The limit.
        max: usize,
        /// Its bytes.
        received: usize,
    },
}

/// A record that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub number: u64,
    /// What was appended.
    pub content: Vec<u8>,
}

/// A segment that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where the segment was put aside.
    pub aside: PathBuf,
    /// Where in it reading stopped.
    pub offset: u64,
}

/// A log that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The log.
    pub wal: Wal,
    /// What is not done, in the order in which it was appended.
    pub pending: Vec<Pending>,
    /// What could not be read.
    pub damage: Vec<Damage>,
}

/// The log.
#[derive(Debug)]
pub struct Wal {
    dir: PathBuf,
    segment_bytes: u64,
    /// The one that is written to is last.
    segments: VecDeque<Segment>,
    next: u64,
    done: u64,
}

impl Wal {
    /// Opens the log of a folder, made if it is missing, for its owner alone.
    pub fn open(dir: &Path) -> Result<Opened, WalError> {
        Self::open_with(dir, SEGMENT_BYTES)
    }

    /// As [`Wal::open`], with segments of another size.
    pub fn open_with(dir: &Path, segment_bytes: u64) -> Result<Opened, WalError> {
        segment::make_dir(dir)?;
        let (mut pending, mut damage) = (Vec::new(), Vec::new());
        let mut segments = VecDeque::new();
        let (mut done, mut next) = (0, 1);
        let names = segment::list(dir)?;
        let last = names.last().copied();
        for first in names {
            let path = segment::path(dir, first);
            let Scan { records, done: noted, valid_bytes, torn, whole } = segment::scan(&path, first)?;
            done = done.max(noted);
            next = next.max(first);
            if let Some(last) = records.last() {
                next = next.max(last.number + 1);
            }
            let last_number = next - 1;
            pending.extend(records);
            if whole || (torn && Some(first) == last) {
                let mut segment = Segment::reopen(path, valid_bytes)?;
                segment.last = last_number;
                segments.push_back(segment);
            } else {
                let aside = segment::put_aside(&path)?;
                damage.push(Damage { aside, offset: valid_bytes });
            }
        }
        next = next.max(done + 1);
        pending.retain(|record: &Pending| record.number > done);
        let mut wal = Self { dir: dir.to_owned(), segment_bytes, segments, next, done };
        if !damage.is_empty() {
            wal.rewrite(&pending)?;
        }
        wal.drop_done()?;
        Ok(Opened { wal, pending, damage })
    }

    /// Appends records and syncs them: when this returns, they survive whatever happens to the process. Returns the
    /// number of the last.
    ///
    /// # Errors
    /// If they cannot be written: then none of them is in the log.
    pub fn append(&mut self, contents: &[&[u8]]) -> Result<u64, WalError> {
        if let Some(large) = contents.iter().find(|content| content.len() > MAX_RECORD_BYTES) {
            return Err(WalError::TooLarge { max: MAX_RECORD_BYTES, received: large.len() });
        }
        if contents.is_empty() {
            return Ok(self.next - 1);
        }
        let mut bytes = Vec::with_capacity(contents.iter().map(|c| c.len() + HEADER_BYTES).sum());
        let mut number = self.next;
        for content in contents {
            segment::encode(Kind::Content, number, content, &mut bytes);
            number += 1;
        }
        self.writable()?.append(&bytes, true)?;
        self.next = number;
        if let Some(segment) = self.segments.back_mut() {
            segment.last = number - 1;
        }
        Ok(number - 1)
    }

    /// Notes that everything up to a record is done, and deletes segments that hold nothing else. A note that is lost in
    /// a crash only means that those records are pending once more.
    pub fn done_through(&mut self, number: u64) -> Result<(), WalError> {
        let number = number.min(self.next - 1);
        if number <= self.done {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        segment::encode(Kind::Done, number, &[], &mut bytes);
        self.writable()?.append(&bytes, false)?;
        self.done = number;
        self.drop_done()
    }

    /// The number of the last record; 0 if there never was one.
    pub fn last(&self) -> u64 {
        self.next - 1
    }

    /// Up to which everything is done.
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// The segment to write to.
    fn writable(&mut self) -> Result<&mut Segment, WalError> {
        let path = segment::path(&self.dir, self.next);
        // One that holds nothing but notes goes on, however many they are: the next one would have its name.
        let is_full = |segment: &Segment| segment.bytes >= self.segment_bytes && segment.path != path;
        if self.segments.back().is_none_or(is_full) {
            let mut segment = Segment::create(&self.dir, path)?;
            // A note in the new one, because the one that held it may be deleted.
            let mut bytes = Vec::with_capacity(HEADER_BYTES);
            segment::encode(Kind::Done, self.done, &[], &mut bytes);
            segment.append(&bytes, true)?;
            segment.last = self.next - 1;
            self.segments.push_back(segment);
        }
        match self.segments.back_mut() {
            Some(segment) => Ok(segment),
            None => Err(segment::failed("find a segment in", &self.dir, io::ErrorKind::NotFound.into())),
        }
    }

    /// Deletes segments that are done, the last excepted.
    fn drop_done(&mut self) -> Result<(), WalError> {
        while self.segments.len() > 1 && self.segments.front().is_some_and(|first| first.last <= self.done) {
            if let Some(first) = self.segments.pop_front() {
                std::fs::remove_file(&first.path)
                    .map_err(|error| segment::failed("delete", &first.path, error))?;
            }
        }
        Ok(())
    }

    /// Writes what is pending into a segment of its own, after damage: the numbers stay.
    fn rewrite(&mut self, pending: &[Pending]) -> Result<(), WalError> {
        let old: Vec<_> = self.segments.drain(..).collect();
        let first = pending.first().map_or(self.next, |record| record.number);
        let mut bytes = Vec::new();
        segment::encode(Kind::Done, first - 1, &[], &mut bytes);
        for record in pending {
            segment::encode(Kind::Content, record.number, &record.content, &mut bytes);
        }
        let path = segment::path(&self.dir, first);
        let mut segment = Segment::replace(&self.dir, path.clone(), &bytes)?;
        segment.last = self.next - 1;
        self.segments.push_back(segment);
        for segment in old.into_iter().filter(|segment| segment.path != path) {
            std::fs::remove_file(&segment.path)
                .map_err(|error| segment::failed("delete", &segment.path, error))?;
        }
        self.done = self.done.max(first - 1);
        Ok(())
    }
}

/// Syncs a folder, so that its list of files survives.
fn sync_dir(dir: &Path) -> Result<(), WalError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| segment::failed("sync", dir, error))
}

#[cfg(test)]
mod tests;
