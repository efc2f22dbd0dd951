//! Opening a log: what is pending, and what is damaged.

use super::scan::Scan;
use super::segment::{self, Kind, Segment};
use super::{Damage, File, Opened, Path, Record, SEGMENT_BYTES, VecDeque, Wal, WalError, sync_dir};
use std::collections::BTreeMap;
use std::fs::TryLockError;

/// The file that is locked while the log is open.
const LOCK: &str = "lock";

impl Wal {
    /// Opens the log of a folder, made if it is missing, for its owner alone.
    ///
    /// # Errors
    /// If it is open already, or the folder cannot be used. Cost: reads every segment, one in memory at a time.
    pub fn open(dir: &Path) -> Result<Opened, WalError> {
        Self::open_with(dir, SEGMENT_BYTES)
    }

    /// As [`Wal::open`], with segments of another size.
    ///
    /// # Errors
    /// As [`Wal::open`].
    pub fn open_with(dir: &Path, segment_bytes: u64) -> Result<Opened, WalError> {
        segment::make_dir(dir)?;
        let lock = lock(dir)?;
        let (mut pending, mut damage) = (BTreeMap::new(), Vec::new());
        let (mut segments, mut damaged) = (VecDeque::new(), Vec::new());
        let (mut done, mut next) = (0, 1);
        let names = segment::list(dir)?;
        for (at, first) in names.iter().enumerate() {
            let path = segment::path(dir, *first);
            let (mut segment, Scan { records, done: noted, next: free, damage: mut bad, torn }) =
                Segment::read(path, *first)?;
            done = done.max(noted);
            next = next.max(free);
            segment.last = next - 1;
            // A number stands twice if a crash came while the log was written anew, and then it is the same record.
            pending.extend(
                records
                    .iter()
                    .map(|at| (at.number, Record::new(&segment, at.number, at.offset, at.content_bytes))),
            );
            // Behind the last record there may be one that was never acknowledged, or a note that was not synced.
            let nothing_lost = names.get(at + 1).is_none_or(|following| *following == next);
            if !nothing_lost && !torn.is_empty() {
                bad.push(torn);
            }
            if bad.is_empty() {
                segment.cut_off()?;
                segments.push_back(segment);
            } else {
                let aside = segment::put_aside(&segment.path)?;
                damage.extend(bad.into_iter().map(|bytes| Damage { aside: aside.clone(), bytes }));
                damaged.push(segment);
            }
        }
        next = next.max(done + 1);
        pending.retain(|number, _| *number > done);
        let mut pending: Vec<Record> = pending.into_values().collect();
        let mut wal = Self { dir: dir.to_owned(), segment_bytes, segments, next, done, _lock: lock };
        if !damage.is_empty() {
            pending = wal.rewrite(&pending, damaged)?;
        }
        wal.drop_done()?;
        Ok(Opened { wal, pending, damage })
    }

    /// Writes what is pending into a segment of its own, after damage: the numbers stay. The other segments go when it is
    /// there.
    fn rewrite(&mut self, pending: &[Record], damaged: Vec<Segment>) -> Result<Vec<Record>, WalError> {
        let first = pending.first().map_or(self.next, Record::number);
        let path = segment::path(&self.dir, first);
        let mut segment = Segment::create(&self.dir, path.with_extension(segment::NEW))?;
        segment.append(&[&segment::header(Kind::Done, first - 1, &[])], false)?;
        let mut records = Vec::with_capacity(pending.len());
        for record in pending {
            let (number, offset, content) = (record.number(), segment.bytes, record.read()?);
            segment.append(&[&segment::header(Kind::Content, number, &[&content]), &content], false)?;
            records.push((number, offset, content.len()));
        }
        segment.sync()?;
        segment.rename(&self.dir, path)?;
        segment.last = self.next - 1;
        for old in self.segments.drain(..).chain(damaged).filter(|old| old.path != segment.path) {
            std::fs::remove_file(&old.path).map_err(|error| segment::failed("delete", &old.path, error))?;
        }
        self.done = self.done.max(first - 1);
        let record = |(number, offset, bytes)| Record::new(&segment, number, offset, bytes);
        let records = records.into_iter().map(record).collect();
        self.segments.push_back(segment);
        sync_dir(&self.dir)?;
        Ok(records)
    }
}

fn lock(dir: &Path) -> Result<File, WalError> {
    let path = dir.join(LOCK);
    let file = segment::options()
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| segment::failed("create", &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WalError::InUse { dir: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(segment::failed("lock", &path, error)),
    }
}
