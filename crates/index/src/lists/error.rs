//! What can go wrong with inverted lists.

use crate::{OtherSpace, file::FileError};
use rose_forest_core::{Space, VectorError};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why lists cannot be opened, changed or searched.
#[derive(Debug, thiserror::Error)]
pub enum ListsError {
    /// A file cannot be used or written. If it is damaged, missing or not ours: rebuild the lists.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: FileError,
    },
    /// A file has the right checksums, and what it says cannot be: nothing that we write. Rebuild the lists.
    #[error("{}: expected {expected}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What does not hold.
        expected: &'static str,
    },
    /// The lists were made for other vectors. Rebuild them.
    #[error("{}: expected {expected:?}, received {received:?}", path.display())]
    OtherSpace {
        /// Which file.
        path: PathBuf,
        /// The collection's.
        expected: Space,
        /// The file's.
        received: Space,
    },
    /// A file is not the one that the lists were saved with. Rebuild the lists.
    #[error("{}: expected the file that was saved last, received another", path.display())]
    OtherFile {
        /// Which file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A query or a centre is not a vector of this collection.
    #[error(transparent)]
    Vector(#[from] VectorError),
    /// A query that was prepared for another space.
    #[error(transparent)]
    Query(#[from] OtherSpace),
    /// No components, or an encoding that this version only reserves.
    #[error("expected vectors that have codes, received {received:?}")]
    NoCodes {
        /// What the lists were to be made for.
        received: Space,
    },
    /// A code of another length.
    #[error("expected a code of {expected} bytes, received {received}")]
    CodeLength {
        /// Bytes of this collection's codes.
        expected: usize,
        /// Bytes of this one.
        received: usize,
    },
    /// Rows of a cell that the lists do not know.
    #[error("expected a cell below {expected}, received {received}: add the cell first")]
    UnknownCell {
        /// How many cells there are.
        expected: u32,
        /// The cell of the row.
        received: u32,
    },
    /// More cells than have numbers.
    #[error("expected at most {expected} cells, received {received}")]
    TooManyCells {
        /// The most that there may be.
        expected: usize,
        /// How many there would be.
        received: usize,
    },
}

impl ListsError {
    pub(super) fn file(path: &Path) -> impl FnOnce(FileError) -> Self {
        move |source| Self::File { path: path.to_owned(), source }
    }

    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// The file that is damaged, missing, or not the one that belongs here, if that is what is wrong: then the lists
    /// have to be rebuilt. `None` for what the caller or the system did wrong.
    pub fn unusable_file(&self) -> Option<&Path> {
        match self {
            Self::File { source: source @ FileError::Io { .. }, path } if source.is_missing() => Some(path),
            Self::File { source: FileError::Io { .. } | FileError::SectionOrder { .. }, .. } => None,
            Self::File { path, .. }
            | Self::Malformed { path, .. }
            | Self::OtherSpace { path, .. }
            | Self::OtherFile { path } => Some(path),
            Self::Io { .. }
            | Self::Vector(_)
            | Self::Query(_)
            | Self::NoCodes { .. }
            | Self::CodeLength { .. }
            | Self::UnknownCell { .. }
            | Self::TooManyCells { .. } => None,
        }
    }
}
