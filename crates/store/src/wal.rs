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
//! A record that was cut off by a crash at the end of the last segment was never acknowledged, and is cut off on opening;
//! if damage makes the very last record look so, nobody can tell. Anything else that cannot be read is [`Damage`]: it is
//! reported, and a copy of the segment is kept aside.
//!
//! **Behind damage.** What stands behind it was acknowledged, too, and is used: the records keep their numbers and their
//! order, and only those that are lost have no effect any more. (Where a lost record overwrote or took back what an
//! earlier one wrote, the earlier one holds.) Notes behind damage, in its segment, are not believed: what they say is done
//! is pending once more. Two things are reported although no acknowledged record is lost: a damaged note, and an append
//! that the machine's end interrupted after its last bytes were on disk and before its first were.
//!
//! What is appended is not kept in memory: a [`Record`] says where it stands, and reads it again. A log is open once at a
//! time: the folder has a file that is locked while it is.
//!
//! Cost: an append is one write and one sync, however many records it has; beginning another segment syncs the folder too.
//! Opening reads all segments, one after the other, of which those that are done are gone; looking for records behind
//! damage is linear in the segment, too.

mod open;
mod record;
mod scan;
mod segment;

pub use record::Record;

use segment::{Kind, Segment};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// The log is open already, here or in another process.
    #[error("the log in {} is open elsewhere: close that one first", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// A record is no longer what was written.
    #[error("expected record {number} at byte {offset} of {}, received something else", path.display())]
    Changed {
        /// Its number.
        number: u64,
        /// The segment.
        path: PathBuf,
        /// Where it began.
        offset: u64,
    },
}

/// A part of a segment that could not be read. What was in it is lost, unless it was done; what stands before and behind it
/// is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where a copy of the segment is kept. Parts of one segment share it.
    pub aside: PathBuf,
    /// Which bytes of it.
    pub bytes: Range<u64>,
}

/// A log that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The log.
    pub wal: Wal,
    /// What is not done, in the order in which it was appended.
    pub pending: Vec<Record>,
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
    /// Locked for as long as this lives.
    _lock: File,
}

impl Wal {
    /// Appends records and syncs them: when this returns, they survive whatever happens to the process. Returns where each
    /// stands.
    ///
    /// # Errors
    /// If they cannot be written: then none of them is in the log.
    pub fn append(&mut self, contents: &[&[u8]]) -> Result<Vec<Record>, WalError> {
        let contents: Vec<[&[u8]; 1]> = contents.iter().map(|content| [*content]).collect();
        self.append_parts(&contents)
    }

    /// As [`Wal::append`], of contents that lie in several places and are one behind the other in the log: nothing is
    /// copied.
    ///
    /// # Errors
    /// As [`Wal::append`].
    pub fn append_parts<'a, P: AsRef<[&'a [u8]]>>(
        &mut self,
        contents: &[P],
    ) -> Result<Vec<Record>, WalError> {
        let bytes = |parts: &P| parts.as_ref().iter().map(|part| part.len()).sum::<usize>();
        if let Some(received) = contents.iter().map(bytes).find(|bytes| *bytes > MAX_RECORD_BYTES) {
            return Err(WalError::TooLarge { max: MAX_RECORD_BYTES, received });
        }
        if contents.is_empty() {
            return Ok(Vec::new());
        }
        let headers: Vec<_> = (self.next..)
            .zip(contents)
            .map(|(number, parts)| segment::header(Kind::Content, number, parts.as_ref()))
            .collect();
        let mut slices: Vec<&[u8]> = Vec::new();
        let note = segment::header(Kind::Done, self.done, &[]);
        let mut new = None;
        if self.must_begin_another() {
            new = Some(Segment::create(&self.dir, segment::path(&self.dir, self.next))?);
            // A note in the new one, because the one that held it may be deleted.
            slices.push(&note);
        }
        let Some(segment) = new.as_mut().or(self.segments.back_mut()) else { return Ok(Vec::new()) };
        let mut offset = segment.bytes + slices.iter().map(|slice| slice.len() as u64).sum::<u64>();
        for (header, parts) in headers.iter().zip(contents) {
            slices.push(header);
            slices.extend(parts.as_ref());
        }
        segment.append(&slices, true)?;
        let mut records = Vec::with_capacity(contents.len());
        for (number, parts) in (self.next..).zip(contents) {
            let record = Record::new(segment, number, offset, bytes(parts));
            offset = record.end();
            records.push(record);
        }
        segment.last = self.next + contents.len() as u64 - 1;
        self.next = segment.last + 1;
        self.segments.extend(new);
        Ok(records)
    }

    /// Notes that everything up to a record is done, and deletes segments that hold nothing else. A note that is lost in
    /// a crash only means that those records are pending once more.
    ///
    /// # Errors
    /// If a segment cannot be deleted or the note not be written. Those records are done all the same until the log is
    /// opened again.
    pub fn done_through(&mut self, number: u64) -> Result<(), WalError> {
        let number = number.min(self.next - 1);
        if number <= self.done {
            return Ok(());
        }
        self.done = number;
        // First, because a full disk may have no room for the note before.
        self.drop_done()?;
        match self.segments.back_mut() {
            Some(segment) => segment.append(&[&segment::header(Kind::Done, number, &[])], false),
            None => Ok(()),
        }
    }

    /// Makes notes durable that were not yet. Cost: a wait for the disk.
    ///
    /// # Errors
    /// If the system cannot.
    pub fn sync(&mut self) -> Result<(), WalError> {
        self.segments.back().map_or(Ok(()), Segment::sync)
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

    /// Whether the segment that was written to last is not to be written to any more.
    fn must_begin_another(&self) -> bool {
        let Some(last) = self.segments.back() else { return true };
        // One that holds nothing but notes goes on, however many they are: the next one would have its name. And what a
        // failed write left behind is cut off before anything stands in a later segment.
        let has_name_of_next = *last.path == *segment::path(&self.dir, self.next);
        last.bytes >= self.segment_bytes && !has_name_of_next && !last.is_dirty()
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
}

/// Syncs a folder, so that its list of files survives.
fn sync_dir(dir: &Path) -> Result<(), WalError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(|error| segment::failed("sync", dir, error))
}

#[cfg(test)]
mod tests;
