//! What can go wrong with snapshots.

use super::{MultipartError, file::FileError};
use crate::BackendError;
use axum::http::StatusCode;
use std::{io, path::PathBuf};

/// Why a snapshot is not made, found, given out or restored.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The node keeps none.
    #[error("snapshots are not enabled on this node: start it with a folder for them")]
    Disabled,
    /// There is no such snapshot.
    #[error("Not found: Snapshot {name} not found")]
    NoSnapshot {
        /// The name that was received.
        name: String,
    },
    /// This is no name of a snapshot.
    #[error(
        "expected the name of a snapshot: up to {max} letters, digits, '.', '-' and '_', ending with .snapshot; received {received:?}"
    )]
    Name {
        /// Bytes that it may have.
        max: usize,
        /// What was received.
        received: String,
    },
    /// The location is on another host.
    #[error(
        "expected a file:// address of this node's own snapshot folder: a node fetches nothing from http(s) on others' behalf; download the snapshot and upload it here"
    )]
    Remote,
    /// The location is no snapshot of this node.
    #[error(
        "expected the file:// address of a snapshot in this node's own snapshot folder, received {received:?}"
    )]
    Location {
        /// What was received.
        received: String,
    },
    /// A checksum that is none.
    #[error("expected a checksum of 64 hexadecimal digits (SHA-256), received {received:?}")]
    NoChecksum {
        /// What was received.
        received: String,
    },
    /// The file has another checksum than the request says.
    #[error("Snapshot checksum mismatch: expected {expected}, received {received}")]
    Checksum {
        /// What the request says.
        expected: String,
        /// What the file has.
        received: String,
    },
    /// The collection is of another kind than the snapshot.
    #[error(
        "the snapshot does not fit the collection: expected the {what} {expected}, which the collection has, received {received}"
    )]
    OtherCollection {
        /// What is different.
        what: &'static str,
        /// The collection's.
        expected: String,
        /// The snapshot's.
        received: String,
    },
    /// The file was replaced by another while it was read.
    #[error("the file of the snapshot was replaced while it was restored: try again")]
    Replaced,
    /// The rows did not come to their end.
    #[error("the snapshot was given up before its end: try again")]
    Unfinished,
    /// The file cannot be read, or rows not be written into one.
    #[error(transparent)]
    File(#[from] FileError),
    /// An upload is not what it should be.
    #[error(transparent)]
    Upload(#[from] MultipartError),
    /// An upload is too long.
    #[error("expected a snapshot of at most {max} bytes, received more")]
    TooLong {
        /// Bytes that it may have.
        max: u64,
    },
    /// An upload came too slowly, or not to its end.
    #[error("the upload did not arrive: {reason}")]
    Interrupted {
        /// What happened.
        reason: String,
    },
    /// Too many are being made or restored.
    #[error("{max} snapshots are being made or restored already: try again later")]
    Busy {
        /// How many at once.
        max: usize,
    },
    /// The system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The work was ended: the node stops, or it panicked.
    #[error("the work on a snapshot was ended: {0}")]
    Stopped(tokio::task::JoinError),
    /// What the backend said.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl SnapshotError {
    /// The status of an answer that says so.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoSnapshot { .. } => StatusCode::NOT_FOUND,
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::File(FileError::Io(_))
            | Self::Io { .. }
            | Self::Stopped(_)
            | Self::Unfinished
            // The API shows it as the backend's own error, with the backend's status.
            | Self::Backend(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Replaced => StatusCode::CONFLICT,
            Self::Disabled
            | Self::Name { .. }
            | Self::Remote
            | Self::Location { .. }
            | Self::NoChecksum { .. }
            | Self::Checksum { .. }
            | Self::OtherCollection { .. }
            | Self::File(_)
            | Self::Upload(_)
            | Self::Interrupted { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// Turns an error of the system into one of these.
    pub(super) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}
