//! Parts: what stands before their bytes, and the streams that hash all that passes.

use super::FileError;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use xxhash_rust::xxh3::Xxh3Default;

/// Bytes before those of a part.
pub(super) const HEAD_BYTES: usize = 24;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The header.
    Head,
    /// Rows.
    Rows,
    /// The end: how many rows there were, and their hash.
    Done,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Head, Self::Rows, Self::Done];

    const fn tag(self) -> [u8; 4] {
        match self {
            Self::Head => *b"HEAD",
            Self::Rows => *b"ROWS",
            Self::Done => *b"DONE",
        }
    }

    /// What it is called in errors.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Head => "the header",
            Self::Rows => "a frame of rows",
            Self::Done => "the end",
        }
    }
}

/// What stands before the bytes of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) kind: Kind,
    /// Rows in it.
    pub(super) rows: u32,
    /// Bytes before compression; only rows are compressed.
    pub(super) raw_bytes: u32,
    /// Bytes in the file.
    pub(super) stored_bytes: u32,
}

impl PartHead {
    /// The head of a part with these bytes, checksum included.
    pub(super) fn to_bytes(self, stored: &[u8]) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        let fields = self.kind.tag().into_iter().chain(self.numbers());
        bytes
            .iter_mut()
            .zip(fields.chain(self.checksum(stored).to_le_bytes()))
            .for_each(|(to, from)| *to = from);
        bytes
    }

    /// Reads a head, and the checksum that goes with it.
    pub(super) fn from_bytes(bytes: [u8; HEAD_BYTES]) -> Result<(Self, u64), FileError> {
        let word = |at: usize| {
            let mut word = [0; 4];
            word.iter_mut().zip(bytes.iter().skip(at)).for_each(|(to, from)| *to = *from);
            word
        };
        let tag = word(0);
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.tag() == tag) else {
            let received = tag.escape_ascii();
            return Err(FileError::malformed("the beginning of a part", "HEAD, ROWS or DONE", received));
        };
        let number = |at| u32::from_le_bytes(word(at));
        let checksum = u64::from(number(16)) | u64::from(number(20)) << 32;
        Ok((Self { kind, rows: number(4), raw_bytes: number(8), stored_bytes: number(12) }, checksum))
    }

    /// XXH3-64 of the head's fields and the part's bytes.
    pub(super) fn checksum(self, stored: &[u8]) -> u64 {
        let mut hash = Xxh3Default::new();
        hash.update(&self.kind.tag());
        hash.update(&self.numbers().collect::<Vec<_>>());
        hash.update(stored);
        hash.digest()
    }

    fn numbers(self) -> impl Iterator<Item = u8> {
        [self.rows, self.raw_bytes, self.stored_bytes].into_iter().flat_map(u32::to_le_bytes)
    }
}

/// A stream that hashes and counts what passes through it.
pub(super) struct Hashed<S> {
    pub(super) stream: S,
    pub(super) sha256: Sha256,
    pub(super) bytes: u64,
}

impl<S> Hashed<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, sha256: Sha256::new(), bytes: 0 }
    }

    /// The hash of what has passed.
    pub(super) fn so_far(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<S: Write> Hashed<S> {
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.stream.write_all(bytes)?;
        self.passed(bytes);
        Ok(())
    }
}

impl<S: Read> Hashed<S> {
    /// So many bytes; memory is taken for those alone that are there.
    pub(super) fn take(&mut self, part: &'static str, count: usize) -> Result<Vec<u8>, FileError> {
        let mut bytes = Vec::new();
        let received = (&mut self.stream).take(count as u64).read_to_end(&mut bytes)? as u64;
        if received < count as u64 {
            return Err(FileError::Truncated { part, expected: count as u64, received });
        }
        self.passed(&bytes);
        Ok(bytes)
    }

    /// As [`Self::take`], for a length that is known.
    pub(super) fn array<const N: usize>(&mut self, part: &'static str) -> Result<[u8; N], FileError> {
        let bytes = self.take(part, N)?;
        let received = bytes.len() as u64;
        bytes.try_into().map_err(|_| FileError::Truncated { part, expected: N as u64, received })
    }
}
