//! What can be wrong with an index file.

use super::{Kind, Tag};
use std::{io, path::PathBuf};

/// Why an index file cannot be used or written. All but [`FileError::Io`] mean: rebuild it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It does not begin as an index file does.
    #[error("expected an index file, received something else")]
    NotAnIndexFile,
    /// Another version of the container.
    #[error("expected version {expected} of the container, received {received}: rebuild the index")]
    OtherVersion {
        /// The version that is read here.
        expected: u32,
        /// The file's.
        received: u32,
    },
    /// Another kind of index.
    #[error("expected an index file of kind {expected}, received {received}")]
    OtherKind {
        /// The kind that was asked for.
        expected: Kind,
        /// The file's.
        received: Kind,
    },
    /// The right kind, with sections laid out as another version does.
    #[error("expected layout {expected} of this kind, received {received}: rebuild the index")]
    OtherLayout {
        /// The layout that was asked for.
        expected: u32,
        /// The file's.
        received: u32,
    },
    /// An index of another collection.
    #[error("expected an index of the collection {}, received one of {}", hex(expected), hex(received))]
    OtherCollection {
        /// The collection that was asked for.
        expected: [u8; 32],
        /// The file's.
        received: [u8; 32],
    },
    /// The file is shorter than it must be.
    #[error("expected {expected} bytes, received {received}: the file was cut off")]
    Truncated {
        /// Bytes that there should be: of the header if that is cut off, else of the file.
        expected: u64,
        /// Bytes that there are.
        received: u64,
    },
    /// The file is longer than it must be.
    #[error("expected {expected} bytes, received {received}: something was added to the file")]
    TooLong {
        /// Bytes that there should be.
        expected: u64,
        /// Bytes that there are.
        received: u64,
    },
    /// Bytes have changed.
    #[error("the checksum of {} does not match: the file is damaged", part(*section))]
    ChecksumMismatch {
        /// Where; `None` is the header, its table or the space between sections.
        section: Option<Tag>,
    },
    /// Its checksums match, but what it says cannot be: nothing that we write.
    #[error("expected {expected}, received something else, with the right checksum")]
    Malformed {
        /// What does not hold.
        expected: &'static str,
    },
    /// There is no such section.
    #[error("expected a section {tag}, and there is none")]
    NoSection {
        /// The section that was asked for.
        tag: Tag,
    },
    /// A writer was given sections in another order than announced, or bytes outside of one.
    #[error("expected section {}, received {}", part(*expected), part(*received))]
    SectionOrder {
        /// The section that is due; `None` when all are written.
        expected: Option<Tag>,
        /// The one that came; `None` for the end of the file.
        received: Option<Tag>,
    },
    /// The system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl FileError {
    /// Turns an error of the system into one of these.
    pub(super) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }

    /// Whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

fn part(section: Option<Tag>) -> String {
    section.map_or_else(|| "the header".to_owned(), |tag| tag.to_string())
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
