//! Reading an index file, mapped into memory.

use super::{
    Contents, FileError, Tag,
    layout::{Entry, Head},
    leftovers,
};
use memmap2::Mmap;
use std::{
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};
use xxhash_rust::xxh3::xxh3_64;

/// When the sections' checksums are compared. Header and table always are, at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// When the file is opened: all of it is read. In the page cache that goes at the speed of memory: 142 ms for 500 MB,
    /// on a busy machine on which adding up the same bytes took 115 ms.
    Now,
    /// When a section is first asked for with [`IndexFile::section`], or by [`IndexFile::verify`] on whatever thread:
    /// for files of hundreds of megabytes that should answer before they have been read once.
    Later,
}

/// An index file, mapped and checked.
///
/// Everything that it hands out lies within the file. Shared between threads; see [the module](super) on what must not
/// happen to a mapped file. Heap: about 100 bytes a section.
#[derive(Debug)]
pub struct IndexFile {
    path: PathBuf,
    map: Mmap,
    head: Head,
    /// For each section, whether its checksum is known to match.
    verified: Vec<AtomicBool>,
}

impl IndexFile {
    /// Opens a file and checks it. Temporary files that a crash left for it are removed.
    ///
    /// # Errors
    /// Any [`FileError`]; [`FileError::is_missing`] says that there is none.
    pub fn open(path: &Path, expected: &Contents, verify: Verify) -> Result<Self, FileError> {
        // Leftovers harm nobody: if they cannot be removed, the file can still be read.
        let _ = leftovers::remove_leftovers_of(path);
        let failed = || FileError::io("open", path);
        let file = File::open(path).map_err(failed())?;
        let metadata = file.metadata().map_err(failed())?;
        if !metadata.is_file() {
            return Err(FileError::NotAnIndexFile);
        }
        // SAFETY: the file is only read, and while it is mapped nothing changes it: it is replaced by renaming, never
        // written in place, and belongs to this node alone (see the documentation of the module, which also says what
        // happens if someone else cuts it off all the same).
        let map = unsafe { Mmap::map(&file) }.map_err(FileError::io("map", path))?;
        let head = Head::of_file(&map, expected)?;
        let verified = head.entries.iter().map(|_| AtomicBool::new(false)).collect();
        let file = Self { path: path.to_owned(), map, head, verified };
        match verify {
            Verify::Now => file.verify()?,
            Verify::Later => {}
        }
        Ok(file)
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Up to where the index is in step with the node's store.
    pub fn sequence(&self) -> u64 {
        self.head.sequence
    }

    /// A number that another content does not have: the checksum of the head, which holds those of the sections. For an
    /// index of several files, to notice when one of them is not the one that it belongs with.
    pub fn fingerprint(&self) -> u64 {
        self.head.checksum
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        self.map.len() as u64
    }

    /// The bytes of a section, which starts at a multiple of 64. Its checksum matches: compared now, if it was not
    /// before.
    ///
    /// # Errors
    /// No such section, or [`FileError::ChecksumMismatch`].
    pub fn section(&self, tag: Tag) -> Result<&[u8], FileError> {
        let place = self.place(tag)?;
        self.verify_place(place)?;
        Ok(self.bytes_at(place))
    }

    /// The bytes of a section whose checksum may not have been compared yet: they may be anything, and must do no harm
    /// whatever they are. For codes, where a wrong byte is a wrong score until [`IndexFile::verify`] has found it.
    ///
    /// # Errors
    /// No such section.
    pub fn section_unverified(&self, tag: Tag) -> Result<&[u8], FileError> {
        Ok(self.bytes_at(self.place(tag)?))
    }

    /// Compares the checksums that were not compared yet. On whatever thread; others may read meanwhile.
    ///
    /// # Errors
    /// [`FileError::ChecksumMismatch`], for the first section that is damaged. Cost: one pass over those sections, most
    /// of it waiting for memory or for the disk.
    pub fn verify(&self) -> Result<(), FileError> {
        (0..self.head.entries.len()).try_for_each(|place| self.verify_place(place))
    }

    /// Tells the system that these bytes of a section will be read soon, so that it fetches them from the disk together.
    /// A hint: what lies outside of the section is left out, and nothing fails.
    pub fn will_need(&self, tag: Tag, range: Range<usize>) {
        let Ok(place) = self.place(tag) else { return };
        let entry = self.head.entries[place];
        let end = range.end.min(entry.bytes as usize);
        let start = range.start.min(end);
        #[cfg(unix)]
        let _ = self.map.advise_range(memmap2::Advice::WillNeed, entry.start as usize + start, end - start);
        #[cfg(not(unix))]
        let _ = (start, end);
    }

    fn place(&self, tag: Tag) -> Result<usize, FileError> {
        self.head.entries.iter().position(|entry| entry.tag == tag).ok_or(FileError::NoSection { tag })
    }

    fn bytes_at(&self, place: usize) -> &[u8] {
        let Entry { start, bytes, .. } = self.head.entries[place];
        // The head was checked against the length of the file.
        self.map.get(start as usize..(start + bytes) as usize).unwrap_or_default()
    }

    fn verify_place(&self, place: usize) -> Result<(), FileError> {
        let verified = &self.verified[place];
        // Nothing is published by the flag: two threads may at worst both do the work.
        if verified.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Entry { tag, checksum, .. } = self.head.entries[place];
        if xxh3_64(self.bytes_at(place)) != checksum {
            return Err(FileError::ChecksumMismatch { section: Some(tag) });
        }
        verified.store(true, Ordering::Relaxed);
        Ok(())
    }
}
