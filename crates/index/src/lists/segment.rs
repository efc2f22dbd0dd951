//! A segment: rows sorted by cell, in one immutable file.
//!
//! | section | what, little-endian |
//! |---|---|
//! | `about` | components u32, distance u32 (0 cosine, 1 dot, 2 Euclid, 3 Manhattan), the encoding's number u32, rows u32 |
//! | `runs` | for each cell with rows, ascending: its number u32, and the place of its first row u32 |
//! | `labels` | the rows' labels u32, in their order: by cell, then by label |
//! | `sorted` | the labels ascending, each with the place of its row: u32, u32 |
//! | `codes` | the rows' codes, in their order |
//!
//! The file's sequence number is the number of the segment. A row takes 12 bytes beside its code. `codes` is read as it
//! is before its checksum was compared; everything else is checked when the segment is opened.

mod view;
mod write;

pub(super) use view::{Cursor, View, remove_replaced};
pub(super) use write::{Rows, Source, Target, merge, write_rows};

use super::ListsError;
use crate::file::{Contents, FileError, IndexFile, Kind, Tag, Verify};
use rose_forest_core::{Distance, Encoding, Space};
use std::{
    ops::Range,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

const KIND: Kind = Kind(*b"SEGM");
const LAYOUT: u32 = 1;
const ABOUT: Tag = Tag::new("about");
const RUNS: Tag = Tag::new("runs");
const LABELS: Tag = Tag::new("labels");
const SORTED: Tag = Tag::new("sorted");
const CODES: Tag = Tag::new("codes");

/// An open segment.
#[derive(Debug)]
pub(super) struct Segment {
    file: IndexFile,
    rows: usize,
    code_bytes: usize,
    /// For each run, whether it was asked for since the file was opened.
    touched: Vec<AtomicU64>,
}

/// What an index of this collection holds in a segment.
pub(super) fn contents(identity: [u8; 32]) -> Contents {
    Contents { kind: KIND, layout: LAYOUT, identity }
}

impl Segment {
    /// Opens a segment and checks it; the codes' checksum only with [`Verify::Now`].
    pub(super) fn open(
        path: &Path,
        identity: [u8; 32],
        space: Space,
        verify: Verify,
    ) -> Result<Self, ListsError> {
        let damaged = || ListsError::file(path);
        let file = IndexFile::open(path, &contents(identity), verify).map_err(damaged())?;
        let about = file.section(ABOUT).map_err(damaged())?;
        let malformed = |expected| ListsError::Malformed { path: path.to_owned(), expected };
        let (received, rows) = space_of(about).ok_or_else(|| malformed("a space that is known here"))?;
        if received != space {
            return Err(ListsError::OtherSpace { path: path.to_owned(), expected: space, received });
        }
        for tag in [RUNS, LABELS, SORTED] {
            file.section(tag).map_err(damaged())?;
        }
        let mut segment = Self { file, rows, code_bytes: space.code_bytes(), touched: Vec::new() };
        let wrong = segment.sections().map_err(damaged())?.check(rows).err();
        if let Some(expected) = wrong {
            return Err(malformed(expected));
        }
        let runs = segment.view().runs.len();
        segment.touched.resize_with(runs.div_ceil(64), AtomicU64::default);
        Ok(segment)
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn number(&self) -> u64 {
        self.file.sequence()
    }

    /// Rows, removed ones included: at least one.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn fingerprint(&self) -> u64 {
        self.file.fingerprint()
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        self.file.file_bytes()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        // What the container keeps is about 100 bytes a section.
        size_of::<Self>() + self.touched.capacity() * 8 + 600
    }

    /// Compares the checksums of the codes, if that was not done before.
    pub(super) fn verify(&self) -> Result<(), ListsError> {
        self.file.verify().map_err(ListsError::file(self.path()))
    }

    pub(super) fn view(&self) -> View<'_> {
        // All sections were there when it was opened.
        self.sections().unwrap_or(View { code_bytes: 1, runs: &[], labels: &[], sorted: &[], codes: &[] })
    }

    fn sections(&self) -> Result<View<'_>, FileError> {
        Ok(View {
            code_bytes: self.code_bytes,
            runs: self.file.section_unverified(RUNS)?.as_chunks().0,
            labels: self.file.section_unverified(LABELS)?.as_chunks().0,
            sorted: self.file.section_unverified(SORTED)?.as_chunks().0,
            codes: self.file.section_unverified(CODES)?,
        })
    }

    /// Has the codes of a run fetched from the disk, the first time that the run is asked for since the file was
    /// opened. Later ones are mostly in memory, and asking for them would cost more than it saves.
    pub(super) fn will_need(&self, run: usize, rows: &Range<usize>) {
        let Some(word) = self.touched.get(run / 64) else { return };
        let bit = 1 << (run % 64);
        if word.load(Ordering::Relaxed) & bit == 0 {
            word.fetch_or(bit, Ordering::Relaxed);
            self.file.will_need(CODES, rows.start * self.code_bytes..rows.end * self.code_bytes);
        }
    }
}

/// Four numbers: the space, and how many rows.
pub(super) fn about(space: Space, rows: usize) -> Vec<u8> {
    let distance = match space.distance {
        Distance::Cosine => 0,
        Distance::Dot => 1,
        Distance::Euclid => 2,
        Distance::Manhattan => 3,
    };
    let numbers = [space.dimension as u32, distance, u32::from(space.encoding.number()), rows as u32];
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// What [`about`] wrote.
pub(super) fn space_of(about: &[u8]) -> Option<(Space, usize)> {
    let &[dimension, distance, encoding, rows] = about.as_chunks::<4>().0 else { return None };
    let distance = match u32::from_le_bytes(distance) {
        0 => Distance::Cosine,
        1 => Distance::Dot,
        2 => Distance::Euclid,
        3 => Distance::Manhattan,
        _ => return None,
    };
    let encoding = Encoding::from_number(u8::try_from(u32::from_le_bytes(encoding)).ok()?)?;
    let dimension = u32::from_le_bytes(dimension) as usize;
    Some((Space { dimension, distance, encoding }, u32::from_le_bytes(rows) as usize))
}

#[cfg(test)]
mod tests;
