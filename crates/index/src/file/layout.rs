//! Header and table as bytes. No file is touched here.

use super::FileError;
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// The version of the container that is written and read here.
pub const CONTAINER_VERSION: u32 = 1;
/// Sections that a file may have.
pub const MAX_SECTIONS: usize = 64;

const MAGIC: [u8; 8] = *b"\x93RFINDEX";
const HEADER_BYTES: usize = 80;
const ENTRY_BYTES: usize = 32;
const CHECKSUM_BYTES: usize = 8;
/// Sections start at multiples of this: a cache line, and enough for any vector instruction.
const ALIGNMENT: u64 = 64;

/// What a file is an index of, as four ASCII letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub [u8; 4]);

/// The name of a section, up to eight ASCII letters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tag([u8; 8]);

impl Tag {
    /// A tag of up to eight bytes; more are left out.
    pub const fn new(name: &str) -> Self {
        let (from, mut tag, mut place) = (name.as_bytes(), [0; 8], 0);
        while place < from.len() && place < tag.len() {
            tag[place] = from[place];
            place += 1;
        }
        Self(tag)
    }
}

/// What a file holds, apart from its sections: written into a new one, and expected of one that is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The kind of index.
    pub kind: Kind,
    /// Which layout of that kind's sections: to be raised with every change of it.
    pub layout: u32,
    /// The collection.
    pub identity: [u8; 32],
}

/// A section's line in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) tag: Tag,
    pub(super) start: u64,
    pub(super) bytes: u64,
    pub(super) checksum: u64,
}

/// Everything before the first section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) contents: Contents,
    pub(super) sequence: u64,
    pub(super) entries: Vec<Entry>,
    /// The one over all of this. Not looked at when it is written.
    pub(super) checksum: u64,
}

/// Bytes of header, table and their checksum.
pub(super) fn head_bytes(sections: usize) -> u64 {
    (HEADER_BYTES + sections * ENTRY_BYTES + CHECKSUM_BYTES) as u64
}

/// The next place where a section may start. Saturates, where no file reaches.
pub(super) fn aligned(position: u64) -> u64 {
    position.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX)
}

impl Head {
    /// Where the last section ends, or the head if there is none.
    fn file_bytes(&self) -> u64 {
        self.entries.last().map_or(head_bytes(0), |last| last.start + last.bytes)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(head_bytes(self.entries.len()) as usize);
        out.extend(MAGIC);
        out.extend(CONTAINER_VERSION.to_le_bytes());
        out.extend(self.contents.kind.0);
        out.extend(self.contents.layout.to_le_bytes());
        out.extend((self.entries.len() as u32).to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend(self.contents.identity);
        out.extend(self.file_bytes().to_le_bytes());
        out.extend([0; 8]);
        for entry in &self.entries {
            out.extend(entry.tag.0);
            out.extend([entry.start, entry.bytes, entry.checksum].iter().flat_map(|n| n.to_le_bytes()));
        }
        out.extend(xxh3_64(&out).to_le_bytes());
        out
    }

    /// Reads the head of a whole file, and checks all of it against `expected` and the length of the file, down to the
    /// zeros between sections. What the sections hold is not looked at; they lie within `file`, without overlap.
    pub(super) fn of_file(file: &[u8], expected: &Contents) -> Result<Self, FileError> {
        let received = file.len() as u64;
        if !file.iter().zip(MAGIC).all(|(byte, magic)| *byte == magic) {
            return Err(FileError::NotAnIndexFile);
        }
        let mut fields = Fields(file);
        let cut_off = || FileError::Truncated { expected: head_bytes(0), received };
        fields.take::<{ MAGIC.len() }>().ok_or_else(cut_off)?;
        let version = fields.u32().ok_or_else(cut_off)?;
        if version != CONTAINER_VERSION {
            return Err(FileError::OtherVersion { expected: CONTAINER_VERSION, received: version });
        }
        let kind = Kind(fields.take().ok_or_else(cut_off)?);
        let layout = fields.u32().ok_or_else(cut_off)?;
        let sections = fields.u32().ok_or_else(cut_off)? as usize;
        let sequence = fields.u64().ok_or_else(cut_off)?;
        let identity = fields.take().ok_or_else(cut_off)?;
        let file_bytes = fields.u64().ok_or_else(cut_off)?;
        let reserved = fields.u64().ok_or_else(cut_off)?;
        if sections > MAX_SECTIONS {
            return Err(FileError::Malformed { expected: "at most 64 sections" });
        }
        let mut entries = Vec::with_capacity(sections);
        let cut_off = || FileError::Truncated { expected: head_bytes(sections), received };
        for _ in 0..sections {
            entries.push(fields.entry().ok_or_else(cut_off)?);
        }
        let checksum = fields.u64().ok_or_else(cut_off)?;
        let covered = head_bytes(sections) as usize - CHECKSUM_BYTES;
        if checksum != xxh3_64(file.get(..covered).unwrap_or_default()) {
            return Err(FileError::ChecksumMismatch { section: None });
        }

        let expect =
            |what, holds: bool| if holds { Ok(()) } else { Err(FileError::Malformed { expected: what }) };
        expect("zeros in the header", reserved == 0)?;
        if kind != expected.kind {
            return Err(FileError::OtherKind { expected: expected.kind, received: kind });
        }
        if layout != expected.layout {
            return Err(FileError::OtherLayout { expected: expected.layout, received: layout });
        }
        if identity != expected.identity {
            return Err(FileError::OtherCollection { expected: expected.identity, received: identity });
        }
        if received < file_bytes {
            return Err(FileError::Truncated { expected: file_bytes, received });
        }
        if received > file_bytes {
            return Err(FileError::TooLong { expected: file_bytes, received });
        }
        let mut end = head_bytes(sections);
        for (place, entry) in entries.iter().enumerate() {
            expect("sections one after the other", entry.start == aligned(end))?;
            let between = file.get(end as usize..entry.start as usize);
            end = entry.start.saturating_add(entry.bytes);
            expect("sections within the file", end <= file_bytes)?;
            expect("a tag once", entries[..place].iter().all(|other| other.tag != entry.tag))?;
            if !between.is_some_and(|between| between.iter().all(|byte| *byte == 0)) {
                return Err(FileError::ChecksumMismatch { section: None });
            }
        }
        expect("a file that ends with its last section", end == file_bytes)?;
        Ok(Self { contents: *expected, sequence, entries, checksum })
    }
}

/// Numbers from the front of some bytes.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn entry(&mut self) -> Option<Entry> {
        Some(Entry { tag: Tag(self.take()?), start: self.u64()?, bytes: self.u64()?, checksum: self.u64()? })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        write!(f, "{}", self.0[..end].escape_ascii())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
