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

    /// As the log holds it.
    pub(super) fn encode(&self) -> Result<Vec<u8>, WriteError> {
        let mut content = Vec::with_capacity(self.bytes());
        rmp_serde::encode::write_named(&mut content, self)?;
        Ok(content)
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
}

/// Reads a write from the log.
pub(super) fn read(record: &Record) -> Result<Work, ReadError> {
    Ok(rmp_serde::from_slice(&record.read()?)?)
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
