//! What is written, as callers say it, as the log holds it, and as much of it as the queue keeps in mind.

use super::WriteError;
use rose_forest_api::{DeleteInput, InsertInput, PointId};
use rose_forest_store::wal::{Record, WalError};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Bytes of a row's id and payload in the log, beside their text.
const ROW_BYTES: usize = 24;

/// One write.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Work {
    /// Points to insert or overwrite.
    Insert {
        /// Whether to sort them into cells before they are written.
        bulk: bool,
        /// The points.
        input: InsertInput,
    },
    /// Points to delete.
    Delete(DeleteInput),
}

impl Work {
    /// The ids that it is about.
    pub fn ids(&self) -> &[PointId] {
        match self {
            Self::Insert { input, .. } => &input.ids,
            Self::Delete(input) => &input.ids,
        }
    }

    /// Bytes that it takes while it waits, at most.
    pub(super) fn bytes(&self) -> usize {
        const FIELD_NAMES_BYTES: usize = 128;
        let id_bytes = |id: &PointId| match id {
            PointId::Int(_) => 0,
            PointId::Text(text) => text.as_str().len(),
        };
        let ids: usize = self.ids().iter().map(|id| ROW_BYTES + id_bytes(id)).sum();
        let rest = match self {
            Self::Insert { input, .. } => {
                let payloads =
                    input.payloads.iter().map(|payload| 5 + payload.as_ref().map_or(0, String::len));
                input.vectors.len() + payloads.sum::<usize>()
            }
            Self::Delete(_) => 0,
        };
        FIELD_NAMES_BYTES + ids + rest
    }

    /// As the log holds it. The vectors are not copied.
    pub(super) fn encode(mut self) -> Result<Encoded, WriteError> {
        let vectors = match &mut self {
            Self::Insert { input, .. } => std::mem::take(&mut input.vectors),
            Self::Delete(_) => Vec::new(),
        };
        let mut rest = vec![0; LENGTH_BYTES];
        rmp_serde::encode::write_named(&mut rest, &self)?;
        let bytes = (rest.len() - LENGTH_BYTES) as u32;
        if let Some(length) = rest.first_chunk_mut::<LENGTH_BYTES>() {
            *length = bytes.to_le_bytes();
        }
        Ok(Encoded { rest, vectors })
    }

    /// Reads what the log holds. Cost: the vectors are moved to the front.
    pub(super) fn decode(mut content: Vec<u8>) -> Result<Self, ReadError> {
        let (length, after) = content.split_first_chunk::<LENGTH_BYTES>().ok_or(ReadError::TooShort)?;
        let rest = after.get(..u32::from_le_bytes(*length) as usize).ok_or(ReadError::TooShort)?;
        let mut work: Self = rmp_serde::from_slice(rest)?;
        let vectors_start = LENGTH_BYTES + rest.len();
        if let Self::Insert { input, .. } = &mut work {
            content.drain(..vectors_start);
            input.vectors = content;
        }
        Ok(work)
    }
}

/// Bytes that say how long what stands before the vectors is.
const LENGTH_BYTES: usize = 4;

/// A write as the log holds it: a length, little-endian; so many bytes of MessagePack, the write without its vectors; and
/// the vectors.
pub(super) struct Encoded {
    rest: Vec<u8>,
    vectors: Vec<u8>,
}

impl Encoded {
    /// What stands one behind the other.
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        [&self.rest, &self.vectors]
    }

    /// Bytes of all of it.
    pub(super) fn len(&self) -> usize {
        self.rest.len() + self.vectors.len()
    }
}

/// Why a write of the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The log.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// It is none, or one of another version of the program.
    #[error("expected a write, received something else: {0}")]
    NotAWrite(#[from] rmp_serde::decode::Error),
    /// It ends before a write does.
    #[error("expected a write, received the beginning of one, or something else")]
    TooShort,
}

/// Reads a write from the log.
pub(super) fn read(record: &Record) -> Result<Work, ReadError> {
    Work::decode(record.read()?)
}

/// What has to be known of a write to see what it can share a commit with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outline {
    /// An insert.
    Insert {
        bulk: bool,
        rows: usize,
        vectors_bytes: usize,
        /// Bytes of each vector, if the insert is in order as far as that shows without the collection's schema. Another
        /// one is committed by itself, so that it is refused for what is wrong with it and not carried through by its
        /// neighbours.
        vector_bytes: Option<usize>,
    },
    /// A delete.
    Delete,
}

impl Outline {
    pub(super) fn of(work: &Work) -> Self {
        let Work::Insert { bulk, input } = work else { return Self::Delete };
        let (rows, vectors_bytes) = (input.ids.len(), input.vectors.len());
        let payloads = input.payloads.is_empty() || input.payloads.len() == rows;
        let whole = rows > 0 && vectors_bytes.is_multiple_of(rows);
        let mut seen = HashSet::with_capacity(rows);
        let in_order = whole && payloads && input.ids.iter().all(|id| seen.insert(id));
        let vector_bytes = in_order.then(|| vectors_bytes / rows);
        Self::Insert { bulk: *bulk, rows, vectors_bytes, vector_bytes }
    }

    /// Rows of an insert.
    pub(super) fn insert_rows(&self) -> Option<usize> {
        match self {
            Self::Insert { rows, .. } => Some(*rows),
            Self::Delete => None,
        }
    }
}
